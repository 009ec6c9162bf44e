"""Explanations of a change or a number, and comparisons: each equals the command that its `x` copies."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from goals_tui.cli.decision_tables import explanation_json
from goals_tui.domain.filters import Choice, Filters
from goals_tui.tui.insights.compare import Compare
from goals_tui.tui.insights.how_made import HowMade
from goals_tui.tui.insights.screen import InsightsScreen
from goals_tui.tui.insights.tiles import Tile
from goals_tui.tui.insights.why import Why
from goals_tui.tui.sessions.screen import SessionsScreen
from tests.conftest import NOW
from tests.tui.harness import SIZES, messages, press, running, screen_text, settle
from tests.tui.insights.conftest import Scenario
from tests.tui.insights.test_copied_commands import Copied


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOALS_TUI_NOW", NOW.isoformat())


async def insights(pilot: Pilot[Any], filters: Filters = Filters()) -> InsightsScreen:
    screen = pilot.app.screen
    assert isinstance(screen, InsightsScreen)
    screen.use_filters(filters)
    await settle(pilot)
    return screen


@pytest.mark.parametrize("keys", [(), ("down",), ("r", "home"), ("b",), ("b", "v")], ids=" ".join)
async def test_why_says_what_explain_says(scenarios: dict[str, Scenario], keys: tuple[str, ...]) -> None:
    async with running(scenarios["data"](), area="insights") as pilot:
        await insights(pilot)
        await press(pilot, *keys, "W")
        why = pilot.app.screen
        assert isinstance(why, Why) and why.found is not None
        assert await Copied(pilot)() == explanation_json(why.found, 2)
        assert why.found.after.started > 0


async def test_each_part_leads_to_its_cycles(scenarios: dict[str, Scenario]) -> None:
    async with running(scenarios["data"](), area="insights") as pilot:
        await insights(pilot)
        await press(pilot, "W")
        why = pilot.app.screen
        assert isinstance(why, Why)
        ranked = [abs(row.part.contribution) for row in why.rows if row.part and row.effects is why.rows[0].effects]
        assert ranked == sorted(ranked, reverse=True) and len(ranked) > 1
        part = why.rows[1].part
        assert part is not None
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, SessionsScreen) and pilot.app.screen.pages is not None
        assert pilot.app.screen.pages.count == part.after.whole


async def test_why_of_a_release_explains_it_against_the_one_before(scenarios: dict[str, Scenario]) -> None:
    services = scenarios["data"]()
    async with running(services, area="insights") as pilot:
        screen = await insights(pilot, Filters(span="last-30-days"))
        await press(pilot, "l", "home", "W")
        assert isinstance(pilot.app.screen, InsightsScreen) and "is the first release here" in messages(pilot.app)[-1]
        await press(pilot, "end", "W")
        why = pilot.app.screen
        assert isinstance(why, Why) and why.found is not None and why.found.before is not None
        *_, before, release = services.insights.releases(screen.filters)
        assert why.found.releases == (before.snapshot, release.snapshot)
        assert (why.found.before, why.found.after) == (before.figures, release.figures)
        assert release.change is not None and release.change.completion_rate.difference is not None
        for each in why.found.dimensions:
            assert each.rate_effect + each.mix_effect == pytest.approx(release.change.completion_rate.difference)
            assert each.dimension != "snapshot"
        compared = await Copied(pilot)()
        assert compared["difference"]["completion_rate"]["difference"] == release.change.completion_rate.difference
        only_before = [row for row in why.rows if row.part and not row.part.after.whole]
        row = next(row for row in (*only_before, *why.rows) if row.part)
        await press(pilot, *["down"] * (why.rows.index(row) - 1), "enter")
        assert isinstance(pilot.app.screen, SessionsScreen) and pilot.app.screen.pages is not None
        assert row.part is not None
        assert pilot.app.screen.pages.count == (row.part.after.whole or row.part.before.whole)


async def test_why_of_all_time_says_that_nothing_is_before(scenarios: dict[str, Scenario]) -> None:
    async with running(scenarios["data"](), area="insights") as pilot:
        await insights(pilot, Filters(span="all"))
        await press(pilot, "W")
        assert "All time has nothing before it" in screen_text(pilot.app)


@pytest.mark.parametrize("size", SIZES, ids="{0[0]}x{0[1]}".format)
async def test_the_rule_of_a_number_is_shown_whole_before_its_examples(
    scenarios: dict[str, Scenario], size: tuple[int, int]
) -> None:
    async with running(scenarios["data"](), size, area="insights") as pilot:
        await insights(pilot, Filters(span="last-30-days"))
        await press(pilot, "i")
        rule, examples = pilot.app.screen.query_one("#rule-part"), pilot.app.screen.query_one("#examples")
        assert rule.max_scroll_y == 0, "the rule needs no scrolling"
        assert examples.size.height >= 3 and (size == SIZES[0] or examples.max_scroll_y == 0)


async def test_how_a_rate_is_made(scenarios: dict[str, Scenario]) -> None:
    async with running(scenarios["data"](), area="insights") as pilot:
        await insights(pilot)
        await press(pilot, "i")
        made = pilot.app.screen
        assert isinstance(made, HowMade) and made.made is not None
        figures = made.made.figures
        found = (await Copied(pilot)())["totals"]
        assert (found["started"], found["completed"]) == (figures.started, figures.completed)
        said = " ".join(str(made.query_one("#rule", Static).content).split())
        assert (
            f"{figures.completed:,} of the {figures.started:,} cycles that were started reached a completion step"
            in said
        )
        assert "Event log:" in said and "Goals: Book a Flight v1" in said and len(made.made.examples) == 5
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, SessionsScreen)


async def test_how_a_sum_is_made_adds_up(scenarios: dict[str, Scenario]) -> None:
    async with running(scenarios["data"](), area="insights") as pilot:
        screen = await insights(pilot)
        for place, metric in ((2, "time_saved_seconds"), (3, "cost_savings"), (4, "revenue")):
            screen.query(Tile)[place].focus()
            await press(pilot, "i")
            made = pilot.app.screen
            assert isinstance(made, HowMade) and made.made is not None
            total = getattr(made.made.figures, metric)
            worths = [(getattr(each.metrics, metric), each.cycles) for each in made.made.worths if each.metrics]
            assert sum(value * cycles for value, cycles in worths) == total != 0
            found = (await Copied(pilot)())["totals"][metric]
            assert str(found) == (f"{total:.2f}" if metric != "time_saved_seconds" else str(total))
            await press(pilot, "escape")


@pytest.mark.parametrize("tab", ["p", "r", "b", "l"])
async def test_two_marked_rows_are_compared(scenarios: dict[str, Scenario], tab: str) -> None:
    async with running(scenarios["data"](), area="insights") as pilot:
        await insights(pilot, Filters(span="last-30-days", endpoints=Choice(values=("[/Voice]",), negated=True)))
        await press(pilot, tab, "v", "home", "space", "down", "space", "C")
        compare = pilot.app.screen
        assert isinstance(compare, Compare) and compare.found is not None
        # Both days of Rate say themselves when they are.
        text = screen_text(pilot.app).replace("▌", " ")
        assert tab == "r" or "not endpoints: [/Voice]" in " ".join(text.split())
        found, shown = await Copied(pilot)(), compare.found
        assert found["dimension"] == shown.dimension
        for name, side in (("a", shown.a), ("b", shown.b)):
            assert {key: found[name][key] for key in side.figures.as_json()} == side.figures.as_json()
        assert found["difference"] == shown.change.as_json()
        assert shown.a.figures.started and shown.a.figures != shown.b.figures


async def test_two_saved_filters_are_compared(scenarios: dict[str, Scenario]) -> None:
    services = scenarios["data"]()
    async with running(services, area="insights") as pilot:
        await insights(pilot)
        await press(pilot, "C")
        assert "Mark two rows of a table" in messages(pilot.app)[-1]
        services.filters.save("Chat", Filters(span="last-30-days", endpoints=Choice(values=("Webchat",))))
        services.filters.save("Phone", Filters(span="last-7-days", endpoints=Choice(values=("[/Voice]",))))
        await press(pilot, "C", "enter", "enter")
        compare = pilot.app.screen
        assert isinstance(compare, Compare) and compare.found is not None
        found = await Copied(pilot)()
        assert [found[side]["started"] for side in "ab"] == [
            compare.found.a.figures.started,
            compare.found.b.figures.started,
        ]


async def test_rows_that_are_no_two_parts_are_refused_in_one_line(scenarios: dict[str, Scenario]) -> None:
    async with running(scenarios["data"](), area="insights") as pilot:
        await insights(pilot)
        await press(pilot, "n", "v", "space", "down", "space", "C")
        assert isinstance(pilot.app.screen, InsightsScreen)
        assert "two rows" in messages(pilot.app)[-1].lower()


async def test_nothing_was_started(scenarios: dict[str, Scenario]) -> None:
    async with running(scenarios["none"](), area="insights") as pilot:
        await insights(pilot)
        await press(pilot, "W")
        assert isinstance(pilot.app.screen, Why) and "there is no difference" in screen_text(pilot.app)
        await press(pilot, "escape", "i")
        assert "there is no rate" in screen_text(pilot.app)
