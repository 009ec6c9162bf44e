"""The exceptions of goals-tui. Each message says what is wrong, where, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from goals_tui.domain.words import fold

LONGEST_MESSAGE = 1000
"""In characters. Longer is only a message that quotes a text that somebody gave."""

_SOME = 3
"""So many names are said where none is like the wanted one."""


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


class WrongValueError(RefusedError):
    """A value that means nothing in any workspace: no date, no time zone, a span that ends before it begins.

    The command line ends with 2 for it, as for an option that does not exist.
    """


class UnreadableError(GoalsError):
    """A file or folder can't be read or written: its path and the reason are in the message."""


class NotFoundError(GoalsError):
    """No such goal, step, flow, node, cycle or filter. `nearest` holds the names most like the wanted one.

    Where none of the `known` is like it, the message says some that there are, or `where` they are listed.
    """

    def __init__(self, kind: str, wanted: str, known: Iterable[str] = (), *, where: str = "") -> None:
        self.kind = kind
        self.wanted = wanted
        there = sorted(set(known))
        self.nearest = nearest_names(wanted, there)
        if self.nearest:
            hint = f" Did you mean {_listed(self.nearest, 'or')}?"
        elif there:
            rest = [f"{len(there) - _SOME} more"] if len(there) > _SOME else []
            hint = f" There {'is' if len(there) == 1 else 'are'} {_listed(there[:_SOME], 'and', rest)}."
        else:
            hint = f" {where}" if where else ""
        super().__init__(f"There is no {kind} {wanted!r}.{hint}")


class ConflictError(GoalsError):
    """A document was changed by somebody else since it was read; `changed` names the fields that differ.

    `what` says it where that is something else; `remedy` is what can be done about it, as a sentence.
    """

    def __init__(
        self,
        kind: str,
        name: str,
        changed: Sequence[str],
        *,
        deleted: bool = False,
        what: str = "",
        remedy: str = "Reload it, or overwrite it with yours.",
    ) -> None:
        self.kind = kind
        self.name = name
        self.changed = tuple(changed)
        self.deleted = deleted
        if not what:
            fields = ", ".join(changed) or "nothing visible"
            what = "was deleted elsewhere" if deleted else f"was changed elsewhere ({fields})"
        super().__init__(f"The {kind} {name!r} {what}. {remedy}")


def nearest_names(wanted: str, known: Iterable[str], count: int = 3) -> tuple[str, ...]:
    """The names most like `wanted`, best first, upper and lower case alike: as a whole, else one word of them."""
    by_folded = {fold(name): name for name in known}
    folded = fold(wanted)
    close = get_close_matches(folded, by_folded, n=count, cutoff=0.5)
    if not close:
        words = {word for name in by_folded for word in name.split()}
        like = get_close_matches(folded, words, n=count, cutoff=0.7)
        close = [name for word in like for name in by_folded if word in name.split()][:count]
    return tuple(dict.fromkeys(by_folded[name] for name in close))


def _listed(names: Sequence[str], joined: str, rest: Sequence[str] = ()) -> str:
    said = [*map(repr, names), *rest]
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} {joined} {said[-1]}"
