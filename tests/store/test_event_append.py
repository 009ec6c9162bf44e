from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from goals_tui.domain.errors import UnreadableError
from tests.store.builders import event, events, files, ids, new_log


def test_an_event_is_one_line_under_the_names_of_the_original(tmp_path: Path) -> None:
    log = new_log(tmp_path)
    log.append([event(1, endpoint_name="Web", session_id="Grüße 👋")])
    assert (log.path / "events.jsonl").read_text() == (
        '{"id":"e1","version":"","timestamp":"2026-10-01T00:00:01.000Z","goalCycleId":"c0","stepId":"s1",'
        '"goalId":"g","sessionId":"Grüße 👋","endpointName":"Web"}\n'
    )


def test_appending_nothing_writes_nothing(tmp_path: Path) -> None:
    log = new_log(tmp_path)
    log.append([])
    log.sync()
    assert files(log) == []


def test_a_torn_last_line_is_set_off_and_counted(tmp_path: Path) -> None:
    log = new_log(tmp_path)
    log.append(events(1))
    with (log.path / "events.jsonl").open("ab") as file:
        file.write(b'{"id":"e9","timest')
    assert ids(log) == ["e1"]
    assert log.stats().torn_lines == 1
    log.append(events(2))
    assert ids(log) == ["e1", "e2"]
    assert log.stats().torn_lines == 1
    assert new_log(tmp_path).stats().events == 2


def test_a_whole_last_line_without_its_break_counts(tmp_path: Path) -> None:
    log = new_log(tmp_path)
    log.append(events(1, 2))
    path = log.path / "events.jsonl"
    os.truncate(path, path.stat().st_size - 1)
    assert ids(log) == ["e1", "e2"]
    new_log(tmp_path).append(events(3))
    assert ids(log) == ["e1", "e2", "e3"]
    assert log.stats().torn_lines == 0


@pytest.mark.parametrize("written", [0, 1, 40, 200])
def test_a_full_disk_adds_none_of_the_events(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: int) -> None:
    log = new_log(tmp_path)
    log.append(events(1))
    before = (log.path / "events.jsonl").read_bytes()
    write, calls = os.write, []

    def full(descriptor: int, data: bytes) -> int:
        calls.append(data)
        if len(calls) == 1 and written:
            return write(descriptor, data[:written])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(UnreadableError, match=r"no space left on device\. Free some space"):
            log.append(events(2, 3))
    assert (log.path / "events.jsonl").read_bytes() == before
    log.append(events(4))
    assert ids(log) == ["e1", "e4"]


def test_a_workspace_that_is_gone_is_said(tmp_path: Path) -> None:
    log = new_log(tmp_path / "workspace")
    shutil.rmtree(tmp_path / "workspace")
    with pytest.raises(UnreadableError, match=str(log.path)):
        log.append(events(1))


def test_a_file_that_was_sealed_meanwhile_is_not_written_to(tmp_path: Path) -> None:
    log, other = new_log(tmp_path), new_log(tmp_path)
    log.append(events(1))
    other.append(events(2))
    other.seal()
    log.append(events(3))
    assert ids(log) == ["e1", "e2", "e3"]
    assert log.stats().appended_events == 1


APPENDER = """
import sys
from pathlib import Path
from tests.store.builders import event, new_log
log = new_log(Path(sys.argv[1]))
for number in range(int(sys.argv[2]), int(sys.argv[3])):
    log.append([event(number)])
"""


def test_processes_append_at_once_while_one_seals(tmp_path: Path) -> None:
    log = new_log(tmp_path)
    command = [sys.executable, "-c", APPENDER, str(tmp_path)]
    running = [
        subprocess.Popen([*command, str(start), str(start + 1500)], cwd=Path(__file__).parents[2])
        for start in (0, 1500)
    ]
    while any(process.poll() is None for process in running):
        log.seal()
        with log.connect() as connection:
            row = connection.execute("SELECT count(*), count(DISTINCT id) FROM events").fetchone()
        assert row is not None and row[0] == row[1]
    assert [process.returncode for process in running] == [0, 0]
    assert sorted(ids(log)) == sorted(f"e{number}" for number in range(3000))
    assert log.stats().torn_lines == 0


def test_a_forked_child_has_a_lock_of_its_own(tmp_path: Path) -> None:
    if not hasattr(os, "fork"):
        pytest.skip("no fork here")
    log = new_log(tmp_path)
    log.append(events(0))
    program = (
        "import os, sys\nfrom pathlib import Path\nfrom tests.store.builders import events, new_log\n"
        "log = new_log(Path(sys.argv[1]))\nlog.append(events(1))\nchild = os.fork()\n"
        "for n in range(200):\n    log.append(events(1000 * (child == 0) + n + 2))\n"
        "os._exit(0) if child == 0 else os.waitpid(child, 0)\n"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True, cwd=Path(__file__).parents[2])
    assert len(set(ids(log))) == len(ids(log)) == 402
