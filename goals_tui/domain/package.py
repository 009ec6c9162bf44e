"""A package: goals and flows of one project as a ZIP for others (the seed's *Export a Goal as a Package*).

manifest.json       what this is: format, project, currency, checksum and size of every other file
goals.json          the goals as they are now
goal_versions.json  every earlier definition, to which events may refer
flows.json          flows, with those that they lead to
events.jsonl        optional: the events of the goals, under the field names of the original event data
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final, Literal, get_args

from pydantic import Field, StringConstraints

from goals_tui.domain.errors import GoalsError
from goals_tui.domain.flow import Flow
from goals_tui.domain.goal import Goal, Id
from goals_tui.domain.model import MAX_NAME, Instant, Line, Model

FORMAT: Final = "goals-tui-package"
FORMAT_VERSION: Final = 2
"""Version 2 may have flows that goals-tui 0.1.0 does not read; what has none is written as version 1."""

MANIFEST = "manifest.json"
GOALS = "goals.json"
VERSIONS = "goal_versions.json"
FLOWS = "flows.json"
EVENTS = "events.jsonl"
DOCUMENTS = (GOALS, VERSIONS, FLOWS)
"""The files that every package has, beside the manifest, in their order."""

Decision = Literal["skip", "replace", "duplicate"]
DECISIONS: tuple[Decision, ...] = get_args(Decision)
"""What to do with something that is here already: leave ours, put theirs in its place, or have both."""

OnConflict = Literal["ask", "skip", "replace", "duplicate"]
ItemKind = Literal["goal", "flow"]
Standing = Literal["new", "same", "differs"]


class PackagedFile(Model):
    """Proof that a file of a package is whole."""

    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    bytes: Annotated[int, Field(ge=0)]


class Origin(Model):
    """The project that a package comes from."""

    name: Annotated[Line, StringConstraints(min_length=1, max_length=MAX_NAME)]
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class Manifest(Model):
    """The first file of a package."""

    format: Literal["goals-tui-package"] = FORMAT
    format_version: Literal[1, 2] = 1
    created_at: Instant
    project: Origin
    files: dict[str, PackagedFile]


class Contents(Model):
    """The documents of a package."""

    goals: tuple[Goal, ...]
    versions: tuple[Goal, ...]
    flows: tuple[Flow, ...]


class Item(Model):
    """A goal or flow of a package, beside what is here of the same id or name."""

    kind: ItemKind
    id: Id
    name: str
    detail: str
    """How large it is, in words: "4 steps"."""

    here: str | None = None
    """The id of the goal or flow here that it collides with; None where it is new."""

    here_name: str | None = None
    same_id: bool = False
    same_content: bool = False

    @property
    def conflict(self) -> bool:
        """Whether there is something to decide."""
        return self.here is not None

    @property
    def standing(self) -> Standing:
        """How it stands to what is here, in one word."""
        if self.here is None:
            return "new"
        return "same" if self.same_content else "differs"

    @property
    def proposed(self) -> Decision:
        """The answer to the conflict that loses nothing and makes nothing twice."""
        return "skip" if self.same_content else "replace" if self.same_id else "duplicate"

    @property
    def reason(self) -> str:
        """The same, in a few words more."""
        if self.here is None:
            return "new here"
        if self.same_content:
            return "here already, and the same"
        if self.same_id:
            renamed = "" if self.here_name == self.name else f", as {self.here_name!r}"
            return f"here already{renamed}, and differs"
        return "another one here has this name"


class ConflictsError(GoalsError):
    """A package brings what is here already, and nobody said what to do with it; `items` are those."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.items = tuple(items)
        named = ", ".join(f"{item.kind} {item.name!r} ({item.reason})" for item in self.items[:_NAMED])
        more = f" and {len(self.items) - _NAMED} more" if len(self.items) > _NAMED else ""
        super().__init__(
            f"Nothing was imported, for there are conflicts: {named}{more}. "
            "Say --on-conflict skip, replace or duplicate."
        )


_NAMED = 5
"""How many conflicts a message names."""
