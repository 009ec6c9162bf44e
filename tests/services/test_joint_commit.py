"""Goals and events change as one: what each moment of it leaves on the disk, and who makes it whole again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from goals_tui.domain.errors import UnreadableError
from goals_tui.domain.event import source
from goals_tui.services.context import Services, open_services
from goals_tui.store.document_storage import DocumentStorage
from tests import builders
from tests.conftest import NOW

WEB = source("Webchat", None, None, None)


class State(NamedTuple):
    """The names of the goals, and how many events there are."""

    goals: tuple[str, ...]
    events: int


OLD, NEW = State(("Book", "Stay"), 4), State(("Stay",), 2)


def state_of(path: Path) -> State:
    """Read it as a new process does."""
    return read(open_services(path, env={}))


def read(services: Services) -> State:
    with services.workspace.events.connect() as connection:
        row = connection.execute("SELECT count(*) FROM events").fetchone()
    return State(tuple(sorted(goal.name for goal in services.goals.all())), row[0] if row else 0)


def formats(path: Path) -> tuple[int, int]:
    """The formats of goals.json and parts.json."""
    documents = json.loads((path / "goals.json").read_bytes())
    return documents["_format"], json.loads((path / "events" / "parts.json").read_bytes())["format"]


class Moments(NamedTuple):
    """Copies of the workspace, as a process that dies at this moment of a deletion leaves it."""

    intended: Path
    committed: Path
    settled: Path
    done: Path


@pytest.fixture
def workspace(services: Services) -> Path:
    """Two goals with two events each, one of them sealed."""
    for name in ("Book", "Stay"):
        goal = services.goals.save(builders.goal(name, "● Begin", "◎ Done").model_copy(update={"revision": 0}))
        services.tracking.track("s", goal.id, [goal.steps[0].id], WEB)
    services.workspace.events.seal()
    for goal in services.goals.all():
        services.tracking.track("s", goal.id, [goal.steps[1].id], WEB)
    assert read(services) == OLD
    return services.workspace.path


@pytest.fixture
def moments(workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Moments:
    """The moments of deleting the first goal."""
    moments = Moments(*(tmp_path / name for name in Moments._fields))
    write: Callable[..., None] = DocumentStorage.write

    def watched(storage: DocumentStorage, data: Any, *, mark: str | None = None, **options: Any) -> None:
        shutil.copytree(workspace, moments.intended if mark else moments.settled)
        write(storage, data, mark=mark, **options)
        if mark:
            shutil.copytree(workspace, moments.committed)

    with monkeypatch.context() as patch:
        patch.setattr(DocumentStorage, "write", watched)
        open_services(workspace, env={}).goals.delete("Book", confirm="Book")
    shutil.copytree(workspace, moments.done)
    return moments


def test_each_moment_shows_the_old_state_or_the_new(moments: Moments) -> None:
    assert [state_of(path) for path in moments] == [OLD, NEW, NEW, NEW]
    assert [formats(path) for path in moments] == [(1, 2), (2, 2), (2, 1), (1, 1)], "an older version refuses the open"


@pytest.mark.parametrize("moment", Moments._fields)
def test_the_next_writer_brings_it_to_its_end_or_takes_it_back(moments: Moments, moment: str) -> None:
    for writes in (
        lambda services: services.goals.save(services.goals.get("Stay").model_copy(update={"description": "New"})),
        lambda services: services.workspace.events.seal(),
        lambda services: services.goals.delete("Stay", confirm="Stay"),
    ):
        path = shutil.copytree(getattr(moments, moment), moments.done.with_name(f"copy of {moment}"))
        services = open_services(path, clock=lambda: NOW, env={})
        before = read(services)
        writes(services)
        after = read(services)
        if "Stay" in after.goals:
            assert after == before
        else:
            assert after == (State(("Book",), 2) if before == OLD else State((), 0))
        services.project.save(services.project.get().model_copy(update={"name": "Other"}))
        services.workspace.events.seal()
        assert state_of(path) == after and formats(path) == (1, 1)
        assert services.workspace.events.verify() == []
        assert not list(path.rglob("*.new")) and not list(path.rglob("*.tmp"))
        shutil.rmtree(path)


def test_an_open_app_sees_it_happen_and_reads_no_old_answer(moments: Moments) -> None:
    services = open_services(moments.intended, env={})
    assert read(services) == OLD
    stamp = services.workspace.events.stamp()
    # The process that committed was killed before it could say so in parts.json.
    shutil.copy(moments.committed / "goals.json", moments.intended / "goals.json")
    assert services.workspace.events.stamp() != stamp
    assert read(services) == NEW


def test_an_intent_whose_mark_is_lost_with_goals_json_counts_for_nothing(moments: Moments) -> None:
    """`goals.json` was put back from a backup or by git: its goals have their events."""
    shutil.copy(moments.intended / "goals.json", moments.committed / "goals.json")
    assert state_of(moments.committed) == OLD


@pytest.mark.parametrize(("file", "field"), [("goals.json", "_format"), ("events/parts.json", "format")])
def test_a_newer_format_is_refused_in_one_line(moments: Moments, file: str, field: str) -> None:
    for path in (moments.committed, moments.done):
        content = json.loads((path / file).read_bytes())
        (path / file).write_text(json.dumps({**content, field: 3}))
        with pytest.raises(UnreadableError, match=r"was written by a newer goals-tui.*Update goals-tui\.$") as refused:
            state_of(path)
        assert "\n" not in str(refused.value)


def test_events_that_come_while_a_goal_is_deleted_go_with_it(services: Services, workspace: Path) -> None:
    log, goal = services.workspace.events, services.goals.get("Book")
    with log.deleting({goal.id: None}) as deletion:
        assert deletion.events == 2
        tracked = services.tracking.track("late", goal.id, [goal.steps[0].id], WEB)
        many = [tracked.events[0].model_copy(update={"id": f"late{n}"}) for n in range(500)]
        log.append(many)
        deletion.commit()
    assert deletion.events == 2 + 1 + len(many)
    assert read(services).events == 2


def test_a_change_that_can_not_be_written_is_taken_back(
    services: Services, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise UnreadableError("Can't write goals.json: no space left on device. Free some space and try again.")

    with monkeypatch.context() as patch, pytest.raises(UnreadableError, match="no space"):
        patch.setattr(DocumentStorage, "write", full)
        services.goals.delete("Book", confirm="Book")
    assert read(services) == state_of(workspace) == OLD and formats(workspace) == (1, 1)
    assert services.goals.delete("Book", confirm="Book").events == 2
    assert read(services) == NEW
