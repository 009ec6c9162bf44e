"""Import exports of the original system: goals with their steps, metrics and events, and activities.

Goals and events are committed together, after everything was read. Importing the same data again adds nothing. See
docs/command-line.md.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import orjson
from pydantic import ValidationError

from goals_tui.domain.activity import Activity
from goals_tui.domain.errors import RefusedError, UnreadableError
from goals_tui.domain.event import FIELDS, GoalEvent
from goals_tui.domain.model import MAX_TEXT, reason
from goals_tui.domain.project import currency_digits
from goals_tui.format import plural
from goals_tui.services.imports.files import DataFile, NoRecordsError, Page, find_files, to_lines
from goals_tui.services.imports.goals import KIND, LABEL, VERSIONS, save_read_goals
from goals_tui.services.imports.odata_goals import (
    DURATION_UNIT,
    Collection,
    GoalRecords,
    Place,
    collection_of,
    duration_unit,
)
from goals_tui.services.imports.result import Broken, ImportResult, Incomplete, Progress, Unused, say_done, silent
from goals_tui.services.imports.table import UnusableError
from goals_tui.store.atomic import scratch_folder
from goals_tui.store.duckdb_files import bare_connection
from goals_tui.store.events.bulk_import import LONGEST_LINE, BulkImport
from goals_tui.store.events.lines import to_line
from goals_tui.store.events.reader import load_appended
from goals_tui.store.events.schema import ACTIVITIES

if TYPE_CHECKING:
    from goals_tui.services.imports.result import ImportTarget
    from goals_tui.store.events.parts import Prepared

_READING = 0.5
"""The share of the progress for reading the files; writing the events takes the rest."""

_COPYING = 0.6
"""The share of writing whose progress is known. The rest is leaving out the events that were in the log already."""

_SAVING = 0.95
"""The progress when only saving the goals and the commit remain."""


def import_odata(
    target: ImportTarget,
    paths: Sequence[Path],
    *,
    unit: str | None = None,
    without_text: bool = False,
    called: str | None = None,
    progress: Progress = silent,
) -> ImportResult:
    """Import files and folders with exported collections. `called` describes the batch.

    `unit` is the unit of durations, which the export does not state; seconds by default. Conversations and
    ExecutedSteps become activities, without their texts if `without_text`. Broken records are left out, counted, and
    the first of them reported; so are broken or unused files of a folder.

    Raises UnreadableError or RefusedError for a file that the user gave and that can't be used as a whole,
    WrongValueError for an unknown unit; then nothing is imported.
    """
    broken, batch = Broken(), target.batches.new_id()
    goals = GoalRecords(broken, duration_unit(unit or DURATION_UNIT), currency_digits(target.project.get().currency))
    files = find_files(paths)
    total = sum(file.path.stat().st_size for file in files) or 1
    used: list[str] = []
    unused: list[Unused] = []
    pages = _Pages()
    done = 0
    with scratch_folder() as place, BulkImport(target.log) as bulk:
        repaired, happened = place / "repaired.jsonl", place / "activities.jsonl"
        with repaired.open("wb") as events, happened.open("wb") as activities:
            taken = _Activities(activities, with_text=not without_text)
            reader = _Reader(bulk, goals, broken, events, pages, taken)
            for file in files:
                size = file.path.stat().st_size
                hear = _part(progress, _READING * done / total, _READING * size / total, f"Reading {file.name}")
                hear(0.0)
                with bulk.watched(hear):
                    not_read = _read(file, place, reader, broken)
                if not_read is None:
                    used.append(file.name)
                else:
                    unused.append(not_read)
                done += size
        bulk.load_checked(repaired)
        hear = _part(progress, _READING, (1 - _READING) * _COPYING, "Writing events")
        hear(0.0)
        with ExitStack() as writing:
            with bulk.watched(hear):
                part = writing.enter_context(bulk.prepared(batch))
            progress(_SAVING, "Saving goals")
            known = {goal.id: goal for goal in target.goals.all()}
            read = goals.assemble(known)
            # Activities are not committed together with goals. Written before, they are part of the batch.
            happened_part = _write_activities(target, happened, batch) if taken.count else None
            what = called or f"import odata {_called(paths)}"
            with target.batches.adding(batch, what, part, LABEL, committed=happened_part) as edit:
                saved = save_read_goals(edit, read, broken, target.features().max_steps)
        events_added = part.events if part else 0
        events_known = bulk.count() - events_added
        by_goal = bulk.events_by_goal()
        activities_added = happened_part.events if happened_part else 0
    say_done(progress)
    here = {document["id"] for kind in (KIND, VERSIONS) for document in target.documents.all(kind).values()}
    return ImportResult(
        goals_added=saved.added,
        goals_changed=saved.changed,
        goals_earlier=saved.earlier,
        goals_known=saved.known,
        values_kept=saved.kept,
        events_added=events_added,
        events_known=events_known,
        events_unknown_goal=sum(count for goal_id, count in by_goal.items() if goal_id not in here),
        activities_added=activities_added,
        activities_known=taken.count - activities_added,
        broken=tuple(broken.named),
        broken_total=broken.total,
        files=tuple(used),
        unpriced=tuple(dict.fromkeys(step for goal in read for step in goal.unpriced)),
        amounts_rounded=goals.rounded,
        assumed_duration_unit=DURATION_UNIT if unit is None and goals.durations else None,
        unused=tuple(unused),
        incomplete=tuple(pages.incomplete({"GoalEvents": target.log.stats().events})),
    )


def _called(paths: Sequence[Path]) -> str:
    return paths[0].resolve().name if len(paths) == 1 else plural(len(paths), "file")


def _part(progress: Progress, begin: float, share: float, text: str) -> Callable[[float], None]:
    """Return a callback that converts the progress of one phase, from 0 to 1, to that of the whole import."""
    return lambda fraction: progress(begin + share * fraction, text)


def _read(file: DataFile, place: Path, reader: _Reader, broken: Broken) -> Unused | None:
    """Read one file. Return None, also for a broken file of a folder, or an `Unused` where it holds no records."""
    try:
        lines, page = to_lines(file, place)
        reader.read(file, lines, page)
    except UnusableError as error:
        if file.named:
            raise UnreadableError(f"{file.path} can't be imported: {error}.") from None
        broken.add(file.name, None, str(error))
    except NoRecordsError as error:
        why = f" ({error})" if str(error) else ""
        if file.named:
            must = "it must be a list, or an object with a list 'value'"
            raise RefusedError(f"{file.path} holds no records{why}: {must}.") from None
        return Unused(file.name, f"holds no records{why}", expected=bool(why))
    return None


class _Pages:
    """The pages of an import by collection, to find out whether pages are missing."""

    def __init__(self) -> None:
        self._read: dict[Collection | None, list[tuple[str, Page]]] = defaultdict(list)

    def add(self, file: str, page: Page) -> None:
        """Add a page; its first record tells the collection."""
        first = next((record for record in page.records or () if isinstance(record, dict)), None)
        self._read[collection_of(first) if first else None].append((file, page))

    def incomplete(self, here: Mapping[str | None, int]) -> Iterator[Incomplete]:
        """Yield the collections of which records are missing.

        `here` is the number of records of a collection that the project has after the import. The count in a page is
        that of all pages, so the pages of a collection are considered together.
        """
        for kind, pages in self._read.items():
            got = sum(len(page.records or ()) for _, page in pages)
            counts = [page.count for _, page in pages if page.count is not None]
            there = max(counts, default=None)
            if there is None:
                short = all(page.further for _, page in pages)
            else:
                short = max(got, here.get(kind, 0)) < there
            for file, page in pages:
                if page.odd:
                    yield Incomplete(file, got, there, page.further, page.odd)
            if short:
                file, page = next(((file, page) for file, page in reversed(pages) if page.further), pages[-1])
                yield Incomplete(file, got, there, page.further)


class _Reader:
    """Reads the records of files: plain events in bulk, all others one by one."""

    def __init__(
        self,
        bulk: BulkImport,
        goals: GoalRecords,
        broken: Broken,
        events: BinaryIO,
        pages: _Pages,
        activities: _Activities,
    ) -> None:
        self._activities = activities
        self._bulk = bulk
        self._goals = goals
        self._broken = broken
        self._events = events
        self._pages = pages

    def read(self, file: DataFile, lines: Path, page: Page | None) -> None:
        """Read every record of a file, given as JSON Lines."""
        if page is not None:
            self._pages.add(file.name, page)
        for number, line in self._bulk.load(lines):
            try:
                self._take(line, Place(file.name, number), is_table=file.suffix == ".csv")
            except ValueError as error:
                self._broken.add(file.name, number, str(error))

    def _take(self, line: bytes, place: Place, *, is_table: bool) -> None:
        """Read one record. Raises ValueError; its message says what is wrong with the record."""
        if not line:
            raise ValueError(f"it is longer than {LONGEST_LINE >> 20} MB")
        try:
            record = orjson.loads(line.removeprefix(b"\xef\xbb\xbf") if place.record == 1 else line)
        except orjson.JSONDecodeError as error:
            raise ValueError(f"it is not JSON: {error}") from None
        if not isinstance(record, dict):
            odd = "it has fewer cells than the header" if record is None else "it has more cells than the header"
            raise ValueError(odd if is_table else "it is not an object")
        kind = collection_of(record)
        if kind is None:
            keys = ", ".join(list(record)[:5]) or "none"
            raise ValueError(f"it is not a record of Goals, GoalSteps, GoalStepMetrics or GoalEvents; its keys: {keys}")
        if kind in ("Conversations", "ExecutedSteps"):
            self._activities.add(kind, record, place)
        elif kind == "GoalEvents":
            self._events.write(to_line(checked_event(record)))
        else:
            self._goals.add(kind, record, place)


class _Activities:
    """Writes the records of Conversations and ExecutedSteps as activities, one a line."""

    def __init__(self, out: BinaryIO, *, with_text: bool) -> None:
        self._out = out
        self._with_text = with_text
        self._equals: Counter[tuple[object, ...]] = Counter()
        self.count = 0

    def add(self, kind: Collection, record: dict[str, Any], place: Place) -> None:
        """Write one record as an activity. Raises ValueError; its message says what is wrong with the record."""
        if "stepPath" in record and "inputText" not in record:
            raise ValueError("it is the summary of a session, not a message; the steps are in ExecutedSteps")
        text = {name: _text(value) for name, value in record.items() if value not in (None, "")}
        fields = _step_fields(text) if kind == "ExecutedSteps" else _message_fields(text)
        fields |= {
            "timestamp": _moment(text.get("timestamp")),
            "session_id": text.get("sessionId"),
            "flow": text.get("flowName"),
            "endpoint": text.get("endpointName"),
            "locale": text.get("localeName"),
            "snapshot": text.get("snapshotName"),
            "channel": text.get("channel"),
            "position": str(place.record),
        }
        own = text.get("id") or text.get("_id")
        what = "step" if kind == "ExecutedSteps" else "message"
        if own is None:
            key = (place.file, fields["session_id"], fields.get("name"), fields["timestamp"])
            self._equals[key] += 1
            content = "\n".join(str(one or "") for one in (*key[1:], self._equals[key]))
            own = hashlib.sha256(content.encode("utf-8", "replace")).hexdigest()[:24]
        if not self._with_text:
            fields.pop("text", None)
        try:
            activity = Activity.model_validate({"id": f"{what}-{own}", **fields})
        except ValidationError as error:
            raise ValueError(f"the activity is invalid: {reason(error)}") from None
        self._out.write(to_line(activity))
        self.count += 1


def _step_fields(text: dict[str, Any]) -> dict[str, Any]:
    parent = text.get("parentStep")
    name = text.get("stepLabel") or text.get("entityReferenceId")
    return {"kind": "step", "name": name, "parent": parent and f"step-{parent}"}


def _message_fields(text: dict[str, Any]) -> dict[str, Any]:
    by_user = text.get("source") == "user" or ("source" not in text and text.get("type") == "input")
    said = text.get("inputText")
    return {"kind": "user" if by_user else "agent", "text": said[:MAX_TEXT] if isinstance(said, str) else None}


def _write_activities(target: ImportTarget, lines: Path, batch: str) -> Prepared:
    """Commit the activities of a JSON Lines file to their log, and return the part, which counts the new ones."""
    with bare_connection() as connection:
        load_appended(connection, [lines], ACTIVITIES)
        with target.activity_log.adding(connection, "SELECT * FROM appended", batch) as part:
            part.commit()
        return part


def _moment(written: object) -> datetime | None:
    try:
        return datetime.fromisoformat(written) if isinstance(written, str) else None
    except ValueError:
        raise ValueError("the timestamp is not a time, as in 2026-10-01T08:00:00.000Z") from None


def checked_event(record: dict[str, Any]) -> GoalEvent:
    """Return the event of a record. Numbers and booleans are converted to text.

    Raises ValueError; its message says what is wrong with the record.
    """
    fields = {name: _text(record[name]) for name in FIELDS if record.get(name) is not None}
    moment = fields.get("timestamp")
    if moment is not None:
        try:
            fields["timestamp"] = datetime.fromisoformat(moment)
        except (TypeError, ValueError):
            raise ValueError("the timestamp is not a time, as in 2026-10-01T08:00:00.000Z") from None
    try:
        return GoalEvent.model_validate(fields)
    except ValidationError as error:
        raise ValueError(f"the event is invalid: {reason(error)}") from None


def _text(value: Any) -> Any:
    """Convert a number or boolean to text as DuckDB does; return any other value unchanged."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (int, float)) else value
