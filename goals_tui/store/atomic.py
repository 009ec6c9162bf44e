"""Create and replace files atomically, with private permissions.

A file is written whole or not at all, even if the process is killed or the disk is full.

A workspace holds session ids, so its folder is private (mode 0700). It is shared with its group (2770) only where it is
created in a setgid folder by a user whose umask lets the group write. Files and folders created in it later take the
group bits of the folder they are in, and grant nothing to others. A file that is replaced keeps its mode and group, and
a symbolic link stays a link.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

from goals_tui.domain.errors import UnreadableError

_ADVICE = {
    errno.ENOSPC: "Free some space on that disk and try again",
    errno.EDQUOT: "Free some space in that quota and try again",
    errno.EROFS: "Use a workspace on a disk that can be written",
    errno.EACCES: "Check the permissions of that file and its folder",
    errno.EPERM: "Check the permissions of that file and its folder",
}

_BINARY = getattr(os, "O_BINARY", 0)


def refusal(doing: str, path: Path, error: OSError) -> UnreadableError:
    """Return the error that explains why a file can't be read or written. `doing` is "read", "write" or "use"."""
    reason = (error.strerror or str(error)).lower()
    advice = _ADVICE.get(error.errno or 0, "Check that path and try again")
    return UnreadableError(f"Can't {doing} {path}: {reason}. {advice}.")


def is_full(error: OSError) -> bool:
    """Return whether there was no room to write, so that the data read meanwhile is not to blame."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class State(NamedTuple):
    """What a change of a file changes: inode, size in bytes, and time of modification in nanoseconds."""

    inode: int
    size: int
    changed: int


def state_of(path: Path | str) -> State | None:
    """Return the state of a file; None if it is missing. Raises OSError."""
    try:
        found = os.stat(path)  # noqa: PTH116  # before every tracked step: Path.stat takes three times as long
    except FileNotFoundError:
        return None
    return State(found.st_ino, found.st_size, found.st_mtime_ns)


@contextlib.contextmanager
def explained(doing: str, path: Path) -> Iterator[None]:
    """Turn an OSError of the block into an UnreadableError that names the path and the reason."""
    try:
        yield
    except OSError as error:
        raise refusal(doing, path, error) from error


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """Give a folder for temporary files that is deleted after the block. Turns an OSError into an UnreadableError."""
    place: Path | None = None
    try:
        with tempfile.TemporaryDirectory(prefix="goals-tui-", ignore_cleanup_errors=True) as name:
            place = Path(name)
            yield place
    except OSError as error:
        if place is None and isinstance(error, FileNotFoundError):
            raise UnreadableError(
                "There is no folder for temporary files that can be written. Set TMPDIR to one and try again."
            ) from error
        named = Path(error.filename) if isinstance(error.filename, str) else None
        if place and (named is None or place in named.parents):
            raise refusal("write", place, error) from error
        raise refusal("use", named or Path(tempfile.gettempdir()), error) from error


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries to disk; do nothing on Windows, where folders can't be opened."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(path: Path) -> None:
    """Flush a file's content to disk."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def file_mode(folder: Path) -> int:
    """Return the mode for a new file in a workspace folder: read-write for the owner, and the folder's group bits."""
    return 0o600 | folder.stat().st_mode & 0o060


def make_folder(path: Path) -> None:
    """Make a folder in a workspace folder, with the parent's group bits, unless it exists. Raises OSError."""
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o700)
        _set_mode(path, 0o700 | path.parent.stat().st_mode & 0o2070)
        sync_folder(path.parent)


def make_workspace_folder(path: Path) -> None:
    """Make a workspace's folder and its parents, unless it exists, private or its group's. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.mkdir(mode=0o770)
    except FileExistsError:
        if not path.is_dir():
            raise
        return
    shared = path.parent.stat().st_mode & stat.S_ISGID and path.stat().st_mode & stat.S_IWGRP
    _set_mode(path, 0o2770 if shared else 0o700)


def open_or_make(path: Path, flags: int) -> tuple[int, bool]:
    """Open a file in a workspace folder, making it if it is missing.

    Return the descriptor and whether the file was made. Raises OSError.
    """
    while True:
        with contextlib.suppress(FileNotFoundError):
            return os.open(path, flags), False
        # A dangling symbolic link: make the file that it points to.
        real = Path(os.path.realpath(path))
        with contextlib.suppress(FileExistsError):
            return _make(real, flags, file_mode(real.parent)), True


def make_file(path: Path) -> Path:
    """Make an empty file in a workspace folder and return its path. Raises OSError."""
    os.close(_make(path, os.O_WRONLY, file_mode(path.parent)))
    return path


@contextlib.contextmanager
def replacing(
    path: Path, *, like: Path | None = None, private: bool = True, lock: AbstractContextManager[object] | None = None
) -> Iterator[Path]:
    """Give an empty temporary file that replaces `path` after the block, and is deleted after an exception.

    If `path` is a symbolic link, its target is replaced. The new file gets the owner (where permitted), group and mode
    of the old file, or of `like`. Without either, its mode follows from its folder or, if not `private`, from the
    umask. `lock` is held only for the rename, not while the data is flushed to disk. Raises PermissionError for a
    read-only file, and OSError.
    """
    path = Path(os.path.realpath(path))
    check_writable(path)
    old = _stat(like or path)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        if old or private:
            os.close(_make(temporary, os.O_WRONLY, 0o600))
        else:
            temporary.touch(exist_ok=False)
        yield temporary
        if old:
            _set_mode(temporary, _give(temporary, old))
        elif private:
            _set_mode(temporary, file_mode(path.parent))
        sync_file(temporary)
        with lock or contextlib.nullcontext():
            temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def replace_file(
    path: Path, data: bytes, *, like: Path | None = None, lock: AbstractContextManager[object] | None = None
) -> None:
    """Write a file in a workspace folder atomically, see `replacing`. Raises OSError."""
    with replacing(path, like=like, lock=lock) as temporary:
        descriptor = os.open(temporary, os.O_WRONLY | _BINARY)
        try:
            write_all(descriptor, data)
        finally:
            os.close(descriptor)


def check_writable(path: Path) -> None:
    """Raise PermissionError if a file may not be written, for example because its owner made it read-only."""
    found = _stat(path)
    # The owner's write bit is checked as well, since root may write any file.
    if found and not (found.st_mode & stat.S_IWUSR and os.access(path, os.W_OK)):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))


def is_regular(path: Path) -> bool:
    """Return whether this is a regular file or a link to one, not a device or a pipe. Raises OSError."""
    found = _stat(path)
    return found is not None and stat.S_ISREG(found.st_mode)


@contextlib.contextmanager
def user_file(path: Path) -> Iterator[Path]:
    """Give a file to write to, which replaces the file named by the user after the block, whole or not at all.

    Links, mode and group are kept, see `replacing`. A device or a pipe is not replaced: the content is copied to it.
    Raises UnreadableError.
    """
    if path.is_dir():
        raise UnreadableError(f"{path} is a folder. Name a file to write to, in it or elsewhere.")
    with explained("write", path):
        regular = is_regular(path) or not path.exists()
    if regular:
        with explained("write", path), replacing(path, private=False) as temporary:
            yield temporary
        return
    with scratch_folder() as place:
        written = make_file(place / "written")
        yield written
        with explained("write", path), written.open("rb") as source, path.open("wb") as target:
            shutil.copyfileobj(source, target)


def _make(path: Path, flags: int, mode: int) -> int:
    """Create a file and return its descriptor. Raises FileExistsError, OSError."""
    descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL | _BINARY, 0o600)
    if mode != 0o600:
        _set_mode(path, mode)
    return descriptor


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _set_mode(path: Path, mode: int) -> None:
    # Some file systems don't support modes.
    with contextlib.suppress(PermissionError):
        path.chmod(mode)


def _give(path: Path, old: os.stat_result) -> int:
    """Give a file the owner and group of another file, as far as permitted; return the mode that is then safe."""
    mode = stat.S_IMODE(old.st_mode)
    if sys.platform == "win32":
        return mode
    for owner in (old.st_uid, -1):
        with contextlib.suppress(PermissionError):
            os.chown(path, owner, old.st_gid)
            return mode
    # The group could not be kept: the new group must not get the permissions of the old one.
    return mode & ~0o070 | (mode & 0o007) << 3


def write_all(descriptor: int, data: bytes) -> None:
    """Write all bytes, continuing after short writes. Raises OSError."""
    written = os.write(descriptor, data)
    while written < len(data):
        written += os.write(descriptor, data[written:])
