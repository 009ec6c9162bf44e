"""Sources: OData services of the original system that are read again and again (docs/command-line.md, *sync*).

A source is read from where it stopped the last time. Records that are known already are left out by their ids, so that
reading a span twice does no harm: the cursor is kept after the import has been committed.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urljoin, urlsplit, urlunsplit

import orjson

from goals_tui.domain.errors import NotFoundError, RefusedError
from goals_tui.domain.model import MAX_NAME, Instant, Line, Model, format_instant
from goals_tui.domain.text import clean_line
from goals_tui.domain.words import fold
from goals_tui.format import plural
from goals_tui.services.imports.odata_goals import duration_unit as check_unit
from goals_tui.services.imports.result import ImportResult, Progress, silent
from goals_tui.services.stored import parse
from goals_tui.store.atomic import scratch_folder

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

    from goals_tui.services.context import Services

KIND = "syncs"
GOALS = ("Goals", "GoalSteps", "GoalStepMetrics")
"""The collections that are read whole every time."""

EVENTS = ("GoalEvents",)
ACTIVITIES = ("Conversations", "ExecutedSteps")

PAUSE = 0.1
"""Seconds between two requests: at most 10 a second. They are sent one after the other."""

CHUNK = 100_000
"""The number of records after which those that came are imported, so that a killed sync does not begin again."""

OVERLAP = timedelta(minutes=10)
"""Records that are written late are found if they are not older than this."""

LARGEST_PAGE = 256 << 20
TRIES = 5
LONGEST_WAIT = 300
"""Seconds that a server may ask to wait by Retry-After."""

_CONNECT_SECONDS, _READ_SECONDS = 15.0, 120.0
_COMMANDS = ("add", "list", "remove", "run")
_RETRIED = (429, 500, 502, 503, 504)


class Source(Model):
    """An OData service. `id` is the folded name; `key_env` the environment variable that has its key.

    `cursors` holds the time of the latest record of each collection that is imported.
    """

    id: str
    name: Line
    url: str
    key_env: str | None = None
    activities: bool = False
    duration_unit: str | None = None
    """The unit of durations, which the service does not state; seconds if it is None."""

    cursors: dict[str, Instant] = {}
    last: Instant | None = None
    """The moment at which it was last read to its end."""

    def as_json(self) -> dict[str, Any]:
        """Return the fields for JSON output."""
        fields = self.model_dump(mode="json", exclude={"id", "cursors"})
        return {**fields, "cursor": self.model_dump(mode="json")["cursors"].get("GoalEvents")}


@dataclass
class Synced:
    """The result of reading a source: one import for each chunk, and why it ended early (empty if it did not)."""

    name: str
    imports: list[ImportResult] = field(default_factory=list)
    problem: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the numbers of all imports together, for JSON output."""
        names = ("goals_added", "goals_changed", "events_added", "events_known", "activities_added", "activities_known")
        return {
            "name": self.name,
            **{name: sum(getattr(result, name) for result in self.imports) for name in names},
            "left_out": sum(result.broken_total for result in self.imports),
            "problem": self.problem or None,
        }

    @property
    def left_out(self) -> bool:
        """True if records came that had to be left out."""
        return any(result.left_out for result in self.imports)

    def summary(self) -> str:
        """Return what came in, as a line for the user."""
        fields = self.as_json()
        new = [("goals_added", "goal"), ("events_added", "event"), ("activities_added", "activity")]
        came = [plural(fields[name], what) for name, what in new if fields[name]]
        if fields["goals_changed"]:
            came.append(f"{plural(fields['goals_changed'], 'goal')} changed")
        return f"{self.name}: {', '.join(came) or 'nothing new'}"


class Syncs:
    """The sources of a workspace. Reading them takes long: call `run` off the main thread."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def all(self) -> list[Source]:
        """Return the sources, by name."""
        found = [parse(Source, document) for document in self._services.workspace.documents.all(KIND).values()]
        return sorted(found, key=lambda source: source.id)

    def get(self, name: str) -> Source:
        """Return the source of this name. Raises NotFoundError."""
        sources = self.all()
        for source in sources:
            if source.id == fold(clean_line(name)):
                return source
        where = "Add one with: goals-tui sync add NAME URL --key-env VARIABLE." if not sources else ""
        raise NotFoundError("source", name, [source.name for source in sources], where=where)

    def add(
        self,
        name: str,
        url: str,
        *,
        key_env: str | None = None,
        activities: bool = False,
        duration_unit: str | None = None,
    ) -> Source:
        """Add a source.

        Raises RefusedError for a name that is taken, or a URL that can't be read or holds a key, WrongValueError for an
        unknown unit.
        """
        name = clean_line(name)
        if not name or len(name) > MAX_NAME:
            raise RefusedError(f"A source needs a name of at most {MAX_NAME} characters, such as Live.", field="name")
        if fold(name) in _COMMANDS:
            raise RefusedError(f"A source can't be called {name}, as a command is.", field="name")
        if key_env is not None and (not key_env or "=" in key_env or "\0" in key_env):
            raise RefusedError("--key-env takes the name of an environment variable, not the key.", field="key_env")
        if duration_unit is not None:
            check_unit(duration_unit)
        source = Source(
            id=fold(name),
            name=name,
            url=_checked(url, key_env),
            key_env=key_env,
            activities=activities,
            duration_unit=duration_unit,
        )
        with self._services.history.edit(f"Add source {name!r}") as edit:
            if edit.get(KIND, source.id) is not None:
                raise RefusedError(f"There is a source {name!r} already. Choose another name.", field="name")
            edit.keep(KIND, source.id, source.model_dump(mode="json"))
        return source

    def remove(self, name: str) -> Source:
        """Remove a source; what it brought stays. Raises NotFoundError."""
        source = self.get(name)
        with self._services.history.edit(f"Remove source {source.name!r}") as edit:
            edit.drop(KIND, source.id)
        return source

    def run(
        self,
        name: str,
        progress: Progress = silent,
        *,
        env: Mapping[str, str] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> Synced:
        """Read what is new at a source, and import it.

        If the source fails in the middle, what came before is imported and `problem` says why. An exception in
        `progress` ends it likewise, with nothing of the current chunk. Raises NotFoundError, RefusedError without the
        key, and the errors of an import.
        """
        source = self.get(name)
        key = None
        if source.key_env is not None:
            key = (os.environ if env is None else env).get(source.key_env)
            if not key:
                raise RefusedError(
                    f"The key of {source.name!r} is expected in the environment variable {source.key_env}, which is not"
                    " set.",
                    field="key_env",
                )
        client = Client(source, key, sleep)
        done = Synced(source.name)
        cursors = dict(source.cursors)
        wanted = [*GOALS, *EVENTS, *(ACTIVITIES if source.activities else ())]
        reading = _Reading(client, cursors, wanted, progress)
        try:
            more = True
            while more:
                with scratch_folder() as folder:
                    more = reading.fill(folder)
                    done.problem = reading.problem
                    if reading.records:
                        result = self._services.imports.odata(
                            [folder],
                            duration_unit=source.duration_unit,
                            called=f"sync {source.name}",
                            progress=progress,
                        )
                        done.imports.append(result)
                self._keep(source, reading.reached, ended=not more and not reading.problem)
        finally:
            client.close()
        return done

    def _keep(self, source: Source, cursors: Mapping[str, datetime], *, ended: bool) -> None:
        with self._services.history.edit(f"Sync {source.name!r}") as edit:
            document = edit.get(KIND, source.id)
            if document is None:
                return  # it was removed meanwhile
            now = parse(Source, document)
            update: dict[str, Any] = {"cursors": {**now.cursors, **cursors}}
            if ended:
                update["last"] = self._services.clock()
            edit.keep(KIND, source.id, now.model_copy(update=update).model_dump(mode="json"))


def _checked(url: str, key_env: str | None) -> str:
    """Return the URL of a service without its last slash. Raises RefusedError."""
    example = "for example https://odata.example.com/v2.4"
    try:
        parts = urlsplit(url.strip())
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise RefusedError(f"{url!r} is no URL. Give the address of the service, {example}.", field="url") from None
    if parts.scheme not in ("http", "https") or not host:
        raise RefusedError(f"{url!r} is no http or https address, {example}.", field="url")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise RefusedError(
            "The address must hold no user, key or query: give the service's address only, and the key with --key-env"
            " VARIABLE.",
            field="url",
        )
    if key_env is not None and parts.scheme == "http" and host not in ("localhost", "127.0.0.1", "::1"):
        raise RefusedError("A key is only sent over https. Give the https address of the service.", field="url")
    return urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/"), "", ""))


class SourceError(Exception):
    """A source can't be read. The message is a sentence for the user."""


class Client:
    """Requests to a service: paced, retried where that helps, and never to another host than its own."""

    def __init__(self, source: Source, key: str | None, sleep: Callable[[float], None]) -> None:
        from urllib3 import PoolManager, Timeout

        self._source = source
        self._key = key
        self._sleep = sleep
        self._pool = PoolManager(num_pools=1, timeout=Timeout(_CONNECT_SECONDS, _READ_SECONDS))
        self._next = 0.0

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()

    def url(self, collection: str, since: datetime | None = None, skip: int = 0) -> str:
        """Return the URL of a collection: its records from a time on, in order of time, without the first `skip`."""
        options = {}
        if collection not in GOALS:
            options["$orderby"] = "timestamp"
        if since is not None:
            options["$filter"] = f"timestamp ge {format_instant(since)}"
        if skip:
            options["$skip"] = str(skip)
        query = urlencode(options, quote_via=quote, safe="$:")
        return f"{self._source.url}/{collection}{'?' if query else ''}{query}"

    def page(self, url: str) -> dict[str, Any]:
        """Return the JSON object at a URL of the service. Raises SourceError."""
        base = urlsplit(self._source.url)
        parts = urlsplit(url)
        if (parts.scheme, parts.netloc) != (base.scheme, base.netloc):
            raise SourceError(f"{self._name} names a page at another host ({parts.netloc}), which is not read.")
        body = self._body(url)
        try:
            page = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise SourceError(f"{self._name} answers with something else than JSON: is it the OData address?") from None
        if not isinstance(page, dict) or not isinstance(page.get("value"), list):
            said = _message(page)
            raise SourceError(f"{self._name} answers without records{said}.")
        return page

    def _body(self, url: str) -> bytes:
        from urllib3.exceptions import HTTPError, SSLError

        wait = 1.0
        for left in range(TRIES - 1, -1, -1):
            self._pace()
            try:
                response = self._send(url)
                if response.status == HTTPStatus.OK:
                    return self._read(response)
                status, reason, after = response.status, response.reason, response.headers.get("Retry-After")
                said = _message(_json(response.read(amt=1 << 16)))
                response.release_conn()
            except HTTPError as error:
                if left == 0 or isinstance(error, SSLError):
                    why = _short(error).rpartition("): ")[2] or _short(error)
                    raise SourceError(f"{self._name} can't be reached, or breaks off ({why}).") from None
                status, after = 0, None
            if status and (status not in _RETRIED or left == 0):
                raise SourceError(self._refused(status, reason or "", said))
            self._wait(_seconds(after, wait))
            wait *= 2
        raise AssertionError

    def _send(self, url: str) -> BaseHTTPResponse:
        headers = {"Accept": "application/json", "Accept-Encoding": "gzip"}
        if self._key is not None:
            headers["X-API-Key"] = self._key
        return self._pool.request("GET", url, headers=headers, preload_content=False, redirect=False, retries=False)

    def _read(self, response: BaseHTTPResponse) -> bytes:
        found = bytearray()
        while piece := response.read(1 << 20, decode_content=True):
            found += piece
            if len(found) > LARGEST_PAGE:
                response.close()
                raise SourceError(f"{self._name} sends a page of more than {LARGEST_PAGE >> 20} MB.")
        response.release_conn()
        return bytes(found)

    def _refused(self, status: int, reason: str, said: str) -> str:
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            if self._source.key_env is None:
                return f"{self._name} asks for a key ({status}){said}. Add the source again with --key-env VARIABLE."
            return f"{self._name} refuses the key in {self._source.key_env} ({status}){said}. It may have expired."
        if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
            return f"{self._name} is at another address now ({status}). Add the source again with that one."
        return f"{self._name} answers {status} {reason}{said}."

    def _pace(self) -> None:
        now = time.monotonic()
        if now < self._next:
            self._sleep(self._next - now)
        self._next = max(now, self._next) + PAUSE

    def _wait(self, seconds: float) -> None:
        if seconds > LONGEST_WAIT:
            raise SourceError(f"{self._name} asks to wait for {seconds:,.0f} seconds. Sync again then.")
        self._sleep(seconds)

    @property
    def _name(self) -> str:
        return f"The source {self._source.name!r} at {urlsplit(self._source.url).netloc}"


class _Reading:
    """The progress of reading a source: what is read next, and how far each collection was read."""

    def __init__(
        self, client: Client, cursors: Mapping[str, datetime], wanted: Collection[str], progress: Progress
    ) -> None:
        self._client = client
        self._cursors = cursors
        self._progress = progress
        self._pages = self._all_pages(wanted)
        self.reached: dict[str, datetime] = {}
        self.records = 0
        self.problem = ""

    def fill(self, folder: Path) -> bool:
        """Write records to files of a folder until it is a chunk; return whether there may be more.

        The service may fail: then `problem` says why, and what came until then is in the folder.
        """
        self.records = 0
        try:
            for collection, records in self._pages:
                with (folder / f"{collection}.jsonl").open("ab") as out:
                    out.writelines(orjson.dumps(record) + b"\n" for record in records)
                self.records += len(records)
                if self.records >= CHUNK:
                    return True
        except SourceError as error:
            self.problem = str(error)
        return False

    def _all_pages(self, wanted: Collection[str]) -> Iterator[tuple[str, list[Any]]]:
        count = 0
        for collection in wanted:
            timed = collection not in GOALS
            pages = self._timed_pages(collection) if timed else self._whole_pages(collection)
            for records in pages:
                count += len(records)
                self._progress(0.0, f"Reading {collection}: {count:,} records")
                yield collection, records

    def _whole_pages(self, collection: str) -> Iterator[list[Any]]:
        """Yield the pages of a collection by their links; without links, by their place."""
        url, read = self._client.url(collection), 0
        known: set[bytes] = set()
        while True:
            page = self._client.page(url)
            marks = {*map(_mark, page["value"])}
            yield [record for record in page["value"] if _mark(record) not in known]
            read += len(page["value"])
            if link := _next_link(page):
                url = urljoin(url, link)
            elif marks <= known or page.get("@odata.count") == read:
                return
            else:
                url = self._client.url(collection, skip=read)
            known |= marks

    def _timed_pages(self, collection: str) -> Iterator[list[Any]]:
        """Yield the records of a collection since its cursor, by links or else by time, in order of time.

        Several records may have one time, so that of the last one is asked for again, and what was read is left out.
        """
        cursor = self._cursors.get(collection)
        since = cursor - OVERLAP if cursor is not None else None
        latest: datetime | None = None
        url, skip = self._client.url(collection, since), 0
        known: set[bytes] = set()
        before: list[bytes] = []
        in_order = True
        while True:
            page = self._client.page(url)
            marks = [*map(_mark, page["value"])]
            new = [record for mark, record in zip(marks, page["value"], strict=True) if mark not in known]
            moments = [moment for moment in map(_moment, new) if moment is not None]
            in_order = in_order and (latest is None or min(moments, default=latest) >= latest)
            reached = max([*moments, *([latest] if latest is not None else [])], default=None)
            yield new
            if in_order and reached is not None:
                self._reach(collection, reached)
            ignored = skip > 0 and marks == before  # the service does not understand $skip
            # Only records of the latest time can come again.
            known = {*marks} if reached != latest else known | {*marks}
            skip = 0 if reached != latest else skip + len(marks)
            latest = reached
            if link := _next_link(page):
                url = urljoin(url, link)
                continue
            if not marks or ignored:
                break
            before = marks
            url = self._client.url(collection, latest if latest is not None else since, skip)
        if latest is not None:
            self._reach(collection, latest)

    def _reach(self, collection: str, moment: datetime) -> None:
        cursor = self._cursors.get(collection)
        self.reached[collection] = moment if cursor is None else max(moment, cursor)


def _next_link(page: Mapping[str, Any]) -> str | None:
    link = page.get("@odata.nextLink")
    return link if isinstance(link, str) and link else None


def _mark(record: Any) -> bytes:
    own = record.get("id") or record.get("_id") if isinstance(record, dict) else None
    return own.encode("utf-8", "replace") if isinstance(own, str) else orjson.dumps(record)


def _moment(record: Any) -> datetime | None:
    written = record.get("timestamp") if isinstance(record, dict) else None
    try:
        moment = datetime.fromisoformat(written) if isinstance(written, str) else None
    except ValueError:
        return None
    if moment is None:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _message(page: Any) -> str:
    """Return what an error object says, in brackets, or an empty text."""
    error = page.get("error") if isinstance(page, dict) else None
    said = error.get("message") if isinstance(error, dict) else error
    return f" ({_short(said)})" if isinstance(said, str) and said.strip() else ""


def _short(error: object) -> str:
    return clean_line(str(error))[:200]


def _seconds(after: str | None, wait: float) -> float:
    """Return the seconds to wait: those of Retry-After, a number or a date, else `wait`."""
    if not after:
        return wait
    if after.strip().isdigit():
        return float(after)
    from email.utils import parsedate_to_datetime

    try:
        then = parsedate_to_datetime(after)
    except ValueError:
        return wait
    return max(0.0, (then - datetime.now(then.tzinfo)).total_seconds())
