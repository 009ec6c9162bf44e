"""Writes text that the user wants to keep as a file of theirs: tables as CSV."""

from __future__ import annotations

from pathlib import Path

from goals_tui.domain.errors import RefusedError, UnreadableError


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
