"""The terminal: its background chooses the theme where none is set, and its window is named while the app is open."""

from __future__ import annotations

import os
import re
import selectors
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from goals_tui.services.context import Services
from goals_tui.services.first_start import configuration_path
from goals_tui.tui.app import base
from goals_tui.tui.app.terminal import TerminalAnswers
from goals_tui.tui.app.themes import GOALS_DARK, GOALS_LIGHT
from tests.conftest import make_services
from tests.readme_commands import app_in_terminal
from tests.tui.harness import running

QUESTION = b"\x1b]11;?\x1b\\"
ATTRIBUTES = "\x1b[?62;22c"
LIGHT, DARK = "\x1b]11;rgb:fdfd/f6f6/e3e3\x1b\\", "\x1b]11;rgb:00/2b/36\x07"
needs_a_terminal = pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo terminals")


def background(theme: object) -> bytes:
    """Return the sequence that draws on the background of a theme."""
    color = theme.background  # type: ignore[attr-defined]
    return b"48;2;%d;%d;%d" % tuple(int(color[at : at + 2], 16) for at in (1, 3, 5))


class Terminal:
    """The other end of the app's terminal, which answers its question."""

    def __init__(self, end: int, app: object, answer: str) -> None:
        self.end, self.app, self.answer = end, app, answer
        self.drawn = b""

    def until(self, there: Callable[[bytes], bool] | None) -> bytes:
        """All that was drawn when it is `there`; None: until the app has ended."""
        deadline = time.monotonic() + 60
        while there is None or not there(self.drawn):
            with selectors.DefaultSelector() as waiting:
                waiting.register(self.end, selectors.EVENT_READ)
                assert waiting.select(max(0.0, deadline - time.monotonic())), self.drawn[-2000:]
            try:
                read = os.read(self.end, 1 << 16)
            except OSError:  # how Linux says that nobody holds the other end any more
                read = b""
            if not read:
                assert there is None, self.drawn[-2000:]
                break
            asked = QUESTION in self.drawn
            self.drawn += read
            if self.answer and not asked and QUESTION in self.drawn:
                os.write(self.end, self.answer.encode())
        return self.drawn

    def type(self, keys: str) -> None:
        """Type keys."""
        os.write(self.end, keys.encode())


@contextmanager
def opened(
    folder: Path, monkeypatch: pytest.MonkeyPatch, answer: str = "", colors: str = "", **settings: str
) -> Iterator[Terminal]:
    """The app on a workspace, in a terminal that answers like this."""
    make_services(folder / "w")
    configuration = configuration_path()
    configuration.parent.mkdir(parents=True, exist_ok=True)
    configuration.write_text("".join(f'{name} = "{value}"\n' for name, value in settings.items()))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("COLORFGBG", colors)
    monkeypatch.delenv("NO_COLOR", raising=False)
    with app_in_terminal(f"exec {shlex.quote(sys.executable)} -m goals_tui --workspace w", folder) as (app, end):
        terminal = Terminal(end, app, answer)
        yield terminal
        terminal.type("q")
        terminal.until(None)
        assert app.wait(60) == 0


@needs_a_terminal
@pytest.mark.parametrize(
    ("answer", "colors", "theme"),
    [
        (LIGHT + ATTRIBUTES, "15;0", GOALS_LIGHT),
        (DARK + ATTRIBUTES, "0;15", GOALS_DARK),
        (ATTRIBUTES, "0;default;15", GOALS_LIGHT),
        ("\x1b]11;a riddle\x07" + ATTRIBUTES, "", GOALS_DARK),
        ("", "0;15", GOALS_LIGHT),
        ("", "", GOALS_DARK),
    ],
    ids=["light", "dark", "attributes only", "garbage", "silent with COLORFGBG", "silent"],
)
def test_the_background_chooses_the_theme(
    answer: str, colors: str, theme: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(tmp_path, monkeypatch, answer, colors) as terminal:
        terminal.until(lambda drawn: background(theme) in drawn and b"Palette" in drawn)
    other = GOALS_DARK if theme is GOALS_LIGHT else GOALS_LIGHT
    assert background(other) not in terminal.drawn


@needs_a_terminal
def test_a_theme_that_is_set_stays_and_nothing_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path, monkeypatch, LIGHT, "0;15", theme="goals-dark") as terminal:
        terminal.until(lambda drawn: background(GOALS_DARK) in drawn and b"Palette" in drawn)
    assert QUESTION not in terminal.drawn


@needs_a_terminal
def test_keys_typed_around_the_answer_reach_the_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`3` before the answer goes to Insights, `4` after it to Sessions: the window's title says so."""
    with opened(tmp_path, monkeypatch, f"3{LIGHT}4{ATTRIBUTES}") as terminal:
        terminal.until(lambda drawn: b"\x1b]2;Insights - " in drawn)
        terminal.until(lambda drawn: b"\x1b]2;Sessions - " in drawn)


@needs_a_terminal
def test_an_answer_that_comes_late_is_no_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It arrives while the app reads keys already: none of its letters acts, as `a` and `q` would."""
    with opened(tmp_path, monkeypatch) as terminal:
        terminal.until(lambda drawn: b"Palette" in drawn)
        terminal.type(LIGHT + ATTRIBUTES + "3")
        terminal.until(lambda drawn: b"\x1b]2;Insights - " in drawn)


@needs_a_terminal
def test_the_window_has_its_title_back_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path, monkeypatch) as terminal:
        terminal.until(lambda drawn: b"\x1b]2;Goals - Flight Desk - goals-tui\x1b\\" in drawn)
        assert b"\x1b[22;2t" in terminal.drawn and b"\x1b[23;2t" not in terminal.drawn
        terminal.type("2")
        terminal.until(lambda drawn: b"\x1b]2;Flows - Flight Desk - goals-tui\x1b\\" in drawn)
    assert re.search(rb"\x1b\]2;\x1b\\\x1b\[23;2t.*\x1b\[\?1049l", terminal.drawn, re.DOTALL)


async def test_a_name_of_a_project_can_not_steer_the_terminal(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(base, "name_window", lambda _app, title: said.append(title))
    async with running(services, area="goals") as pilot:
        pilot.app.show_window_title("Goals", "a\x1b]0;owned\x07\x9c\u202eb\nc")  # type: ignore[attr-defined]
    assert said[0] == "Goals - Flight Desk - goals-tui"
    assert said[-1] == "Goals - a ]0;owned b c - goals-tui"


@pytest.mark.parametrize("at", range(len(LIGHT + ATTRIBUTES) + 1))
def test_an_answer_in_two_reads(at: int) -> None:
    sent = f"x{LIGHT}{ATTRIBUTES}y"
    answers = TerminalAnswers()
    answers.read(sent[: at + 1])
    answers.read(sent[at + 1 :])
    assert answers.complete and answers.is_light() and answers.take_typed() == "xy"


@pytest.mark.parametrize(
    ("sent", "typed"),
    [("\x1b", "\x1b"), ("\x1b]11;rgb:ff/ffzz", "zz"), ("\x1b[Aä", "\x1b[Aä"), ("\x1b]11;rgb:\x1b[?6cq", "q")],
    ids=["escape", "an answer that never ends", "other sequences", "no end before the attributes"],
)
def test_what_is_no_answer_was_typed(sent: str, typed: str) -> None:
    answers = TerminalAnswers()
    assert answers.without_answers(sent) == typed
    assert not answers.is_light()
