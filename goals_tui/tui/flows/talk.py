"""A conversation in the Interaction Panel, and the contents of its debug mode."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, NamedTuple

from textual.content import Content

from goals_tui.domain.conversation import Asked, Ended, Fired, HandedOver, Output, Passed, Said
from goals_tui.domain.cycle import Definitions, cycles_of
from goals_tui.domain.errors import GoalsError
from goals_tui.domain.event import PANEL_SOURCE, GoalEvent
from goals_tui.domain.flow import Flow, Node, TrackGoal, title
from goals_tui.domain.goal import Step
from goals_tui.domain.report import OUTCOME_GLYPHS, OUTCOME_TITLES, Outcome, Timeline
from goals_tui.domain.value import SuccessMetrics
from goals_tui.format import hours, value_words
from goals_tui.services.context import Services
from goals_tui.services.conversation_tests import ConversationTest, begin_conversation
from goals_tui.services.currencies import format_money


@dataclass(frozen=True)
class Line:
    """A line of the chat, said by the agent or the user, or noted by the panel."""

    who: Literal["agent", "user", "note"]
    text: str


@dataclass(frozen=True)
class FiredNode:
    """A Track Goal Process node that ran; `why` says why `missed` steps, or all its steps, were not tracked."""

    goal: str
    tracked: tuple[Step, ...]
    missed: tuple[Step, ...] = ()
    why: str = ""


class PanelConversation:
    """A conversation in its own session; its events are marked as coming from the Interaction Panel."""

    def __init__(self, services: Services, flow: Flow) -> None:
        self._services = services
        self._conversation, self._goals = begin_conversation(services.flows, services.goals, flow)
        goals = list(self._goals.values())
        self._definitions = Definitions({(goal.id, goal.version): goal for goal in goals}, goals)
        self.session_id = services.ids.uuid()
        self.lines: list[Line] = []
        self.fires: list[FiredNode] = []
        self.events: list[GoalEvent] = []
        self.node: Node | None = None
        """The node that the conversation has reached."""

    @property
    def asked(self) -> Asked | None:
        """The open question; None if there is none."""
        return self._conversation.waiting

    @property
    def ended(self) -> Ended | None:
        """The end of the conversation; None while it goes on."""
        return self._conversation.ended

    def start(self) -> None:
        """Run to the first question or to the end."""
        self._take(self._conversation.start())

    def answer(self, text: str) -> None:
        """Answer the open question and go on."""
        self.lines.append(Line("user", text))
        self._take(self._conversation.answer(text))

    def as_test(self, flow: str) -> ConversationTest:
        """Return the conversation so far as a test: the flow's name, the answers, and the steps that were tracked."""
        answers = tuple(line.text for line in self.lines if line.who == "user")
        goals = (self._goals[event.goal_id] for event in self.events)
        events = ((goal.name, goal.step(event.step_id).name) for goal, event in zip(goals, self.events, strict=True))
        return ConversationTest(flow, answers, tuple(events))

    def cycles(self) -> list[Timeline]:
        """Return the cycles of this conversation so far, with their values."""
        return cycles_of(self.events, self._definitions)

    def glyphs(self, cycle_goal_id: str, reached: tuple[str, ...]) -> list[tuple[Step, bool]]:
        """Return the steps of a goal, each with whether it was reached."""
        goal = self._goals.get(cycle_goal_id)
        return [(step, step.name in reached) for step in goal.steps] if goal else []

    def open_cycles(self) -> set[str]:
        """Return the ids of the cycles that further steps would join: the latest of each goal, none after the end."""
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
                    self.fires.append(
                        FiredNode(title(node), (), why="It has no goal or no step, so it tracks nothing.")
                    )
                case Ended(message=message):
                    self.lines.append(Line("note", message))
                case _:
                    pass

    def _track(self, fired: Fired) -> None:
        goal = self._goals.get(fired.goal_id)
        if goal is None:
            self.fires.append(FiredNode(title(fired.node), (), why="Its goal does not exist any more."))
            return
        try:
            tracked = self._services.tracking.track(self.session_id, goal.id, fired.step_ids, PANEL_SOURCE)
        except GoalsError as error:
            self.fires.append(FiredNode(goal.name, (), why=str(error)))
            return
        self.events += tracked.events
        done = tuple(goal.step(event.step_id) for event in tracked.events)
        missed = tuple(goal.step(step_id) for step_id in tracked.not_tracked)
        self.fires.append(FiredNode(goal.name, done, missed, tracked.why))


COLORS: dict[Outcome, str] = {
    "completed": "$completed",
    "partial": "$partial",
    "incomplete": "$incomplete",
    "orphan": "$quiet",
}
_NAME = 16
"""The maximum width, in cells, of a goal's name beside the outcome of its open cycle."""


class DebugParts(NamedTuple):
    """The contents of debug mode, from top to bottom; `state` stays in view, the rest scrolls."""

    state: Content
    earlier: Content
    newest: Content
    """The goal events that fired last, kept apart so that they can be scrolled into view."""

    cycles: Content


def debug_parts(talk: PanelConversation, currency: str) -> DebugParts:
    """Return the current contents of debug mode."""
    cycles, still_open = talk.cycles(), talk.open_cycles()
    fired = [_fire(fire, before, currency) for fire, before in zip(talk.fires, [None, *talk.fires], strict=False)]
    earlier = [_heading("Goal events"), *(line for lines in fired[:-1] for line in lines)]
    newest = fired[-1] if fired else [_quiet("None has fired yet.")]
    rest = [Content(""), _heading("Cycles")]
    rest += [line for cycle in cycles for line in _cycle(talk, cycle, still_open)] or [
        _quiet("The initial step of a goal opens one.")
    ]
    rest += [Content(""), _heading("Earned"), *_earned(cycles, currency)]
    rest += [Content(""), _quiet(f"Session {talk.session_id}"), _quiet("Reports leave it out unless asked.")]
    state = [_state(cycles, currency)]
    if len(cycles) > 1:
        state += [_open_cycle(cycle) for cycle in cycles if cycle.cycle.cycle_id in still_open]
    return DebugParts(_lines(state), _lines(earlier), _lines(newest), _lines(rest))


def _state(cycles: list[Timeline], currency: str) -> Content:
    """Return the state in one line: `✔ Completed · €8.20 · 9 min 30 s`.

    Cost savings and revenue are added up; several cycles are counted by outcome.
    """
    if not cycles:
        return _quiet("No cycle yet")
    parts = []
    for outcome, color in COLORS.items():
        count = sum(timeline.cycle.outcome == outcome for timeline in cycles)
        if count:
            words = OUTCOME_TITLES[outcome] if len(cycles) == 1 else f"{count} {OUTCOME_TITLES[outcome].lower()}"
            parts.append(Content.styled(f"{OUTCOME_GLYPHS[outcome]} {words}", f"bold {color}"))
    total = _sum_of(cycles)
    parts.append(Content(format_money(total.cost_savings + total.revenue, currency)))
    parts.append(Content(hours(total.time_saved_seconds)))
    return Content.styled(" · ", "$quiet").join(parts)


def _open_cycle(timeline: Timeline) -> Content:
    """Return an open cycle in one line: `◐ Partially completed, open  Book a Flight`."""
    name = Content(timeline.cycle.goal).truncate(_NAME, ellipsis=True)
    return Content.assemble(_outcome(timeline, "open"), "  ", name)


def worth(metrics: SuccessMetrics, currency: str) -> str:
    """Return what a step is worth, in words; empty if it is worth nothing."""
    seconds = metrics.time_saved_seconds
    parts = value_words(lambda amount: format_money(amount, currency), metrics.cost_savings, seconds, metrics.revenue)
    return " · ".join([*parts, "unpriced"] if metrics.unpriced else parts)


def _fire(fire: FiredNode, before: FiredNode | None, currency: str) -> list[Content]:
    """Return the lines of a node that fired; its goal's name stands above the first of those in a row."""
    lines = [] if before is not None and before.goal == fire.goal else [_quiet(fire.goal)]
    lines += [_step(step, currency) for step in fire.tracked]
    lines += [Content.styled(f"  ✖ {step.name} is not tracked", "$warning") for step in fire.missed]
    if fire.why:
        lines.append(Content.styled(f"    {fire.why}" if fire.missed else f"  ✖ {fire.why}", "$warning"))
    return lines


def _step(step: Step, currency: str) -> Content:
    look = "$completed" if step.kind == "completion" else "$primary"
    earned = worth(step.metrics, currency)
    return Content.assemble(
        (f"  {step.glyph} ", f"bold {look}"),
        Content(step.name),
        Content.styled(f"\n    {earned}" if earned else "", look),
    )


def _outcome(timeline: Timeline, state: str) -> Content:
    outcome = timeline.cycle.outcome
    words = Content.styled(f"{OUTCOME_GLYPHS[outcome]} {OUTCOME_TITLES[outcome]}", COLORS[outcome])
    return Content.assemble(words, Content.styled(f", {state}", "$quiet"))


def _cycle(talk: PanelConversation, timeline: Timeline, still_open: set[str]) -> list[Content]:
    cycle = timeline.cycle
    color = COLORS[cycle.outcome]
    glyphs = [
        Content.styled(f"{step.glyph} " if reached else "· ", color if reached else "$quiet")
        for step, reached in talk.glyphs(cycle.goal_id, cycle.reached)
    ]
    state = "open" if cycle.cycle_id in still_open else "closed"
    return [
        Content.assemble("  ", *glyphs, Content.styled(cycle.goal, "bold")),
        Content.assemble("  ", _outcome(timeline, state)),
    ]


def _sum_of(cycles: list[Timeline]) -> SuccessMetrics:
    return SuccessMetrics(
        cost_savings=sum((timeline.cycle.cost_savings for timeline in cycles), Decimal(0)),
        revenue=sum((timeline.cycle.revenue for timeline in cycles), Decimal(0)),
        time_saved_seconds=sum(timeline.cycle.time_saved_seconds for timeline in cycles),
    )


def _earned(cycles: list[Timeline], currency: str) -> list[Content]:
    total = _sum_of(cycles)
    rows = (
        ("Cost savings", format_money(total.cost_savings, currency)),
        ("Revenue", format_money(total.revenue, currency)),
        ("Time saved", hours(total.time_saved_seconds)),
    )
    return [
        Content.assemble(Content.styled(f"  {name:<14}", "$quiet"), Content.styled(value, "bold"))
        for name, value in rows
    ]


def _lines(lines: list[Content]) -> Content:
    return Content("\n").join(lines)


def _heading(text: str) -> Content:
    return Content.styled(text, "bold $primary")


def _quiet(text: str) -> Content:
    return Content.styled(text, "$quiet")
