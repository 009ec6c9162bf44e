"""Commands import only modules that they need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from goals_tui.cli.app import GROUPS, MODULES, make_app
from goals_tui.services.context import Services
from tests.builders import book_a_flight

PROBE = """
import sys, contextlib
sys.argv = ["goals-tui", *{arguments!r}]
from goals_tui.__main__ import main
with contextlib.suppress(SystemExit):
    main()
print(" ".join(sorted(sys.modules)), file=sys.stderr)
"""


def imported_by(*arguments: str, cwd: Path | None = None, whole: bool = False) -> set[str]:
    """The modules that are loaded once a command has run: the top-level ones, or all by their `whole` names."""
    code = PROBE.format(arguments=arguments)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=cwd)
    names = done.stderr.splitlines()[-1].split()
    return set(names) if whole else {name.partition(".")[0] for name in names}


def test_the_probe_sees_what_is_imported(services: Services) -> None:
    assert {"duckdb", "pydantic", "tinydb"} <= imported_by("--workspace", str(services.workspace.path), "report")


def test_version_needs_almost_nothing() -> None:
    heavy = {"textual", "duckdb", "pydantic", "typer", "rich", "tinydb", "babel", "plotext", "ruamel"}
    assert not imported_by("--version") & heavy


@pytest.mark.parametrize("command", [["report"], ["goals", "list"], ["check"], ["cycles"]])
def test_commands_do_not_import_the_app(services: Services, command: list[str]) -> None:
    loaded = imported_by("--workspace", str(services.workspace.path), *command)
    assert not loaded & {"textual", "plotext"}


def test_listing_goals_needs_no_database(services: Services) -> None:
    assert "duckdb" not in imported_by("--workspace", str(services.workspace.path), "goals", "list")


@pytest.mark.parametrize("format", ["table", "json", "csv"])
def test_listing_goals_needs_no_models(services: Services, format: str) -> None:
    services.goals.save(book_a_flight().model_copy(update={"revision": 0}))
    listing = ["--workspace", str(services.workspace.path), "goals", "list", "--format", format]
    assert "goals_tui.domain.model" not in imported_by(*listing, whole=True)
    assert "pydantic.main" not in imported_by(*listing, whole=True)


def test_a_report_needs_no_other_analysis(services: Services) -> None:
    loaded = imported_by("--workspace", str(services.workspace.path), "report", whole=True)
    assert "goals_tui.services.insights.report" in loaded
    analyses = {f"goals_tui.services.insights.{other}" for other in ("cycles", "decisions", "documents", "health")}
    assert not {"goals_tui.domain.decisions", "statistics", *analyses} & loaded


def test_imported_models_are_not_built() -> None:
    modules = "activity, cycle, event, filters, goal, project, report, value"
    code = f"from goals_tui.domain import {modules}, model; print(*(one.__name__ for one in built(model.Model)))"
    built = (
        "def built(model):\n"
        "    return [each for one in model.__subclasses__() for each in [one, *built(one)]\n"
        "            if each.__pydantic_complete__]\n"
    )
    done = subprocess.run([sys.executable, "-c", built + code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_no_driver_of_an_engine_is_imported_unless_its_url_is_used(services: Services) -> None:
    drivers = {"sqlglot", "clickhouse_connect", "chdb", "pyspark", "pyarrow", "grpc", "pandas", "numpy"}
    here = ["--workspace", str(services.workspace.path)]
    assert not imported_by(*here, "report") & drivers
    assert "goals_tui.store.engines.address" not in imported_by(*here, "report", whole=True)
    # A URL that can't be reached is enough to ask for a driver, if it is installed.
    loaded = imported_by(*here, "report", "--events", "clickhouse://127.0.0.1:1/d?table=t")
    assert not loaded & {"chdb", "pyspark", "pyarrow", "grpc"}


def test_a_command_imports_no_other_command(services: Services) -> None:
    loaded = imported_by("--workspace", str(services.workspace.path), "goals", "list", whole=True)
    assert "goals_tui.cli.goals" in loaded
    assert not {f"goals_tui.cli.{other}" for other in ("reports", "data", "packages", "events", "flows")} & loaded


def test_every_command_is_found_without_the_others() -> None:
    everything = get_command(make_app()).commands  # type: ignore[attr-defined]  # a group, which typer types as a command
    assert list(everything) == [*MODULES, *GROUPS]
    for name, command in everything.items():
        alone = get_command(make_app(name)).commands  # type: ignore[attr-defined]
        assert list(alone) == [name]
        assert [each.name for each in alone[name].params] == [each.name for each in command.params]
    assert list(get_command(make_app("--help")).commands) == list(everything)  # type: ignore[attr-defined]


def test_the_first_frame_needs_no_models() -> None:
    code = "import sys, goals_tui.tui.app.app; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "textual" in loaded
    assert not loaded & {"pydantic", "duckdb", "tinydb", "plotext", "babel", "ruamel", "tomlkit"}


def test_the_list_of_goals_and_their_uses_need_no_models_of_flows(services: Services) -> None:
    goal = services.goals.save(book_a_flight().model_copy(update={"revision": 0}))
    code = (
        "import sys; from pathlib import Path; import goals_tui.tui.goals.screen;"
        "from goals_tui.services.context import open_services;"
        f"assert open_services(Path({str(services.path)!r})).goals.where_used({goal.id!r}) == [];"
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    unneeded = {"goals_tui.domain.flow", "goals_tui.tui.app.choose", "textual.widgets._text_area", "duckdb"}
    assert not unneeded & set(done.stdout.split())
