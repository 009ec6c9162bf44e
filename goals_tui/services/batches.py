"""Batches: the events, activities and goals that one import, simulation or derivation added, and their removal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from goals_tui.domain.errors import NotFoundError, RefusedError
from goals_tui.domain.model import Instant, Line, Model, format_instant
from goals_tui.format import plural
from goals_tui.services.stored import parse

if TYPE_CHECKING:
    from goals_tui.domain.ids import Ids
    from goals_tui.services.clock import Clock
    from goals_tui.services.goals import GoalService
    from goals_tui.services.history import Editing, History
    from goals_tui.store.documents import Documents
    from goals_tui.store.events.parts import Prepared
    from goals_tui.store.workspace import Workspace

KIND = "batches"
_GOALS, _VERSIONS = "goals", "goal_versions"


class Batch(Model):
    """One import, simulation or derivation. Its events and activities carry the batch's id.

    `what` describes it, `at` is when it was made, and `number` counts the batches of the workspace, oldest first.
    `goals` maps the ids of the goals it created to their revision at that time; `changed` lists the ids of existing
    goals that it changed. `contained` counts the incoming events that existed already, by the batch that added them.
    """

    id: str
    number: int
    what: Line
    at: Instant
    goals: dict[str, int] = {}
    changed: tuple[str, ...] = ()
    contained: dict[str, int] = {}


@dataclass(frozen=True, slots=True)
class BatchSummary:
    """A batch and the number of its events, activities and goals that still exist.

    `at` is None and `what` is empty for a batch that goals.json does not know.
    """

    id: str
    what: str
    at: datetime | None
    events: int
    activities: int
    goals: int

    def as_json(self) -> dict[str, Any]:
        """Return the fields for JSON output."""
        return {
            "id": self.id,
            "what": self.what,
            "at": self.at and format_instant(self.at),
            "events": self.events,
            "activities": self.activities,
            "goals": self.goals,
        }


@dataclass(frozen=True, slots=True)
class Stays:
    """A goal that stays although a batch made or changed it; `why` is a phrase that follows its name."""

    goal: str
    why: str

    def __str__(self) -> str:
        return f"The goal {self.goal!r} stays: {self.why}"


@dataclass(frozen=True, slots=True)
class Removed:
    """The result of removing a batch: numbers of events and activities, names of goals, and the goals that stay.

    `also_in` is the number of later imports that contained some of the same events.
    """

    id: str
    events: int
    activities: int
    goals: tuple[str, ...]
    stays: tuple[Stays, ...]
    also_in: int

    @property
    def what(self) -> str:
        """The numbers of events, activities (if any) and goals, in words."""
        count = plural(self.activities, "activity")
        went = [plural(self.events, "event"), *([count] if self.activities else []), plural(len(self.goals), "goal")]
        return ", ".join(went)

    def as_json(self) -> dict[str, Any]:
        """Return the fields for JSON output."""
        return {
            "id": self.id,
            "events": self.events,
            "activities": self.activities,
            "goals": list(self.goals),
            "stays": [{"goal": one.goal, "why": one.why} for one in self.stays],
            "also_in": self.also_in,
        }


class Batches:
    """The batches of a workspace. Counting events takes time: call it off the main thread."""

    def __init__(self, workspace: Workspace, history: History, goals: GoalService, clock: Clock, ids: Ids) -> None:
        self._documents = workspace.documents
        self._workspace = workspace
        self._history = history
        self._goals = goals
        self._clock = clock
        self._ids = ids

    # -- adding

    def new_id(self) -> str:
        """Return the id for a batch that is about to be added."""
        return self._ids.hex24()

    @contextmanager
    def adding(
        self, batch_id: str, what: str, part: Prepared | None, label: str, *, committed: Prepared | None = None
    ) -> Iterator[Editing]:
        """Open an edit (`History.edit`) that adds a batch: the goals written in the block, and the events of `part`.

        `committed` holds activities of the batch that were committed before, because they can't be committed together
        with goals. A batch that adds nothing is recorded only if its events were there already, as part of other
        batches.
        """
        with self._history.edit(label, part) as edit:
            before = _revisions(edit)
            yield edit
            after = _revisions(edit)
            made = {id_: revision for id_, revision in after.items() if id_ not in before}
            changed = [id_ for id_, revision in after.items() if id_ in before and before[id_] != revision]
            parts = [one for one in (part, committed) if one is not None]
            contained = dict(sum((Counter(one.known) for one in parts), Counter[str]()))
            if made or changed or contained or any(one.events for one in parts):
                numbers = [document.get("number", 0) for document in edit.all(KIND).values()]
                batch = Batch(
                    id=batch_id,
                    number=max((one for one in numbers if isinstance(one, int)), default=0) + 1,
                    what=what,
                    at=self._clock(),
                    goals=made,
                    changed=tuple(changed),
                    contained=contained,
                )
                edit.keep(KIND, batch_id, batch.model_dump(mode="json"))

    # -- reading

    def summaries(self) -> list[BatchSummary]:
        """Return every batch of which something still exists, oldest first. Raises UnreadableError."""
        workspace = self._workspace
        events, activities = workspace.events.batches(), workspace.activities.batches()
        known = {id_: parse(Batch, document) for id_, document in self._documents.all(KIND).items()}
        goals = self._documents.all(_GOALS)
        order = sorted(known.values(), key=lambda batch: (batch.at, batch.number))
        unknown = sorted({*events, *activities} - {*known})
        found = [BatchSummary(id_, "", None, events.get(id_, 0), activities.get(id_, 0), 0) for id_ in unknown]
        found += [
            BatchSummary(
                batch.id,
                batch.what,
                batch.at,
                events.get(batch.id, 0),
                activities.get(batch.id, 0),
                sum(id_ in goals for id_ in batch.goals),
            )
            for batch in order
        ]
        return [one for one in found if one.events or one.activities or one.goals]

    # -- removing

    def would_remove(self, batch_id: str) -> Removed:
        """Return what `remove` would do to a batch, without doing it. Raises NotFoundError for an unknown batch."""
        summary = self._summary(batch_id, self.summaries())
        going, stays = self._goals_of(self._documents, batch_id)
        batches = (parse(Batch, document) for document in self._documents.all(KIND).values())
        also_in = sum(batch_id in batch.contained for batch in batches)
        return Removed(batch_id, summary.events, summary.activities, tuple(going.values()), tuple(stays), also_in)

    def _summary(self, batch_id: str, summaries: Sequence[BatchSummary]) -> BatchSummary:
        for one in summaries:
            if one.id == batch_id:
                return one
        ids = [one.id for one in summaries]
        raise NotFoundError("batch", batch_id, ids, where="No import or simulation has added anything.")

    def remove(self, batch_id: str, *, confirm: str) -> Removed:
        """Delete the events and activities of a batch, and the goals that it made.

        Goals stay if they were edited since, are tracked by a flow or have events of other batches. Can't be undone.
        Raises NotFoundError for an unknown batch, RefusedError unless `confirm` is its id.
        """
        summaries = self.summaries()
        summary = self._summary(batch_id, summaries)
        if confirm.strip() != batch_id:
            raise RefusedError(
                f"To remove the batch, confirm with its id: {batch_id!r}, not {confirm.strip()!r}.", field="confirm"
            )
        workspace, history = self._workspace, self._history
        with ExitStack() as prepared:
            activities = None
            if summary.activities:
                activities = prepared.enter_context(workspace.activities.deleting_batch(batch_id))
            events = prepared.enter_context(workspace.events.deleting_batch(batch_id))
            with history.edit(f"Remove batch {batch_id}", events) as edit:
                going, stays = self._goals_of(edit, batch_id)
                for goal_id in going:
                    _drop_goal(edit, goal_id)
                also_in = self._forget(edit, batch_id, {one.id for one in summaries} - {batch_id})
                if activities is not None:
                    # Activities first: if the edit then fails, the batch still exists and can be removed again.
                    activities.commit()
        for goal_id in going:
            history.forget(_GOALS, goal_id)
        return Removed(
            batch_id,
            events.events,
            activities.events if activities else 0,
            tuple(going.values()),
            tuple(stays),
            also_in,
        )

    def _goals_of(self, documents: Editing | Documents, batch_id: str) -> tuple[dict[str, str], list[Stays]]:
        """Return the goals to delete, by id, and those that stay."""
        document = documents.get(KIND, batch_id)
        batch = parse(Batch, document) if document else None
        going, stays = dict[str, str](), list[Stays]()
        others = self._workspace.events.goals_beside_batch(batch_id) if batch and batch.goals else {}
        goals = documents.all(_GOALS)
        for goal_id, revision in batch.goals.items() if batch else ():
            if goal_id in goals:
                name = str(goals[goal_id]["name"])
                why = self._why_it_stays(goals[goal_id], revision, others.get(goal_id, 0))
                if why:
                    stays.append(Stays(name, why))
                else:
                    going[goal_id] = name
        for goal_id in batch.changed if batch else ():
            if goal_id in goals:
                stays.append(Stays(str(goals[goal_id]["name"]), "it was here before, and keeps what the batch changed"))
        return going, stays

    def _why_it_stays(self, goal: Mapping[str, Any], revision: int, others: int) -> str:
        if goal.get("revision") != revision:
            return "it was edited since"
        flows = dict.fromkeys(use.flow for use in self._goals.where_used(goal["id"]))
        if flows:
            return f"it is wired in {', '.join(map(repr, flows))}"
        if others:
            return f"it has {plural(others, 'event')} that the batch did not add"
        return ""

    def _forget(self, edit: Editing, batch_id: str, others: Collection[str]) -> int:
        """Delete the record of a batch, and return how many other batches contained some of its events."""
        edit.drop(KIND, batch_id)
        also_in = 0
        for id_, document in edit.all(KIND).items():
            batch = parse(Batch, document)
            if batch_id not in batch.contained:
                continue
            also_in += 1
            contained = {other: count for other, count in batch.contained.items() if other != batch_id}
            if contained or id_ in others or batch.changed:
                batch = batch.model_copy(update={"contained": contained})
                edit.keep(KIND, id_, batch.model_dump(mode="json"))
            else:
                edit.drop(KIND, id_)
        return also_in


def _revisions(edit: Editing) -> dict[str, int]:
    return {id_: int(document.get("revision", 0)) for id_, document in edit.all(_GOALS).items()}


def _drop_goal(edit: Editing, goal_id: str) -> None:
    edit.drop_all(_VERSIONS, id=goal_id)
    edit.drop(_GOALS, goal_id)
