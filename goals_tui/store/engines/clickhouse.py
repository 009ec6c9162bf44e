"""ClickHouse, through clickhouse-connect: a server over HTTP, or chdb in this process."""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goals_tui.domain.errors import UnreadableError
from goals_tui.domain.event import FIELDS
from goals_tui.domain.text import clean_line
from goals_tui.store.engines.address import PASSWORD_VARIABLE, Address, no_table
from goals_tui.store.engines.remote import CONNECTING, LONGEST_QUERY, LONGEST_REASON

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from goals_tui.store.engines.engine import Engine

NO_TABLE, NO_DATABASE = 60, 81
_WRONG_USER = (192, 193, 194, 516)
_FORBIDDEN = (164, 497)
_TOO_LONG = (159, 160, 209)

_REPEATED = "LowCardinality(Nullable(String))"
_TYPES = {
    **dict.fromkeys(("id", "goalCycleId", "sessionId"), "String"),
    **dict.fromkeys(("goalId", "stepId"), "LowCardinality(String)"),
    **dict.fromkeys(("expiresAt", "endpointUrlToken"), "Nullable(String)"),
    "timestamp": "DateTime64(6, 'UTC')",
}
"""The types of the columns of a new table, except for texts that repeat."""


def connect(address: Address, password: str | None) -> Client:
    """Return a client with a session of its own. Raises UnreadableError if the server can't be used."""
    import clickhouse_connect

    # Without a handler its warnings about errors, which are raised as well, would be written to standard error.
    logging.getLogger("clickhouse_connect").addHandler(logging.NullHandler())
    with told(address, password):
        if address.scheme == "chdb":
            client = clickhouse_connect.get_client(interface="chdb", path=address.folder)
        else:
            client = clickhouse_connect.get_client(
                host=address.host,
                port=address.port,
                username=address.user or None,
                password=password or "",
                connect_timeout=CONNECTING,
                send_receive_timeout=LONGEST_QUERY + CONNECTING,
            )
        limit = client.server_settings.get("max_execution_time")
        if limit is not None and not limit.readonly and limit.value in ("", "0"):
            client.set_client_setting("max_execution_time", LONGEST_QUERY)
        return client


def is_there(address: Address) -> bool:
    """Return whether the folder of chdb has data; a server is always there. Opening a folder would fill it."""
    return address.scheme != "chdb" or Path(address.folder, "metadata").is_dir()


def table_name(address: Address) -> str:
    """Return the quoted name of the table, for a query."""
    from clickhouse_connect.driver.binding import quote_identifier

    return f"{quote_identifier(address.database)}.{quote_identifier(address.table)}"


@contextlib.contextmanager
def told(address: Address, password: str | None) -> Iterator[None]:
    """Turn the driver's errors into UnreadableError with one line that says what to do."""
    from http.client import HTTPException

    from clickhouse_connect.driver.exceptions import ClickHouseError
    from urllib3.exceptions import HTTPError

    try:
        yield
    except (ClickHouseError, OSError, HTTPError, HTTPException) as error:
        # The driver lets the last two through where a connection breaks in the middle of an answer.
        raise UnreadableError(_reason(error, address, password)) from error


def _reason(error: Exception, address: Address, password: str | None) -> str:
    text = clean_line(re.sub(r" \(for url [^)]*\)| ?\(version [^)]*\(official build\)\)", "", str(error)))
    code = getattr(error, "code", None)
    if code is None and (found := re.search(r"[Cc]ode: (\d+)", text)):
        code = int(found[1])
    server = f"ClickHouse at {address.where}" if address.scheme == "clickhouse" else f"chdb in {address.folder}"
    user = f"the user {address.user or 'default'!r}"
    if code is None:
        if re.search(r"NameResolution|Name or service|getaddrinfo|nodename", text):
            return f"There is no host {address.host!r}. Check the URL of the events: {address.url}"
        if "refused" in text:
            return f"{server} can't be reached: nothing answers there. Start it, or check the URL: {address.url}"
        if re.search(r"[Rr]ead timed out", text):
            return f"{server} did not answer within {LONGEST_QUERY} seconds. Ask for a shorter span, or try again."
        if re.search(r"timed out|[Uu]nreachable|No route", text):
            return f"{server} can't be reached within {CONNECTING} seconds. Check the URL: {address.url}"
        if re.search(
            r"IncompleteRead|[Cc]onnection (broken|aborted|reset)|closed|RemoteDisconnected|Unrecognized", text
        ):
            return f"The connection to {server} broke in the middle of an answer. Try again."
    if code in _WRONG_USER:
        what = "Check both" if password else f"Set its password in {PASSWORD_VARIABLE}"
        password_too = f" or its password ({PASSWORD_VARIABLE})" if password else ""
        return f"{server} refused {user}{password_too}. {what}."
    if code in _FORBIDDEN:
        return f"{server} does not allow {user} to do this: {_short(text)}. Use a user who may."
    if code == NO_DATABASE:
        return f"There is no database {address.database!r} in {server}. Check the URL: {address.url}"
    if code == NO_TABLE:
        return no_table(address)
    if code in _TOO_LONG:
        return f"{server} took too long for a query, and it was stopped. Ask for a shorter span, or try again."
    if code == 241:
        return f"{server} has too little memory for this query. Ask for a shorter span."
    if code == 76 and address.scheme == "chdb":
        return f"{server} is used by another process. End that first."
    return f"{server} can't answer: {_short(text)}."


def _short(text: str) -> str:
    """Return the reason in an error of the server."""
    text = text.rpartition("server response: ")[2].rpartition("DB::Exception: ")[2]
    return text[:LONGEST_REASON].rstrip(". ")


class ClickHouseTable:
    """A table that events are pushed to (see `EventTable`)."""

    def __init__(self, address: Address, password: str | None) -> None:
        self._address = address
        self._password = password
        self._name = table_name(address)

    @cached_property
    def _client(self) -> Client:
        return connect(self._address, self._password)

    def columns(self) -> Mapping[str, str] | None:
        """Return the types of the columns by name; None if there is no such table."""
        from clickhouse_connect.driver.exceptions import ClickHouseError

        if not is_there(self._address):
            return None
        with told(self._address, self._password):
            try:
                return {row[0]: row[1] for row in self._client.query(f"DESCRIBE TABLE {self._name}").result_rows}
            except ClickHouseError as error:
                if getattr(error, "code", None) in (NO_TABLE, NO_DATABASE):
                    return None
                raise

    def problems(self) -> list[str]:
        """Return a line for each column that is missing or has a type that can't be read."""
        from goals_tui.store.engines.clickhouse_engine import type_problems

        columns = self.columns()
        return [no_table(self._address)] if columns is None else type_problems(columns, self._address.log)

    def create(self) -> None:
        """Create the table. An event that is added twice goes when ClickHouse merges its parts."""
        from clickhouse_connect.driver.binding import quote_identifier

        columns = ", ".join(f"{quote_identifier(name)} {_TYPES.get(name, _REPEATED)}" for name in FIELDS)
        with told(self._address, self._password):
            self._client.command(f"CREATE DATABASE IF NOT EXISTS {quote_identifier(self._address.database)}")
            # Steps of one instant share everything but their ids.
            self._client.command(
                f"CREATE TABLE IF NOT EXISTS {self._name} ({columns}) ENGINE = ReplacingMergeTree "
                "PARTITION BY toYYYYMM(timestamp) ORDER BY (goalId, goalCycleId, timestamp, id)"
            )

    def counts(self) -> tuple[int, int]:
        """Return the number of events, and how many of them repeat the id of another."""
        with told(self._address, self._password):
            count, ids = self._client.query(f"SELECT count(), uniqExact(id) FROM {self._name}").result_rows[0]
        return int(ids), int(count) - int(ids)

    def save_ids(self, file: Path) -> None:
        """Write all ids to a Parquet file."""
        query = f"SELECT DISTINCT CAST(id, 'String') AS id FROM {self._name}"
        with told(self._address, self._password), file.open("wb") as output:
            stream: Any = self._client.raw_stream(query, fmt="Parquet")
            with contextlib.closing(stream):
                while chunk := stream.read(1 << 20):
                    output.write(chunk)

    def add(self, file: Path, events: int) -> None:
        """Add the events of a Parquet file."""
        # A log of many years has more months than ClickHouse takes at once unless told to.
        settings = {"max_partitions_per_insert_block": 0}
        with told(self._address, self._password), file.open("rb") as content:
            self._client.raw_insert(self._name, FIELDS, content, settings=settings, fmt="Parquet")

    def close(self) -> None:
        """Close the connection."""
        if "_client" in self.__dict__:
            self._client.close()


def open_engine(address: Address, password: str | None) -> Engine:
    """Return the engine, which connects when it is first asked."""
    from goals_tui.store.engines.clickhouse_engine import ClickHouseEngine

    def opened() -> Client:
        if not is_there(address):
            raise UnreadableError(no_table(address))
        return connect(address, password)

    return ClickHouseEngine(
        opened,
        address.title,
        address.database,
        address.table,
        lambda: told(address, password),
        in_process=address.scheme == "chdb",
    )


def open_table(address: Address, password: str | None) -> ClickHouseTable:
    """Connect to a table, which need not exist yet. Raises UnreadableError."""
    return ClickHouseTable(address, password)
