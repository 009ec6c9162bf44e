"""A conversation with a flow in the Interaction Panel: what was said, and what was tracked. No Textual."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from goals_tui.domain.conversation import Asked, Conversation, Ended, Fired, HandedOver, Output, Passed, Program, Said
from goals_tui.domain.cycle import Definitions, cycles_of
from goals_tui.domain.errors import GoalsError
from goals_tui.domain.event import PANEL_SOURCE, GoalEvent
from goals_tui.domain.flow import Flow, Node, TrackGoal, title
from goals_tui.domain.goal import Goal, Step
from goals_tui.domain.report import Timeline
from goals_tui.services.context import Services


@dataclass(frozen=True)
class Line:
    """Something in the chat: the agent or the user says it, or the panel notes it."""

    who: Literal["agent", "user", "note"]
    text: str


@dataclass(frozen=True)
class Fire:
    """A Track Goal Process node that ran. `why` says why `missed` steps, or all of it, were not tracked."""

    goal: str
    tracked: tuple[Step, ...]
    missed: tuple[Step, ...] = ()
    why: str = ""


class Talk:
    """One conversation in a session of its own; its events are marked as those of the Interaction Panel."""

    def __init__(self, services: Services, flow: Flow) -> None:
        self._services = services
        flows = [*(other for other in services.flows.all() if other.id != flow.id), flow]
        known = services.goals.by_id()
        # Only those that can be tracked are made into models: a key waits for this.
        named = {node.goal_id for each in flows for node in each.walk() if isinstance(node, TrackGoal)}
        goals = [known[goal_id] for goal_id in sorted(named & known.keys())]
        self._goals: dict[str, Goal] = {goal.id: goal for goal in goals}
        self._definitions = Definitions({(goal.id, goal.version): goal for goal in goals}, goals)
        self._conversation = Conversation(Program(flows, goals), flow.id)
        self.session_id = services.ids.uuid()
        self.lines: list[Line] = []
        self.fires: list[Fire] = []
        self.events: list[GoalEvent] = []
        self.node: Node | None = None
        """Where the conversation stands."""

    @property
    def asked(self) -> Asked | None:
        """The question that is open."""
        return self._conversation.waiting

    @property
    def ended(self) -> Ended | None:
        """How the conversation ended; None while it goes on."""
        return self._conversation.ended

    def start(self) -> None:
        """Run to the first question or to the end. Raises GoalsError where events can't be written."""
        self._take(self._conversation.start())

    def answer(self, text: str) -> None:
        """Answer the open question and go on."""
        self.lines.append(Line("user", text))
        self._take(self._conversation.answer(text))

    def cycles(self) -> list[Timeline]:
        """The cycles of this conversation so far, valued."""
        return cycles_of(self.events, self._definitions)

    def glyphs(self, cycle_goal_id: str, reached: tuple[str, ...]) -> list[tuple[Step, bool]]:
        """The steps of a goal, each with whether it was reached."""
        goal = self._goals.get(cycle_goal_id)
        return [(step, step.name in reached) for step in goal.steps] if goal else []

    def open_cycles(self) -> set[str]:
        """The ids of the cycles that further steps would join: the latest of each goal."""
        latest = {timeline.cycle.goal_id: timeline.cycle.cycle_id for timeline in self.cycles()}
        return set() if self.ended else set(latest.values())

    def _take(self, outputs: list[Output]) -> None:
        for output in outputs:
            self.node = output.node or self.node
            match output:
                case Said(text=text) | Asked(text=text):
                    self.lines.append(Line("agent", text or "…"))
                case HandedOver(text=text):
                    if text:
                        self.lines.append(Line("agent", text))
                case Fired():
                    self._track(output)
                case Passed(node=TrackGoal() as node):
                    self.fires.append(Fire(title(node), (), why="It has no goal or no step, so it tracks nothing."))
                case Ended(message=message):
                    self.lines.append(Line("note", message))
                case _:
                    pass

    def _track(self, fired: Fired) -> None:
        goal = self._goals.get(fired.goal_id)
        if goal is None:
            self.fires.append(Fire(title(fired.node), (), why="Its goal does not exist any more."))
            return
        try:
            tracked = self._services.tracking.track(self.session_id, goal.id, fired.step_ids, PANEL_SOURCE)
        except GoalsError as error:
            self.fires.append(Fire(goal.name, (), why=str(error)))
            return
        self.events += tracked.events
        done = tuple(goal.step(event.step_id) for event in tracked.events)
        missed = tuple(goal.step(step_id) for step_id in tracked.not_tracked)
        self.fires.append(Fire(goal.name, done, missed, tracked.why))
