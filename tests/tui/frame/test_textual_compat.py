"""The assumptions of tui/app/textual_compat.py: that Textual has these private names, and calls them like this."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from textual import _xterm_parser, events
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.command import CommandPalette
from textual.css import stylesheet
from textual.css.model import RuleSet
from textual.driver import Driver
from textual.message import Message
from textual.screen import ModalScreen, Screen
from textual.widgets import OptionList, Static

from goals_tui.domain.errors import UnreadableError
from goals_tui.services.context import Services
from goals_tui.tui.app import textual_compat
from goals_tui.tui.app.textual_compat import PagedOptionList
from tests.tui.harness import parse_css_as_always, running

METHODS = {
    (App, "_handle_exception"): ["self", "error"],
    (App, "_dispatch_message"): ["self", "message"],
    (App, "_dispatch_action"): ["self", "namespace", "action_name", "params"],
    (App, "_unnotify"): ["self", "notification", "refresh"],
    (App, "_replace_screen"): ["self", "screen"],
    (Screen, "_dispatch_message"): ["self", "message"],
    (Screen, "_pop_result_callback"): ["self"],
    (CommandPalette, "_action_command_list"): ["self", "action"],
    (OptionList, "_move_page"): ["self", "direction"],
    (OptionList, "_update_lines"): ["self"],
}


@pytest.mark.parametrize(("owner", "name"), METHODS, ids=lambda each: getattr(each, "__name__", each))
def test_a_method_of_textual_takes_what_ours_passes(owner: type[Any], name: str) -> None:
    assert list(inspect.signature(getattr(owner, name)).parameters) == METHODS[owner, name]


async def fail() -> None:
    raise UnreadableError("worker")


class Told(textual_compat.ErrorShowingApp[None]):
    """An app that keeps what it is told."""

    BINDINGS = [Binding("f7", "break", id="told.break")]

    def __init__(self) -> None:
        super().__init__()
        self.errors: list[str] = []

    def compose(self) -> ComposeResult:
        yield Static("here")

    def show_error(self, error: BaseException) -> None:
        self.errors.append(str(error))

    def handle_error(self, error: Exception) -> bool:
        self.errors.append(f"handled {error}")
        return True

    def on_mount(self) -> None:
        self.set_keymap({"told.break": "f8"})

    def action_break(self) -> None:
        raise UnreadableError("action")

    def on_paste(self, event: events.Paste) -> None:
        raise UnreadableError("message")


class Dialog(textual_compat.ErrorShowingScreen[str], ModalScreen[str]):
    """A dialog whose handler fails."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__()
        self.errors = errors

    def show_error(self, error: BaseException) -> None:
        self.errors.append(f"dialog {error}")

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        raise UnreadableError("message")


async def test_errors_of_handlers_are_shown_and_the_app_goes_on() -> None:
    app = Told()
    async with app.run_test() as pilot:
        for _ in range(2):
            app.post_message(events.Paste("x"))
            await pilot.press("f8")
        assert sorted(app.errors) == ["action", "action", "message", "message"]
        app.run_worker(fail())
        await pilot.pause()
        assert app.errors[-1].startswith("handled ")
        dialog = Dialog(app.errors)
        await app.push_screen(dialog)
        dialog.post_message(events.Paste("x"))
        dialog.post_message(events.Paste("x"))
        await pilot.pause()
        assert app.errors[-2:] == ["dialog message"] * 2


async def test_the_inner_state_of_an_app() -> None:
    app = Told()
    async with app.run_test(notifications=True) as pilot:
        assert textual_compat.keymap(app) == {"told.break": "f8"}
        assert "f7" in textual_compat.own_keys(app)
        app.notify("one")
        app.notify("two")
        await pilot.pause()
        shown = textual_compat.notifications(app)
        assert [each.message for each in shown] == ["one", "two"]
        textual_compat.remove_notification(app, shown[0])
        assert [each.message for each in textual_compat.notifications(app)] == ["two"]
        answers: list[str | None] = []
        covered, front = Dialog([]), Dialog([])
        await app.push_screen(covered, answers.append)
        await app.push_screen(front)
        [stack] = [stack for stack in textual_compat.screen_stacks(app) if covered in stack]
        assert stack[-1] is front
        assert not textual_compat.is_closing(covered)
        await textual_compat.close_covered(covered, stack, "answer")
        await pilot.pause()
        assert (answers, app.screen) == (["answer"], front)
        assert not app.is_exiting
        app.exit()
        assert app.is_exiting


def test_drivers_read_with_our_parser_and_name_their_app() -> None:
    assert textual_compat.read_input_with_ours(Driver) is Driver
    assert "_app" in inspect.getsource(Driver.__init__)
    for name in ("feed", "parse"):
        assert hasattr(_xterm_parser.XTermParser, name)
    parser = textual_compat.InputParser()
    for name in ("_tokens", "_gen", "_awaiting", "_timeout_time"):
        assert hasattr(parser, name), name
    found: list[Message] = [*parser.feed("\x1b[200~one\x1b[2J"), *parser.feed("two\x1b[201~")]
    assert [getattr(each, "text", None) for each in found] == ["one[2Jtwo"]


def test_css_is_parsed_once_for_a_theme(monkeypatch: pytest.MonkeyPatch) -> None:
    parse_css_as_always(monkeypatch)
    parsed: list[str] = []
    parse = stylesheet.parse

    def counted(scope: str, css: str, *args: Any, **options: Any) -> Any:
        parsed.append(css)
        return parse(scope, css, *args, **options)

    monkeypatch.setattr(stylesheet, "parse", counted)
    sheet = textual_compat.CachingStylesheet({"room": "3"})
    css = [f".w{number} {{ width: $room; }}" for number in range(200)]
    for number, each in enumerate(css):
        sheet.add_source(each, ("", f"w{number}"))
    sheet.parse()
    # So Textual does it when a screen is opened.
    sheet.set_variables({"room": "3"})
    sheet.reparse()
    assert parsed == css
    sheet.set_variables({"room": "4"})
    sheet.reparse()
    assert parsed == css * 2
    assert "width: 4" in sheet.css and "width: 3" not in sheet.css


async def test_an_app_of_ours_keeps_what_was_parsed(services: Services) -> None:
    async with running(services) as pilot:
        assert isinstance(pilot.app.stylesheet, textual_compat.CachingStylesheet)


def test_rules_are_told_apart_by_being_themselves() -> None:
    """Their hash is Python's own, which agrees with what Textual takes for it: no two rules are one."""
    rules = [RuleSet(), RuleSet()]
    assert RuleSet.__hash__ is object.__hash__
    assert len(set(rules)) == 2
    assert all(rule in set(rules) for rule in rules)
    assert "return id(self)" in inspect.getsource(RuleSet)


class Unresized(PagedOptionList):
    """A list that is not told when its width changes."""

    def on_resize(self, event: events.Resize) -> None:
        event.prevent_default()


async def test_the_heights_of_options_belong_to_the_width() -> None:
    text = "word " * 40
    unresized, other = Unresized(text), PagedOptionList(text)
    unresized.styles.width = 60
    other.styles.width = 20
    app = Told()
    async with app.run_test(size=(80, 30)) as pilot:
        await app.mount(unresized, other)
        await pilot.pause()
        before = unresized.virtual_size.height
        unresized.styles.width = 20
        await pilot.pause()
        unresized.refresh()
        await pilot.pause()
        assert before < unresized.virtual_size.height == other.virtual_size.height
