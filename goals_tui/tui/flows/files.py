"""Export and import of flows: the dialogs for the file, and messages about the result.

Await the functions in a worker.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from goals_tui.domain.errors import GoalsError
from goals_tui.domain.flow import Flow
from goals_tui.services.export_files import check_source, proposed, typed
from goals_tui.tui.packages.export import AskPath, AskTarget

if TYPE_CHECKING:
    from goals_tui.tui.app.app import GoalsApp


async def export_flow(app: GoalsApp, flow: Flow) -> None:
    """Ask for a file and write a flow to it."""
    text = await app.push_screen_wait(AskTarget("Export flow", proposed(flow.name, ".json")))
    if text is None:
        return
    path = typed(text)
    try:
        await asyncio.to_thread(app.services.flow_files.export, flow, path)
    except GoalsError as error:
        app.show_error(error)
    else:
        app.notify(f"Wrote {flow.name!r} to {path}.")


async def import_flow(app: GoalsApp) -> Flow | None:
    """Ask for a file or folder and save the flows in it; return the first one, or None if nothing was imported."""
    hint = "A flow of ours; of the original system: a chart.json, a folder that its tool pulled, a package."
    text = await app.push_screen_wait(AskPath("Import flow", hint, save="Import", check=check_source))
    if text is None:
        return None
    try:
        result = await asyncio.to_thread(app.services.flow_files.load, [typed(text)])
    except GoalsError as error:
        app.show_error(error)
        return None
    said = [result.summary(), *result.details()]
    odd = bool(result.left_out) or any(link.missing for link in result.links)
    app.notify(
        "\n".join([*said, f"Press {app.named_key('app.undo')} to take it back."]),
        severity="warning" if odd else "information",
        markup=False,
    )
    return result.flows[0].flow
