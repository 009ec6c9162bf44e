"""The small inputs that once came out wrong: each case's folder, copied for a test."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import cli as cli
from tests.conftest import SHARED


@pytest.fixture
def case(tmp_path: Path) -> Callable[[str], Path]:
    """Copies the folder of a case, by its number or its name; the test is skipped where the folder is missing."""

    def copied(name: str) -> Path:
        found = sorted((SHARED / "cases").glob(f"{name}*"))
        if not found:
            pytest.skip(f"the shared cases are not beside this checkout ({SHARED / 'cases'})")
        return Path(shutil.copytree(found[0], tmp_path / found[0].name))

    return copied
