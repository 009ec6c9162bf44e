"""Replacing a whole folder: after a kill at any point its name leads to the old one or to the new one.

The new folder is made in a working folder beside the old one, `.NAME.xxxxxxxx.making`, with a lock that says that
somebody is at work in it. Then both change places in one step.
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
    """Give the path of a folder to make, which takes the place of `path` after the block.

    `path` is a folder, an empty one, or not there. Entries of the old folder whose names are not `is_ours` move to the
    new one; the rest of it is deleted. So is what processes left that were killed here. Raises OSError.
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
    """Return the working folders for this path, of other processes: alive ones and dead ones."""
    name = re.compile(re.escape(f".{path.name}.") + "[a-z0-9_]{8}" + re.escape(_SUFFIX))
    return [one for one in path.parent.iterdir() if name.fullmatch(one.name) and (one / _LOCK).is_file()]


@contextlib.contextmanager
def _alone(working: Path) -> Iterator[bool]:
    """Whether nobody else is at work in this folder, and nobody begins to for the time of the block."""
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
        # The last to go: without it nobody would know that the folder is ours.
        if not (working / _INSIDE).exists():
            (working / _LOCK).unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                working.rmdir()


def _take_place(new: Path, path: Path) -> None:
    """Let the new folder have the name `path`, and the old one, if it isn't empty, the name of the new one."""
    with contextlib.suppress(OSError):
        path.rmdir()  # Not everywhere may a folder take the place of an empty one.
    if path.exists():
        swap_folders(new, path)
    else:
        new.rename(path)
    sync_folder(path.parent)


def _clear(working: Path, path: Path, is_ours: Callable[[str], bool]) -> None:
    """Delete what lies in a working folder, but move what isn't ours to `path`, where that can be."""
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
    """Let two folders of one file system change their names: in one step on Linux and macOS, else in three."""
    names = os.fsencode(one), os.fsencode(other)
    with contextlib.suppress(AttributeError, OSError):
        if sys.platform == "darwin":
            call, arguments = ctypes.CDLL(None).renamex_np, (*names, 2)  # RENAME_SWAP
        else:
            call, arguments = ctypes.CDLL(None).renameat2, (-100, names[0], -100, names[1], 2)  # RENAME_EXCHANGE
        if call(*arguments) == 0:
            return
    # Systems and file systems that can't: a kill now leaves no folder of that name, but both beside it.
    aside = one.with_name(f"{one.name}.old")
    other.rename(aside)
    one.rename(other)
    aside.rename(one)
