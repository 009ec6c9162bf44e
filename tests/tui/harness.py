"""Driving the app in tests: at a size, without animation, waiting for work instead of sleeping.

Only this module uses private names of Textual and asyncio.
"""

from __future__ import annotations

import re
from asyncio import get_running_loop, sleep, wait_for
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any, ClassVar

import pytest
import textual.app
import textual.pilot
import textual.strip
from rich.console import RenderableType
from textual._compositor import Compositor, LayoutUpdate
from textual.app import App
from textual.command import CommandPalette
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.dom import DOMNode
from textual.events import Key, MouseScrollDown, Paste
from textual.keys import _character_to_key
from textual.notifications import Notification
from textual.pilot import Pilot
from textual.screen import Screen
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget
from textual.worker import Worker

from goals_tui.services.context import Services
from goals_tui.tui.app.app import GoalsApp
from goals_tui.tui.app.config import Config
from tests.conftest import PATIENCE

SIZES = ((80, 24), (120, 36), (200, 60))
"""The sizes that every screen is drawn at."""

HOSTILE = (
    "[/foo]",
    "[",
    "[bold]not bold[/bold]",
    "$(echo) {x} %s \\",
    "✈️ Flüge 👩‍👩‍👧 buchen",
    "予約を変更する",
    "حجز رحلة طيران",
    "x" * 300,
)
"""Names that widgets have to show as they are."""


class QuietApp(GoalsApp):
    """The app without animation, blinking and polling by the clock: the same picture every time."""

    DRAWN_BY_SETTLE: ClassVar[bool] = False
    """Whether `settle` draws what has changed, instead of the app after each change. See `draw_later`."""

    READ_LATER_SECONDS = 0.0
    NOTIFICATION_TIMEOUT = 3600.0
    """Seconds. A notification that goes by the clock would be in some pictures on some machines."""

    def __init__(self, services: Services, config: Config | None = None) -> None:
        super().__init__(services, config)
        self.animation_level = "none"

    def set_interval(self, interval: float, *args: Any, **options: Any) -> Any:
        """Do once an hour what the app does every second: tests call it themselves."""
        return super().set_interval(3600, *args, **options)


async def settle(pilot: Pilot[Any]) -> None:
    """Wait until no worker runs and everything that they caused is drawn. Raise AssertionError if that never comes."""
    deadline = monotonic() + PATIENCE
    quiet = 0
    while quiet < 2:
        await pilot.pause()
        busy = [f"the worker {worker.name} ({worker.group})" for worker in at_work(pilot.app)]
        busy += ["asyncio.to_thread"] * threads_at_work() + ["a key that waits"] * keys_wait(pilot.app)
        if busy:
            await sleep(0.005)
        busy += ["a cursor that blinks"] * stop_blinking(pilot.app) + ["a layout"] * layout_due(pilot.app)
        assert monotonic() < deadline, f"still busy after {PATIENCE:.0f} s: {', '.join(busy) or 'drawing'}"
        quiet = 0 if busy or draw_changes(pilot.app) else quiet + 1


async def until_true(pilot: Pilot[Any], fact: Callable[[], bool]) -> None:
    """Let the app work until something is so. Raise AssertionError if that never comes."""
    deadline = monotonic() + PATIENCE
    while not fact():
        assert monotonic() < deadline, f"it did not come to that in {PATIENCE:.0f} s"
        await pilot.pause(0.01)
        draw_changes(pilot.app)  # lists read what they show when they are drawn


def at_work(app: GoalsApp | Any) -> list[Worker[Any]]:
    """The workers whose threads run, and a palette's that still looks for what it lists."""
    running = [worker for worker in app.workers if not worker.is_finished and worker.group != "waits"]
    looking = CommandPalette._GATHER_COMMANDS_GROUP
    return [worker for worker in running if worker._thread_worker or worker.group == looking]


def threads_at_work() -> int:
    """Return how many calls of `asyncio.to_thread` are at work, for which workers without a thread wait."""
    pool = get_running_loop()._default_executor  # type: ignore[attr-defined]
    return len(pool._threads) - pool._idle_semaphore._value if pool is not None else 0


def keys_wait(app: GoalsApp | Any) -> bool:
    """Return True if a key is on its way, or waits until what the one before it did is done."""
    order = getattr(app, "_key_queue", None)
    return order is not None and bool(order._held or order._due or order._under_way)


def layout_due(app: GoalsApp | Any) -> bool:
    """Return True if the screen has to be laid out, or calls wait until that is done; never once the app has closed."""
    return app.is_running and bool(app.screen._layout_required or app.screen._callbacks)


def stop_blinking(app: GoalsApp | Any) -> bool:
    """Show cursors always. Whether one of them was blinking."""
    blinking = [widget for widget in app.screen.walk_children() if getattr(widget, "cursor_blink", False)]
    for widget in blinking:
        widget.cursor_blink = False
    return bool(blinking)


@asynccontextmanager
async def running(
    services: Services, size: tuple[int, int] = (120, 36), *, config: Config | None = None, area: str | None = None
) -> AsyncIterator[Pilot[Any]]:
    """The app at a size, settled; on one of its six screens where `area` names one."""
    app = QuietApp(services, config)
    async with app.run_test(size=size, tooltips=True, notifications=True) as pilot:
        await settle(pilot)
        if area is not None:
            await app.switch_mode(area)
            await settle(pilot)
        yield pilot


async def press(pilot: Pilot[Any], *keys: str) -> None:
    """Press keys, each when the work that the one before began is done, then wait until all is quiet."""
    for key in keys:
        await pilot.press(key)
        if at_work(pilot.app) or threads_at_work():
            await settle(pilot)
    await settle(pilot)


async def paste(pilot: Pilot[Any], text: str) -> None:
    """Paste text, as a terminal hands it over, and wait until all is quiet."""
    pilot.app.post_message(Paste(text))
    await settle(pilot)


async def type_text(pilot: Pilot[Any], text: str) -> None:
    """Type text at once, as a terminal hands over what was typed while the app was busy: a key a letter."""
    for letter in text:
        name = _character_to_key(letter)
        pilot.app.post_message(Key({"newline": "enter"}.get(name, name), letter))
    await settle(pilot)


class Typist:
    """Types on a Pilot and counts every key that is no text."""

    def __init__(self, pilot: Pilot[Any]) -> None:
        self.pilot = pilot
        self.keystrokes = 0

    async def keys(self, *keys: str) -> None:
        """Press keys, each when all is quiet."""
        self.keystrokes += len(keys)
        for key in keys:
            await press(self.pilot, key)

    async def text(self, text: str) -> None:
        """Type text, which is not counted."""
        await type_text(self.pilot, text)


def screen_text(app: Any) -> str:
    """The text of the screen in front, without the one behind a dialog."""
    return lines_text(app.screen._compositor.render_strips())


def drawn_strips(app: Any) -> list[Strip]:
    """The lines of the screen in front, as they are drawn."""
    return list(app.screen._compositor.render_strips())


def draw_everything(app: Any) -> list[Strip]:
    """Draw all that is seen again, also what is behind a dialog, and return its lines."""
    for screen in (*app._background_screens, app.screen):
        screen.refresh()  # A dialog keeps what was behind it when it was drawn last.
    update = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens)
    assert isinstance(update, LayoutUpdate)
    return [Strip.join(line) for line in update.strips]


def changed_since_drawn(app: Any) -> bool:
    """Return whether anything that is seen would be drawn differently now."""
    return any(screen._compositor._dirty_regions for screen in (*app._background_screens, app.screen))


def draw_later(patch: pytest.MonkeyPatch, *, by_settle: bool = True) -> None:
    """Let a screen be drawn once when all is quiet, not after each change on the way: that is a third of the work.

    Without `by_settle` it is drawn by `draw_everything` only.
    """

    def render_update(compositor: Compositor, full: bool = False, **options: Any) -> RenderableType | None:
        later = not full and compositor.root is not None and isinstance(compositor.root.app, QuietApp)
        return None if later else _render_update(compositor, full, **options)

    patch.setattr(Compositor, "render_update", render_update)
    patch.setattr(QuietApp, "DRAWN_BY_SETTLE", by_settle)


_render_update = Compositor.render_update


def draw_changes(app: GoalsApp | Any) -> bool:
    """Draw what has changed since the screen in front was drawn. Return whether something had."""
    if not getattr(app, "DRAWN_BY_SETTLE", False) or not app.screen._compositor._dirty_regions:
        return False
    _render_update(app.screen._compositor, screen_stack=app._background_screens)
    return True


async def nothing_ready(*_: float) -> None:
    """Wait until the event loop has nothing left to do but to wait for timers, threads and keys."""
    loop = get_running_loop()
    deadline = monotonic() + PATIENCE
    await sleep(0)
    while loop._ready:  # type: ignore[attr-defined]
        assert monotonic() < deadline, f"still busy after {PATIENCE:.0f} s"
        await sleep(0)


def wait_for_the_loop(patch: pytest.MonkeyPatch) -> None:
    """Let pilots ask the event loop whether it is idle.

    Textual's own way, a message to each widget and naps until the process takes no time, is most of what a key costs.
    """

    async def wait_for_screen(pilot: Pilot[Any], timeout: float = 0) -> bool:
        await nothing_ready()
        while getattr(pilot.app, "_resize_timer", None) is not None:  # the app takes on a new size a moment later
            await sleep(0.002)
            await nothing_ready()
        return True

    patch.setattr(Pilot, "_wait_for_screen", wait_for_screen)
    for module in (textual.app, textual.pilot):
        patch.setattr(module, "wait_for_idle", nothing_ready)


def parse_css_once(patch: pytest.MonkeyPatch) -> None:
    """Let all apps share the rules parsed from CSS, which each would parse again for itself."""
    parsed: dict[object, list[tuple[dict[str, str], list[RuleSet]]]] = {}

    def parse_rules(sheet: Stylesheet, css: str, *args: Any, **options: Any) -> list[RuleSet]:
        by_theme = parsed.setdefault((css, args, tuple(options.items())), [])
        for variables, rules in by_theme:  # few; to hash hundreds of variables takes longer than to compare them
            if variables == sheet._variables:
                return rules
        rules = _parse_rules(sheet, css, *args, **options)
        by_theme.append((dict(sheet._variables), rules))
        return rules

    patch.setattr(Stylesheet, "_parse_rules", parse_rules)


_parse_rules = Stylesheet._parse_rules


class NoCache:
    """A cache of strips that keeps nothing. It is that of all strips."""

    def get(self, key: object) -> None:
        """Return None: nothing was kept."""

    def __setitem__(self, key: object, value: object) -> None:
        pass


def keep_no_strips(patch: pytest.MonkeyPatch) -> None:
    """Let lines that were drawn share a cache that keeps nothing, instead of seven of their own.

    Screens are drawn too seldom to gain by caches, which were half of all that the garbage collector looks through.
    """
    cache = NoCache()
    patch.setattr(textual.strip, "FIFOCache", lambda _: cache)


def parse_css_as_always(patch: pytest.MonkeyPatch) -> None:
    """Let each app parse CSS for itself."""
    patch.setattr(Stylesheet, "_parse_rules", _parse_rules)


def has_ended(app: Any) -> bool:
    """Return True if the app has ended, or was told to."""
    return not app.is_running or bool(app._exit)


def error_of(app: Any) -> BaseException | None:
    """The error that ended the app."""
    return app._exception  # type: ignore[no-any-return]


def own_binding_ids(node: Any) -> set[str | None]:
    """The ids of the bindings of a widget or screen."""
    return {binding.id for _, binding in node._bindings}


def shown_notifications(app: Any) -> list[Notification]:
    """The notifications that are shown, oldest first."""
    return list(app._notifications)


async def runs_a_binding(app: Any, key: str) -> bool:
    """Press a key as a binding, past the queue of keys. Whether it had one."""
    return bool(await app._check_bindings(key))


def slowed(patch: pytest.MonkeyPatch, screen: type[Screen[Any]], wait: Callable[[], Awaitable[None]]) -> None:
    """Let a kind of screen wait before it makes its parts."""
    compose = screen._compose

    async def slow(self: Screen[Any]) -> None:
        await wait()
        await compose(self)

    patch.setattr(screen, "_compose", slow)


def heard_actions(patch: pytest.MonkeyPatch, hear: Callable[[DOMNode, str, Any], None]) -> None:
    """Call `hear` for each action that Textual dispatches."""
    dispatch = App._dispatch_action

    async def listen(app: App[Any], namespace: DOMNode, name: str, parameters: Any) -> bool:
        hear(namespace, name, parameters)
        return await dispatch(app, namespace, name, parameters)

    patch.setattr(App, "_dispatch_action", listen)


async def wheel_down(pilot: Pilot[Any], widget: Widget, offset: tuple[int, int]) -> None:
    """Turn the wheel of the mouse over a widget."""
    await pilot._post_mouse_events([MouseScrollDown], widget, offset=offset)


async def timer_done(timer: Timer) -> None:
    """Wait until a timer has fired."""
    assert timer._task is not None
    await wait_for(timer._task, PATIENCE)


def lines_text(strips: Iterable[Strip]) -> str:
    """The text of drawn lines."""
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips).replace("\xa0", " ")


def messages(app: Any) -> list[str]:
    """The notifications that are shown, without the glyphs of problems."""
    return [re.sub("^[▲✖] ", "", notification.message) for notification in app._notifications]
