"""Writing files so that a killed process or a full disk leaves the old one or the new one, whole."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

from goals_tui.domain.errors import UnreadableError

_ADVICE = {
    errno.ENOSPC: "Free some space on that disk and try again",
    errno.EDQUOT: "Free some space in that quota and try again",
    errno.EROFS: "Use a workspace on a disk that can be written",
    errno.EACCES: "Check the permissions of that file and its folder",
    errno.EPERM: "Check the permissions of that file and its folder",
}


def refusal(doing: str, path: Path, error: OSError) -> UnreadableError:
    """The one line that says why a file can't be read or written. `doing` is "read", "write" or "use"."""
    reason = (error.strerror or str(error)).lower()
    advice = _ADVICE.get(error.errno or 0, "Check that path and try again")
    return UnreadableError(f"Can't {doing} {path}: {reason}. {advice}.")


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


def replace_file(path: Path, data: bytes) -> None:
    """Writes a file in one atomic step: temporary file, fsync, rename, fsync of the folder. Raises OSError."""
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        try:
            write_all(descriptor, data)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_atomically(path: Path, data: bytes) -> None:
    """`replace_file` for a file that the user named. Raises UnreadableError."""
    with explained("write", path):
        replace_file(path, data)


def write_all(descriptor: int, data: bytes) -> None:
    """os.write that carries on after a short write. Raises OSError."""
    written = os.write(descriptor, data)
    while written < len(data):
        written += os.write(descriptor, data[written:])
