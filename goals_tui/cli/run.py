"""Runs one command line: where `--workspace` may stand, and how errors become one line and an exit code."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Sequence
from functools import cache

from goals_tui.domain.errors import GoalsError, WrongValueError
from goals_tui.domain.model import clean_line

ERROR = 1
WRONG_USAGE = 2
FOUND_PROBLEMS = 3
_INTERRUPTED = 130


def run(arguments: Sequence[str]) -> int:
    """Run a command; returns the exit code. Errors that a user can act on go to standard error as one line."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal of another encoding than UTF-8 shows ? for what it does not have.
        sys.stdout.reconfigure(errors="replace")
    try:
        _command()(args=workspace_first(arguments), prog_name="goals-tui", standalone_mode=True)
    except GoalsError as error:
        _complain(str(error))
        return WRONG_USAGE if isinstance(error, WrongValueError) else ERROR
    except BrokenPipeError:
        # The reader (head, less) has gone; what is still buffered has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        # What no service expected of the disk, such as a path of 5,000 characters.
        _complain(f"Can't use {str(error.filename or 'a file')[:200]!r}: {error.strerror or error}. Check it.")
        return ERROR
    except KeyboardInterrupt:
        return _stopped()
    except RuntimeError as error:
        # So DuckDB says that ctrl+c stopped a query.
        if str(error) != "Query interrupted":
            raise
        return _stopped()
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    return 0


@cache
def _command() -> Callable[..., object]:
    """The whole tree of commands; making it takes longer than most commands take."""
    from typer.main import get_command

    from goals_tui.cli.app import app

    return get_command(app)


def _stopped() -> int:
    _complain("Stopped.")
    return _INTERRUPTED


def _complain(message: str) -> None:
    sys.stderr.write(f"goals-tui: {clean_line(message)}\n")


def workspace_first(arguments: Sequence[str]) -> list[str]:
    """Move `--workspace DIR` to the front, so that it works before and after the command's name."""
    moved: list[str] = []
    rest: list[str] = []
    pending = iter(arguments)
    for argument in pending:
        if argument == "--":
            rest += [argument, *pending]
        elif argument == "--workspace":
            moved = [argument, *([value] if (value := next(pending, None)) is not None else [])]
        elif argument.startswith("--workspace="):
            moved = [argument]
        else:
            rest.append(argument)
    return moved + rest
