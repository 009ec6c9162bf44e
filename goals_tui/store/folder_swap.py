"""Atomic replacement of a folder: after a kill at any moment its name leads to the old folder or to the new one.

The new folder is made in a working folder next to the old one, `.NAME.xxxxxxxx.making`, whose lock shows that a process
works in it. Then the two folders are exchanged in one step.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from goals_tui.store.atomic import sync_folder

_SUFFIX = ".making"
_LOCK = "making.lock"
_INSIDE = "new"


@contextlib.contextmanager
def replacing_folder(path: Path, is_ours: Callable[[str], bool]) -> Iterator[Path]:
    """Give the path at which to make a folder, which replaces the folder `path` after the block.

    `path` may be missing or empty. Entries of the old folder whose names are not `is_ours` move to the new one; the
    rest of it is deleted, and so are working folders of killed processes. Raises OSError.
    """
    path = Path(os.path.realpath(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    for leftover in _leftovers(path):
        with _alone(leftover) as alone:
            if alone:
                _clear(leftover, path, is_ours)
    working = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=_SUFFIX, dir=path.parent))
    try:
        with _alone(working):
            try:
                yield working / _INSIDE
                _take_place(working / _INSIDE, path)
            finally:
                _clear(working, path, is_ours)
    finally:
        with contextlib.suppress(OSError):
            working.rmdir()


def _leftovers(path: Path) -> list[Path]:
    """Return the working folders of other processes for this path, whether these are alive or not."""
    name = re.compile(re.escape(f".{path.name}.") + "[a-z0-9_]{8}" + re.escape(_SUFFIX))
    return [one for one in path.parent.iterdir() if name.fullmatch(one.name) and (one / _LOCK).is_file()]


@contextlib.contextmanager
def _alone(working: Path) -> Iterator[bool]:
    """Give whether no other process works in this folder; if so, keep others out during the block."""
    lock = FileLock(working / _LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()
        # The lock file goes last: it identifies the folder as one of ours.
        if not (working / _INSIDE).exists():
            (working / _LOCK).unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                working.rmdir()


def _take_place(new: Path, path: Path) -> None:
    """Rename the new folder to `path`, and the old folder, if it isn't empty, to the new one's name."""
    with contextlib.suppress(OSError):
        path.rmdir()  # Not every system can rename a folder to an empty one.
    if path.exists():
        swap_folders(new, path)
    else:
        new.rename(path)
    sync_folder(path.parent)


def _clear(working: Path, path: Path, is_ours: Callable[[str], bool]) -> None:
    """Delete the content of a working folder, after moving entries that aren't ours to `path` where possible."""
    left = working / _INSIDE
    if not left.is_dir():
        return
    for entry in list(left.iterdir()):
        if not is_ours(entry.name):
            if not path.is_dir() or os.path.lexists(path / entry.name):
                return
            entry.rename(path / entry.name)
    shutil.rmtree(left, ignore_errors=True)


def swap_folders(one: Path, other: Path) -> None:
    """Exchange the names of two folders of one file system: in one step on Linux and macOS, else in three."""
    names = os.fsencode(one), os.fsencode(other)
    with contextlib.suppress(AttributeError, OSError):
        if sys.platform == "darwin":
            call, arguments = ctypes.CDLL(None).renamex_np, (*names, 2)  # RENAME_SWAP
        else:
            call, arguments = ctypes.CDLL(None).renameat2, (-100, names[0], -100, names[1], 2)  # RENAME_EXCHANGE
        if call(*arguments) == 0:
            return
    # Without an atomic exchange, a kill between these steps leaves no folder of that name, but both next to it.
    aside = one.with_name(f"{one.name}.old")
    other.rename(aside)
    one.rename(other)
    aside.rename(one)
