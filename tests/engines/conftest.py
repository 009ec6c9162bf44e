"""Servers for the tests of engines. These tests need the extra `engines`, and are skipped without it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

_PACKAGES = ("chdb", "clickhouse_connect", "pysail", "pyspark", "sqlglot")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = [name for name in _PACKAGES if not find_spec(name)]
    if missing:
        here = Path(__file__).parent
        skipped = pytest.mark.skip(reason=f"needs the extra `engines` ({', '.join(missing)} not installed)")
        for item in items:
            if here in item.path.parents:
                item.add_marker(skipped)


@dataclass(frozen=True)
class ClickHouse:
    """A running ClickHouse server."""

    port: int
    user: str = "writer"
    password: str = "p@ss/w:rd"

    def url(self, table: str = "goal_events", database: str = "default") -> str:
        """The URL of a table, without the password."""
        return f"clickhouse://{self.user}@127.0.0.1:{self.port}/{database}?table={table}"


@contextmanager
def clickhouse(*options: str) -> Iterator[ClickHouse]:
    """Run a ClickHouse server on a free port."""
    command = [sys.executable, "-m", "tests.engines.clickhouse_server", "--port", "0"]
    command += ["--user", ClickHouse.user, "--password", ClickHouse.password, *options]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            assert said.startswith("Listening on "), said
            yield ClickHouse(int(said.strip().rstrip("/").rpartition(":")[2]))
        finally:
            process.terminate()


@pytest.fixture(scope="session")
def clickhouse_server() -> Iterator[ClickHouse]:
    """A ClickHouse server for the whole run; a test takes a table of its own."""
    with clickhouse() as server:
        yield server


@pytest.fixture(scope="session")
def spark_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Spark Connect server with two workers, `sc://host:port`; a test takes a folder of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = shutil.which("sail", path=str(Path(sys.executable).parent)) or "sail"
    env = {**os.environ, "SAIL_MODE": "local-cluster", "SAIL_CLUSTER__WORKER_INITIAL_COUNT": "2"}
    said = tmp_path_factory.mktemp("sail") / "said"
    with (
        said.open("wb") as output,
        subprocess.Popen(
            [program, "spark", "server", "--port", str(port)], env=env, stdout=output, stderr=output
        ) as sail,
    ):
        try:
            until = time.monotonic() + 60
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    assert sail.poll() is None and time.monotonic() < until, said.read_text()
                    time.sleep(0.05)
            yield f"sc://127.0.0.1:{port}"
        finally:
            sail.kill()  # it waits long for its workers when it is asked to end
