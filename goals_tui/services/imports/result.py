"""Both ends of an import: what it adds to, and its result, what was added and what had to be left out."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from goals_tui.domain.text import clean_line
from goals_tui.format import plural

if TYPE_CHECKING:
    from goals_tui.domain.activity import Activity
    from goals_tui.services.batches import Batches
    from goals_tui.services.clock import Clock
    from goals_tui.services.features import Features
    from goals_tui.services.goals import GoalService
    from goals_tui.services.project import ProjectService
    from goals_tui.store.documents import Documents
    from goals_tui.store.events.log import EventLog, Log

Progress = Callable[[float, str], None]
"""A callback for the progress, from 0 to 1, and the current activity. An exception in it stops the import unwritten."""

MOST_NAMED = 100
"""The number of broken records that are reported one by one; the others are only counted."""

_LONGEST_REASON = 300


@dataclass(frozen=True)
class ImportTarget:
    """The logs, documents and services that an import reads and adds to."""

    log: EventLog
    activity_log: Log[Activity]
    documents: Documents
    project: ProjectService
    goals: GoalService
    batches: Batches
    features: Callable[[], Features]
    clock: Clock


@dataclass(frozen=True, slots=True)
class BrokenRecord:
    """A record that was left out. `record` is its number in `file`, from 1, or None for the file as a whole."""

    file: str
    record: int | None
    why: str

    def __str__(self) -> str:
        place = self.file if self.record is None else f"{self.file}, record {self.record:,}"
        return f"{place}: {self.why}"


class Broken:
    """A collection of broken records. All are counted; the first MOST_NAMED are kept."""

    def __init__(self) -> None:
        self.named: list[BrokenRecord] = []
        self.total = 0

    def add(self, file: str, record: int | None, why: str) -> None:
        """Add a broken record."""
        self.total += 1
        if len(self.named) < MOST_NAMED:
            why = clean_line(why)
            short = why if len(why) <= _LONGEST_REASON else f"{why[:_LONGEST_REASON]}…"
            self.named.append(BrokenRecord(clean_line(file), record, short))


@dataclass(frozen=True, slots=True)
class Guess:
    """An assumption of an import.

    `why` gives the evidence for it, `option` the command-line option that changes it. Where the guess has taken effect
    already, `before` is the command that must be run first.
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
    """The result of a dry run of `import log`: columns by field, first rows, rows of each activity, and the goal."""

    mapping: dict[str, str]
    unused_columns: list[str]
    first_rows: list[dict[str, str | None]]
    activities: dict[str, int]
    goal: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Unused:
    """A file of a folder that was not used.

    `why` is a phrase to follow its name. `expected` is true where the file should have held records.
    """

    file: str
    why: str
    expected: bool = False


@dataclass(frozen=True, slots=True)
class Incomplete:
    """A collection of which records are missing.

    `got` of `there` records (None if unknown) were in the files of the import. `file` is the page that tells: it names
    a `further` page, has a higher count, or holds something `odd` besides its records.
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
    """The counts of an import, and everything to report about it.

    Known goals, events and activities were in the project already. `goals_earlier` goals got only versions that are
    not their current one. `values_kept` goals came without GoalStepMetrics in a known version and kept their values.
    `events_unknown_goal` events belong to goals that the project does not have, so no report counts them. `unused`
    are files of a folder without records, `incomplete` collections of which records are missing.
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
    """Pairs of goal and step whose value could not be read. The steps count as unpriced."""

    amounts_rounded: int = 0
    assumed_duration_unit: str | None = None
    """The unit that was assumed for durations, None where it was given or there were no durations."""

    unused: tuple[Unused, ...] = ()
    incomplete: tuple[Incomplete, ...] = ()
    assumed_time_zone: str | None = None
    """The zone that was assumed for times without one, None where it was given or not needed."""

    rows: int | None = None
    """The number of rows that were read, usable or not; None for an import without rows."""

    cases: int | None = None
    """The number of cases in the usable rows: cycles of the goal, or sessions."""

    reasons: dict[str, int] = field(default_factory=dict)
    """The number of rows that were left out, by reason: a phrase to follow "3 rows"."""

    guesses: tuple[Guess, ...] = ()
    notes: tuple[str, ...] = ()
    """Sentences about what was skipped or chosen."""

    preview: Preview | None = None
    """The preview of a dry run, else None. A dry run changes nothing; its counts say what would have been added."""

    batch: str | None = None
    """The batch of what came in; None where nothing did, or where no batch is said."""

    @property
    def left_out(self) -> bool:
        """True if records are missing that should have been imported."""
        return bool(self.broken_total or self.incomplete) or any(one.expected for one in self.unused)

    @property
    def nothing(self) -> bool:
        """True if there were records, and all of them had to be left out."""
        goals = self.goals_added + self.goals_changed + self.goals_earlier + self.goals_known
        return (
            bool(self.broken_total)
            and not goals + self.events_added + self.events_known + self.activities_added + self.activities_known
        )

    def as_json(self) -> dict[str, Any]:
        """Return the result for JSON output."""
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
            "batch": self.batch,
            "dry_run": self.preview is not None,
        }

    def summary(self) -> str:
        """Return the result as one line for the user."""
        of_goals = bool(self.goals_added + self.goals_changed + self.goals_earlier + self.goals_known)
        has_activities = bool(self.activities_added + self.activities_known)
        goals = f"{plural(self.goals_added, 'goal')} added, {self.goals_changed:,} changed"
        if self.goals_earlier:
            goals += f"; an earlier version of {plural(self.goals_earlier, 'goal')}, whose newer one stays"
        parts = [f"{plural(self.events_added, 'event')} added, {self.events_known:,} known already"]
        if has_activities:
            activities = f"{plural(self.activities_added, 'activity')} added"
            parts.append(f"{activities}, {self.activities_known:,} known already")
            if not of_goals and not self.events_added + self.events_known:
                goals, parts = "", parts[1:]
        broken = f"; {plural(self.broken_total, 'record')} left out" if self.broken_total else ""
        kept = f"; kept the values of {plural(self.values_kept, 'goal')}" if self.values_kept else ""
        missing = "; records are missing" * bool(self.incomplete or any(one.expected for one in self.unused))
        return f"{'; '.join(filter(None, [f'{goals}{kept}', *parts]))}{broken}{missing}"


def unpriced_text(goal: str, step: str) -> str:
    """Return the message about a step whose value could not be read."""
    return (
        f"Unpriced: {step!r} of {goal!r}, whose value could not be read. It counts as unpriced until it has one: "
        "correct the metric and import it again, or give the value in the goal editor"
    )


def say_done(progress: Progress) -> None:
    """Report that an import is done. Exceptions are suppressed, because it can't be stopped any more."""
    with suppress(Exception):
        progress(1.0, "Done")


def silent(_fraction: float, _text: str) -> None:
    """Ignore the progress."""
