"""Servers for the tests of engines. These tests need the extra `engines`, and are skipped without it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = [name for name in ("chdb", "clickhouse_connect", "pysail", "pyspark", "sqlglot") if not find_spec(name)]
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
