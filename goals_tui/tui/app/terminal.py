r"""Questions to the terminal outside Textual: the colour of its background, and its window's title.

Where no theme is set, the background chooses one. OSC 11 asks for it; DA1, which nearly every terminal answers,
follows, so that one without OSC 11 is known by its answer to DA1 alone. Keys among the answers are kept for the app.
"""

from __future__ import annotations

import codecs
import os
import re
import selectors
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

SAVE_TITLE = "\x1b[22;2t"
RESTORE_TITLE = "\x1b]2;\x1b\\\x1b[23;2t"
"""Clears the title, for terminals that can't save one, and brings the saved one back in all others."""

PATIENCE = 0.2
"""Seconds from the question on in which the app waits for an answer; the imports meanwhile usually take longer."""

_QUESTION = b"\x1b]11;?\x1b\\\x1b[c"
_BACKGROUND = re.compile(r"\x1b\]11;([^\x00-\x1f\x7f]{0,80})(?:\x07|\x1b\\)")
_ATTRIBUTES = re.compile(r"\x1b\[\?[\d;]*c")
_BEGUN = re.compile(r"\x1b(?:\](?:1(?:1(?:;[rgba:/#\dA-Fa-f]{0,80}\x1b?)?)?)?|\[\?[\d;]*)\Z")
"""The beginning of an answer at the end of what was read. A lone escape is none: it is a key."""
_UNENDED = re.compile(r"\x1b\]11;[rgba:/#\dA-Fa-f]{0,80}")
_COLOR = re.compile(r"rgba?:([0-9a-f]{1,4})/([0-9a-f]{1,4})/([0-9a-f]{1,4})(?:/[0-9a-f]{1,4})?", re.IGNORECASE)
_HEX_COLOR = re.compile(r"#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})", re.IGNORECASE)


class TerminalAnswers:
    """The answers of the terminal, told apart from what is typed meanwhile."""

    def __init__(self) -> None:
        self.complete = False
        """True if the last answer has arrived."""
        self._background: str | None = None
        self._typed = ""
        self._begun = ""

    def is_light(self) -> bool:
        """Return True if the background is light, by the answer or else by the variable COLORFGBG."""
        light = None if self._background is None else _is_light(self._background)
        return _is_light_in(os.environ.get("COLORFGBG", "")) if light is None else light

    def read(self, text: str) -> None:
        """Take text that the terminal sent before the app reads any."""
        # Together with what was read before, which may end after the escape of an answer.
        self._typed = self.without_answers(self.take_typed() + text)

    def take_typed(self) -> str:
        """Return what was typed before the app reads, once; at its end may be the beginning of an answer."""
        typed, self._typed, self._begun = self._typed + self._begun, "", ""
        return typed

    def without_answers(self, text: str) -> str:
        """Return text from the terminal without answers; the beginning of one is held back until more arrives."""
        if self.complete:
            return text
        text, self._begun = self._begun + text, ""
        if (found := _BACKGROUND.search(text)) is not None:
            self._background = found[1]
            text = _BACKGROUND.sub("", text)
        if _ATTRIBUTES.search(text):
            self.complete = True
            text = _ATTRIBUTES.sub("", text)
        elif (begun := _BEGUN.search(text)) is not None:
            self._begun = begun[0]
            text = text[: begun.start()]
        return _UNENDED.sub("", text)


def _is_light(color: str) -> bool | None:
    """Return True for a light colour as X11 writes it, and None for what is no colour."""
    found = _COLOR.fullmatch(color) or _HEX_COLOR.fullmatch(color)
    if found is None:
        return None
    red, green, blue = (int(part, 16) / (16 ** len(part) - 1) for part in found.groups())
    return bool(0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.5)


def _is_light_in(colors: str) -> bool:
    """Return True if COLORFGBG, such as `0;15` or `0;default;15`, names a light background."""
    return colors.rpartition(";")[2] in {"7", *map(str, range(9, 16))}


def is_modern() -> bool:
    """Return True for a terminal that passes over what it doesn't know: others print it."""
    return not os.environ.get("TERM", "").startswith(("linux", "vt", "cons", "dumb", "ansi"))


@contextmanager
def asking(wanted: bool) -> Iterator[TerminalAnswers | None]:
    """Ask the terminal for its background, where that is `wanted` and possible; the block runs while it answers."""
    settings = _settings_to_ask() if wanted else None
    if settings is None:
        yield TerminalAnswers() if wanted else None
        return
    import termios

    terminal, before, while_asking = settings
    answers = TerminalAnswers()
    termios.tcsetattr(terminal, termios.TCSANOW, while_asking)
    try:
        os.write(sys.stdout.fileno(), _QUESTION)
        deadline = time.monotonic() + PATIENCE
        yield answers
        _read(terminal, answers, deadline)
    finally:
        termios.tcsetattr(terminal, termios.TCSANOW, before)


def _settings_to_ask() -> tuple[int, list[Any], list[Any]] | None:
    """Return the terminal, its settings, and settings in which it doesn't echo; None where it can't be asked."""
    if not is_modern() or sys.stdin is None or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return None
    try:
        import termios
    except ImportError:  # Windows
        return None
    terminal = sys.stdin.fileno()
    try:
        before, settings = termios.tcgetattr(terminal), termios.tcgetattr(terminal)
    except termios.error:
        return None
    # As Textual reads keys, but ctrl+c still stops the program.
    settings[0] &= ~(termios.ICRNL | termios.INLCR | termios.IGNCR | termios.IXON)
    settings[3] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN)
    settings[6][termios.VMIN], settings[6][termios.VTIME] = 1, 0
    return terminal, before, settings


def _read(terminal: int, answers: TerminalAnswers, deadline: float) -> None:
    """Read what the terminal sends until its last answer, or until the deadline."""
    decode = codecs.getincrementaldecoder("utf-8")("replace").decode
    with selectors.SelectSelector() as waiting:
        waiting.register(terminal, selectors.EVENT_READ)
        while not answers.complete and waiting.select(max(0.0, deadline - time.monotonic())):
            read = os.read(terminal, 4096)
            if not read:
                return
            answers.read(decode(read))
