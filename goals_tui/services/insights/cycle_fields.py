"""Cycles as rows of fields, for JSON and CSV."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from goals_tui.domain.value import format_amount
from goals_tui.format import csv_text

if TYPE_CHECKING:
    from decimal import Decimal
    from zoneinfo import ZoneInfo

    from goals_tui.domain.report import Cycle

CYCLE_COLUMNS = [
    "cycle_id",
    "goal",
    "session_id",
    "started_at",
    "outcome",
    "reached",
    "time_saved_seconds",
    "cost_savings",
    "revenue",
    "endpoint",
    "locale",
    "snapshot",
    "version",
    "unpriced_steps",
]
"""The columns of a list of cycles."""


def cycle_fields(cycle: Cycle, digits: int) -> dict[str, Any]:
    """Return a cycle under the keys of docs/command-line.md; an unknown sum is null (see `Cycle.known`).

    Amounts have at least `digits` decimals.
    """
    content = cycle.model_dump(mode="json")
    content["time_saved_seconds"] = cycle.known(cycle.time_saved_seconds)
    content["cost_savings"] = _amount(cycle.known(cycle.cost_savings), digits)
    content["revenue"] = _amount(cycle.known(cycle.revenue), digits)
    return {**{key: content[key] for key in CYCLE_COLUMNS}, **content}


def in_zone(fields: dict[str, Any], cycle: Cycle, zone: ZoneInfo) -> dict[str, Any]:
    """Return the fields of a cycle with its start in the time of a zone, with its offset, as in CSV."""
    started = cycle.started_at
    return {**fields, "started_at": None if started is None else started.astimezone(zone).isoformat()}


def cycles_csv(cycles: Iterable[Cycle], digits: int, zone: ZoneInfo) -> str:
    """Return cycles as CSV: the same text as that of `goals-tui cycles --format csv`."""
    return csv_text((in_zone(cycle_fields(cycle, digits), cycle, zone) for cycle in cycles), CYCLE_COLUMNS)


def _amount(amount: Decimal | None, digits: int) -> str | None:
    return None if amount is None else format_amount(amount, digits)
