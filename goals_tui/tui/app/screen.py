"""The base of the main screens, and the places that one screen opens on another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.reactive import reactive

from goals_tui.tui.app.actions import AREAS
from goals_tui.tui.app.background import BackgroundScreen
from goals_tui.tui.widgets.bars import KeyBar, TitleBar

if TYPE_CHECKING:
    from collections.abc import Hashable

    from goals_tui.domain.buckets import TimeBucket
    from goals_tui.domain.filters import Filters
    from goals_tui.domain.report import Outcome
    from goals_tui.services.insights.service import Dimension

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

    def shows(self, kind: str, id_: str) -> bool:
        """Whether one can see here that a document changed: it is of a kind that the screen lists."""
        return any(kind in area.kinds for area in AREAS if area.name == self.AREA)

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


@dataclass(frozen=True)
class GoalPlace:
    """A goal in the list of goals; `edit` opens its editor."""

    goal_id: str
    edit: bool = False
    area = "goals"


@dataclass(frozen=True)
class FlowPlace:
    """A flow, at a node where one is given; `track_goal_id` asks for a new Track Goal Process node for that goal."""

    flow_id: str | None
    node_id: str | None = None
    track_goal_id: str | None = None
    area = "flows"


@dataclass(frozen=True)
class CyclesPlace:
    """The cycles behind a number of Insights. `filters` None keeps the present ones."""

    filters: Filters | None = None
    outcome: Outcome | None = None
    goal_id: str | None = None
    step_id: str | None = None
    day: date | None = None
    bucket: TimeBucket | None = None
    part: tuple[Dimension, str | None] | None = None
    part_title: str = ""
    """The part in words, where its value is an id."""

    area = "sessions"


@dataclass(frozen=True)
class SessionPlace:
    """All cycles of one session, by its id."""

    session_id: str
    area = "sessions"


Place = GoalPlace | FlowPlace | CyclesPlace | SessionPlace
