"""The Tasks screen, and the dialog that shows what is in a package."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

from textual.pilot import Pilot

from goals_tui.services.imports.log_rows import Columns
from goals_tui.services.tasks.record import TaskResult, TaskState
from goals_tui.services.tasks.work import TaskControl
from goals_tui.tui.app.choose import Choose
from goals_tui.tui.packages.export import AskPath
from goals_tui.tui.packages.review import ReviewPackage
from goals_tui.tui.tasks.batches import BatchesScreen, RemoveBatch
from goals_tui.tui.tasks.import_log import ChooseSteps
from tests.builders import book_a_flight, goal
from tests.conftest import NOW, PATIENCE, make_services
from tests.tui.frame.walking import Do, Proof, Walk, Way, keys, off, on, shows
from tests.tui.harness import press, running


@asynccontextmanager
async def begin(folder: Path) -> AsyncIterator[Pilot[Any]]:
    """A task that is done, one that runs as long as the walk goes on, and one that waits for it; `both.zip`."""
    services = make_services(folder / "workspace")
    for each in (book_a_flight(), goal("Report a Claim", "Opened", "◎ Registered")):
        services.goals.save(each.model_copy(update={"revision": 0}))
    services.packages.export([each.id for each in services.goals.all()], folder / "both.zip")
    (folder / "log.csv").write_text(
        "case,activity,time\n"
        + "".join(f"1,{name},2026-11-01T0{hour}:00:00Z\n" for hour, name in enumerate(("Begin", "Choose", "Pay")))
    )
    services.imports.log([folder / "log.csv"], "Imported", Columns("case", "activity", "time"))
    # A clock that goes on by itself, so that the newest task is the last one.
    moments = iter(NOW + timedelta(seconds=number) for number in range(10_000))
    services.clock = lambda: next(moments)
    go, there = Event(), Event()

    def packed(control: TaskControl) -> TaskResult:
        return TaskResult("Packed 2 goals.", folder / "both.zip")

    def long(control: TaskControl) -> TaskResult:
        there.set()
        assert go.wait(PATIENCE)
        return TaskResult("Nothing to import.")

    start = services.tasks.start
    start("Create package both.zip", "create_package", packed)
    assert services.tasks.wait(PATIENCE)
    start("Import events", "import_events", long)
    assert there.wait(PATIENCE)
    start("Seal events", "seal", packed, {})
    try:
        async with running(services, area="tasks") as pilot:
            yield pilot
    finally:
        go.set()
        assert services.tasks.wait(PATIENCE)


def chosen(state: TaskState) -> Proof:
    """The task with the cursor is in this state."""
    return lambda app: app.screen.chosen.state == state


def tasks(count: int) -> Proof:
    """There are so many tasks."""
    return lambda app: len(app.screen.tasks) == count


def answers(*given: str) -> Proof:
    """The answers to the conflicts of the package."""
    return lambda app: isinstance(app.screen, ReviewPackage) and list(app.screen.chosen.values()) == list(given)


def look_into(name: str) -> Way:
    """Name the package that lies beside the workspace."""

    async def fill(pilot: Pilot[Any]) -> None:
        path = pilot.app.services.workspace.path.parent / name
        pilot.app.screen.query_one("#path").value = str(path)
        await press(pilot, "enter")

    return fill


TASKS = Walk(
    "tasks",
    begin,
    (
        Do("c", "tasks.cancel", chosen("cancelled")),
        Do("r", "tasks.retry", tasks(4)),
        Do("s", "tasks.seal", tasks(5)),
        Do("space", "tasks.mark", shows("1 marked")),
        Do("shift+up", "tasks.mark-up", shows("2 marked")),
        keys("end"),
        Do("shift+down", "tasks.mark-down", shows("3 marked")),
        Do("escape", "tasks.unmark", lambda app: "marked" not in app.screen.note),
        keys("end"),
        Do("y", "tasks.copy-path", lambda app: app.clipboard.endswith("both.zip")),
        Do("e", "tasks.export-package", on(Choose)),
        keys("escape"),
        Do("o", "tasks.import-events", on(AskPath)),
        keys("escape"),
        Do("l", "tasks.import-log", on(AskPath)),
        look_into("log.csv"),
        Do("enter", "tasks.columns.change", on(Choose), by_widget=True),
        keys("escape"),
        Do("f2", "tasks.columns.accept", on(ChooseSteps)),
        keys("end"),
        Do("space", "tasks.steps.completion", lambda app: not app.screen.completion),
        keys("space", "home", "down"),
        Do("i", "tasks.steps.initial", lambda app: app.screen.initial == "Choose"),
        Do("f2", "tasks.steps.accept", off(ChooseSteps)),
        Do("b", "tasks.batches", on(BatchesScreen)),
        Do("x", "tasks.batches.remove", on(RemoveBatch)),
        keys("escape"),
        Do("escape", "tasks.batches.back", off(BatchesScreen)),
        Do("i", "tasks.import-package", on(AskPath)),
        look_into("both.zip"),
        Do("space", "tasks.package.change", answers("replace", "skip")),
        Do("a", "tasks.package.all", answers("replace", "replace")),
        Do("escape", "tasks.package.cancel", off(ReviewPackage)),
        keys("i"),
        look_into("both.zip"),
        Do("f2", "tasks.package.import", off(ReviewPackage)),
        keys("end"),
        Do("x", "tasks.clear", lambda app: all(task.title != "Create package both.zip" for task in app.screen.tasks)),
    ),
)
