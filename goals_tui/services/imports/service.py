"""Brings goals and events in from files: what the original system exports, and any log as a table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from goals_tui.services.imports.result import Broken, BrokenRecord, ImportResult, Progress, silent

if TYPE_CHECKING:
    from goals_tui.services.context import Services

__all__ = ["Broken", "BrokenRecord", "ImportResult", "Imports", "Progress"]


class Imports:
    """The imports of a workspace. Each takes long: call it off the main thread.

    `progress` hears how far it is; what it raises stops an import before anything is written.
    """

    def __init__(self, services: Services) -> None:
        self._services = services

    def odata(
        self, paths: Sequence[Path], *, duration_unit: str | None = None, progress: Progress | None = None
    ) -> ImportResult:
        """Goals, GoalSteps, GoalStepMetrics and GoalEvents from files and folders; see `odata.import_odata`."""
        from goals_tui.services.imports.odata import import_odata

        return import_odata(self._services, paths, unit=duration_unit, progress=progress or silent)

    def csv(
        self,
        file: Path,
        *,
        goal: str,
        cycle: str,
        step: str,
        time: str,
        session: str | None = None,
        endpoint: str | None = None,
        locale: str | None = None,
        snapshot: str | None = None,
        initial: str | None = None,
        completion: Sequence[str] = (),
        time_zone: str | None = None,
        progress: Progress | None = None,
    ) -> ImportResult:
        """Events of a table with a case, an activity and a time, and the goal; see `csv_import.import_csv`."""
        from goals_tui.services.imports.csv_import import Columns, import_csv

        columns = Columns(cycle, step, time, session, endpoint, locale, snapshot)
        return import_csv(
            self._services,
            file,
            goal,
            columns,
            initial=initial,
            completion=completion,
            time_zone=time_zone,
            progress=progress or silent,
        )
