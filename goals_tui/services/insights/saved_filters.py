"""Saved filters, and filters as options of a command line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from goals_tui.domain.buckets import days_at
from goals_tui.domain.drill_down import DrillDown
from goals_tui.domain.errors import NotFoundError, RefusedError
from goals_tui.domain.filters import FILTER_DIMENSIONS, Choice, Filters, Span, start_of_day
from goals_tui.domain.goal import Goal
from goals_tui.domain.model import MAX_NAME, Model
from goals_tui.domain.text import clean_line, command_of
from goals_tui.domain.words import fold

if TYPE_CHECKING:
    from goals_tui.domain.ids import Ids
    from goals_tui.services.history import History
    from goals_tui.store.documents import Documents

KIND = "saved_filters"


class SavedFilter(Model):
    """Filters with a name, which is unique regardless of case."""

    id: str
    revision: int = 0
    name: str
    filters: Filters


class SavedFilters:
    """The saved filters of the workspace."""

    def __init__(self, documents: Documents, history: History, ids: Ids) -> None:
        self._documents = documents
        self._history = history
        self._ids = ids

    def all(self) -> list[SavedFilter]:
        """Return all saved filters, sorted by name, except those of a later version that this one can't read."""
        found = []
        for document in self._documents.all(KIND).values():
            try:
                found.append(SavedFilter.model_validate(document))
            except ValidationError:
                continue
        return sorted(found, key=lambda saved: (fold(saved.name), saved.id))

    def get(self, name: str) -> Filters:
        """Return the filters with this name. Raises NotFoundError with the nearest names."""
        return self._find(name).filters

    def save(self, name: str, filters: Filters) -> SavedFilter:
        """Save filters under a name, replacing those that have it. Raises RefusedError for an empty or long name."""
        name = clean_line(name)
        if not name:
            raise RefusedError("Saved filters need a name, for example 'October without tests'.", field="name")
        if len(name) > MAX_NAME:
            raise RefusedError(f"The name is {len(name)} characters long, {MAX_NAME} at most.", field="name")
        with self._history.edit(f"Save filters {name!r}") as edit:
            stored = [
                (id_, int(document.get("revision", 0)))
                for id_, document in edit.all(KIND).items()
                if fold(str(document.get("name", ""))) == fold(name)
            ]
            id_, revision = stored[0] if stored else (self._ids.hex24(), 0)
            saved = SavedFilter(id=id_, revision=revision + 1, name=name, filters=filters)
            # Defaults are not stored, so that versions without a new filter can read saved filters that don't use it.
            chosen = filters.model_dump(mode="json", exclude_defaults=True)
            edit.put(KIND, saved.id, {**saved.model_dump(mode="json"), "filters": chosen})
        return saved

    def delete(self, name: str) -> SavedFilter:
        """Delete the filters with this name and return them. Raises NotFoundError with the nearest names."""
        saved = self._find(name)
        with self._history.edit(f"Delete filters {saved.name!r}") as edit:
            edit.delete(KIND, saved.id)
        return saved

    def _find(self, name: str) -> SavedFilter:
        saved = {fold(one.name): one for one in self.all()}
        wanted = fold(clean_line(name))
        if wanted not in saved:
            raise NotFoundError("saved filter called", name, [one.name for one in saved.values()])
        return saved[wanted]


def command_line(
    words: Sequence[str], filters: Filters, goal_names: Mapping[str, str], workspace: Path | None = None
) -> str:
    """Return the command line of a command with filters, quoted for a shell.

    `words` are the command and its arguments. `goal_names` maps ids to names; a goal that it lacks is given by id.
    `workspace` may be None where the command finds the workspace by itself.
    """
    where = () if workspace is None else ("--workspace", str(workspace))
    return command_of(["goals-tui", *where, *words, *_options(filters, goal_names)])


def cycles_command(drill_down: DrillDown, goal: Goal | None) -> list[str]:
    """Return the `cycles` command for a drill-down, as words; `goal` is its goal, if the project has it.

    The goal and the time of the drill-down become filters: see `with_drill_down`.
    """
    words = ["cycles"]
    if drill_down.outcome is not None:
        words += ["--outcome", drill_down.outcome]
    names = {step.id: step.name for step in goal.steps} if goal else {}
    for flag, step_id in (("--reached", drill_down.step_id), ("--dropped-after", drill_down.dropped_after)):
        if step_id is not None:
            words += _option(flag, names.get(step_id, step_id))
    if drill_down.in_order:
        words.append("--strict")
    if drill_down.took is not None:
        words += _option("--took", "{}..{}".format(*drill_down.took))
    for dimension, value in drill_down.parts:
        words += ["--part", f"{dimension}={value or ''}"]
    return words


def with_drill_down(filters: Filters, drill_down: DrillDown, span: Span | None, zone: ZoneInfo) -> Filters:
    """Return the filters, limited to the goal and the time of a drill-down; `span` is the span of the filters."""
    if drill_down.goal_id is not None:
        filters = filters.model_copy(update={"goals": Choice(values=(drill_down.goal_id,))})
    bucket = drill_down.bucket or (days_at("day", drill_down.day, zone) if drill_down.day is not None else None)
    if bucket is None:
        return filters
    start, end = bucket.start, bucket.end
    if span is not None and span.start is not None and span.end is not None:
        start = max(start, span.start, key=datetime.timestamp)
        end = min(end, span.asked_end or span.end, key=datetime.timestamp)
    first, last = start.date(), end.date() - timedelta(days=1)
    if start == start_of_day(first, zone) and end == start_of_day(end.date(), zone):
        since, until = first.isoformat(), last.isoformat()
    else:
        since, until = start.isoformat(), end.isoformat()
    return filters.model_copy(update={"span": "custom", "since": since, "until": until})


def _options(filters: Filters, goal_names: Mapping[str, str]) -> Iterator[str]:
    if filters.span == "custom":
        if filters.since:
            yield from ("--from", filters.since)
        if filters.until:
            yield from ("--to", filters.until)
    else:
        yield from ("--span", filters.span)
    goals = filters.goals.model_copy(update={"values": tuple(goal_names.get(id_, id_) for id_ in filters.goals.values)})
    for dimension in FILTER_DIMENSIONS:
        yield from _chosen(dimension.name, goals if dimension.name == "goal" else filters.choice(dimension))
    if filters.no_snapshot:
        yield "--no-snapshot"
    if filters.any_snapshot:
        yield "--any-snapshot"
    if filters.include_test:
        yield "--include-test"
    if filters.time_zone:
        yield from ("--time-zone", filters.time_zone)
    if filters.price_by != "recorded":
        yield from ("--price-by", filters.price_by)


def _chosen(what: str, choice: Choice) -> Iterator[str]:
    for value in choice.values:
        yield from _option(f"--not-{what}" if choice.negated else f"--{what}", value)


def _option(flag: str, value: str) -> list[str]:
    # Join with =, so that a value that begins with a dash is not taken for an option.
    return [f"{flag}={value}"] if value.startswith("-") else [flag, value]
