"""The common base of the app and its welcome.

It holds the themes and keys of the user, messages, threads, and the handling of errors that must not end the app.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from textual import on
from textual.app import ScreenStackError
from textual.binding import Binding
from textual.css.query import NoMatches
from textual.dom import DOMNode, NoScreen
from textual.driver import Driver
from textual.filter import LineFilter
from textual.notifications import Notification, Notify
from textual.screen import ModalScreen, Screen
from textual.theme import Theme
from textual.widget import MountError
from textual.worker import Worker, WorkerCancelled, WorkerFailed, WorkerState

from goals_tui.domain.errors import GoalsError
from goals_tui.domain.text import clean_line, clean_text
from goals_tui.tui.app.actions import key_name, shown_key
from goals_tui.tui.app.background import Job
from goals_tui.tui.app.config import Config
from goals_tui.tui.app.textual_compat import (
    CachingStylesheet,
    ErrorShowingApp,
    Harmless,
    keymap,
    name_window,
    notifications,
    read_input_with_ours,
    remove_notification,
    with_title,
)
from goals_tui.tui.app.themes import DEFAULT_THEME, GOALS_LIGHT, OURS, SEVERITIES, readable_colors

_GONE = (NoMatches, NoScreen, ScreenStackError, MountError)
"""The errors of Textual where a screen, or a part of one, is missing."""
STAYS_SECONDS = 24 * 3600.0
"""Seconds that notifications of errors are shown: until they are closed."""
_WAITS_SECONDS = 0.4
"""Seconds between two checks of whether a change waits for another process."""
WAITING = "Waiting for another goals-tui…"
T = TypeVar("T")
ResultT = TypeVar("ResultT")

_HARMLESS = Harmless()


class BaseApp(ErrorShowingApp[ResultT], inherit_bindings=False):
    """An app with our themes that shows every GoalsError as a notification instead of ending."""

    TITLE = "goals-tui"
    CSS_PATH = Path(__file__).with_name("app.tcss")
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (80, "-normal"), (120, "-wide"), (200, "-huge")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (30, "-high")]
    BINDINGS = [Binding("ctrl+c", "help_quit", show=False, system=True)]
    QUIT: ClassVar[str] = "app.quit"
    """The id of the action that closes this app."""

    def __init__(self, config: Config | None = None) -> None:
        self.config = config or Config()  # before Textual asks for the driver, which reads its answers
        super().__init__()
        self.stylesheet = CachingStylesheet(self.get_css_variables())
        self._window_title = ""
        self._jobs: dict[Worker[Any], Job] = {}
        self._changes = ThreadPoolExecutor(1, "changes")
        self._changing = 0
        self._waiting: Notification | None = None
        for theme in OURS:
            self.register_theme(theme)
        self.theme = self.config.theme or self._theme_of_terminal()
        if self.config.keys:
            self.set_keymap(self.config.keys)

    def on_load(self) -> None:
        """Leave the terminal as it was where another program ends this one, or the terminal closes."""
        if sys.platform != "win32" and not self.is_headless:
            for number in (signal.SIGTERM, signal.SIGHUP):
                asyncio.get_running_loop().add_signal_handler(number, partial(self.exit, return_code=128 + number))

    def on_mount(self) -> None:
        """Show the warnings about the configuration."""
        for warning in self.config.warnings:
            self.notify(warning, severity="warning", timeout=STAYS_SECONDS)

    def get_theme(self, theme_name: str) -> Theme | None:
        """Return a theme by its name, or the default theme where it no longer exists."""
        return super().get_theme(theme_name) or super().get_theme(DEFAULT_THEME)

    def get_css_variables(self) -> dict[str, str]:
        """Return the colours of the theme, with those of outcomes, which Textual's own themes lack."""
        variables = super().get_css_variables()
        if "completed" not in variables:
            variables |= readable_colors(variables, ansi=bool(self.current_theme.ansi))
        return variables

    def _theme_of_terminal(self) -> str:
        """Return the theme that fits the terminal's background."""
        answers = self.config.answers
        return GOALS_LIGHT.name if answers is not None and answers.is_light() else DEFAULT_THEME

    def named_key(self, action_id: str) -> str:
        """Return the first key of an action as people write it, with the user's keys; for texts that name a key."""
        return shown_key(keymap(self), action_id)

    # -- terminal input and output

    def get_driver_class(self) -> type[Driver]:
        """Return a driver class that never takes pasted text for keys, and that can name the window."""
        return with_title(read_input_with_ours(super().get_driver_class(), self.config.answers))

    def show_window_title(self, *parts: str) -> None:
        """Name the terminal's window; the most telling part comes first, because tabs cut the end."""
        title = clean_line(" - ".join(filter(None, (*parts, self.TITLE))))
        if title != self._window_title:
            self._window_title = title
            name_window(self, title)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return the line filters, with one that keeps all text from steering the terminal."""
        return [*super().get_line_filters(), _HARMLESS]

    def copy_to_clipboard(self, text: str) -> None:
        """Copy text without control characters; line breaks and tabs stay."""
        super().copy_to_clipboard(clean_text(text))

    @on(Driver.SignalResume)
    def _draw_again(self) -> None:
        # After ctrl+z and fg the terminal shows an empty screen, and Textual writes only changes.
        self.refresh(layout=True)
        name_window(self, self._window_title)

    # -- work in threads

    def start(self, job: Job, *, group: str, newest_only: bool) -> None:
        """Run a job in a thread of the app.

        The app owns it, so that errors are shown even where the screen was closed meanwhile.
        """
        worker = self.run_worker(job.work, group=group, thread=True, exclusive=newest_only, exit_on_error=False)
        self._jobs[worker] = job

    async def change(self, doing: str, work: Callable[[], T], screen: Screen[Any] | None = None) -> T:
        """Run `work`, which changes what is on the disk, in a thread, after the changes before it; its result.

        Raises what it raises. Where nobody waits for it any more, an error is shown.
        """
        arrived: asyncio.Future[T] = asyncio.get_running_loop().create_future()

        def then(result: T) -> None:
            if not arrived.done():
                arrived.set_result(result)

        def refused(error: BaseException) -> None:
            if arrived.done():
                self.show_error(error)
            else:
                arrived.set_exception(error)

        running = self._changes.submit(work)
        self.start(Job(screen, running.result, then, refused, doing, always=True), group="changes", newest_only=False)
        self._changing += 1
        self.set_timer(_WAITS_SECONDS, self._say_waiting)
        try:
            return await arrived
        finally:
            self._changing -= 1
            self._say_waiting()

    @property
    def keys_wait(self) -> bool:
        """True if keys wait for a `change`, or for what they may concern to be read."""
        return self._changing > 0 or any(job.keys_wait for job in self._jobs.values())

    def waits_for_others(self) -> bool:
        """Return True if what is written waits until another process has written."""
        return False

    def _say_waiting(self) -> None:
        """Say that a change waits for another process, for as long as it does."""
        waits = self._changing > 0 and self.waits_for_others()
        if waits and self._waiting is None:
            self._waiting = Notification(WAITING, timeout=STAYS_SECONDS, markup=False)
            self.post_message(Notify(self._waiting))
        elif self._waiting is not None and not waits:
            remove_notification(self, self._waiting)
            self._waiting = None
        if self._changing and self.is_running:
            self.set_timer(_WAITS_SECONDS, self._say_waiting)

    def doing(self, screen: Screen[Any] | None = None) -> str:
        """Return what a screen, or any screen, is changing on the disk now; empty where nothing is changed."""
        changing = (job for job in self._jobs.values() if job.doing and screen in (None, job.screen))
        return next((job.doing for job in changing), "")

    async def changes_done(self) -> None:
        """Wait until nothing is being changed on the disk."""
        while workers := [worker for worker, job in self._jobs.items() if job.doing]:
            for worker in workers:
                with suppress(WorkerFailed, WorkerCancelled):
                    await worker.wait()
            # Their results are handed on by now, and may start further changes.
            await asyncio.sleep(0)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Pass on the result or the error of a job."""
        if event.state not in (WorkerState.SUCCESS, WorkerState.ERROR, WorkerState.CANCELLED):
            return
        job = self._jobs.pop(event.worker, None)
        if job is None or event.state is WorkerState.CANCELLED:
            return
        there, error = job.always or (job.screen is not None and job.screen.is_attached), event.worker.error
        if error is None:
            if there:
                job.then(event.worker.result)
        elif job.refused is not None and there:
            job.refused(error)
        else:
            self.show_error(error)

    # -- errors

    def show_error(self, error: BaseException) -> None:
        """Show an error in a notification that stays until it is closed."""
        known = isinstance(error, GoalsError)
        if not known:
            self.log.error(error)
        text = str(error) if known else f"Unexpected {type(error).__name__}: {error}"
        self.notify(text, title="" if known else "Internal error", severity="error", timeout=STAYS_SECONDS)

    def handle_error(self, error: Exception) -> bool:
        """Show an error that the user can act on, from workers, timers and callbacks; others end the app.

        While the app closes, errors about missing parts of a screen are ignored: some look for others that are gone.
        """
        cause = error.error if isinstance(error, WorkerFailed) else error
        if isinstance(cause, GoalsError):
            self.show_error(cause)
            return True
        if isinstance(cause, _GONE) and (self.is_exiting or not self.is_running):
            self.log.debug(cause)
            return True
        return False

    # -- actions

    async def run_action(
        self, action: Any, default_namespace: DOMNode | None = None, namespaces: Mapping[str, DOMNode] | None = None
    ) -> bool:
        """Run an action, unless its screen is not complete yet.

        A key of the previous screen may arrive while the next one is being made, which can't act yet.
        """
        if isinstance(default_namespace, Screen) and not default_namespace.is_mounted:
            return False
        return await super().run_action(action, default_namespace, namespaces)

    # -- messages

    def notify(self, message: str, **options: Any) -> None:
        """Show a notification, whose text is never read as markup; the glyph of a problem is told without colours."""
        severity = options.get("severity", "information")
        glyph = f"{SEVERITIES[severity][0]} " if severity in ("warning", "error") else ""
        if title := options.get("title"):
            options["title"] = glyph + title
        else:
            message = glyph + message
        super().notify(message, **{**options, "markup": False})

    def on_notify(self, event: Notify) -> None:
        """Let a new temporary notification replace earlier ones, and show one that stays only once."""
        new = event.notification
        if self._goes_by_itself(new):
            self._put_away()
        elif any(shown.message == new.message for shown in notifications(self)):
            event.prevent_default()
        # Notifications that stay have a key that closes them.
        self.call_later(self.refresh_bindings)

    @property
    def shows_lasting_message(self) -> bool:
        """True if a notification is shown that stays until it is closed."""
        return not all(map(self._goes_by_itself, notifications(self)))

    def _goes_by_itself(self, notification: Notification) -> bool:
        return notification.severity != "error" and notification.timeout <= self.NOTIFICATION_TIMEOUT

    def _put_away(self) -> None:
        for notification in notifications(self):
            if self._goes_by_itself(notification):
                remove_notification(self, notification)

    def push_screen(self, screen: Any, *args: Any, **options: Any) -> Any:
        """Push a screen; a dialog first removes temporary notifications, which would cover it."""
        if isinstance(screen, ModalScreen):
            self._put_away()
        return super().push_screen(screen, *args, **options)

    def action_help_quit(self) -> None:
        """Show which key quits; ctrl+c copies."""
        works = (found.binding for found in self.screen.active_bindings.values() if found.enabled)
        # A key that the focused field takes as text would not quit.
        key = next((key_name(each.key) for each in works if each.action == "quit"), self.named_key(self.QUIT))
        self.notify(f"Press {key} to quit (ctrl+c copies).")
