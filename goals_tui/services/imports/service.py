"""Import goals, events and activities from files: exports of the original system, and logs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from goals_tui.services.imports.result import Broken, BrokenRecord, ImportResult, Progress, silent

if TYPE_CHECKING:
    from goals_tui.services.imports.log_import import LogOptions
    from goals_tui.services.imports.log_look import LogLook
    from goals_tui.services.imports.log_rows import Columns
    from goals_tui.services.imports.result import ImportTarget

__all__ = ["Broken", "BrokenRecord", "ImportResult", "Imports", "Progress"]


class Imports:
    """The imports of a workspace. Each may take long, so don't call it on the main thread.

    `progress` is called while an import runs; an exception in it stops the import before anything is written.
    """

    def __init__(self, target: ImportTarget) -> None:
        self._target = target

    def odata(
        self,
        paths: Sequence[Path],
        *,
        duration_unit: str | None = None,
        without_text: bool = False,
        called: str | None = None,
        progress: Progress | None = None,
    ) -> ImportResult:
        """Import goals with their events, and activities, from files and folders; see `odata.import_odata`."""
        from goals_tui.services.imports.odata import import_odata

        return import_odata(
            self._target,
            paths,
            unit=duration_unit,
            without_text=without_text,
            called=called,
            progress=progress or silent,
        )

    def look(self, file: Path) -> LogLook:
        """Read the beginning of a log, and guess what its columns are; see `log_look.look`."""
        from goals_tui.services.imports.log_look import look

        return look(file)

    def log(
        self,
        files: Sequence[Path],
        goal: str | None,
        columns: Columns | None,
        options: LogOptions | None = None,
        *,
        progress: Progress | None = None,
    ) -> ImportResult:
        """Import logs as events of a goal, or as activities if `goal` is None; see `log_import.import_log`."""
        from goals_tui.services.imports.log_import import LogOptions, import_log

        return import_log(self._target, files, goal, columns, options or LogOptions(), progress or silent)
