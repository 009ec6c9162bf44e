"""Recognize how the times of a column are written, and make the SQL that parses them.

A text is a time only if it matches a pattern as a whole. Unambiguous notations such as ISO 8601 are parsed row by row.
Ambiguous ones (day or month first, bare digits) are accepted only if the whole column agrees; such a guess is reported.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from goals_tui.domain.errors import RefusedError, WrongValueError
from goals_tui.domain.text import clean_line

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ACCEPTED = "2026-10-01T08:00:00Z, 2026-10-01 08:00 or 30.12.2026 14:05, or say how it is written: --time-format"
"""Examples of times that are recognized without an option, for messages."""

TIME_FORMATS = "a pattern of strptime such as '%d/%m/%Y %H:%M', epoch, epoch-ms or excel"

_ZONE = "Z|z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?"
_CLOCK = "[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?"
_AFTER_DATE = f"(?:(?:[Tt ]|, )({_CLOCK})(?: ?([AaPp][Mm]))?(?: ?({_ZONE}))?|(Z|[+-][0-9]{{2}}:[0-9]{{2}}))?"
_AFTER_GROUPS = ("clock", "half", "zone", "there")
_DAYS = "Mon|Tue|Wed|Thu|Fri|Sat|Sun"
_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"

_EARLIEST_GUESS = datetime(1990, 1, 1)
_LATEST_GUESS = timedelta(days=731)
"""Bare digits are a plausible time from _EARLIEST_GUESS until this long after now."""


@dataclass(frozen=True, slots=True)
class Notation:
    """A way to write times: a regular expression for the whole text, and functions that return SQL.

    They take the SQL of the text. The value of `moment` is UTC where that of `zoned` is true, else local; it is NULL
    where there is no such time.
    """

    pattern: str
    moment: Callable[[str], str]
    zoned: Callable[[str], str]

    def fits(self, text: str) -> str:
        """Return SQL for whether a text matches the pattern."""
        return f"regexp_full_match({text}, '{self.pattern}')"


def _dated(pattern: str, groups: Sequence[str], day: str) -> Notation:
    """Return the notation of a date that may be followed by a time of day, an offset, or both.

    `day` is SQL for the date as text; it refers to the groups of the pattern, as in {y}.
    """
    whole = pattern + _AFTER_DATE
    names = ", ".join(f"'{name}'" for name in (*groups, *_AFTER_GROUPS))

    def part(text: str, name: str) -> str:
        return f"(regexp_extract({text}, '^{whole}$', [{names}]))['{name}']"

    def moment(text: str) -> str:
        clock, half = part(text, "clock"), f"lower({part(text, 'half')})"
        hour = f"split_part({clock}, ':', 1)::INT"
        seconds = (
            f"CASE WHEN {clock} = '' THEN to_hours(0) WHEN {half} = '' THEN to_hours(0) "
            f"WHEN {hour} NOT BETWEEN 1 AND 12 THEN NULL "
            f"WHEN {half} = 'am' AND {hour} = 12 THEN to_hours(-12) "
            f"WHEN {half} = 'pm' AND {hour} < 12 THEN to_hours(12) ELSE to_hours(0) END"
        )
        shown = f"CASE WHEN {clock} = '' THEN '00:00' ELSE replace({clock}, ',', '.') END"
        written = day.format(**{name: part(text, name) for name in groups})
        return f"(TRY_CAST({written} || ' ' || {shown} AS TIMESTAMP) + {seconds} - {_offset(zone_of(text))})"

    def zone_of(text: str) -> str:
        return f"({part(text, 'zone')} || {part(text, 'there')})"

    return Notation(whole, moment, lambda text: f"{zone_of(text)} <> ''")


def _offset(zone: str) -> str:
    """Return SQL for an offset from UTC as an INTERVAL; NULL from 24 hours on."""
    digits = f"replace({zone}, ':', '')"
    of_day = f"substr({digits}, 2, 2) || ':' || coalesce(nullif(substr({digits}, 4, 2), ''), '00')"
    seconds = f"epoch(TRY_CAST({of_day} AS TIME))"
    return (
        f"to_seconds(CASE WHEN left({zone}, 1) = '+' THEN {seconds} WHEN left({zone}, 1) = '-' THEN -{seconds} "
        "ELSE 0 END)"
    )


def _numbers(pattern: str, microseconds: str) -> Notation:
    """Return the notation of a number counted from 1970. `microseconds` is SQL that converts the number {n}."""

    def moment(text: str) -> str:
        number = f"TRY_CAST({text} AS DECIMAL(32, 6))"
        return f"make_timestamp(TRY_CAST(round({microseconds.format(n=number)}) AS BIGINT))"

    return Notation(pattern, moment, lambda _text: "true")


def _strptime(pattern: str, written: str) -> Notation:
    return Notation(pattern, lambda text: f"try_strptime({text}, '{written}')", lambda _text: "false")


_YMD = "{y} || '-' || {m} || '-' || {d}"
_WEEK_DAY = "{y} || '-W' || {w} || '-' || coalesce(nullif({d}, ''), '1')"
_WEEK = f"CASE WHEN strftime(try_strptime({_WEEK_DAY}, '%G-W%V-%u'), '%G-W%V') = {{y}} || '-W' || {{w}} " + (
    f"THEN strftime(try_strptime({_WEEK_DAY}, '%G-W%V-%u'), '%Y-%m-%d') END"
)
_NAMED = f"{{y}} || '-' || ((strpos('{_MONTHS}', {{m}}) + 2) // 3) || '-' || {{d}}"
_RFC_DATE = f"(?:(?:{_DAYS}), )?([0-9]{{1,2}}) ({'|'.join(re.findall('...', _MONTHS))}) ([0-9]{{4}})"
_BARE_CLOCK = "[0-9]{2}(?:[0-9]{2}(?:[0-9]{2}(?:[.,][0-9]+)?)?)?"


def _compact() -> Notation:
    """Return the notation of ISO 8601's basic format: 20261001, 20261001T0800, 20261001T080000Z."""
    whole = f"([0-9]{{8}})(?:[Tt ]({_BARE_CLOCK}|{_CLOCK})({_ZONE})?)?"

    def part(text: str, name: str) -> str:
        return f"(regexp_extract({text}, '^{whole}$', ['day', 'clock', 'zone']))['{name}']"

    def moment(text: str) -> str:
        day, clock = part(text, "day"), f"replace(replace({part(text, 'clock')}, ':', ''), ',', '.')"
        written = (
            f"substr({day}, 1, 4) || '-' || substr({day}, 5, 2) || '-' || substr({day}, 7) || ' ' || "
            f"coalesce(nullif(substr({clock}, 1, 2), ''), '00') || ':' || "
            f"coalesce(nullif(substr({clock}, 3, 2), ''), '00') || ':' || "
            f"coalesce(nullif(substr({clock}, 5), ''), '00')"
        )
        return f"(TRY_CAST({written} AS TIMESTAMP) - {_offset(part(text, 'zone'))})"

    return Notation(whole, moment, lambda text: f"{part(text, 'zone')} <> ''")


_PLAIN = Notation(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?Z?)?",
    lambda text: f"TRY_CAST({text} AS TIMESTAMP)",
    lambda text: f"suffix({text}, 'Z')",
)
"""The notation of most logs, which DuckDB parses by itself, and fast."""

_SURE = (
    _dated("([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})", "ymd", _YMD),
    _dated("([0-9]{4})/([0-9]{1,2})/([0-9]{1,2})", "ymd", _YMD),
    _dated(r"([0-9]{4})\.([0-9]{1,2})\.([0-9]{1,2})", "ymd", _YMD),
    _dated("([0-9]{4})-?W([0-9]{2})(?:-?([1-7]))?", "ywd", _WEEK),
    _dated(
        _RFC_DATE,
        "dmy",
        _NAMED,
    ),
    _compact(),
)
"""Unambiguous notations."""

_DAY_FIRST = {
    mark: _dated(rf"([0-9]{{1,2}}){e}([0-9]{{1,2}}){e}([0-9]{{4}})", "dmy", _YMD)
    for mark, e in ((".", r"\."), ("/", "/"), ("-", "-"))
}
_MONTH_FIRST = {
    mark: _dated(rf"([0-9]{{1,2}}){e}([0-9]{{1,2}}){e}([0-9]{{4}})", "mdy", _YMD)
    for mark, e in ((".", r"\."), ("/", "/"), ("-", "-"))
}

_DIGITS = {
    "epoch": _numbers(r"[0-9]{9,10}(?:\.[0-9]+)?", "{n} * 1000000"),
    "epoch-ms": _numbers(r"[0-9]{12,13}(?:\.[0-9]+)?", "{n} * 1000"),
    "%Y%m%d%H": Notation(
        "[0-9]{10}",
        lambda text: f"try_strptime({text} || '00', '%Y%m%d%H%M')",
        lambda _text: "false",
    ),
    "%Y%m%d%H%M": _strptime("[0-9]{12}", "%Y%m%d%H%M"),
    "%Y%m%d%H%M%S": _strptime("[0-9]{14}", "%Y%m%d%H%M%S"),
}
_ANY_DIGITS = r"[0-9]+(?:[.,][0-9]+)?"

_SAID = {"epoch": "seconds since 1970", "epoch-ms": "milliseconds since 1970"}


@dataclass(frozen=True, slots=True)
class TimeGuess:
    """The guessed format of a column: as a value of `--time-format`, in words, and with a time from the column."""

    format: str
    words: str
    example: str


@dataclass(frozen=True, slots=True)
class TimeColumn:
    """The SQL that parses a column: for the moment, and for whether it is `zoned` (UTC) or local."""

    moment: str
    zoned: str
    guess: TimeGuess | None = None


def told_format(written: str, text: str) -> TimeColumn:
    """Return how to parse a column with a given `--time-format`; `text` is SQL for a cell.

    Raises WrongValueError for an invalid format.
    """
    if written == "epoch":
        return _column([_numbers(r"-?[0-9]+(?:\.[0-9]+)?", "{n} * 1000000")], text)
    if written == "epoch-ms":
        return _column([_numbers(r"-?[0-9]+(?:\.[0-9]+)?", "{n} * 1000")], text)
    if written == "excel":
        days = f"TRY_CAST({text} AS DECIMAL(32, 12))"
        since_1970 = f"make_timestamp(TRY_CAST(round(({days} - 25569) * 86400000) * 1000 AS BIGINT))"
        return _column([Notation(r"[0-9]+(?:\.[0-9]+)?", lambda _text: since_1970, lambda _text: "false")], text)
    return _strptime_column(written, text)


def _strptime_column(written: str, text: str) -> TimeColumn:
    import duckdb

    from goals_tui.store.duckdb_files import bare_connection

    pattern = written.replace("'", "''")
    directives = {written[at + 1 : at + 2] for at in range(len(written)) if written[at] == "%"}
    refusal = WrongValueError(
        f"{clean_line(written)!r} is not a way to write times. Give {TIME_FORMATS}.", field="time_format"
    )
    if not directives & set("YyGcxs"):
        raise refusal
    with_zone = bool(directives & set("zZ"))
    try:
        with bare_connection() as connection:
            connection.execute(f"SELECT strptime(strftime(TIMESTAMP '2026-10-01', '{pattern}'), '{pattern}')")
    except duckdb.Error as error:
        if not (with_zone and "Could not parse" in str(error)):  # The tested time has no zone to format.
            raise refusal from None
    read = f"try_strptime({text}, '{pattern}')"
    if with_zone:
        # Python accepts Z as an offset, DuckDB does not.
        read = f"coalesce({read}, try_strptime(regexp_replace({text}, 'Z$', '+00'), '{pattern}')) AT TIME ZONE 'UTC'"
    return TimeColumn(read, "true" if with_zone else "false")


def _column(notations: Sequence[Notation], text: str, guess: TimeGuess | None = None) -> TimeColumn:
    moments = " ".join(f"WHEN {one.fits(text)} THEN {one.moment(text)}" for one in notations)
    if len(notations) == 1:
        return TimeColumn(f"CASE {moments} END", notations[0].zoned(text), guess)
    zones = " ".join(f"WHEN {one.fits(text)} THEN {one.zoned(text)}" for one in notations)
    return TimeColumn(f"CASE {moments} END", f"coalesce(CASE {zones} END, false)", guess)


def read_column(connection: DuckDBPyConnection, table: str, text: str, now: datetime) -> TimeColumn:
    """Find out how the times of a column are written. `text` is SQL for a cell of `table`.

    Raises RefusedError where all times are ambiguous or contradict each other.
    """
    there = f"(SELECT {text} AS t FROM {table} WHERE {text} <> '')"
    total, others = _row(connection, f"SELECT count(*), count(*) FILTER (NOT {_PLAIN.fits('t')}) FROM {there}")
    if not others:
        return _column([_PLAIN], text)
    rest = f"(SELECT t FROM {there} WHERE NOT {_PLAIN.fits('t')})"
    each = ", ".join(f"count(*) FILTER ({one.fits('t')})" for one in _SURE)
    counts = _row(connection, f"SELECT {each} FROM {rest}")
    sure = [one for one, count in zip(_SURE, counts, strict=True) if count]
    found = [_PLAIN, *sure] if total > others else sure
    if found:
        return _column(found, text)
    return _guessed(connection, rest, text, now) or _column([_PLAIN], text)


def _guessed(connection: DuckDBPyConnection, rest: str, text: str, now: datetime) -> TimeColumn | None:
    """Return the ambiguous notation that all texts share that look like times or numbers, or None.

    Raises RefusedError where there are several, or the day and the month can't be told apart.
    """
    dated = [one.fits("t") for one in _DAY_FIRST.values()]
    looks = " OR ".join([*dated, f"regexp_full_match(t, '{_ANY_DIGITS}')"])
    counts = ", ".join(f"count(*) FILTER ({fits})" for fits in dated)
    looking, *by_mark = _row(connection, f"SELECT count(*) FILTER ({looks}), {counts} FROM {rest}")
    if not looking:
        return None
    for mark, count in zip(_DAY_FIRST, by_mark, strict=True):
        if count == looking:
            return _day_or_month_first(connection, rest, text, mark)
    if any(by_mark):
        return None
    until = (now.astimezone(UTC) + _LATEST_GUESS).replace(tzinfo=None)
    plausible = {
        name: f"{one.fits('t')} AND {one.moment('t')} BETWEEN TIMESTAMP '{_EARLIEST_GUESS}' AND TIMESTAMP '{until}'"
        for name, one in _DIGITS.items()
    }
    fitting = ", ".join(f"count(*) FILTER ({condition})" for condition in plausible.values())
    example, *agreeing = _row(connection, f"SELECT min(t) FILTER ({looks}), {fitting} FROM {rest}")
    names = [name for name, count in zip(plausible, agreeing, strict=True) if count == looking]
    if len(names) > 1:
        raise RefusedError(
            f"Times like {example} can be read in two ways. Say which: "
            f"{' or '.join(f'--time-format {name}' for name in names)}.",
            field="time_format",
        )
    if not names:
        return None
    [name] = names
    return _column([_DIGITS[name]], text, TimeGuess(name, _SAID.get(name, name), str(example)))


def _day_or_month_first(connection: DuckDBPyConnection, rest: str, text: str, mark: str) -> TimeColumn:
    fits = _DAY_FIRST[mark].fits("t")
    first, second = (f"split_part(t, '{mark}', {place})::INT" for place in (1, 2))
    days, months = f"{first} BETWEEN 13 AND 31", f"{second} BETWEEN 13 AND 31"
    day, month, any_one = _row(
        connection, f"SELECT min(t) FILTER ({days}), min(t) FILTER ({months}), min(t) FROM {rest} WHERE {fits}"
    )
    shown = _clock_format(str(day or month or any_one))
    day_first, month_first = (f"{mark.join(order)}{shown}" for order in (("%d", "%m", "%Y"), ("%m", "%d", "%Y")))
    if day and month:
        raise RefusedError(
            f"The times contradict each other: {day} has the day first, {month} the month. "
            f"Say how they are written: --time-format {day_first!r} or {month_first!r}; the others are left out.",
            field="time_format",
        )
    if not day and not month and mark != ".":
        raise RefusedError(
            f"Times like {any_one} can have the day or the month first, and no row says which. "
            f"Say it: --time-format {day_first!r} or {month_first!r}.",
            field="time_format",
        )
    if month:
        guess = TimeGuess(month_first, f"month{mark}day{mark}year", str(month))
        return _column([_MONTH_FIRST[mark]], text, guess)
    return _column([_DAY_FIRST[mark]], text, TimeGuess(day_first, f"day{mark}month{mark}year", str(day or any_one)))


def _clock_format(example: str) -> str:
    """Return the format of the time of day after a date, as in strptime; empty where there is none."""
    clock = re.search(_CLOCK, example)
    if clock is None:
        return ""
    half = example[-2:].lower() in ("am", "pm")
    seconds = "" if clock[0].count(":") == 1 else ":%S.%f" if "." in clock[0] else ":%S"
    return f" {'%I' if half else '%H'}:%M{seconds}{' %p' if half else ''}"


def _row(connection: DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    return connection.execute(sql).fetchone() or ()


@dataclass(frozen=True, slots=True)
class TimeRange:
    """A half-open range of local times with one offset from UTC. `odd` ones are skipped by the clock or occur twice."""

    since: datetime
    until: datetime
    offset: timedelta
    odd: bool = False
    second: timedelta | None = None
    """The offset of the second occurrence of times that occur twice, else None."""


def stretches(day: date, zone: ZoneInfo) -> list[TimeRange]:
    """Split a day of a zone into ranges of local times.

    A skipped time has the offset from before the change, a time that occurs twice that of its first occurrence.
    """
    start = datetime.combine(day, time.min)
    end = start + timedelta(days=1)
    kind = _kind(start, zone)
    if kind == _kind(end, zone) and not kind[1]:
        return [TimeRange(start, end, *kind)]
    minutes = [start + timedelta(minutes=n) for n in range(24 * 60)]
    found = []
    for kind, some in groupby(minutes, lambda minute: _kind(minute, zone)):
        first, *others = some
        found.append(TimeRange(first, (others[-1] if others else first) + timedelta(minutes=1), *kind))
    return found


def _kind(local: datetime, zone: ZoneInfo) -> tuple[timedelta, bool, timedelta | None]:
    first = local.replace(tzinfo=zone, fold=0).utcoffset() or timedelta()
    second = local.replace(tzinfo=zone, fold=1).utcoffset() or timedelta()
    return first, first != second, second if second < first else None
