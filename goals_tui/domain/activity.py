"""What happened in a session, whether or not a goal was meant (docs/semantics.md, *Activities*)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, StringConstraints

from goals_tui.domain.event import Key, Label, plausible
from goals_tui.domain.model import MAX_TEXT, Instant, Model, Text

ActivityKind = Literal["step", "user", "agent", "tool", "handover", "event"]
"""A step of a flow, words of the user or the agent, a tool that was called, a handover, and whatever else happened."""


class Activity(Model):
    """One activity. `parent` is the id of the activity that it is a part of; `channel` how the user was reached.

    `position` is its place, in digits, among the activities of one moment; see `ORDER`.
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
"""The order of the activities of a session, in SQL."""
