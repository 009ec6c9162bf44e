"""ClickHouse as an engine, through clickhouse-connect: a server over HTTP, or chdb in this process."""

from __future__ import annotations

import contextlib
import re
import threading
import uuid
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from goals_tui.domain.errors import UnreadableError
from goals_tui.domain.event import FIELDS
from goals_tui.store.engines.dialect import spelled
from goals_tui.store.engines.engine import Cancelled, Columns
from goals_tui.store.engines.remote import RemoteEngine, RemoteLog, plain
from goals_tui.store.engines.table import missing_columns

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    Connect = Callable[[], Client]
    Told = Callable[[], AbstractContextManager[None]]

_FORBIDDEN = (164, 497)
"""The codes of errors for users who may not make temporary tables: READONLY and ACCESS_DENIED."""

_UNKNOWN_TABLE = 60

_ARRAYS = {"VARCHAR": "Array(String)", "INTEGER": "Array(Int32)", "BIGINT": "Array(Int64)", "BOOLEAN": "Array(UInt8)"}


class ClickHouseEngine(RemoteEngine["Client"]):
    """A table of goal events in ClickHouse.

    `connect` makes a client with a session of its own. `title` names server and table for people, `database` and
    `table` for queries. `told` is a block that turns the driver's errors into UnreadableError, with them as the cause.
    `in_process` is True for chdb, which has to be done with its work when the program ends.
    """

    def __init__(
        self, connect: Connect, title: str, database: str, table: str, told: Told, *, in_process: bool = False
    ) -> None:
        super().__init__(title, connect)
        self.errors = told
        self.in_process = in_process
        self._database, self._table = database, table
        self._events: str | None = None

    @contextlib.contextmanager
    def client(self) -> Iterator[Client]:
        """Lend a client, whose session no other thread uses. Raises UnreadableError for errors of ClickHouse."""
        with self.errors():
            client = self.take()
            try:
                yield client
            finally:
                self.give_back(client)

    def newest(self) -> Hashable:
        """Return the number of events and the greatest timestamp."""
        with self.client() as client:
            row = client.query(f"SELECT count(), max(timestamp) FROM {self._name}").result_rows[0]
        return tuple(map(str, row))

    def open(self) -> RemoteLog:
        """Check the columns of the table, and return it. Raises UnreadableError where it isn't a table of events."""
        if self._events is None:
            with self.client() as client:
                types = {row[0]: row[1] for row in client.query(f"DESCRIBE TABLE {self._name}").result_rows}
            self._events = self._select(types)
        events = self._events

        def begin() -> _Session:
            with self.errors():
                return _Session(self, events)

        return RemoteLog(begin)

    @property
    def _name(self) -> str:
        return f"{_quoted(self._database)}.{_quoted(self._table)}"

    def _select(self, types: Mapping[str, str]) -> str:
        """Return the query that stands for the table `events`."""
        if problems := type_problems(types, f"{self._database}.{self._table}"):
            raise UnreadableError(problems[0])
        columns = ", ".join(f"{_column(name, types[name])} AS {_quoted(name)}" for name in FIELDS)
        return f"SELECT {columns} FROM {self._name}"


_WANTED = {"timestamp": "DateTime64"}


def type_problems(types: Mapping[str, str], log: str) -> list[str]:
    """Return a line for each column that is missing, or of a type that events can't be read from."""
    return missing_columns(types, log) + [
        f"The column {name} of {log} is {types[name]}, and must be {_WANTED.get(name, 'String')}; "
        "goals_tui/docs/engines.md shows a view that converts it."
        for name in FIELDS
        if name in types and _column(name, types[name]) is None
    ]


def _column(name: str, kind: str) -> str | None:
    """Return SQL for a column of events, given its type; None if that type can't be read."""
    return _moment(kind) if name == "timestamp" else _text(name, kind)


def _moment(kind: str) -> str | None:
    """Return SQL for the timestamp in UTC with microseconds, given the type of its column; None if it can't be one."""
    inner = re.fullmatch(r"(?:Nullable|LowCardinality)\((.*)\)", kind)
    column = "assumeNotNull(`timestamp`)" if inner else "`timestamp`"
    kind = inner.group(1) if inner else kind
    if re.fullmatch(r"DateTime64\(6, 'UTC'\)", kind):
        return column
    if kind.startswith("DateTime"):
        return f"toTimeZone(toDateTime64({column}, 6, 'UTC'), 'UTC')"
    if kind == "String":
        return f"parseDateTime64BestEffort({column}, 6, 'UTC')"
    return None


def _text(name: str, kind: str) -> str | None:
    """Return SQL for a column as text, given its type; None if it holds no text."""
    nullable = "Nullable(" in kind
    bare = re.sub(r"^(?:Nullable\()|\)$", "", re.sub(r"^LowCardinality\((.*)\)$", r"\1", kind))
    if bare == "String":
        return _quoted(name)
    if re.match(r"(?:UUID|FixedString|Enum|U?Int)", bare):
        return f"CAST(toString({_quoted(name)}) AS {'Nullable(String)' if nullable else 'String'})"
    return None


@dataclass
class _Kept:
    """The query of a table that a session keeps. If the user may make no tables, it is put into every query."""

    sql: str
    values: Mapping[str, Any] = field(default_factory=dict)
    is_table: bool = False


class _Session:
    """A session of the server, with temporary tables."""

    computes_once = False

    def __init__(self, engine: ClickHouseEngine, events: str) -> None:
        self._engine = engine
        self._tables = {"events": _Kept(events)}
        self._client = engine.take()
        self._mark = f"goals-tui {uuid.uuid4().hex}"
        self._running = self._cancelled = False

    def rows(self, sql: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        text, parameters = self._spelled(sql, values)
        try:
            found = self._ask(lambda: self._client.query(text, parameters=parameters).result_rows)
        except UnreadableError as error:
            kept = {name: kept for name, kept in self._tables.items() if kept.is_table}
            if not kept or getattr(error.__cause__, "code", None) != _UNKNOWN_TABLE:
                raise
            # The server forgets a session that asks nothing for a while.
            for name, table in kept.items():
                self._make(name, table.sql, table.values)
            found = self._ask(lambda: self._client.query(text, parameters=parameters).result_rows)
        return [tuple(map(plain, row)) for row in found]

    def make_table(self, name: str, columns: Columns) -> None:
        arrays = ", ".join(f"{{{name}_{column}:{_ARRAYS[kind]}}}" for column, (kind, _) in columns.items())
        named = ", ".join(f"t.{place} AS {_quoted(column)}" for place, column in enumerate(columns, 1))
        values = {
            f"{name}_{column}": list(map(int, content)) if kind == "BOOLEAN" else list(content)
            for column, (kind, content) in columns.items()
        }
        self._tables[name] = _Kept(f"SELECT {named} FROM (SELECT arrayJoin(arrayZip({arrays})) AS t)", values)

    def keep_rows(self, name: str, sql: str, values: Mapping[str, Any]) -> None:
        self._tables.pop(name, None)
        text, parameters = self._spelled(sql, values)
        try:
            self._make(name, text, parameters)
        except _ForbiddenError:
            # Names of parameters must differ from those of the queries that the text is put into.
            renamed = {f"{name}_{key}": value for key, value in values.items()}
            text, _ = self._spelled(re.sub(r"\$(\w+)", rf"${name}_\1", sql), renamed)
            self._tables[name] = _Kept(text, {**parameters, **renamed})
        else:
            self._tables[name] = _Kept(text, parameters, is_table=True)

    def _make(self, name: str, text: str, parameters: Mapping[str, Any]) -> None:
        self._ask(lambda: self._client.command(f"DROP TEMPORARY TABLE IF EXISTS {name}"))
        self._ask(
            lambda: self._client.command(
                f"CREATE TEMPORARY TABLE {name} ENGINE = Memory AS {text}", parameters=dict(parameters)
            )
        )

    def _spelled(self, sql: str, values: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        tables = tuple((name, kept.sql) for name, kept in self._tables.items() if not kept.is_table)
        text = spelled(sql, "clickhouse", tables, tuple((name, _type(value)) for name, value in values.items()))
        parameters = dict(values)
        for kept in self._tables.values():
            if not kept.is_table:
                parameters.update(kept.values)
        used = {name: value for name, value in parameters.items() if f"{{{name}:" in text}
        return f"/* {self._mark} */ {text}", used

    def _ask(self, work: Callable[[], Any]) -> Any:
        if self._cancelled:
            raise Cancelled
        self._running = True
        try:
            with self._engine.errors():
                return work()
        except UnreadableError as error:
            code = getattr(error.__cause__, "code", None)
            if self._cancelled:
                raise Cancelled from None
            if code in _FORBIDDEN:
                raise _ForbiddenError(str(error)) from error
            raise
        finally:
            self._running = False

    def interrupt(self) -> None:
        self._cancelled = True
        if self._running:
            threading.Thread(target=self._kill, daemon=True).start()

    def _kill(self) -> None:
        # The mark is put together, so that the text of the KILL doesn't contain what it looks for.
        words = ", ".join(f"'{word}'" for word in self._mark.partition(" "))
        with contextlib.suppress(UnreadableError), self._engine.client() as client:
            client.command(f"KILL QUERY WHERE position(query, concat({words})) > 0 ASYNC")

    def progress(self) -> float | None:
        return None

    def close(self) -> None:
        # A screen may close a session, and must not wait for the server.
        tables = [name for name, kept in self._tables.items() if kept.is_table]
        if tables:
            threading.Thread(target=self._drop, args=(tables,), daemon=not self._engine.in_process).start()
        else:
            self._engine.give_back(self._client)

    def _drop(self, tables: list[str]) -> None:
        with contextlib.suppress(UnreadableError), self._engine.errors():
            for name in tables:
                self._client.command(f"DROP TEMPORARY TABLE IF EXISTS {name}")
            self._engine.give_back(self._client)


class _ForbiddenError(UnreadableError):
    """The user may not make temporary tables."""


def _type(value: object) -> str:
    if isinstance(value, datetime):
        return "DateTime64(6, 'UTC')"
    return "Int64" if isinstance(value, int) else "String"


def _quoted(name: str) -> str:
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"
