"""What is wrong is told without colours, and its further lines stay right of its glyph."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.content import Content

from goals_tui.services.conversation_tests import TestResult
from goals_tui.tui.app.dialogs import Dialog
from goals_tui.tui.flows.conversation_tests import in_words
from goals_tui.tui.widgets.fields import Hanging, ProblemLine, Toggle
from tests.tui.harness import screen_text
from tests.tui.test_every_screen import screens

LONG = "There is no folder of this name, so nothing can be written there."


class Lines(App[None]):
    def compose(self) -> ComposeResult:
        yield ProblemLine()
        yield Toggle(LONG, False, id="toggle")


async def test_a_problem_has_a_glyph_and_hangs() -> None:
    async with Lines().run_test(size=(40, 10)) as pilot:
        line = pilot.app.query_one(ProblemLine)
        for severity, glyph in (("error", "✖ "), ("warning", "▲ "), (None, "")):
            line.say(LONG, severity)  # type: ignore[arg-type]
            await pilot.pause()
            first, second = screen_text(pilot.app).split("\n")[:2]
            assert first.startswith(f"{glyph}There") and second.index(second.strip()) == len(glyph)
        line.say("")
        await pilot.pause()
        shown = screen_text(pilot.app).split("\n")[:3]
        assert shown == ["", "☐ There is no folder of this name, so", "  nothing can be written there."]


def test_results_of_tests_hang() -> None:
    results = [TestResult("good", ()), TestResult("bad", (LONG,), ("- Book: Paid",))]
    lines = list(in_words(results))
    assert all(isinstance(line, Hanging) for line in lines)
    texts = [f"{line.begin.plain}{line.text.plain}" for line in lines]
    assert texts == ["✕ Failed  bad", f"    {LONG}", "      missing   Book: Paid", "", "✔ Passed  good"]
    assert isinstance(lines[1].text, Content)


def test_every_dialog_with_help_has_a_key_for_it() -> None:
    dialogs = [screen for screen in screens() if issubclass(screen, Dialog)]
    explained = {dialog for dialog in dialogs if dialog.HELP}
    assert len(explained) > 9
    assert {dialog for dialog in dialogs if "app.explained.help" in {b.id for b in dialog.BINDINGS}} == explained
