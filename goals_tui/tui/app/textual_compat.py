"""All uses of Textual's private names: text for the terminal, pasted text, errors, and the inner state of an app.

`tests/tui/frame/test_textual_compat.py` says what each relies on.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Generator, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual._xterm_parser import BRACKETED_PASTE_END, BRACKETED_PASTE_START, XTermParser
from textual.app import App, ReturnType
from textual.await_complete import AwaitComplete
from textual.color import Color
from textual.command import CommandList, CommandPalette
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.driver import Driver
from textual.filter import LineFilter
from textual.message import Message
from textual.screen import Screen, ScreenResultType
from textual.strip import Strip
from textual.style import Style
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from goals_tui.domain.errors import GoalsError
from goals_tui.domain.text import clean_text
from goals_tui.tui.app.terminal import RESTORE_TITLE, SAVE_TITLE, TerminalAnswers, is_modern

if TYPE_CHECKING:
    from textual.dom import DOMNode
    from textual.notifications import Notification

Result = TypeVar("Result")

_STEERING = re.compile(
    # Control characters, direction marks and overrides, line separators, and lone surrogates.
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)


class Harmless(LineFilter):
    """A line filter that blanks all characters that would steer the terminal; the width of the line stays."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments without control characters."""
        if not any(_STEERING.search(segment.text) for segment in segments):
            return segments
        return [Segment(_STEERING.sub(_blank, text), style, control) for text, style, control in segments]


def _blank(found: re.Match[str]) -> str:
    return " " * cell_len(found[0])


class InputParser(XTermParser):
    """Textual's parser of terminal input, changed so that a paste is text from its first to its last character.

    Textual's own parser takes for keys what follows an escape character in a paste, and a paste whose start arrives in
    two reads.

    It leaves out the answers that `answers` waits for, and begins with what was typed while they were awaited.
    """

    def __init__(self, debug: bool = False, answers: TerminalAnswers | None = None) -> None:
        self._answers = answers
        self._pasted: str | None = None
        """The text of the current paste that was read so far; None outside a paste."""
        self._begun = ""
        """The end of the last read, where it may be the beginning of a paste."""
        super().__init__(debug)

    def feed(self, data: str) -> Iterable[Message]:
        """Yield keys, mouse events and answers of the terminal, and one Paste for each pasted text."""
        if not data:
            yield from super().feed(data)
        elif self._answers is not None:
            data = self._answers.without_answers(data)
        while data:
            data = yield from (self._typed(data) if self._pasted is None else self._paste(self._pasted, data))

    def tick(self) -> Iterable[Message]:
        """Yield what is due without new input: what was typed before the app read any, and a lone escape."""
        if self._answers is not None and (typed := self._answers.take_typed()):
            yield from self.feed(typed)
        yield from super().tick()

    def _typed(self, data: str) -> Generator[Message, None, str]:
        """Parse up to the start of the first paste and return the rest."""
        read = self._begun + data
        before, start, pasted = read.partition(BRACKETED_PASTE_START)
        if not start:
            yield from super().feed(data)
            escape = read.rfind("\x1b")
            self._begun = read[escape:] if escape >= 0 and BRACKETED_PASTE_START.startswith(read[escape:]) else ""
            return ""
        if self._begun and not before:
            self._forget_sequence()
        elif before[len(self._begun) :]:
            yield from super().feed(before[len(self._begun) :])
        self._begun, self._pasted = "", ""
        return pasted

    def _paste(self, pasted: str, data: str) -> Generator[Message, None, str]:
        """Read up to the end of the paste and return the rest.

        An end mark within the text does not end the paste: the last one that was read before another paste counts.
        """
        text = pasted + data
        end = text.find(BRACKETED_PASTE_END, max(0, len(pasted) - len(BRACKETED_PASTE_END)))
        if end < 0:
            self._pasted = text
            return ""
        next_start = text.find(BRACKETED_PASTE_START, end)
        end = text.rfind(BRACKETED_PASTE_END, end, next_start if next_start >= 0 else len(text))
        self._pasted = None
        yield events.Paste(clean_text(text[:end].replace(BRACKETED_PASTE_END, "")))
        return text[end + len(BRACKETED_PASTE_END) :]

    def _forget_sequence(self) -> None:
        """Drop the incomplete escape sequence that Textual's parser waits to complete."""
        self._tokens.clear()
        self._gen = self.parse(self._tokens.append)
        self._awaiting = next(self._gen)
        self._timeout_time = None


def read_input_with_ours(driver: type[Driver], answers: TerminalAnswers | None = None) -> type[Driver]:
    """Make a driver read terminal input with `InputParser`."""
    for name in (*(each.__module__ for each in driver.__mro__), "textual.drivers.win32"):
        if hasattr(sys.modules.get(name), "XTermParser"):
            # Drivers make the parser by the name that their module imported, which mypy does not know of any module.
            sys.modules[name].XTermParser = partial(InputParser, answers=answers)  # type: ignore[attr-defined]
    return driver


class TitledDriver(Driver):
    """A driver that names the terminal's window, and gives it its own title back when the app stops or is suspended."""

    _titled = False

    def show_title(self, title: str) -> None:
        """Name the window; the text must hold no control characters."""
        if self.is_web or self.is_headless or not is_modern():
            return
        if not self._titled:
            self._titled = True
            self.write(SAVE_TITLE)
        self.write(f"\x1b]2;{title}\x1b\\")
        self.flush()

    def stop_application_mode(self) -> None:
        """Stop application mode, restore state."""
        if self._titled:
            self._titled = False
            self.write(RESTORE_TITLE)
        super().stop_application_mode()  # type: ignore[safe-super]  # of the driver that this is mixed into


def with_title(driver: type[Driver]) -> type[Driver]:
    """Return the driver class with a `TitledDriver` above it."""
    return type(driver.__name__, (TitledDriver, driver), {})


def name_window(app: App[Any], title: str) -> None:
    """Name the window of the terminal that an app draws in."""
    if isinstance(app._driver, TitledDriver):
        app._driver.show_title(title)


# -- errors of handlers


class ErrorShowingApp(App[ReturnType]):
    """An app that shows the errors of its handlers, actions, workers, timers and callbacks instead of ending.

    After an exception Textual would handle no further message of the app, or of the widget whose key ran the action.
    """

    def show_error(self, error: BaseException) -> None:
        """Show an error to the user."""
        raise NotImplementedError

    def handle_error(self, error: Exception) -> bool:
        """Return whether an error of a worker, timer or callback was dealt with; others end the app."""
        return False

    @property
    def is_exiting(self) -> bool:
        """True if the app was told to end."""
        return self._exit

    def _handle_exception(self, error: Exception) -> None:
        if not self.handle_error(error):
            super()._handle_exception(error)

    async def _dispatch_message(self, message: Message) -> None:
        try:
            await super()._dispatch_message(message)
        except GoalsError as error:
            self.show_error(error)

    async def _dispatch_action(self, namespace: DOMNode, action_name: str, params: Any) -> bool:
        try:
            return await super()._dispatch_action(namespace, action_name, params)
        except GoalsError as error:
            self.show_error(error)
            return True


class ErrorShowingScreen(Screen[ScreenResultType]):
    """A screen that shows the errors of its handlers: after an exception Textual would handle no further message."""

    def show_error(self, error: GoalsError) -> None:
        """Show an error to the user."""
        raise NotImplementedError

    async def _dispatch_message(self, message: Message) -> None:
        try:
            await super()._dispatch_message(message)
        except GoalsError as error:
            self.show_error(error)


# -- keys for lists that were not drawn yet


class PagedPalette(CommandPalette):
    """Textual's palette, which passes over keys for its list before the list was drawn: it has no pages then."""

    def _action_command_list(self, action: str) -> None:
        if self.query_one(CommandList).scrollable_content_region:
            super()._action_command_list(action)


class PagedOptionList(OptionList):
    """Textual's list of options, which passes over page keys before it was drawn: it has no pages then.

    The heights of options belong to the width of the list, which its scrollbar makes smaller; Textual's own may keep
    those from before.
    """

    _width_of_lines = -1

    def chosen_lines(self, lines: list[Strip], look: Style) -> list[Strip]:
        """Return the lines of the option under the cursor, drawn with `look`, as they are shown."""
        return lines

    def _get_option_render(self, option: Option, style: Style) -> list[Strip]:
        lines = super()._get_option_render(option, style)
        return self.chosen_lines(lines, style) if option is self.highlighted_option else lines

    def _update_lines(self) -> None:
        width = self.scrollable_content_region.width
        if width != self._width_of_lines:
            self._width_of_lines = width
            self._line_cache.clear()
            self._option_render_cache.clear()
        super()._update_lines()

    def _move_page(self, direction: Literal[-1, 1]) -> None:
        if self.scrollable_content_region:
            super()._move_page(direction)


# -- CSS

# Textual looks up every rule of the app in a set for each widget that it styles, with a hash that is written in Python.
RuleSet.__hash__ = object.__hash__  # type: ignore[method-assign]


class CachingStylesheet(Stylesheet):
    """A stylesheet that parses the CSS of each widget once for a theme.

    Textual's own parses all of it again, two or three times, for each screen that is opened first.
    """

    def __init__(self, variables: dict[str, str]) -> None:
        super().__init__(variables=variables)
        self._parse_cache.maxsize = 1024  # more than the app has widget classes; Textual's 64 are fewer

    def set_variables(self, variables: dict[str, str]) -> None:
        """Set the variables of the theme; forget what was parsed with others."""
        if variables != self._variables:
            super().set_variables(variables)

    def reparse(self) -> None:
        """Apply new variables: parse what was not parsed with them yet."""
        self.parse()


# -- what an app keeps to itself


def app_of(driver: Driver) -> App[Any]:
    """Return the app that a driver draws."""
    return driver._app


def keymap(app: App[Any]) -> Mapping[str, str]:
    """Return the keys that the user gave to bindings, by the id of the binding."""
    return app._keymap


def own_keys(node: DOMNode) -> Collection[str]:
    """Return the keys that a widget or screen binds itself."""
    return node._bindings.key_to_bindings


def notifications(app: App[Any]) -> list[Notification]:
    """Return the messages that are shown now, oldest first."""
    return list(app._notifications)


def remove_notification(app: App[Any], notification: Notification) -> None:
    """Take a message off the screen."""
    app._unnotify(notification)


def screen_stacks(app: App[Any]) -> list[list[Screen[Any]]]:
    """Return the open screens of every mode, the one in front last."""
    return list(app._screen_stacks.values())


def is_closing(screen: Screen[Any]) -> bool:
    """Return whether a screen is being taken away with its widgets."""
    return bool(screen._pruning)


def close_covered(screen: Screen[Result], stack: list[Screen[Any]], result: Result | None) -> AwaitComplete:
    """Close a screen that is not in front, with its result; the one in front stays."""
    if screen._result_callbacks:
        screen._result_callbacks[-1](result)
    stack.remove(screen)
    screen._pop_result_callback()
    return AwaitComplete(screen.app._replace_screen(screen)).call_next(screen.app)
