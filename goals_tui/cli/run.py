"""Run one command line: global options may stand anywhere, and errors become one line and an exit code."""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from traceback import walk_stack
from types import FrameType
from typing import Any, TextIO

from goals_tui.cli.output import discard_output
from goals_tui.domain.errors import GoalsError, WrongValueError
from goals_tui.domain.text import clean_line

ERROR = 1
WRONG_USAGE = 2
FOUND_PROBLEMS = 3
_INTERRUPTED = 130
_IMPORTING = 0.01
"""Seconds until ctrl+c is tried again, where it arrives during an import."""

_PIPE_CLOSED = 141
"""The exit code of a program that SIGPIPE ended: 128 + 13."""


def run(arguments: Sequence[str]) -> int:
    """Run a command and return its exit code.

    Errors that a user can act on are written to standard error as one line.
    """
    _prepare_streams()
    output = sys.stdout
    ordered, at = global_options_first(arguments)
    command = _command(ordered[at] if at < len(ordered) else None)
    try:
        with _ctrl_c_noticed():
            command(args=ordered, prog_name="goals-tui", standalone_mode=True)
    except WrongValueError as error:
        # The domain names the field, 'from'; users know the option, --from.
        _complain(f"--{error.field}".join(str(error).rsplit(repr(error.field), 1)))
        return WRONG_USAGE
    except GoalsError as error:
        _complain(str(error))
        return ERROR
    except OSError as error:
        # No service expects these, such as a path of 5,000 characters, or help that can't be written.
        discard_output()
        what = repr(str(error.filename)[:200]) if error.filename else "a file or standard output"
        _complain(f"Can't use {what}: {error.strerror or error}. Check it.")
        return ERROR
    except KeyboardInterrupt:
        _complain("Stopped.")
        return _INTERRUPTED
    except SystemExit as stop:
        if sys.stdout is not output:
            # typer replaces sys.stdout where the reader (head, less) has gone.
            sys.stdout = output
            discard_output()
            return _PIPE_CLOSED
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    return 0


@contextmanager
def _ctrl_c_noticed() -> Iterator[None]:
    """Raise KeyboardInterrupt on ctrl+c, and again at the end of the block, in case it was swallowed.

    pydantic turns it into a ValueError, DuckDB into a RuntimeError, and where Python can't raise it, it is lost. During
    an import of a module it is postponed, because DuckDB would abort the program.
    """
    came = False

    def notice(_signal: int, frame: FrameType | None) -> None:
        nonlocal came
        came = True
        if any(inner.f_code.co_filename.startswith("<frozen importlib") for inner, _ in walk_stack(frame)):
            threading.Timer(_IMPORTING, signal.raise_signal, (signal.SIGINT,)).start()
        else:
            raise KeyboardInterrupt

    before = signal.getsignal(signal.SIGINT)
    if before is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, notice)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if came:
            raise KeyboardInterrupt


class _Messages(io.RawIOBase):
    """Standard error that drops what can't be written, so that it never changes how a command ends."""

    def __init__(self, stream: TextIO) -> None:
        self._raw = getattr(stream.buffer, "raw", stream.buffer)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return int(self._raw.fileno())

    def isatty(self) -> bool:
        return bool(self._raw.isatty())

    def write(self, data: Any) -> int:
        try:
            return int(self._raw.write(data))
        except OSError:
            return len(data)


def _prepare_streams() -> None:
    """Replace streams that the shell closed (`>&-`): output fails, messages are dropped.

    This also occupies their file descriptors, so that no file of the workspace gets one of them.
    """
    if sys.stdout is None:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_RDONLY), "w", encoding="utf-8")
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Characters that the terminal's encoding lacks are shown as ?.
        sys.stdout.reconfigure(errors="replace")
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")
    own = sys.__stderr__
    if own is not None and sys.stderr is own:
        messages = io.BufferedWriter(_Messages(own))
        sys.stderr = io.TextIOWrapper(messages, own.encoding, "backslashreplace", line_buffering=True)


@cache
def _command(name: str | None) -> Callable[..., object]:
    """Return the command of this name, or the whole tree of commands where there is none."""
    from typer.main import get_command

    from goals_tui.cli.app import make_app

    return get_command(make_app(name))


def _complain(message: str) -> None:
    sys.stderr.write(f"goals-tui: {clean_line(message)}\n")


def global_options_first(arguments: Sequence[str]) -> tuple[list[str], int]:
    """Move `--workspace DIR` and `--events URL` to the front, so that they work before and after the command's name.

    Return all arguments, and how many of them were moved.
    """
    moved: dict[str, list[str]] = {}
    rest: list[str] = []
    pending = iter(arguments)
    for argument in pending:
        name, given, _ = argument.partition("=")
        if argument == "--":
            rest += [argument, *pending]
        elif name not in _GLOBAL_OPTIONS:
            rest.append(argument)
        elif given:
            moved[name] = [argument]
        else:
            value = next(pending, None)
            if value is None:
                # Alone it gives the right error; in front it would take the command's name as its value.
                return [argument], 0
            moved[name] = [argument, value]
    first = [argument for one in moved.values() for argument in one]
    return first + rest, len(first)


_GLOBAL_OPTIONS = ("--workspace", "--events")
