"""A first look at a log before it is imported: its format, its columns with samples, and what each column may be."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from goals_tui.domain.errors import UnreadableError
from goals_tui.domain.text import clean_line
from goals_tui.services.imports.log_files import find_reader
from goals_tui.services.imports.log_rows import Columns
from goals_tui.services.imports.table import ReadOptions, UnusableError
from goals_tui.store.atomic import scratch_folder

_ROWS = 1000
_SAMPLES = 3
_LONGEST_SAMPLE = 200
_MOST_STEPS = 50
"""The most distinct values of a column that may hold steps."""
_MOSTLY = 0.8
_TIME = re.compile(
    r"\d{4}-\d\d?-\d\d?|\d\d?[./-]\d\d?[./-]\d{2,4}|\d{4}[./]\d\d?[./]\d\d?|\d{8}T|\d{4}-W\d\d|[A-Za-z]{3}, \d|"
    r"1\d{9}(\d{3})?(\.\d+)?$"
)

Field = str
"""A field of `Columns`."""

_WORDS: Mapping[Field, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "time": (("timestamp", "datetime", "time", "at"), ("date", "start", "created", "when", "zeit", "datum")),
    "cycle": (("case", "trace", "cycle", "conversation", "session"), ("ticket", "order", "process", "instance", "id")),
    "step": (("activity", "step", "event", "action"), ("concept", "name", "task", "status", "operation", "state")),
}
"""Words in the name of a column that say what it is: those that say it clearly, and others."""

_EXACT: Mapping[Field, tuple[str, ...]] = {
    "session": ("session", "session id", "conversation", "conversation id"),
    "endpoint": ("endpoint", "endpoint name", "channel"),
    "locale": ("locale", "locale name", "language"),
    "snapshot": ("snapshot", "snapshot name", "release", "version"),
}


@dataclass(frozen=True)
class LogLook:
    """The beginning of a log.

    `called` describes the file. For a table, `samples` are the first values of each column, by its name, and `columns`
    is the guess of what they are, or None where there is no column for a case, a step and a time. An `implied` format
    defines its columns itself. `object_types` tells whether the objects that are sessions must be chosen (OCEL).
    """

    called: str
    implied: bool
    samples: Mapping[str, tuple[str, ...]]
    columns: Columns | None
    has_object_types: bool = False


def look(path: Path) -> LogLook:
    """Read the beginning of a log. Raises UnreadableError, which says why the file can't be read."""
    with scratch_folder() as scratch:
        try:
            options = ReadOptions(scratch)
            file, reader = find_reader(path, None, options)
            if reader.implied:
                return LogLook(reader.called, True, {}, None, reader.name == "ocel")
            log = reader.open(file, options)
            names = [name for name in dict.fromkeys(log.columns) if name and log.columns.count(name) == 1]
            rows = [cells for fault, cells in islice(log.rows(names), _ROWS) if not fault]
        except UnusableError as error:
            raise UnreadableError(f"{path} can't be imported: {error}.") from None
        except OSError as error:
            raise UnreadableError(f"{path} can't be read: {error.strerror or error}.") from None
    values = {name: [row[place] for row in rows] for place, name in enumerate(names)}
    samples = {
        name: tuple(clean_line(one[:_LONGEST_SAMPLE]) for one in found[:_SAMPLES]) for name, found in values.items()
    }
    return LogLook(reader.called, False, samples, guess_columns(values))


def guess_columns(values: Mapping[str, Sequence[str]]) -> Columns | None:
    """Guess which columns are the case, the step and the time, by their names and their first values."""
    scores = {what: {name: _score(what, name, found) for name, found in values.items()} for what in _WORDS}
    times = {name: score for name, score in scores["time"].items() if score > 0}
    if not times:
        return None
    time = _best(times)
    others = [name for name in values if name != time]
    pairs = {
        (case, step): scores["cycle"][case] + scores["step"][step]
        for case in others
        for step in others
        if case != step and scores["cycle"][case] > 0 and scores["step"][step] > 0
    }
    if not pairs:
        return None
    case, step = max(pairs, key=lambda pair: pairs[pair])
    taken = {time, case, step}
    further = {}
    for what, exact in _EXACT.items():
        found = [name for name in values if _plain(name) in exact and name not in taken]
        if found:
            further[what] = found[0]
            taken.add(found[0])
    return Columns(case, step, time, **further)


def _best(scores: Mapping[str, float]) -> str:
    return max(scores, key=lambda name: scores[name])


def _score(what: Field, name: str, found: Sequence[str]) -> float:
    """Return how likely a column is a time, case or step; 0 where it can't be one."""
    filled = [value.strip() for value in found if value.strip()]
    if not filled:
        return 0
    timely = sum(_TIME.match(value) is not None for value in filled) / len(filled) >= _MOSTLY
    distinct = len(set(filled))
    words = set(_plain(name).split())
    clear, weak = _WORDS[what]
    score = 1.0 + 4 * bool(words & set(clear)) + 2 * bool(words & set(weak))
    score += len(filled) / len(found)
    if what == "time":
        # Numbers are moments only where the column says so.
        numbers = all(value.replace(".", "").isdigit() for value in filled)
        return score if timely and (not numbers or score > 3) else 0
    if timely:
        return 0
    if what == "cycle":
        # A case has several rows, and there are several cases.
        return score + 2 * (1 < distinct < len(filled)) - 3 * (distinct == len(filled) > 1)
    if distinct > _MOST_STEPS or all(value.replace(".", "").isdigit() for value in filled):
        return score / 10
    return score + 2 * (1 < distinct < len(filled))


def _plain(name: str) -> str:
    """Return the words of a column's name: `caseId` and `case:concept:name` are `case id` and `case concept name`."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return " ".join(re.sub(r"[^\w]|_", " ", spaced).casefold().split())
