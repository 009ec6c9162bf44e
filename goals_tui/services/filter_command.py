"""Filters as the command line that gives the same numbers: what the app copies (DESIGN 4, *Filters*)."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

from goals_tui.domain.filters import Choice, Filters


def report_command(filters: Filters, goal_names: Mapping[str, str], workspace: Path | None = None) -> str:
    """`goals-tui report ...`, quoted for a shell. `goal_names` gives names by id; an unknown goal keeps its id.

    `workspace` is named where it is given: leave it out where the command line finds it by itself.
    """
    where = () if workspace is None else ("--workspace", str(workspace))
    return shlex.join(["goals-tui", *where, "report", *_options(filters, goal_names)])


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
    flag = f"--not-{what}" if choice.negated else f"--{what}"
    for value in choice.values:
        # One word with =, so that a value that begins with a dash is not taken for an option.
        if value.startswith("-"):
            yield f"{flag}={value}"
        else:
            yield from (flag, value)
