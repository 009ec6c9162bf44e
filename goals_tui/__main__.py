"""The entry of the program: `goals-tui` and `python -m goals_tui`."""

from __future__ import annotations

import sys
from contextlib import suppress


def main() -> None:
    """Run the command line; exits with 0 done, 1 error, 2 wrong usage, 3 a check found problems."""
    if sys.argv[1:] == ["--version"] and sys.stdout is not None:
        from goals_tui import __version__

        with suppress(OSError):
            sys.stdout.write(f"goals-tui {__version__}\n")
            sys.stdout.flush()
            return
    # Also what could not be written: this says why.
    from goals_tui.cli.run import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
