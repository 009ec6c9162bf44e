"""Goals, flows and events for tests, by hand and (hypothesis) at random. Ids follow from names: readable failures."""

from __future__ import annotations

import hashlib
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from goals_tui.domain.drill_down import DrillDown
from goals_tui.domain.event import GoalEvent
from goals_tui.domain.filters import Filters
from goals_tui.domain.flow import (
    Branch,
    Condition,
    End,
    ExecuteFlow,
    Flow,
    GoTo,
    Handover,
    If,
    Lookup,
    Node,
    Once,
    Other,
    Question,
    Say,
    TrackGoal,
)
from goals_tui.domain.flow_edit import every_node
from goals_tui.domain.goal import Goal, Step, StepKind
from goals_tui.domain.value import SuccessMetrics, parse_amount, parse_duration
from goals_tui.services.insights.service import Insights

WHEN = datetime(2026, 10, 1, 8, 0, tzinfo=UTC)
"""The moment at which tests build everything."""


def hex_id(name: str) -> str:
    """The id that goes with a name: the same one every time."""
    return hashlib.sha256(name.encode()).hexdigest()[:24]


def uuid_of(name: str) -> str:
    """The UUID that goes with a name: the same one every time."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


def step(
    name: str,
    kind: StepKind = "step",
    *,
    cost: str = "0.00",
    revenue: str = "0.00",
    time: str = "00:00:00",
    goal_name: str = "",
) -> Step:
    """A step worth what is given; `goal_name` keeps ids of steps apart that share a name."""
    metrics = SuccessMetrics(
        cost_savings=parse_amount(cost, 4), revenue=parse_amount(revenue, 4), time_saved_seconds=parse_duration(time)
    )
    return Step(id=hex_id(f"step {goal_name} {name}"), name=name, kind=kind, metrics=metrics)


def goal(name: str, *steps: Step | str, version: int = 1, description: str = "") -> Goal:
    """A goal. Of steps given as names the first is the initial one, and `◎` begins a completion step."""
    made = []
    for place, given in enumerate(steps):
        if isinstance(given, Step):
            made.append(given)
            continue
        kind: StepKind = "initial" if place == 0 else "completion" if given.startswith("◎") else "step"
        made.append(step(given.lstrip("●○◎ "), kind, goal_name=name))
    return Goal(
        id=hex_id(f"goal {name}"),
        reference_id=uuid_of(f"goal {name}"),
        version=uuid_of(f"goal {name} version {version}"),
        revision=version,
        name=name,
        description=description,
        steps=tuple(made),
        created_at=WHEN,
        changed_at=WHEN,
    )


def flow(name: str, *nodes: Node, created_at: datetime = WHEN, description: str = "") -> Flow:
    """A flow of these nodes under Start."""
    return Flow(
        id=hex_id(f"flow {name}"),
        reference_id=uuid_of(f"flow {name}"),
        name=name,
        description=description,
        nodes=nodes,
        created_at=created_at,
        changed_at=created_at,
    )


def node_id(name: str) -> str:
    """The id of the node that a builder below made under this name."""
    return hex_id(f"node {name}")


def say(text: str, name: str = "") -> Say:
    """A Say node; its id follows from `name`, else from its text (so for every builder here)."""
    return Say(id=node_id(name or text), text=text)


def question(text: str, *buttons: str, save_as: str = "", name: str = "") -> Question:
    """A Question node."""
    return Question(id=node_id(name or text), text=text, buttons=buttons, save_as=save_as)


def if_(
    name: str, then: tuple[Node, ...] = (), otherwise: tuple[Node, ...] = (), condition: Condition | None = None
) -> If:
    """An If node; without a condition it asks whether the last answer is "yes"."""
    return If(
        id=node_id(name),
        label=name,
        condition=condition or Condition(to="yes"),
        branches=(Branch(kind="then", nodes=then), Branch(kind="else", nodes=otherwise)),
    )


def lookup(name: str, cases: dict[str, tuple[Node, ...]], default: tuple[Node, ...] = (), of: str = "") -> Lookup:
    """A Lookup node with a branch for each case, and Default last."""
    branches = [Branch(kind="case", value=value, nodes=nodes) for value, nodes in cases.items()]
    return Lookup(id=node_id(name), label=name, of=of, branches=(*branches, Branch(kind="default", nodes=default)))


def once(name: str, first: tuple[Node, ...] = (), afterwards: tuple[Node, ...] = ()) -> Once:
    """A Once node."""
    branches = (Branch(kind="first", nodes=first), Branch(kind="afterwards", nodes=afterwards))
    return Once(id=node_id(name), label=name, branches=branches)


def track(tracked: Goal, *steps: str, name: str = "") -> TrackGoal:
    """A Track Goal Process node for steps of a goal, given by name."""
    return TrackGoal(
        id=node_id(name or f"track {tracked.name} {' '.join(steps)}"),
        goal_id=tracked.id,
        step_ids=tuple(tracked.step(wanted).id for wanted in steps),
    )


def go_to(target: str, name: str = "") -> GoTo:
    """A Go To node to the flow that `flow(target)` makes."""
    return GoTo(id=node_id(name or f"go to {target}"), flow_id=hex_id(f"flow {target}"))


def execute(target: str, name: str = "") -> ExecuteFlow:
    """An Execute Flow node for the flow that `flow(target)` makes."""
    return ExecuteFlow(id=node_id(name or f"execute {target}"), flow_id=hex_id(f"flow {target}"))


def handover(text: str = "", name: str = "handover") -> Handover:
    """A Handover to Agent node."""
    return Handover(id=node_id(name), text=text)


def end(name: str = "end") -> End:
    """An End node."""
    return End(id=node_id(name))


def other(type_: str, content: dict[str, Any] | None = None, *branches: tuple[Node, ...]) -> Other:
    """A node of a kind that is not interpreted."""
    return Other(
        id=node_id(type_),
        type=type_,
        content=content or {},
        branches=tuple(Branch(kind="other", nodes=nodes) for nodes in branches),
    )


def book_a_flight() -> Goal:
    """The goal of the seed's example: flight selected, passenger entered, payment completed."""
    name = "Book a Flight"
    return goal(
        name,
        step("Flight selected", "initial", goal_name=name),
        step("Passenger information entered", cost="2.50", time="00:03:00", goal_name=name),
        step("Payment completed", "completion", cost="12.50", revenue="45.00", time="00:08:00", goal_name=name),
    )


def book_a_flight_flow(tracked: Goal | None = None) -> Flow:
    """The flow of the seed's example: a Track Goal Process node after each user action."""
    tracked = tracked or book_a_flight()
    return flow(
        "Book a Flight",
        say("Welcome aboard. Where would you like to go?"),
        question("Which flight do you choose?", "Berlin", "Lisbon", "Oslo", save_as="flight"),
        track(tracked, "Flight selected"),
        question("Who is travelling?", save_as="passenger"),
        track(tracked, "Passenger information entered"),
        question("Shall I charge your card?", "yes", "no"),
        if_(
            "Paid?",
            (track(tracked, "Payment completed"), say("Thank you, your ticket is on its way.")),
            (say("I keep your booking for a day."),),
        ),
    )


def event(
    tracked: Goal,
    step_name: str,
    *,
    cycle: str = "1",
    seconds: float = 0,
    session: str = "session",
    version: str | None = None,
    number: int = 0,
    **fields: Any,
) -> GoalEvent:
    """An event of a step, `seconds` after WHEN; `number` keeps ids of repeated events apart."""
    reached = tracked.step(step_name)
    return GoalEvent(
        id=hex_id(f"event {tracked.id} {reached.id} {cycle} {seconds} {number}"),
        version=tracked.version if version is None else version,
        timestamp=WHEN + timedelta(seconds=seconds),
        goal_cycle_id=uuid_of(f"cycle {cycle}"),
        step_id=reached.id,
        goal_id=tracked.id,
        session_id=session,
        **fields,
    )


# --- hypothesis -------------------------------------------------------------------------------------------------


def amounts(digits: int = 2, largest: str = "1000000") -> st.SearchStrategy[Decimal]:
    """Money with so many decimals."""
    return st.decimals(0, Decimal(largest), places=digits, allow_nan=False, allow_infinity=False)


def names() -> st.SearchStrategy[str]:
    """Names as people give them: with markup, emoji, right-to-left text; never empty."""
    odd = st.sampled_from(["[/foo]", "[", "✈️ Flug", "予約", "حجز", "a" * 300, 'O\'Hara "x"', "=1+1"])
    return st.one_of(odd, st.text("abcdefgh XYZ0123-", min_size=1, max_size=20).filter(lambda text: text.strip()))


@st.composite
def goals(draw: st.DrawFn, name: str | None = None) -> Goal:
    """A goal that may be saved, of two to six steps."""
    goal_name = name if name is not None else draw(names())
    further: list[StepKind] = ["step", "completion"]
    kinds = draw(st.lists(st.sampled_from(further), max_size=4))
    steps = [step("Start", "initial", goal_name=goal_name)]
    last: StepKind = "completion"
    for place, kind in enumerate([*kinds, last]):
        metrics = SuccessMetrics(
            cost_savings=draw(amounts(largest="500")),
            revenue=draw(amounts(largest="500")),
            time_saved_seconds=draw(st.integers(0, 7200)),
        )
        made = step(f"Step {place + 1}", kind, goal_name=goal_name)
        steps.append(made.model_copy(update={"metrics": metrics}))
    return goal(goal_name, *steps)


ANSWERS = ("yes", "no", "maybe", "")
"""The values that random flows compare with, and so the answers worth giving."""


@st.composite
def node_sequences(
    draw: st.DrawFn, tracked: tuple[Goal, ...], targets: tuple[str, ...], prefix: str, depth: int = 2
) -> tuple[Node, ...]:
    """Nodes of every kind; `targets` are names of flows for Go To and Execute Flow, `prefix` keeps ids apart."""
    kinds = ["say", "question", "other"] + ["track"] * (4 if tracked else 0)
    # What cuts a sequence short is rare, or little of a flow would ever run.
    kinds += ["if", "lookup", "once"] * (2 if depth else 0) + ["go_to", "execute", "execute"] * bool(targets)
    kinds += ["end", "handover"]
    nodes: list[Node] = []
    for place, kind in enumerate(draw(st.lists(st.sampled_from(kinds), max_size=4))):
        name = f"{prefix}.{place}"
        nodes.append(_random_node(draw, kind, name, tracked, targets, depth))
    return tuple(nodes)


def _random_node(
    draw: st.DrawFn, kind: str, name: str, tracked: tuple[Goal, ...], targets: tuple[str, ...], depth: int
) -> Node:
    def inside(branch: str) -> tuple[Node, ...]:
        return draw(node_sequences(tracked, targets, f"{name}.{branch}", depth - 1))

    match kind:
        case "track":
            chosen = draw(st.sampled_from(tracked))
            wanted = draw(
                st.lists(st.sampled_from([s.name for s in chosen.steps]), min_size=1, max_size=2, unique=True)
            )
            return track(chosen, *wanted, name=name)
        case "question":
            return question(f"{name}?", name=name, save_as=draw(st.sampled_from(["", "a", "b"])))
        case "if":
            condition = Condition(
                of=draw(st.sampled_from(["", "a", "b"])),
                comparison=draw(st.sampled_from(["equals", "not_equals", "contains", "exists"])),
                to=draw(st.sampled_from(ANSWERS)),
            )
            return if_(name, inside("then"), inside("else"), condition)
        case "lookup":
            values = draw(st.lists(st.sampled_from(ANSWERS[:3]), max_size=2, unique=True))
            return lookup(name, {value: inside(value) for value in values}, inside("default"))
        case "once":
            return once(name, inside("first"), inside("afterwards"))
        case "go_to":
            return go_to(draw(st.sampled_from(targets)), name)
        case "execute":
            return execute(draw(st.sampled_from(targets)), name)
        case "end":
            return end(name)
        case "handover":
            return handover(name=name)
        case "other":
            return other("code", {"name": name}).model_copy(update={"id": node_id(name)})
        case _:
            return say(name)


@st.composite
def flow_sets(draw: st.DrawFn, tracked: tuple[Goal, ...] = (), most: int = 3) -> tuple[Flow, ...]:
    """Flows that refer to each other at random, also in circles and to themselves, also to single nodes."""
    flow_names = tuple("ABCDE"[: draw(st.integers(1, most))])
    made = [
        flow(name, *draw(node_sequences(tracked, flow_names, name)), created_at=WHEN + timedelta(minutes=place))
        for place, name in enumerate(flow_names)
    ]
    places = {one.id: ["", *(node.id for node in one.walk()), hex_id("gone")] for one in made}

    def led(node: Node) -> Node:
        if not isinstance(node, GoTo | ExecuteFlow) or not draw(st.booleans()):
            return node
        return node.model_copy(update={"node_id": draw(st.sampled_from(places[node.flow_id]))})

    return tuple(one.model_copy(update={"nodes": every_node(one.nodes, led)}) for one in made)


def count_behind(insights: Insights, filters: Filters, **behind: Any) -> int:
    """Return the number of cycles in the list behind a number."""
    with insights.cycle_list(filters, DrillDown(**behind)) as found:
        return len(found)
