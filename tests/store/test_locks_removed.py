"""Lock files that other programs remove or replace, as `git clean` and programs that synchronise folders do."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from goals_tui.domain.errors import UnreadableError
from goals_tui.domain.event import source
from goals_tui.services.context import create_workspace, open_services
from goals_tui.store.locks import process_lock
from tests.builders import goal

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux locks folders by name")

NAMES = ("goals.json.lock", "events/events.lock", "events/parts.lock")
WORKERS = 2


@pytest.mark.parametrize("swap", ["removed", "replaced"])
def test_who_holds_a_lock_holds_it_without_its_file(tmp_path: Path, swap: str) -> None:
    path = tmp_path / "folder" / "the.lock"
    first, second, other = (
        process_lock(path.with_name(n), 0.05, makes_folder=True) for n in ("the.lock", "the.lock", "x")
    )
    with second:
        pass  # It has opened the file.
    with first:
        path.unlink()
        if swap == "replaced":
            path.with_name("new").touch()
            path.with_name("new").replace(path)
        for late in (second, process_lock(path, 0.05)):
            with pytest.raises(UnreadableError, match="has held"), late:
                pass
        with other:
            pass
    with second:
        assert path.exists()


def test_a_folder_that_was_replaced_is_another_one(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    first, second = (process_lock(folder / "the.lock", 0.05, makes_folder=True) for _ in range(2))
    with first:
        pass
    folder.rename(tmp_path / "old")
    folder.mkdir()
    with first, pytest.raises(UnreadableError, match="has held"), second:
        pass


def test_a_child_process_has_a_lock_of_its_own(tmp_path: Path) -> None:
    lock = process_lock(tmp_path / "lock", 0.05)
    with lock:
        pass
    (tmp_path / "lock").unlink()
    program = (
        "import sys; from pathlib import Path; from goals_tui.store.locks import process_lock\n"
        "with process_lock(Path(sys.argv[1]), 0.05): pass"
    )
    with lock:
        child = subprocess.run([sys.executable, "-c", program, tmp_path / "lock"], capture_output=True, check=False)
    assert b"has held" in child.stderr


@pytest.mark.parametrize("seconds", [3, pytest.param(60, marks=pytest.mark.long)])
def test_nothing_acknowledged_is_lost_while_lock_files_are_removed(tmp_path: Path, seconds: float) -> None:
    path = tmp_path / "workspace"
    services = create_workspace(path, name="Locks", env={})
    first = services.goals.save(goal("Book a Flight", "Begin", "◎Done").model_copy(update={"revision": 0}))
    with removed_in_a_loop(path):
        workers = [start_worker(path, first.id, number, seconds) for number in range(WORKERS)]
        said = [worker.communicate(timeout=seconds + 60) for worker in workers]
    for out, error in said:
        assert error == b"" and out
    events = {line for out, _ in said for line in out.split() if line.startswith(b"e")}
    saves = {line for out, _ in said for line in out.split() if line.startswith(b"g")}
    assert len(events) > 20 and len(saves) > 20
    services = open_services(path, env={})
    with services.workspace.events.connect() as connection:
        found = [row[0] for row in connection.execute('SELECT "sessionId" FROM events').fetchall()]
    assert len(found) == len(set(found))
    assert events - {id_.encode() for id_ in found} == set()
    assert saves - {one.name.encode() for one in services.goals.summaries()} == set()
    assert services.workspace.notices == []


def start_worker(path: Path, goal_id: str, number: int, seconds: float) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", __name__, str(path), goal_id, str(number), str(seconds)]
    root = Path(__file__).parents[2]
    return subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def work(path: Path, goal_id: str, worker: str, seconds: float) -> None:
    """Tracks, saves goals and seals; says what was acknowledged."""
    services = open_services(path, env={})
    steps = [services.goals.get(goal_id).steps[0].id]
    origin, until, number = source("Webchat", "en", None, None), time.monotonic() + seconds, 0
    while time.monotonic() < until:
        for _ in range(5):
            number += 1
            services.tracking.track(f"e{worker}.{number}", goal_id, steps, origin)
            print(f"e{worker}.{number}")
        services.goals.save(goal(f"g{worker}.{number}", "Begin", "◎Done").model_copy(update={"revision": 0}))
        print(f"g{worker}.{number}")
        if number % 50 == 0:
            services.workspace.events.seal()


@contextlib.contextmanager
def removed_in_a_loop(path: Path) -> Iterator[None]:
    done = threading.Event()

    def remove() -> None:
        while not done.wait(0.0005):
            for name in NAMES:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(path / name)  # noqa: PTH108  # as often as possible

    remover = threading.Thread(target=remove)
    remover.start()
    try:
        yield
    finally:
        done.set()
        remover.join()


if __name__ == "__main__":
    work(Path(sys.argv[1]), sys.argv[2], sys.argv[3], float(sys.argv[4]))
