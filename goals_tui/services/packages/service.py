"""Export and import of packages of goals and flows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from goals_tui.domain.errors import RefusedError
from goals_tui.domain.flow import Flow
from goals_tui.domain.flow_chart_file import needs_newest
from goals_tui.domain.goal import Goal
from goals_tui.domain.package import (
    EVENTS,
    FLOWS,
    FORMAT_VERSION,
    GOALS,
    VERSIONS,
    Contents,
    Item,
    Manifest,
    OnConflict,
    Origin,
    PackagedFile,
)
from goals_tui.format import plural
from goals_tui.services.packages.contents import (
    Progress,
    check,
    explained,
    gather,
    lines_of,
    merging,
    read_contents,
    stage,
)
from goals_tui.services.packages.plan import Answers, Here, Plan, answers, items, make_plan
from goals_tui.services.stored import parse
from goals_tui.store.atomic import scratch_folder
from goals_tui.store.package_file import PackageReader, write_package

if TYPE_CHECKING:
    from goals_tui.domain.ids import Ids
    from goals_tui.services.batches import Batches
    from goals_tui.services.clock import Clock
    from goals_tui.services.features import Features
    from goals_tui.services.flows import FlowService
    from goals_tui.services.goals import GoalService
    from goals_tui.services.history import Editing
    from goals_tui.services.project import ProjectService
    from goals_tui.store.workspace import Workspace


@dataclass(frozen=True)
class Exported:
    """A package that was written."""

    path: Path
    goals: int
    flows: int
    events: int | None
    bytes: int

    def summary(self) -> str:
        """Return one line for the user."""
        events = "" if self.events is None else f", {plural(self.events, 'event')}"
        what = f"{plural(self.goals, 'goal')}, {plural(self.flows, 'flow')}{events}"
        return f"Packed {what} ({_size(self.bytes)})."


@dataclass(frozen=True)
class PackageInfo:
    """The content of a package, and its conflicts with this project."""

    path: Path
    manifest: Manifest
    items: tuple[Item, ...]
    events: int | None
    """The number of events in the package; None where it was created without events."""

    notices: tuple[str, ...]

    @property
    def conflicts(self) -> tuple[Item, ...]:
        """The goals and flows that need a decision."""
        return tuple(item for item in self.items if item.conflict)


@dataclass(frozen=True)
class PackageResult:
    """The result of an import."""

    goals: tuple[str, ...]
    flows: tuple[str, ...]
    skipped: tuple[str, ...]
    events: int
    notices: tuple[str, ...]

    def summary(self) -> str:
        """Return one line for the user."""
        parts = [plural(len(self.goals), "goal"), plural(len(self.flows), "flow"), plural(self.events, "event")]
        skipped = f"; {plural(len(self.skipped), 'item')} left unchanged" if self.skipped else ""
        return f"Imported {', '.join(parts)}{skipped}."


def _silent(fraction: float | None, text: str) -> None:
    """Ignore the progress."""


class Packages:
    """Exports and imports packages."""

    def __init__(
        self,
        workspace: Workspace,
        project: ProjectService,
        goals: GoalService,
        flows: FlowService,
        batches: Batches,
        features: Callable[[], Features],
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._documents = workspace.documents
        self._log = workspace.events
        self._project = project
        self._goals = goals
        self._flows = flows
        self._batches = batches
        self._features = features
        self._clock = clock
        self._ids = ids

    def export(
        self,
        goals: Sequence[str],
        path: Path,
        *,
        with_events: bool = False,
        flows: Sequence[str] = (),
        progress: Progress = _silent,
    ) -> Exported:
        """Write goals and flows (names or ids), with everything that the flows need, to `path`.

        An existing file is replaced. Raises NotFoundError, UnreadableError, and RefusedError where nothing was chosen,
        or where the workspace holds something that no import would accept, because it was edited by hand.
        """
        contents = gather(self._goals, self._flows, goals, flows)
        with explained(path, "made"):
            check(contents)
        project = self._project.get()
        events = 0

        def lines() -> Iterator[bytes]:
            nonlocal events
            ids = [goal.id for goal in contents.goals]
            for chunk in lines_of(self._log, ids, progress):
                events += chunk.count(b"\n")
                yield chunk

        def manifest(files: Mapping[str, PackagedFile]) -> Manifest:
            origin = Origin(name=project.name, currency=project.currency)
            return Manifest(
                format_version=FORMAT_VERSION if _needs_newest(contents) else 1,
                created_at=self._clock(),
                project=origin,
                files=dict(files),
            )

        documents = {
            name: [thing.model_dump(mode="json") for thing in things]
            for name, things in ((GOALS, contents.goals), (VERSIONS, contents.versions), (FLOWS, contents.flows))
        }
        with explained(path, "made"):
            size = write_package(path, manifest, documents, lines() if with_events else None)
        return Exported(path, len(contents.goals), len(contents.flows), events if with_events else None, size)

    def inspect(self, path: Path) -> PackageInfo:
        """Return the content of a package, all of which is read and checked. Raises UnreadableError, RefusedError."""
        with explained(path), PackageReader(path) as package:
            contents = read_contents(package)
            events = sum(1 for _ in package.event_lines()) if package.has_events else None
            found = items(contents, self._here())
            return PackageInfo(path, package.manifest, found, events, self._notices(package.manifest, contents))

    def import_package(
        self, path: Path, on_conflict: OnConflict | Answers = "ask", *, progress: Progress = _silent
    ) -> PackageResult:
        """Import all of a package, or nothing. `on_conflict` decides all conflicts, or each by its id.

        Undo takes back goals and flows; the events stay, and data health reports them. Raises ConflictsError for
        undecided conflicts, UnreadableError and RefusedError for an invalid package.
        """
        with explained(path), PackageReader(path) as package, scratch_folder() as scratch:
            contents = read_contents(package)
            before = self._here()
            chosen = answers(items(contents, before), on_conflict)
            versions = self._documents.all("goal_versions")
            plan = make_plan(contents, before, versions, chosen, self._ids, self._clock())
            staged = scratch / EVENTS
            events = stage(package, plan, staged, progress) if package.has_events else 0
            progress(None, "Writing")
            batches = self._batches
            batch, what = batches.new_id(), f"package import {path.name}"
            merged = merging(self._log, staged, batch) if events else nullcontext()
            # The events are prepared before the edit, so that other edits need not wait for more than their commit.
            with (
                merged as part,
                batches.adding(batch, what, part, _label(path, part.events if part else 0)) as edit,
            ):
                if self._here(edit) != before:
                    raise RefusedError("The project was changed while the package was read. Import it again.")
                _write(edit, plan)
            added = part.events if part is not None else 0
        notices = [*self._notices(package.manifest, contents), *_renamed(plan)]
        if events > added:
            notices.append(f"Already here: {plural(events - added, 'event')}.")
        goals = [move.name for move in plan.moves.values() if move.decision != "skip"]
        return PackageResult(
            tuple(goals), tuple(flow.name for flow in plan.flows.values()), tuple(plan.skipped), added, tuple(notices)
        )

    def _here(self, edit: Editing | None = None) -> Here:
        read = edit.all if edit else self._documents.all
        return Here(
            goals={id_: parse(Goal, document) for id_, document in read("goals").items()},
            flows={id_: parse(Flow, document) for id_, document in read("flows").items()},
        )

    def _notices(self, manifest: Manifest, contents: Contents) -> tuple[str, ...]:
        project, limit = self._project.get(), self._features().max_steps
        theirs = manifest.project.currency
        notices = []
        if theirs != project.currency and any(step.metrics for goal in contents.goals for step in goal.steps):
            notices.append(
                f"Its amounts are in {theirs}, this project counts in {project.currency}: nothing is converted."
            )
        notices += [
            f"{goal.name!r} has {len(goal.steps)} steps, this project allows {limit}: it works, but can't be edited."
            for goal in contents.goals
            if len(goal.steps) > limit
        ]
        return tuple(notices)


def _needs_newest(contents: Contents) -> bool:
    """Return whether a package holds something that goals-tui 0.1.0 can't read."""
    steps = (step for goal in (*contents.goals, *contents.versions) for step in goal.steps)
    return any(map(needs_newest, contents.flows)) or any(step.metrics.unpriced for step in steps)


def _label(path: Path, events: int) -> str:
    return f"Import package {path.name!r}" + (" (its events stay)" if events else "")


def _write(edit: Editing, plan: Plan) -> None:
    for version in plan.versions.values():
        edit.keep("goal_versions", version.version, version.model_dump(mode="json"))
    for goal in plan.goals.values():
        edit.put("goals", goal.id, goal.model_dump(mode="json"))
    for flow in plan.flows.values():
        edit.put("flows", flow.id, flow.model_dump(mode="json"))


def _renamed(plan: Plan) -> list[str]:
    return [f"The {old} is here as {new!r}." for old, new in plan.renamed]


def _size(count: int) -> str:
    return f"{count / 1024:.0f} KiB" if count < 1024**2 else f"{count / 1024**2:.1f} MiB"
