"""Simulated conversations: profiles of users, their answers, and the goal events that result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import accumulate
from math import log
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from goals_tui.domain.conversation import Conversation, Fired, Program
from goals_tui.domain.cycle import EventTemplates, join_cycle, outcome
from goals_tui.domain.errors import RefusedError, WrongValueError
from goals_tui.domain.event import GoalEvent, Source, source
from goals_tui.domain.filters import Filters, moment_in, parse_moment, requested_span, start_of_day
from goals_tui.domain.flow import Flow, If, Lookup, Node, Question
from goals_tui.domain.goal import Goal
from goals_tui.domain.ids import Ids
from goals_tui.domain.report import Outcome
from goals_tui.domain.words import fold
from goals_tui.format import plural
from goals_tui.services.imports.result import Progress, say_done, silent

if TYPE_CHECKING:
    from goals_tui.domain.project import Project
    from goals_tui.services.batches import Batches
    from goals_tui.services.clock import Clock
    from goals_tui.services.flows import FlowService
    from goals_tui.services.goals import GoalService
    from goals_tui.services.project import ProjectService
    from goals_tui.store.events.log import EventLog

MOST_QUESTIONS = 100
"""Number of answers after which a simulated user leaves for good."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR = 3600
_CONVERSATIONS_A_REPORT = 500
_RUNNING = 0.85
"""Share of the progress for running the conversations; writing their events takes the rest."""


@dataclass(frozen=True, slots=True)
class Release:
    """A snapshot that is in use from `since` (None: from the start) until the next release."""

    snapshot: str | None = None
    since: datetime | None = None
    leaves: float = 0.08
    """The probability that a user leaves at a question."""


@dataclass(frozen=True)
class Profile:
    """The users of a flow: where and when they come, and how they answer. Weights are relative to each other."""

    endpoints: Mapping[str, float] = field(default_factory=lambda: {"Webchat": 6, "WhatsApp": 3, "Voice": 1})
    locales: Mapping[str, float] = field(default_factory=lambda: {"English": 1})
    releases: tuple[Release, ...] = (Release(),)
    answers: Mapping[str, float] = field(default_factory=dict)
    """Weights of answers that the flow offers as buttons or compares with; see `answers_of`."""

    weekdays: tuple[float, ...] = (10, 11, 10, 10, 9, 5, 4)
    hours: tuple[float, ...] = (1, 1, 1, 1, 1, 2, 4, 7, 10, 12, 12, 11, 9, 10, 11, 11, 10, 9, 8, 8, 7, 5, 3, 2)
    pause_seconds: float = 18.0
    """Median time until a user answers; the times are log-normally distributed."""

    spread: float = 0.7


@dataclass(frozen=True)
class SimulationResult:
    """Counts of a simulation.

    `endings` is the number of conversations by ending: end, handover, left, loop, missing_flow.
    """

    conversations: int
    events: int
    events_added: int
    """Number of new events; lower than `events` where the same simulation ran before."""

    not_tracked: int
    outcomes: Mapping[str, int]
    """Number of cycles by outcome: completed, partial, incomplete."""

    endings: Mapping[str, int]

    def as_json(self) -> dict[str, Any]:
        """Return the fields for JSON output."""
        return {
            "conversations": self.conversations,
            "events": self.events,
            "events_added": self.events_added,
            "not_tracked": self.not_tracked,
            "outcomes": dict(self.outcomes),
            "endings": dict(self.endings),
        }


class Simulation:
    """Runs simulated conversations in a workspace."""

    def __init__(
        self,
        log: EventLog,
        project: ProjectService,
        flows: FlowService,
        goals: GoalService,
        batches: Batches,
        clock: Clock,
    ) -> None:
        self._log = log
        self._project = project
        self._flows = flows
        self._goals = goals
        self._batches = batches
        self._clock = clock

    def simulate(
        self,
        flow_id: str,
        *,
        sessions: int,
        seed: int = 0,
        start: datetime,
        end: datetime,
        profile: Profile | None = None,
        progress: Progress | None = None,
    ) -> SimulationResult:
        """Run `sessions` conversations that begin from `start` to before `end`, none of them later than now.

        The same flows, goals, arguments and seed give the same events, ids included. Nothing is written until all
        conversations have run. Raises NotFoundError for an unknown flow, RefusedError for an empty span.
        """
        start, end = start.astimezone(UTC), end.astimezone(UTC)
        now = self._clock()
        end = min(end, now) if start < now else end
        if sessions < 1 or start >= end:
            raise RefusedError(
                "There is nothing to simulate: give at least one conversation and a first day before now."
            )
        users = self.users(flow_id, profile, Ids(f"{seed} {flow_id} {start} {end} {sessions}"))
        random = Random(seed)
        arrivals = sorted(users.arrivals(random, sessions, start, end))
        talks = (users.converse(random, arrival) for arrival in arrivals)
        return self._write(users, talks, sessions, progress or silent)

    def simulate_days(
        self, flow_id: str, *, first: date, end: date, daily: float, seed: int = 0, profile: Profile | None = None
    ) -> SimulationResult:
        """Run about `daily` conversations on each day from `first` to before `end`, by the project's time zone.

        The conversations of a day, ids included, depend only on the flows, goals, seed and day. Those that are not over
        by now are left out. Raises NotFoundError for an unknown flow.
        """
        users = self.users(flow_id, profile, Ids())
        now = int(self._clock().timestamp() * 1000)
        days = [first + timedelta(days=number) for number in range((end - first).days)]
        talks = (talk for day in days for talk in users.day(day, daily, f"{seed} {flow_id} {day}", until=now))
        return self._write(users, talks, max(1, round(daily * len(days))), silent)

    def users(self, flow_id: str, profile: Profile | None, ids: Ids) -> Users:
        """Return simulated users of a flow. Raises NotFoundError for an unknown flow."""
        return Users(self._flows.all(), self._goals.all(), self._project.get(), flow_id, profile or Profile(), ids)

    def _write(
        self, users: Users, talks: Iterable[Sequence[GoalEvent]], expected: int, progress: Progress
    ) -> SimulationResult:
        """Write the events of about `expected` conversations, in one commit after the last of them."""
        from goals_tui.store.atomic import scratch_folder
        from goals_tui.store.events.bulk_import import BulkImport
        from goals_tui.store.events.lines import to_line

        self._log.check_writable()
        count = 0
        with scratch_folder() as folder, BulkImport(self._log) as bulk:
            file = folder / "events.jsonl"
            with file.open("wb") as lines:
                for talk in talks:
                    if count % _CONVERSATIONS_A_REPORT == 0:
                        progress(
                            min(1.0, count / expected) * _RUNNING, f"{count:,} of {plural(expected, 'conversation')}"
                        )
                    lines.writelines(map(to_line, talk))
                    count += 1
            progress(_RUNNING, "Writing events")
            bulk.load_checked(file)
            batches = self._batches
            batch, label = batches.new_id(), f"Simulate {users.flow}"
            what = f"simulate {users.flow}: {plural(count, 'conversation')}"
            with bulk.prepared(batch) as part, batches.adding(batch, what, part, label) as edit:
                gone = bulk.events_by_goal().keys() - edit.all("goals").keys()
                if gone:
                    raise RefusedError("A goal was deleted while the conversations ran. Simulate them again.")
            added = part.events if part else 0
            known = bulk.count() - added
        say_done(progress)
        return SimulationResult(
            count, added + known, added, users.not_tracked, dict(users.outcomes), dict(users.endings)
        )


class Users:
    """The simulated users of a flow. Counts the endings and outcomes of their conversations."""

    def __init__(
        self,
        flows: Sequence[Flow],
        goals: Iterable[Goal],
        project: Project,
        flow_id: str,
        profile: Profile,
        ids: Ids,
    ) -> None:
        self._goals = {goal.id: goal for goal in goals}
        self._program = Program(flows, self._goals.values())
        self._program.entry(flow_id)
        self.flow = next(flow.name for flow in flows if flow.id == flow_id)
        self._flow_id = flow_id
        self._profile = profile
        self._ids = ids
        self._zone = project.zone
        self._project_id = project.id
        self._answers: dict[str, Answers] = answers_of(flows, profile.answers)
        self._templates = EventTemplates()
        self._sources: dict[tuple[str, str, str | None], Source] = {}
        self._pause = log(profile.pause_seconds)
        self._releases = sorted(profile.releases or (Release(),), key=lambda release: release.since or _EPOCH)
        self.not_tracked = 0
        self.outcomes: Counter[str] = Counter(completed=0, partial=0, incomplete=0)
        self.endings: Counter[str] = Counter()

    def arrivals(self, random: Random, count: int, start: datetime, end: datetime) -> list[int]:
        """Return when `count` conversations begin, in milliseconds since 1970."""
        first, last = int(start.timestamp()), int(end.timestamp())
        hours = range(first, last, _HOUR)
        weights = [self._busy(hour, min(hour + _HOUR, last), self._zone) for hour in hours]
        if sum(weights) <= 0:
            weights = [1.0] * len(weights)
        chosen = random.choices(hours, cum_weights=list(accumulate(weights)), k=count)
        return [hour * 1000 + int(random.random() * (min(_HOUR, last - hour) * 1000)) for hour in chosen]

    def _busy(self, hour: int, until: int, zone: tzinfo) -> float:
        local = datetime.fromtimestamp(hour, zone)
        return self._profile.weekdays[local.weekday()] * self._profile.hours[local.hour] * (until - hour)

    def day(self, day: date, daily: float, seed: str, *, until: int) -> Iterator[list[GoalEvent]]:
        """Yield the events of each conversation of a day that is over at `until` (milliseconds since 1970).

        `daily` is the number of conversations on an average day. The conversations depend on `seed`, not on `until`.
        """
        random, self._ids = Random(seed), Ids(seed)
        start, end = start_of_day(day, self._zone), start_of_day(day + timedelta(days=1), self._zone)
        weekdays = self._profile.weekdays
        expected = daily * weekdays[day.weekday()] * len(weekdays) / sum(weekdays)
        count = max(0, round(random.gauss(expected, expected**0.5)))
        for arrival in sorted(self.arrivals(random, count, start, end)):
            talk = self._converse(random, arrival)
            if talk.ended_at <= until:
                yield self._counted(talk)

    def converse(self, random: Random, arrival: int) -> list[GoalEvent]:
        """Run one conversation from `arrival` on (milliseconds since 1970), and return the events of its goals."""
        return self._counted(self._converse(random, arrival))

    def _counted(self, talk: _Talk) -> list[GoalEvent]:
        self.endings[talk.ending] += 1
        self.not_tracked += talk.not_tracked
        self.outcomes.update(talk.outcomes())
        return talk.events

    def _converse(self, random: Random, arrival: int) -> _Talk:
        release = self._release(arrival)
        talk = _Talk(self._goals, self._ids, self._templates, self._source(random, release))
        conversation = Conversation(self._program, self._flow_id)
        outputs = conversation.start()
        for _ in range(MOST_QUESTIONS):
            moment = _EPOCH + timedelta(milliseconds=arrival)
            for output in outputs:
                if isinstance(output, Fired):
                    talk.fire(output, moment)
            question = conversation.waiting
            if question is None:
                talk.ending = conversation.ended.reason if conversation.ended else "end"
                break
            if random.random() < release.leaves:
                break
            arrival += int(random.lognormvariate(self._pause, self._profile.spread) * 1000)
            outputs = conversation.answer(self._answers[question.node.id].choose(random))
        talk.ended_at = arrival
        return talk

    def _release(self, arrival: int) -> Release:
        moment = _EPOCH + timedelta(milliseconds=arrival)
        current = self._releases[0]
        for release in self._releases[1:]:
            if release.since is not None and release.since <= moment:
                current = release
        return current

    def _source(self, random: Random, release: Release) -> Source:
        endpoint = _weighted(random, self._profile.endpoints)
        locale = _weighted(random, self._profile.locales)
        key = (endpoint, locale, release.snapshot)
        if key not in self._sources:
            self._sources[key] = source(endpoint, locale, release.snapshot, self._project_id)
        return self._sources[key]


class _Talk:
    """The cycles and events of one conversation."""

    __slots__ = (
        "_cycles",
        "_goals",
        "_ids",
        "_open",
        "_session",
        "_source",
        "_templates",
        "ended_at",
        "ending",
        "events",
        "not_tracked",
    )

    def __init__(self, goals: Mapping[str, Goal], ids: Ids, templates: EventTemplates, source: Source) -> None:
        self._goals = goals
        self._ids = ids
        self._templates = templates
        self._source = source
        self._session = f"session-{ids.uuid()}"
        self._open: dict[str, str] = {}
        self._cycles: dict[str, tuple[Goal, set[str]]] = {}
        self.events: list[GoalEvent] = []
        self.not_tracked = 0
        self.ending = "left"
        self.ended_at = 0
        """Milliseconds since 1970."""

    def fire(self, fired: Fired, moment: datetime) -> None:
        """Add the events of steps that fire, by the same rule as `Tracker.track`."""
        goal = self._goals[fired.goal_id]
        cycle, steps, missed = join_cycle(goal, fired.step_ids, self._open.get(goal.id), self._ids.uuid)
        self.not_tracked += len(missed)
        if cycle is None:
            return
        self._open[goal.id] = cycle
        self._cycles.setdefault(cycle, (goal, set()))[1].update(steps)
        template, new_id = self._templates.of(goal, self._source), self._ids.hex24
        shared = {"timestamp": moment, "goal_cycle_id": cycle, "session_id": self._session}
        self.events += [template.model_copy(update={**shared, "id": new_id(), "step_id": step}) for step in steps]

    def outcomes(self) -> list[Outcome]:
        """Return the outcome of each cycle."""
        return [
            outcome([step.kind for step in goal.steps if step.id in reached]) for goal, reached in self._cycles.values()
        ]


def span_of(since: str | None, until: str | None, now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the start and end of `--from` and `--to`, by default the last thirty days through today.

    Raises WrongValueError.
    """
    if since is not None and until is None and moment_in(parse_moment(since, "from"), zone) > now:
        raise WrongValueError(f"The first day, {since}, is after today, the last one unless told. Give --to as well.")
    first = (now.astimezone(zone).date() - timedelta(days=29)).isoformat() if since is None else since
    span = requested_span(Filters(span="custom", since=first, until=until), now, zone)
    assert span.start and span.end, "a custom span has both"
    return span.start, span.end


def _weighted(random: Random, weights: Mapping[str, float]) -> str:
    if len(weights) == 1:
        return next(iter(weights))
    return random.choices(list(weights), weights=list(weights.values()))[0]


ANYTHING = "something else"
"""An answer that no condition or case compares with: it leads to Else and Default."""
_FIRST, _FURTHER, _ANYTHING = 3.0, 1.0, 0.5
"""Default weights: the first value that the flow compares with, each further value, and none of them."""


class Answers(NamedTuple):
    """The answers to a question, with running totals of their weights."""

    texts: tuple[str, ...]
    totals: tuple[float, ...]

    def choose(self, random: Random) -> str:
        """Return one of the texts, chosen at random by weight."""
        if len(self.texts) == 1:
            return self.texts[0]
        return random.choices(self.texts, cum_weights=self.totals)[0]


def answers_of(flows: Iterable[Flow], weights: Mapping[str, float]) -> dict[str, Answers]:
    """Return the answers to each question, by its id: its buttons, else the values that the flows compare with.

    `weights` override the default weights of texts, ignoring case; 0 means never.
    """
    told = {fold(text.strip()): weight for text, weight in weights.items()}
    flows = list(flows)
    by_name: dict[str, list[str]] = {}
    for flow in flows:
        for node in flow.walk():
            for of, value in _compared(node):
                by_name.setdefault(of, []).append(value)
    found = {}
    for flow in flows:
        nodes = list(flow.walk())
        for place, node in enumerate(nodes):
            if isinstance(node, Question):
                values = [
                    *_until_next_question(nodes[place + 1 :]),
                    *(by_name.get(node.save_as, ()) if node.save_as else ()),
                ]
                found[node.id] = _answers(node, values, told)
    return found


def _until_next_question(nodes: list[Node]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, Question):
            return
        yield from (value for of, value in _compared(node) if not of)


def _compared(node: Node) -> Iterator[tuple[str, str]]:
    """Yield what a node compares: the name of the saved value, and the value that it is compared with."""
    if isinstance(node, If):
        # "exists" holds for any answer; only the empty one makes a difference.
        yield node.condition.of, "" if node.condition.comparison == "exists" else node.condition.to
    elif isinstance(node, Lookup):
        yield from ((node.of, branch.value) for branch in node.branches if branch.kind == "case")


def _answers(question: Question, values: Iterable[str], told: Mapping[str, float]) -> Answers:
    texts = list(dict.fromkeys(question.buttons or values))
    weights = [_FIRST, *[_FURTHER] * (len(texts) - 1)] if texts else []
    if not question.buttons:
        texts.append(ANYTHING)
        weights.append(_ANYTHING)
    weights = [told.get(fold(text.strip()), weight) for text, weight in zip(texts, weights, strict=True)]
    if sum(weights) <= 0:
        weights = [1.0] * len(texts)
    return Answers(tuple(texts), tuple(accumulate(weights)))
