"""Goals and their events change as one: killed before any system call, or with a disk that is full from any on."""

from __future__ import annotations

import errno
import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from goals_tui.domain.activity import Trigger
from tests.faults.conftest import Patient
from tests.faults.jobs import GOAL, NOW, OTHER, activities, attempt, odata_records
from tests.faults.server import Server, SystemFault, Task, compiler, running_server

if not compiler():
    pytest.skip("system calls can be watched on Linux with a C compiler", allow_module_level=True)

QUICK = 14
"""So many points of each job are tried unless all are asked for: half of them at its end, where it commits."""

JOBS = (
    "delete",
    "delete_step",
    "import_package",
    "import_odata",
    "import_csv",
    "remove_batch",
    "derive",
    "import_activities",
)
FAULTS = {"killed": 0, "full": errno.ENOSPC}


@pytest.fixture(scope="module")
def watching() -> Iterator[Server]:
    """A forking process that watches system calls."""
    with running_server(watches_system_calls=True) as server:
        yield server


@dataclass(frozen=True)
class Whole:
    """All that the jobs change, of each goal by name: its steps, how many versions it has, how many events a step.

    Ids of goals that an import makes are random, and with them those of their events. A goal that is gone has its id.
    """

    goals: dict[str, tuple[str, ...]]
    versions: dict[str, int]
    events: dict[tuple[str, str], int]
    activities: int
    batches: tuple[tuple[int, int, int], ...]
    """The numbers of events, activities and goals of each batch; what it is called follows the activities."""

    @classmethod
    def of(cls, patient: Patient) -> Whole:
        """Read it as a new process does."""
        services = patient.services
        names = {goal.id: goal.name for goal in services.goals.all()}
        steps = {step.id: step.name for goal in services.goals.all() for step in goal.steps}
        kept = [document["id"] for document in services.workspace.documents.all("goal_versions").values()]
        with services.workspace.events.connect() as connection:
            found = connection.execute('SELECT "goalId", "stepId" FROM events').fetchall()
        assert set(patient.events().values()) <= {1}
        return cls(
            {goal.name: tuple(step.name for step in goal.steps) for goal in services.goals.all()},
            Counter(names.get(id_, id_) for id_ in kept),
            Counter((names.get(id_, id_), steps.get(step, step)) for id_, step in found),
            services.activities.stats().activities,
            tuple((one.events, one.activities, one.goals) for one in services.batches.summaries()),
        )


@pytest.fixture
def start(new_patient: Callable[[str], Patient], tmp_path: Path) -> Patient:
    """A workspace with sealed and appended events of both goals, and the files that are imported."""
    patient = new_patient("start")
    services = patient.services
    for name in (GOAL, OTHER):
        found = services.goals.get(name)
        services.workspace.events.append([e for n in range(20) for e in attempt(found, f"{name}.sealed{n}")])
    services.packages.export([GOAL, OTHER], tmp_path / "goals.zip", with_events=True)
    services.workspace.events.seal()
    for name in (GOAL, OTHER):
        services.workspace.events.append(attempt(services.goals.get(name), f"{name}.appended"))
    (tmp_path / "export").mkdir()
    (tmp_path / "export" / "page.json").write_text(json.dumps(odata_records("Imported", 40)))
    rows = [f"case{n},{step},{NOW.isoformat()}" for n in range(40) for step in ("Begin", "Choose", "Done")]
    (tmp_path / "log.csv").write_text("\n".join(["case,activity,time", *rows]))
    return patient


def options_of(job: str, files: Path) -> dict[str, Any]:
    """Return the options of each job."""
    return {
        "delete": {"goal": OTHER},
        "delete_step": {"goal": GOAL, "place": 1},
        "import_package": {"package": str(files / "goals.zip")},
        "import_odata": {"folder": str(files / "export")},
        "remove_batch": {"place": 0},
        "derive": {"goal": OTHER},
        "import_activities": {"file": str(files / "log.csv")},
        "import_csv": {"file": str(files / "log.csv"), "goal": "Logged"},
    }[job]


def points(calls: int, count: int | None) -> list[int]:
    """The calls before which something happens: all of them, or `count`, half of those among the last."""
    if count is None or count >= calls:
        return list(range(1, calls + 1))
    early = count // 2
    last = range(max(1, calls - 24), calls + 1)
    late = last[:: max(1, len(last) // (count - early))]
    return sorted({*(1 + number * calls // early for number in range(early)), *late})


@pytest.mark.parametrize("count", [QUICK, pytest.param(None, marks=pytest.mark.long, id="all")])
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("job", JOBS)
def test_both_or_neither(
    watching: Server,
    start: Patient,
    tmp_path: Path,
    job: str,
    fault: str,
    count: int | None,
    record_property: Callable[[str, object], None],
) -> None:
    if job == "import_package":
        for name in (GOAL, OTHER):
            start.services.goals.delete(name, confirm=name)
    if job == "remove_batch":
        start.services.imports.odata([tmp_path / "export"])
        start.services.workspace.events.seal()
    if job == "derive":
        derive_other(start, "Begin")
    options, error = options_of(job, tmp_path), FAULTS[fault]
    before = Whole.of(start)
    done = Patient(shutil.copytree(start.path, tmp_path / "done"))
    whole = watching.run(Task(job, done.path, options, fault=SystemFault(error=error)))
    assert not (whole.error or whole.crash) and whole.acknowledged and whole.calls > 20
    after = Whole.of(done)
    assert after != before

    tried = points(whole.calls, count)
    mixed, seen = [], {"old": 0, "new": 0}
    for at in tried:
        hurt = Patient(shutil.copytree(start.path, tmp_path / f"at{at}"))
        found = watching.run(Task(job, hurt.path, options, fault=SystemFault(at, error)))
        assert not found.crash, f"call {at}: {found.crash}"
        assert found.killed or found.error or found.acknowledged, f"call {at}: {found}"
        state = Whole.of(hurt)
        seen["old"] += state == before
        seen["new"] += state == after
        if state not in (before, after):
            mixed.append((at, "read", state))
        if found.acknowledged and state != after:
            mixed.append((at, "acknowledged", state))
        # Whoever writes next brings it to its end or takes it back: nobody sees a difference.
        services = hurt.services
        services.project.save(services.project.get().model_copy(update={"name": "Other"}))
        services.workspace.events.seal()
        if Whole.of(hurt) != state:
            mixed.append((at, "settled", Whole.of(hurt)))
        hurt.check(harmless=set())
        if state == before:
            again = watching.run(Task(job, hurt.path, options))
            assert not (again.error or again.crash), f"call {at}: {again}"
            assert Whole.of(hurt) == after
        shutil.rmtree(hurt.path)
    record_property("points", len(tried))
    record_property("mixed", len(mixed))
    print(f"{job} {fault}: {whole.calls} calls, {len(tried)} points, {seen}, {len(mixed)} mixed")
    assert not mixed
    assert seen["old"] and (seen["new"] or error)


def derive_other(start: Patient, opens: str) -> None:
    """Derive a goal, seal it, and change its triggers and its definition: deriving it again replaces and adds."""
    services = start.services
    services.workspace.activities.append([one for n in range(20) for one in activities(f"talk{n}", 6)])
    other = services.goals.get(OTHER)
    services.goals.set_triggers(other.id, other.initial.id, [Trigger(name=opens)])
    services.goals.set_triggers(other.id, other.steps[1].id, [Trigger(name="Choose")])
    assert services.deriving.derive(other.id).added == 80
    services.workspace.events.seal()
    services.goals.set_triggers(other.id, other.steps[2].id, [Trigger(name="*e")])
    services.goals.save(services.goals.get(other.id).model_copy(update={"description": "edited"}))


@pytest.mark.parametrize("count", [QUICK, pytest.param(None, marks=pytest.mark.long, id="all")])
def test_a_batch_whose_removal_was_killed_is_removed_again(
    watching: Server, start: Patient, tmp_path: Path, count: int | None
) -> None:
    said = {"sessionId": "s1", "stepLabel": "Question", "flowName": "Main", "timestamp": NOW.isoformat()}
    (tmp_path / "export" / "steps.json").write_text(json.dumps([{**said, "_id": f"{n}"} for n in range(30)]))
    before = Whole.of(start)
    start.services.imports.odata([tmp_path / "export"])
    start.services.workspace.events.seal()
    there = Whole.of(start)
    assert there.activities == 30 and len(there.batches) == 1
    done = Patient(shutil.copytree(start.path, tmp_path / "done"))
    whole = watching.run(Task("remove_batch", done.path, {"place": 0}, fault=SystemFault()))
    assert whole.acknowledged and Whole.of(done) == before
    for at in points(whole.calls, count):
        hurt = Patient(shutil.copytree(start.path, tmp_path / f"at{at}"))
        found = watching.run(Task("remove_batch", hurt.path, {"place": 0}, fault=SystemFault(at, 0)))
        assert not found.crash, f"call {at}: {found.crash}"
        state = Whole.of(hurt)
        # The activities go first; what is left of the batch is listed, and taking it back again ends it.
        assert state in (there, before) or (state.activities == 0 and state.events == there.events), f"call {at}"
        if state != before:
            again = watching.run(Task("remove_batch", hurt.path, {"place": 0}))
            assert not (again.error or again.crash), f"call {at}: {again}"
        assert Whole.of(hurt) == before, f"call {at}"
        hurt.check()
        shutil.rmtree(hurt.path)
