"""Activities of a session, and the triggers that fire steps on them (docs/semantics.md, *Activities*)."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from goals_tui.domain.event import LONGEST_FIELD, Key, Label, plausible
from goals_tui.domain.model import MAX_TEXT, Instant, Line, Model, Text
from goals_tui.domain.words import fold

ActivityKind = Literal["step", "user", "agent", "tool", "handover", "event"]
"""A step of a flow, a message of the user or the agent, a tool call, a handover, or anything else (`event`)."""


class Activity(Model):
    """Something that happened in a session, whether or not a goal was meant.

    `parent` is the id of the activity that contains this one, `channel` the way in which the user was reached.
    `position`, a number as text, orders the activities of one moment; see `ORDER`.
    """

    id: Key
    timestamp: Annotated[Instant, AfterValidator(plausible)]
    session_id: Key
    kind: ActivityKind
    name: Label = None
    text: Annotated[Text, StringConstraints(max_length=MAX_TEXT)] | None = None
    parent: Label = None
    flow: Label = None
    endpoint: Label = None
    locale: Label = None
    snapshot: Label = None
    channel: Label = None
    position: Label = None


ACTIVITY_FIELDS: tuple[str, ...] = tuple(Activity.model_fields)

ORDER = "timestamp, TRY_CAST(position AS BIGINT) NULLS FIRST, id"
"""The SQL order of the activities within a session."""


def _is_none(value: object) -> bool:
    return value is None


class Trigger(Model):
    """A condition on activities that fires a step: all of the fields that are set must match.

    `name` must match exactly, except that each `*` stands for any number of characters. `text` must occur in the
    text of the activity, ignoring case. At least one field is required.
    """

    kind: ActivityKind | None = Field(None, exclude_if=_is_none)
    name: Annotated[Line, StringConstraints(min_length=1, max_length=LONGEST_FIELD)] | None = Field(
        None, exclude_if=_is_none
    )
    text: Annotated[Line, StringConstraints(min_length=1, max_length=LONGEST_FIELD)] | None = Field(
        None, exclude_if=_is_none
    )

    @model_validator(mode="after")
    def _says_something(self) -> Trigger:
        if self.kind is None and self.name is None and self.text is None:
            raise ValueError("a trigger needs a kind, a name or a part of the text")
        return self

    def fires(self, activity: Activity) -> bool:
        """Return whether the activity fires the step."""
        if self.kind is not None and activity.kind != self.kind:
            return False
        if self.name is not None:
            pattern = ".*".join(map(re.escape, self.name.split("*")))
            if not re.fullmatch(pattern, activity.name or "", re.DOTALL) or activity.name is None:
                return False
        return self.text is None or fold(self.text) in fold(activity.text or "")

    def __str__(self) -> str:
        said = [f"{what} {value!r}" for what, value in (("name", self.name), ("text", self.text)) if value is not None]
        return " and ".join([*([f"kind {self.kind}"] if self.kind else []), *said])
