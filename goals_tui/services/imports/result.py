"""What an import did, and what it had to leave out."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

from goals_tui.domain.text import clean_line
from goals_tui.format import plural

Progress = Callable[[float, str], None]
"""Hears how much is done, from 0 to 1, and with what. What it raises stops the import before it writes."""

MOST_NAMED = 100
"""So many broken records are named; the others are counted."""

_LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class BrokenRecord:
    """A record that was left out. `record` counts from 1 within `file`; None: the file as a whole."""

    file: str
    record: int | None
    why: str

    def __str__(self) -> str:
        place = self.file if self.record is None else f"{self.file}, record {self.record:,}"
        return f"{place}: {self.why}"


class Broken:
    """Collects broken records: all are counted, the first MOST_NAMED are kept."""

    def __init__(self) -> None:
        self.named: list[BrokenRecord] = []
        self.total = 0

    def add(self, file: str, record: int | None, why: str) -> None:
        """Count one more."""
        self.total += 1
        if len(self.named) < MOST_NAMED:
            why = clean_line(why)
            short = why if len(why) <= _LONGEST_REASON else f"{why[:_LONGEST_REASON]}…"
            self.named.append(BrokenRecord(clean_line(file), record, short))


@dataclass(frozen=True, slots=True)
class Guess:
    """What an import took for granted. `why` says what speaks for it, `option` what to type to change it.

    `before` must be typed first, where the guess has taken effect already.
    """

    what: str
    value: str | list[str]
    why: str
    option: str
    before: str = ""

    def __str__(self) -> str:
        values = [self.value] if isinstance(self.value, str) else self.value
        named = " and ".join(map(repr, values)) if self.what in ("initial", "completion") else " and ".join(values)
        titles = {"initial": "initial step", "completion": f"completion step{'s' * (len(values) > 1)}"}
        title = titles.get(self.what, self.what.replace("_", " "))
        guessed = f"Guessed: {title} {named} ({self.why})"
        if self.before:
            return f"{guessed}. Change it in the goal; or {self.before}, and import again with {self.option}."
        return f"{guessed}; {self.option} says another."


@dataclass(frozen=True, slots=True)
class Preview:
    """What a dry run of `import log` shows: the columns by what they hold, the first rows as read, and the goal."""

    mapping: dict[str, str]
    first_rows: list[dict[str, str | None]]
    activities: dict[str, int]
    goal: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Unused:
    """A file of a folder that was not used. `why` follows its name; `expected` says that it should hold records."""

    file: str
    why: str
    expected: bool = False


@dataclass(frozen=True, slots=True)
class Incomplete:
    """A collection of which records are missing: `got` of `there` (where known) were in the files of the import.

    `file` is a page that says so: it names a `further` page, counts more, or holds something `odd` beside its records.
    """

    file: str
    got: int
    there: int | None
    further: bool
    odd: str = ""

    def __str__(self) -> str:
        how_many = f"{self.got:,} of {self.there:,}" if self.there is not None else f"{self.got:,}"
        records = f"{how_many} record{'' if how_many == '1' else 's'}"
        if self.odd:
            return f"{self.file}, beside {records}: {self.odd}. Fetch it again"
        if self.further:
            return f"{self.file} says there is a further page (@odata.nextLink; {records}): fetch it too"
        return f"{self.file} says there are more records (@odata.count; {records}): fetch the others too"


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What came in. `goals_known` and `events_known` were there already.

    `unused` are files of a folder that hold no records, `incomplete` collections of which some are missing.
    `events_unknown_goal` belong to goals that are not here, and are in no number of a report. `goals_earlier` got a
    version that is not their current one. `values_kept` goals came without GoalStepMetrics in a version that is known:
    they are worth what they were.
    """

    goals_added: int = 0
    goals_changed: int = 0
    goals_earlier: int = 0
    goals_known: int = 0
    values_kept: int = 0
    events_added: int = 0
    events_known: int = 0
    events_unknown_goal: int = 0
    activities_added: int = 0
    activities_known: int = 0
    broken: tuple[BrokenRecord, ...] = ()
    broken_total: int = 0
    files: tuple[str, ...] = ()
    unpriced: tuple[tuple[str, str], ...] = ()
    """Goals and steps whose value could not be read: they count as unpriced."""

    amounts_rounded: int = 0
    assumed_duration_unit: str | None = None
    """In which unit durations were taken to be, where nobody said which."""

    unused: tuple[Unused, ...] = ()
    incomplete: tuple[Incomplete, ...] = ()
    assumed_time_zone: str | None = None
    """Of which zone times were taken that carried none, where nobody said which is meant."""

    rows: int | None = None
    """How many rows were read, usable or not; None for what are no rows."""

    cases: int | None = None
    """How many cases came in: cycles of the goal."""

    reasons: dict[str, int] = field(default_factory=dict)
    """How many rows were left out, by the reason why, as a phrase behind "3 rows"."""

    guesses: tuple[Guess, ...] = ()
    notes: tuple[str, ...] = ()
    """What was passed over or chosen on the way, as sentences."""

    preview: Preview | None = None
    """There for a dry run, which changed nothing: `events_added` is what would have been added."""

    @property
    def left_out(self) -> bool:
        """Whether records are missing that should have come in."""
        return bool(self.broken_total or self.incomplete) or any(one.expected for one in self.unused)

    @property
    def nothing(self) -> bool:
        """Whether there was something to import, and all of it had to be left out."""
        goals = self.goals_added + self.goals_changed + self.goals_earlier + self.goals_known
        return (
            bool(self.broken_total)
            and not goals + self.events_added + self.events_known + self.activities_added + self.activities_known
        )

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return self._counts() | (self._of_rows() if self.rows is not None else {})

    def _counts(self) -> dict[str, Any]:
        return {
            "goals_added": self.goals_added,
            "goals_changed": self.goals_changed,
            "goals_earlier": self.goals_earlier,
            "goals_known": self.goals_known,
            "values_kept": self.values_kept,
            "events_added": self.events_added,
            "events_known": self.events_known,
            "events_unknown_goal": self.events_unknown_goal,
            "activities_added": self.activities_added,
            "activities_known": self.activities_known,
            "broken_total": self.broken_total,
            "broken": [{"file": one.file, "record": one.record, "why": one.why} for one in self.broken],
            "files": list(self.files),
            "steps_unpriced": [{"goal": goal, "step": step} for goal, step in self.unpriced],
            "amounts_rounded": self.amounts_rounded,
            "assumed_duration_unit": self.assumed_duration_unit,
            "ignored": [one.file for one in self.unused],
            "not_used": [{"file": one.file, "why": one.why} for one in self.unused],
            "incomplete": [
                {"file": one.file, "records": one.got, "count": one.there, "next_page": one.further, "why": str(one)}
                for one in self.incomplete
            ],
            "assumed_time_zone": self.assumed_time_zone,
        }

    def _of_rows(self) -> dict[str, Any]:
        preview = asdict(self.preview) if self.preview else {}
        return preview | {
            "rows": self.rows,
            "cases": self.cases,
            "left_out": [{"why": why, "count": count} for why, count in self.reasons.items()],
            "guesses": [
                {"what": one.what, "value": one.value, "why": one.why, "option": one.option, "before": one.before}
                for one in self.guesses
            ],
            "notes": list(self.notes),
            "dry_run": self.preview is not None,
        }

    def summary(self) -> str:
        """One line for the person who started it."""
        of_goals = bool(self.goals_added + self.goals_changed + self.goals_earlier + self.goals_known)
        has_activities = bool(self.activities_added + self.activities_known)
        goals = f"{plural(self.goals_added, 'goal')} added, {self.goals_changed:,} changed"
        if self.goals_earlier:
            goals += f"; an earlier version of {plural(self.goals_earlier, 'goal')}, whose newer one stays"
        parts = [f"{plural(self.events_added, 'event')} added, {self.events_known:,} known already"]
        if has_activities:
            activities = f"{self.activities_added:,} activit{'y' if self.activities_added == 1 else 'ies'} added"
            parts.append(f"{activities}, {self.activities_known:,} known already")
            if not of_goals and not self.events_added + self.events_known:
                goals, parts = "", parts[1:]
        broken = f"; {plural(self.broken_total, 'record')} left out" if self.broken_total else ""
        kept = f"; kept the values of {plural(self.values_kept, 'goal')}" if self.values_kept else ""
        missing = "; records are missing" * bool(self.incomplete or any(one.expected for one in self.unused))
        return f"{'; '.join(filter(None, [f'{goals}{kept}', *parts]))}{broken}{missing}"


def unpriced_text(goal: str, step: str) -> str:
    """What is said of a step whose value could not be read."""
    return (
        f"Unpriced: {step!r} of {goal!r}, whose value could not be read. It counts as unpriced until it has one: "
        "correct the metric and import it again, or give the value in the goal editor"
    )


def say_done(progress: Progress) -> None:
    """Say that an import is written: it can't be stopped any more."""
    with suppress(Exception):
        progress(1.0, "Done")


def silent(_fraction: float, _text: str) -> None:
    """The progress that nobody listens to."""
