"""The process that `Events.seal_behind` starts: `python -m goals_tui.services.sealing WORKSPACE`."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from goals_tui.domain.errors import GoalsError
from goals_tui.services.events import STARTED

_NICE = 10


def main(workspace: Path) -> None:
    """Seal the events of a workspace, once other processes have finished writing parts.

    GoalsError is ignored, because no one would see it.
    """
    from goals_tui.services.context import open_services

    if sys.platform != "win32":
        os.nice(_NICE)
    # The marker file of a failed seal stays: another attempt right away would fail, too.
    with contextlib.suppress(GoalsError):
        services = open_services(workspace)
        services.events.seal()
        (services.workspace.events.path / STARTED).unlink(missing_ok=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
