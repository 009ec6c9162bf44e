"""The rows of logs as DuckDB tables: loaded, cleaned, timed, and with a reason where a row can't be used."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from goals_tui.domain.errors import NotFoundError, nearest_names
from goals_tui.domain.event import EARLIEST, LATEST, LONGEST_FIELD
from goals_tui.domain.goal import Goal
from goals_tui.domain.model import MAX_NAME, MAX_TEXT
from goals_tui.domain.text import clean_line, clean_text
from goals_tui.services.imports.log_files import BLANK, Log
from goals_tui.services.imports.log_records import RecordLog
from goals_tui.services.imports.table import UnusableError
from goals_tui.services.imports.times import ACCEPTED, TimeGuess, read_column, stretches, told_format
from goals_tui.store.duckdb_files import csv_rows, cursor_of

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_SOME = 10_000

_LONGEST_CELL = 1000
"""In characters. A longer cell can be neither a name nor a time; it is cut to this length before it is rejected."""

_PLAIN = "[!-~]+(?: [!-~]+)*"
"""A pattern of text that `clean_line` leaves unchanged. Each distinct other text is cleaned once, in Python."""

_TEXT_ODD = r"[^\n\t \pL\pM\pN\pP\pS]"
"""A pattern of characters that `clean_text` may remove from a text."""

_LABELS = ("session", "endpoint", "locale", "snapshot", "parent", "flow", "channel")
_TRUSTED = ("kind",)
"""Columns that only our own readers fill, with fixed words: they need no cleaning."""

_CODES = ("form", "no_time", "time", "years", "no_case", "no_step", "long_step", "id", *_LABELS, "goal")
"""Codes of the reasons why a row is left out. The first that applies counts."""


_TESTS = (
    "fault IS NOT NULL",
    "no_time",
    "moment IS NULL",
    f"moment < TIMESTAMP '{EARLIEST:%Y-%m-%d}' OR moment >= TIMESTAMP '{LATEST:%Y-%m-%d}'",
    "coalesce(\"case\", '') = ''",
    "step_needed AND coalesce(step, '') = ''",
    f"length(step) > {MAX_NAME}",
    f"length(id) > {LONGEST_FIELD}",
    f'length(coalesce(session, "case")) > {LONGEST_FIELD}',
    *(f"length({what}) > {LONGEST_FIELD}" for what in _LABELS[1:]),
)
_REASON = f"CASE {' '.join(f'WHEN {test} THEN {code}' for code, test in enumerate(_TESTS))} END"
"""SQL for the index in _CODES of the reason why a row can't be used, else NULL. `match` adds the last one, `goal`."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The names of the columns to read. Without a `session`, each case is a session of its own.

    The columns from `id` on are used for activities only.
    """

    cycle: str
    step: str
    time: str
    session: str | None = None
    endpoint: str | None = None
    locale: str | None = None
    snapshot: str | None = None
    id: str | None = None
    kind: str | None = None
    text: str | None = None
    parent: str | None = None
    flow: str | None = None
    channel: str | None = None

    def told(self) -> dict[str, str]:
        """Return the names of the given columns by field."""
        named = ((one.name, getattr(self, one.name)) for one in fields(self))
        return {what: name for what, name in named if name is not None}


class LeftOutRow(NamedTuple):
    """A row that can't be used: its file, its number in the file from 1 without blank rows, and the reason."""

    file: str
    row: int
    why: str


class Counts(NamedTuple):
    """Numbers of rows, usable rows and their cases. `left_out` counts the other rows by reason, as a phrase."""

    rows: int
    usable: int
    cases: int
    left_out: dict[str, int]


class _File(NamedTuple):
    """A loaded file: its name, and where its rows are in which table, with the names of its columns by field."""

    name: str
    rows: int
    blank: int
    table: str
    first: int
    held: dict[str, str]


class LogRows:
    """The rows of one or more logs: `load` each, `read` them, and `match` their steps with those of a goal.

    The view `rows` has the columns number, file, "case", step, the other fields of `Columns` (cleaned), moment (UTC)
    and reason, which is NULL for a usable row; after `match` also step_id. If `step_needed`, rows without a step
    can't be used.
    """

    def __init__(self, connection: DuckDBPyConnection, scratch: Path, *, step_needed: bool = True) -> None:
        self._db = connection
        self._columns: dict[str, str] = {}
        """The names of the columns of all files, by field."""
        self._scratch = scratch
        self._step_needed = step_needed
        self._files: list[_File] = []
        self.time_guess: TimeGuess | None = None
        self.local_times = 0
        """The number of times without a zone."""
        self.odd_times = 0
        """The number of times without a zone that the local clock skips or shows twice."""
        self.cut_texts = 0
        """The number of texts that were cut to MAX_TEXT characters."""

    @property
    def columns(self) -> dict[str, str]:
        """The names of the columns of all files, by field."""
        return self._columns

    def blanks(self, files: int) -> list[int]:
        """Return the number of blank rows of each of the last `files` files."""
        return [file.blank for file in self._files[-files:]]

    def load_together(self, logs: Sequence[tuple[RecordLog, str]], told: Columns, *, named_only: bool = False) -> bool:
        """Load the rows of several logs, each with the name of its file, with one query, as `load` does each.

        The logs must have the same `records`. Return False, with nothing loaded, where the query fails, as it does at
        a broken file: then `load` each.
        """
        import duckdb

        held, table = told.told(), f"raw_{len(self._files)}"
        files = [str(log.lines.absolute()) for log, _ in logs]
        records = logs[0][0].records([log.lines for log, _ in logs])
        columns = ", ".join(f'{column} AS "{what}"' for what, column in held.items())
        try:
            self._db.execute(
                f"CREATE TABLE {table} AS SELECT * REPLACE ({_fault(named_only=named_only)}) "
                f"FROM (SELECT filename, fault, {columns} FROM ({records}))"
            )
        except duckdb.InterruptException:
            raise
        except duckdb.Error:
            return False
        found = self._db.execute(
            f"SELECT filename, count(*), count(*) FILTER (fault = '{BLANK}'), min(rowid), max(rowid) + 1 FROM {table} "
            "GROUP BY filename"
        ).fetchall()
        counts = {path: [int(count) for count in counts] for path, *counts in found}
        # A file that is given twice has its rows in two places.
        in_one_place = all(end - first == rows for rows, _, first, end in counts.values())
        if not in_one_place or not counts.keys() <= set(files) or len(set(files)) < len(files):
            self._db.execute(f"DROP TABLE {table}")
            return False
        numbers, end = range(len(self._files), len(self._files) + len(files)), 0
        for path, (_, name) in zip(files, logs, strict=True):
            rows, blank, first, end = counts.get(path, [0, 0, end, end])
            self._files.append(_File(name, rows, blank, table, first, held))
        self._db.execute(
            f"CREATE TABLE {table}_files AS SELECT unnest(?::VARCHAR[]) AS filename, unnest(?::INTEGER[]) AS file, "
            "unnest(?::BIGINT[]) AS first",
            [files, list(numbers), [self._files[number].first for number in numbers]],
        )
        self._columns = {**held, **self._columns}
        return True

    def load(self, log: Log, name: str, told: Columns, *, named_only: bool = False) -> None:
        """Load the rows of a log. If `named_only`, rows without a step count as blank.

        Raises NotFoundError for a column that the log does not have, UnusableError where two columns have the same
        name or the log can't be read.
        """
        import duckdb

        held = told.told()
        columns = list(held.values())
        for column in columns:
            if column not in log.columns:
                raise NotFoundError(f"column of {name} called", column, [one for one in log.columns if one])
            if log.columns.count(column) > 1:
                raise UnusableError(f"two columns are called {column!r}. Rename one of them")
        query = log.query(columns)
        table = f"raw_{len(self._files)}"
        names = ", ".join(["fault", *(f'"{what}"' for what in held)])
        taken = _fault(named_only=named_only)
        if query is not None:
            try:
                self._db.execute(f"CREATE TABLE {table} AS SELECT * REPLACE ({taken}) FROM ({query}) AS read({names})")
            except duckdb.InterruptException:
                raise
            except duckdb.Error:
                query = None  # Some records are broken; reading them one by one tells which.
        if query is None:
            copy = self._scratch / f"{table}.csv"
            with copy.open("w", encoding="utf-8", errors="replace", newline="") as out:
                writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
                for fault, cells in log.rows(columns):
                    longest = (MAX_TEXT + 1 if what == "text" else _LONGEST_CELL for what in held)
                    writer.writerow([fault, *(cell[:most] for cell, most in zip(cells, longest, strict=True))])
            query = f"SELECT * FROM {csv_rows(copy, len(columns) + 1)}"
            self._db.execute(f"CREATE TABLE {table} AS SELECT * REPLACE ({taken}) FROM ({query}) AS read({names})")
        counts = self._row(f"SELECT count(*), count(*) FILTER (fault = '{BLANK}') FROM {table}")
        self._files.append(_File(name, int(counts[0]), int(counts[1]), table, 0, held))
        self._columns = {**held, **self._columns}

    def read(self, zone: ZoneInfo, time_format: str | None, now: datetime) -> None:
        """Clean and time all rows. Times without a zone are local times of `zone`.

        Raises WrongValueError for an invalid `time_format`, RefusedError for ambiguous times.
        """
        parts, start = [], 0
        for table, together in groupby(enumerate(self._files), lambda numbered: numbered[1].table):
            files = list(together)
            held = (f'"{what}"' if what in files[0][1].held else f'NULL::VARCHAR AS "{what}"' for what in self._columns)
            place, source = f"{files[0][0]} AS file, loaded.rowid AS place", f"{table} AS loaded"
            if len(files) > 1:
                place, source = "file, loaded.rowid - first AS place", f"{source} JOIN {table}_files USING (filename)"
            parts.append(f"SELECT loaded.rowid + {start} AS number, {place}, fault, {', '.join(held)} FROM {source}")
            start += sum(file.rows for _, file in files)
        self._db.execute(f"CREATE VIEW raw AS {' UNION ALL '.join(parts)}")
        names = {what: f'raw."{what}"' for what in self._columns}
        trusted = {what: names.pop(what, "NULL::VARCHAR") for what in _TRUSTED}
        text = names.pop("text", None)
        odd = self._row(
            "SELECT "
            + ", ".join(f"count(*) FILTER (NOT regexp_full_match({name}, '{_PLAIN}'))" for name in names.values())
            + " FROM raw"
        )
        joins = ""
        for what, count in zip(list(names), odd, strict=True):
            if count and what == "time":
                names[what] = rf"trim(regexp_replace({names[what]}, '[\s\pZ\pC]+', ' ', 'g'))"
            elif count:
                self._clean(what)
                joins += f' LEFT JOIN clean_{what} ON clean_{what}.written = raw."{what}"'
                names[what] = f'CASE WHEN clean_{what}.written IS NULL THEN raw."{what}" ELSE clean_{what}.cleaned END'
        if text is not None:
            (odd_texts, self.cut_texts) = self._row(
                f"SELECT count(*) FILTER (regexp_matches(text, '{_TEXT_ODD}')), "
                f"count(*) FILTER (length(text) > {MAX_TEXT}) FROM raw"
            )
            if odd_texts:
                self._clean("text")
                joins += " LEFT JOIN clean_text ON clean_text.written = raw.text"
                text = "CASE WHEN clean_text.written IS NULL THEN raw.text ELSE clean_text.cleaned END"
            text = f"left({text}, {MAX_TEXT})"
        time = names.pop("time")
        column = told_format(time_format, time) if time_format else read_column(self._db, "raw", time, now)
        self.time_guess = column.guess
        labels = ", ".join(f'{names.get(what, "NULL::VARCHAR")} AS "{what}"' for what in ("id", *_LABELS))
        labels += f", {trusted['kind']} AS kind, {text or 'NULL::VARCHAR'} AS text, {self._step_needed} AS step_needed"
        self._db.execute(
            f"CREATE TABLE timed AS SELECT *, {_REASON} AS reason FROM (SELECT number, file, place, raw.fault, "
            f"{names['cycle']} AS \"case\", {names['step']} AS step, {labels}, coalesce({time}, '') = '' AS no_time, "
            f"{column.moment} AS moment, {column.zoned} AS zoned FROM raw{joins})"
        )
        self._set_clock(zone)
        self._db.execute("CREATE VIEW rows AS SELECT * FROM timed")

    def match(self, steps: dict[str, str | None]) -> None:
        """Assign the id of the goal's step to each activity; None where the goal has no such step."""
        self._db.execute("CREATE TABLE steps (activity VARCHAR, step_id VARCHAR)")
        self._insert("steps", list(steps.items()))
        self._db.execute(
            f"CREATE OR REPLACE VIEW rows AS SELECT timed.* REPLACE (CASE WHEN reason IS NULL AND step_id IS NULL "
            f"THEN {_CODES.index('goal')} ELSE reason END AS reason), step_id "
            "FROM timed LEFT JOIN steps ON steps.activity = timed.step"
        )

    def activities(self) -> dict[str, int]:
        """Return the number of usable rows of each activity, sorted by name."""
        found = self._db.execute(
            "SELECT step, count(*) FROM rows WHERE reason IS NULL AND step <> '' GROUP BY step ORDER BY step"
        )
        return {str(step): int(count) for step, count in found.fetchall()}

    def counts(self) -> Counts:
        """Count the rows, usable rows, cases, and rows left out by reason."""
        found = self._db.execute(
            f"SELECT reason, count(*) FROM rows WHERE fault IS DISTINCT FROM '{BLANK}' GROUP BY reason "
            "ORDER BY count(*) DESC, reason"
        )
        by_reason = {code: int(count) for code, count in found.fetchall()}
        usable = by_reason.pop(None, 0)
        (cases,) = self._row('SELECT count(DISTINCT "case") FROM rows WHERE reason IS NULL')
        left_out = {self._words(_CODES[code]): count for code, count in by_reason.items()}
        return Counts(usable + sum(left_out.values()), usable, int(cases), left_out)

    def first(self, count: int) -> list[dict[str, str | None]]:
        """Return the first `count` usable rows, cleaned, with times in UTC."""
        found = self._db.execute(
            "SELECT \"case\", nullif(step, ''), strftime(moment, '%Y-%m-%dT%H:%M:%S.%gZ'), session, endpoint, locale, "
            f"snapshot, kind, text FROM rows WHERE reason IS NULL ORDER BY number LIMIT {count}"
        )
        names = ("cycle", "step", "time", "session", "endpoint", "locale", "snapshot", "kind", "text")
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def left_out_rows(self, most: int, goal: Goal | None = None) -> Iterator[LeftOutRow]:
        """Yield the first `most` rows that can't be used, in order. `goal` is named in the reasons of unknown steps."""
        found = self._db.execute(
            'SELECT number, reason, raw.fault, raw."time", odd.step FROM raw JOIN (SELECT number, reason, step '
            f"FROM rows WHERE reason IS NOT NULL AND fault IS DISTINCT FROM '{BLANK}' ORDER BY number LIMIT {most}) "
            "AS odd USING (number) ORDER BY number"
        )
        for number, reason, fault, time, step in found.fetchall():
            name, row = self._place(int(number))
            yield LeftOutRow(name, row, self._why(_CODES[reason], fault, time or "", step or "", goal))

    def _words(self, code: str) -> str:
        columns = self._columns
        return {
            "form": "not in the form of the others",
            "no_time": f"without a time (column {columns['time']})",
            "time": f"with a time that can't be read (column {columns['time']})",
            "years": "with a time that is not between 1970 and 2200",
            "no_case": f"without a case (column {columns['cycle']})",
            "no_step": f"without a step (column {columns['step']})",
            "long_step": f"with a step of more than {MAX_NAME} characters",
            "goal": "with a step that the goal does not have",
        }.get(code, f"with a {code} of more than {LONGEST_FIELD} characters")

    def _why(self, code: str, fault: str, time: str, step: str, goal: Goal | None) -> str:
        columns = self._columns
        if code == "form":
            return fault
        if code == "time":
            return f"{clean_line(time)[:40]!r} is not a time: write {ACCEPTED}"
        if code == "years":
            return f"the time {clean_line(time)} is not between 1970 and 2200"
        if code == "goal" and goal is not None:
            near = nearest_names(step, [one.name for one in goal.steps])
            return f"the goal {goal.name!r} has no step {step!r}" + (f"; the nearest is {near[0]!r}" if near else "")
        empty = {"no_time": "time", "no_case": "cycle", "no_step": "step"}
        if code in empty:
            return f"the column {columns[empty[code]]} is empty"
        what, most = ("step's name", MAX_NAME) if code == "long_step" else (code, LONGEST_FIELD)
        return f"{'an' if what[0] in 'ei' else 'a'} {what} has {most} characters at most"

    def _clean(self, what: str) -> None:
        self._db.execute(f"CREATE TABLE clean_{what} (written VARCHAR, cleaned VARCHAR)")
        clean, is_odd = clean_line, f"NOT regexp_full_match(\"{what}\", '{_PLAIN}')"
        if what == "text":
            clean, is_odd = clean_text, f"regexp_matches(text, '{_TEXT_ODD}')"
        odd = cursor_of(self._db).execute(f'SELECT DISTINCT "{what}" FROM raw WHERE {is_odd}')
        while some := odd.fetchmany(_SOME):
            self._insert(f"clean_{what}", [(text, clean(text) or None) for (text,) in some])

    def _insert(self, table: str, pairs: Sequence[tuple[str, str | None]]) -> None:
        for start in range(0, len(pairs), _SOME):
            some = pairs[start : start + _SOME]
            self._db.execute(
                f"INSERT INTO {table} SELECT unnest(?::VARCHAR[]), unnest(?::VARCHAR[])",
                [[one for one, _ in some], [other for _, other in some]],
            )

    def _set_clock(self, zone: ZoneInfo) -> None:
        """Convert times without a zone to UTC."""
        within = "NOT zoned AND moment >= TIMESTAMP '1969-12-31' AND moment < TIMESTAMP '2200-01-02'"
        days = self._db.execute(f"SELECT DISTINCT moment::DATE FROM timed WHERE {within}").fetchall()
        if not days:
            return
        self._db.execute(
            "CREATE TABLE clock "
            "(day DATE, since TIMESTAMP, until TIMESTAMP, before_utc BIGINT, odd BOOLEAN, again BIGINT)"
        )
        lines: list[list[Any]] = []
        for (day,) in days:
            for one in stretches(day, zone):
                again = None if one.second is None else _seconds(one.offset - one.second)
                lines.append([day, one.since, one.until, _seconds(one.offset), one.odd, again])
        for start in range(0, len(lines), _SOME):
            values = [list(column) for column in zip(*lines[start : start + _SOME], strict=True)]
            kinds = ("DATE", "TIMESTAMP", "TIMESTAMP", "BIGINT", "BOOLEAN", "BIGINT")
            self._db.execute(f"INSERT INTO clock SELECT {', '.join(f'unnest(?::{kind}[])' for kind in kinds)}", values)
        self._db.execute(
            f"CREATE TABLE set_timed AS SELECT * REPLACE ({_REASON} AS reason) FROM (SELECT timed.* REPLACE "
            "(CASE WHEN zoned THEN moment ELSE moment - to_seconds(coalesce(before_utc, 0)) END AS moment), odd, again "
            "FROM timed LEFT JOIN clock ON NOT zoned AND moment::DATE = day AND moment >= since AND moment < until)"
        )
        self._db.execute("DROP TABLE timed")
        self._db.execute("ALTER TABLE set_timed RENAME TO timed")
        local, odd, twice = self._row(
            "SELECT count(*) FILTER (NOT zoned AND moment IS NOT NULL), count(*) FILTER (odd), count(again) FROM timed"
        )
        self.local_times, self.odd_times = int(local), int(odd)
        if twice:
            self._take_second_readings()

    def _take_second_readings(self) -> None:
        """Take the second reading of a local time that occurs twice where the times of a case would run backwards."""
        ordered = 'OVER (PARTITION BY "case" ORDER BY number)'
        on, back = self._row(
            "SELECT count(*) FILTER (moment > earlier), count(*) FILTER (moment < earlier) FROM (SELECT moment, again, "
            f"lag(moment) {ordered} AS earlier, lag(again) {ordered} AS earlier_again FROM timed) "
            "WHERE again IS NULL OR earlier_again IS NULL"
        )
        # Some logs are sorted with the newest row first.
        order = "DESC" if back > on else ""
        found = cursor_of(self._db).execute(
            'SELECT "case", number, moment, again FROM timed WHERE moment IS NOT NULL AND "case" IN '
            f'(SELECT "case" FROM timed WHERE again IS NOT NULL) ORDER BY "case", number {order}'
        )
        case, latest, second = None, None, list[int]()
        while some := found.fetchmany(_SOME):
            for this, number, moment, again in some:
                if this != case:
                    case, latest = this, None
                if again is not None and latest is not None and moment < latest:
                    later = moment + timedelta(seconds=again)
                    if later >= latest:
                        moment = later
                        second.append(number)
                latest = moment if latest is None else max(latest, moment)
        self._db.execute(
            "UPDATE timed SET moment = moment + to_seconds(again) WHERE number IN (SELECT unnest(?::BIGINT[]))",
            [second],
        )

    def _place(self, number: int) -> tuple[str, int]:
        """Return the name of a row's file, and the row's number in it from 1, without blank rows."""
        for name, rows, blank, table, first, _ in self._files:
            if number < rows:
                if blank:
                    within = f"rowid >= {first} AND rowid < {first + number}"
                    (blank,) = self._row(f"SELECT count(*) FROM {table} WHERE fault = '{BLANK}' AND {within}")
                return name, number + 1 - int(blank)
            number -= rows
        raise ValueError("no such row")

    def _row(self, sql: str) -> tuple[Any, ...]:
        return self._db.execute(sql).fetchone() or ()


def _fault(*, named_only: bool) -> str:
    """Return SQL for the fault of a row; if `named_only`, a row without a step counts as blank."""
    nameless = f"WHEN coalesce(step, '') = '' THEN '{BLANK}'" if named_only else ""
    return f"CASE WHEN fault IS NOT NULL THEN fault {nameless} END AS fault"


def _seconds(length: timedelta) -> int:
    return int(length.total_seconds())
