"""How far a query of DuckDB is while it runs, and the end of it where nobody wants its result any more."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LOOK_SECONDS = 0.1


@contextmanager
def watched(connection: DuckDBPyConnection, progress: Callable[[float], None]) -> Iterator[None]:
    """While the block runs, `progress` hears how much of the connection's queries is done: from 0 to 1, never less.

    It is called in a thread of its own. What it raises stops the query that runs, and comes out of the block; a block
    that got to its end all the same has done its work, and nothing is raised.
    """
    import duckdb

    connection.execute("SET enable_progress_bar = true")
    connection.execute("SET enable_progress_bar_print = false")
    ended, refusals = threading.Event(), list[BaseException]()

    def look() -> None:
        most = 0.0
        while not ended.wait(LOOK_SECONDS):
            if refusals:
                # It may have come between two queries: then the next one is stopped.
                connection.interrupt()
                continue
            most = max(most, connection.query_progress() / 100)
            try:
                progress(min(most, 1.0))
            except BaseException as refusal:  # noqa: BLE001  # handed to the thread that runs the query
                refusals.append(refusal)
                connection.interrupt()

    thread = threading.Thread(target=look, name="query-watch", daemon=True)
    thread.start()
    try:
        yield
    except duckdb.InterruptException:
        if refusals:
            raise refusals[0] from None
        raise
    finally:
        ended.set()
        thread.join()
