"""Flows: create, edit, delete, and check their wiring."""

from __future__ import annotations

from collections.abc import Callable, Container, Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from goals_tui.domain.errors import ConflictError, NotFoundError, RefusedError
from goals_tui.domain.flow import Flow, Node, TrackGoal
from goals_tui.domain.names import free_name
from goals_tui.domain.text import clean_line
from goals_tui.domain.words import fold
from goals_tui.services.stored import parse

if TYPE_CHECKING:
    from goals_tui.domain.goal import Goal
    from goals_tui.domain.ids import Ids
    from goals_tui.domain.wiring import Finding
    from goals_tui.services.clock import Clock
    from goals_tui.services.history import Document, Editing, History
    from goals_tui.store.documents import Documents

KIND = "flows"


@dataclass(frozen=True)
class FlowSummary:
    """A line of the list of flows; `goals` are the ids of the existing goals that its nodes track."""

    id: str
    name: str
    description: str
    revision: int
    nodes: int
    goals: tuple[str, ...]


class FlowService:
    """The flows of the workspace, by name."""

    def __init__(
        self, documents: Documents, history: History, goals: Callable[[], Sequence[Goal]], clock: Clock, ids: Ids
    ) -> None:
        """Make the service. `goals` returns every goal: the wiring is checked against them."""
        self._documents = documents
        self._history = history
        self._goals = goals
        self._clock = clock
        self._ids = ids
        self._cached: tuple[object, tuple[Flow, ...]] | None = None
        self._parsed: dict[str, tuple[Document, Flow]] = {}
        """Each flow with the document it was made from, so that an edit of one flow does not parse the others again."""

    def stamp(self) -> Hashable:
        """Return a value that changes when flows or goals change; costs a stat call."""
        return self._documents.stamp()

    def all(self) -> tuple[Flow, ...]:
        """Return every flow, by name."""
        # The stamp is taken before reading, so that the cached flows are never older than it.
        stamp, cached = self._documents.stamp(), self._cached
        if cached is None or cached[0] != stamp:
            parsed: dict[str, tuple[Document, Flow]] = {
                id_: (document, self._parse(document)) for id_, document in self._documents.all(KIND).items()
            }
            flows = sorted((flow for _, flow in parsed.values()), key=lambda flow: (fold(flow.name), flow.id))
            self._parsed = parsed
            cached = self._cached = (stamp, tuple(flows))
        return cached[1]

    def _parse(self, document: Document) -> Flow:
        known = self._parsed.get(str(document.get("id")))
        return known[1] if known is not None and known[0] == document else parse(Flow, document)

    def summaries(self) -> list[FlowSummary]:
        """Return a summary of every flow, by name."""
        # Only the ids are needed; no goal has to be parsed.
        goals = self._documents.all("goals")
        return [_summary(flow, goals) for flow in self.all()]

    def get(self, wanted: str) -> Flow:
        """Return the flow with this name or id. Raises NotFoundError, which names the nearest flows."""
        flows = self.all()
        for flow in flows:
            if wanted in (flow.id, flow.name):
                return flow
        folded = [flow for flow in flows if fold(flow.name) == fold(wanted.strip())]
        if len(folded) == 1:
            return folded[0]
        raise NotFoundError("flow", wanted, [flow.name for flow in flows], where="This project has no flows yet.")

    def create(self, name: str, description: str = "", nodes: tuple[Node, ...] = ()) -> Flow:
        """Save and return a new flow. Raises RefusedError for an empty name or one that is taken."""
        flow = self._blank(name, description).model_copy(update={"nodes": nodes})
        return self.save(flow, label=f"Create flow {name!r}")

    def save(self, flow: Flow, *, label: str | None = None, overwrite: bool = False) -> Flow:
        """Save a new or changed flow and return it.

        Raises RefusedError for an empty or taken name, and ConflictError when the flow was changed or deleted elsewhere
        since it was read, unless `overwrite` is set.
        """
        with self._history.edit(label or f"Edit flow {flow.name!r}") as edit:
            return self.put(edit, flow, overwrite=overwrite)

    def put(self, edit: Editing, flow: Flow, *, overwrite: bool = False) -> Flow:
        """Save a flow as part of a larger edit. Raises the same errors as `save`."""
        stored = edit.get(KIND, flow.id)
        self._check_name(edit, flow)
        if not overwrite:
            _check_revision(flow, stored)
        revision = int(stored["revision"]) if stored else flow.revision
        saved = flow.model_copy(update={"revision": revision + 1, "changed_at": self._clock()})
        document = saved.model_dump(mode="json")
        edit.put(KIND, saved.id, document)
        self._parsed[saved.id] = (document, saved)
        return saved

    def rename(self, flow_id: str, name: str, description: str | None = None) -> Flow:
        """Give a flow another name, and another description unless that is None."""
        flow = self.get(flow_id)
        renamed = Flow.model_validate(
            {**flow.model_dump(), "name": name, "description": flow.description if description is None else description}
        )
        return self.save(renamed, label=f"Rename flow {flow.name!r}")

    def duplicate(self, flow_id: str) -> Flow:
        """Save and return a copy of a stored flow under a free name, with new ids."""
        return self.save_as_copy(self.get(flow_id))

    def save_as_copy(self, flow: Flow) -> Flow:
        """Save a flow in its given state as a new flow under a free name, with new ids.

        Nodes that lead to the flow itself lead to the copy instead.
        """
        from goals_tui.domain.flow_edit import nodes_of_copy

        ids = self._ids
        copy = self._blank(free_name(flow.name, [other.name for other in self.all()]), flow.description)
        nodes = nodes_of_copy(flow, copy.id, ids)
        return self.save(copy.model_copy(update={"nodes": nodes}), label=f"Duplicate flow {flow.name!r}")

    def delete(self, flow_id: str) -> Flow:
        """Delete a flow. Go To and Execute Flow nodes that point at it are then reported by `check`. Can be undone."""
        flow = self.get(flow_id)
        with self._history.edit(f"Delete flow {flow.name!r}") as edit:
            edit.delete(KIND, flow.id)
        return flow

    def findings(self, flow: Flow | None = None) -> list[Finding]:
        """Return the wiring findings of the whole project; an unsaved `flow` takes the place of the stored one."""
        from goals_tui.domain.wiring import check

        flows: Sequence[Flow] = self.all()
        if flow is not None:
            flows = [*(other for other in flows if other.id != flow.id), flow]
        return check(flows, self._goals())

    def _blank(self, name: str, description: str) -> Flow:
        now, ids = self._clock(), self._ids
        return Flow(
            id=ids.hex24(),
            reference_id=ids.uuid(),
            name=name,
            description=description,
            created_at=now,
            changed_at=now,
        )

    def _check_name(self, edit: Editing, flow: Flow) -> None:
        if not clean_line(flow.name):
            raise RefusedError("A flow needs a name, for example Book a Flight.", field="name")
        for other in edit.all(KIND).values():
            if other["id"] != flow.id and fold(str(other["name"])) == fold(flow.name):
                raise RefusedError(f"There is a flow {flow.name!r} already. Choose another name.", field="name")


def changed_parts(before: Flow, after: Flow) -> list[str]:
    """Return the names of the fields that differ between two states of a flow."""
    return [part for part in ("name", "description", "nodes") if getattr(before, part) != getattr(after, part)]


def _summary(flow: Flow, known: Container[str]) -> FlowSummary:
    nodes = list(flow.walk())
    goals = dict.fromkeys(node.goal_id for node in nodes if isinstance(node, TrackGoal) and node.goal_id in known)
    return FlowSummary(flow.id, flow.name, flow.description, flow.revision, len(nodes), tuple(goals))


def _check_revision(flow: Flow, document: Document | None) -> None:
    if document is None:
        if flow.revision:
            raise ConflictError("flow", flow.name, [], deleted=True)
    elif document.get("revision") != flow.revision and (stored := parse(Flow, document)).revision != flow.revision:
        raise ConflictError("flow", stored.name, changed_parts(flow, stored))
