"""The exceptions of goals-tui. Each message says what is wrong, where, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

LONGEST_MESSAGE = 1000
"""In characters. Longer is only a message that quotes a text that somebody gave."""


class GoalsError(Exception):
    """The base of every error that a user can act on; `str(error)` is one line for them, cut where it is endless."""

    def __init__(self, message: str) -> None:
        if len(message) > LONGEST_MESSAGE:
            half = LONGEST_MESSAGE // 2
            message = f"{message[:half]} … {message[-half:]}"
        super().__init__(message)


class RefusedError(GoalsError):
    """A rule of the product does not allow this. `field` names the input that is wrong, where there is one."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class UnreadableError(GoalsError):
    """A file or folder can't be read or written: its path and the reason are in the message."""


class NotFoundError(GoalsError):
    """No such goal, step, flow, node, cycle or filter. `nearest` holds the names most like the wanted one."""

    def __init__(self, kind: str, wanted: str, known: Iterable[str] = ()) -> None:
        self.kind = kind
        self.wanted = wanted
        self.nearest = nearest_names(wanted, known)
        hint = f" Did you mean {_either(self.nearest)}?" if self.nearest else ""
        super().__init__(f"There is no {kind} {wanted!r}.{hint}")


class ConflictError(GoalsError):
    """A document was changed by somebody else since it was read; `changed` names the fields that differ."""

    def __init__(self, kind: str, name: str, changed: Sequence[str], *, deleted: bool = False) -> None:
        self.kind = kind
        self.name = name
        self.changed = tuple(changed)
        self.deleted = deleted
        what = (
            "was deleted elsewhere" if deleted else f"was changed elsewhere ({', '.join(changed) or 'nothing visible'})"
        )
        super().__init__(f"The {kind} {name!r} {what}. Reload it, or overwrite it with yours.")


def nearest_names(wanted: str, known: Iterable[str], count: int = 3) -> tuple[str, ...]:
    """The names most like `wanted`, best first, upper and lower case alike."""
    by_folded = {name.casefold(): name for name in known}
    close = get_close_matches(wanted.casefold(), by_folded, n=count, cutoff=0.5)
    return tuple(by_folded[name] for name in close)


def _either(names: Sequence[str]) -> str:
    quoted = [repr(name) for name in names]
    return quoted[0] if len(quoted) == 1 else ", ".join(quoted[:-1]) + " or " + quoted[-1]
