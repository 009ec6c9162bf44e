"""What the app and its welcome share: themes and keys of the user, messages, and errors that do not end the app."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from textual import on
from textual.app import App, ScreenStackError
from textual.binding import Binding
from textual.css.query import NoMatches
from textual.dom import DOMNode, NoScreen
from textual.driver import Driver
from textual.filter import LineFilter
from textual.message import Message
from textual.notifications import Notification, Notify
from textual.screen import ModalScreen, Screen
from textual.theme import Theme
from textual.widget import MountError
from textual.worker import Worker, WorkerCancelled, WorkerFailed, WorkerState

from goals_tui.domain.errors import GoalsError
from goals_tui.domain.text import clean_text
from goals_tui.tui.app.actions import key_name, shown_key
from goals_tui.tui.app.background import Job
from goals_tui.tui.app.config import Config
from goals_tui.tui.app.textual_compat import Harmless, keymap, notifications, read_input_with_ours, remove_notification
from goals_tui.tui.app.themes import DEFAULT_THEME, OURS, outcome_colors

_GONE = (NoMatches, NoScreen, ScreenStackError, MountError)
"""What Textual says where a part of a screen, or the screen, is looked for or filled and not there."""
STAYS_SECONDS = 24 * 3600.0
"""Notifications of errors stay until they are closed."""
ResultT = TypeVar("ResultT")

_HARMLESS = Harmless()


class BaseApp(App[ResultT], inherit_bindings=False):
    """An app with our themes, in which a GoalsError is shown wherever it was raised, and nothing else is lost."""

    TITLE = "goals-tui"
    CSS_PATH = Path(__file__).with_name("app.tcss")
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (80, "-normal"), (120, "-wide"), (200, "-huge")]
    BINDINGS = [Binding("ctrl+c", "help_quit", show=False, system=True)]
    QUIT: ClassVar[str] = "app.quit"
    """The id of the action that closes this app."""

    def __init__(self, config: Config | None = None) -> None:
        super().__init__()
        self.config = config or Config()
        self._jobs: dict[Worker[Any], Job] = {}
        for theme in OURS:
            self.register_theme(theme)
        self.theme = self.config.theme or DEFAULT_THEME
        if self.config.keys:
            self.set_keymap(self.config.keys)

    def on_load(self) -> None:
        """Where another program ends this one, or its terminal closes, the terminal is left as it was."""
        if sys.platform != "win32" and not self.is_headless:
            for number in (signal.SIGTERM, signal.SIGHUP):
                asyncio.get_running_loop().add_signal_handler(number, partial(self.exit, return_code=128 + number))

    def on_mount(self) -> None:
        """Say what is wrong in the configuration."""
        for warning in self.config.warnings:
            self.notify(warning, severity="warning", timeout=STAYS_SECONDS)

    def get_theme(self, theme_name: str) -> Theme | None:
        """As Textual's; a theme that is gone is ours."""
        return super().get_theme(theme_name) or super().get_theme(DEFAULT_THEME)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Textual's own themes get the colours of outcomes too."""
        return outcome_colors(self.current_theme)

    def named_key(self, action_id: str) -> str:
        """The first key of an action as people write it, with the keys of this user; for texts that name one."""
        return shown_key(keymap(self), action_id)

    # -- what reaches the terminal, and what comes from it

    def get_driver_class(self) -> type[Driver]:
        """Pasted text is never taken for keys."""
        return read_input_with_ours(super().get_driver_class())

    def get_line_filters(self) -> Sequence[LineFilter]:
        """No text that a widget shows, whatever wrote it, steers the terminal."""
        return [*super().get_line_filters(), _HARMLESS]

    def copy_to_clipboard(self, text: str) -> None:
        """Copy text without control characters; line breaks and tabs stay."""
        super().copy_to_clipboard(clean_text(text))

    @on(Driver.SignalResume)
    def _draw_again(self) -> None:
        # After ctrl+z and fg the terminal shows an empty screen, and Textual writes only what changes.
        self.refresh(layout=True)

    # -- work in threads

    def start(self, job: Job, *, group: str, newest_only: bool) -> None:
        """Run a job in a thread. The app owns it: its result and its error arrive whatever was closed meanwhile."""
        worker = self.run_worker(job.work, group=group, thread=True, exclusive=newest_only, exit_on_error=False)
        self._jobs[worker] = job

    def doing(self, screen: Screen[Any] | None = None) -> str:
        """Return what a screen, or any of them, changes on the disk just now; empty where none does."""
        changing = (job for job in self._jobs.values() if job.doing and screen in (None, job.screen))
        return next((job.doing for job in changing), "")

    async def changes_done(self) -> None:
        """Wait until nothing is changed on the disk any more."""
        for worker in [worker for worker, job in self._jobs.items() if job.doing]:
            with suppress(WorkerFailed, WorkerCancelled):
                await worker.wait()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Hand on the result or the error of a job."""
        if event.state not in (WorkerState.SUCCESS, WorkerState.ERROR, WorkerState.CANCELLED):
            return
        job = self._jobs.pop(event.worker, None)
        if job is None or event.state is WorkerState.CANCELLED:
            return
        there, error = job.screen.is_attached, event.worker.error
        if error is None:
            if there:
                job.then(event.worker.result)
        elif job.refused is not None and there:
            job.refused(error)
        else:
            self.show_error(error)

    # -- errors

    def show_error(self, error: BaseException) -> None:
        """Say what went wrong in a notification that stays until it is closed."""
        known = isinstance(error, GoalsError)
        if not known:
            self.log.error(error)
        text = str(error) if known else f"Unexpected {type(error).__name__}: {error}"
        self.notify(text, title="" if known else "Internal error", severity="error", timeout=STAYS_SECONDS)

    def _handle_exception(self, error: Exception) -> None:
        """As Textual's, which ends the app; but what a user can act on is shown: of workers, timers, callbacks.

        While the app closes, parts of a screen look for others that are gone, or that never came.
        """
        cause = error.error if isinstance(error, WorkerFailed) else error
        if isinstance(cause, GoalsError):
            self.show_error(cause)
        elif isinstance(cause, _GONE) and (self._exit or not self.is_running):
            self.log.debug(cause)
        else:
            super()._handle_exception(error)

    async def _dispatch_message(self, message: Message) -> None:
        # Where this raised, Textual would handle no further message of the app.
        try:
            await super()._dispatch_message(message)
        except GoalsError as error:
            self.show_error(error)

    async def _dispatch_action(self, namespace: Any, action_name: str, params: Any) -> bool:
        # The same for the widget whose key or click runs the action.
        try:
            return await super()._dispatch_action(namespace, action_name, params)
        except GoalsError as error:
            self.show_error(error)
            return True

    # -- actions

    async def run_action(
        self, action: Any, default_namespace: DOMNode | None = None, namespaces: Mapping[str, DOMNode] | None = None
    ) -> bool:
        """As Textual's. A key of the screen before may arrive while the next is being made, which can't act yet."""
        if isinstance(default_namespace, Screen) and not default_namespace.is_mounted:
            return False
        return await super().run_action(action, default_namespace, namespaces)

    # -- messages

    def notify(self, message: str, **options: Any) -> None:
        """As Textual's, but what is said is never markup."""
        super().notify(message, **{**options, "markup": False})

    def on_notify(self, event: Notify) -> None:
        """The newest of what goes by itself takes the place of the one before; what stays is shown once."""
        new = event.notification
        if self._goes_by_itself(new):
            self._put_away()
        elif any(shown.message == new.message for shown in notifications(self)):
            event.prevent_default()
        # There is a key for what stays.
        self.call_later(self.refresh_bindings)

    @property
    def shows_lasting_message(self) -> bool:
        """Whether a message is shown that does not go by itself."""
        return not all(map(self._goes_by_itself, notifications(self)))

    def _goes_by_itself(self, notification: Notification) -> bool:
        return notification.severity != "error" and notification.timeout <= self.NOTIFICATION_TIMEOUT

    def _put_away(self) -> None:
        for notification in notifications(self):
            if self._goes_by_itself(notification):
                remove_notification(self, notification)

    def push_screen(self, screen: Any, *args: Any, **options: Any) -> Any:
        """As Textual's; a dialog is not covered by what was said before it."""
        if isinstance(screen, ModalScreen):
            self._put_away()
        return super().push_screen(screen, *args, **options)

    def action_help_quit(self) -> None:
        """Say how to leave: ctrl+c copies."""
        works = (found.binding for found in self.screen.active_bindings.values() if found.enabled)
        # Not one that is typed where the cursor is.
        key = next((key_name(each.key) for each in works if each.action == "quit"), self.named_key(self.QUIT))
        self.notify(f"Press {key} to quit (ctrl+c copies).")
