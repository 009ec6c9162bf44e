"""`dropoffs`: against `cycles` and the plain rule."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from random import Random

import pytest

from goals_tui.domain.filters import Filters
from goals_tui.domain.goal import Goal
from goals_tui.services.context import Services
from tests.builders import event
from tests.cli.conftest import Cli
from tests.cli.decisions.conftest import FLIGHT


def test_drop_offs_add_up(desk: Cli) -> None:
    funnel = desk("funnel", FLIGHT, "--format", "json").json
    found = desk("dropoffs", FLIGHT, "--format", "json").json
    assert (found["goal"], found["started"]) == (FLIGHT, funnel["started"])
    assert [(each["name"], each["reached"]) for each in found["steps"]] == [
        (each["name"], each["reached"]) for each in funnel["steps"]
    ]
    listed = desk("cycles", "--goal", FLIGHT, "--format", "json").json
    order = [each["name"] for each in found["steps"]]
    worth = {"Passenger entered": Decimal("2.50"), "Payment completed": Decimal("12.50")}
    for place, each in enumerate(found["steps"]):
        name = each["name"]
        assert each["reached"] == each["dropped"] + each["went_on"] + each["completed"]
        assert sum(following["count"] for following in each["next"]) == each["dropped"]
        dropped = [row for row in listed if row["reached"][-1] == name and row["outcome"] != "completed"]
        assert each["dropped"] == len(dropped)
        assert desk("cycles", "--dropped-after", name, "--format", "json").json == dropped
        on = [row for row in listed if name in row["reached"] and row["reached"][-1] != name]
        assert each["went_on"] == len(on)
        if not on:
            assert each["at_stake"] is None
            continue
        later = sum(
            (worth.get(one, Decimal(0)) for row in on for one in row["reached"] if one in order[place + 1 :]),
            Decimal(0),
        )
        assert Decimal(each["at_stake"]["cost_savings"]) == round(later * len(dropped) / len(on), 2)
    assert "What came next after 'Passenger entered'" in desk("dropoffs", FLIGHT).out
    one = desk("dropoffs", FLIGHT, "passenger entered", "--format", "json").json["steps"]
    assert one == [found["steps"][1]]


def test_what_came_next(cli: Cli, services: Services, goals: list[Goal]) -> None:
    """Three cycles that dropped: one was the last of its session, one tried again, one turned to another goal."""
    tracked, other = goals
    told = [
        ("a", tracked, "1", "Flight selected", 0),
        ("b", tracked, "2", "Flight selected", 0),
        ("b", tracked, "3", "Flight selected", 60),
        ("b", tracked, "3", "Payment completed", 90),
        ("c", tracked, "4", "Flight selected", 0),
        # In the same moment as what it follows: the order of the steps decides.
        ("c", other, "5", "Chosen", 0),
        ("c", other, "5", "Reserved", 5),
        ("c", tracked, "6", "Flight selected", 9),
        ("c", tracked, "6", "Payment completed", 10),
    ]
    events = [
        event(of, name, cycle=cycle, session=session, seconds=seconds) for session, of, cycle, name, seconds in told
    ]
    services.workspace.events.append(events)
    (first, *_) = cli("dropoffs", FLIGHT, "--span", "all", "--format", "json").json["steps"]
    assert (first["reached"], first["dropped"]) == (5, 3)
    assert {each["what"]: each["count"] for each in first["next"]} == {
        "nothing more": 1,
        "the same goal again": 1,
        "another goal: Reserve a Table, Chosen": 1,
    }


@pytest.mark.parametrize("seed", range(4))
def test_what_came_next_by_the_plain_rule(services: Services, goals: list[Goal], seed: int) -> None:
    """Many events in the same moments, and cycles that span sessions: the last event of a cycle decides."""
    chance, tracked = Random(seed), goals[0]
    drawn = set()
    for _ in range(300):
        of = chance.choice(goals)
        cycle = f"{of.name[0]}{chance.randrange(60)}"
        session = f"s{int(cycle[1:]) % 20}" if chance.random() < 0.9 else f"s{chance.randrange(20)}"
        drawn.add((session, goals.index(of), cycle, chance.choice(of.steps).name, chance.randrange(12)))
    told = [(*rest, f"{number:03}") for number, rest in enumerate(sorted(drawn, key=lambda _: chance.random()))]
    services.workspace.events.append(
        [
            event(goals[of], name, cycle=cycle, session=session, seconds=seconds).model_copy(update={"id": id_})
            for session, of, cycle, name, seconds, id_ in told
        ]
    )

    def order(line: tuple[str, int, str, str, int, str]) -> tuple[int, int, str]:
        return line[4], [step.name for step in goals[line[1]].steps].index(line[3]), line[5]

    wanted: dict[str, Counter[str]] = {step.name: Counter() for step in tracked.steps}
    for cycle in {line[2] for line in told if line[1] == 0}:
        own = [line for line in told if line[2] == cycle]
        reached = {line[3] for line in own}
        if tracked.initial.name not in reached or "Payment completed" in reached:
            continue
        last = max(own, key=order)
        later = [line for line in told if line[0] == last[0] and line[2] != cycle and order(line) > order(last)]
        what = "nothing more"
        if later:
            _, of, _, name, *_ = min(later, key=order)
            what = "the same goal again" if of == 0 else f"another goal: {goals[of].name}, {name}"
        furthest = next(step.name for step in reversed(tracked.steps) if step.name in reached)
        wanted[furthest][what] += 1
    found = services.insights.drop_offs(tracked.id, Filters(span="all")).steps
    assert {each.name: Counter(dict(each.next)) for each in found} == wanted


def test_a_report_names_the_largest_loss_of_all_goals(desk: Cli) -> None:
    def money(at_stake: dict[str, str] | None) -> Decimal:
        return Decimal(at_stake["cost_savings"]) + Decimal(at_stake["revenue"]) if at_stake else Decimal(0)

    found = desk("report", "--format", "json").json
    loss = found["largest_loss"]
    steps = {
        (goal["name"], each["name"]): each
        for goal in found["goals"]
        for each in desk("dropoffs", goal["name"], "--format", "json").json["steps"]
    }
    there = steps[loss["goal"], loss["step"]]
    assert {key: loss[key] for key in ("reached", "dropped", "at_stake")} == {
        key: there[key] for key in ("reached", "dropped", "at_stake")
    }
    assert money(loss["at_stake"]) == max(money(each["at_stake"]) for each in steps.values()) > 0
    for format in ("table", "md"):
        assert f"Largest loss: {loss['goal']} after {loss['step']}" in " ".join(
            desk("report", "--format", format).out.split()
        )
    assert desk("report", "--from", "2025-01-01", "--to", "2025-01-02", "--format", "json").json["largest_loss"] is None
