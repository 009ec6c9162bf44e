"""The exceptions of goals-tui. Each message says what is wrong, where, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from goals_tui.domain.words import fold

LONGEST_MESSAGE = 1000
"""The longest message, in characters; only messages that quote a user's text could be longer."""

_SOME = 3
"""The number of existing names that a message lists if none resembles the wanted one."""


class GoalsError(Exception):
    """Base class of the errors that a user can act on.

    `str(error)` is one line for the user; a message longer than `LONGEST_MESSAGE` is cut in the middle.
    """

    def __init__(self, message: str) -> None:
        if len(message) > LONGEST_MESSAGE:
            half = LONGEST_MESSAGE // 2
            message = f"{message[:half]} … {message[-half:]}"
        super().__init__(message)


class RefusedError(GoalsError):
    """A rule of the product does not allow this; `field` names the input that is wrong, if there is one."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class WrongValueError(RefusedError):
    """A value that is wrong in every workspace, such as a malformed date or a span that ends before it begins.

    The command line exits with status 2, as for an option that does not exist.
    """


class UnreadableError(GoalsError):
    """A file or folder can't be read or written; the message holds its path and the reason."""


class NotFoundError(GoalsError):
    """There is no such goal, step, flow, node, cycle or filter.

    `nearest` holds the names among `known` that most resemble the wanted one. If none does, the message lists some of
    the known names; if none are known it ends with `where`, a sentence.
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
    """A document was changed or deleted by somebody else since it was read.

    `changed` names the fields that differ. `what` replaces the default predicate of the message; `remedy` is a
    sentence that says what can be done.
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
    """Return the known names most like `wanted`, best first, ignoring case.

    Whole names are compared first; if none is similar, their single words are.
    """
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
