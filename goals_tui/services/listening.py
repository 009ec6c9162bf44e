"""Spans that an agent sends while it runs (OTLP): recorded as activities, and goals derived from them at once.

A span becomes the same activity as in an import of the same trace (`imports.agent_logs`), so that both together count
it once. Nothing here belongs to a batch.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
from pydantic import ValidationError

from goals_tui.domain.activity import ACTIVITY_FIELDS, ORDER, Activity, ActivityKind
from goals_tui.domain.cycle import EventTemplates
from goals_tui.domain.deriving import derive_session, is_derived
from goals_tui.domain.errors import WrongValueError
from goals_tui.domain.event import FIELDS, GoalEvent
from goals_tui.domain.model import reason
from goals_tui.format import plural
from goals_tui.services.events import is_large
from goals_tui.services.imports.agent_logs import AGENT_OPERATIONS, SESSION_ATTRIBUTES

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from goals_tui.services.activities import Activities
    from goals_tui.services.events import Events
    from goals_tui.services.goals import GoalService
    from goals_tui.services.project import ProjectService
    from goals_tui.store.workspace import Workspace

MOST_SESSIONS = 2_000
"""The largest number of sessions that are derived in one go."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OPERATION, _TOOL, _AGENT = "gen_ai.operation.name", "gen_ai.tool.name", "gen_ai.agent.name"
_SERVICE, _RELEASE = "service.name", "service.version"
_READ = frozenset({_OPERATION, _TOOL, _AGENT, _SERVICE, _RELEASE, *SESSION_ATTRIBUTES})


class Span(NamedTuple):
    """The fields of a span that are read. Ids are hexadecimal, `start` is in nanoseconds since 1970."""

    trace_id: str
    span_id: str
    parent_id: str
    name: str
    start: int
    attributes: Mapping[str, str]
    resource: Mapping[str, str]

    def activity(self, position: int) -> Activity:
        """Return the span as an activity. Raises WrongValueError with the reason why it can't be one."""
        if not self.span_id.strip("0"):
            raise WrongValueError("it has no span id", field="spanId")
        operation = self.attributes.get(_OPERATION)
        kind: ActivityKind = "step"
        if operation == "execute_tool":
            kind = "tool"
        elif operation in AGENT_OPERATIONS:
            kind = "agent"
        tool = self.attributes.get(_TOOL) if kind == "tool" else None
        given = [found[key] for found in (self.attributes, self.resource) for key in SESSION_ATTRIBUTES if key in found]
        trace = f"{self.trace_id}-" if self.trace_id else ""
        try:
            return Activity.model_validate(
                {
                    "id": f"{trace}{self.span_id}",
                    "timestamp": _EPOCH + timedelta(microseconds=self.start // 1000) if self.start > 0 else None,
                    "session_id": given[0] if given else self.trace_id,
                    "kind": kind,
                    "name": (tool or self.name) or None,
                    "parent": f"{trace}{self.parent_id}" if self.parent_id else None,
                    "flow": self.attributes.get(_AGENT),
                    "endpoint": self.resource.get(_SERVICE),
                    "snapshot": self.resource.get(_RELEASE),
                    "position": str(position),
                }
            )
        except (ValidationError, OverflowError) as error:
            why = reason(error) if isinstance(error, ValidationError) else "its start is too far in the future"
            raise WrongValueError(why, field="span") from None


def spans_of_json(body: bytes) -> list[Span | None]:
    """Return the spans of an export request in JSON, None for each one that is no span.

    Raises WrongValueError where the body is no such request.
    """
    try:
        request = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise WrongValueError(f"The body is not JSON: {error}.", field="body") from None
    if not isinstance(request, dict) or not isinstance(request.get("resourceSpans", []), list):
        raise WrongValueError("The body is no export request: it has no list of resourceSpans.", field="body")
    found: list[Span | None] = []
    for one in _objects(request.get("resourceSpans")):
        resource = _json_attributes(_object(one.get("resource")).get("attributes"))
        for scope in _objects(one.get("scopeSpans")):
            spans = scope.get("spans")
            found += [_json_span(span, resource) for span in (spans if isinstance(spans, list) else ())]
    return found


def _json_span(span: object, resource: Mapping[str, str]) -> Span | None:
    if not isinstance(span, dict):
        return None
    ids = [span.get(name) or "" for name in ("traceId", "spanId", "parentSpanId")]
    name, start = span.get("name") or "", span.get("startTimeUnixNano")
    if not all(isinstance(text, str) for text in (*ids, name)):
        return None
    # A 64-bit number is text in JSON; some write it as a number.
    if isinstance(start, str) and start.isascii() and start.isdigit() and len(start) <= 20:
        start = int(start)
    elif not isinstance(start, int) or isinstance(start, bool):
        start = 0
    trace, own, parent = (text.lower() for text in ids)
    return Span(trace, own, parent, name, start, _json_attributes(span.get("attributes")), resource)


def _json_attributes(pairs: object) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in _objects(pairs):
        key, value = pair.get("key"), _object(pair.get("value"))
        if isinstance(key, str) and key in _READ and key not in found:
            text = value.get("stringValue", value.get("intValue"))
            if isinstance(text, str | int) and not isinstance(text, bool):
                found[key] = str(text)
    return {key: text for key, text in found.items() if text}


def spans_of_protobuf(body: bytes) -> list[Span | None]:
    """Return the spans of an export request in protobuf. Raises WrongValueError where the body is no such request."""
    from google.protobuf.message import DecodeError
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    try:
        request = ExportTraceServiceRequest.FromString(body)
    except DecodeError:
        raise WrongValueError("The body is no export request in protobuf.", field="body") from None
    found: list[Span | None] = []
    for one in request.resource_spans:
        resource = _protobuf_attributes(one.resource.attributes)
        for scope in one.scope_spans:
            for span in scope.spans:
                ids = (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex())
                attributes = _protobuf_attributes(span.attributes)
                found.append(Span(*ids, span.name, span.start_time_unix_nano, attributes, resource))
    return found


def _protobuf_attributes(pairs: Iterable[Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in pairs:
        if pair.key in _READ and pair.key not in found:
            kind = pair.value.WhichOneof("value")
            found[pair.key] = str(getattr(pair.value, kind)) if kind in ("string_value", "int_value") else ""
    return {key: text for key, text in found.items() if text}


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> Iterator[dict[str, Any]]:
    return (one for one in (value if isinstance(value, list) else ()) if isinstance(one, dict))


@dataclass(frozen=True, slots=True)
class Received:
    """The result of one request: how many spans were recorded and refused, and the reason of the first refusal."""

    recorded: int
    refused: int
    why: str


class Listening:
    """Records spans and derives the goals of their sessions. Safe in several threads."""

    def __init__(
        self,
        workspace: Workspace,
        project: ProjectService,
        goals: GoalService,
        activities: Activities,
        events: Events,
    ) -> None:
        self._documents = workspace.documents
        self._log = workspace.events
        self._activity_log = workspace.activities
        self._project = project
        self._goals = goals
        self._activities = activities
        self._events = events
        self._templates = EventTemplates()
        self._lock = threading.Lock()
        self._touched: dict[str, None] = {}
        """Ids of sessions with activities since they were last derived, the longest waiting first."""

    def receive(self, spans: Sequence[Span | None]) -> Received:
        """Record the spans as activities; they survive a power cut when this returns.

        None is recorded if it raises: UnreadableError where the log can't be written.
        """
        found: list[Activity] = []
        why = ""
        for position, span in enumerate(spans, 1):
            try:
                if span is None:
                    raise WrongValueError("it is no object, or its ids or name are no text", field="span")
                found.append(span.activity(position))
            except WrongValueError as error:
                why = why or f"Span {position:,}: {error}."
        if found:
            self._activity_log.append(found)
            self._activity_log.sync()
            with self._lock:
                self._touched |= dict.fromkeys(activity.session_id for activity in found)
        return Received(len(found), len(spans) - len(found), why)

    def seal_if_large(self) -> None:
        """Seal the logs that have become large, while others go on appending. Raises UnreadableError.

        What has expired goes with them.
        """
        large = [log for log in (self._activity_log, self._log) if is_large(log)]
        for log in large:
            log.seal()
        if large:
            self._events.expire()

    @property
    def waiting(self) -> int:
        """The number of sessions that have activities and are not derived yet."""
        return len(self._touched)

    def derive(self) -> int:
        """Derive all goals in the sessions that received activities, and return how many events were added.

        Like `Deriving.derive`, also for activities that come late: what they change is replaced. Sessions with tracked
        events of a goal are left out. Raises GoalsError; the sessions are then derived the next time.
        """
        with self._lock:
            sessions = [*self._touched][:MOST_SESSIONS]
            for session in sessions:
                del self._touched[session]
        try:
            return self._derive(sessions) if sessions else 0
        except BaseException:
            with self._lock:
                self._touched = dict.fromkeys(sessions) | self._touched
            raise

    def _derive(self, sessions: Sequence[str]) -> int:
        documents = self._documents
        stamp = documents.stamp()
        goals = [goal for goal in self._goals.all() if goal.initial.triggers]
        if not goals:
            return 0
        activities = self._activities_of(sessions)
        project_id = self._project.get().id
        added: list[GoalEvent] = []
        gone: list[str] = []
        with self._log.connect() as connection:
            known = _events_of(connection, sessions)
            for goal in goals:
                for session in sessions:
                    old = known.get((goal.id, session), {})
                    derived = {id_: event for id_, event in old.items() if is_derived(id_)}
                    new: dict[str, GoalEvent] = {}
                    if len(derived) == len(old):  # no step was tracked there
                        new = derive_session(goal, activities.get(session, ()), project_id, self._templates)
                    added += [event for id_, event in new.items() if derived.get(id_) != event]
                    gone += [id_ for id_, event in derived.items() if new.get(id_) != event]
        if gone:
            self._replace(gone, added)
        elif added and self._log.append(added, only_if=lambda: documents.stamp() == stamp) is None:
            # A goal was changed meanwhile: by the new definition, the next time.
            with self._lock:
                self._touched |= dict.fromkeys(sessions)
            return 0
        return len(added)

    def _activities_of(self, sessions: Sequence[str]) -> Mapping[str, list[Activity]]:
        """Return the activities of each session, in their order."""
        found: defaultdict[str, list[Activity]] = defaultdict(list)
        with self._activities.reading() as connection:
            rows = connection.execute(
                f"SELECT {', '.join(ACTIVITY_FIELDS)} FROM each_once "
                f"WHERE session_id IN (SELECT unnest(?::VARCHAR[])) ORDER BY {ORDER}",
                [list(sessions)],
            ).fetchall()
        for row in rows:
            fields = dict(zip(ACTIVITY_FIELDS, row, strict=True))
            fields["timestamp"] = fields["timestamp"].replace(tzinfo=UTC)
            found[fields["session_id"]].append(Activity.model_construct(**fields))
        return found

    def _replace(self, gone: Collection[str], added: Sequence[GoalEvent]) -> None:
        """Delete derived events and add others, in one step."""
        listed = ", ".join(f"'{id_}'" for id_ in gone)
        rows = [[*event.model_dump(mode="json").values()] for event in added]
        columns = ", ".join(f'"{name}" VARCHAR' for name in FIELDS)
        with self._log.connect() as connection:
            connection.execute(f"CREATE TEMP TABLE fresh ({columns})")
            if rows:
                marks = ", ".join("?" for _ in FIELDS)
                connection.executemany(f"INSERT INTO fresh VALUES ({marks})", rows)
            values = ", ".join(
                f'"{name}"' if name != "timestamp" else "timestamp::TIMESTAMP AS timestamp" for name in FIELDS
            )
            with self._log.replacing(f"id IN ({listed})", connection, f"SELECT {values} FROM fresh") as prepared:
                prepared.commit()


def _events_of(connection: DuckDBPyConnection, sessions: Sequence[str]) -> dict[tuple[str, str], dict[str, GoalEvent]]:
    """Return the events of each goal and session, by id."""
    found: defaultdict[tuple[str, str], dict[str, GoalEvent]] = defaultdict(dict)
    columns = ", ".join(f'"{name}"' for name in FIELDS)
    rows = connection.execute(
        f'SELECT {columns} FROM events WHERE "sessionId" IN (SELECT unnest(?::VARCHAR[]))', [list(sessions)]
    ).fetchall()
    for row in rows:
        fields = dict(zip(GoalEvent.model_fields, row, strict=True))
        fields["timestamp"] = fields["timestamp"].replace(tzinfo=UTC)
        fields["version"] = fields["version"] or ""
        event = GoalEvent.model_construct(**fields)
        found[event.goal_id, event.session_id][event.id] = event
    return found


def summary(requests: int, recorded: int, refused: int, events: int) -> str:
    """Return what a run has received, as a sentence."""
    said = f"{plural(requests, 'request')}, {plural(recorded, 'span')} recorded"
    if refused:
        said += f", {refused:,} refused"
    if events:
        said += f", {plural(events, 'goal event')} derived"
    return f"{said}."
