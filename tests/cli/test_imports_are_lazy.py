"""What a command does not need is not imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from goals_tui.services.context import Services

PROBE = """
import sys, contextlib
sys.argv = ["goals-tui", *{arguments!r}]
from goals_tui.__main__ import main
with contextlib.suppress(SystemExit):
    main()
print(" ".join(sorted({{name.partition(".")[0] for name in sys.modules}})), file=sys.stderr)
"""


def imported_by(*arguments: str, cwd: Path | None = None) -> set[str]:
    """The top-level modules that are loaded once a command has run."""
    code = PROBE.format(arguments=arguments)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=cwd)
    return set(done.stderr.splitlines()[-1].split())


def test_the_probe_sees_what_is_imported(services: Services) -> None:
    assert {"duckdb", "pydantic", "tinydb"} <= imported_by("--workspace", str(services.workspace.path), "report")


def test_version_needs_almost_nothing() -> None:
    heavy = {"textual", "duckdb", "pydantic", "typer", "rich", "tinydb", "babel", "plotext", "yaml"}
    assert not imported_by("--version") & heavy


@pytest.mark.parametrize("command", [["report"], ["goals", "list"], ["check"], ["cycles"]])
def test_commands_do_not_import_the_app(services: Services, command: list[str]) -> None:
    loaded = imported_by("--workspace", str(services.workspace.path), *command)
    assert not loaded & {"textual", "plotext", "textual_plotext"}


def test_listing_goals_needs_no_database(services: Services) -> None:
    assert "duckdb" not in imported_by("--workspace", str(services.workspace.path), "goals", "list")


def test_the_first_frame_needs_no_models() -> None:
    code = "import sys, goals_tui.tui.app.app; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "textual" in loaded
    assert not loaded & {"pydantic", "duckdb", "tinydb", "plotext", "babel", "yaml", "tomlkit"}
