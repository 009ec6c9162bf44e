"""Goals and their versions: look up, create, edit, delete."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from goals_tui.domain import goal as goal_rules
from goals_tui.domain.activity import Trigger
from goals_tui.domain.errors import ConflictError, NotFoundError, RefusedError
from goals_tui.domain.goal import Goal, Problem, Step, StepKind, changed_fields, same_definition
from goals_tui.domain.names import free_name
from goals_tui.domain.project import currency_digits
from goals_tui.domain.value import format_amount
from goals_tui.domain.words import fold
from goals_tui.format import plural
from goals_tui.services.goal_list import GoalSummaries, GoalSummary
from goals_tui.services.stored import parse, unreadable
from goals_tui.store.document_storage import without_garbage_collection

if TYPE_CHECKING:
    from goals_tui.domain.ids import Ids
    from goals_tui.services.clock import Clock
    from goals_tui.services.features import Features
    from goals_tui.services.goal_list import NodeUse
    from goals_tui.services.goal_uses import GoalUses
    from goals_tui.services.history import Editing, History
    from goals_tui.services.project import ProjectService
    from goals_tui.store.workspace import Workspace

KIND = "goals"
VERSIONS = "goal_versions"
_MANY = 1_000


@dataclass(frozen=True)
class Consequences:
    """The events, cycles and uses in flows that deleting a goal, or one of its steps, affects.

    Where the log is read only, `why_kept` says so: events stay, and none are counted.
    """

    goal_id: str
    step_id: str | None
    name: str
    events: int
    cycles: int
    uses: tuple[NodeUse, ...]
    why_kept: str = ""

    def __bool__(self) -> bool:
        return bool(self.events or self.uses)


class GoalService:
    """The goals of the workspace, by name."""

    def __init__(
        self,
        workspace: Workspace,
        history: History,
        project: ProjectService,
        features: Callable[[], Features],
        uses: Callable[[], GoalUses],
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._workspace = workspace
        self._documents = workspace.documents
        self._summaries = GoalSummaries(workspace.documents)
        self._history = history
        self._project = project
        self._features = features
        self._make_uses = uses
        self._clock = clock
        self._ids = ids
        self._parsed: dict[str, tuple[Mapping[str, Any], Goal]] = {}
        self._parsed_versions: dict[str, tuple[Mapping[str, Any], Goal]] = {}

    @cached_property
    def uses(self) -> GoalUses:
        """The uses of goals in flows."""
        return self._make_uses()

    # -- reading

    def summaries(self) -> list[GoalSummary]:
        """Return a summary of every goal, by name; fast with 10,000 goals."""
        return self._summaries.all()

    def all(self) -> list[Goal]:
        """Return every goal, by name."""
        documents = self._documents.all(KIND)
        with without_garbage_collection(large=len(documents) - len(self._parsed) > _MANY):
            goals = [self._parse(document) for document in documents.values()]
        return sorted(goals, key=lambda goal: (fold(goal.name), goal.id))

    def by_id(self) -> GoalsById:
        """Return all goals by id. Each is parsed when it is looked up, so that a few of many cost little."""
        return GoalsById(self._documents.all(KIND), self._parse)

    def get(self, wanted: str) -> Goal:
        """Return the goal with this name or id. Raises NotFoundError, which names the nearest goals."""
        documents = self._documents.all(KIND)
        if wanted in documents:
            return self._parse(documents[wanted])
        same = self._documents.find(KIND, name=wanted)
        folded = [d for d in documents.values() if fold(str(d["name"])) == fold(wanted.strip())]
        for found in (same, folded):
            if len(found) == 1:
                return self._parse(found[0])
        names = [str(document["name"]) for document in documents.values()]
        raise NotFoundError("goal", wanted, names, where="This project has no goals yet.")

    def versions(self, goal_id: str) -> list[Goal]:
        """Return every saved version of a goal, oldest first."""
        goals = [self.of_version(document) for document in self._documents.find(VERSIONS, id=goal_id)]
        return sorted(goals, key=lambda goal: (goal.revision, goal.changed_at))

    def where_used(self, goal_id: str, step_id: str | None = None) -> list[NodeUse]:
        """Return the Track Goal Process nodes that track a goal, or one of its steps."""
        return self.uses.of(goal_id, step_id)

    def of_version(self, document: Mapping[str, Any]) -> Goal:
        """Return the goal of a document of goal_versions, cached until the document changes: there may be thousands."""
        version = str(document.get("version"))
        known = self._parsed_versions.get(version)
        if known is None or known[0] is not document:
            known = self._parsed_versions[version] = (document, parse(Goal, document))
        return known[1]

    # -- writing

    def draft(self) -> Goal:
        """Return a new goal that is not saved yet: without a name, with an initial step without a name."""
        now, ids = self._clock(), self._ids
        initial = Step(id=ids.hex24(), name="", kind="initial")
        return Goal(
            id=ids.hex24(),
            reference_id=ids.uuid(),
            version=ids.uuid(),
            name="",
            steps=(initial,),
            created_at=now,
            changed_at=now,
        )

    def new_step(self, kind: StepKind = "step") -> Step:
        """Return a new step without a name."""
        return Step(id=self._ids.hex24(), name="", kind=kind)

    def problems(self, goal: Goal) -> list[Problem]:
        """Return everything that keeps a goal from being saved, in the order of the form."""
        return self._problems(goal, self._documents.all(KIND))

    def save(
        self, goal: Goal, *, overwrite: bool = False, label: str | None = None, delete_events_of: Collection[str] = ()
    ) -> Goal:
        """Save a new or changed goal as a new version, and return it.

        `delete_events_of` holds the ids of deleted steps whose events are deleted as well, after the user was asked
        about them (see `lost_by_saving`). Other deleted steps keep their events, under the versions that have the step.
        `label` is the label of the edit for undo. Raises RefusedError for the first of `problems`, and ConflictError
        when the goal was changed or deleted elsewhere since it was read, unless `overwrite` is set.
        """
        label = label or f"Edit goal {goal.name!r}"
        doomed = set(delete_events_of) - {step.id for step in goal.steps}
        if not doomed:
            with self._history.edit(label) as edit:
                return self._save(edit, goal, overwrite)
        label = f"{label} (deleted events stay deleted)"
        # The events are prepared before the edit, so that other edits need not wait for more than their commit.
        events = self._workspace.events
        with events.deleting({goal.id: doomed}) as deletion, self._history.edit(label, deletion) as edit:
            return self._save(edit, goal, overwrite)

    def _save(self, edit: Editing, goal: Goal, overwrite: bool) -> Goal:
        document = edit.get(KIND, goal.id)
        stored = parse(Goal, document) if document else None
        for problem in self._problems(goal, edit.all(KIND)):
            raise RefusedError(problem.message, field=problem.field)
        if not overwrite:
            _check_revision(edit.get, goal, stored)
        return self.put_changed(edit, goal, stored)

    def put_changed(self, edit: Editing, goal: Goal, stored: Goal | None) -> Goal:
        """Write a goal as part of a larger edit, as `save` does, but without checking its rules."""
        if stored is not None and same_definition(stored, goal):
            apart = {"target": goal.target, "steps": goal.steps}
            return stored if stored.model_copy(update=apart) == stored else self._put_apart(edit, stored, apart)
        return self.put(edit, goal, stored)

    def _put_apart(self, edit: Editing, stored: Goal, apart: Mapping[str, Any]) -> Goal:
        """Write a goal with another target or other triggers: a new revision of the same version."""
        saved = stored.model_copy(update={**apart, "revision": stored.revision + 1, "changed_at": self._clock()})
        content = saved.model_dump(mode="json")
        edit.put(KIND, saved.id, content)
        # A conflict compares with this document to tell what was changed elsewhere.
        edit.keep(VERSIONS, saved.version, content)
        return saved

    def put(self, edit: Editing, goal: Goal, stored: Goal | None) -> Goal:
        """Write a goal as a new version, as part of a larger edit; the old version is kept. No rules are checked."""
        saved = goal.model_copy(
            update={
                "version": self._ids.uuid(),
                "revision": (stored.revision if stored else goal.revision) + 1,
                "created_at": stored.created_at if stored else goal.created_at,
                "changed_at": self._clock(),
            }
        )
        content = saved.model_dump(mode="json")
        edit.put(KIND, saved.id, content)
        edit.keep(VERSIONS, saved.version, content)
        return saved

    def set_target(self, goal_id: str, target: Decimal | None) -> Goal:
        """Set or remove the target completion rate of a goal, a share of 1: a new revision, but no new version."""
        goal = self.get(goal_id)
        return self.save(goal.model_copy(update={"target": target}), label=f"Target of goal {goal.name!r}")

    def set_triggers(self, goal_id: str, step_id: str, triggers: Sequence[Trigger]) -> Goal:
        """Set which activities fire a step of a goal: a new revision, but no new version."""
        goal = self.get(goal_id)
        found = goal.step(step_id)
        changed = found.model_copy(update={"triggers": tuple(dict.fromkeys(triggers))})
        steps = tuple(changed if step.id == found.id else step for step in goal.steps)
        return self.save(goal.model_copy(update={"steps": steps}), label=f"Triggers of {found.name!r}")

    def change_all(self, goal_ids: Collection[str], change: Callable[[Goal], Goal]) -> list[Goal]:
        """Save several goals, each as `change` returns it, as one edit, and return those that it changed.

        Raises RefusedError for the first goal that can't be saved; nothing is changed then.
        """
        changed = []
        with self._history.edit(f"Edit {plural(len(goal_ids), 'goal')}") as edit:
            for goal in map(self.get, goal_ids):
                after = change(goal)
                if after != goal:
                    try:
                        changed.append(self._save(edit, after, overwrite=False))
                    except RefusedError as error:
                        where = f"{goal.name}: {error}"
                        raise RefusedError(where, field=error.field) from None
        return changed

    def duplicate(self, goal_id: str) -> Goal:
        """Save and return a copy of a goal under a free name, with new ids."""
        return self.duplicate_all([goal_id])[0]

    def duplicate_all(self, goal_ids: Collection[str]) -> list[Goal]:
        """Save and return copies of goals under free names, with new ids, as one edit."""
        goals, ids = [self.get(goal_id) for goal_id in goal_ids], self._ids
        names = [summary.name for summary in self.summaries()]
        title = f"goal {goals[0].name!r}" if len(goals) == 1 else plural(len(goals), "goal")
        copies = []
        with self._history.edit(f"Duplicate {title}") as edit:
            for goal in goals:
                steps = tuple(step.model_copy(update={"id": ids.hex24()}) for step in goal.steps)
                names.append(free_name(goal.name, names))
                fresh = {
                    "id": ids.hex24(),
                    "reference_id": ids.uuid(),
                    "name": names[-1],
                    "steps": steps,
                    "revision": 0,
                }
                copy = goal.model_copy(update={**fresh, "created_at": self._clock()})
                copies.append(self._save(edit, copy, overwrite=False))
        return copies

    # -- deleting

    def consequences(self, goal_id: str, step_id: str | None = None) -> Consequences:
        """Return what deleting a goal, or one of its steps, would remove.

        Counts events: call it off the main thread.
        """
        from goals_tui.store.cycles.view import count_events

        goal = self.get(goal_id)
        name = goal.name if step_id is None else goal.step(step_id).name
        why_kept = self._workspace.why_read_only() or ""
        events, cycles = (0, 0) if why_kept else count_events(self._workspace.events, goal.id, step_id)
        return Consequences(goal.id, step_id, name, events, cycles, tuple(self.where_used(goal.id, step_id)), why_kept)

    def leftovers(self) -> list[Consequences]:
        """Return the consequences for each goal that no longer exists but still has events, most events first.

        Their names are the goals' ids. Counts events: call it off the main thread.
        """
        from goals_tui.store.cycles.view import count_by_goal

        here = self._documents.all(KIND)
        return [
            Consequences(goal_id, None, goal_id, events, cycles, tuple(self.where_used(goal_id)))
            for goal_id, events, cycles in count_by_goal(self._workspace.events)
            if goal_id not in here
        ]

    def lost_by_saving(self, goal: Goal, *, overwrite: bool = False) -> list[Consequences]:
        """Return the consequences for each step of the stored goal that `goal` lacks, where there are any.

        Counts events: call it off the main thread. Raises ConflictError where `save` would.
        """
        document = self._documents.get(KIND, goal.id)
        stored = self._parse(document) if document else None
        if not overwrite:
            _check_revision(self._documents.get, goal, stored)
        gone = _gone(stored, goal)
        return [found for step_id in gone if (found := self.consequences(goal.id, step_id))]

    def delete(self, goal_id: str, *, confirm: str) -> Consequences:
        """Delete a goal and its events. Its nodes in flows stay and are reported by `check`. Can't be undone.

        A goal that no longer exists but still has events (see `leftovers`) is given by its id. Raises RefusedError
        unless `confirm` is the goal's name, or its id if it no longer exists.
        """
        self._workspace.events.check_writable()
        taken = self._deletable(goal_id)
        if confirm.strip() != taken.name:
            raise RefusedError(
                f"To delete the goal, confirm with its name: {taken.name!r}, not {confirm.strip()!r}.", field="confirm"
            )
        gone, label = taken.goal_id, f"Delete goal {taken.name!r}"
        events = self._workspace.events
        with events.deleting({gone: None}) as deletion, self._history.edit(label, deletion) as edit:
            edit.drop_all(VERSIONS, id=gone)
            edit.drop(KIND, gone)
        self._history.forget(KIND, gone)
        return replace(taken, events=deletion.events)

    def delete_all(self, goal_ids: Collection[str]) -> int:
        """Delete goals and their events as one change, and return the number of goals. Can't be undone."""
        goals = [self.get(goal_id) for goal_id in goal_ids]
        gone = dict.fromkeys(goal.id for goal in goals)
        label = f"Delete {plural(len(gone), 'goal')}"
        events = self._workspace.events
        with events.deleting(gone) as deletion, self._history.edit(label, deletion) as edit:
            for goal_id in gone:
                edit.drop_all(VERSIONS, id=goal_id)
                edit.drop(KIND, goal_id)
        for goal_id in gone:
            self._history.forget(KIND, goal_id)
        return len(gone)

    def _deletable(self, wanted: str) -> Consequences:
        try:
            return self.consequences(wanted)
        except NotFoundError:
            found = next((left for left in self.leftovers() if left.goal_id == wanted), None)
            if found is None:
                raise
            return found

    # -- inside

    def _parse(self, document: Mapping[str, Any]) -> Goal:
        """Return the goal of a document, cached as long as the store returns the same document."""
        known = self._parsed.get(document["id"])
        if known is None or known[0] is not document:
            goal = parse(Goal, document)
            if not goal.steps:
                raise unreadable(Goal, document, "it has no steps")
            known = self._parsed[document["id"]] = (document, goal)
        return known[1]

    def _problems(self, goal: Goal, documents: Mapping[str, Mapping[str, Any]]) -> list[Problem]:
        names = [str(document["name"]) for id_, document in documents.items() if id_ != goal.id]
        found = goal_rules.problems(goal, max_steps=self._features().max_steps, taken_names=names)
        return found + self._amount_problems(goal, documents.get(goal.id))

    def _amount_problems(self, goal: Goal, document: Mapping[str, Any] | None) -> list[Problem]:
        """Return the new or changed amounts that have more decimals than the project's currency."""
        project = self._project.get()
        digits = currency_digits(project.currency)
        stored = {step.id: step.metrics for step in self._parse(document).steps} if document else {}
        changed = [step for step in goal.steps if step.metrics and step.metrics != stored.get(step.id)]
        return [
            Problem("step.metrics", f"{format_amount(amount)} has too many decimals for {project.currency}.", step.id)
            for step in changed
            for amount in (step.metrics.cost_savings, step.metrics.revenue)
            if amount != round(amount, digits)
        ]


def _check_revision(get: Callable[[str, str], Mapping[str, Any] | None], goal: Goal, stored: Goal | None) -> None:
    """Raise ConflictError where `stored` is not the revision that `goal` was read from; `get` takes kind and id."""
    if stored is None:
        if goal.revision:
            raise ConflictError("goal", goal.name, [], deleted=True)
    elif stored.revision != goal.revision:
        base = get(VERSIONS, goal.version)
        before = parse(Goal, base) if base else goal
        raise ConflictError("goal", stored.name, list(changed_fields(before, stored)))


def _gone(before: Goal | None, after: Goal) -> list[str]:
    kept = {step.id for step in after.steps}
    return [step.id for step in before.steps if step.id not in kept] if before else []


class GoalsById(Mapping[str, Goal]):
    """A snapshot of all stored goals by id; cheap to take, because each goal is parsed when it is looked up."""

    def __init__(self, documents: Mapping[str, Mapping[str, Any]], parse: Callable[[Mapping[str, Any]], Goal]) -> None:
        self._documents = documents
        self._parse = parse

    def __getitem__(self, goal_id: str) -> Goal:
        return self._parse(self._documents[goal_id])

    def __iter__(self) -> Iterator[str]:
        return iter(self._documents)

    def __len__(self) -> int:
        return len(self._documents)

    def __contains__(self, goal_id: object) -> bool:
        return goal_id in self._documents

    def __eq__(self, other: object) -> bool:
        """Compare the documents, because comparing the goals would parse each of them."""
        return isinstance(other, GoalsById) and self._documents == other._documents
