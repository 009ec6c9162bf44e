"""The reading of a source, an OData service of the original system, page by page (docs/command-line.md, *sync*)."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urljoin, urlsplit

import orjson

from goals_tui.domain.model import Instant, Line, Model, format_instant
from goals_tui.domain.text import clean_line
from goals_tui.services.imports.result import Progress

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

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


class Reading:
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
