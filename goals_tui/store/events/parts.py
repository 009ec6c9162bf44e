"""Makes sealed parts: sealing, merging, deleting, importing. Each happens when parts.json is replaced."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from goals_tui.domain.errors import UnreadableError
from goals_tui.store.atomic import make_folder, refusal, sync_file, sync_folder
from goals_tui.store.duckdb_files import bare_connection, copy_to, parquet, reason_of
from goals_tui.store.events.append import AppendFile
from goals_tui.store.events.catalog import (
    CATALOG,
    Catalog,
    DamagedCatalogError,
    Part,
    aside,
    load_catalog,
    new_id,
    save_catalog,
    set_aside_name,
    waiting,
)
from goals_tui.store.events.lines import pieces, sort_lines
from goals_tui.store.events.part_files import PartFiles, clean_up, count
from goals_tui.store.events.reader import (
    COLUMNS,
    READABLE,
    appended_files,
    check_content,
    damaged,
    load_appended,
    load_sealed,
    torn_rows,
)
from goals_tui.store.locks import Lock

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MERGE_AT = 8
"""So many small parts are merged into one."""

SMALL = 250_000
"""A part with fewer events is small."""

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class SealResult:
    """What sealing did: events sealed, duplicates left out, unreadable lines kept aside, parts merged away."""

    events: int = 0
    duplicates: int = 0
    torn_lines: int = 0
    merged_parts: int = 0


@dataclass(frozen=True, slots=True)
class Prepared:
    """A change of the parts that is written and does not count before `commit`: how many events it is about."""

    events: int
    commit: Callable[[], None]


class Parts:
    """The parts of the log in a folder. One maker at a time, held by `making`; appending goes on meanwhile."""

    def __init__(self, folder: Path, append: AppendFile, appending: Lock, making: Lock) -> None:
        self._folder = folder
        self._append = append
        self._appending = appending
        self._making = making
        self._files = PartFiles(folder)

    def seal(self, progress: Progress | None = None) -> SealResult:
        """Turns the appended events into a part and merges small parts. Raises UnreadableError."""
        report = progress or _silent
        report(0.0)
        with self._work() as catalog:
            self._set_aside()
            files = waiting(self._folder, catalog)
            result = SealResult()
            if files:
                sealed, result = self._absorb(catalog, files, "true")
                self._commit(sealed)
            report(0.7)
            merged = self._merge(load_catalog(self._folder))
        report(1.0)
        return SealResult(result.events, result.duplicates, result.torn_lines, merged)

    @contextlib.contextmanager
    def deleting(self, goal_id: str, step_ids: Collection[str] | None = None) -> Iterator[Prepared]:
        """Writes every part that has such events again without them. They go when it is committed."""
        doomed = f'"goalId" = {_text(goal_id)}'
        if step_ids is not None:
            doomed += f' AND "stepId" IN ({", ".join(map(_text, step_ids))})'
        with self._work() as catalog:
            self._set_aside()
            files = waiting(self._folder, catalog)
            parts, gone = [], 0
            for part in catalog.parts:
                kept, lost = self._files.without(part, doomed)
                parts += kept
                gone += lost
            if files:
                with bare_connection() as connection:
                    load_appended(connection, files)
                    gone += count(connection, f"appended WHERE {doomed}")
            if gone:
                shorter = Catalog(tuple(parts), catalog.absorbed, catalog.torn)
                catalog, _ = self._absorb(shorter, files, f"NOT ({doomed})")
            yield self._prepared(gone, catalog)

    @contextlib.contextmanager
    def adding(self, source: DuckDBPyConnection, sql: str) -> Iterator[Prepared]:
        """Writes the new ones among the rows of a query as a part. It counts when it is committed."""
        with self._work() as catalog:
            raw = self._files.temporary()
            rows = f"SELECT {COLUMNS} FROM ({sql}) WHERE {READABLE}"
            copy_to(source, rows, raw)
            with bare_connection() as connection:
                load_appended(connection, [file for file in appended_files(self._folder, catalog) if file.exists()])
                load_sealed(connection, self._folder, catalog.parts)
                part = self._files.keep_new(connection, raw)
            if part is not None:
                catalog = Catalog((*catalog.parts, part), catalog.absorbed, catalog.torn)
            yield self._prepared(part.events if part else 0, catalog)

    def rebuild_catalog(self) -> Catalog:
        """Makes parts.json anew from the parts that are there, each event once. Raises UnreadableError."""
        with self._locked():
            return self._load()

    @contextlib.contextmanager
    def _work(self) -> Iterator[Catalog]:
        """Holds the makers' lock over one piece of work on the present state; what is left over before it and
        after it is removed.
        """
        with self._locked():
            catalog = self._load()
            if not (self._folder / CATALOG).exists():
                # Without it, a part that is made but not committed when the process dies would count.
                self._commit(catalog)
            clean_up(self._folder, catalog)
            try:
                yield catalog
            finally:
                with contextlib.suppress(UnreadableError, DamagedCatalogError):
                    clean_up(self._folder, load_catalog(self._folder))

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        import duckdb

        try:
            make_folder(self._folder)
            with self._making:
                yield
        except OSError as error:
            raise refusal("write", self._folder, error) from error
        except duckdb.InterruptException:
            # Whoever stopped the query knows why.
            raise
        except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
            raise UnreadableError(
                f"Can't write sealed events in {self._folder}: {reason_of(error)}. Try again."
            ) from error
        except duckdb.Error as error:
            raise damaged(self._folder, reason_of(error)) from error

    def _load(self) -> Catalog:
        with contextlib.suppress(DamagedCatalogError):
            return load_catalog(self._folder)
        rows = parquet(sorted(self._folder.glob("part-*.parquet")))
        with bare_connection() as connection:
            part = self._files.write(connection, f"SELECT DISTINCT ON (id) {COLUMNS} FROM {rows}")
        torn = sum(map(_count_lines, self._folder.glob("torn-*.jsonl")))
        self._commit(Catalog((part,) if part else (), (), torn))
        return load_catalog(self._folder)

    def _set_aside(self) -> None:
        self._append.rename(aside(self._folder, new_id()))

    def _commit(self, catalog: Catalog) -> None:
        # Under the lock for appending, so that a look-up of a session never sees half of it.
        with self._appending:
            save_catalog(self._folder, catalog)

    def _prepared(self, events: int, catalog: Catalog) -> Prepared:
        # Where nothing changes, nothing is written: others would read all of it again.
        return Prepared(events, partial(self._commit, catalog) if events else lambda: None)

    def _absorb(self, catalog: Catalog, files: Sequence[Path], keep: str) -> tuple[Catalog, SealResult]:
        """Makes one part of the rows of set-aside files for which `keep` holds: `catalog` with it, to be committed."""
        connection, torn = self._lines_of(files)
        with connection:
            load_sealed(connection, self._folder, catalog.parts)
            wanted = count(connection, f"appended WHERE {keep}")
            part = self._files.write(
                connection,
                f"SELECT {COLUMNS} FROM lines WHERE {READABLE} AND ({keep}) "
                f"AND rowid IN (SELECT min(rowid) FROM lines WHERE {READABLE} AND ({keep}) GROUP BY id) "
                "AND id NOT IN (SELECT id FROM sealed) ORDER BY timestamp, rowid",
            )
        parts = (*catalog.parts, part) if part else catalog.parts
        absorbed = (*catalog.absorbed, *map(set_aside_name, files))
        events = part.events if part else 0
        result = SealResult(events, duplicates=wanted - events, torn_lines=torn)
        return Catalog(parts, absorbed, catalog.torn + torn), result

    def _lines_of(self, files: Sequence[Path]) -> tuple[DuckDBPyConnection, int]:
        """A connection that has these files loaded, and how many lines of theirs were unreadable and put away."""
        connection = bare_connection()
        load_appended(connection, files)
        if not torn_rows(connection):
            return connection, 0
        connection.close()
        torn_lines, copies = 0, []
        for file in files:
            copy, torn = self._files.temporary(), self._files.temporary()
            with copy.open("wb") as good_to, torn.open("wb") as torn_to:
                found = sort_lines(file, good_to.write, torn_to.write)
            if found:
                sync_file(torn)
                torn.replace(self._folder / f"torn-{set_aside_name(file)}.jsonl")
            torn_lines += found
            copies.append(copy)
        sync_folder(self._folder)
        connection = bare_connection()
        load_appended(connection, copies)
        if torn_rows(connection):
            connection.close()
            raise UnreadableError(f"Some events in {self._folder} can't be sealed. They stay where they are.")
        return connection, torn_lines

    def _merge(self, catalog: Catalog) -> int:
        """Makes one part of the small ones where there are many. How many there were."""
        small = [part for part in catalog.parts if part.events < SMALL]
        if len(small) >= MERGE_AT:
            # A damaged part stays as it is: what it is merged into would have a checksum of its own.
            small = [part for part in small if self._is_whole(part)]
        if len(small) < MERGE_AT:
            return 0
        rows = " UNION ALL ".join(
            f"SELECT {place} AS part, * FROM {parquet([part.file(self._folder)], row_numbers=True)}"
            for place, part in enumerate(small)
        )
        # Events of one moment stay in the order in which they came in: it says which cycle of a session is open.
        ordered = f"SELECT {COLUMNS} FROM ({rows}) ORDER BY timestamp, part, file_row_number"
        with bare_connection() as connection:
            merged = self._files.write(connection, ordered)
        large = tuple(part for part in catalog.parts if part not in small)
        self._commit(Catalog((*large, merged) if merged else large, catalog.absorbed, catalog.torn))
        return len(small)

    def _is_whole(self, part: Part) -> bool:
        try:
            check_content(self._folder, part)
        except UnreadableError:
            return False
        return True


def _silent(_share: float) -> None:
    """Nobody wants to hear of the progress."""


def _count_lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(starts for _piece, starts, _ends in pieces(file))


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
