"""Writing cycles to a CSV file."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from goals_tui.domain.errors import GoalsError
from goals_tui.domain.project import currency_digits
from goals_tui.format import plural
from goals_tui.services.export_files import proposed, replace_text, typed
from goals_tui.services.insights.cycle_fields import cycles_csv
from goals_tui.tui.packages.export import AskTarget

if TYPE_CHECKING:
    from goals_tui.domain.filters import Filters
    from goals_tui.domain.report import Cycle
    from goals_tui.tui.app.background import BackgroundScreen


async def export_cycles(screen: BackgroundScreen[Any], cycles: Sequence[Cycle], filters: Filters) -> None:
    """Ask for a file and write cycles there, as `goals-tui cycles --format csv` prints them.

    Await it in a worker.
    """
    if not cycles:
        return
    what = plural(len(cycles), "cycle")
    name = proposed(cycles[0].goal if len(cycles) == 1 else what, ".csv")
    answer = await screen.app.push_screen_wait(AskTarget(f"Export {what}", name))
    if answer is None:
        return
    project, path = screen.services.project.get(), typed(answer).absolute()
    text = cycles_csv(cycles, currency_digits(project.currency), project.zone_or(filters.time_zone))
    try:
        await asyncio.to_thread(replace_text, path, text)
    except GoalsError as error:
        screen.show_error(error)
    else:
        screen.app.notify(f"Wrote {what} to {path}.")
