"""Packages: goals and flows of one project as a ZIP file for other projects.

A package contains these files:

manifest.json       format, project, currency, and the checksum and size of every other file
goals.json          the current goals
goal_versions.json  every earlier definition to which events may refer
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
"""Version 2 allows flows that goals-tui 0.1.0 can't read; packages without any are written as version 1."""

MANIFEST = "manifest.json"
GOALS = "goals.json"
VERSIONS = "goal_versions.json"
FLOWS = "flows.json"
EVENTS = "events.jsonl"
DOCUMENTS = (GOALS, VERSIONS, FLOWS)
"""The files that every package has after the manifest, in order."""

Decision = Literal["skip", "replace", "duplicate"]
DECISIONS: tuple[Decision, ...] = get_args(Decision)
"""The ways to resolve a conflict: keep the existing item, replace it by the packaged one, or keep both."""

OnConflict = Literal["ask", "skip", "replace", "duplicate"]
ItemKind = Literal["goal", "flow"]
Standing = Literal["new", "same", "differs"]


class PackagedFile(Model):
    """The checksum and size of a file in a package, to check that it is complete."""

    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    bytes: Annotated[int, Field(ge=0)]


class Origin(Model):
    """The project that a package was exported from."""

    name: Annotated[Line, StringConstraints(min_length=1, max_length=MAX_NAME)]
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class Manifest(Model):
    """The manifest, which is the first file of a package."""

    format: Literal["goals-tui-package"] = FORMAT
    format_version: Literal[1, 2] = 1
    created_at: Instant
    project: Origin
    files: dict[str, PackagedFile]


class Contents(Model):
    """The goals, versions and flows of a package."""

    goals: tuple[Goal, ...]
    versions: tuple[Goal, ...]
    flows: tuple[Flow, ...]


class Item(Model):
    """A goal or flow of a package, compared with the existing one that has the same id or name."""

    kind: ItemKind
    id: Id
    name: str
    detail: str
    """Its size in words, such as "4 steps"."""

    here: str | None = None
    """The id of the existing goal or flow that it conflicts with; None if it is new."""

    here_name: str | None = None
    same_id: bool = False
    same_content: bool = False

    @property
    def conflict(self) -> bool:
        """True if the item conflicts with an existing one."""
        return self.here is not None

    @property
    def standing(self) -> Standing:
        """The comparison with the existing item in one word."""
        if self.here is None:
            return "new"
        return "same" if self.same_content else "differs"

    @property
    def proposed(self) -> Decision:
        """The proposed decision: skip equal content, replace the item of the same id, else keep both."""
        return "skip" if self.same_content else "replace" if self.same_id else "duplicate"

    @property
    def reason(self) -> str:
        """The comparison with the existing item in a few words."""
        if self.here is None:
            return "new here"
        if self.same_content:
            return "here already, and the same"
        if self.same_id:
            renamed = "" if self.here_name == self.name else f", as {self.here_name!r}"
            return f"here already{renamed}, and differs"
        return "another one here has this name"


class ConflictsError(GoalsError):
    """A package conflicts with existing goals or flows and no decision was given; `items` are the conflicts."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.items = tuple(items)
        named = ", ".join(f"{item.kind} {item.name!r} ({item.reason})" for item in self.items[:_NAMED])
        more = f" and {len(self.items) - _NAMED} more" if len(self.items) > _NAMED else ""
        super().__init__(
            f"Nothing was imported, for there are conflicts: {named}{more}. "
            "Say --on-conflict skip, replace or duplicate."
        )


_NAMED = 5
"""The most conflicts that a message names."""
