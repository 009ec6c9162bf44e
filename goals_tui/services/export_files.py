"""Names and paths of exported files, and writing them."""

from __future__ import annotations

import os
import re
from pathlib import Path

from goals_tui.domain.errors import RefusedError

_LONGEST = 60


def typed(text: str) -> Path:
    """Return the path that a user typed, with `~` expanded to the home folder."""
    path = Path(text.strip())
    try:
        return path.expanduser()
    except RuntimeError:  # ~name of an unknown user
        return path


def proposed(name: str, ending: str = ".zip") -> str:
    """Return an unused path in the working folder for a file named after `name`, as in book-a-flight-2.zip."""
    return shortened(unused(Path.cwd(), name, ending))


def unused(folder: Path, name: str, ending: str, *, otherwise: str = "goals") -> Path:
    """Return an unused path in a folder for a file named after `name`, or `otherwise` where nothing of it is left."""
    slug = re.sub(r"[^\w]+", "-", name.casefold()).strip("-_")[:_LONGEST].rstrip("-") or otherwise
    path, number = folder / f"{slug}{ending}", 2
    while os.path.lexists(path):
        path, number = folder / f"{slug}-{number}{ending}", number + 1
    return path


def shortened(path: Path) -> str:
    """Return a path as text, with `~` for the home folder."""
    try:
        return str(Path("~") / path.relative_to(Path.home()))
    except (ValueError, RuntimeError):
        return str(path)


def storable(path: Path) -> Path:
    """Return the absolute path.

    Raises RefusedError where it is not valid UTF-8, because the record of a task could not hold it.
    """
    whole = path.absolute()
    try:
        str(whole).encode()
    except UnicodeEncodeError:
        shown = os.fsencode(whole).decode(errors="replace")
        raise RefusedError(f"The path {shown!r} is not valid UTF-8. Rename the file or folder.", field="path") from None
    return whole


def check_source(text: str) -> Path:
    """Return the file or folder that a user typed.

    Raises RefusedError where it does not exist, or as `storable` does.
    """
    path = typed(text)
    storable(path)
    if not path.exists():
        raise RefusedError(f"There is no file {text.strip()}.")
    return path


def check_target(text: str) -> Path:
    """Return the path to write to that a user typed.

    Raises RefusedError for a folder, for a file in a folder that does not exist, or as `storable` does.
    """
    path = typed(text)
    storable(path)
    if path.is_dir():
        raise RefusedError("This is a folder. Name a file in it.")
    if not path.parent.is_dir():
        raise RefusedError(f"There is no folder {path.parent}.")
    return path


def complete(text: str) -> str | None:
    """Return the typed path completed to the first matching name, or None; folders end in a separator."""
    folder, begun = os.path.split(text)
    if not begun:
        return None
    try:
        names = sorted(entry.name for entry in typed(folder or ".").iterdir() if entry.name.startswith(begun))
    except OSError:
        return None
    if not names:
        return None
    # The typed text is kept, `~` and `./` included.
    found = text[: len(text) - len(begun)] + names[0]
    return found + os.sep if typed(found).is_dir() else found


def exists_already(path: Path) -> bool:
    """Return whether writing to this path would replace a file, so that the user should be asked.

    Devices and pipes are not replaced. Raises UnreadableError for a path that can't be examined.
    """
    from goals_tui.store.atomic import explained, is_regular

    with explained("write", path):
        return is_regular(path)


def replace_text(path: Path, text: str) -> None:
    """Write `text` to a file in one step, replacing it if it exists. Raises UnreadableError."""
    from goals_tui.store.atomic import user_file

    with user_file(path) as file:
        file.write_text(text, "utf-8", newline="")
