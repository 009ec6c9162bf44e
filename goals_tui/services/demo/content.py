"""Content of the demo: goals of three trades, the flows that track them, and a draft with wiring mistakes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from goals_tui.domain.flow import (
    Branch,
    BranchKind,
    Condition,
    End,
    ExecuteFlow,
    Flow,
    Handover,
    If,
    Lookup,
    Node,
    Once,
    Question,
    Say,
    TrackGoal,
)
from goals_tui.domain.goal import Goal, Step, StepKind
from goals_tui.domain.ids import Ids
from goals_tui.domain.model import Model
from goals_tui.domain.value import SuccessMetrics, parse_amount, parse_duration

PROJECT, CURRENCY, TIME_ZONE = "Meridian Service Desk", "EUR", "Europe/Berlin"

AnyNode = TypeVar("AnyNode", bound=Model)


@dataclass(frozen=True)
class Goals:
    """The goals of the demo."""

    flight: Goal
    claim: Goal
    sim: Goal


class Maker:
    """Builds goals and flows with ids from a seeded source."""

    def __init__(self, ids: Ids, now: datetime) -> None:
        self._ids = ids
        self._now = now

    def goal(self, name: str, description: str, *steps: Step) -> Goal:
        """Return an unsaved goal with these steps, the first of which is the initial step."""
        ids = self._ids
        return Goal(
            id=ids.hex24(),
            reference_id=ids.uuid(),
            version=ids.uuid(),
            name=name,
            description=description,
            steps=steps,
            created_at=self._now,
            changed_at=self._now,
        )

    def step(
        self, name: str, kind: StepKind = "step", cost: str = "0", revenue: str = "0", time: str = "00:00:00"
    ) -> Step:
        """Return a step with its success metrics."""
        metrics = SuccessMetrics(
            cost_savings=parse_amount(cost), revenue=parse_amount(revenue), time_saved_seconds=parse_duration(time)
        )
        return Step(id=self._ids.hex24(), name=name, kind=kind, metrics=metrics)

    def flow(self, name: str, description: str, *nodes: Node) -> Flow:
        """Return an unsaved flow."""
        return Flow(
            id=self._ids.hex24(),
            reference_id=self._ids.uuid(),
            name=name,
            description=description,
            nodes=nodes,
            created_at=self._now,
            changed_at=self._now,
        )

    def node(self, kind: type[AnyNode], **fields: Any) -> AnyNode:
        """Return a node of a kind."""
        return kind.model_validate({"id": self._ids.hex24(), **fields})

    def say(self, text: str) -> Say:
        """Return a Say node."""
        return self.node(Say, text=text)

    def ask(self, text: str, *buttons: str, save_as: str = "") -> Question:
        """Return a Question node."""
        return self.node(Question, text=text, buttons=buttons, save_as=save_as)

    def track(self, goal: Goal, *steps: str) -> TrackGoal:
        """Return a Track Goal Process node for steps given by name, labelled with the first of them."""
        step_ids = tuple(goal.step(step).id for step in steps)
        return self.node(TrackGoal, label=steps[0], goal_id=goal.id, step_ids=step_ids)

    def when(self, label: str, equals: str, then: tuple[Node, ...], otherwise: tuple[Node, ...] = ()) -> If:
        """Return an If node that compares the last answer."""
        branches = (Branch(kind="then", nodes=then), Branch(kind="else", nodes=otherwise))
        return self.node(If, label=label, condition=Condition(to=equals), branches=branches)

    def cases(self, label: str, cases: dict[str, tuple[Node, ...]], default: tuple[Node, ...] = ()) -> Lookup:
        """Return a Lookup node for the last answer."""
        branches = [Branch(kind="case", value=value, nodes=nodes) for value, nodes in cases.items()]
        return self.node(Lookup, label=label, branches=(*branches, Branch(kind="default", nodes=default)))

    def once(self, first: tuple[Node, ...], afterwards: tuple[Node, ...]) -> Once:
        """Return a Once node."""
        kinds: tuple[BranchKind, BranchKind] = ("first", "afterwards")
        return self.node(
            Once,
            branches=tuple(
                Branch(kind=kind, nodes=nodes) for kind, nodes in zip(kinds, (first, afterwards), strict=True)
            ),
        )

    def run(self, flow: Flow) -> ExecuteFlow:
        """Return an Execute Flow node."""
        return self.node(ExecuteFlow, flow_id=flow.id)


def goals(make: Maker) -> Goals:
    """Return goals for booking a flight, reporting a claim and activating a SIM, valued by the agent time they save."""
    return Goals(
        flight=make.goal(
            "Book a Flight",
            "A traveller finds, fills in and pays a flight without calling the service desk.",
            make.step("Flight selected", "initial"),
            make.step("Passenger information entered", cost="1.80", time="00:02:30"),
            make.step("Payment completed", "completion", cost="6.40", revenue="14.90", time="00:07:00"),
            make.step("Seat or baggage added", revenue="6.50", time="00:01:30"),
        ),
        claim=make.goal(
            "Report a Claim",
            "A policyholder reports damage and gets a claim number at once, at any hour.",
            make.step("Claim opened", "initial"),
            make.step("Policy verified", cost="2.40", time="00:03:00"),
            make.step("Damage described", cost="3.20", time="00:04:30"),
            make.step("Photos uploaded", cost="1.60", time="00:02:00"),
            make.step("Claim registered", "completion", cost="7.80", time="00:09:00"),
            make.step("Assessor booked", cost="4.10", time="00:05:00"),
        ),
        sim=make.goal(
            "Activate a SIM",
            "A customer activates a new SIM card, with a new number or the old one.",
            make.step("Activation requested", "initial"),
            make.step("Identity confirmed", cost="2.10", time="00:03:30"),
            make.step("SIM activated", "completion", cost="4.90", time="00:06:00"),
            make.step("Old number ported", "completion", cost="6.30", time="00:08:30"),
            make.step("First top-up bought", revenue="10.00", time="00:01:00"),
        ),
    )


def farewell(make: Maker) -> Flow:
    """Return the flow that ends the conversations."""
    return make.flow(
        "Farewell",
        "Executed at the end of every conversation.",
        make.ask("Did that help you today?", "Yes", "No"),
        make.when(
            "Helpful?", "Yes", (make.say("Glad to hear it. Goodbye!"),), (make.say("Thank you, we will do better."),)
        ),
    )


def book_a_flight(make: Maker, goal: Goal, end: Flow) -> Flow:
    """Return the flow for booking a flight, with the ways out that real conversations take."""
    paid = (
        make.track(goal, "Payment completed"),
        make.say("Paid. Your boarding pass is in your mailbox."),
        make.ask("Would you like anything with it?", "Window seat", "Extra bag", "No, thanks"),
        make.when("Nothing more?", "No, thanks", (), (make.track(goal, "Seat or baggage added"),)),
        make.run(end),
    )
    held = (make.say("I hold the fare for 24 hours."), make.run(end))
    agent = (make.node(Handover, text="I connect you with a colleague."),)
    return make.flow(
        "Book a Flight",
        "From the first greeting to the boarding pass.",
        make.once(
            (make.say("Welcome aboard. I find your flight, book it, and send the boarding pass."),),
            (make.say("Good to see you again."),),
        ),
        make.ask("Where would you like to go?", "Lisbon", "Oslo", "Athens", save_as="destination"),
        make.ask("I have these flights. Which one do you take?", "08:15 direct", "13:40 direct", "19:05, one stop"),
        make.track(goal, "Flight selected"),
        make.ask("Who is travelling? Name and date of birth, please.", save_as="passenger"),
        make.track(goal, "Passenger information entered"),
        make.ask("Shall I book it and charge your card?", "Pay now", "Hold it", "Talk to someone"),
        make.cases("Payment", {"Pay now": paid, "Hold it": held, "Talk to someone": agent}),
    )


def report_a_claim(make: Maker, goal: Goal, end: Flow) -> Flow:
    """Return the flow for reporting a claim; an assessor may be booked after the completion step."""
    booked = (make.track(goal, "Assessor booked"), make.say("Booked. You get a reminder the day before."))
    wrong = (make.say("I can't find this policy."), make.node(Handover, text="A colleague looks it up with you."))
    return make.flow(
        "Report a Claim",
        "Car and household claims.",
        make.say("I am sorry that something happened. Let us register it together."),
        make.ask("What is it about?", "Car", "Household", "Something else"),
        make.track(goal, "Claim opened"),
        make.ask("Which policy is it? The number is on your card.", "Found it", "Not at hand"),
        make.when("Policy known?", "Found it", (make.track(goal, "Policy verified"),), wrong),
        make.ask("What happened, and when?", save_as="damage"),
        make.track(goal, "Damage described"),
        make.ask("Can you send photos?", "Sent", "Later"),
        make.when("Photos?", "Sent", (make.track(goal, "Photos uploaded"),)),
        make.ask("Is everything right like this?", "Register it", "Not yet"),
        make.when(
            "Register?",
            "Register it",
            (
                make.track(goal, "Claim registered"),
                make.say("Your claim number is on its way."),
                make.ask("Shall an assessor come and have a look?", "Yes, please", "No"),
                make.when("Assessor?", "Yes, please", booked),
            ),
        ),
        make.run(end),
    )


def activate_a_sim(make: Maker, goal: Goal, end: Flow) -> Flow:
    """Return the flow for activating a SIM, with two ways to complete the goal."""
    new = (make.track(goal, "SIM activated"), make.say("Your new number is active."))
    old = (make.track(goal, "Old number ported"), make.say("Your old number moves over tonight."))
    failed = (make.say("The code did not match."), make.node(Handover, text="A colleague takes over."))
    return make.flow(
        "Activate a SIM",
        "New customers, and those who bring their number along.",
        make.ask("Do you have the SIM card in your hands?", "Yes", "Not yet"),
        make.when("Card there?", "Yes", (), (make.say("Come back when it has arrived."), make.node(End))),
        make.track(goal, "Activation requested"),
        make.ask("I sent you a code. What does it say?", "It matches", "It is wrong"),
        make.when("Code right?", "It matches", (make.track(goal, "Identity confirmed"),), failed),
        make.ask("A new number, or your old one?", "New number", "Old number"),
        make.cases("Number", {"New number": new, "Old number": old}),
        make.ask("Would you like to top up now?", "Top up 10", "Later"),
        make.when("Top up?", "Top up 10", (make.track(goal, "First top-up bought"),)),
        make.run(end),
    )


def change_a_booking(make: Maker, goal: Goal) -> Flow:
    """Return a draft with wiring mistakes that people really make, for `check` to report."""
    return make.flow(
        "Change a Booking (draft)",
        "Not published yet: see what the checks say.",
        make.ask("What would you like to change?", "The date", "The name"),
        make.cases(
            "What?",
            {
                "The date": (make.track(goal, "Flight selected"), make.ask("Which day suits you?", save_as="day")),
                "The name": (make.ask("How is the name spelled?"), make.track(goal, "Passenger information entered")),
            },
        ),
        make.ask("The change costs 25 euros. Shall I go on?", "Yes", "No"),
        make.when("Go on?", "Yes", (make.track(goal, "Payment completed"), make.node(End), make.say("Anything else?"))),
        make.node(TrackGoal, label="Boarding pass sent", goal_id=goal.id),
    )
