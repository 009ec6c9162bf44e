"""Conversation tests in the app: keeping the conversation of a session, and running all tests."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Button, Static

from goals_tui.domain.errors import GoalsError
from goals_tui.format import plural
from goals_tui.services.conversation_tests import TestResult
from goals_tui.tui.app.choose import Choose, Option
from goals_tui.tui.app.dialogs import AskText, Reading
from goals_tui.tui.widgets.fields import Hanging

if TYPE_CHECKING:
    from goals_tui.tui.app.screen import ScreenFrame

_MARKS = {"-": ("missing   ", "$error"), "+": ("too many  ", "$warning"), " ": ("came      ", "$quiet")}


class TestResults(Reading[None]):
    """A dialog with the results of conversation tests; failed ones say which goal events differ."""

    __test__ = False
    DEFAULT_CSS = """
    TestResults > #dialog { width: 90; }
    TestResults .result { height: auto; }
    """

    def __init__(self, results: Sequence[TestResult]) -> None:
        failed = sum(not result.passed for result in results)
        super().__init__(f"{plural(len(results) - failed, 'test')} passed, {failed} failed", danger=bool(failed))
        self.results = results

    def compose_dialog(self) -> ComposeResult:
        yield from (Static(line, classes="result") for line in in_words(self.results))

    def compose_buttons(self) -> ComposeResult:
        yield Button("Close", id="close")

    def on_mount(self) -> None:
        body = self.query_one("#dialog-body")
        body.can_focus = True
        body.focus()

    def on_button_pressed(self) -> None:
        self.dismiss(None)


def in_words(results: Sequence[TestResult]) -> Iterator[Hanging]:
    """Yield results line by line, the failed ones first, each with its problems and the goal events that differ."""
    failed = False
    for result in sorted(results, key=lambda one: one.passed):
        if failed:
            yield Hanging(Content(""), Content(""))
        failed = not result.passed
        mark = ("✔ Passed  ", "$completed") if result.passed else ("✕ Failed  ", "$error")
        yield Hanging(Content.assemble(mark), Content.styled(result.name, "bold"))
        for problem in result.problems:
            yield Hanging(Content("    "), Content(problem))
        for line in result.difference:
            title, look = _MARKS[line[0]]
            yield Hanging(Content.assemble("      ", (title, look)), Content(line[2:]))


def run_all(screen: ScreenFrame[Any]) -> None:
    """Run every test of the workspace in the background, and show the results."""
    tests = screen.services.conversation_tests

    def show(results: list[TestResult]) -> None:
        if results:
            screen.app.push_screen(TestResults(results))
        else:
            key = screen.named_key("flows.panel.keep")
            screen.notify(f"There are no tests yet. {key} in the Interaction Panel keeps a conversation as one.")

    screen.load("tests", tests.run_all, show)


async def keep_session(screen: ScreenFrame[Any], session_id: str) -> None:
    """Ask for a name, keep the conversation of a session as a test, and run it. Await it in a worker."""
    tests, app = screen.services.conversation_tests, screen.goals_app
    try:
        test = await asyncio.to_thread(tests.recorded, session_id)
        if not test.flow:
            flow = await _ask_for_flow(screen)
            if flow is None:
                return
            test = replace(test, flow=flow)
        dialog = AskText("Keep this conversation as a test", value=test.flow, save="Keep")
        name = await app.push_screen_wait(dialog)
        if name is None:
            return
        path = await asyncio.to_thread(tests.keep, name, test)
        result = await asyncio.to_thread(tests.run, path)
    except GoalsError as error:
        app.show_error(error)
        return
    kept = f"Kept as {path.parent.name}/{path.name} in the workspace."
    if result.passed:
        app.notify(f"{kept} It passes.")
    else:
        app.notify(f"{kept} The flow does not do the same now.", severity="warning")
        await app.push_screen_wait(TestResults([result]))


async def _ask_for_flow(screen: ScreenFrame[Any]) -> str | None:
    flows = screen.services.flows.summaries()
    if not flows:
        screen.notify("There is no flow yet that the conversation could be a test of.", severity="warning")
        return None
    options = [Option(flow.name, flow.name, plural(flow.nodes, "node")) for flow in flows]
    text = "The log names no flow of this project. With which one was this conversation?"
    chosen: str | None = await screen.app.push_screen_wait(Choose("Test of a flow", options, text=text))
    return chosen
