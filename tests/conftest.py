"""Fixtures of all tests: a clock that stands still, ids that repeat, a home of their own."""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import settings

from goals_tui.domain.ids import Ids
from goals_tui.services.context import Services, create_workspace
from goals_tui.services.demo.service import make_demo

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SHARED = Path(__file__).parents[2] / "shared"

PATIENCE = 240.0
"""Seconds until a test gives up waiting for what it needs to see: machines that run tests are slow at times."""

settings.register_profile("fixed", derandomize=True, deadline=None)
settings.register_profile("random", derandomize=False, deadline=None)


def pytest_configure(config: pytest.Config) -> None:
    """Property tests try the same examples in every run; others each time in the long mode and with more of them."""
    chosen = config.option.markexpr
    long_mode = "long" in chosen and "not long" not in chosen
    settings.load_profile("random" if long_mode or "GOALS_TUI_EXAMPLES" in os.environ else "fixed")
    # Tests start the program hundreds of times: it is compiled once, and so are the tests, for all workers.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what kills, fills disks or mutates, so that it can be run as a step of its own."""
    folders = [Path(__file__).parent / name for name in ("faults", "hostile")]
    for item in items:
        if any(item.path.is_relative_to(folder) for folder in folders):
            item.add_marker(pytest.mark.faults)


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Let workers begin with different modules where all are collected, so that not each compiles a new checkout."""
    worker = getattr(session.config, "workerinput", None)
    if worker is None or session.config.args != session.config.getini("testpaths"):
        return
    tests = Path(__file__).parent
    files = sorted(path for path in tests.rglob("test_*.py") if path.parent.name != "benchmarks")
    first = int(worker["workerid"].removeprefix("gw")) * len(files) // worker["workercount"]
    for path in files[first:] + files[:first]:
        name = ".".join(path.relative_to(tests.parent).with_suffix("").parts)
        with contextlib.suppress(Exception, pytest.skip.Exception):  # which collecting says again
            importlib.import_module(name)


def pytest_collection_finish() -> None:
    """Leave out all that stays until the end, modules and tests, when the collector looks for garbage."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    """Look for garbage once at the end: pytest does so five times, through all that the tests have left behind."""
    gc.collect()
    gc.freeze()


# An app of hundreds of widgets is looked through by the collector again and again while it is drawn.
gc.set_threshold(50_000, 20, 50)


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder and no variable of ours, so that nothing of the person who runs the tests is used."""
    folder = tmp_path_factory.mktemp("home")
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(folder))
    ours = [name for name in os.environ if name.startswith("GOALS_TUI_") and name != "GOALS_TUI_EXAMPLES"]
    for name in (*ours, "NO_COLOR", "COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def services(tmp_path: Path) -> Services:
    """An empty workspace in tmp_path / "workspace" at NOW, in euros and Berlin."""
    return make_services(tmp_path / "workspace")


@pytest.fixture
def new_services(tmp_path: Path) -> Callable[..., Services]:
    """Makes further empty workspaces: `new_services("name", currency="JPY")`."""

    def make(name: str, **options: str) -> Services:
        return make_services(tmp_path / name, **options)

    return make


@pytest.fixture(scope="session")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo as it is made at NOW. It is that of all tests: one that changes it takes a copy."""
    return made_once(tmp_path_factory, "demo", lambda path: make_demo(path, clock=lambda: NOW))


@pytest.fixture
def sgd() -> Path:
    """The folder with the real data and its expected results."""
    folder = SHARED / "data" / "sgd"
    if not folder.is_dir():
        pytest.skip(f"the shared data is not beside this checkout ({folder})")
    return folder


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return a folder that `make` fills, once for the processes of a run."""
    run = factory.getbasetemp()
    folder = (run.parent if "PYTEST_XDIST_WORKER" in os.environ else run) / f"made-{name}"
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            making = folder.with_name(f"making-{name}")
            shutil.rmtree(making, ignore_errors=True)
            make(making)
            making.rename(folder)
    return folder


def make_services(path: Path, **options: str) -> Services:
    """A new workspace with the fixed clock and seeded ids."""
    given = {"name": "Flight Desk", "currency": "EUR", "time_zone": "Europe/Berlin", **options}
    return create_workspace(path, clock=lambda: NOW, ids=Ids(seed=1), env={}, **given)
