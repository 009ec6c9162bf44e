"""Processes killed in the middle of their work: nothing that was acknowledged is lost, nothing is there twice."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.builders import goal
from tests.faults.conftest import HARMLESS, Patient
from tests.faults.jobs import GOAL, NOW, OTHER, activities, attempt, odata_records
from tests.faults.server import Death, Outcome, Server, Task, deaths
from tests.services.odata_records import START
from tests.services.odata_records import event as event_record
from tests.services.odata_service import serving

NORMAL, LONG = 20, 200

kills = pytest.mark.parametrize("count", [NORMAL, pytest.param(LONG, marks=pytest.mark.long)])
NewPatient = Callable[[str], Patient]


def each_death(
    server: Server, patient: Patient, count: int, job: str, options: Callable[[int], Mapping[str, Any]]
) -> Iterator[tuple[int, Death, Outcome]]:
    """Do a job on the same workspace until it was killed `count` times, each time at another point.

    How many calls it makes and how long it takes is measured first, on a copy.
    """
    copy = patient.path.with_name("undisturbed")
    shutil.copytree(patient.path, copy)
    whole = server.run(Task(job, copy, options(-1)))
    assert not (whole.error or whole.crash or whole.killed), whole.error or whole.crash
    shutil.rmtree(copy)
    killed = 0
    for number, death in enumerate(deaths(count, whole, job)):
        found = server.run(Task(job, patient.path, options(number), death))
        assert not (found.error or found.crash), f"{death}: {found.error or found.crash}"
        yield number, death, found
        killed += found.killed
        if killed == count:
            return


@kills
def test_appending(server: Server, patient: Patient, count: int) -> None:
    acknowledged: set[str] = set()
    for number, _death, found in each_death(
        server, patient, count, "append", lambda n: {"name": f"run{n}", "count": 30}
    ):
        acknowledged |= {id_ for ids in found.acknowledged for id_ in ids}
        there = patient.events()
        assert acknowledged <= there.keys()
        assert set(there.values()) <= {1}
        # Of the one append that was under way all or nothing counts as well, unless the line itself was cut.
        assert len([id_ for id_ in there if id_.startswith(f"run{number}.")]) <= 3 * len(found.acknowledged) + 3
        acknowledged = set(there)
    patient.check()
    assert patient.services.workspace.events.seal().events == len(acknowledged)
    assert patient.events() == dict.fromkeys(acknowledged, 1)


@kills
def test_appending_and_sealing_activities(server: Server, patient: Patient, count: int) -> None:
    acknowledged: set[str] = set()

    def options(number: int) -> dict[str, Any]:
        return {"name": f"run{number}", "count": 30}

    for number, death, found in each_death(server, patient, count // 2, "append_activities", options):
        acknowledged |= {id_ for ids in found.acknowledged for id_ in ids}
        there = happened(patient)
        assert acknowledged <= there.keys() and set(there.values()) <= {1}, death
        assert len([one for one in there if one.startswith(f"run{number}.")]) <= 3 * len(found.acknowledged) + 3
        acknowledged = set(there)
    expected = happened(patient)

    def more(number: int) -> dict[str, Any]:
        some = activities(f"more{number}", 4)
        patient.services.workspace.activities.append(some)
        expected.update({one.id: 1 for one in some})
        return {}

    for _number, death, _found in each_death(server, patient, count // 2, "seal_activities", more):
        assert happened(patient) == expected, death
    log = patient.services.workspace.activities
    log.seal()
    assert happened(patient) == expected
    assert {one.code for one in log.verify()} <= HARMLESS


def happened(patient: Patient) -> dict[str, int]:
    """Return the number of times that each activity is there, by its id."""
    with patient.services.workspace.activities.connect() as connection:
        return dict(connection.execute("SELECT id, count(*) FROM activities GROUP BY id").fetchall())


@kills
def test_saving_goals(server: Server, patient: Patient, count: int) -> None:
    last = 0
    for number, death, found in each_death(
        server, patient, count, "save", lambda n: {"first": 100 * n + 1, "count": 5}
    ):
        first = 100 * number + 1
        stored = patient.services.goals.get(GOAL)
        says = {stored.description, *(step.description for step in stored.steps)}
        assert len(says) == 1, f"{death}: a goal of two states"
        state = int(says.pop().removeprefix("state ") or 0)
        surely = found.acknowledged[-1] if found.acknowledged else last
        under_way = surely + 1 if found.acknowledged else first
        assert state in (surely, under_way), f"{death}: neither the old state nor the new one"
        assert patient.services.goals.versions(stored.id)[-1] == stored
        patient.check()
        last = state
    server.run(Task("save", patient.path, {"first": 100 * LONG * 10, "count": 1}))
    assert list(patient.path.glob(".*.tmp")) == []


@kills
def test_syncing(server: Server, patient: Patient, count: int) -> None:
    with serving() as service:
        patient.services.syncs.add("Live", service.url)
        records = service.records["GoalEvents"]

        def more(number: int) -> dict[str, Any]:
            first = len(records)
            for place in range(first, first + 12):
                moment = f"2026-10-{2 + place // 1440:02}T{place // 60 % 24:02}:{place % 60:02}:00.000Z"
                records.append(event_record(place, START, id=f"e{place:05}", timestamp=moment))
            return {"name": "Live"}

        known: set[str] = set()
        for _number, death, found in each_death(server, patient, count, "sync", more):
            there = patient.events()
            assert known <= there.keys() and set(there.values()) <= {1}, death
            assert not found.acknowledged or len(there) == len(records), death
            known = set(there)
        assert not server.run(Task("sync", patient.path, {"name": "Live"})).error
        assert patient.events() == {record["id"]: 1 for record in records}
    patient.check()


@kills
def test_importing(server: Server, patient: Patient, count: int, tmp_path: Path) -> None:
    expected: dict[str, int] = {}

    def files(number: int) -> dict[str, Any]:
        folder = tmp_path / f"export{number}"
        folder.mkdir()
        records = odata_records(f"Goal {number}", 40)
        (folder / "page.json").write_text(json.dumps({"value": records[:60]}))
        (folder / "lines.jsonl").write_text("\n".join(json.dumps(record) for record in records[60:]))
        return {"folder": str(folder)}

    for number, death, found in each_death(server, patient, count, "import_odata", files):
        wanted = {f"Goal {number}.{cycle}-{place}" for cycle in range(40) for place in range(3)}
        there = patient.events()
        came = there.keys() - expected.keys()
        assert set(there.values()) <= {1} and came in (set(), wanted), f"{death}: half an import"
        assert came or not found.acknowledged
        again = patient.services.imports.odata([tmp_path / f"export{number}"])
        assert again.events_added == (0 if came else len(wanted)) and not again.broken
        assert patient.services.goals.get(f"Goal {number}").steps
        expected |= dict.fromkeys(wanted, 1)
        assert patient.events() == expected
    patient.check()


@kills
def test_sealing(server: Server, patient: Patient, count: int) -> None:
    expected: dict[str, int] = {}

    def more(number: int) -> dict[str, Any]:
        # The copy on which the job is measured was made before: it seals what is there from the beginning.
        add(patient, expected, f"run{number}")
        return {}

    add(patient, expected, "before")
    for _number, death, _found in each_death(server, patient, count, "seal", more):
        assert patient.events() == expected, death
        patient.check()
    log = patient.services.workspace.events
    log.seal()
    assert patient.events() == expected
    assert log.verify() == []
    assert log.stats().appended_events == 0


@kills
def test_expiring(server: Server, patient: Patient, count: int) -> None:
    services = patient.services
    services.project.save(services.project.get().model_copy(update={"retention_days": 30}))
    kept, kept_activities = dict[str, int](), dict[str, int]()
    old_events, old_activities = set[str](), set[str]()
    add(patient, kept, "kept")

    def more(number: int) -> dict[str, Any]:
        log, activity_log = patient.services.workspace.events, patient.services.workspace.activities
        some, acts = attempt(patient.services.goals.get(GOAL), f"old{number}"), activities(f"old{number}", 4)
        aged = {"timestamp": NOW - timedelta(days=31)}
        log.append([*(one.model_copy(update=aged) for one in some[:-1]), some[-1]])
        activity_log.append([*(one.model_copy(update=aged) for one in acts[:-1]), acts[-1]])
        if number % 2:
            log.seal()
            activity_log.seal()
        kept.update({some[-1].id: 1})
        kept_activities.update({acts[-1].id: 1})
        old_events.update(one.id for one in some[:-1])
        old_activities.update(one.id for one in acts[:-1])
        add(patient, kept, f"young{number}")
        return {}

    more(-2)
    for _number, death, found in each_death(server, patient, count, "expire", more):
        logs = (patient.events(), kept, old_events), (happened(patient), kept_activities, old_activities)
        for there, staying, old in logs:
            left = there.keys() - staying.keys()
            assert staying.items() <= there.items() and set(there.values()) <= {1}, f"{death}: what is young went"
            assert left in (set(), old), f"{death}: half expired"
            assert not (found.acknowledged and left), death
            old &= left
        patient.check()
    patient.services.events.expire()
    assert (patient.events(), happened(patient)) == (kept, kept_activities)
    assert patient.services.events.expire(dry_run=True).events == 0
    patient.check()
    assert {one.code for one in patient.services.workspace.activities.verify()} <= HARMLESS


@kills
def test_deleting_a_goal(server: Server, patient: Patient, count: int) -> None:
    staying: dict[str, int] = {}
    add(patient, staying, "staying")
    going = {f"going.{number}-{place}" for number in range(3) for place in range(3)}
    prepare_to_delete(patient, sealed=False)

    for number, death, found in each_death(server, patient, count, "delete", lambda _n: {"goal": OTHER}):
        names = {one.name for one in patient.services.goals.summaries()}
        left = {id_: count for id_, count in patient.events().items() if id_ not in staying}
        assert dict.fromkeys(staying, 1).items() <= patient.events().items(), f"{death}: another goal's events went"
        assert left in ({}, dict.fromkeys(going, 1)), f"{death}: half deleted"
        assert OTHER in names or not left, f"{death}: events without their goal"
        assert OTHER not in names or not found.acknowledged
        patient.check()
        if OTHER in names:
            patient.services.goals.delete(OTHER, confirm=OTHER)
        assert patient.events() == staying
        prepare_to_delete(patient, sealed=number % 2 == 0)


@kills
def test_deleting_a_step(server: Server, patient: Patient, count: int) -> None:
    before = patient.services.goals.get(GOAL)
    for number, death, _found in each_death(
        server, patient, count, "delete_step", lambda _n: {"goal": GOAL, "place": 1}
    ):
        stored = patient.services.goals.get(GOAL)
        of_step = {id_ for id_ in patient.events() if id_.endswith("-1")}
        assert len(stored.steps) == 3 or not of_step, f"{death}: events of a step that is gone"
        if len(stored.steps) == 2:
            patient.services.goals.save(stored.model_copy(update={"steps": before.steps}))
        patient.services.workspace.events.append(attempt(before, f"run{number}"))
        if number % 2:
            patient.services.workspace.events.seal()
        patient.check()
    kept = {f"run{number}-{place}" for number in range(count) for place in (0, 2)}
    assert kept <= {id_ for id_, times in patient.events().items() if times == 1}


@kills
def test_importing_a_package(
    server: Server, patient: Patient, new_patient: NewPatient, count: int, tmp_path: Path
) -> None:
    wanted: dict[str, int] = {}
    origin = new_patient("origin")
    add(origin, wanted, "packed")
    package = tmp_path / "goals.zip"
    origin.services.packages.export([GOAL, OTHER], package, with_events=True)
    empty = Patient(shutil.copytree(patient.path, tmp_path / "empty"))
    for name in (GOAL, OTHER):
        empty.services.goals.delete(name, confirm=name)

    def anew(_number: int) -> dict[str, Any]:
        shutil.rmtree(patient.path)
        shutil.copytree(empty.path, patient.path)
        return {"package": str(package)}

    for _number, death, found in each_death(server, patient, count, "import_package", anew):
        there, goals = patient.events(), {one.name for one in patient.services.goals.all()}
        assert there in ({}, wanted), f"{death}: half of the events"
        assert goals in (set(), {GOAL, OTHER}), f"{death}: half of the goals"
        assert there or not goals, f"{death}: goals without their events"
        assert goals or not found.acknowledged
        patient.check()
        patient.services.packages.import_package(package, "replace")
        assert patient.events() == wanted
        assert {one.name for one in patient.services.goals.all()} == {GOAL, OTHER}


@kills
def test_writing_files_for_others(server: Server, patient: Patient, count: int, tmp_path: Path) -> None:
    add(patient, {}, "some")
    file, package = tmp_path / "events.jsonl", tmp_path / "goals.zip"
    patient.services.workspace.events.export(file)
    patient.services.packages.export([GOAL], package, with_events=True)
    before = file.read_bytes(), package.read_bytes()
    for _ in each_death(server, patient, count // 2, "export_events", lambda _n: {"file": str(file)}):
        assert file.read_bytes() == before[0]
    options = {"package": str(package), "goals": [GOAL]}
    for _ in each_death(server, patient, count // 2, "export_package", lambda _n: options):
        assert package.read_bytes() == before[1]


def add(patient: Patient, expected: dict[str, int], name: str) -> None:
    """Some whole cycles; what is to be there then joins `expected`."""
    services = patient.services
    found = services.goals.get(GOAL)
    events = [event for number in range(5) for event in attempt(found, f"{name}.{number}")]
    services.workspace.events.append(events)
    expected |= {event.id: 1 for event in events}


def prepare_to_delete(patient: Patient, *, sealed: bool) -> None:
    """The other goal with three cycles, appended and, where asked, sealed."""
    services = patient.services
    if OTHER not in {one.name for one in services.goals.summaries()}:
        services.goals.save(goal(OTHER, "Begin", "Choose", "◎Done").model_copy(update={"revision": 0}))
    found = services.goals.get(OTHER)
    services.workspace.events.append([event for number in range(3) for event in attempt(found, f"going.{number}")])
    if sealed:
        services.workspace.events.seal()


@kills
def test_making_the_demo_anew(server: Server, tmp_path: Path, count: int) -> None:
    patient = Patient(tmp_path / "demo")
    assert not server.run(Task("demo", patient.path, {"cycles": 4})).error
    (patient.path / "notes.txt").write_text("mine")
    neighbour = tmp_path / ".demo.new"
    neighbour.mkdir()
    before = 4
    for number, death, found in each_death(server, patient, count, "demo", lambda n: {"cycles": 3 + n % 3}):
        there = patient.events()
        assert len(there) in (3 * before, 3 * (3 + number % 3)), f"{death}: neither the old demo nor the new one"
        assert not found.acknowledged or len(there) == 3 * found.acknowledged[0]
        patient.check()
        (notes,) = tmp_path.rglob("notes.txt")
        assert notes.read_text() == "mine"
        before = len(there) // 3
    assert not server.run(Task("demo", patient.path, {"cycles": 4})).error
    assert (patient.path / "notes.txt").exists()
    assert {one.name for one in tmp_path.iterdir()} == {"demo", neighbour.name}
