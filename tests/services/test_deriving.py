"""Goals that are derived from activities: the plain rule, again and after every edit."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goals_tui.domain.activity import Activity, Trigger
from goals_tui.domain.cycle import join_cycle
from goals_tui.domain.errors import RefusedError, WrongValueError
from goals_tui.domain.event import Source
from goals_tui.domain.goal import Goal
from goals_tui.services.context import Services
from goals_tui.services.deriving import new_trigger
from tests import builders
from tests.conftest import make_services
from tests.examples import examples

START = datetime(2026, 10, 1, 8, tzinfo=UTC)
NAMES = ("search", "search_flights", "pay", "a_b", "a%b", "é!")
TEXTS = (None, "I want a REFUND", "Straße", "STRASSE refund", "ΟΔΟΣ", "x")


def activity(number: int, session: str = "s1", second: int | None = None, **fields: Any) -> Activity:
    moment = START + timedelta(seconds=number if second is None else second)
    made = {"kind": "tool", "name": "search", "position": str(number), **fields}
    return Activity(id=f"a{number}", timestamp=moment, session_id=session, **made)


def book(*triggers: Sequence[Trigger]) -> Goal:
    """A goal with three steps that these fire."""
    goal = builders.goal("Book", "● Search", "○ Choose", "◎ Pay").model_copy(update={"revision": 0})
    steps = [step.model_copy(update={"triggers": tuple(some)}) for step, some in zip(goal.steps, triggers, strict=True)]
    return goal.model_copy(update={"steps": tuple(steps)})


def named(name: str) -> list[Trigger]:
    return [Trigger(name=name)]


def saved(services: Services, *triggers: Sequence[Trigger]) -> Goal:
    goal = book(*triggers)
    for step in services.goals.save(goal).steps:
        services.goals.set_triggers(goal.id, step.id, goal.step(step.id).triggers)
    return services.goals.get(goal.id)


def stored(services: Services) -> list[tuple[Any, ...]]:
    """Every event of the log: session, moment, step, cycle, version, id."""
    with services.workspace.events.connect() as connection:
        return connection.execute(
            'SELECT "sessionId", timestamp, "stepId", "goalCycleId", version, id FROM events ORDER BY ALL'
        ).fetchall()


def plain_rule(goal: Goal, activities: Sequence[Activity], tracked: Sequence[str] = ()) -> list[tuple[Any, ...]]:
    """Return the events to derive, by the tracker's rule: one activity after the other."""
    found, open_cycles = [], dict[str, str]()
    for one in sorted(activities, key=lambda one: (one.timestamp, int(one.position or 0), one.id)):
        fired = [step.id for step in goal.steps if any(trigger.fires(one) for trigger in step.triggers)]
        if not fired or one.session_id in tracked:
            continue
        joined = join_cycle(
            goal,
            fired,
            open_cycles.get(one.session_id),
            lambda one=one: str(uuid.uuid5(uuid.NAMESPACE_OID, f"{goal.id} {one.id}")),  # type: ignore[misc]
        )
        if joined.cycle_id is None:
            continue
        open_cycles[one.session_id] = joined.cycle_id
        for step_id in joined.tracked:
            id_ = "derived-" + sha256(f"{goal.id}\n{one.id}\n{step_id}".encode()).hexdigest()[:24]
            moment = one.timestamp.replace(tzinfo=None)
            moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
            found.append((one.session_id, moment, step_id, joined.cycle_id, goal.version, id_))
    return sorted(found)


def test_a_goal_reads_what_happened(services: Services) -> None:
    log = services.workspace.activities
    log.append([activity(1), activity(2, name="choose"), activity(3, name="pay"), activity(4, "s2", name="pay")])
    goal = saved(services, named("search"), named("choose"), named("pay"))
    done = services.deriving.derive(goal.id)
    assert (done.added, done.replaced, done.removed, done.not_tracked, done.cycles) == (3, 0, 0, 1, 1)
    assert stored(services) == plain_rule(goal, [activity(1), activity(2, name="choose"), activity(3, name="pay")])
    again = services.deriving.derive(goal.id)
    assert (again.events, again.added, again.replaced, again.removed) == (3, 0, 0, 0)


def test_a_dry_run_changes_nothing(services: Services) -> None:
    services.workspace.activities.append([activity(1)])
    goal = saved(services, named("search"), [], [])
    done = services.deriving.derive(goal.id, dry_run=True)
    assert (done.added, done.dry_run, stored(services)) == (1, True, [])


def test_tracked_events_stay_and_their_sessions_are_left_out(services: Services) -> None:
    services.workspace.activities.append([activity(1), activity(2, "s2")])
    goal = saved(services, named("search"), [], named("pay"))
    services.deriving.derive(goal.id)
    services.tracking.track("s2", goal.id, [goal.initial.id], Source(), at=START)
    done = services.deriving.derive(goal.id)
    assert (done.sessions_left_out, done.removed, done.events) == (1, 1, 1)
    ids = [row[-1] for row in stored(services)]
    assert len(ids) == 2 and sum(id_.startswith("derived-") for id_ in ids) == 1
    services.goals.set_triggers(goal.id, goal.initial.id, named("nothing"))
    assert services.deriving.derive(goal.id).removed == 1
    assert [row[0] for row in stored(services)] == ["s2"]


def test_an_edit_changes_the_version_and_a_trigger_does_not(services: Services) -> None:
    goal = saved(services, named("search"), [], [])
    changed = services.goals.set_triggers(goal.id, goal.steps[1].id, named("choose"))
    assert (changed.version, changed.revision) == (goal.version, goal.revision + 1)
    assert services.goals.set_triggers(goal.id, goal.steps[1].id, named("choose")) == changed
    services.workspace.activities.append([activity(1)])
    services.deriving.derive(goal.id)
    renamed = services.goals.save(changed.model_copy(update={"description": "x"}))
    assert renamed.version != goal.version and renamed.steps[1].triggers == changed.steps[1].triggers
    done = services.deriving.derive(goal.id)
    assert (done.added, done.replaced, done.removed) == (0, 1, 0)
    assert [row[4] for row in stored(services)] == [renamed.version]


def test_goals_without_triggers_are_written_as_before(services: Services) -> None:
    saved(services, [], [], [])
    assert "triggers" not in (services.workspace.path / "goals.json").read_text()


def test_a_span_at_a_time_gives_what_all_gives(services: Services, tmp_path: Path) -> None:
    activities = [activity(n, f"s{n % 3}", name=("search", "pay", "choose")[n * n % 3]) for n in range(40)]
    services.workspace.activities.append(activities)
    goal = saved(services, named("search"), named("choose"), named("pay"))
    for second in (0, 13, 29):
        begin = START + timedelta(seconds=second) if second else None
        end = {0: 13, 13: 29}.get(second)
        services.deriving.derive(goal.id, begin, START + timedelta(seconds=end) if end else None)
    assert stored(services) == plain_rule(goal, activities)
    assert services.deriving.derive(goal.id).added == 0


def test_an_initial_step_without_a_trigger(services: Services) -> None:
    goal = saved(services, [], named("choose"), [])
    with pytest.raises(RefusedError, match="has no trigger, so no cycle would open"):
        services.deriving.derive(goal.id)


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        (("tol", None, None), "'tol' is not a kind of activity. Use one of: step, user"),
        ((None, None, None), "a trigger needs a kind, a name or a part of the text"),
        ((None, "", None), "it is empty"),
        ((None, None, "x" * 301), "300 characters"),
    ],
)
def test_what_is_no_trigger(given_: tuple[Any, Any, Any], message: str) -> None:
    with pytest.raises(WrongValueError, match=message):
        new_trigger(*given_)


triggers = st.builds(
    lambda kind, name, text: Trigger(kind=kind, name=name, text=text) if kind or name or text else Trigger(name="*"),
    st.sampled_from([None, None, "tool", "user"]),
    st.sampled_from([None, "search", "search*", "*a*", "a_b", "a%*", "*", "É!"]),
    st.sampled_from([None, None, "refund", "strasse", "οδος"]),
)
goals = st.tuples(st.lists(triggers, min_size=1, max_size=2), *[st.lists(triggers, max_size=2)] * 2)
happenings = st.lists(
    st.tuples(
        st.sampled_from(["s1", "s2", "s3"]),
        st.integers(0, 5),
        st.sampled_from(["tool", "user", "step"]),
        st.sampled_from([*NAMES, None]),
        st.sampled_from(TEXTS),
    ),
    max_size=25,
)


@pytest.mark.fuzz
@examples(12)
@given(happened=happenings, before=goals, after=goals, tracked=st.sets(st.sampled_from(["s1", "s2"]), max_size=1))
def test_deriving_after_an_edit_is_deriving_from_nothing(
    happened: list[tuple[str, int, str, str | None, str | None]], before: Any, after: Any, tracked: set[str]
) -> None:
    activities = [
        activity(n, session, second, kind=kind, name=name, text=text)
        for n, (session, second, kind, name, text) in enumerate(happened)
    ]
    folder = Path(tempfile.mkdtemp())
    try:
        services = make_services(folder / "w")
        services.workspace.activities.append(activities)
        goal = saved(services, *before)
        services.deriving.derive(goal.id)
        assert stored(services) == plain_rule(goal, activities)
        for session in tracked:
            services.tracking.track(session, goal.id, [goal.initial.id], Source(), at=START)
        own = [row for row in stored(services) if not row[-1].startswith("derived-")]
        goal = services.goals.save(book(*after).model_copy(update={"revision": goal.revision}))
        for step, some in zip(goal.steps, after, strict=True):
            goal = services.goals.set_triggers(goal.id, step.id, some)
        services.deriving.derive(goal.id)
        assert stored(services) == sorted([*plain_rule(goal, activities, list(tracked)), *own])
        done = services.deriving.derive(goal.id)
        assert (done.added, done.replaced, done.removed) == (0, 0, 0)
        counted = defaultdict(int)
        for row in stored(services):
            counted[row[-1]] += 1
        assert set(counted.values()) <= {1}
        # A part that was replaced while somebody read goes later.
        assert {finding.code for finding in services.workspace.events.verify()} <= {"leftover"}
    finally:
        shutil.rmtree(folder)
