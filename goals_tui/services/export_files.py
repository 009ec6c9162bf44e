"""Names and places of exported files, and writing them."""

from __future__ import annotations

import os
import re
from pathlib import Path

from goals_tui.domain.errors import RefusedError, UnreadableError

_LONGEST = 60


def typed(text: str) -> Path:
    """The path that was typed; `~` is the home folder."""
    path = Path(text.strip())
    try:
        return path.expanduser()
    except RuntimeError:  # ~name of nobody
        return path


def proposed(name: str, ending: str = ".zip") -> str:
    """A new file for what has this name, in the working folder: book-a-flight.zip, or book-a-flight-2.zip."""
    slug = re.sub(r"[^\w]+", "-", name.casefold()).strip("-_")[:_LONGEST].rstrip("-") or "goals"
    path, number = Path.cwd() / f"{slug}{ending}", 2
    while os.path.lexists(path):
        path, number = Path.cwd() / f"{slug}-{number}{ending}", number + 1
    return shortened(path)


def shortened(path: Path) -> str:
    """A path with `~` for the home folder."""
    try:
        return str(Path("~") / path.relative_to(Path.home()))
    except (ValueError, RuntimeError):
        return str(path)


def storable(path: Path) -> Path:
    """The absolute path. Raises RefusedError where it is not valid UTF-8: the record of a task could not hold it."""
    whole = path.absolute()
    try:
        str(whole).encode()
    except UnicodeEncodeError:
        shown = os.fsencode(whole).decode(errors="replace")
        raise RefusedError(f"The path {shown!r} is not valid UTF-8. Rename the file or folder.", field="path") from None
    return whole


def check_source(text: str) -> Path:
    """The file or folder that was typed; raises RefusedError where there is none, or as `storable` does."""
    path = typed(text)
    storable(path)
    if not path.exists():
        raise RefusedError(f"There is no file {text.strip()}.")
    return path


def check_target(text: str) -> Path:
    """The file to write that was typed; raises RefusedError for a folder, one that is not there, or as `storable`."""
    path = typed(text)
    storable(path)
    if path.is_dir():
        raise RefusedError("This is a folder. Name a file in it.")
    if not path.parent.is_dir():
        raise RefusedError(f"There is no folder {path.parent}.")
    return path


def complete(text: str) -> str | None:
    """What was typed, with the rest of the first name that begins so; folders end in a separator."""
    folder, begun = os.path.split(text)
    if not begun:
        return None
    try:
        names = sorted(entry.name for entry in typed(folder or ".").iterdir() if entry.name.startswith(begun))
    except OSError:
        return None
    if not names:
        return None
    # The text as it was typed stays in front, `~` and `./` included.
    found = text[: len(text) - len(begun)] + names[0]
    return found + os.sep if typed(found).is_dir() else found


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


def replace_text(path: Path, text: str) -> None:
    """Write `text` to a file at once, be it there or not. Raises UnreadableError where it can't be written."""
    from goals_tui.store.atomic import user_file

    with user_file(path) as file:
        file.write_text(text, "utf-8", newline="")
