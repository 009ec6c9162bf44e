"""Paths that DuckDB would take for something else than a path."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import pytest

import goals_tui
from goals_tui.domain.errors import RefusedError, UnreadableError
from goals_tui.domain.project import Project
from goals_tui.store import duckdb_files
from goals_tui.store.duckdb_files import bare_connection, copy_to, cursor_of, note_of, parquet, reason_of
from goals_tui.store.events.bulk_import import BulkImport
from goals_tui.store.events.lines import to_line
from goals_tui.store.events.log import EventLog
from goals_tui.store.workspace import Workspace
from tests.conftest import PATIENCE
from tests.store.builders import event, events, ids, new_log

FOLDERS = [
    "id=abc/version=2/goalId=x/timestamp=1",
    "~",
    "it's [a] *log*?",
    "**/?",
    "back\\slash",
    "new\nline",
    '"quoted" {a,b}',
    "s3:/bucket",
    "ünï\x01",
]


@pytest.fixture(params=FOLDERS)
def odd(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    if sys.platform == "win32":
        pytest.skip("names that Windows does not have")
    # Neighbours that a pattern would find as well.
    for name in ("it's a xlogyz", "x/y", "a", "back/slash"):
        new_log(tmp_path / name).append(events(900))
    folder = tmp_path / str(request.param)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def test_a_workspace_in_a_folder_of_any_name(odd: Path) -> None:
    log = new_log(odd)
    log.append(events(1, 2))
    log.append([event(3, goal_id="h")])
    log.seal()
    with (log.path / "events.jsonl").open("ab") as file:
        file.write(b"torn\n")
    log.append(events(4, 5))
    assert (log.seal().events, log.delete("h")) == (2, 1)
    log.append(events(6))
    expected = ["e1", "e2", "e4", "e5", "e6"]
    assert (ids(log), log.stats().events, log.stats().torn_lines) == (expected, 5, 1)
    assert [found.step_id for found in log.session_events("session 1")] == ["s0", "s1", "s2"]
    (log.path / "parts.json").unlink()
    assert ids(EventLog(log.path)) == expected
    log.seal()
    assert {finding.code for finding in log.verify()} == {"torn-lines"}


def test_temporary_files_in_a_folder_of_any_name(odd: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(odd))
    log = new_log(tmp_path / "log")
    (log.path / "events.jsonl").write_bytes(b'{"id": "' + b"x" * 17_000_000 + b'"}\n' + to_line(event(1)))
    assert ids(log) == ["e1"]


def test_a_file_in_a_folder_of_any_name_is_imported_and_exported(odd: Path, tmp_path: Path) -> None:
    log = new_log(tmp_path / "log")
    lines = odd / "lines.jsonl"
    lines.write_bytes(b"".join(map(to_line, events(1, 2, 3, session_id="s", version="v"))))
    with BulkImport(log) as bulk:
        assert list(bulk.load(lines)) == []
        with bulk.prepared("batch") as part:
            assert part is not None and part.events == bulk.count() == 3
            part.commit()
    assert ids(log) == ["e1", "e2", "e3"]
    for name in ("all.parquet", "all.csv", "all.jsonl.gz"):
        assert log.export(odd / name) == 3 and (odd / name).stat().st_size
    with bare_connection() as connection:
        rows = connection.execute(f"SELECT id FROM {parquet([odd / 'all.parquet'])}").fetchall()
    assert rows == [("e1",), ("e2",), ("e3",)]


def test_a_relative_path_is_no_home_folder_and_no_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("~", "s3:"):
        Path(name).mkdir()
        with bare_connection() as connection:
            assert copy_to(connection, "SELECT 1 AS id", Path(name) / "x.parquet") == 1
        assert (tmp_path / name / "x.parquet").exists()


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="file names are text there")
@pytest.mark.parametrize("name", [b"caf\xe9", b"a\\b[c]", b"a\\b*", b"a\\b?"])
def test_a_folder_that_duckdb_can_not_use_is_refused_before_anything_is_in_it(tmp_path: Path, name: bytes) -> None:
    folder = tmp_path / os.fsdecode(name)
    with pytest.raises(RefusedError, match=r"No workspace can be in .*\. Choose another folder\."):
        Workspace.create(folder, Project(id="0" * 24, name="P", currency="EUR", time_zone="UTC"))
    assert not folder.exists()
    folder.mkdir()
    log = new_log(tmp_path / "log")
    log.append(events(1))
    with pytest.raises(UnreadableError, match=r"Can't use the path .*\. Rename the file or folder\."):
        log.export(folder / "all.csv")
    assert list(folder.iterdir()) == []


def test_a_note_in_a_parquet_file(tmp_path: Path) -> None:
    note = {"replaces": ["a'b", 'c"d'], "unï": None}
    with bare_connection() as connection:
        copy_to(connection, "SELECT 1 AS id", tmp_path / "with.parquet", note=note)
        copy_to(connection, "SELECT 1 AS id", tmp_path / "without.parquet")
        assert note_of(connection, tmp_path / "with.parquet") == note
        assert note_of(connection, tmp_path / "without.parquet") is None


def test_no_other_module_reads_or_writes_files_through_duckdb() -> None:
    package = Path(goals_tui.__file__).parent
    statement = re.compile(
        r"(?<!\.)\bread_(parquet|n?json|csv|text|blob)|\bparquet_\w+\(|\bsniff_csv"
        r"|\bATTACH\b|\bCOPY [({]|duckdb\.connect"
    )
    found = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if statement.search(path.read_text(encoding="utf-8"))
    }
    assert found == {"store/duckdb_files.py"}


def test_what_duckdb_says_is_one_short_line() -> None:
    assert reason_of(OSError('IO Error: Async write: {"errno": "28", "m": "No space left on device"}')) == (
        "no space left on device"
    )
    assert reason_of(OSError("IO Error: cannot open: {}\nLINE 1")) == "IO Error: cannot open"


def test_connections_share_one_duckdb_and_no_table(monkeypatch: pytest.MonkeyPatch) -> None:
    duckdb_files._shared_duckdb.cache_clear()
    started: list[object] = []
    connect = duckdb.connect

    def counted(*args: Any, **options: Any) -> Any:
        started.append(args)
        return connect(*args, **options)

    monkeypatch.setattr(duckdb, "connect", counted)
    with bare_connection() as one, bare_connection() as two:
        for connection, number in ((one, 1), (two, 2)):
            connection.execute(f"CREATE TABLE t AS SELECT {number} AS n")
        assert [each.execute("SELECT n FROM t").fetchall() for each in (one, two)] == [[(1,)], [(2,)]]
        assert cursor_of(one).execute("SELECT n FROM t").fetchall() == [(1,)]
        for each in (one, two, cursor_of(one)):
            assert each.execute("SELECT current_setting('TimeZone')").fetchall() == [("UTC",)]
    assert len(started) == 1
    with bare_connection() as three, pytest.raises(duckdb.CatalogException):
        three.execute("SELECT n FROM t")


def test_a_database_goes_with_its_connection() -> None:
    def databases() -> set[str]:
        with bare_connection() as connection:
            return {name for (name,) in connection.execute("SELECT database_name FROM duckdb_databases()").fetchall()}

    connections = [bare_connection() for _ in range(5)]
    names = {duckdb_files._names[connection] for connection in connections}
    assert names <= databases()
    del connections
    assert not names & databases()


def test_connections_of_many_threads() -> None:
    def total(number: int) -> int:
        with bare_connection() as connection:
            connection.execute(f"CREATE TABLE t AS SELECT {number} AS n FROM range(100)")
            (row,) = cursor_of(connection).execute("SELECT sum(n) FROM t").fetchall()
        return int(row[0])

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(total, range(80))) == [100 * number for number in range(80)]


def test_after_an_internal_error_duckdb_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def cursor(self) -> object:
            raise duckdb.FatalException("database has been invalidated because of a previous fatal error")

    with monkeypatch.context() as patch:
        patch.setattr(duckdb_files, "separate_connection", Broken)
        duckdb_files._shared_duckdb.cache_clear()
        assert isinstance(duckdb_files._shared_duckdb(os.getpid()), Broken)
    with bare_connection() as connection:
        assert connection.execute("SELECT 1").fetchall() == [(1,)]


@pytest.mark.skipif(sys.platform == "win32", reason="no fork there")
def test_a_forked_process_has_a_duckdb_of_its_own_and_ends() -> None:
    program = """
import os, sys
from goals_tui.store.duckdb_files import bare_connection

def answer():
    with bare_connection() as connection:
        return connection.execute("SELECT 3").fetchall()[0][0]

assert answer() == 3
child = os.fork()
if child == 0:
    sys.exit(answer())
assert answer() == 3
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert subprocess.run([sys.executable, "-c", program], timeout=PATIENCE, check=False).returncode == 3
