"""The small inputs that once came out wrong: each case's folder, copied for a test."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.cli.conftest import cli as cli
from tests.conftest import SHARED

Case = Callable[[str], Path]


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """Copies the folder of a case, by its number or its name; the test is skipped where the folder is missing."""

    def copied(name: str) -> Path:
        found = sorted((SHARED / "cases").glob(f"{name}*"))
        if not found:
            pytest.skip(f"the shared cases are not beside this checkout ({SHARED / 'cases'})")
        return Path(shutil.copytree(found[0], tmp_path / found[0].name))

    return copied


@pytest.fixture
def desk(cli: Cli, tmp_path: Path) -> Cli:
    """Commands on the workspace of the cases: euros and Berlin, nothing in it."""
    made = ("--name", "T", "--currency", "EUR", "--time-zone", "Europe/Berlin")
    assert cli("init", tmp_path / "workspace", *made).code == 0
    return cli
