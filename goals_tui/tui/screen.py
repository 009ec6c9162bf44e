"""The frame that every screen of the app has: title lines above, keys below, work in the background.

To plug a screen in (Flows as the example):

1. Actions: `tui/flows/actions.py` holds `ACTIONS: tuple[Action, ...]`, with ids such as `flows.new` for the screen
   and `flows.panel.restart` for a part of it or a dialog, whose `CONTEXT` is then `flows.panel`. Only plain data: the
   module is imported with the registry. Every `ctrl` key has an alternative; `check_action` says what works now.
2. Screen: `tui/flows/screen.py` holds the class that `AREAS` names:

       class FlowsScreen(ScreenFrame[None]):
           AREA = CONTEXT = "flows"
           BINDINGS = bindings("flows")
           HELP = "What the `?` help says about concepts and glyphs; see tui/help.py for its form."

           def compose_body(self) -> ComposeResult: ...   # between title and keys
           def show_data(self) -> None: ...               # (re)read and draw: called on mount and on StoreChanged
           def open_place(self, place: Place) -> None: ...# another screen sent the user here: `app.go(FlowPlace(...))`

   `self.place` and `self.note` are the second title line; `self.unsaved` shows the mark; `may_leave` asks before
   changes are lost. Keys are methods `action_<name>`.
3. Work: `self.load("group", work, then)` runs `work()` in a thread and then `then(result)` on the screen; a newer one
   of the same group replaces an older one; errors become a notification that stays. Quick calls of services that
   may refuse go through `self.attempt(lambda: ...)`. After a write call `self.app.changed()`.
4. Dialogs: subclass `tui.dialogs.Dialog` or use the ready ones, in a method with `@work`: `await
   self.app.push_screen_wait(Ask(...))`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.reactive import reactive

from goals_tui.tui.background import BackgroundScreen
from goals_tui.tui.widgets.bars import KeyBar, TitleBar

if TYPE_CHECKING:
    from collections.abc import Hashable

    from goals_tui.tui.places import Place

ResultT = TypeVar("ResultT")


class StoreChanged(Message):
    """Goals, flows or events changed on disk: by this app, or by another process."""


class ScreenFrame(BackgroundScreen[ResultT]):
    """A screen of the app: see the module for how to write one."""

    AREA: ClassVar[str] = ""
    """Which of the six screens is marked in the title."""

    CONTEXT: ClassVar[str] = ""
    """Whose actions of the registry these are."""

    HELP: ClassVar[str] = ""
    """Concepts and glyphs, in the form that `tui.help` explains."""

    place: reactive[str] = reactive("")
    note: reactive[str] = reactive("")
    unsaved: reactive[bool] = reactive(False)

    def __init__(self) -> None:
        super().__init__()
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

    # -- the frame

    def on_mount(self) -> None:
        """Show the title and the data."""
        self._seen = self.goals_app.stamp
        self.show_title()
        self.show_data()

    def on_screen_resume(self) -> None:
        """Catch up with what changed while another screen was shown."""
        self.show_title()
        if self.is_mounted and self._seen != self.goals_app.stamp:
            self.post_message(StoreChanged())

    def on_store_changed(self) -> None:
        """Draw it again."""
        self._seen = self.goals_app.stamp
        self.show_title()
        self.show_data()
        self.refresh_bindings()

    def watch_place(self) -> None:
        self.show_title()

    def watch_note(self) -> None:
        self.show_title()

    def watch_unsaved(self) -> None:
        self.show_title()
        self.refresh_bindings()

    @property
    def undo_label(self) -> str:
        """What undo would take back; empty where there is nothing."""
        return self.services.history.undo_label or ""

    def show_title(self) -> None:
        """Draw the lines above the screen again."""
        for bar in self.query(TitleBar):
            bar.area = self.AREA
            bar.project = self.goals_app.project_name
            bar.place = self.place
            bar.note = self.note
            bar.unsaved = self.unsaved
            bar.undo = self.undo_label
