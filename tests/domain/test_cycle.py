from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goals_tui.domain.cycle import Definitions, cycles_of, outcome, timeline
from goals_tui.domain.event import GoalEvent
from goals_tui.domain.goal import Goal, StepKind
from goals_tui.domain.report import Outcome
from goals_tui.domain.value import SuccessMetrics
from tests.builders import WHEN, book_a_flight, event, goal, goals

BOOK = book_a_flight()
START, MIDDLE, PAID = (step.name for step in BOOK.steps)


def knows(*known: Goal, current: tuple[Goal, ...] | None = None) -> Definitions:
    return Definitions({(g.id, g.version): g for g in known}, known if current is None else current)


def dearer() -> Goal:
    """The same goal later, its completion step worth ten times as much."""
    steps = list(BOOK.steps)
    steps[2] = steps[2].model_copy(update={"metrics": SuccessMetrics(cost_savings="125.00")})
    return BOOK.model_copy(update={"steps": tuple(steps), "version": goal("other").version, "revision": 2})


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        (["initial"], "incomplete"),
        (["initial", "step"], "partial"),
        (["initial", None], "partial"),
        (["initial", "step", "completion"], "completed"),
        (["initial", "completion"], "completed"),
        (["completion", "step"], "orphan"),
        ([], "orphan"),
    ],
)
def test_outcome(kinds: list[StepKind | None], expected: Outcome) -> None:
    assert outcome(kinds) == expected


def test_a_completed_cycle_earns_each_step_once() -> None:
    events = [
        event(BOOK, START, endpoint_name="Webchat", locale_name="en", snapshot_name="v1"),
        event(BOOK, MIDDLE, seconds=60),
        event(BOOK, MIDDLE, seconds=90),
        event(BOOK, PAID, seconds=200),
    ]
    line = timeline(events, knows(BOOK))
    assert line.cycle.outcome == "completed"
    assert line.cycle.reached == (START, MIDDLE, PAID)
    assert line.cycle.cost_savings == Decimal("15.00") and line.cycle.revenue == Decimal("45.00")
    assert line.cycle.time_saved_seconds == 660 and line.cycle.unpriced_steps == 0
    assert line.cycle.started_at == WHEN
    assert (line.cycle.endpoint, line.cycle.locale, line.cycle.snapshot) == ("Webchat", "en", "v1")
    assert [moment.counts for moment in line.moments] == [True, True, False, True]
    assert [moment.cost_savings for moment in line.moments] == [Decimal(0), Decimal("2.5"), Decimal(0), Decimal("12.5")]
    assert [moment.since_start for moment in line.moments] == [0, 60, 90, 200]
    assert [moment.since_previous for moment in line.moments] == [0, 60, 30, 110]


def test_events_of_one_moment_stand_in_the_goals_order() -> None:
    events = [event(BOOK, PAID), event(BOOK, START), event(BOOK, MIDDLE)]
    assert [moment.step for moment in timeline(events, knows(BOOK)).moments] == [START, MIDDLE, PAID]


def test_an_event_that_comes_twice_counts_once() -> None:
    once = event(BOOK, START)
    assert len(cycles_of([once, once], knows(BOOK))[0].moments) == 1


def test_the_recorded_version_prices_unless_the_current_one_is_asked_for() -> None:
    later = dearer()
    events = [event(BOOK, START), event(BOOK, PAID, seconds=1)]
    definitions = knows(BOOK, later, current=(later,))
    assert timeline(events, definitions).cycle.cost_savings == Decimal("12.50")
    assert timeline(events, definitions, price_by="current").cycle.cost_savings == Decimal("125.00")


def test_an_unknown_version_is_unpriced_and_still_counts() -> None:
    events = [event(BOOK, START, version="?"), event(BOOK, PAID, seconds=1, version="?")]
    cycle = timeline(events, knows(BOOK)).cycle
    assert (cycle.outcome, cycle.unpriced_steps, cycle.cost_savings) == ("completed", 1, Decimal(0))
    assert timeline(events, knows(BOOK), price_by="current").cycle.unpriced_steps == 0


def test_a_step_that_left_the_goal_is_known_from_an_older_version() -> None:
    shorter = dearer().model_copy(update={"steps": (BOOK.steps[0], BOOK.steps[2])})
    events = [event(BOOK, START, version=shorter.version), event(BOOK, MIDDLE, seconds=1, version=shorter.version)]
    line = timeline(events, knows(BOOK, shorter, current=(shorter,)))
    assert [moment.kind for moment in line.moments] == ["initial", "step"]
    assert line.cycle.reached == (START, MIDDLE) and line.cycle.unpriced_steps == 1


def test_an_unknown_goal_has_no_kinds_and_keeps_its_ids() -> None:
    line = timeline([event(BOOK, START)], knows())
    assert (line.cycle.outcome, line.cycle.goal, line.cycle.started_at) == ("orphan", BOOK.id, None)
    assert line.moments[0].kind is None and not line.moments[0].priced
    assert line.cycle.reached == (BOOK.initial.id,)


def test_an_orphan_has_no_start() -> None:
    cycle = timeline([event(BOOK, PAID)], knows(BOOK)).cycle
    assert (cycle.outcome, cycle.started_at, cycle.reached) == ("orphan", None, (PAID,))


def test_an_event_before_the_initial_step_is_counted_from_the_start() -> None:
    moments = timeline([event(BOOK, MIDDLE), event(BOOK, START, seconds=30)], knows(BOOK)).moments
    assert [moment.since_start for moment in moments] == [-30, 0]


def test_cycles_stand_in_the_order_of_their_first_event() -> None:
    events = [event(BOOK, START, cycle="2", seconds=5), event(BOOK, START, cycle="1", seconds=9)]
    assert [line.cycle.started_at for line in cycles_of(events, knows(BOOK))] == sorted(e.timestamp for e in events)


@st.composite
def _some_events(draw: st.DrawFn) -> tuple[Goal, list[GoalEvent]]:
    tracked = draw(goals(name="Random"))
    picked = draw(
        st.lists(
            st.tuples(st.sampled_from([s.name for s in tracked.steps]), st.sampled_from("ab"), st.integers(0, 5)),
            max_size=12,
        )
    )
    return tracked, [
        event(tracked, name, cycle=cycle, seconds=at, number=number) for number, (name, cycle, at) in enumerate(picked)
    ]


@settings(deadline=None)
@given(made=_some_events(), data=st.data())
def test_neither_order_nor_repetition_of_events_matters(
    made: tuple[Goal, list[GoalEvent]], data: st.DataObject
) -> None:
    tracked, events = made
    lines = cycles_of(events, knows(tracked))
    assert cycles_of(data.draw(st.permutations(events + events[:3])), knows(tracked)) == lines
    for line in lines:
        assert sum((m.cost_savings for m in line.moments), Decimal(0)) == line.cycle.cost_savings
        assert sum(m.time_saved_seconds for m in line.moments) == line.cycle.time_saved_seconds
        assert sum(m.counts for m in line.moments) == len(line.cycle.reached)
        assert line.cycle.unpriced_steps == 0
