"""Queries of Insights: the span, time zone, definitions and reader that they share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar
from zoneinfo import ZoneInfo

from goals_tui.domain.filters import FILTER_DIMENSIONS, SPAN_TITLES, Choice, Dimension, Filters, Span, resolve_span
from goals_tui.domain.project import Project
from goals_tui.domain.report import Figures
from goals_tui.domain.text import clean_line
from goals_tui.format import span_dates
from goals_tui.services.insights.definitions import Definition, Definitions
from goals_tui.store.cycles.queries import HOUR, Bucket, Offsets, Selection, Tally, TimeRange
from goals_tui.store.cycles.reader import COLUMNS, EventReader, instant, microseconds
from goals_tui.store.cycles.view import LogView
from goals_tui.store.engines.engine import Cancellation

if TYPE_CHECKING:
    from goals_tui.services.clock import Clock
    from goals_tui.services.goals import GoalService
    from goals_tui.services.project import ProjectService
    from goals_tui.store.documents import Documents
    from goals_tui.store.engines.engine import Engine

Key = TypeVar("Key")
Other = TypeVar("Other")


@dataclass(frozen=True)
class Query:
    """A query of Insights: filters, what they resolve to, and the open reader of the event log."""

    reader: EventReader
    definitions: Definitions
    filters: Filters
    project: Project
    zone: ZoneInfo
    span: Span
    now: datetime
    selection: Selection

    def bucket(
        self, unit: Literal["day", "hour", "weekday", "hour_of_day"], previous: TimeRange | None = None
    ) -> Bucket:
        """Return buckets of days, hours, weekdays or hours of the day, in local time of the zone.

        They are exact for every instant in the selected range and in the earlier range `previous`, if given.
        """
        first, last = self.selection.time_range
        if previous is not None:
            first = previous[0]
        if first is None or last is None:
            first, last = self.reader.extent()
        # Start an hour earlier: the zone's offset may change within the first hour.
        return Bucket(unit, offsets_between(self.zone, first - HOUR, last))

    def events_between(self) -> tuple[datetime, datetime] | None:
        """Return the times of the first and the last event of the whole log, in the zone; None for an empty log."""
        first, last = self.reader.extent()
        return (instant(first).astimezone(self.zone), instant(last).astimezone(self.zone)) if last else None

    def filters_in_words(self) -> dict[str, Any]:
        """Return the active filters, with goals by name. Keys of negated filters begin with `not_`."""
        return filters_in_words(self.filters, self.definitions.goal_documents)


def filters_in_words(filters: Filters, documents: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the active filters, goals by the names in their documents. Keys of negated filters begin with `not_`."""
    names = [clean_line(documents[id_]["name"]) if id_ in documents else id_ for id_ in filters.goals.values]
    words: dict[str, Any] = {}
    for dimension in FILTER_DIMENSIONS:
        if choice := filters.choice(dimension):
            values = names if dimension.name == "goal" else list(choice.values)
            words[f"not_{dimension.field}" if choice.negated else dimension.field] = values
    if filters.no_snapshot:
        words["no_snapshot"] = True
    if filters.any_snapshot:
        words["any_snapshot"] = True
    if filters.include_test:
        words["include_test"] = True
    if filters.price_by == "current":
        words["price_by"] = "current"
    return words


def filter_list(words: Mapping[str, Any]) -> list[str]:
    """Return the filters of `filters_in_words` for people, each as "name: values"."""
    return [f"{name.replace('_', ' ')}: {_listed(value)}" for name, value in words.items()]


def _listed(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else "yes" if value is True else str(value)


class Queries:
    """The queries over one event log. Each sees the project, the goals and the events as they are when it begins."""

    def __init__(
        self, engine: Engine, documents: Documents, project: ProjectService, goals: GoalService, clock: Clock
    ) -> None:
        self._view = LogView(engine)
        self._documents = documents
        self._project = project
        self._goals = goals
        self._clock = clock

    def scope(self, filters: Filters, dates_of: Callable[[Span], str] = span_dates) -> str:
        """Describe in one line the cycles of a table: span, zone and filters. The log is not read.

        `dates_of` words a span, as `span_dates` does for commands and `span_range` on the screen.
        """
        zone = self._project.get().zone_or(filters.time_zone)
        span = resolve_span(filters, self._clock(), zone)
        dates = f"{dates_of(span)}{'' if span.over else ' (not over)'}, " if span.start else ""
        named = filter_list(filters_in_words(filters, self._documents.all("goals")))
        without = [] if filters.include_test else ["without test cycles"]
        return f"{SPAN_TITLES[span.name]}: {'; '.join([f'{dates}{zone.key}', *named, *without])}"

    def reader(self, cancellation: Cancellation | None = None) -> EventReader:
        """Open the event log. The caller closes it. Raises Cancelled when cancelled."""
        return self._view.reader(cancellation)

    @contextmanager
    def open(
        self, filters: Filters, cancellation: Cancellation | None = None, *, goal_id: str | None = None
    ) -> Iterator[Query]:
        """Open the event log for one query. With `goal_id`, only cycles of that goal are read.

        Raises RefusedError for an unknown zone or a span that ends before it begins, Cancelled when cancelled.
        """
        with self.reader(cancellation) as reader:
            yield self.on(reader, filters, goal_id=goal_id)

    def on(self, reader: EventReader, filters: Filters, *, goal_id: str | None = None) -> Query:
        """Return a query as `open` does, for a reader that the caller closes."""
        project = self._project.get()
        zone = project.zone_or(filters.time_zone)
        now = self._clock()
        span = resolve_span(filters, now, zone)
        definitions = Definitions(self._documents, self._goals, reader.triples, filters.price_by)
        reader.use([step_bit for step_bit in definitions.step_bits if goal_id is None or step_bit.goal_id == goal_id])
        selection = Selection(
            time_range=time_range_of(span),
            goals=definitions.numbers(filters.goals),
            endpoints=_as_stored(reader, "endpoint", filters.endpoints),
            locales=_as_stored(reader, "locale", filters.locales),
            snapshots=_as_stored(reader, "snapshot", filters.snapshots),
            no_snapshot=filters.no_snapshot,
            any_snapshot=filters.any_snapshot,
            include_test=filters.include_test,
        )
        return Query(
            reader=reader,
            definitions=definitions,
            filters=filters,
            project=project,
            zone=zone,
            span=span,
            now=now,
            selection=selection,
        )


def _as_stored(reader: EventReader, dimension: Dimension, choice: Choice) -> Choice:
    """Extend a choice by the values in the log that are displayed like one of the chosen ones."""
    if not choice:
        return choice
    others = reader.shown_as(COLUMNS[dimension], choice.values)
    return choice.model_copy(update={"values": (*choice.values, *others)}) if others else choice


def time_range_of(span: Span) -> TimeRange:
    """Return a span as a half-open range in microseconds since 1970. A span that was cut at now includes now."""
    return (
        None if span.start is None else microseconds(span.start),
        None if span.end is None else microseconds(span.end) + (span.asked_end is not None),
    )


def later_than_now(span: Span) -> TimeRange | None:
    """Return the range that was cut off a span because it is later than now; None where nothing was."""
    return None if span.asked_end is None else (time_range_of(span)[1], microseconds(span.asked_end))


class FigureTotals(Generic[Key]):
    """Running figures by key. A row holds the fields of `Figures`, in order."""

    def __init__(self) -> None:
        self._rows: dict[Key, list[Any]] = defaultdict(lambda: [0, 0, 0, 0, 0, Decimal(0), Decimal(0), 0])

    def add(self, key: Key, definition: Definition, tally: Tally) -> None:
        """Add the cycles of a tally under `key`."""
        worth = definition.worth(tally.masks)
        row, count = self._rows[key], tally.cycles
        row[0] += count
        row[_COLUMN[worth.outcome]] += count
        row[4] += worth.time_saved_seconds * count
        row[5] += worth.cost_savings * count
        row[6] += worth.revenue * count
        row[7] += worth.unpriced_steps * count

    def by(self, coarser: Callable[[Key], Other]) -> FigureTotals[Other]:
        """Return the figures of the same cycles by coarser keys."""
        sums: FigureTotals[Other] = FigureTotals()
        for key, row in self._rows.items():
            into = sums._rows[coarser(key)]
            for column, value in enumerate(row):
                into[column] += value
        return sums

    def __getitem__(self, key: Key) -> Figures:
        return Figures(*self._rows[key]) if key in self._rows else Figures()

    def __iter__(self) -> Iterator[Key]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


_COLUMN = {"completed": 1, "partial": 2, "incomplete": 3}
_DAY = 86_400


def offsets_between(zone: ZoneInfo, first: int, last: int) -> Offsets:
    """Return the zone's offsets from UTC between two instants as pairs of start and offset, in microseconds."""
    start, end = first // 1_000_000, last // 1_000_000
    pieces = [(0, _offset(zone, start))]
    for year in range(_year(start), _year(end) + 1):
        pieces += [(moment, offset) for moment, offset in _changes(zone, year) if start < moment <= end]
    return tuple((moment * 1_000_000, offset * 1_000_000) for moment, offset in pieces)


@lru_cache(maxsize=1024)
def _changes(zone: ZoneInfo, year: int) -> tuple[tuple[int, int], ...]:
    """Return the zone's changes of offset in a UTC year as pairs of time and new offset, in seconds."""
    start = microseconds(datetime(year, 1, 1, tzinfo=UTC)) // 1_000_000
    end = microseconds(datetime(year + 1, 1, 1, tzinfo=UTC)) // 1_000_000
    found = []
    for day in range(start, end, _DAY):
        before, after = _offset(zone, day), _offset(zone, day + _DAY)
        if before != after:
            low, high = day, day + _DAY
            while high - low > 1:
                middle = (low + high) // 2
                if _offset(zone, middle) == before:
                    low = middle
                else:
                    high = middle
            found.append((high, after))
    return tuple(found)


def _offset(zone: ZoneInfo, moment: int) -> int:
    """Return the zone's offset from UTC at an instant, in seconds."""
    offset = datetime.fromtimestamp(moment, zone).utcoffset() or timedelta()
    return offset.days * _DAY + offset.seconds


def _year(moment: int) -> int:
    return datetime.fromtimestamp(moment, UTC).year
