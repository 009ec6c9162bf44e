"""The order of two events of one moment, and goals with more prices than a mask holds: SQL against the rule."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from itertools import permutations

import pytest

from goals_tui.domain.cycle import Definitions, cycles_of
from goals_tui.domain.drill_down import ORPHANS
from goals_tui.domain.event import GoalEvent
from goals_tui.domain.filters import Filters
from goals_tui.domain.goal import Goal
from goals_tui.domain.value import SuccessMetrics
from goals_tui.services.context import Services
from goals_tui.store.cycles.step_bits import BITS_PER_WORD
from tests.builders import count_behind, goal, step, uuid_of
from tests.conftest import NOW

EVERYTHING = Filters(span="all")
START = NOW - timedelta(days=1)


def priced(tracked: Goal, number: int) -> Goal:
    """Another version of a goal: every further step saves `number` and its own place."""
    steps = [
        one.model_copy(update={"metrics": SuccessMetrics(cost_savings=Decimal(number) + Decimal(place) / 100)})
        for place, one in enumerate(tracked.steps[1:], start=1)
    ]
    version = {"version": uuid_of(f"version {number}"), "revision": number, "steps": (tracked.initial, *steps)}
    return tracked.model_copy(update=version)


def store(services: Services, versions: list[Goal]) -> Definitions:
    """Put these versions of a goal, the last one the current, into a workspace."""
    with services.workspace.documents.transaction() as tx:
        for saved in versions:
            tx.put("goal_versions", saved.version, saved.model_dump(mode="json"))
        tx.put("goals", versions[-1].id, versions[-1].model_dump(mode="json"))
    return Definitions({(one.id, one.version): one for one in versions}, versions[-1:])


def fired(version: Goal, step_id: str, *, id: str, cycle: str = "c", seconds: float = 0, locale: str = "") -> GoalEvent:
    return GoalEvent(
        id=id,
        version=version.version,
        timestamp=START + timedelta(seconds=seconds),
        goal_cycle_id=cycle,
        step_id=step_id,
        goal_id=version.id,
        session_id="s",
        locale_name=locale or None,
    )


def check_against_the_rule(services: Services, definitions: Definitions, log: list[GoalEvent]) -> None:
    """Check that the database and `domain.cycle` agree about every cycle, appended and sealed."""
    expected = [line.cycle for line in cycles_of(log, definitions)]
    orphans = [cycle for cycle in expected if cycle.outcome == "orphan"]
    services.workspace.events.append(log)
    for _ in range(2):
        found = [*services.insights.cycles(EVERYTHING), *services.insights.cycles(EVERYTHING, ORPHANS)]
        assert sorted(found, key=lambda c: c.cycle_id) == sorted(expected, key=lambda c: c.cycle_id)
        totals = services.insights.report(EVERYTHING).totals
        begun = [cycle for cycle in expected if cycle not in orphans]
        assert totals.cost_savings == sum((cycle.cost_savings for cycle in begun), Decimal(0))
        assert totals.started == len(begun)
        services.workspace.events.seal()


@pytest.mark.parametrize("ids", list(permutations(["1", "2", "3"])), ids="".join)
def test_of_one_moment_the_earlier_step_of_its_version_comes_first(services: Services, ids: tuple[str, ...]) -> None:
    first = priced(goal("Book", "Begin", "Choose", "Extra", "◎Done"), 1)
    begin, choose, extra, done = first.steps
    # In the second version Choose has moved behind Extra: the same step, of the same moment, has another order.
    second = priced(first.model_copy(update={"steps": (begin, extra, choose, done)}), 2)
    definitions = store(services, [first, second])
    a, b, c = ids
    log = [
        fired(first, begin.id, id="0"),
        fired(second, choose.id, id=a),
        fired(first, choose.id, id=b),
        fired(first, extra.id, id=c),
    ]
    check_against_the_rule(services, definitions, log)
    (cycle,) = services.insights.cycles(EVERYTHING)
    assert cycle.cost_savings == Decimal("1.01") + Decimal("1.02")


@pytest.mark.parametrize("ids", [("1", "2"), ("2", "1")], ids="".join)
def test_of_one_moment_the_earlier_step_describes_an_orphan(services: Services, ids: tuple[str, str]) -> None:
    tracked = priced(goal("Book", "Begin", "Choose", "◎Done"), 1)
    _, choose, done = tracked.steps
    definitions = store(services, [tracked])
    log = [fired(tracked, done.id, id=ids[0], locale="late"), fired(tracked, choose.id, id=ids[1], locale="early")]
    check_against_the_rule(services, definitions, log)
    (cycle,) = services.insights.cycles(EVERYTHING, ORPHANS)
    assert cycle.locale == "early"


def many_steps(count: int) -> Goal:
    names = [f"Step {number}" for number in range(count - 2)]
    return goal("Long", "Begin", *(step(name, goal_name="Long") for name in names), "◎Done")


@pytest.mark.parametrize(("steps", "versions"), [(20, 7), (130, 1), (70, 3)])
def test_a_goal_with_more_prices_than_one_mask_holds(services: Services, steps: int, versions: int) -> None:
    long = many_steps(steps)
    states = [priced(long, number) for number in range(1, versions + 1)]
    assert versions * (steps - 1) > BITS_PER_WORD
    definitions = store(services, states)
    log = []
    for cycle, version in enumerate(states):
        of_cycle = {"cycle": f"whole {cycle}"}
        ids = [one.id for one in version.steps]
        log += [fired(version, id_, id=f"w{cycle}-{n}", seconds=n, **of_cycle) for n, id_ in enumerate(ids)]
        # Half of the steps fire under one version and all of them, later, under the next one.
        after, of_cycle = states[(cycle + 1) % versions], {"cycle": f"mixed {cycle}"}
        log += [fired(version, id_, id=f"m{cycle}-{n}", seconds=n, **of_cycle) for n, id_ in enumerate(ids[::2])]
        log += [fired(after, id_, id=f"n{cycle}-{n}", seconds=500 + n, **of_cycle) for n, id_ in enumerate(ids)]
    # The last step alone is in the last mask.
    log += [fired(states[0], long.initial.id, id="l0", cycle="last"), fired(states[-1], ids[-1], id="l1", cycle="last")]
    check_against_the_rule(services, definitions, log)
    funnel = services.insights.funnel(long.id, EVERYTHING)
    assert [place.reached for place in funnel.steps] == [
        2 * versions + 1,
        *[2 * versions] * (steps - 2),
        2 * versions + 1,
    ]
    for place in (funnel.steps[1], funnel.steps[-1]):
        found = count_behind(services.insights, EVERYTHING, goal_id=long.id, step_id=place.step_id)
        assert found == place.reached


def test_one_cycle_of_a_long_goal_is_in_one_outcome(services: Services, new_services: Callable[..., Services]) -> None:
    long = priced(many_steps(130), 1)
    for name, reached, outcome in (("w1", 128, "partial"), ("w2", 129, "completed"), ("w3", 0, "incomplete")):
        opened = new_services(name)
        store(opened, [long])
        log = [fired(long, long.initial.id, id="0")]
        log += [fired(long, long.steps[reached].id, id="1", seconds=1)] if reached else []
        opened.workspace.events.append(log)
        (cycle,) = opened.insights.cycles(EVERYTHING)
        assert cycle.outcome == outcome
        assert getattr(opened.insights.report(EVERYTHING).totals, outcome) == 1
