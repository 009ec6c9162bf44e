"""Annotations of the time axis, made by hand or automatically (docs/semantics.md).

Automatic ones mark where a goal's version or a snapshot first appears.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from pydantic import ValidationError

from goals_tui.domain.errors import NotFoundError, RefusedError
from goals_tui.domain.filters import moment_in, parse_moment
from goals_tui.domain.goal import Id
from goals_tui.domain.model import MAX_NAME, Instant, Line, Model
from goals_tui.domain.text import clean_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from goals_tui.domain.ids import Ids
    from goals_tui.services.clock import Clock
    from goals_tui.services.goals import GoalService
    from goals_tui.services.history import History
    from goals_tui.services.insights.decisions import FirstAppearance
    from goals_tui.services.project import ProjectService
    from goals_tui.store.documents import Documents

KIND = "annotations"

AnnotationKind = Literal["manual", "version", "snapshot"]


class StoredAnnotation(Model):
    """An annotation that a user made."""

    id: Id
    revision: int = 0
    text: Line
    at: Instant
    goal_id: str | None = None
    """The id of the goal that it is about; None for all goals."""


class Annotation(Model):
    """An annotation of a moment. Automatic ones have no id and can't be deleted."""

    id: str | None
    at: Instant
    text: str
    goal_id: str | None
    goal: str | None
    kind: AnnotationKind


class Annotations:
    """The annotations of the workspace."""

    def __init__(
        self,
        documents: Documents,
        history: History,
        project: ProjectService,
        goals: GoalService,
        first_appearances: Callable[[], list[FirstAppearance]],
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._documents = documents
        self._history = history
        self._project = project
        self._goals = goals
        self._first_appearances = first_appearances
        self._clock = clock
        self._ids = ids

    def all(self) -> list[Annotation]:
        """Return every annotation, oldest first. Reads the event log for the automatic ones."""
        names = {goal.id: goal.name for goal in self._goals.summaries()}
        found = [
            Annotation(
                id=each.id,
                at=each.at,
                text=each.text,
                goal_id=each.goal_id,
                goal=names.get(each.goal_id) if each.goal_id else None,
                kind="manual",
            )
            for each in self._stored()
        ]
        for first in self._first_appearances():
            what, kind = (f"{first.name} first appears", "version") if first.goal_id else (first.name, "snapshot")
            text = what if kind == "version" else f"Snapshot {what} first appears"
            goal = names.get(first.goal_id) if first.goal_id else None
            found.append(Annotation(id=None, at=first.at, text=text, goal_id=first.goal_id, goal=goal, kind=kind))
        return sorted(found, key=lambda each: (each.at, each.text))

    def add(self, text: str, *, at: str | None = None, goal_id: str | None = None) -> Annotation:
        """Annotate a day or a moment, by default now, in the project's time zone.

        `goal_id` is the id of the goal that it is about; None for all goals. Raises RefusedError.
        """
        text = _checked(text)
        moment = self._clock() if at is None else self._moment(at)
        goal = self._goals.get(goal_id) if goal_id else None
        made = StoredAnnotation(
            id=self._ids.hex24(), revision=1, text=text, at=moment, goal_id=goal.id if goal else None
        )
        with self._history.edit(f"Annotate {text!r}") as edit:
            edit.put(KIND, made.id, made.model_dump(mode="json"))
        goal_name = goal.name if goal else None
        return Annotation(id=made.id, at=made.at, text=made.text, goal_id=made.goal_id, goal=goal_name, kind="manual")

    def change(self, id_: str, text: str, at: str | None = None) -> str:
        """Give an annotation, by its full id, another text and, unless `at` is None, another moment.

        Returns the text. Raises RefusedError or NotFoundError.
        """
        changes: dict[str, object] = {"text": _checked(text)} | ({} if at is None else {"at": self._moment(at)})
        with self._history.edit(f"Edit annotation {changes['text']!r}") as edit:
            document = edit.get(KIND, id_)
            if document is None:
                raise NotFoundError("annotation with the id", id_, (), where="It was deleted meanwhile.")
            before = StoredAnnotation.model_validate(document)
            made = before.model_copy(update={**changes, "revision": before.revision + 1})
            edit.put(KIND, id_, made.model_dump(mode="json"))
        return made.text

    def _moment(self, at: str) -> datetime:
        return moment_in(parse_moment(at, "at"), self._project.get().zone)

    def delete(self, id_: str) -> str:
        """Delete the one annotation whose id begins with `id_`, and return its text. Raises NotFoundError."""
        stored = {each.id: each for each in self._stored()}
        same = [each for each in stored if id_ and each.startswith(id_)]
        if len(same) != 1:
            where = "goals-tui annotations list shows their ids; those that come by themselves have none."
            raise NotFoundError("annotation with the id", id_, _nearest(id_, stored), where=where)
        text = stored[same[0]].text
        with self._history.edit(f"Delete annotation {text!r}") as edit:
            edit.delete(KIND, same[0])
        return text

    def _stored(self) -> list[StoredAnnotation]:
        """Return the manual annotations, without those of a later version that this version can't read."""
        found = []
        for document in self._documents.all(KIND).values():
            try:
                found.append(StoredAnnotation.model_validate(document))
            except ValidationError:
                continue
        return found


def _checked(text: str) -> str:
    """Return the text of an annotation on one line. Raises RefusedError."""
    text = clean_line(text)
    if not text:
        raise RefusedError("An annotation needs a text, for example 'New welcome message'.", field="text")
    if len(text) > MAX_NAME:
        raise RefusedError(f"The text is {len(text)} characters long, {MAX_NAME} at most.", field="text")
    return text


def _nearest(id_: str, ids: Collection[str]) -> list[str]:
    """Return the ids that begin with `id_`; similar ids would not help, because ids are copied rather than typed."""
    return [each for each in ids if id_ and each.startswith(id_)]
