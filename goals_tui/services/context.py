"""The services of an open workspace, each created on first use."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Hashable, Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar, overload

from goals_tui.domain.errors import RefusedError, UnreadableError
from goals_tui.domain.ids import Ids
from goals_tui.domain.text import clean_line
from goals_tui.services.clock import Clock, clock_of
from goals_tui.services.features import Features, read_features, read_switch
from goals_tui.services.history import History
from goals_tui.store.locks import waits_for_others
from goals_tui.store.workspace import EVENTS_KEY, Values, Workspace, read_values

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from goals_tui.services.activities import Activities
    from goals_tui.services.annotations import Annotations
    from goals_tui.services.batches import Batches
    from goals_tui.services.conversation_tests import ConversationTests
    from goals_tui.services.deriving import Deriving
    from goals_tui.services.engine_logs import EngineLogs
    from goals_tui.services.events import Events
    from goals_tui.services.flow_files import FlowFiles
    from goals_tui.services.flows import FlowService
    from goals_tui.services.goal_files import GoalFiles
    from goals_tui.services.goal_list import GoalSummary
    from goals_tui.services.goal_uses import GoalUses
    from goals_tui.services.goals import GoalService
    from goals_tui.services.imports.service import Imports
    from goals_tui.services.insights.saved_filters import SavedFilters
    from goals_tui.services.insights.service import Insights
    from goals_tui.services.listening import Listening
    from goals_tui.services.packages.service import Packages
    from goals_tui.services.project import ProjectService
    from goals_tui.services.simulation import Simulation
    from goals_tui.services.sync import Syncs
    from goals_tui.services.tasks.service import Tasks
    from goals_tui.services.tracking import Tracker
    from goals_tui.store.engines.address import Address
    from goals_tui.store.engines.engine import Engine

Made = TypeVar("Made")


class locked_cached_property(cached_property[Made]):
    """A `cached_property` that is computed only once across threads; since Python 3.12 the original has no lock."""

    def __init__(self, make: Callable[[Any], Made]) -> None:
        super().__init__(make)
        self._making = threading.RLock()

    @overload
    def __get__(self, instance: None, owner: type[Any] | None = None) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type[Any] | None = None) -> Made: ...

    def __get__(self, instance: object | None, owner: type[Any] | None = None) -> Self | Made:
        with self._making:
            return super().__get__(instance, owner)


class Services:
    """All services of one workspace. Safe to use from several threads."""

    def __init__(
        self, workspace: Workspace, *, clock: Clock, ids: Ids, env: Mapping[str, str], events: str | None = None
    ) -> None:
        """Make the services. `events` is the URL of an engine with the events; empty for those of the workspace."""
        self.workspace = workspace
        self.workspace.why_read_only = self._why_read_only
        self._events = events
        self.clock = clock
        self.ids = ids
        self.env = env
        self.history = History(workspace.documents)

    @property
    def path(self) -> Path:
        """The folder of the workspace."""
        return self.workspace.path

    def take_notices(self) -> list[str]:
        """Return what had to be repaired in the workspace since the last call, in sentences for the user."""
        notices = self.workspace.notices
        return [notices.pop(0) for _ in range(len(notices))]

    @locked_cached_property
    def project(self) -> ProjectService:
        """The project's settings."""
        from goals_tui.services.project import ProjectService

        return ProjectService(self.workspace.documents, self.history)

    @locked_cached_property
    def values(self) -> Values:
        """The content of `values.yaml`. Raises UnreadableError where it can't be read."""
        return read_values(self.workspace.path)

    @locked_cached_property
    def features(self) -> Features:
        """The feature flags. Raises GoalsError where one is invalid."""
        return read_features(self.env, self.values.known)

    @locked_cached_property
    def switch(self) -> tuple[bool, str]:
        """The switch of goals and where it was set. Reading needs no other flag."""
        return read_switch(self.env, self.values.known)

    @locked_cached_property
    def goals(self) -> GoalService:
        """Goals and their steps."""
        from goals_tui.services.goals import GoalService

        return GoalService(
            self.workspace, self.history, self.project, lambda: self.features, self._goal_uses, self.clock, self.ids
        )

    def _goal_uses(self) -> GoalUses:
        from goals_tui.services.goal_uses import GoalUses

        return GoalUses(self.workspace.documents, self.history, self.goals.get, lambda: self.flows)

    def goal_summaries(self) -> list[GoalSummary]:
        """Return a summary of every goal, by name: `goals.summaries()` without importing the models."""
        from goals_tui.services.goal_list import GoalSummaries

        return GoalSummaries(self.workspace.documents).all()

    @locked_cached_property
    def goal_files(self) -> GoalFiles:
        """Goals as files."""
        from goals_tui.services.goal_files import GoalFiles

        return GoalFiles(
            self.workspace.events,
            self.history,
            self.project,
            self.goals,
            lambda: self.features,
            lambda: self.insights if self.has_events() else None,
            self.clock,
            self.ids,
        )

    @locked_cached_property
    def flows(self) -> FlowService:
        """Flows and their wiring."""
        from goals_tui.services.flows import FlowService

        return FlowService(self.workspace.documents, self.history, lambda: self.goals.all(), self.clock, self.ids)

    @locked_cached_property
    def flow_files(self) -> FlowFiles:
        """Flows as files."""
        from goals_tui.services.flow_files import FlowFiles

        return FlowFiles(self.workspace.documents, self.history, self.flows, self.goals, self.clock, self.ids)

    @locked_cached_property
    def conversation_tests(self) -> ConversationTests:
        """Conversations kept as tests."""
        from goals_tui.services.conversation_tests import ConversationTests

        return ConversationTests(self.workspace, self.flows, self.goals, self.activities)

    @locked_cached_property
    def tracking(self) -> Tracker:
        """Recording of goal steps as events."""
        from goals_tui.services.tracking import Tracker

        return Tracker(self.workspace.events, self.workspace.documents, self.goals, self.clock, self.ids)

    @locked_cached_property
    def events_at(self) -> tuple[Address | None, str]:
        """The log in an engine that is read instead of the workspace's own, and what says so.

        Raises RefusedError for a URL that can't be used.
        """
        named = (
            (self._events, "--events"),
            (self.env.get("GOALS_TUI_EVENTS"), "GOALS_TUI_EVENTS"),
            (self.values.known.get(EVENTS_KEY), f"{EVENTS_KEY} in values.yaml"),
        )
        for url, source in named:
            if source == "--events" and url == "":
                break
            if url and url.strip():
                from goals_tui.store.engines.address import parse_address

                return parse_address(url, source), source
        return None, ""

    @property
    def engine_title(self) -> str:
        """The engine that the events are read from, and its table, for people; empty for the workspace's own log."""
        try:
            address, _ = self.events_at
        except UnreadableError:  # values.yaml, which Settings shows
            return ""
        return address.title if address else ""

    def has_events(self) -> bool:
        """Return whether the log may have events. An engine elsewhere isn't asked."""
        return bool(self.engine_title) or not self.workspace.events.is_empty()

    def _why_read_only(self) -> str | None:
        address, source = self.events_at
        if address is None:
            return None
        return (
            f"The events are read from {address.title} ({source}), and that log is read only. To change the "
            f"workspace's own events, {'leave out' if source == '--events' else 'remove'} {source}."
        )

    @locked_cached_property
    def engine(self) -> Engine:
        """The engine with the log of goal events that Insights reads. Raises RefusedError if it can't be used."""
        address, _ = self.events_at
        if address is not None:
            from goals_tui.store.engines.address import PASSWORD_VARIABLE, open_engine

            return open_engine(address, self.env.get(PASSWORD_VARIABLE))
        from goals_tui.store.engines.local import LocalEngine

        return LocalEngine(self.workspace.events)

    @locked_cached_property
    def engine_logs(self) -> EngineLogs:
        """Pushing of events to engines, and checks of what is there."""
        from goals_tui.services.engine_logs import EngineLogs

        return EngineLogs(self.workspace.events, self.project, self._insights_of, self.clock, self.env)

    @locked_cached_property
    def insights(self) -> Insights:
        """Reports, funnels and cycles."""
        return self._insights_of(self.engine, self.clock)

    def _insights_of(self, engine: Engine, clock: Clock) -> Insights:
        from goals_tui.services.insights.service import Insights

        return Insights(engine, self.workspace.documents, self.project, self.goals, clock)

    @locked_cached_property
    def events(self) -> Events:
        """The event log."""
        from goals_tui.services.events import Events

        return Events(self.workspace, self.project, self.clock)

    @locked_cached_property
    def activities(self) -> Activities:
        """Activities of sessions."""
        from goals_tui.services.activities import Activities

        return Activities(self.workspace.activities)

    @locked_cached_property
    def deriving(self) -> Deriving:
        """Derivation of goal events from activities."""
        from goals_tui.services.deriving import Deriving

        return Deriving(self.workspace.events, self.project, self.goals, self.activities, self.batches, self.clock)

    @locked_cached_property
    def listening(self) -> Listening:
        """Recording of the spans that agents send."""
        from goals_tui.services.listening import Listening

        return Listening(self.workspace, self.project, self.goals, self.activities, self.events)

    @locked_cached_property
    def syncs(self) -> Syncs:
        """Sources that are read again and again."""
        from goals_tui.services.sync import Syncs

        return Syncs(self.workspace.documents, self.history, lambda: self.imports, self.clock)

    @locked_cached_property
    def batches(self) -> Batches:
        """The batches that imports, simulations and derivations added."""
        from goals_tui.services.batches import Batches

        return Batches(self.workspace, self.history, self.goals, self.clock, self.ids)

    @locked_cached_property
    def imports(self) -> Imports:
        """Import of events and goals from files."""
        from goals_tui.services.imports.result import ImportTarget
        from goals_tui.services.imports.service import Imports

        workspace = self.workspace
        target = ImportTarget(
            log=workspace.events,
            activity_log=workspace.activities,
            documents=workspace.documents,
            project=self.project,
            goals=self.goals,
            batches=self.batches,
            features=lambda: self.features,
            clock=self.clock,
        )
        return Imports(target)

    @locked_cached_property
    def simulation(self) -> Simulation:
        """Simulated conversations."""
        from goals_tui.services.simulation import Simulation

        return Simulation(self.workspace.events, self.project, self.flows, self.goals, self.batches, self.clock)

    @locked_cached_property
    def filters(self) -> SavedFilters:
        """Saved filters."""
        from goals_tui.services.insights.saved_filters import SavedFilters

        return SavedFilters(self.workspace.documents, self.history, self.ids)

    @locked_cached_property
    def annotations(self) -> Annotations:
        """Annotations of the time axis."""
        from goals_tui.services.annotations import Annotations

        workspace = self.workspace
        return Annotations(
            workspace.documents,
            self.history,
            self.project,
            self.goals,
            lambda: self.insights.first_appearances(),
            self.clock,
            self.ids,
        )

    @locked_cached_property
    def packages(self) -> Packages:
        """Packages of goals and flows for other projects."""
        from goals_tui.services.packages.service import Packages

        return Packages(
            self.workspace,
            self.project,
            self.goals,
            self.flows,
            self.batches,
            lambda: self.features,
            self.clock,
            self.ids,
        )

    @locked_cached_property
    def tasks(self) -> Tasks:
        """Tasks in the background."""
        from goals_tui.services.tasks.service import Tasks

        return Tasks(self.workspace, self, self.clock, self.ids)

    def waits_for_others(self) -> bool:
        """Return True if something that this process writes waits until another process has written."""
        return waits_for_others()

    def stamp(self) -> Hashable:
        """Return a value that changes when goals, flows or events change; costs a few stat calls.

        Of an engine it tells what its last `look` found.
        """
        events = self.engine.stamp() if self.engine_title else self.workspace.events.stamp()
        return self.workspace.documents.stamp(), events


def open_services(
    path: Path,
    *,
    clock: Clock | None = None,
    ids: Ids | None = None,
    env: Mapping[str, str] | None = None,
    events: str | None = None,
) -> Services:
    """Open the workspace at `path`. Raises UnreadableError, which says what to do, where there is none.

    `events` is the URL of an engine with the events, from the option --events; empty for those of the workspace.
    """
    env = os.environ if env is None else env
    workspace = Workspace.open(path)
    clock = clock or clock_of(env, partial(_zone, workspace))
    return Services(workspace, clock=clock, ids=ids or Ids(), env=env, events=events)


def _zone(workspace: Workspace) -> ZoneInfo:
    from goals_tui.services.project import ProjectService

    return ProjectService(workspace.documents, History(workspace.documents)).get().zone


def create_workspace(
    path: Path,
    *,
    name: str,
    currency: str = "EUR",
    time_zone: str = "UTC",
    clock: Clock | None = None,
    ids: Ids | None = None,
    env: Mapping[str, str] | None = None,
) -> Services:
    """Create a workspace with a new project, and open it.

    Raises RefusedError for an empty name, an unknown currency or time zone, or an existing workspace.
    """
    from goals_tui.domain.model import MAX_NAME
    from goals_tui.domain.project import Project, zone
    from goals_tui.services.currencies import check_currency

    env = os.environ if env is None else env
    ids = ids or Ids()
    where = zone(time_zone)
    if not clean_line(name):
        raise RefusedError("A project needs a name, for example --name 'Flight Desk'.", field="name")
    if len(clean_line(name)) > MAX_NAME:
        raise RefusedError(f"The name is {len(name)} characters long, {MAX_NAME} at most.", field="name")
    project = Project(id=ids.hex24(), name=name, currency=check_currency(currency), time_zone=where.key)
    clock = clock or clock_of(env, lambda: where)
    return Services(Workspace.create(path, project), clock=clock, ids=ids, env=env)
