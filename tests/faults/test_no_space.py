"""A disk that is full or can't be written: one clear line, nothing damaged, and all is well once there is room."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from goals_tui.domain.errors import GoalsError
from tests.faults import jobs
from tests.faults.conftest import Patient
from tests.faults.jobs import GOAL, OTHER, attempt, odata_records
from tests.faults.server import Outcome, Server, Task

NewPatient = Callable[[str], Patient]

WRITING = ("open", "write", "fsync", "replace", "link", "mkdir")
"""The calls that fail on a full disk or one that can't be written; taking files away works there."""


@pytest.fixture
def options(new_patient: NewPatient, tmp_path: Path) -> dict[str, dict[str, Any]]:
    """Return the options of each job."""
    origin = new_patient("origin")
    origin.services.workspace.events.append(attempt(origin.services.goals.get(GOAL), "packed"))
    origin.services.packages.export([GOAL], tmp_path / "goals.zip", with_events=True)
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "page.json").write_text(json.dumps(odata_records("Imported", 300)))
    return {
        "append": {"name": "new", "count": 3},
        "save": {"first": 1, "count": 2},
        "import_odata": {"folder": str(folder)},
        "seal": {},
        "delete": {"goal": OTHER},
        "delete_step": {"goal": GOAL, "place": 1},
        "import_package": {"package": str(tmp_path / "goals.zip")},
        "export_package": {"package": str(tmp_path / "out.zip"), "goals": [GOAL]},
        "export_events": {"file": str(tmp_path / "out.jsonl")},
        "save_settings": {"name": "Other"},
    }


JOBS = (
    "append",
    "save",
    "import_odata",
    "seal",
    "delete",
    "delete_step",
    "import_package",
    "export_package",
    "export_events",
    "save_settings",
)


@pytest.fixture
def filled(patient: Patient) -> Patient:
    """The workspace with sealed and appended events of both goals."""
    services = patient.services
    for name in (GOAL, OTHER):
        found = services.goals.get(name)
        services.workspace.events.append([e for n in range(20) for e in attempt(found, f"{name}.sealed{n}")])
    services.workspace.events.seal()
    for name in (GOAL, OTHER):
        services.workspace.events.append(attempt(services.goals.get(name), f"{name}.appended"))
    return patient


FAILING = [(job, errno.ENOSPC) for job in JOBS]
FAILING += [(job, error) for job in ("append", "save", "seal") for error in (errno.EROFS, errno.EACCES)]
"""A full disk for every job; on one that can't be written the calls are the same, and so is the way out of them."""


@pytest.mark.parametrize(("job", "error"), FAILING, ids=lambda given: errno.errorcode.get(given, given))
def test_each_call_that_writes_fails(
    job: str,
    error: int,
    filled: Patient,
    options: dict[str, dict[str, Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    state = filled.path.with_name("state")
    shutil.copytree(filled.path, state)
    # Of many calls some: reading is cheap, writing a part is not.
    every = error == errno.ENOSPC and job in ("append", "save", "save_settings")
    for at in range(1, 60, 1 if every else 7):
        workspace = Patient(tmp_path / f"run{at}")
        shutil.copytree(state, workspace.path)
        before = workspace.events()
        acknowledged: list[Any] = []
        with monkeypatch.context() as patch:
            failing = Failing(patch, at, error)
            line = message_of(partial(jobs.JOBS[job], workspace.path, acknowledged.append, **options[job]))
        if line is not None:
            check_line(line)
        check_nothing_is_lost(job, workspace, before, acknowledged, failed=line is not None)
        shutil.rmtree(workspace.path)
        if not failing.failed:
            return


@pytest.mark.parametrize("job", JOBS)
def test_no_file_can_grow(server: Server, job: str, filled: Patient, options: dict[str, dict[str, Any]]) -> None:
    state = filled.path.with_name("state")
    shutil.copytree(filled.path, state)
    for size in (0, 100, 3000, 20_000):
        shutil.rmtree(filled.path)
        shutil.copytree(state, filled.path)
        before = filled.events()
        found = server.run(Task(job, filled.path, options[job], file_size=size))
        assert not found.crash, f"{size} bytes: {found.crash}"
        assert not found.killed
        if found.error:
            check_line(found.error)
        check_nothing_is_lost(job, filled, before, found.acknowledged, failed=bool(found.error))


@pytest.mark.long
@pytest.mark.parametrize("job", JOBS)
def test_a_small_disk(
    server: Server, job: str, filled: Patient, small_disk: Path, options: dict[str, dict[str, Any]]
) -> None:
    workspace = Patient(small_disk / "workspace")
    shutil.copytree(filled.path, workspace.path)
    before = workspace.events()
    for free in (0, 4096, 16384, 32768, 65536):
        fill(small_disk, free)
        found: Outcome = server.run(Task(job, workspace.path, options[job]))
        (small_disk / "filler").unlink()
        assert not found.crash, f"{free} bytes free: {found.crash}"
        if found.error:
            check_line(found.error)
        check_nothing_is_lost(job, workspace, before, found.acknowledged, failed=bool(found.error))
        if not found.error:
            return
    done = server.run(Task(job, workspace.path, options[job]))
    assert not (done.error or done.crash)


def test_a_folder_that_can_not_be_written(server: Server, filled: Patient, options: dict[str, dict[str, Any]]) -> None:
    if os.geteuid() == 0:
        pytest.skip("permissions don't bind root; the failing calls above stand for them")
    before = filled.events()
    for folder in (filled.path / "events", filled.path):
        folder.chmod(0o555)
    try:
        assert server.run(Task("report", filled.path)).acknowledged == [42]
        for job in ("append", "save", "seal", "import_odata"):
            found = server.run(Task(job, filled.path, options[job]))
            if job != "append":  # the file of appended events is there already, and may be written
                check_line(found.error)
    finally:
        for folder in (filled.path, filled.path / "events"):
            folder.chmod(0o755)
    assert before.items() <= filled.events().items()


class Failing:
    """Lets the n-th call that writes fail, and all that follow: a disk stays full."""

    def __init__(self, patch: pytest.MonkeyPatch, at: int, error: int) -> None:
        self._left = at
        self._error = error
        self.failed = False
        for name in WRITING:
            patch.setattr(os, name, self._failing(name, getattr(os, name)))

    def _failing(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def failing(*args: Any, **options: Any) -> Any:
            if name == "open" and not args[1] & (os.O_CREAT | os.O_WRONLY | os.O_RDWR):
                return call(*args, **options)
            if name == "open" and Path(args[0]).exists():
                return call(*args, **options)
            self._left -= 1
            if self._left > 0:
                return call(*args, **options)
            self.failed = True
            raise OSError(self._error, os.strerror(self._error), str(args[0]))

        return failing


def message_of(work: Callable[[], None]) -> str | None:
    """The line of the GoalsError that `work` ends with; None where it ends well."""
    try:
        work()
    except GoalsError as error:
        return str(error)
    return None


def check_line(line: str) -> None:
    """One line that names what is wrong and what to do."""
    assert line == " ".join(line.split()) and len(line) < 600, line
    assert line.endswith(".") and line.count(". ") >= 1, f"no advice: {line}"


def check_nothing_is_lost(
    job: str, workspace: Patient, before: dict[str, int], acknowledged: list[Any], *, failed: bool
) -> None:
    workspace.check()
    there = workspace.events()
    assert set(there.values()) == {1}
    if job == "append":
        sure = {id_ for ids in acknowledged for id_ in ids}
        assert there.keys() == before.keys() | sure
    elif job == "delete":
        gone = {id_ for id_ in before if id_.startswith(OTHER)}
        assert there.keys() in (before.keys(), before.keys() - gone)
        assert failed or there.keys() == before.keys() - gone
    elif job == "delete_step":
        gone = {id_ for id_ in before if id_.startswith(GOAL) and id_.endswith("-1")}
        assert there.keys() in (before.keys(), before.keys() - gone)
    else:
        assert before.items() <= there.items()
    if job == "save":
        # The last of its calls makes the new name last: where that fails, the new state is in place.
        last = acknowledged[-1] if acknowledged else 0
        assert workspace.services.goals.get(GOAL).description in (f"state {last}" if last else "", f"state {last + 1}")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)], capture_output=True)
    if mounted.returncode:
        pytest.skip("only root can mount a small disk")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def fill(disk: Path, free: int) -> None:
    """Leave so many bytes free."""
    found = os.statvfs(disk)
    with (disk / "filler").open("wb") as filler:
        filler.write(bytes(max(0, found.f_bavail * found.f_frsize - free)))
