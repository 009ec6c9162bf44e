"""The work of tasks: packages, imports, sealing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from goals_tui.domain.errors import RefusedError
from goals_tui.services import events as events_service
from goals_tui.services.context import Services
from goals_tui.services.export_files import check_source, check_target
from goals_tui.services.tasks import start as start_task
from goals_tui.services.tasks.record import Task
from goals_tui.services.tasks.work import TaskControl
from tests.builders import book_a_flight, book_a_flight_flow, event
from tests.conftest import PATIENCE


@pytest.fixture
def filled(services: Services) -> Services:
    goal = services.goals.save(book_a_flight().model_copy(update={"revision": 0}))
    services.flows.save(book_a_flight_flow(goal))
    services.workspace.events.append([event(goal, "Flight selected"), event(goal, "Payment completed", seconds=9)])
    return services


def ended(services: Services, task: Task) -> Task:
    assert services.tasks.wait(PATIENCE)
    return services.tasks.get(task.id)


def test_a_package_is_made_and_brought_in(filled: Services, tmp_path: Path) -> None:
    path = tmp_path / "flight.zip"
    goal = filled.goals.get("Book a Flight")
    made = ended(filled, start_task.create_package(filled, [goal.id], path, with_events=True))
    assert (made.state, made.title, made.path) == ("done", "Create package flight.zip", str(path))
    assert made.text.startswith("Packed 1 goal, 0 flows, 2 events (")

    refused = ended(filled, start_task.import_package(filled, path, "ask"))
    assert refused.state == "failed"
    assert refused.text.startswith("Nothing was imported, for there are conflicts")
    brought = ended(filled, start_task.import_package(filled, path, "replace"))
    assert (brought.state, brought.notices) == ("done", ("Already here: 2 events.",))


def test_a_package_that_is_cancelled_half_way_leaves_no_file(
    filled: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cancelled: list[str] = []

    def cancel_and_go_on(control: TaskControl, fraction: float | None, text: str = "") -> None:
        (running,) = filled.tasks.running()
        cancelled.append(text)
        filled.tasks.cancel(running.id)
        control.check()

    monkeypatch.setattr(TaskControl, "progress", cancel_and_go_on)
    task = start_task.create_package(filled, [filled.goals.all()[0].id], tmp_path / "flight.zip", with_events=True)
    assert ended(filled, task).state == "cancelled"
    assert cancelled == ["2 of 2 events"]
    assert [path.name for path in tmp_path.iterdir()] == ["workspace"]


def test_events_are_imported(filled: Services, tmp_path: Path) -> None:
    goal = filled.goals.get("Book a Flight")
    file = tmp_path / "events.jsonl"
    line = event(goal, "Flight selected", cycle="new", seconds=700).model_dump_json(by_alias=True)
    file.write_text(json.dumps(json.loads(line)) + "\n")
    done = ended(filled, start_task.import_events(filled, [file]))
    assert done.state == "done", done.text
    assert filled.workspace.events.stats().events == 3


def test_sealing(filled: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    assert filled.tasks.seal_if_large() is None, "two events are few"
    monkeypatch.setattr(events_service, "SEAL_FROM_BYTES", 10)
    task = filled.tasks.seal_if_large()
    assert task is not None
    assert ended(filled, task).text == "Sealed 2 events."
    assert filled.workspace.events.stats().appended_events == 0
    assert filled.tasks.seal_if_large() is None, "nothing is appended any more"
    assert ended(filled, filled.tasks.seal()).text == "Everything is sealed already."


def test_a_path_that_is_no_text_is_refused_at_once(filled: Services, tmp_path: Path) -> None:
    odd = tmp_path / "caf\udce9.zip"
    for start in (
        lambda: start_task.create_package(filled, [], odd),
        lambda: start_task.import_package(filled, odd, "ask"),
        lambda: start_task.import_events(filled, [odd]),
        lambda: check_source(str(odd)),
        lambda: check_target(str(odd)),
    ):
        with pytest.raises(RefusedError, match=r"caf�.zip' is not valid UTF-8. Rename the file or folder."):
            start()
    assert filled.tasks.list() == []
