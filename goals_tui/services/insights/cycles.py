"""Lists of cycles, newest first, and funnels: the cycles behind the numbers of a report."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from goals_tui.domain.buckets import TimeBucket
from goals_tui.domain.filters import Filters
from goals_tui.domain.report import Cycle, Funnel, FunnelStep, Outcome
from goals_tui.domain.text import clean_line
from goals_tui.services.insights.definitions import NO_WORTH
from goals_tui.services.insights.question import Question, instant, question
from goals_tui.store.events.queries import COLUMNS, Dimension, microseconds
from goals_tui.store.events.queries_cancel import Cancellation
from goals_tui.store.events.queries_cycles import CycleRow, Restriction, list_cycles, page, step_times
from goals_tui.store.events.slots import masks_of

if TYPE_CHECKING:
    from types import TracebackType

    from goals_tui.domain.goal import Goal
    from goals_tui.services.context import Services
    from goals_tui.store.events.queries_view import LogView

_EPOCH_DAY = date(1970, 1, 1)


@dataclass(frozen=True)
class Behind:
    """Which of the cycles that the filters select: those behind one number. Everything by default.

    `outcome="orphan"` lists the orphans of the whole log: they have no start, so that no filter applies to them;
    without it orphans are left out. `day` and `bucket` are those of a report's days and of a series; `part` is a
    dimension with one of its values, None for cycles without one.
    """

    outcome: Outcome | None = None
    goal_id: str | None = None
    step_id: str | None = None
    day: date | None = None
    bucket: TimeBucket | None = None
    part: tuple[Dimension, str | None] | None = None


class CycleList:
    """The cycles behind a number, found once and then served page by page in milliseconds. Safe in any thread.

    It stays as it was found while events arrive; make a new one to see them. Close it, or use it in a `with`.
    """

    def __init__(
        self,
        services: Services,
        view: LogView,
        filters: Filters,
        behind: Behind,
        cancellation: Cancellation | None = None,
    ) -> None:
        self._lock = threading.Lock()
        self._reader = view.reader(cancellation)
        try:
            asked = question(services, filters, self._reader, goal_id=behind.goal_id)
            self._definitions = asked.definitions
            self._count = list_cycles(self._reader, asked.selection, _restriction(asked, behind))
        except BaseException:
            self._reader.close()
            raise

    def __len__(self) -> int:
        return self._count

    def __enter__(self) -> CycleList:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def page(self, offset: int = 0, limit: int | None = None) -> list[Cycle]:
        """The cycles from `offset` on, `limit` of them at most."""
        with self._lock:
            rows = page(self._reader, offset, limit)
        return [self._cycle(row) for row in rows]

    def close(self) -> None:
        """Let go of the list; it can't be paged any more."""
        with self._lock:
            self._reader.close()

    def _cycle(self, row: CycleRow) -> Cycle:
        definition = self._definitions.by_number[row.goal]
        orphan = row.started is None
        worth = NO_WORTH if orphan else definition.worth(row.masks)
        reached, kinds = definition.reached(None if orphan else row.initial_step, row.masks, row.version)
        return Cycle.model_construct(
            cycle_id=clean_line(row.cycle),
            goal_id=definition.id,
            goal=definition.name,
            session_id=clean_line(row.session),
            started_at=None if row.started is None else instant(row.started),
            outcome=row.outcome,
            reached=reached,
            kinds=kinds,
            time_saved_seconds=worth.time_saved_seconds,
            cost_savings=worth.cost_savings,
            revenue=worth.revenue,
            unpriced_steps=worth.unpriced_steps,
            endpoint=row.endpoint and clean_line(row.endpoint),
            locale=row.locale and clean_line(row.locale),
            snapshot=row.snapshot and clean_line(row.snapshot),
            version=clean_line(row.version),
        )


def _restriction(asked: Question, behind: Behind) -> Restriction:
    restriction = Restriction(outcome=behind.outcome, part=_part(asked, behind))
    if behind.goal_id is not None:
        definition = asked.definitions.by_id.get(behind.goal_id)
        restriction = replace(restriction, goal=definition.number if definition else -1)
    if behind.step_id is not None:
        restriction = _of_step(asked, behind.step_id, restriction)
    bucket = behind.bucket
    if behind.day is not None:
        day = (behind.day - _EPOCH_DAY).days
        return replace(restriction, bucket=(asked.bucket("day"), day, day))
    if bucket is not None and bucket.unit == "hour":
        start = microseconds(bucket.start)
        return replace(restriction, bucket=(asked.bucket("hour"), start, start))
    if bucket is not None:
        first, last = (bucket.first - _EPOCH_DAY).days, (bucket.last - _EPOCH_DAY).days
        return replace(restriction, bucket=(asked.bucket("day"), first, last))
    return restriction


def _part(asked: Question, behind: Behind) -> tuple[Dimension, tuple[str, ...] | None] | None:
    if behind.part is None:
        return None
    dimension, value = behind.part
    if value is None:
        return dimension, None
    others = asked.reader.shown_as(COLUMNS[dimension], [value])
    return dimension, (value, *others)


def _of_step(asked: Question, step_id: str, restriction: Restriction) -> Restriction:
    """The cycles that reached a step. Every cycle that began reached the initial one of its goal."""
    goals = {slot.goal for slot in asked.definitions.slots if slot.step_id == step_id}
    # In data of others one step id may stand under several goals: then the goal that was asked for decides.
    wanted = goals if restriction.goal is None else goals & {restriction.goal}
    number = min(wanted, default=-1)
    places = asked.definitions.by_number[number].places_of(step_id) if number >= 0 else []
    return replace(restriction, goal=number, step=masks_of(places, asked.reader.words) if places else None)


def make_funnel(asked: Question, goal: Goal) -> Funnel:
    """How many cycles of the one goal that `asked` sees reached each step, and how long it took them."""
    definition = asked.definitions.by_id.get(goal.id)
    started, masks, rows = step_times(asked.reader, asked.selection, goal.id) if definition else (0, (), [])
    completes = definition.completing(masks) if definition else {}
    times = {row.step_id: row for row in rows}
    order = [step.id for step in goal.steps]
    if definition:
        order += [step_id for step_id in definition.in_order(times) if step_id not in order]
    steps: list[FunnelStep] = []
    for step_id in order:
        found = times.get(step_id)
        kind = definition.kind(step_id) if definition else goal.step(step_id).kind
        timed = found if kind != "initial" else None
        steps.append(
            FunnelStep(
                step_id=step_id,
                name=definition.step_name(step_id) if definition else goal.step(step_id).name,
                kind=kind,
                reached=found.reached if found else 0,
                started=started,
                before=steps[-1].reached if steps else None,
                kind_differs=bool(completes.get(step_id, set()) - {kind == "completion"}),
                median_seconds=timed.median if timed else None,
                p90_seconds=timed.p90 if timed else None,
            )
        )
    return Funnel(goal_id=goal.id, goal=goal.name, started=started, steps=tuple(steps))
