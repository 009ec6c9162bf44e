"""Creation of the demo's content: goals, flows, ninety days of simulated conversations, and saved filters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from goals_tui.domain.event import INTERACTION_PANEL
from goals_tui.domain.filters import Choice, Filters, start_of_day
from goals_tui.domain.goal import Goal
from goals_tui.domain.ids import Ids
from goals_tui.domain.project import zone
from goals_tui.domain.value import parse_amount
from goals_tui.services.demo import content
from goals_tui.services.simulation import Profile, Release, Simulation

if TYPE_CHECKING:
    from goals_tui.services.insights.saved_filters import SavedFilters

DAYS = 90
OLD, NEW = "v1.8", "v2.0 shorter forms"
NEW_SINCE_DAYS = 9
"""Number of days that the second snapshot has been in use, so that the last week shows its effect."""


@dataclass(frozen=True)
class Traffic:
    """The conversations of one flow, given by its name.

    `daily` is their number a day and `leaves` the probability of leaving at a question, for either snapshot.
    """

    flow: str
    daily: tuple[float, float]
    profile: Profile
    leaves: tuple[float, float]
    better: dict[str, float]
    """Weights of answers that differ with the second snapshot."""


def fill(path: Path, now: datetime, ids: Ids) -> int:
    """Create the demo's workspace at `path`, and return the number of conversations. Raises GoalsError, OSError.

    Everything depends on the day of `now` in the demo's time zone; conversations that are not over by `now` are left
    out.
    """
    from goals_tui.services.context import create_workspace

    berlin = zone(content.TIME_ZONE)
    today = now.astimezone(berlin).date()
    first, release, end = (today + timedelta(days=days) for days in (1 - DAYS, 1 - NEW_SINCE_DAYS, 1))
    start, released, midnight = (start_of_day(day, berlin) for day in (first, release, today))
    moment = start
    services = create_workspace(
        path,
        name=content.PROJECT,
        currency=content.CURRENCY,
        time_zone=content.TIME_ZONE,
        clock=lambda: moment,
        ids=ids,
        env={},
    )
    make = content.Maker(services.ids, start)
    goals = content.goals(make)
    goals = content.Goals(*(services.goals.save(goal) for goal in (goals.flight, goals.claim, goals.sim)))
    farewell = services.flows.save(content.farewell(make))
    services.flows.save(content.book_a_flight(make, goals.flight, farewell))
    services.flows.save(content.report_a_claim(make, goals.claim, farewell))
    services.flows.save(content.activate_a_sim(make, goals.sim, farewell))
    moment = now
    simulation, flows = services.simulation, {flow.name: flow.id for flow in services.flows.all()}
    count = sum(_simulate(simulation, flows, one, 0, first, release) for one in traffic())
    moment = released
    services.goals.save(_dearer(goals.flight))
    moment = now
    count += sum(_simulate(simulation, flows, one, 1, release, end) for one in traffic())
    moment = midnight
    services.flows.save(content.change_a_booking(make, goals.flight))
    _save_filters(services.filters, goals)
    services.workspace.events.sync()
    return count


def _simulate(simulation: Simulation, flows: Mapping[str, str], one: Traffic, part: int, first: date, end: date) -> int:
    profile = replace(
        one.profile,
        releases=(Release((OLD, NEW)[part], None, one.leaves[part]),),
        answers={**one.profile.answers, **(one.better if part else {})},
    )
    daily, seed = one.daily[part], part + 2 * sum(one.flow.encode())
    return simulation.simulate_days(
        flows[one.flow], first=first, end=end, daily=daily, seed=seed, profile=profile
    ).conversations


def traffic() -> list[Traffic]:
    """Return what conversations there are."""
    evenings = (2, 1, 1, 1, 1, 2, 4, 7, 8, 8, 8, 9, 11, 9, 8, 8, 9, 11, 13, 15, 15, 12, 8, 4)
    office = (1, 1, 1, 1, 1, 2, 4, 9, 13, 14, 13, 11, 9, 11, 12, 11, 10, 8, 5, 4, 3, 3, 2, 1)
    return [
        Traffic(
            "Book a Flight",
            (15, 22),
            Profile(
                endpoints={"Webchat": 58, "WhatsApp": 27, "Voice": 12, INTERACTION_PANEL: 3},
                locales={"English": 52, "Deutsch": 33, "Français": 15},
                answers={"Pay now": 5, "Hold it": 2.2, "Talk to someone": 1.2, "No, thanks": 5, "Window seat": 2.4,
                         "Extra bag": 1.4, "Lisbon": 4, "Oslo": 2, "Athens": 3},
                weekdays=(9, 8, 8, 9, 11, 13, 14),
                hours=evenings,
                pause_seconds=24,
            ),
            (0.11, 0.05),
            {"Pay now": 7, "Hold it": 1.6, "Talk to someone": 0.7},
        ),
        Traffic(
            "Report a Claim",
            (8, 11),
            Profile(
                endpoints={"Webchat": 45, "WhatsApp": 30, "Voice": 23, INTERACTION_PANEL: 2},
                locales={"English": 20, "Deutsch": 68, "Français": 12},
                answers={"Found it": 6, "Not at hand": 1.6, "Sent": 5, "Later": 1.6, "Register it": 5, "Not yet": 1.5,
                         "Yes, please": 2, "No": 3},
                weekdays=(16, 12, 11, 10, 9, 4, 4),
                hours=office,
                pause_seconds=41,
            ),
            (0.10, 0.06),
            {"Found it": 9, "Not at hand": 0.9, "Sent": 8, "Later": 1, "Not yet": 0.8},
        ),
        Traffic(
            "Activate a SIM",
            (9, 14),
            Profile(
                endpoints={"WhatsApp": 55, "Webchat": 30, "Voice": 11, INTERACTION_PANEL: 4},
                locales={"English": 35, "Deutsch": 45, "Français": 20},
                answers={"It matches": 8, "It is wrong": 1.6, "New number": 5, "Old number": 3, "Top up 10": 2,
                         "Later": 4, "Not yet": 1.2},
                weekdays=(11, 11, 10, 10, 12, 9, 4),
                pause_seconds=20,
            ),
            (0.08, 0.035),
            {"It is wrong": 0.6, "Top up 10": 3},
        ),
    ]  # fmt: skip


def _dearer(goal: Goal) -> Goal:
    """Return the goal with a higher revenue, so that reports show two versions, each at its own price."""
    steps = [
        step.model_copy(update={"metrics": step.metrics.model_copy(update={"revenue": parse_amount("16.50")})})
        if step.kind == "completion"
        else step
        for step in goal.steps
    ]
    return goal.model_copy(update={"steps": tuple(steps)})


def _save_filters(saved: SavedFilters, goals: content.Goals) -> None:
    saved.save("Last 30 days", Filters(span="last-30-days"))
    saved.save("Flights on WhatsApp", Filters(
        span="last-30-days", goals=Choice(values=(goals.flight.id,)), endpoints=Choice(values=("WhatsApp",))
    ))  # fmt: skip
    saved.save("Only the new snapshot", Filters(span="last-30-days", snapshots=Choice(values=(NEW,))))
    saved.save("Everything but voice", Filters(
        span="last-365-days", endpoints=Choice(values=("Voice",), negated=True)
    ))  # fmt: skip
