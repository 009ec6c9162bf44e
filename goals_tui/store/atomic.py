"""Making and replacing files: whole or not at all, whatever is killed or full, and open to nobody else than before.

A workspace holds ids of sessions. Its folder is private (0700), or its group's (2770) where it is made below a folder
that hands its group on and by somebody whose umask lets the group write. What is made in it later takes the bits of
the group from the folder that it lies in and gives none to others. What replaces a file takes its mode and group, and
a link stays a link.
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
    """The one line that says why a file can't be read or written. `doing` is "read", "write" or "use"."""
    reason = (error.strerror or str(error)).lower()
    advice = _ADVICE.get(error.errno or 0, "Check that path and try again")
    return UnreadableError(f"Can't {doing} {path}: {reason}. {advice}.")


def is_full(error: OSError) -> bool:
    """Whether there is no room to write: whatever was read meanwhile is not to blame."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextlib.contextmanager
def explained(doing: str, path: Path) -> Iterator[None]:
    """Turns an OSError of the block into an UnreadableError that names the path and the reason."""
    try:
        yield
    except OSError as error:
        raise refusal(doing, path, error) from error


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder for temporary files, gone after the block. An OSError that leaves the block becomes UnreadableError."""
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
    """Makes the names in a folder survive a power cut; does nothing where folders can't be opened (Windows)."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(path: Path) -> None:
    """Makes what a file holds survive a power cut."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def file_mode(folder: Path) -> int:
    """The mode of a new file in a folder of ours: its owner's, and what the folder grants to its group."""
    return 0o600 | folder.stat().st_mode & 0o060


def make_folder(path: Path) -> None:
    """Make a folder in one of ours, with that one's bits of the group, unless it is there. Raises OSError."""
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o700)
        _set_mode(path, 0o700 | path.parent.stat().st_mode & 0o2070)
        sync_folder(path.parent)


def make_workspace_folder(path: Path) -> None:
    """Make the folder of a workspace, private or its group's, and those above, unless it is there. Raises OSError."""
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
    """os.open of a file in a folder of ours that is made when missing; also whether it was. Raises OSError."""
    while True:
        with contextlib.suppress(FileNotFoundError):
            return os.open(path, flags), False
        # Where the name is a link to nowhere, what it points to is made.
        real = Path(os.path.realpath(path))
        with contextlib.suppress(FileExistsError):
            return _make(real, flags, file_mode(real.parent)), True


def make_file(path: Path) -> Path:
    """Make an empty file in a folder of ours, for somebody who opens it by its name; the path. Raises OSError."""
    os.close(_make(path, os.O_WRONLY, file_mode(path.parent)))
    return path


@contextlib.contextmanager
def replacing(
    path: Path, *, like: Path | None = None, private: bool = True, lock: AbstractContextManager[object] | None = None
) -> Iterator[Path]:
    """An empty file to write to, which takes the place of `path` after the block; it is gone after an exception.

    What a link points to is replaced. The new file has owner (where that can be), group and mode of the old one, or
    of `like`. Where there is neither, its mode is what its folder says, or, if not `private`, what the umask says.
    `lock` is held only while the one file takes the place of the other, not while the disk is waited for. Raises
    PermissionError for a file that may not be written, and OSError.
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
    """Writes a file in a folder of ours in one atomic step, see `replacing`. Raises OSError."""
    with replacing(path, like=like, lock=lock) as temporary:
        descriptor = os.open(temporary, os.O_WRONLY | _BINARY)
        try:
            write_all(descriptor, data)
        finally:
            os.close(descriptor)


def check_writable(path: Path) -> None:
    """Raises PermissionError for a file that may not be written, such as one that its owner made read-only."""
    found = _stat(path)
    # Asked of the file itself, too: root may write everything.
    if found and not (found.st_mode & stat.S_IWUSR and os.access(path, os.W_OK)):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))


def is_regular(path: Path) -> bool:
    """Whether this is a file, or a link to one, that writing would replace: no device, no pipe. Raises OSError."""
    found = _stat(path)
    return found is not None and stat.S_ISREG(found.st_mode)


@contextlib.contextmanager
def user_file(path: Path) -> Iterator[Path]:
    """A file to write to, which becomes the file that the user named after the block, whole or not at all.

    A link stays one and mode and group stay, as with `replacing`; a device or a pipe gets what was written. Raises
    UnreadableError.
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
    """The descriptor of a new file. Raises FileExistsError, OSError."""
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
    # Some file systems have no modes.
    with contextlib.suppress(PermissionError):
        path.chmod(mode)


def _give(path: Path, old: os.stat_result) -> int:
    """Gives a file owner and group of another one, as far as possible; the mode that it may have then."""
    mode = stat.S_IMODE(old.st_mode)
    if sys.platform == "win32":
        return mode
    for owner in (old.st_uid, -1):
        with contextlib.suppress(PermissionError):
            os.chown(path, owner, old.st_gid)
            return mode
    # Not to another group what was that group's.
    return mode & ~0o070 | (mode & 0o007) << 3


def write_all(descriptor: int, data: bytes) -> None:
    """os.write that carries on after a short write. Raises OSError."""
    written = os.write(descriptor, data)
    while written < len(data):
        written += os.write(descriptor, data[written:])
