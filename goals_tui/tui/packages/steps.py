"""Complete procedures for exporting and importing packages and importing events.

Each function asks its questions in dialogs and then starts a task. Await it in a Textual worker.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from goals_tui.format import plural
from goals_tui.services.export_files import check_source, typed
from goals_tui.services.tasks import start as start_task
from goals_tui.tui.app.choose import Choose, Option
from goals_tui.tui.packages.export import AskPath, ExportPackage, ask_and_read
from goals_tui.tui.packages.review import ReviewPackage

if TYPE_CHECKING:
    from goals_tui.tui.app.app import GoalsApp

_EVERYTHING = "everything"


async def export_package(
    app: GoalsApp, goals: Sequence[str], flows: Sequence[str] = (), *, with_events: bool = False
) -> bool:
    """Ask how to export these goals and flows, given by id, and start the task.

    `with_events` is the proposed answer to whether to include analytics data. Return whether the task was started.
    """
    services = app.services
    packed = [services.goals.get(goal) for goal in goals]
    tracking = {use.flow_id: use.flow for goal in packed for use in services.goals.where_used(goal.id)}
    names = [*(goal.name for goal in packed), *(f"{services.flows.get(flow).name} (flow)" for flow in flows)]
    offered = {flow: name for flow, name in tracking.items() if flow not in flows}
    has_events = not services.events.is_empty()
    dialog = ExportPackage(names, list(offered.values()), has_events=has_events, with_events=with_events)
    choice = await app.push_screen_wait(dialog)
    if choice is None:
        return False
    wanted = [*flows, *(offered if choice.with_flows else ())]
    await app.change(
        "Starting the task",
        lambda: start_task.create_package(services, goals, choice.path, with_events=choice.with_events, flows=wanted),
    )
    return True


async def choose_and_export(app: GoalsApp) -> bool:
    """Ask which goal or flow to export, or all of them, then call `export_package`.

    Return whether the task was started.
    """
    goals, flows = app.services.goals.summaries(), app.services.flows.summaries()
    if not goals and not flows:
        app.notify("There is no goal or flow to pack yet.", severity="warning")
        return False
    options = [
        Option(_EVERYTHING, "Everything", f"{plural(len(goals), 'goal')}, {plural(len(flows), 'flow')}"),
        *(Option(f"goal {goal.id}", goal.name, "goal") for goal in goals),
        *(Option(f"flow {flow.id}", flow.name, "flow, with the goals that it tracks") for flow in flows),
    ]
    chosen = await app.push_screen_wait(Choose("Export as package", options))
    if chosen is None:
        return False
    if chosen == _EVERYTHING:
        return await export_package(app, [goal.id for goal in goals], [flow.id for flow in flows])
    kind, _, id_ = chosen.partition(" ")
    return await export_package(app, [id_] if kind == "goal" else [], [id_] if kind == "flow" else [])


async def import_package(app: GoalsApp) -> bool:
    """Ask for a package, show its content for review and start the import. Return whether the task was started."""
    dialog = AskPath("Import a package", "A package (.zip) of another project.", save="Review", check=check_source)
    found = await ask_and_read(app, dialog, app.services.packages.inspect)
    if found is None:
        return False
    path, info = found
    answers = await app.push_screen_wait(ReviewPackage(info))
    if answers is None:
        return False
    await app.change("Starting the task", lambda: start_task.import_package(app.services, path, answers))
    return True


async def import_events(app: GoalsApp) -> bool:
    """Ask for a file or folder of the original system's event data and start the import.

    Return whether the task was started.
    """
    hint = "A file or folder of the original system's OData: .json .jsonl .csv, also .gz."
    text = await app.push_screen_wait(AskPath("Import events", hint, save="Import", check=check_source))
    if text is None:
        return False
    await app.change("Starting the task", lambda: start_task.import_events(app.services, [typed(text)]))
    return True
