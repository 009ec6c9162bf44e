"""Files that the user names to be written: whether one is there already, and text that becomes one."""

from __future__ import annotations

from pathlib import Path

from goals_tui.domain.errors import RefusedError, UnreadableError


def exists_already(path: Path) -> bool:
    """Whether writing to this path would replace a file: ask before.

    A device or a pipe is none: it gets what is written. Raises UnreadableError for a path that can't be looked at.
    """
    from goals_tui.store.atomic import explained, is_regular

    with explained("write", path):
        return is_regular(path)


def save_text(path: Path, text: str) -> Path:
    """Write `text` to a new file and return its full path.

    Raises RefusedError where there is a file already, UnreadableError where the file can't be written.
    """
    full = path.absolute()
    try:
        with full.open("x", encoding="utf-8", newline="") as file:
            file.write(text)
    except FileExistsError:
        raise RefusedError(f"{full} exists already. Choose another name.", field="path") from None
    except OSError as error:
        raise UnreadableError(f"{full} can't be written: {error.strerror or error}. Choose another folder.") from None
    return full
