"""Stopping queries whose answer is not wanted any more: the filter changed while they ran."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb


class Cancelled(Exception):
    """The query was stopped because its answer is not wanted any more."""


class Cancellation:
    """Stops the queries that it was given to: from any thread, at any time, for good."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connections: list[duckdb.DuckDBPyConnection] = []
        self.cancelled = False

    def cancel(self) -> None:
        """Stop what runs, and let nothing else start."""
        with self._lock:
            self.cancelled = True
            for connection in self._connections:
                connection.interrupt()

    def watch(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Interrupt this connection, too, on `cancel`."""
        with self._lock:
            self._connections.append(connection)

    def release(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Forget a connection that is about to be closed."""
        with self._lock:
            self._connections.remove(connection)

    def check(self) -> None:
        """Raise Cancelled once `cancel` was called."""
        if self.cancelled:
            raise Cancelled
