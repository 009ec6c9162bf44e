"""The timeline of a cycle: its steps in order, what was said and done between them, and the value of each step."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from textual import work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from goals_tui.domain.errors import NotFoundError
from goals_tui.domain.event import in_milliseconds
from goals_tui.domain.goal import GLYPHS
from goals_tui.domain.report import Cycle, Moment, Timeline
from goals_tui.domain.text import clean_line, clean_text
from goals_tui.format import DASH, day_of_year, long_time, plural, value_words
from goals_tui.tui.app.actions import bindings
from goals_tui.tui.filters.texts import Formats, moment
from goals_tui.tui.sessions.cycle_list import OUTCOME_COLORS, CycleActions, CycleRows, outcome_words

if TYPE_CHECKING:
    from goals_tui.domain.activity import Activity


class TimelineScreen(CycleActions):
    """The screen that shows one cycle as a timeline.

    `rows` is the list that it was opened from, for moving to the next newer or older cycle; None if there is no list.
    """

    AREA = "sessions"
    CONTEXT = "sessions.timeline"
    BINDINGS = bindings("sessions.timeline")
    HELP = """\
Lines with a glyph are events of the cycle. A step counts and pays once, however often it was reached. Lines with a
kind, such as *user* or *tool*, are activities of the session: what was said and done meanwhile.
"""
    CSS = """
    TimelineScreen.-low #body { padding: 0 1; }
    TimelineScreen #facts { height: auto; margin-bottom: 1; }
    TimelineScreen #scroll { height: 1fr; }
    TimelineScreen #steps { height: auto; }
    """

    def __init__(self, cycle_id: str, goal_id: str, rows: CycleRows | None) -> None:
        super().__init__()
        self.cycle_id = cycle_id
        self.goal_id = goal_id
        self.rows = rows
        self.timeline: Timeline | None = None
        self.activities: Sequence[Activity] = ()
        """The activities of the session, in order; empty until they were read."""
        self.unfolded = False
        """True if texts are shown in full, also those before the cycle."""

    @property
    def chosen(self) -> Cycle | None:
        """The cycle, or None until it was read."""
        return None if self.timeline is None else self.timeline.cycle

    def compose_body(self) -> ComposeResult:
        yield Static("", id="facts", markup=False)
        with VerticalScroll(id="scroll"):
            yield Static("", id="steps", markup=False)

    def on_mount(self) -> None:
        self.place = "Sessions › Timeline"
        self.query_one("#scroll").focus()

    def show_data(self) -> None:
        """Read the cycle in the background and show it."""
        insights, cycle_id, goal_id = self.services.insights, self.cycle_id, self.goal_id
        self.load("timeline", lambda: insights.cycle(cycle_id, goal_id), self._take)

    def _take(self, timeline: Timeline) -> None:
        before = self.timeline
        if before is None or before.cycle.session_id != timeline.cycle.session_id:
            self.activities = ()
        self.timeline = timeline
        self._draw(timeline)
        activities, session_id = self.services.activities, timeline.cycle.session_id
        self.load("session", lambda: activities.of_session_if_any(session_id), self._take_activities)

    def _take_activities(self, activities: Sequence[Activity]) -> None:
        self.activities = activities
        if self.timeline is not None:
            self._draw(self.timeline)

    def _draw(self, timeline: Timeline) -> None:
        project = self.services.project.get()
        words, where = Formats(project.currency), project.zone_or(self.goals_app.filters.time_zone)
        self.query_one("#facts", Static).update(facts(timeline.cycle, words, where, self._version()))
        drawn = steps(timeline, words, where, self.size.width, self.activities, unfolded=self.unfolded)
        self.query_one("#steps", Static).update(drawn)
        self.refresh_bindings()

    def _version(self) -> str:
        """Return the place of the recorded version among those of the goal, such as "2 of 3"; empty if unknown."""
        if self.timeline is None:
            return ""
        cycle = self.timeline.cycle
        versions = [goal.version for goal in self.services.goals.versions(cycle.goal_id)]
        return f"{versions.index(cycle.version) + 1} of {len(versions)}" if cycle.version in versions else ""

    def on_resize(self) -> None:
        if self.timeline is not None:
            self._draw(self.timeline)

    def action_texts(self) -> None:
        """Show texts in full, or one line of each."""
        self.unfolded = not self.unfolded
        if self.timeline is not None:
            self._draw(self.timeline)

    @work(group="waits")
    async def action_keep(self) -> None:
        """Save the conversation of the session as a test in the workspace, and run it."""
        from goals_tui.tui.flows.conversation_tests import keep_session

        if self.timeline is not None:
            await keep_session(self, self.timeline.cycle.session_id)

    def action_back(self) -> None:
        """Close the timeline and go back to the list."""
        self.dismiss(None)

    def action_newer(self) -> None:
        """Show the cycle above this one in the list."""
        self._go(-1)

    def action_older(self) -> None:
        """Show the cycle below this one in the list."""
        self._go(1)

    def _go(self, rows: int) -> None:
        listed = self.rows
        if listed is None or listed.pages is None:
            return
        listed.cursor += rows
        if listed.chosen is None:
            # The list is covered by this screen and not drawn, so it does not fetch the page itself.
            pages, cursor = listed.pages, listed.cursor
            self.load("page", lambda: pages.fetch(cursor, cursor), lambda _: self._show_chosen(listed))
        else:
            self._show_chosen(listed)

    def _show_chosen(self, rows: CycleRows) -> None:
        rows.refresh_rows()
        cycle = rows.chosen
        if cycle is not None and (cycle.cycle_id, cycle.goal_id) != (self.cycle_id, self.goal_id):
            self.cycle_id, self.goal_id = cycle.cycle_id, cycle.goal_id
            self.show_data()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable what needs a goal or activities that are not there, and moving beyond the ends of the list."""
        if action in ("newer", "older"):
            return self.rows is not None and self.rows.reaches(-1 if action == "newer" else 1)
        if action in ("copy_id", "copy_session"):
            return self.chosen is not None
        if action in ("texts", "keep"):
            return bool(self.activities)
        if action == "goal":
            if self.chosen is None:
                return False
            try:
                self.services.goals.get(self.chosen.goal_id)
            except NotFoundError:
                return False
        return True


def facts(cycle: Cycle, words: Formats, zone: ZoneInfo, version: str) -> Content:
    """Return the summary of a cycle above its timeline.

    `version` is the place of the recorded version among those of the goal, in words.
    """
    started = moment(cycle.started_at, zone) if cycle.started_at else "no initial step"
    where = [part for part in (cycle.endpoint, cycle.locale, cycle.snapshot) if part]
    earned = [
        *value_words(words.money, cycle.cost_savings, cycle.time_saved_seconds, cycle.revenue),
        f"{cycle.unpriced_steps} unpriced" if cycle.unpriced_steps else "",
    ]
    nothing = "nothing that counts: an orphan is in no number of a report" if cycle.outcome == "orphan" else DASH
    lines = [
        Content.assemble((cycle.goal, "bold"), "  ", outcome_words(cycle.outcome)),
        Content.assemble(("Started  ", "$quiet"), started, (f"  {zone.key}", "$quiet")),
        Content.assemble(("Earned   ", "$quiet"), (" · ".join(filter(None, earned)) or nothing, "bold $primary")),
        Content.assemble(("From     ", "$quiet"), " · ".join(where) or DASH),
        Content.assemble(("Session  ", "$quiet"), cycle.session_id),
        Content.assemble(("Cycle    ", "$quiet"), cycle.cycle_id),
        Content.assemble(("Version  ", "$quiet"), version, "  " if version else "", (cycle.version or DASH, "$quiet")),
    ]
    return Content("\n").join(lines)


_WIDE = 140
"""The least width in cells at which the value of a step is shown beside it instead of below it."""


_IN_A_ROW = 200
"""The most activities that are shown between two events; of more, those in the middle are left out."""
_TEXT_LINES = 40
"""The most lines of one text that are shown unfolded."""
_KIND = 8
"""The width in cells of the longest kind of activity."""


def steps(
    timeline: Timeline,
    words: Formats,
    zone: ZoneInfo,
    width: int,
    activities: Sequence[Activity] = (),
    *,
    unfolded: bool = False,
) -> Content:
    """Return the events of a cycle in order along a line, with the time or the activities between them.

    `activities` are those of the session, in order. Unless `unfolded`, each takes one line, and of those before the
    cycle all but the last are only counted.
    """
    names = [Content(each.step).cell_length for each in timeline.moments]
    name = min(max(names, default=0), max(16, width - (100 if width >= _WIDE else 46)))
    lines: list[Content] = []
    before: Moment | None = None
    # An activity comes before the event that it fired, which has its time cut to milliseconds.
    times = [in_milliseconds(one.timestamp) for one in activities]
    place = 0
    for each in timeline.moments:
        next_place = bisect_right(times, each.event.timestamp, lo=place)
        between, place = activities[place:next_place], next_place
        if before is None and len(between) > 1 and not unfolded:
            many = plural(len(between) - 1, "activity")
            lines.append(Content.styled(f"⋮  {many} of the session before", "$quiet"))
            between = between[-1:]
        if between:
            lines += _activities(between, zone, width, unfolded=unfolded)
        elif before is not None:
            lines += _between(each)
        line = _line(timeline, each, before, zone, name)
        earned = _earned(timeline, each, words, before)
        if width >= _WIDE:
            lines.append(Content.assemble(line, "   ", earned))
        else:
            lines += [line, Content.assemble(("│  ", "$quiet"), earned)] if earned else [line]
        before = each
    lines += _activities(activities[place:], zone, width, unfolded=unfolded)
    if lines and lines[-1].plain.startswith("│"):
        lines[-1] = Content.assemble("   ", lines[-1][3:])
    return Content("\n").join(lines)


def _activities(some: Sequence[Activity], zone: ZoneInfo, width: int, *, unfolded: bool) -> Iterator[Content]:
    """Yield the lines of activities in a row."""
    first, last = some, some[:0]
    if len(some) > _IN_A_ROW:
        first, last = some[: _IN_A_ROW // 2], some[-_IN_A_ROW // 2 :]
    for one in first:
        yield from _activity(one, zone, width, unfolded=unfolded)
    if last:
        yield Content.styled(f"⋮  {len(some) - _IN_A_ROW:,} more", "$quiet")
    for one in last:
        yield from _activity(one, zone, width, unfolded=unfolded)


def _activity(one: Activity, zone: ZoneInfo, width: int, *, unfolded: bool) -> list[Content]:
    """Return the lines of an activity: one with its time, kind, name and text; the rest of the text if unfolded."""
    look = {"user": "$accent", "agent": "$primary"}.get(one.kind, "$quiet")
    rail = Content.styled("│  ", "$quiet")
    head = Content.assemble(
        rail,
        (f"{one.timestamp.astimezone(zone):%H:%M:%S}  ", "$quiet"),
        (f"{one.kind:<{_KIND}}  ", look),
        Content.styled(clean_line(one.name or ""), "bold"),
    )
    room = max(20, width - head.cell_length - 6)
    text = one.text or ""
    said = clean_line(text)
    gap = "  " if one.name and said else ""
    if Content(said).cell_length <= room and (not unfolded or "\n" not in text.strip()):
        return [Content.assemble(head, gap, said)]
    if not unfolded:
        return [Content.assemble(head, gap, Content(said).truncate(room, ellipsis=True))]
    indent = head.cell_length if not one.name else 3 + 10
    wrapped = Content(clean_text(text).expandtabs(4).strip()).wrap(max(20, width - indent - 6))
    more = len(wrapped) - _TEXT_LINES
    if more > 1:
        wrapped = [*wrapped[:_TEXT_LINES], Content.styled(f"… {plural(more, 'more line')}", "$quiet")]
    lines = [Content.assemble(rail, " " * (indent - 3), line) for line in wrapped]
    if one.name:
        return [head, *lines]
    return [Content.assemble(head, wrapped[0]), *lines[1:]]


def _between(each: Moment) -> list[Content]:
    """Return the lines between an event and the previous one: none below a second, and more for a longer time."""
    if each.since_previous < 1:
        return []
    bar = Content.styled("│", "$quiet")
    gap = Content.styled(f"│  + {long_time(each.since_previous)}", "$quiet")
    return [bar, gap, bar] if each.since_previous >= 600 else [bar, gap] if each.since_previous >= 60 else [gap]


def _line(timeline: Timeline, each: Moment, before: Moment | None, zone: ZoneInfo, name: int) -> Content:
    glyph = GLYPHS[each.kind] if each.kind else "?"
    color = OUTCOME_COLORS[timeline.cycle.outcome] if each.counts else "$quiet"
    at = each.event.timestamp.astimezone(zone)
    same_day = before is not None and before.event.timestamp.astimezone(zone).date() == at.date()
    title = Content.styled(each.step, "bold" if each.counts else "$quiet").truncate(name, ellipsis=True)
    passed = _passed(timeline, each)
    return Content.assemble(
        (f"{glyph}  ", color),
        title.pad_right(max(0, name - title.cell_length)),
        (f"   {'' if same_day else day_of_year(at):>11} {at:%H:%M:%S}", "$foreground"),
        (f"   {passed:<17}", "$quiet"),
    )


def _passed(timeline: Timeline, each: Moment) -> str:
    """Return the time from the start of the cycle to an event, in words.

    The start is the first event of the initial step, or the first event of an orphan.
    """
    if each is _start(timeline):
        return "start" if each.kind == "initial" else "first event"
    if each.since_start <= -1:
        return f"{long_time(-each.since_start)} before"
    return f"after {long_time(each.since_start)}" if each.since_start >= 1 else "at once"


def _start(timeline: Timeline) -> Moment:
    initial = (moment for moment in timeline.moments if moment.kind == "initial")
    return next(initial, timeline.moments[0])


def _earned(timeline: Timeline, each: Moment, words: Formats, before: Moment | None) -> Content:
    if not each.counts:
        return Content.styled("again: counts once", "$quiet")
    if timeline.cycle.outcome == "orphan":
        return Content("")
    if not each.priced:
        return Content.styled("unpriced", "$warning")
    parts = [
        *value_words(words.money, each.cost_savings, each.time_saved_seconds, each.revenue),
        f"version {each.event.version[:8]}" if before and before.event.version != each.event.version else "",
    ]
    return Content.styled(" · ".join(filter(None, parts)), "$primary")
