"""Goal events: one step reached at a moment in a session, with the field names of the original event data."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, StringConstraints
from pydantic.alias_generators import to_camel

from goals_tui.domain.errors import RefusedError
from goals_tui.domain.model import Instant, Line, Model

ADMIN_CONSOLE = "adminconsole"
INTERACTION_PANEL = "Interaction Panel"
TEST_ENDPOINT_TYPES = (ADMIN_CONSOLE, "playbook", "playbooks")
"""Endpoint types that reports leave out by default: those of the Interaction Panel and playbooks."""

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
"""Events outside these years are refused, because they come from a wrong clock or a wrong unit."""


def plausible(moment: datetime) -> datetime:
    """Return `moment` unchanged. Raises ValueError if it is before EARLIEST, or not before LATEST."""
    if not EARLIEST <= moment < LATEST:
        raise ValueError(f"the time {moment.isoformat()} is not between 1970 and 2200")
    return moment


def in_milliseconds(moment: datetime) -> datetime:
    """Return the moment as events have it: cut to milliseconds."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


LONGEST_FIELD = 300
"""The longest text that a field of an event may hold, in characters."""

Key = Annotated[Line, StringConstraints(min_length=1, max_length=LONGEST_FIELD)]
Label = Annotated[Line, StringConstraints(max_length=LONGEST_FIELD)] | None


class GoalEvent(Model):
    """A `GoalEvents` record: one step that fired. In JSON its fields are called goalCycleId, stepId and so on.

    `goal_cycle_id` identifies the cycle; `version` is the goal's version when the step fired.
    """

    model_config = ConfigDict(
        frozen=True, extra="ignore", populate_by_name=True, alias_generator=to_camel, serialize_by_alias=True
    )

    id: Key
    version: Annotated[Line, StringConstraints(max_length=LONGEST_FIELD)] = ""
    timestamp: Annotated[Instant, AfterValidator(plausible)]
    goal_cycle_id: Key
    step_id: Key
    goal_id: Key
    session_id: Key
    project_id: Label = None
    organisation_id: Label = None
    expires_at: Label = None
    locale_name: Label = None
    locale_reference_id: Label = None
    endpoint_name: Label = None
    endpoint_type: Label = None
    endpoint_url_token: Label = None
    channel: Label = None
    snapshot_id: Label = None
    snapshot_name: Label = None


FIELDS: tuple[str, ...] = tuple(field.alias or name for name, field in GoalEvent.model_fields.items())
"""The field names of the event data, in order."""


class Source(Model):
    """The origin of a conversation, which all of its events carry: endpoint, locale, snapshot and project."""

    endpoint_name: Label = None
    endpoint_type: Label = None
    channel: Label = None
    locale_name: Label = None
    snapshot_id: Label = None
    snapshot_name: Label = None
    project_id: Label = None


PANEL_SOURCE = Source.model_construct(
    endpoint_name=INTERACTION_PANEL, endpoint_type=ADMIN_CONSOLE, channel=ADMIN_CONSOLE
)
"""The source of conversations in the app's Interaction Panel."""


def source(endpoint: str | None, locale: str | None, snapshot: str | None, project_id: str | None) -> Source:
    """Return a source made from names; the type of the endpoint is derived from its name.

    Raises RefusedError for a name that is too long.
    """
    for what, name in (("endpoint", endpoint), ("locale", locale), ("snapshot", snapshot)):
        if len(name or "") > LONGEST_FIELD:
            raise RefusedError(f"The {what} has more than {LONGEST_FIELD} characters. Give a shorter name.", field=what)
    kind = (endpoint or "").casefold().replace(" ", "")[:LONGEST_FIELD] or None
    if endpoint == INTERACTION_PANEL:
        kind = ADMIN_CONSOLE
    return Source(
        endpoint_name=endpoint,
        endpoint_type=kind,
        channel=kind,
        locale_name=locale,
        snapshot_name=snapshot,
        project_id=project_id,
    )
