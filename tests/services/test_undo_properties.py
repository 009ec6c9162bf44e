"""Any edit, taken back, leaves goals and flows as they were."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from goals_tui.domain.goal import Goal
from goals_tui.services.context import Services
from tests import builders
from tests.conftest import make_services
from tests.examples import examples


@st.composite
def edits(draw: st.DrawFn, goal: Goal) -> Goal:
    """Another state of the same goal that may be saved: some steps gone, some new, words and values changed."""
    other = draw(builders.goals())
    kept = draw(st.lists(st.sampled_from(goal.further), unique=True, max_size=3))
    new = [
        step
        for step in other.further
        if step.name not in {k.name for k in kept} and step.id not in {k.id for k in kept}
    ]
    initial = goal.initial.model_copy(update={"name": draw(st.sampled_from(["Start", "Begin"]))})
    return goal.model_copy(
        update={"name": other.name, "description": draw(st.text(max_size=5)), "steps": (initial, *kept, *new)}
    )


def state(services: Services) -> object:
    """All goals without the count of saves and the time of the last one."""
    return [goal.model_dump(exclude={"revision", "changed_at"}) for goal in services.goals.all()]


@examples(12)
@given(st.data())
def test_edits_taken_back_leave_goals_as_they_were(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        services = make_services(Path(folder) / "workspace")
        goal = services.goals.save(data.draw(builders.goals()).model_copy(update={"revision": 0}))
        states = [state(services)]
        for _ in range(data.draw(st.integers(1, 3))):
            changed = data.draw(edits(goal))
            if services.goals.problems(changed):
                continue
            before = services.history.undo_label, goal.revision
            goal = services.goals.save(changed)
            if (services.history.undo_label, goal.revision) != before:
                states.append(state(services))
        for earlier in reversed(states[:-1]):
            services.history.undo()
            assert state(services) == earlier
        for later in states[1:]:
            services.history.redo()
            assert state(services) == later
