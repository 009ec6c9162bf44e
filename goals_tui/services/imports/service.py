"""Brings goals and events in from files: what the original system exports, and any log as a table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from goals_tui.services.imports.result import Broken, BrokenRecord, ImportResult, Progress, silent

if TYPE_CHECKING:
    from goals_tui.services.context import Services
    from goals_tui.services.imports.log_import import LogOptions
    from goals_tui.services.imports.log_rows import Columns

__all__ = ["Broken", "BrokenRecord", "ImportResult", "Imports", "Progress"]


class Imports:
    """The imports of a workspace. Each takes long: call it off the main thread.

    `progress` hears how far it is; what it raises stops an import before anything is written.
    """

    def __init__(self, services: Services) -> None:
        self._services = services

    def odata(
        self,
        paths: Sequence[Path],
        *,
        duration_unit: str | None = None,
        without_text: bool = False,
        progress: Progress | None = None,
    ) -> ImportResult:
        """Goals with their events, and activities, from files and folders; see `odata.import_odata`."""
        from goals_tui.services.imports.odata import import_odata

        return import_odata(
            self._services, paths, unit=duration_unit, without_text=without_text, progress=progress or silent
        )

    def log(
        self,
        files: Sequence[Path],
        goal: str | None,
        columns: Columns | None,
        options: LogOptions | None = None,
        *,
        progress: Progress | None = None,
    ) -> ImportResult:
        """Events of logs with a case, an activity and a time, and the goal; without a goal's name activities.

        See `log_import.import_log`.
        """
        from goals_tui.services.imports.log_import import LogOptions, import_log

        return import_log(self._services, files, goal, columns, options or LogOptions(), progress or silent)
