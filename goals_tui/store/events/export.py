"""Export of all events to one file, for other tools."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from goals_tui.domain.errors import UnreadableError, WrongValueError
from goals_tui.domain.spreadsheet import FORMULA, NUMBER
from goals_tui.store.atomic import user_file
from goals_tui.store.duckdb_files import PARQUET, copy_to, damage, reason_of
from goals_tui.store.events.schema import EVENTS

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_MOMENT = "strftime(timestamp, '%Y-%m-%dT%H:%M:%S.%fZ')"
_INSTANT = (
    f"CASE WHEN microsecond(timestamp) % 1000 = 0 THEN strftime(timestamp, '%Y-%m-%dT%H:%M:%S.%gZ') ELSE {_MOMENT} END"
)

_FORMULA = "'^" + FORMULA.replace("'", "''") + "'"
_HARMLESS = (
    f"CASE WHEN regexp_matches({{column}}, {_FORMULA}) AND NOT regexp_full_match({{column}}, '{NUMBER}') "
    "THEN '''' || {column} ELSE {column} END"
)
"""The SQL equivalent of `spreadsheet.harmless`."""

_FORMATS = {
    ".jsonl": "FORMAT json",
    ".jsonl.gz": "FORMAT json, COMPRESSION gzip",
    ".csv": "FORMAT csv, HEADER",
    ".parquet": PARQUET,
}


def export(connection: DuckDBPyConnection, path: Path) -> int:
    """Write the view `events` to `path` whole or not at all, in the format of its suffix; return the number of events.

    In .csv, text that a spreadsheet would evaluate as a formula gets a leading apostrophe, which
    `spreadsheet.as_it_was` removes. Raises WrongValueError for an unknown suffix, UnreadableError if the file can't be
    written.
    """
    import duckdb

    name = path.name.casefold()
    ending = next((known for known in sorted(_FORMATS, key=len, reverse=True) if name.endswith(known)), None)
    if ending is None:
        raise WrongValueError(
            f"{path.name!r} does not say a format. End it with {', '.join(_FORMATS)}.", field="output"
        )
    if not path.parent.is_dir():
        raise UnreadableError(f"Can't write {path}: there is no folder {path.parent}. Create it first.")
    query = f"SELECT {_columns(ending)} FROM events ORDER BY events.timestamp, events.id"
    try:
        with user_file(path) as file:
            return copy_to(connection, query, file, _FORMATS[ending])
    except duckdb.IOException as error:
        raise UnreadableError(f"Can't write {path}: {reason_of(error)}. Choose another place.") from error
    except damage() as error:
        raise UnreadableError(
            f"Can't write {path}: the events can't be read: {reason_of(error)}. See goals-tui events verify."
        ) from error


def _columns(ending: str) -> str:
    if ending == ".parquet":
        return EVENTS.columns
    texts = {name: f'"{name}"' for name in EVENTS.fields if name != "timestamp"}
    if ending == ".csv":
        texts = {name: _HARMLESS.format(column=column) for name, column in texts.items()}
    texts["timestamp"] = _INSTANT
    return ", ".join(f'{texts[name]} AS "{name}"' for name in EVENTS.fields)
