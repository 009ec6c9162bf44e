"""A number on the Insights screen: the cycles that it is about, as filters, and what filters can't say."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from goals_tui.domain.drill_down import DrillDown, Part
from goals_tui.domain.filters import Choice, Filters, Span

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Focus:
    """The cycles behind a number. `filters` are those of the screen, narrowed to goal, time and parts of the number."""

    title: str
    drill_down: DrillDown
    filters: Filters
    rest: tuple[Part, ...] = ()
    """The parts that no filter can select, such as a version or a weekday."""

    metric: str = ""
    """The figure that is shown, such as `cost_savings`; empty for a count of cycles or a rate."""

    releases: tuple[str, str] | None = None
    """The snapshot that the one of this number is compared with, and this one."""

    @property
    def notes(self) -> list[str]:
        """The parts that are not narrowed, in words."""
        return [f"Of every {name}, not only {value or f'cycles without {name}'}." for name, value in self.rest]


def focus_on(
    title: str,
    drill_down: DrillDown,
    filters: Filters,
    span: Span | None,
    zone: ZoneInfo,
    *,
    metric: str = "",
    releases: bool = True,
) -> Focus:
    """Return the focus on the cycles of a drill-down; `span` is the span of `filters`.

    Without `releases`, it isn't narrowed to a snapshot.
    """
    from goals_tui.services.insights.saved_filters import with_drill_down

    found = with_drill_down(drill_down.filters or filters, drill_down, span, zone)
    rest: list[Part] = []
    for dimension, value in drill_down.parts:
        if dimension == "snapshot" and not releases:
            rest.append((dimension, value))
        elif dimension == "snapshot" and value is None:
            found = found.model_copy(update={"snapshots": Choice(), "no_snapshot": True, "any_snapshot": False})
        elif dimension == "snapshot":
            chosen = Choice(values=(value or "",))
            found = found.model_copy(update={"snapshots": chosen, "no_snapshot": False, "any_snapshot": False})
        elif dimension in ("endpoint", "locale") and value is not None:
            found = found.model_copy(update={f"{dimension}s": Choice(values=(value,))})
        else:
            rest.append((dimension, value))
    return Focus(title, replace(drill_down, filters=None), found, tuple(rest), metric)


def previous_filters(filters: Filters, previous: Span) -> Filters:
    """Return the same filters for the previous span."""
    if previous.start is None or previous.end is None:
        return filters
    moments = {"since": previous.start.isoformat(), "until": previous.end.isoformat()}
    return filters.model_copy(update={"span": "custom", **moments})
