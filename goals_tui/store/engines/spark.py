"""Spark Connect, through pyspark's client: Spark, Databricks, Sail and others that speak its protocol."""

from __future__ import annotations

import contextlib
import re
import socket
import sys
import threading
import time
import uuid
import warnings
from collections.abc import Callable, Hashable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from goals_tui.domain.errors import UnreadableError
from goals_tui.domain.event import FIELDS
from goals_tui.domain.text import clean_line
from goals_tui.store.engines.address import PASSWORD_VARIABLE, Address, no_table
from goals_tui.store.engines.engine import Cancelled, Columns, Engine
from goals_tui.store.engines.remote import CONNECTING, LONGEST_QUERY, LONGEST_REASON, RemoteEngine, RemoteLog, plain
from goals_tui.store.engines.table import missing_columns

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.connect.session import SparkSession

Found = TypeVar("Found")

_GONE = re.compile(r"(TABLE_OR_VIEW|PATH|SCHEMA)_NOT_FOUND|[Tt]able (or view )?not found|does not exist")
_TYPES = {"VARCHAR": "string", "INTEGER": "int32", "BIGINT": "int64", "BOOLEAN": "bool_"}
_importing = threading.Lock()


class Connection:
    """Access to the server of an address, which makes sessions. `token` is sent over TLS only."""

    def __init__(self, address: Address, token: str | None) -> None:
        self.address = address
        self._token = token

    def session(self) -> SparkSession:
        """Begin a session in UTC. Raises UnreadableError if there is no server or it refuses the user."""
        self._knock()
        # It warns of versions of pandas, which isn't used, and of errors, which it raises as well.
        warnings.filterwarnings("ignore", module=r"pyspark\.")
        with self.told():
            with _main_with_a_file():
                from pyspark.sql.connect.client.retries import DefaultPolicy
                from pyspark.sql.connect.session import SparkSession

            session: SparkSession = SparkSession.Builder().remote(self.url).create()
            session.client.set_retry_policies([DefaultPolicy(max_retries=2, initial_backoff=100)])
            session.conf.set("spark.sql.session.timeZone", "UTC")
            return session

    @property
    def url(self) -> str:
        """The URL for pyspark, with the token if it is sent over TLS."""
        address = self.address
        host = f"[{address.host}]" if ":" in address.host else address.host
        url = f"sc://{host}:{address.port}/;user_id={quote(address.user or 'goals-tui', safe='')}"
        if address.secure:
            url += ";use_ssl=true" + (f";token={quote(self._token, safe='')}" if self._token else "")
        return url

    def _knock(self) -> None:
        """Check that the server can be reached at all, which the driver would try for minutes."""
        address = self.address
        try:
            socket.create_connection((address.host, address.port or 0), CONNECTING).close()
        except socket.gaierror:
            raise UnreadableError(
                f"There is no host {address.host!r}. Check the URL of the events: {address.url}"
            ) from None
        except OSError as error:
            why = "nothing answers there" if isinstance(error, ConnectionRefusedError) else error.strerror or "too slow"
            raise UnreadableError(
                f"Spark at {address.where} can't be reached: {why}. Start it, or check the URL: {address.url}"
            ) from error

    @contextlib.contextmanager
    def told(self) -> Iterator[None]:
        """Turn the driver's errors into UnreadableError with one line that says what to do."""
        from grpc import RpcError
        from pyspark.errors import PySparkException

        try:
            yield
        except (RpcError, PySparkException) as error:
            raise UnreadableError(self._reason(error)) from error

    def _reason(self, error: Exception) -> str:
        text, server = clean_line(str(error)), f"Spark at {self.address.where}"
        if _GONE.search(text):
            return no_table(self.address)
        if re.search(r"UNAUTHENTICATED|PERMISSION_DENIED|INSUFFICIENT_PERMISSIONS|[Uu]nauthori[sz]ed", text):
            return f"{server} did not allow this. Check the token in {PASSWORD_VARIABLE}, which needs &use_ssl=true."
        if re.search(r"UNAVAILABLE|[Cc]onnection (reset|refused|closed)|Socket closed|SESSION_(CLOSED|CHANGED)", text):
            return f"The connection to {server} broke in the middle of an answer. Try again."
        if re.search(r"OPERATION_CANCELED|CANCELLED|DEADLINE_EXCEEDED", text):
            return f"{server} stopped the query. Ask for a shorter span, or try again."
        found = re.search(r'details = "(.*?)"', text)
        return f"{server} can't answer: {(found[1] if found else text)[:LONGEST_REASON].rstrip('. ')}."

    def log(self, session: SparkSession) -> DataFrame:
        """Return the log as it is now, with the columns that it has."""
        if self.address.path:
            return session.read.parquet(self.address.path)
        return session.table(_quoted_table(self.address.table))


@contextlib.contextmanager
def _main_with_a_file() -> Iterator[None]:
    """Give the main module a file during the block if it has none, as in `python -c` and in the workers of xdist.

    Imported there, pyspark takes itself to be in its own doctests, and ends the process.
    """
    main = sys.modules["__main__"]
    with _importing:
        given = not hasattr(main, "__file__")
        if given:
            main.__file__ = __file__
        try:
            yield
        finally:
            if given:
                del main.__file__


class SparkEngine(RemoteEngine["SparkSession"]):
    """A table or a folder of goal events that Spark reads."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection.address.title, connection.session)
        self.connection = connection

    def newest(self) -> Hashable:
        """Return the number of events and the greatest timestamp."""
        with contextlib.closing(self.open().session()) as session:
            return session.rows('SELECT count(*), max("timestamp") FROM events', {})[0]

    def open(self) -> RemoteLog:
        """Return the log, whose sessions raise UnreadableError where it isn't a table of events."""
        return RemoteLog(lambda: _Session(self))


class _Session:
    """A session of the server, with temporary views."""

    computes_once = False

    def __init__(self, engine: SparkEngine) -> None:
        self._engine = engine
        self._connection = engine.connection
        self._lock = threading.Lock()
        self._tag = f"goals-tui-{uuid.uuid4().hex}"
        self._running = self._cancelled = self._late = False
        self._spark = engine.take()
        with self._connection.told():
            log = self._connection.log(self._spark)
            problems = type_problems(dict(log.dtypes), self._connection.address)
            if problems:
                engine.give_back(self._spark)
                raise UnreadableError(problems[0])
            self._spark.addTag(self._tag)
            log.select(*FIELDS).withColumn("timestamp", log["timestamp"].cast("timestamp")).createOrReplaceTempView(
                "events"
            )

    def rows(self, sql: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        found = self._ask(lambda: self._query(sql, values).toArrow())
        columns = [column.to_pylist() for column in found.columns]
        return [tuple(map(plain, row)) for row in zip(*columns, strict=True)]

    def make_table(self, name: str, columns: Columns) -> None:
        import pyarrow

        kinds = {column: getattr(pyarrow, _TYPES[kind])() for column, (kind, _) in columns.items()}
        table = pyarrow.table(
            {column: pyarrow.array(content, kinds[column]) for column, (_, content) in columns.items()}
        )
        if table.num_rows:
            self._ask(lambda: self._spark.createDataFrame(table).createOrReplaceTempView(name))
        else:
            nothing = ", ".join(f'CAST(NULL AS {kind}) AS "{column}"' for column, (kind, _) in columns.items())
            self.keep_rows(name, f"SELECT {nothing} WHERE 1 = 0", {})

    def keep_rows(self, name: str, sql: str, values: Mapping[str, Any]) -> None:
        # Servers that can't keep the rows run the query again, with the same result.
        self._ask(lambda: self._query(sql, values).cache().createOrReplaceTempView(name))

    def _query(self, sql: str, values: Mapping[str, Any]) -> DataFrame:
        from goals_tui.store.engines.dialect import spelled

        text = spelled(sql, "spark")
        used = {name: _bound(value) for name, value in values.items() if f":{name}" in text}
        return self._spark.sql(text, args=used) if used else self._spark.sql(text)

    def _ask(self, work: Callable[[], Found]) -> Found:
        with self._lock:
            if self._cancelled:
                raise Cancelled
            self._running, self._late = True, False
        limit = threading.Timer(LONGEST_QUERY, self._give_up)
        limit.daemon = True
        limit.start()
        try:
            with self._connection.told():
                return work()
        except UnreadableError:
            if self._cancelled:
                raise Cancelled from None
            if self._late:
                raise UnreadableError(
                    f"{self._engine.title} did not answer within {LONGEST_QUERY} seconds. Ask for a shorter span."
                ) from None
            raise
        finally:
            limit.cancel()
            with self._lock:
                self._running = False

    def interrupt(self) -> None:
        self._cancelled = True
        threading.Thread(target=self._stop, daemon=True).start()

    def _give_up(self) -> None:
        self._late = True
        self._stop()

    def _stop(self) -> None:
        # The server may not know the query yet.
        while self._running and (self._cancelled or self._late):
            with contextlib.suppress(UnreadableError), self._connection.told():
                self._spark.interruptTag(self._tag)
            time.sleep(0.5)

    def progress(self) -> float | None:
        return None

    def close(self) -> None:
        with contextlib.suppress(UnreadableError), self._connection.told():
            self._spark.removeTag(self._tag)
            self._engine.give_back(self._spark)


def _bound(value: Any) -> Any:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value


def type_problems(columns: Mapping[str, str], address: Address) -> list[str]:
    """Return a line for each column that is missing, or of a type that events can't be read from."""
    if not columns:
        return [no_table(address)]
    found = missing_columns(columns, address.log)
    for name in FIELDS:
        kind = columns.get(name, "")
        wanted = ("timestamp", "timestamp_ntz") if name == "timestamp" else ("string",)
        if kind and not kind.startswith((*wanted, "varchar", "char") if name != "timestamp" else wanted):
            found.append(f"The column {name} of {address.log} is {kind}, and must be {wanted[0]}. Read a view instead.")
    return found


class SparkTable:
    """A table or a folder that events are pushed to (see `EventTable`)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._address = connection.address
        self._spark = connection.session()

    def columns(self) -> Mapping[str, str] | None:
        """Return the types of the columns by name; None if there is no such table or folder."""
        try:
            with self._connection.told():
                return dict(self._connection.log(self._spark).dtypes) or None
        except UnreadableError as error:
            if _GONE.search(str(error.__cause__)):
                return None
            raise

    def problems(self) -> list[str]:
        """Return a line for each column that is missing or has a type that can't be read."""
        return type_problems(self.columns() or {}, self._address)

    def create(self) -> None:
        """Create the table. A folder comes with its first events."""
        if self._address.path:
            return
        columns = ", ".join(f"`{name}` {'TIMESTAMP' if name == 'timestamp' else 'STRING'}" for name in FIELDS)
        with self._connection.told():
            self._spark.sql(f"CREATE TABLE IF NOT EXISTS {_quoted_table(self._address.table)} ({columns})")

    def counts(self) -> tuple[int, int]:
        """Return the number of different events, and the number of rows that repeat one."""
        with self._connection.told():
            log = self._connection.log(self._spark)
            ids = log.select("id").distinct().count()
            return ids, log.count() - ids

    def save_ids(self, file: Path) -> None:
        """Write all ids to a Parquet file."""
        import pyarrow
        from pyarrow import parquet

        ids = pyarrow.table({"id": pyarrow.array([], pyarrow.string())})
        if self.columns() is not None:
            with self._connection.told():
                ids = self._connection.log(self._spark).select("id").distinct().toArrow()
        parquet.write_table(ids, file)

    def add(self, file: Path, events: int) -> None:
        """Add the events of a Parquet file."""
        from pyarrow import parquet

        content = parquet.read_table(file, partitioning=None)
        with self._connection.told():
            rows = self._spark.createDataFrame(content)
            if self._address.path:
                rows.select(*FIELDS).write.mode("append").parquet(self._address.path)
            else:
                # By position, for not every server finds columns whose names have capitals.
                there = self._connection.log(self._spark).columns
                chosen = [f"`{name}`" if name in FIELDS else "NULL" for name in there]
                rows.selectExpr(*chosen).write.insertInto(_quoted_table(self._address.table))

    def close(self) -> None:
        """End the session."""
        with contextlib.suppress(UnreadableError), self._connection.told():
            self._spark.stop()


def _quoted_table(name: str) -> str:
    """Return the quoted name of a table, which a dot parts from its schema and catalog."""
    return ".".join("`" + part.replace("`", "``") + "`" for part in name.split("."))


def open_engine(address: Address, token: str | None) -> Engine:
    """Return the engine, which connects when it is first asked."""
    return SparkEngine(Connection(address, token))


def open_table(address: Address, token: str | None) -> SparkTable:
    """Connect to a table or folder, which need not exist yet. Raises UnreadableError."""
    return SparkTable(Connection(address, token))
