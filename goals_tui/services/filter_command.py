"""What the app shows as the command line that gives the same numbers (DESIGN 4, *Filters*)."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from goals_tui.domain.buckets import days_at
from goals_tui.domain.filters import Choice, Filters, Span, start_of_day
from goals_tui.domain.goal import Goal
from goals_tui.services.insights.cycles import Behind


def command_line(
    words: Sequence[str], filters: Filters, goal_names: Mapping[str, str], workspace: Path | None = None
) -> str:
    """`goals-tui`, a command with its arguments, and the filters, quoted for a shell.

    `goal_names` gives names by id; an unknown goal keeps its id. `workspace` is named where it is given: leave it out
    where the command line finds it by itself.
    """
    where = () if workspace is None else ("--workspace", str(workspace))
    return shlex.join(["goals-tui", *where, *words, *_options(filters, goal_names)])


def cycles_words(behind: Behind, goal: Goal | None) -> list[str]:
    """The `cycles` command for the cycles behind a number; `goal` is that of `behind`, where the project has it.

    Its goal and its time are filters: see `narrowed`.
    """
    words = ["cycles"]
    if behind.outcome is not None:
        words += ["--outcome", behind.outcome]
    if behind.step_id is not None:
        names = {step.id: step.name for step in goal.steps} if goal else {}
        words += _option("--reached", names.get(behind.step_id, behind.step_id))
    if behind.part is not None:
        dimension, value = behind.part
        words += ["--part", f"{dimension}={value or ''}"]
    return words


def narrowed(filters: Filters, behind: Behind, span: Span | None, zone: ZoneInfo) -> Filters:
    """The filters that select the goal and the stretch of time of `behind`, too; `span` is what they select so far."""
    if behind.goal_id is not None:
        filters = filters.model_copy(update={"goals": Choice(values=(behind.goal_id,))})
    bucket = behind.bucket or (days_at("day", behind.day, zone) if behind.day is not None else None)
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
    yield from _chosen("goal", goals)
    yield from _chosen("endpoint", filters.endpoints)
    yield from _chosen("locale", filters.locales)
    yield from _chosen("snapshot", filters.snapshots)
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
    # One word with =, so that a value that begins with a dash is not taken for an option.
    return [f"{flag}={value}"] if value.startswith("-") else [flag, value]
