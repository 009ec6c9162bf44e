"""The frame that every screen of the app has: title lines above, keys below, work in the background.

To plug a screen in (Flows as the example):

1. Actions: `tui/flows/actions.py` holds `ACTIONS: tuple[Action, ...]`, with ids such as `flows.new` for the screen
   and `flows.panel.restart` for a part of it or a dialog, whose `CONTEXT` is then `flows.panel`. Only plain data: the
   module is imported with the registry. Every `ctrl` key has an alternative; `check_action` says what works now.
2. Screen: `tui/flows/screen.py` holds the class that `AREAS` names:

       class FlowsScreen(ScreenFrame[None]):
           AREA = CONTEXT = "flows"
           BINDINGS = bindings("flows")
           HELP = "What the `?` help says about concepts and glyphs, in Markdown."

           def compose_body(self) -> ComposeResult: ...   # between title and keys
           def show_data(self) -> None: ...               # (re)read and draw: called on mount and on StoreChanged
           def open_place(self, place: Place) -> None: ...# another screen sent the user here: `app.go(FlowPlace(...))`

   `self.place` and `self.note` are the second title line; `self.unsaved` shows the mark; `may_leave` asks before
   changes are lost. Keys are methods `action_<name>`.
3. Work: `self.load("group", work, then)` runs `work()` in a thread and then `then(result)` on the screen; a newer one
   of the same group replaces an older one; errors become a notification that stays. Quick calls of services that
   may refuse go through `self.attempt(lambda: ...)`. After a write call `self.app.changed()`.
4. Dialogs: subclass `tui.dialogs.Dialog` or use the ready ones, in a method with `@work`: `await
   self.app.push_screen_wait(Confirm(...))`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.reactive import reactive
from textual.screen import Screen
from textual.worker import Worker, WorkerState

from goals_tui.domain.errors import GoalsError
from goals_tui.tui.widgets.bars import KeyBar, TitleBar

if TYPE_CHECKING:
    from collections.abc import Hashable

    from goals_tui.services.context import Services
    from goals_tui.tui.app import GoalsApp
    from goals_tui.tui.places import Place

T = TypeVar("T")
ResultT = TypeVar("ResultT")


class StoreChanged(Message):
    """Goals, flows or events changed on disk: by this app, or by another process."""


class ScreenFrame(Screen[ResultT]):
    """A screen of the app: see the module for how to write one."""

    AREA: ClassVar[str] = ""
    """Which of the six screens is marked in the title."""

    CONTEXT: ClassVar[str] = ""
    """Whose actions of the registry these are."""

    HELP: ClassVar[str] = ""
    """Concepts and glyphs, in Markdown."""

    place: reactive[str] = reactive("")
    note: reactive[str] = reactive("")
    unsaved: reactive[bool] = reactive(False)

    def __init__(self) -> None:
        super().__init__()
        self._then: dict[Worker[Any], Callable[[Any], None]] = {}
        self._seen: Hashable = None

    def compose(self) -> ComposeResult:
        yield TitleBar()
        with Vertical(id="body"):
            yield from self.compose_body()
        yield KeyBar()

    def compose_body(self) -> ComposeResult:
        """What stands between the title and the keys."""
        yield from ()

    def show_data(self) -> None:
        """Read what the screen shows and draw it."""

    def open_place(self, place: Place) -> None:
        """Show what another screen sent the user here for."""

    async def may_leave(self) -> bool:
        """Whether the screen can be closed now; asks where changes would be lost."""
        return True

    @property
    def goals_app(self) -> GoalsApp:
        """The app, with its own type."""
        return cast("GoalsApp", self.app)

    @property
    def services(self) -> Services:
        """The services of the open workspace."""
        return self.goals_app.services

    # -- work in the background

    def load(self, group: str, work: Callable[[], T], then: Callable[[T], None], *, newest_only: bool = True) -> None:
        """Run `work` in a thread, then hand its result to `then` here, unless a newer one of the group started."""
        worker = self.run_worker(work, group=group, thread=True, exclusive=newest_only, exit_on_error=False)
        self._then[worker] = then

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """The one place where results and errors of workers arrive."""
        if event.state not in (WorkerState.SUCCESS, WorkerState.ERROR, WorkerState.CANCELLED):
            return
        then = self._then.pop(event.worker, None)
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            self.goals_app.show_error(event.worker.error)
        elif event.state is WorkerState.SUCCESS and then is not None and self.is_attached:
            then(event.worker.result)

    def attempt(self, call: Callable[[], T]) -> T | None:
        """The result of a quick call, or None after its refusal was shown."""
        try:
            return call()
        except GoalsError as error:
            self.goals_app.show_error(error)
            return None

    # -- the frame

    def on_mount(self) -> None:
        """Show the title and the data."""
        self._seen = self.goals_app.stamp
        self._show_title()
        self.show_data()

    def on_screen_resume(self) -> None:
        """Catch up with what changed while another screen was shown."""
        self._show_title()
        if self.is_mounted and self._seen != self.goals_app.stamp:
            self.post_message(StoreChanged())

    def on_store_changed(self) -> None:
        """Draw anew."""
        self._seen = self.goals_app.stamp
        self._show_title()
        self.show_data()
        self.refresh_bindings()

    def watch_place(self) -> None:
        self._show_title()

    def watch_note(self) -> None:
        self._show_title()

    def watch_unsaved(self) -> None:
        self._show_title()
        self.refresh_bindings()

    def _show_title(self) -> None:
        for bar in self.query(TitleBar):
            bar.area = self.AREA
            bar.project = self.goals_app.project_name
            bar.place = self.place
            bar.note = self.note
            bar.unsaved = self.unsaved
            bar.undo = self.services.history.undo_label or ""
