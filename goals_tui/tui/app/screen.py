"""The base of the main screens, and the places that one screen opens on another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, TypeAlias, TypeVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.reactive import reactive

from goals_tui.tui.app.actions import AREAS
from goals_tui.tui.app.background import BackgroundScreen
from goals_tui.tui.widgets.bars import KeyBar, TitleBar

if TYPE_CHECKING:
    from collections.abc import Hashable

    from goals_tui.domain.drill_down import DrillDown

ResultT = TypeVar("ResultT")


class StoreChanged(Message):
    """Posted when goals, flows or events changed on disk, by this app or by another process."""


class ScreenFrame(BackgroundScreen[ResultT]):
    """The base of the app's screens, with a title above and keys below.

    Subclasses yield their content in `compose_body` and draw their data in `show_data`.
    """

    AREA: ClassVar[str] = ""
    """The name of the area that is marked in the title."""

    CONTEXT: ClassVar[str] = ""
    """The context whose actions of the registry the screen has."""

    HELP: ClassVar[str] = ""
    """Concepts and glyphs, in the form that `tui.app.help` describes."""

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
        """Yield the content between the title and the keys."""
        yield from ()

    def show_data(self) -> None:
        """Read the data of the screen and draw it."""

    def shows(self, kind: str, id_: str) -> bool:
        """Return whether a change of a document is visible here: its kind is one that the screen lists."""
        return any(kind in area.kinds for area in AREAS if area.name == self.AREA)

    def open_place(self, place: Place) -> None:
        """Show a place, for another screen that opened it here."""

    async def may_leave(self) -> bool:
        """Return whether the screen can be closed now; asks where changes would be lost."""
        return True

    # -- the frame

    def on_mount(self) -> None:
        """Show the title and the data."""
        self._seen = self.goals_app.stamp
        self.show_title()
        self.show_data()

    def on_screen_resume(self) -> None:
        """Catch up with changes made while another screen was shown."""
        self.show_title()
        if self.is_mounted and self._seen != self.goals_app.stamp:
            self.post_message(StoreChanged())

    def on_store_changed(self) -> None:
        """Draw the screen again."""
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
        """The edit that undo would take back; empty where there is none."""
        return self.services.history.undo_label or ""

    def show_title(self) -> None:
        """Draw the title again, and name the terminal's window."""
        if self in self.app.screen_stack:
            area = next((area.title for area in AREAS if area.name == self.AREA), "")
            self.goals_app.show_window_title(area, self.goals_app.project_name)
        for bar in self.query(TitleBar):
            bar.area = self.AREA
            bar.project = self.goals_app.project_name
            bar.place = self.place
            bar.note = self.note
            bar.engine = self.services.engine_title
            bar.unsaved = self.unsaved
            bar.undo = self.undo_label


@dataclass(frozen=True)
class GoalPlace:
    """A goal in the list of goals; `edit` opens its editor."""

    goal_id: str
    edit: bool = False


@dataclass(frozen=True)
class FlowPlace:
    """A flow, at a node where one is given.

    `track_goal_id` requests a new Track Goal Process node for that goal.
    """

    flow_id: str | None
    node_id: str | None = None
    track_goal_id: str | None = None


Place: TypeAlias = "GoalPlace | FlowPlace | DrillDown"
"""The target of a link. A drill-down leads to its cycles on the Sessions screen."""


def area_of(place: Place) -> str:
    """Return the name of the area that shows a place."""
    if isinstance(place, GoalPlace):
        return "goals"
    return "flows" if isinstance(place, FlowPlace) else "sessions"
