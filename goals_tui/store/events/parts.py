"""Sealing, merging, deleting and importing, which make sealed parts and take effect when parts.json is replaced."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from goals_tui.domain.errors import UnreadableError
from goals_tui.store.atomic import make_folder, refusal, sync_file, sync_folder
from goals_tui.store.duckdb_files import bare_connection, copy_to, damage, parquet, reason_of, sql_text
from goals_tui.store.events.append import AppendFile
from goals_tui.store.events.catalog import (
    BATCH,
    Catalog,
    DamagedCatalogError,
    Deletion,
    Origin,
    Part,
    StaleCatalogError,
    aside,
    committed,
    deletion_file,
    file_names,
    load_catalog,
    load_deletions,
    marker,
    new_id,
    part_file,
    save_catalog,
    set_aside_name,
    waiting,
)
from goals_tui.store.events.lines import pieces, sort_lines
from goals_tui.store.events.part_files import PartFiles, clean_up, count
from goals_tui.store.events.reader import (
    appended_files,
    check_content,
    damaged,
    load_appended,
    load_sealed,
    torn_rows,
)
from goals_tui.store.events.schema import Schema
from goals_tui.store.events.sessions import write_index
from goals_tui.store.joint_commit import Marked, WriteDocuments, commit, counting, settle
from goals_tui.store.locks import Lock

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MERGE_AT = 8
"""The number of small parts at which they are merged into one."""

SMALL = 250_000
"""The number of events below which a part is small."""

_SHORT = 1 << 16
"""The number of appended bytes that may be searched while appending is blocked."""

_MOST_ROUNDS = 3

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class SealResult:
    """The result of sealing: sealed events, omitted duplicates, unreadable lines set aside, merged parts.

    `expired` and `expired_activities` are the numbers of events and activities that were deleted at the same time
    because they had expired.
    """

    events: int = 0
    duplicates: int = 0
    torn_lines: int = 0
    merged_parts: int = 0
    expired: int = 0
    expired_activities: int = 0


@dataclass(slots=True)
class Prepared:
    """A change of the parts that is written but takes no effect before `commit`."""

    events: int
    """The number of affected events. A deletion also includes events appended until it is committed."""

    _commit: Callable[[WriteDocuments | None], int]
    known: Mapping[str, int] = field(default_factory=dict)
    """The number of events to add that were in the log already, by their batch."""

    def commit(self, write: WriteDocuments | None = None) -> None:
        """Make the change take effect in one atomic step; if `write` is given, at the moment it replaces goals.json."""
        self.events = self._commit(write)


@dataclass(frozen=True, slots=True)
class _Shorter:
    """A catalog without deleted events, their number, and the files that had no others (see `Deletion.replaces`)."""

    catalog: Catalog
    gone: int = 0
    emptied: tuple[str, ...] = ()


class Parts:
    """The parts of the log in a folder. `making` admits one maker at a time; appending is not blocked."""

    def __init__(
        self,
        folder: Path,
        append: AppendFile,
        appending: Lock,
        making: Lock,
        schema: Schema,
        documents: Marked,
    ) -> None:
        self._schema = schema
        self._folder = folder
        self._append = append
        self._appending = appending
        self._making = making
        self._documents = documents
        self._files = PartFiles(folder, schema)

    def seal(self, progress: Progress | None = None) -> SealResult:
        """Seal the appended events as a part and merge small parts. Raises UnreadableError."""
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
    def deleting(self, goals: Mapping[str, Collection[str] | None], *, batch: str | None = None) -> Iterator[Prepared]:
        """Write the affected parts again without the events to delete, which takes effect when committed."""
        doomed = ((goal_id, None if steps is None else tuple(sorted(steps))) for goal_id, steps in goals.items())
        deletion = Deletion(new_id(), tuple(doomed), batch=batch)
        with self._work() as catalog:
            if batch is None:
                self._set_aside()
            shorter = self._without_sealed(catalog, deletion.id, deletion.doomed)
            if batch is None:
                shorter = self._without_appended(shorter, deletion.id, deletion.doomed)
            yield Prepared(shorter.gone, partial(self._delete, catalog, shorter, deletion))

    @contextlib.contextmanager
    def adding(self, source: DuckDBPyConnection, sql: str, batch: str | None) -> Iterator[Prepared]:
        """Write the new rows of a query as a part, which takes effect when committed."""
        with self._work() as catalog:
            longer, added, known = self._put_in(catalog, source, sql, batch)
            yield Prepared(added, partial(self._add, catalog, longer, added), known)

    @contextlib.contextmanager
    def replacing(self, doomed: str, source: DuckDBPyConnection, sql: str, batch: str | None) -> Iterator[Prepared]:
        """Write the affected parts again without the records that fulfil `doomed`, and the new rows of a query.

        Both take effect together when committed.
        """
        with self._work() as catalog:
            self._set_aside()
            record = Deletion(new_id(), ())
            shorter = self._without_sealed(catalog, record.id, doomed)
            shorter = self._without_appended(shorter, record.id, doomed)
            longer, added, known = self._put_in(shorter.catalog, source, sql, batch)
            record = replace(record, replaces=shorter.emptied)
            events = shorter.gone + added
            yield Prepared(
                events, partial(self._add, catalog, longer, events, record=record if shorter.gone else None), known
            )

    def _put_in(
        self, catalog: Catalog, source: DuckDBPyConnection, sql: str, batch: str | None
    ) -> tuple[Catalog, int, dict[str, int]]:
        """Return the catalog with a part of the new rows of a query, their number, and `Prepared.known`."""
        raw = self._files.temporary()
        columns = self._schema.columns + (f", {sql_text(batch)} AS {BATCH}" if batch else "")
        rows = f"SELECT {columns} FROM ({sql}) WHERE {self._schema.readable}"
        origin = Origin(deletions=catalog.deletions, batches=batch is not None)
        all_rows = copy_to(source, rows, raw, note=origin.note())
        with bare_connection() as connection:
            files = appended_files(self._folder, catalog, self._schema)
            load_appended(connection, [file for file in files if file.exists()], self._schema)
            load_sealed(connection, self._folder, catalog.parts, self._schema)
            part = self._files.keep_new(connection, raw, origin)
            added = part.events if part else 0
            # If all rows were new, none was known, and the file was renamed to become the part.
            known = self._files.known(connection, raw, catalog.parts) if added < all_rows else {}
        return replace(catalog, parts=(*catalog.parts, part)) if part else catalog, added, known

    def batches(self, catalog: Catalog) -> dict[str, int]:
        """Return the number of events of each batch. Raises duckdb.Error, UnreadableError."""
        with bare_connection() as connection:
            return self._files.batches(connection, catalog.parts)

    def goals_beside_batch(self, catalog: Catalog, batch: str) -> dict[str, int]:
        """Return the number of events outside of a batch, by goal. Raises duckdb.Error, UnreadableError."""
        files = [file for file in appended_files(self._folder, catalog, self._schema) if file.exists()]
        found: Counter[str] = Counter()
        with bare_connection() as connection:
            load_appended(connection, files, self._schema)
            sources = ["appended"]
            for part in catalog.parts:
                origin = self._files.origin(connection, part.id)
                others = f" WHERE {BATCH} IS DISTINCT FROM {sql_text(batch)}" if origin and origin.batches else ""
                sources.append(parquet([part.file(self._folder)]) + others)
            for source in sources:
                rows = connection.execute(f'SELECT "goalId", count(*) FROM {source} GROUP BY ALL').fetchall()
                found.update(dict(rows))
        return dict(found)

    def rebuild_catalog(self) -> Catalog:
        """Rebuild parts.json from the files in the folder if it is lost or stale. Raises UnreadableError."""
        with self._locked():
            return self._load()

    @contextlib.contextmanager
    def _work(self) -> Iterator[Catalog]:
        """Hold the lock for making parts during the block, give the catalog, and clean up before and after."""
        with self._locked():
            catalog = self._load()
            clean_up(self._folder, catalog)
            try:
                yield catalog
            finally:
                with contextlib.suppress(UnreadableError, DamagedCatalogError):
                    catalog = load_catalog(self._folder)
                    if catalog.intent is None:
                        clean_up(self._folder, catalog)

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
            # The caller that interrupted the query knows the reason.
            raise
        except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
            raise UnreadableError(
                f"Can't write sealed events in {self._folder}: {reason_of(error)}. Try again."
            ) from error
        except damage() as error:
            raise damaged(self._folder, reason_of(error)) from error

    def _load(self) -> Catalog:
        try:
            if load_catalog(self._folder).intent is not None:
                with self._appending:
                    settle(self._folder, self._documents)
            return load_catalog(self._folder)
        except StaleCatalogError as error:
            catalog = self._recovered(counting(error.listed, self._documents), by_0_1_0=error.by_0_1_0)
        except DamagedCatalogError:
            catalog = self._recovered(Catalog(), lost=True)
        self._commit(catalog)
        return load_catalog(self._folder)

    def _recovered(self, listed: Catalog, *, lost: bool = False, by_0_1_0: bool = False) -> Catalog:
        """Return a catalog of the committed files, with each event once and without replaced parts and deleted events.

        If parts.json is lost, every Parquet file is used; else those that it doesn't list are used only if they have an
        origin.
        """
        folder = self._folder
        there = committed(file_names(folder), "part-", ".parquet")
        listed_ids = [part.id for part in listed.parts]
        # Older files first, as they were added.
        further = sorted(there - {*listed_ids}, key=lambda one: (part_file(folder, one).stat().st_mtime_ns, one))
        deletions = load_deletions(folder)
        origins: dict[str, Origin | None] = {}
        with bare_connection() as connection:
            for part_id in (*listed_ids, *further):
                try:
                    origins[part_id] = self._files.origin(connection, part_id)
                except damage() as error:
                    if lost:
                        raise self._unreadable(part_id, error) from error
        unknown = set() if lost else {part_id for part_id in further if origins.get(part_id) is None}
        replaced = {name for deletion in deletions for name in deletion.replaces}
        replaced |= {name for origin in origins.values() if origin for name in origin.replaces}
        catalog = Catalog(
            absorbed=(*listed.absorbed, *sorted(replaced)),
            torn=max(listed.torn, sum(map(_count_lines, folder.glob("torn-*.jsonl")))),
            replaced=(*listed.replaced, *sorted(replaced)),
            unknown=tuple(sorted(unknown)),
            deletions=tuple(dict.fromkeys((*listed.deletions, *(deletion.id for deletion in deletions)))),
        )
        with bare_connection() as connection:
            connection.execute("CREATE TABLE known (id VARCHAR)")
            for part in listed.parts:
                if part.id not in replaced:
                    origin = origins.get(part.id)
                    # Version 0.1.0 may have made it from events tracked after the deletion.
                    made_later = by_0_1_0 and origin is None
                    undone = "" if made_later else _undone(deletions, listed.deletions, origin)
                    catalog = self._kept(connection, catalog, part, undone)
            for part_id in further:
                if part_id not in replaced | unknown:
                    origin = origins[part_id] or Origin()
                    catalog = self._adopted(connection, catalog, part_id, origin, _undone(deletions, (), origin))
        return catalog

    def _kept(self, connection: DuckDBPyConnection, catalog: Catalog, part: Part, doomed: str) -> Catalog:
        """Return the catalog with a part that parts.json lists, without deleted events."""
        kept: Part | None = part
        unreadable: tuple[type[Exception], ...] = (UnreadableError, *damage())
        try:
            if doomed:
                kept, _ = self._files.without(part, doomed, self._files.in_place_of([part], catalog))
            if kept is not None:
                rows = parquet([kept.file(self._folder)])
                connection.execute(f"INSERT INTO known SELECT id FROM {rows} WHERE id IS NOT NULL")
        except unreadable:
            # Reading the part will report the damage.
            kept = part
        if kept is part:
            return replace(catalog, parts=(*catalog.parts, part))
        return replace(catalog, parts=(*catalog.parts, *filter(None, [kept])), replaced=(*catalog.replaced, part.id))

    def _adopted(
        self, connection: DuckDBPyConnection, catalog: Catalog, part_id: str, origin: Origin, doomed: str
    ) -> Catalog:
        """Return the catalog with the new and not deleted events of a part that parts.json doesn't list."""
        file = part_file(self._folder, part_id)
        rows = self._files.rows(file, origin)
        staying = f"NOT ({doomed})" if doomed else "true"
        try:
            connection.execute(
                f"CREATE OR REPLACE TABLE fresh AS SELECT id, min(file_row_number) AS place FROM {rows} "
                f"WHERE {staying} AND id NOT IN (FROM known) GROUP BY id"
            )
            connection.execute("INSERT INTO known SELECT id FROM fresh")
            if count(connection, "fresh") == count(connection, rows):
                part, hashes = self._files.described(connection, part_id, file)
                if part is not None:
                    write_index(part.index(self._folder), hashes)
                    return replace(catalog, parts=(*catalog.parts, part))
            here = Origin((part_id, *origin.replaces), catalog.deletions, origin.batches)
            fresh = f"SELECT {self._files.columns(here)} FROM {rows} WHERE file_row_number IN (SELECT place FROM fresh)"
            part = self._files.write(connection, fresh, here)
        except damage() as error:
            raise self._unreadable(part_id, error) from error
        return replace(catalog, parts=(*catalog.parts, *filter(None, [part])), replaced=(*catalog.replaced, part_id))

    def _unreadable(self, part_id: str, error: Exception) -> UnreadableError:
        path = part_file(self._folder, part_id)
        return UnreadableError(
            f"The sealed events {path} can't be read: {reason_of(error)}. Put that file back from a backup, "
            "or move it away: then the others count."
        )

    def _set_aside(self) -> None:
        with self._appending:
            self._append.rename(aside(self._folder, new_id()))

    def _commit(self, catalog: Catalog) -> None:
        # Under the lock for appending, so that a lookup of a session's events sees the old or the new state.
        save_catalog(self._folder, catalog, self._appending)
        self._unmark(catalog)

    def _add(
        self,
        before: Catalog,
        after: Catalog,
        events: int,
        write: WriteDocuments | None,
        *,
        record: Deletion | None = None,
    ) -> int:
        with self._appending:
            if record is not None:
                record.save(self._folder)
            self._replace(before, after, write)
        self._unmark(after)
        return events

    def _delete(self, before: Catalog, shorter: _Shorter, deletion: Deletion, write: WriteDocuments | None) -> int:
        for _ in range(_MOST_ROUNDS if deletion.batch is None else 0):
            if self._append.size() > _SHORT:
                self._set_aside()
                shorter = self._without_appended(shorter, deletion.id, deletion.doomed)
        # No event is appended until the commit, and after it a writer finds that the goal is gone.
        with self._appending:
            if self._append.holds(deletion.has):
                self._append.rename(aside(self._folder, new_id()))
                shorter = self._without_appended(shorter, deletion.id, deletion.doomed)
            if shorter.gone:
                replace(deletion, replaces=shorter.emptied).save(self._folder)
            self._replace(before, shorter.catalog, write)
        self._unmark(shorter.catalog)
        return shorter.gone

    def _replace(self, before: Catalog, after: Catalog, write: WriteDocuments | None) -> None:
        """Commit the change; write nothing if there is none, because readers would read the whole log again."""
        if write is None:
            if after != before:
                save_catalog(self._folder, after)
        elif after == before:
            write(None)
        else:
            commit(self._folder, before, after, write, self._documents)

    def _unmark(self, catalog: Catalog) -> None:
        """Remove the markers of files that the catalog now lists."""
        # If this fails, a later cleanup removes them: listed files are valid with or without a marker.
        with contextlib.suppress(OSError):
            for part in catalog.parts:
                marker(part.file(self._folder)).unlink(missing_ok=True)
            for name in catalog.deletions:
                marker(deletion_file(self._folder, name)).unlink(missing_ok=True)

    def _without_sealed(self, catalog: Catalog, deletion_id: str, doomed: str) -> _Shorter:
        done = replace(catalog, deletions=(*catalog.deletions, deletion_id))
        changed: dict[str, Part | None] = {}
        gone, emptied = 0, list[str]()
        for part in catalog.parts:
            origin = self._files.in_place_of([part], done)
            kept, lost = self._files.without(part, doomed, origin)
            gone += lost
            if lost:
                changed[part.id] = kept
                emptied += [] if kept else origin.replaces
        if not gone:
            return _Shorter(catalog)
        parts = tuple(filter(None, (changed.get(part.id, part) for part in catalog.parts)))
        return _Shorter(replace(done, parts=parts, replaced=(*catalog.replaced, *changed)), gone, tuple(emptied))

    def _without_appended(self, shorter: _Shorter, deletion_id: str, doomed: str) -> _Shorter:
        """Return the result without the doomed events in set-aside files, sealing those files if they have any."""
        catalog = shorter.catalog
        files = waiting(self._folder, catalog)
        lost = 0
        if files:
            with bare_connection() as connection:
                load_appended(connection, files, self._schema)
                lost = count(connection, f"appended WHERE {doomed}")
        if not lost:
            return shorter
        if deletion_id not in catalog.deletions:
            catalog = replace(catalog, deletions=(*catalog.deletions, deletion_id))
        catalog, _ = self._absorb(catalog, files, f"NOT ({doomed})")
        return _Shorter(catalog, shorter.gone + lost, (*shorter.emptied, *map(set_aside_name, files)))

    def _absorb(self, catalog: Catalog, files: Sequence[Path], keep: str) -> tuple[Catalog, SealResult]:
        """Return the catalog with a new part of those rows of set-aside files that fulfil `keep`, not yet committed."""
        connection, torn = self._lines_of(files)
        with connection:
            load_sealed(connection, self._folder, catalog.parts, self._schema)
            wanted = count(connection, f"appended WHERE {keep}")
            part = self._files.write(
                connection,
                f"SELECT {self._schema.columns} FROM lines WHERE {self._schema.readable} AND ({keep}) "
                f"AND rowid IN (SELECT min(rowid) FROM lines WHERE {self._schema.readable} AND ({keep}) GROUP BY id) "
                "AND id NOT IN (SELECT id FROM sealed WHERE id IS NOT NULL) ORDER BY timestamp, rowid",
                Origin(tuple(map(set_aside_name, files)), catalog.deletions),
            )
        parts = (*catalog.parts, part) if part else catalog.parts
        absorbed = (*catalog.absorbed, *map(set_aside_name, files))
        events = part.events if part else 0
        result = SealResult(events, duplicates=wanted - events, torn_lines=torn)
        return replace(catalog, parts=parts, absorbed=absorbed, torn=catalog.torn + torn), result

    def _lines_of(self, files: Sequence[Path]) -> tuple[DuckDBPyConnection, int]:
        """Return a connection with these files loaded, and the number of unreadable lines, moved to torn-*.jsonl."""
        connection = bare_connection()
        load_appended(connection, files, self._schema)
        if not torn_rows(connection):
            return connection, 0
        connection.close()
        torn_lines, copies = 0, []
        for file in files:
            copy, torn = self._files.temporary(), self._files.temporary()
            with copy.open("wb") as good_to, torn.open("wb") as torn_to:
                found = sort_lines(file, good_to.write, torn_to.write, self._schema)
            if found:
                sync_file(torn)
                torn.replace(self._folder / f"torn-{set_aside_name(file)}.jsonl")
            torn_lines += found
            copies.append(copy)
        sync_folder(self._folder)
        connection = bare_connection()
        load_appended(connection, copies, self._schema)
        if torn_rows(connection):
            connection.close()
            raise UnreadableError(f"Some events in {self._folder} can't be sealed. They stay where they are.")
        return connection, torn_lines

    def _merge(self, catalog: Catalog) -> int:
        """Merge the small parts into one if there are many, and return their number."""
        small = [part for part in catalog.parts if part.events < SMALL]
        if len(small) >= MERGE_AT:
            # A damaged part is not merged: the merged part's own checksum would hide the damage.
            small = [part for part in small if self._is_whole(part)]
        if len(small) < MERGE_AT:
            return 0
        together = self._files.in_place_of(small, catalog)
        with bare_connection() as connection:
            rows = " UNION ALL BY NAME ".join(
                f"SELECT {place} AS part, {self._files.columns(self._files.origin(connection, part.id) or Origin())}, "
                f"file_row_number FROM {parquet([part.file(self._folder)], row_numbers=True)}"
                for place, part in enumerate(small)
            )
            # Events of the same time keep their order, which determines the open cycle of a session.
            ordered = f"SELECT {self._files.columns(together)} FROM ({rows}) ORDER BY timestamp, part, file_row_number"
            merged = self._files.write(connection, ordered, together)
        large = tuple(part for part in catalog.parts if part not in small)
        self._commit(
            replace(
                catalog,
                parts=(*large, merged) if merged else large,
                replaced=(*catalog.replaced, *(part.id for part in small)),
            )
        )
        return len(small)

    def _is_whole(self, part: Part) -> bool:
        try:
            check_content(self._folder, part)
        except UnreadableError:
            return False
        return True


def _undone(deletions: Sequence[Deletion], listed: Sequence[str], origin: Origin | None) -> str:
    """Return the SQL condition for events that are deleted but still in a part; empty if all deletions are applied."""
    done = {*listed, *(origin.deletions if origin else ())}
    return " OR ".join(f"({deletion.doomed})" for deletion in deletions if deletion.id not in done)


def _silent(_share: float) -> None:
    """Ignore the progress."""


def _count_lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(starts for _piece, starts, _ends in pieces(file))
