"""Text as a shell reads it back."""

from __future__ import annotations

import subprocess
import sys

import pytest

from goals_tui.domain.text import command_of, quoted

WORDS = (
    "a\x1b[2J\x1b]0;owned\x07\x9b31m\x7f\u202egpj\x85b",
    "two\nlines\t'quoted' \\ ",
    "1\x010\U000e0001\U0001f9ff ✈️ 👩‍👩‍👧",
    "it's",
    "-x $(echo)",
    "",
)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no bash")
@pytest.mark.parametrize("word", WORDS, ids=ascii)
def test_a_shell_reads_a_word_as_it_was(word: str) -> None:
    line = command_of(["printf", "%s", word])
    printed = subprocess.run(["bash", "-c", line], capture_output=True, check=True, env={"LC_ALL": "C.UTF-8"})
    assert printed.stdout == word.encode()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no bash")
def test_a_byte_that_is_not_utf_8() -> None:
    assert quoted("x\udcffy") == "$'x\\xffy'"
    printed = subprocess.run(["bash", "-c", "printf %s " + quoted("x\udcffy")], capture_output=True, check=True)
    assert printed.stdout == b"x\xffy"


@pytest.mark.parametrize("word", WORDS[:3], ids=ascii)
def test_nothing_unseen_stands_in_it(word: str) -> None:
    assert quoted(word).replace("\u200d", "").isprintable()


def test_an_emoji_of_several_characters_stays_as_it_is() -> None:
    assert quoted("👩‍👩‍👧") == "'👩‍👩‍👧'"
