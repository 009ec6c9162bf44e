"""Starting a task again, also in another program than the one that it was started in."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest

from goals_tui.domain.errors import RefusedError
from goals_tui.services.context import Services, open_services
from goals_tui.services.tasks import start as start_task
from goals_tui.services.tasks.record import Task, TaskKind
from goals_tui.services.tasks.work import JOBS, DeriveGoal, ImportEvents, ImportLog, Job, Seal, recorded
from tests.builders import WHEN, book_a_flight, book_a_flight_flow, event
from tests.conftest import NOW, PATIENCE


@pytest.fixture
def filled(services: Services) -> Services:
    goal = services.goals.save(book_a_flight().model_copy(update={"revision": 0}))
    services.flows.save(book_a_flight_flow(goal))
    return services


def again(services: Services, task: Task) -> Task:
    """The task after it was started again in another program, which stands elsewhere."""
    later = open_services(services.workspace.path, clock=lambda: NOW + timedelta(hours=1), env={})
    started = later.tasks.retry(task.id)
    assert later.tasks.wait(PATIENCE)
    ended = later.tasks.get(started.id)
    assert (ended.title, ended.kind, ended.job) == (task.title, task.kind, task.job)
    return ended


def failed(services: Services, task: Task) -> Task:
    assert services.tasks.wait(PATIENCE)
    ended = services.tasks.get(task.id)
    assert ended.state == "failed", ended
    assert services.tasks.can_retry(ended)
    return ended


def test_an_import_of_events(filled: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    task = failed(filled, start_task.import_events(filled, [Path("events.jsonl")]))
    line = event(filled.goals.get("Book a Flight"), "Flight selected").model_dump_json(by_alias=True)
    (tmp_path / "events.jsonl").write_text(line + "\n")
    monkeypatch.chdir("/")
    assert again(filled, task).text == "0 goals added, 0 changed; 1 event added, 0 known already"


def test_an_import_of_a_package_with_its_answers(filled: Services, tmp_path: Path) -> None:
    (goal,) = filled.goals.all()
    package = tmp_path / "a.zip"
    task = failed(filled, start_task.import_package(filled, package, {goal.id: "duplicate"}))
    filled.packages.export([goal.id], package)
    assert again(filled, task).text.startswith("Imported 1 goal")
    assert [found.name for found in filled.goals.all()] == ["Book a Flight", "Book a Flight (2)"]


def test_a_package_that_could_not_be_written(filled: Services, tmp_path: Path) -> None:
    (goal,) = filled.goals.all()
    target = tmp_path / "not yet" / "a.zip"
    flows = [flow.id for flow in filled.flows.all()]
    task = failed(filled, start_task.create_package(filled, [goal.id], target, flows=flows))
    with pytest.raises(RefusedError, match=r"^'Create package a\.zip' can't be started again: There is no folder"):
        again(filled, task)
    target.parent.mkdir()
    assert again(filled, task).text.startswith("Packed 1 goal, 1 flow")


def test_a_simulation(filled: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    (flow,) = filled.flows.all()

    def refuse(*args: Any, **options: Any) -> None:
        raise RefusedError("not today")

    with monkeypatch.context() as patched:
        patched.setattr(filled.simulation, "simulate", refuse)
        days = {"start": NOW - timedelta(days=2), "end": NOW}
        task = failed(filled, start_task.simulate(filled, flow.id, sessions=20, seed=4, **days))
    done = again(filled, task)
    assert (done.state, done.text.split(",")[0]) == ("done", "20 conversations")
    filled.flows.delete(flow.id)
    with pytest.raises(RefusedError, match=r"^'Simulate Book a Flight' can't be started again: There is no flow"):
        again(filled, task)


def test_what_was_cut_off_by_the_end_of_its_program(filled: Services, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    line = event(filled.goals.get("Book a Flight"), "Flight selected").model_dump_json(by_alias=True)
    file.write_text(line + "\n")
    program = """
import os, sys
from pathlib import Path
from threading import Event
from goals_tui.services.tasks import start as start_task
from goals_tui.services.context import open_services
services = open_services(Path(sys.argv[1]), env={})
services.imports.odata = lambda *args, **options: os.kill(os.getpid(), 9)
start_task.import_events(services, [Path(sys.argv[2])])
Event().wait()
"""
    killed = subprocess.run([sys.executable, "-c", program, str(filled.workspace.path), str(file)], timeout=PATIENCE)
    assert killed.returncode == -9
    (task,) = filled.tasks.list()
    assert task.state == "interrupted"
    done = again(filled, task)
    assert (done.state, done.text) == ("done", "0 goals added, 0 changed; 1 event added, 0 known already")


def test_what_is_gone_is_said(filled: Services, tmp_path: Path) -> None:
    gone = tmp_path / "gone.jsonl"
    task = failed(filled, start_task.import_events(filled, [gone]))
    with pytest.raises(RefusedError) as refused:
        filled.tasks.retry(task.id)
    assert (
        str(refused.value) == f"'Import events from gone.jsonl' can't be started again: {gone} is not there any more."
    )
    assert len(filled.tasks.list()) == 1, "no second task that fails"


def test_a_record_that_somebody_changed_is_said(filled: Services) -> None:
    values = {"id": "0" * 24, "kind": "simulation", "title": "Simulate X", "created_at": WHEN, "state": "failed"}
    broken = Task.model_validate({**values, "job": {"flow_id": 3}})
    with filled.workspace.documents.transaction() as transaction:
        transaction.put("tasks", broken.id, broken.model_dump(mode="json"))
    with pytest.raises(RefusedError, match=r"^'Simulate X' can't be started again: What it was to do can't be read"):
        filled.tasks.retry(broken.id)


def test_what_is_done_is_not_done_again(filled: Services) -> None:
    done = filled.tasks.seal()
    assert filled.tasks.wait(PATIENCE)
    with pytest.raises(RefusedError, match="can't be started again"):
        filled.tasks.retry(done.id)


def test_every_kind_has_its_job() -> None:
    assert {job.kind for job in JOBS} == {*get_args(TaskKind)}
    assert recorded("seal", {}) == Seal()


@pytest.mark.parametrize(
    "job",
    [
        ImportEvents(paths=(Path("/a.json"),), duration_unit="seconds"),
        ImportLog(
            path=Path("/log.csv"),
            goal=None,
            columns={"cycle": "a", "step": "b", "time": "c"},
            initial=None,
            completion=("Done",),
            time_format="epoch",
            object_type=None,
        ),
        DeriveGoal(goal_id="a" * 24),
    ],
)
def test_jobs_that_share_a_kind_are_told_apart(job: Job) -> None:
    assert recorded(job.kind, job.model_dump(mode="json")) == job
