"""Figures with little data, not over or not clear say so on the screen, in charts as in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from textual.content import Content
from textual.widgets import Input

from goals_tui.domain.filters import Filters
from goals_tui.domain.report import Figures
from goals_tui.tui.app.dialogs import Ask
from goals_tui.tui.charts.canvas import Place
from goals_tui.tui.charts.chart import Chart, draw
from goals_tui.tui.charts.spec import Bars, Columns, Heat, Lines, Note, Nothing, Series
from goals_tui.tui.filters.texts import Formats
from goals_tui.tui.insights import over_time
from goals_tui.tui.insights.model import axis_of
from goals_tui.tui.insights.screen import InsightsScreen
from goals_tui.tui.insights.tiles import RUNNING, Tile, tiles_of
from goals_tui.tui.sessions.screen import SessionsScreen
from tests.builders import event
from tests.conftest import NOW, make_services
from tests.tui.harness import messages, press, running, screen_text, settle
from tests.tui.insights.conftest import WHEN, Scenario, flight

LABELS = tuple(f"Oct {day}" for day in range(1, 11))


def rate(*values: float, few: frozenset[int] = frozenset()) -> Lines:
    """A line of rates whose last bucket is not over."""
    labels = LABELS[: len(values)]
    series = Series("Completed", "completed", values, "✔", band=tuple((v - 0.1, v + 0.1) for v in values))
    return Lines(labels, labels, (series,), running=len(values) - 1, few=few)


def dots(text: str) -> int:
    return sum("\u2800" < letter <= "\u28ff" for letter in text)


def test_a_period_that_is_not_over_is_hollow_and_its_line_dashed() -> None:
    over = draw(replace(rate(0.6, 0.6, 0.6), running=None), 80, 14).canvas.text()
    now = draw(rate(0.6, 0.6, 0.6), 80, 14).canvas.text()
    assert now.count("○") == 1 and over.count("○") == 0
    assert dots(over) * 0.6 < dots(now) < dots(over) * 0.9, "half of the second way is left out"


def test_nothing_dives_to_zero_because_a_day_has_only_begun() -> None:
    text = draw(rate(0.8, 0.8, 0.0, few=frozenset({2})), 80, 14).canvas.text()
    drawn = [place for place, row in enumerate(text.split("\n")) if dots(row)]
    assert max(drawn) <= 5, "only the line between the days that are over"
    assert text.count("○") == 1


def test_columns_that_are_not_over_are_hatched() -> None:
    spec = Columns(LABELS[:2], LABELS[:2], (Series("A", "series-1", (4.0, 4.0)),), running=1)
    text = draw(spec, 60, 12).canvas.text()
    assert "█" in text and "▒" in text
    both = replace(spec, series=(*spec.series, Series("B", "series-2", (1.0, 1.0))))
    plain = draw(both, 60, 12, colors=False).canvas.text()
    assert "▓ ▓" in plain and "█ █" in plain, "each keeps its pattern, in dashes"


def test_the_band_of_the_interval_lies_behind_the_line_and_the_target_crosses_it() -> None:
    drawing = draw(replace(rate(0.5, 0.5, 0.5), running=None, target=0.8), 80, 20)
    assert "╌╌" in drawing.canvas.text() and "target 80 %" in drawing.canvas.text()
    painted = [paint.bg for row in drawing.canvas._cells for _, paint in row]
    assert painted.count("band-completed") > 100


def test_the_axis_can_show_the_range_of_the_rates_only() -> None:
    text = draw(replace(rate(0.52, 0.55, 0.57), fitted=True), 80, 16).canvas.text()
    assert "52 %" in text and "100 %" not in text and " 0 %" not in text


def test_notes_stand_on_the_axis() -> None:
    spec = replace(rate(0.5, 0.5, 0.5), notes=(Note(1, "Snapshot v2 first appears"),))
    assert draw(spec, 80, 14).canvas.text().count("◆") == 1


def heat(values: tuple[float | None, ...], few: frozenset[int] = frozenset()) -> Heat:
    titles = tuple(map(str, range(len(values))))
    return Heat(("Mon",), titles, titles, values, titles, titles, "cycles", few=few)


def test_one_odd_value_does_not_pale_all_others() -> None:
    values = (*(float(n % 10) for n in range(60)), 10_000.0)
    spec = heat(values)
    levels = [spec.level(mark, spec.ends()) for mark in range(len(values))]
    assert levels[-1] == 8 and levels[9] == 8 and levels[0] == 1
    few = heat(values, frozenset({60}))
    assert few.level(60, few.ends()) is None


def test_rows_with_few_cycles_are_dimmed() -> None:
    spec = Bars(("Much", "Little"), (Series("A", "completed", (50, 5)),), few=frozenset({1}))
    canvas = draw(spec, 60, 10).canvas
    tones = {text.strip(): paint.fg for row in canvas._cells for text, paint in row}
    assert (tones["Much"], tones["Little"]) == ("text", "muted")


async def test_an_unclear_change_has_no_colour_and_says_so(scenarios: dict[str, Scenario]) -> None:
    report = scenarios["data"]().insights.report(Filters())
    for before, words, good in (
        (Figures(started=100, completed=50), "no clear change", None),
        (Figures(started=1000, completed=100), "▲", True),
        (Figures(started=1000, completed=900), "▼", False),
    ):
        now = Figures(started=100, completed=55)
        facts = tiles_of(replace(report, totals=now, previous=before), None, Formats("EUR"))[0]
        assert facts.change[0].startswith(words) and facts.good is good
    assert all(facts.good is None for facts in tiles_of(report, None, Formats("EUR"))[2:])


async def test_a_sparkline_shows_the_day_that_is_not_over_as_hatched(scenarios: dict[str, Scenario]) -> None:
    async with running(scenarios["data"](), (160, 40), area="insights") as pilot:
        drawn = pilot.app.screen.query(Tile).first().render()
        assert isinstance(drawn, Content)
        assert drawn.plain.endswith(RUNNING)


def chart(screen: object) -> Chart:
    assert isinstance(screen, InsightsScreen)
    return screen.pane.chart


async def test_a_rate_of_few_cycles_says_of_how_many(scenarios: dict[str, Scenario]) -> None:
    async with running(scenarios["one-day"](), area="insights") as pilot:
        spec = chart(pilot.app.screen).spec
        assert isinstance(spec, Bars)
        few = [mark for mark in range(spec.size) if spec.total(mark) < 20]
        assert few and spec.few == frozenset(few)
        assert all(f"of {spec.total(mark):.0f}" in spec.columns[0].texts[mark] for mark in few)


async def test_the_funnel_lists_those_who_dropped_and_what_came_next(scenarios: dict[str, Scenario]) -> None:
    async with running(scenarios["data"](), area="insights") as pilot:
        await press(pilot, "n", "home")
        spec = chart(pilot.app.screen).spec
        assert isinstance(spec, Bars)
        dropped = spec.series[1].values[0]
        assert dropped and "At stake" in screen_text(pilot.app)
        await press(pilot, "c")
        assert f"{dropped} cycles dropped off after this step" in screen_text(pilot.app)
        assert "Nothing more" in screen_text(pilot.app)
        await press(pilot, "escape", "left", "enter")
        assert "dropped off after" in screen_text(pilot.app)
        assert isinstance(pilot.app.screen, SessionsScreen) and pilot.app.screen.pages is not None
        assert pilot.app.screen.pages.count == dropped
        await press(pilot, "escape", "o")
        assert "steps in strict order" in screen_text(pilot.app)
        assert len(chart(pilot.app.screen).spec.series) == 1


async def test_strict_order_leaves_out_what_was_skipped(tmp_path: Path) -> None:
    services, goal = make_services(tmp_path / "w"), flight()
    with services.workspace.documents.transaction() as transaction:
        transaction.put("goals", goal.id, goal.model_dump(mode="json"))
    start = (NOW - WHEN - timedelta(hours=2)).total_seconds()
    ways = {"all": (0, 1, 2), "skipped": (0, 2), "turned": (0, 2, 1), "begun": (0,)}
    for cycle, order in ways.items():
        services.workspace.events.append(
            [
                event(goal, goal.steps[step].name, cycle=cycle, session=cycle, seconds=start + 60 * place)
                for place, step in enumerate(order)
            ]
        )
    found = [services.insights.funnel(goal.id, Filters(), strict=strict) for strict in (False, True)]
    assert [[step.reached for step in funnel.steps] for funnel in found] == [[4, 2, 3], [4, 2, 1]]


@pytest.mark.parametrize("ending", ["md", "html", "svg"])
async def test_each_view_is_saved_as_a_document_and_nothing_is_replaced_unasked(
    ending: str, scenarios: dict[str, Scenario], tmp_path: Path
) -> None:
    path = tmp_path / f"view.{ending}"
    async with running(scenarios["data"](), area="insights") as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, InsightsScreen)

        async def save(name: Path) -> None:
            await press(pilot, "s")
            pilot.app.screen.query_one(Input).value = str(name)
            await press(pilot, "enter")

        for key in "prentbwl":
            path.unlink(missing_ok=True)
            await press(pilot, key)
            await save(path)
            assert pilot.app.screen is screen and screen.shown is not None
            text = path.read_text("utf-8").replace("\\", "")
            assert screen.shown.title.split(" · ")[0] in text
            assert ("<svg" in text) == (ending != "md")
        path.write_text("mine")
        await save(path)
        assert isinstance(pilot.app.screen, Ask)
        await press(pilot, "enter")
        assert path.read_text() == "mine", "the first answer keeps it"
        await save(path)
        await press(pilot, "right", "enter")
        assert "Releases" in path.read_text()
        await save(tmp_path / "view.png")
        assert "End the name in .csv, .md, .html or .svg." in screen_text(pilot.app)
        assert all(message.startswith("Saved") for message in messages(pilot.app))


async def test_a_target_and_annotations_are_on_the_chart_of_the_rate(scenarios: dict[str, Scenario]) -> None:
    services = scenarios["data"]()
    goal = services.goals.get("Book a Flight")
    services.goals.save(goal.model_copy(update={"target": Decimal("0.6")}))
    services.annotations.add("New welcome", at="2026-11-18")
    async with running(services, area="insights") as pilot:
        await press(pilot, "r")
        spec = chart(pilot.app.screen).spec
        assert isinstance(spec, Lines)
        assert spec.target is None, "of all goals together"
        assert Note(4, "New welcome", "✎") in spec.notes
        await press(pilot, "g", "down", "enter")
        assert "target 60 %" in screen_text(pilot.app)
        chart(pilot.app.screen).select(Place(4))
        await settle(pilot)
        assert "✎ New welcome" in screen_text(pilot.app)


def test_a_chosen_goal_that_was_not_started_is_not_taken_for_an_empty_span(scenarios: dict[str, Scenario]) -> None:
    axis = axis_of(scenarios["data"]().insights.report(Filters()), 80)
    spec = over_time.rate(axis, Formats("EUR"), goal_id="another").spec
    assert isinstance(spec, Nothing) and spec.title == "The chosen goal was not started in this span"
