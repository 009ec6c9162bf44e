"""Contents of packages: goals, flows, and their events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import orjson
from pydantic import ValidationError

from goals_tui.domain import goal as goal_rules
from goals_tui.domain.errors import RefusedError
from goals_tui.domain.event import FIELDS, LONGEST_FIELD, GoalEvent
from goals_tui.domain.flow import ExecuteFlow, Flow, GoTo, TrackGoal
from goals_tui.domain.goal import Goal
from goals_tui.domain.model import format_instant, reason
from goals_tui.domain.package import EVENTS, FLOWS, GOALS, VERSIONS, Contents
from goals_tui.domain.words import fold
from goals_tui.format import plural
from goals_tui.services.packages.plan import Plan
from goals_tui.store.events.lines import to_line
from goals_tui.store.events.reader import damage_named, damaged

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from goals_tui.services.flows import FlowService
    from goals_tui.services.goals import GoalService
    from goals_tui.store.events.log import EventLog
    from goals_tui.store.events.parts import Prepared
    from goals_tui.store.package_file import PackageReader

Thing = TypeVar("Thing", Goal, Flow)


def gather(known_goals: GoalService, known_flows: FlowService, goals: Sequence[str], flows: Sequence[str]) -> Contents:
    """Return goals and flows (names or ids) with everything they need: flows they lead to, and goals they track.

    Raises NotFoundError, and RefusedError where nothing was chosen.
    """
    if not goals and not flows:
        raise RefusedError("There is nothing to pack. Choose at least one goal or flow.")
    packed_flows = _with_targets(known_flows, [known_flows.get(wanted) for wanted in flows])
    chosen = {goal.id: goal for goal in map(known_goals.get, goals)}
    known = {goal.id: goal for goal in known_goals.all()}
    for flow in packed_flows:
        for node in flow.walk():
            if isinstance(node, TrackGoal) and node.goal_id in known:
                chosen.setdefault(node.goal_id, known[node.goal_id])
    packed_goals = _by_name(chosen.values())
    versions = [version for goal in packed_goals for version in known_goals.versions(goal.id)]
    return Contents(goals=packed_goals, versions=tuple(versions), flows=_by_name(packed_flows))


def _with_targets(known_flows: FlowService, flows: Iterable[Flow]) -> list[Flow]:
    known = {flow.id: flow for flow in known_flows.all()}
    packed: dict[str, Flow] = {}
    pending = list(flows)
    while pending:
        flow = pending.pop()
        if flow.id in packed:
            continue
        packed[flow.id] = flow
        targets = [node.flow_id for node in flow.walk() if isinstance(node, GoTo | ExecuteFlow)]
        pending.extend(known[target] for target in targets if target in known)
    return list(packed.values())


def _by_name(things: Iterable[Thing]) -> tuple[Thing, ...]:
    return tuple(sorted(things, key=lambda thing: (fold(thing.name), thing.id)))


@contextmanager
def explained(path: Path, what: str = "imported") -> Iterator[None]:
    """Add the name of the package file to any RefusedError raised in the block."""
    try:
        yield
    except RefusedError as error:
        raise RefusedError(f"{path} can't be {what}: {error}") from error


def read_contents(package: PackageReader) -> Contents:
    """Return the documents of a package, checked. Raises RefusedError with the file and what is wrong."""
    contents = Contents(
        goals=_parsed(Goal, GOALS, package.document(GOALS)),
        versions=_parsed(Goal, VERSIONS, package.document(VERSIONS)),
        flows=_parsed(Flow, FLOWS, package.document(FLOWS)),
    )
    check(contents)
    return contents


def check(contents: Contents) -> None:
    """Raise RefusedError for contents that no project accepts, in an export as in an import."""
    _check_unique(GOALS, contents.goals)
    _check_unique(FLOWS, contents.flows)
    for goal in contents.goals:
        # The limit of steps is a setting of each project: an import mentions it, but does not refuse.
        for problem in goal_rules.problems(goal, max_steps=len(goal.steps)):
            raise RefusedError(f"{GOALS}, goal {goal.name!r}: {problem.message}")
    for flow in contents.flows:
        if not flow.name:
            raise RefusedError(f"{FLOWS}: a flow has no name.")
    _check_versions(contents)


def _parsed(model: type[Thing], file: str, documents: Iterable[Mapping[str, Any]]) -> tuple[Thing, ...]:
    parsed = []
    for place, document in enumerate(documents, 1):
        try:
            parsed.append(model.model_validate(document))
        except ValidationError as error:
            raise RefusedError(f"{file}, number {place}, {reason(error)}.") from None
    return tuple(parsed)


def _check_unique(file: str, things: Sequence[Goal | Flow]) -> None:
    for what, values in (("id", [thing.id for thing in things]), ("name", [fold(thing.name) for thing in things])):
        value, count = Counter(values).most_common(1)[0] if values else ("", 0)
        if count > 1:
            raise RefusedError(f"{file} holds the {what} {value!r} {count} times.")


def _check_versions(contents: Contents) -> None:
    goals = {goal.id for goal in contents.goals}
    seen: dict[str, str] = {goal.version: goal.id for goal in contents.goals}
    if len(seen) < len(contents.goals):
        raise RefusedError(f"{GOALS}: two goals have the same version.")
    for place, version in enumerate(contents.versions, 1):
        if version.id not in goals:
            raise RefusedError(f"{VERSIONS}, number {place}, belongs to a goal that the package does not hold.")
        if seen.setdefault(version.version, version.id) != version.id:
            raise RefusedError(f"{VERSIONS}, number {place}, has a version that another goal has.")
        if not version.steps or version.steps[0].kind != "initial":
            raise RefusedError(f"{VERSIONS}, number {place}, has no initial step.")


Progress = Callable[[float | None, str], None]
_BATCH = 5000
_TIMESTAMP = FIELDS.index("timestamp")


def lines_of(log: EventLog, goal_ids: Sequence[str], progress: Progress) -> Iterator[bytes]:
    """Yield the events of goals as lines of JSON, several per chunk, in the order of time.

    Raises RefusedError for an event that no import would accept, because the log was edited by hand.
    """
    if log.is_empty() or not goal_ids:
        return
    columns = ", ".join(f'"{name}"' for name in FIELDS)
    where = "goalId IN (SELECT unnest($goals::VARCHAR[]))"
    with log.connect() as connection, damage_named(log.path):
        (total,) = connection.execute(f"SELECT count(*) FROM events WHERE {where}", {"goals": goal_ids}).fetchone() or (
            0,
        )
        _check_lengths(connection, f"SELECT * FROM events WHERE {where}", goal_ids)
        rows = connection.execute(
            f'SELECT {columns} FROM events WHERE {where} ORDER BY "timestamp", id, stepId', {"goals": goal_ids}
        )
        written = 0
        while batch := rows.fetchmany(_BATCH):
            if not all(isinstance(row[_TIMESTAMP], datetime) for row in batch):
                raise damaged(log.path, "an event has no time")
            yield b"".join(_line(row) for row in batch)
            written += len(batch)
            progress(written / total, f"{written:,} of {plural(total, 'event')}")


def _check_lengths(connection: DuckDBPyConnection, sql: str, goal_ids: Sequence[str]) -> None:
    lengths = ", ".join(f'max(length("{name}")) AS "{name}"' for name in FIELDS if name != "timestamp")
    longest = connection.execute(f"SELECT {lengths} FROM ({sql})", {"goals": goal_ids})
    names = [name for name, *_ in longest.description or ()]
    for name, most in zip(names, longest.fetchone() or (), strict=False):
        if most and most > LONGEST_FIELD:
            raise RefusedError(f"{EVENTS}: an event has more than {LONGEST_FIELD} characters as its {name}.")


def _line(row: Sequence[Any]) -> bytes:
    fields = {name: value for name, value in zip(FIELDS, row, strict=True) if value is not None}
    fields["timestamp"] = format_instant(row[_TIMESTAMP].replace(tzinfo=UTC))
    return orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE)


def stage(package: PackageReader, plan: Plan, target: Path, progress: Progress) -> int:
    """Write the events of a package to `target` as they will be stored, and return their number.

    Raises RefusedError for an invalid event.
    """
    count = 0
    with target.open("wb") as file:
        for number, line in enumerate(package.event_lines(), 1):
            event = _read(line, number)
            if event.goal_id not in plan.moves:
                raise RefusedError(f"{EVENTS}, event {number}, belongs to a goal that the package does not hold.")
            kept = plan.event(event)
            if kept is not None:
                file.write(to_line(kept))
                count += 1
            if number % _BATCH == 0:
                progress(None, f"{number:,} events checked")
    return count


def _read(line: bytes, number: int) -> GoalEvent:
    try:
        return GoalEvent.model_validate(orjson.loads(line))
    except ValidationError as error:
        why = reason(error)
    except orjson.JSONDecodeError as error:
        why = f"it is not JSON ({error})"
    raise RefusedError(f"{EVENTS}, event {number}: {why}.")


@contextmanager
def merging(log: EventLog, staged: Path, batch: str) -> Iterator[Prepared]:
    """Prepare to add the staged events that are not in the log yet; committing the result adds them."""
    from goals_tui.store.duckdb_files import bare_connection
    from goals_tui.store.events.reader import load_appended
    from goals_tui.store.events.schema import EVENTS

    with bare_connection() as connection:
        load_appended(connection, [staged], EVENTS)
        with log.adding(connection, "SELECT * FROM appended", batch) as part:
            yield part
