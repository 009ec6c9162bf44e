"""The Sessions screen and the timeline of a cycle."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from goals_tui.domain.activity import Activity
from goals_tui.domain.filters import Filters
from goals_tui.domain.report import Cycle, Outcome
from goals_tui.tui.app.choose import Choose
from goals_tui.tui.app.dialogs import AskText
from goals_tui.tui.filters.dialog import FilterDialog
from goals_tui.tui.packages.export import AskTarget
from goals_tui.tui.sessions.screen import FindDialog, SessionsScreen
from goals_tui.tui.sessions.timeline import TimelineScreen
from tests.builders import WHEN, flow
from tests.conftest import make_services
from tests.tui.frame.walking import Do, FromPalette, Proof, Walk, copied, keys, mode, off, on, shows, words
from tests.tui.harness import running
from tests.tui.insights.conftest import fill, flight, table


def begin(folder: Path) -> AbstractAsyncContextManager[Pilot[Any]]:
    """Ten days of cycles of two goals, each in a session of its own, in which something was said."""
    services = fill(make_services(folder / "workspace"), [flight(), table()], 10, 12)
    services.flows.save(flow("Fly").model_copy(update={"revision": 0}))
    for number in range(1, 121):
        said = Activity(
            id=f"a{number}", timestamp=WHEN, session_id=f"session-{number}", kind="user", text="Hello", flow="Fly"
        )
        services.workspace.activities.append([said])
    return running(services, area="sessions")


def chosen(app: Any) -> Cycle:
    """The cycle with the cursor, or of the timeline."""
    cycle = app.screen.chosen
    assert isinstance(cycle, Cycle)
    return cycle


def only(outcome: Outcome) -> Proof:
    """The list has cycles of this outcome only, and not none."""

    def proof(app: Any) -> bool:
        screen = app.screen
        wanted = isinstance(screen, SessionsScreen) and screen.drill_down.outcome == outcome
        return wanted and screen.chosen is not None and screen.chosen.outcome == outcome

    return proof


def row(number: int) -> Proof:
    """The timeline is that of a row of the list."""

    def proof(app: Any) -> bool:
        screen = app.screen
        if not isinstance(screen, TimelineScreen) or screen.rows is None or screen.chosen is None:
            return False
        return screen.rows.cursor == number and screen.chosen == screen.rows.chosen

    return proof


def cursor(number: int) -> Proof:
    """The cursor of the list is on this row."""
    return lambda app: app.screen.rows.cursor == number


def span(name: str) -> Proof:
    """The filters have this span."""
    return lambda app: app.filters.span == name


SESSIONS = Walk(
    "sessions",
    begin,
    (
        Do("c", "sessions.completed", only("completed")),
        Do("p", "sessions.partial", only("partial")),
        Do("i", "sessions.incomplete", only("incomplete")),
        Do("o", "sessions.orphans", shows("No orphans")),
        Do("a", "sessions.all", lambda app: app.screen.chosen is not None),
        Do("left_square_bracket", "sessions.shorter", span("today")),
        Do("right_square_bracket", "sessions.longer", span("last-7-days")),
        keys("right_square_bracket"),
        Do("x", "sessions.copy-command", lambda app: app.clipboard.endswith("cycles --span this-month")),
        Do("S", "sessions.save-filters", on(AskText)),
        words("Mine"),
        keys("enter"),
        Do("L", "sessions.load-filters", on(Choose)),
        keys("escape"),
        FromPalette("delete saved filters", "sessions.delete-filters", on(Choose)),
        keys("escape"),
        Do("I", "sessions.test", lambda app: app.filters.include_test),
        Do("backspace", "sessions.reset-filters", lambda app: app.filters == Filters()),
        Do("f", "sessions.filters", on(FilterDialog)),
        keys("escape"),
        Do("down", "app.list.down", cursor(1)),
        Do("up", "app.list.up", cursor(0)),
        Do("pagedown", "app.list.page-down", lambda app: app.screen.rows.cursor > 1),
        Do("pageup", "app.list.page-up", cursor(0)),
        Do("end", "app.list.last", lambda app: app.screen.rows.cursor == app.screen.rows.count - 1),
        Do("home", "app.list.first", cursor(0)),
        Do("y", "sessions.copy-id", copied(lambda app: chosen(app).cycle_id)),
        Do("Y", "sessions.copy-session", copied(lambda app: chosen(app).session_id)),
        Do("space", "sessions.mark", shows("1 marked")),
        Do("shift+up", "sessions.mark-up", shows("2 marked")),
        keys("end"),
        Do("shift+down", "sessions.mark-down", shows("3 marked")),
        Do("e", "sessions.export", on(AskTarget)),
        keys("escape"),
        Do("escape", "sessions.list.unmark", lambda app: "marked" not in app.screen.note),
        keys("home"),
        Do("s", "sessions.session", shows("└ only session")),
        keys("a"),
        Do("F", "sessions.find", on(FindDialog)),
        keys("escape"),
        Do("enter", "sessions.open", row(0), by_widget=True),
        Do("j", "sessions.timeline.older", row(1)),
        Do("k", "sessions.timeline.newer", row(0)),
        Do("t", "sessions.timeline.texts", lambda app: app.screen.unfolded),
        Do("f6", "sessions.timeline.keep", on(AskText)),
        keys("escape"),
        Do("y", "sessions.timeline.copy-id", copied(lambda app: chosen(app).cycle_id)),
        Do("Y", "sessions.timeline.copy-session", copied(lambda app: chosen(app).session_id)),
        Do("g", "sessions.timeline.goal", mode("goals")),
        keys("4"),
        Do("escape", "sessions.timeline.back", off(TimelineScreen)),
        Do("g", "sessions.goal", mode("goals")),
    ),
)
