"""Specs and what is drawn from them, without an app."""

from dataclasses import replace
from itertools import groupby, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style

from goals_tui.format import percent
from goals_tui.tui.charts.axis import PERCENT, Unit
from goals_tui.tui.charts.canvas import Paint, Place, ends_of, fit, split_cell
from goals_tui.tui.charts.chart import GAP, describe, draw, fitted
from goals_tui.tui.charts.spec import (
    SERIES_TONES,
    Bars,
    ChartSpec,
    Column,
    Columns,
    Heat,
    Lines,
    Nothing,
    Series,
    legend,
    ranked,
)

HOSTILE = ("[/foo]", "[", "[red]", "返品する", "العربية", "👩‍💻 app", "x" * 300, "\u0301combining")


def bars(labels: tuple[str, ...] = ("One", "Two")) -> Bars:
    count = len(labels)
    return Bars(
        labels,
        (
            Series("Completed", "completed", tuple(range(10, 10 + count)), "✔"),
            Series("Partial", "partial", (3,) * count, "◐"),
            Series("Incomplete", "incomplete", (0,) * count, "✕"),
        ),
        (Column("Started", tuple(str(13 + i) for i in range(count))), Column("Rate", ("77 %",) * count)),
    )


def columns(count: int = 10) -> Columns:
    labels = tuple(f"Oct {i + 1}" for i in range(count))
    return Columns(
        labels, labels, ranked([Series("A", "", (5.0,) * count), Series("B", "", (2.0,) * count)]), Unit("money", "€")
    )


def lines(count: int = 10) -> Lines:
    labels = tuple(f"Oct {i + 1}" for i in range(count))
    values = tuple(None if i == 4 else 0.5 for i in range(count))
    return Lines(labels, labels, (Series("Completed", "completed", values, "✔"),))


def test_a_metric_that_is_nowhere_above_zero_is_not_in_the_legend() -> None:
    assert [series.name for series in legend(bars())] == ["Completed", "Partial"]
    drawn = draw(bars(), 80, 12).canvas.text()
    assert "Partial" in drawn
    assert "Incomplete" not in drawn


def test_ranked_puts_the_largest_first_and_adds_up_the_rest() -> None:
    series = [Series(f"g{i}", "", (float(i), float(i))) for i in range(41)]
    result = ranked(series, "other goals")
    assert len(result) == SERIES_TONES
    assert result[0].name == "g40"
    assert result[-1].name == "33 other goals"
    assert sum(sum(v or 0 for v in one.values) for one in result) == 2 * sum(range(41))
    assert len({one.tone for one in result}) == SERIES_TONES


def test_bars_are_exact_to_an_eighth_of_a_cell() -> None:
    assert ends_of((13667, 3229, 6640), 23536, 10) == [46, 57, 80]
    assert split_cell([46, 57, 80], 40) == (6, 0, 1)
    assert split_cell([46, 57, 80], 56) == (1, 1, 2)
    assert ends_of((1, 0, 0), 1_000_000, 10) == [1, 1, 1], "what is there is seen"
    assert split_cell([3, 5], 0) == (5, 1, 1)


@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=9), st.integers(1, 60))
def test_every_cell_of_a_stack_can_be_drawn(values: list[float], cells: int) -> None:
    ends = ends_of(values, sum(values) or 1, cells)
    assert ends == sorted(ends)
    assert 0 <= ends[-1] <= cells * 8
    for low in range(0, ends[-1], 8):
        eighths, part, behind = split_cell(ends, low)
        assert 1 <= eighths <= 8
        assert part <= behind


def test_the_worked_example_of_the_original_report() -> None:
    completed, incomplete = (13667, 3601, 3425, 1396, 1358, 99), (6640, 3691, 3573, 3124, 11687, 0)
    partial = (3229, 3494, 3632, 0, 0, 0)
    spec = Bars(
        ("01", "04", "05", "03", "02", "08"),
        (Series("C", "completed", completed), Series("P", "partial", partial), Series("I", "incomplete", incomplete)),
    )
    started = sum(spec.total(mark) for mark in range(6))
    assert (sum(completed), started) == (23546, 62616)
    assert percent(sum(completed) / started) == "38 %"
    assert max(range(6), key=spec.total) == 0


@settings(deadline=None)  # The first drawing imports and caches; how fast charts are is measured by the benchmarks.
@given(
    st.sampled_from([bars(HOSTILE), columns(1), columns(365), lines(1), lines(200), Nothing("None", "Press f")]),
    st.integers(1, 220),
    st.integers(1, 60),
    st.integers(0, 5),
)
def test_any_spec_fits_any_size(spec: ChartSpec, width: int, height: int, mark: int) -> None:
    cursor = Place(mark % spec.size) if spec.size else None
    drawing = draw(spec, width, height, cursor)
    rows = drawing.canvas.text().split("\n")
    assert len(rows) == height
    assert all(cell_len(row) <= width for row in rows)
    for y in range(height):
        for x in range(0, width, 7):
            place = drawing.at(x, y)
            assert place is None or 0 <= place.mark < spec.size


def test_names_are_never_markup_and_keep_the_columns_straight() -> None:
    rows = draw(bars(HOSTILE), 100, 30).canvas.text().split("\n")
    numbered = [row for row in rows if row.endswith("77 %")]
    assert len(numbered) == len(HOSTILE)
    assert {cell_len(row) for row in numbered} == {100}, "the last column reaches the right edge"
    assert any("[/foo]" in row for row in numbered)


def test_a_line_over_time_comes_from_plotext_with_gaps_where_nothing_is_known() -> None:
    text = draw(lines(40), 100, 16).canvas.text()
    braille = [character for character in text if "\u2800" < character <= "\u28ff"]
    assert len(braille) > 50
    assert "100 %" in text
    assert " 50 %" in text
    row = next(row for row in text.split("\n") if any("\u2800" < character <= "\u28ff" for character in row))
    assert " " in row.strip().removeprefix("50 % "), "the gap stays empty"


def test_labels_of_time_and_money_on_the_axes() -> None:
    text = draw(columns(30), 100, 16).canvas.text()
    assert "€8" in text
    assert "Oct 1" in text
    assert "■ A" in text


@pytest.mark.parametrize("width", range(48, 130, 7))
def test_bars_have_one_pitch_and_stand_above_their_labels(width: int) -> None:
    rows = draw(columns(20), width, 16).canvas.text().split("\n")
    base = next(place for place, row in enumerate(rows) if "┬" in row)
    lowest = f"{rows[base - 1]} "
    starts = [x for x in range(1, len(lowest)) if lowest[x] == "█" and lowest[x - 1] != "█"]
    assert len(starts) == 20
    pitches = {after - before for before, after in pairwise(starts)}
    assert max(pitches) - min(pitches) <= 1
    assert len({lowest.index(" ", start) - start for start in starts}) == 1
    assert len(lowest.rstrip()) > width - max(pitches), "the last bar reaches the right edge"
    ticks = [x for x, mark in enumerate(rows[base]) if mark == "┬"]
    assert all(lowest[x] == "█" for x in ticks)
    between = {after - before for before, after in pairwise(ticks)}
    assert max(between) - min(between) <= 1, "no label is left out"
    assert all(rows[base + 1][x - 1 : x + 2].strip() for x in ticks)


def test_one_long_name_leaves_the_bars_their_room() -> None:
    row = next(row for row in draw(bars(("x" * 300, "Two")), 196, 4).canvas.text().split("\n") if "xxx" in row)
    assert row.index("█") < 42


def test_bars_stand_below_names_that_have_no_room_beside_them() -> None:
    names = ("Flight selected", "Passenger information entered", "Payment completed", "Seat or baggage added")
    spec = replace(
        bars(names), columns=tuple(Column(title, ("€4,009.71",) * 4) for title in ("Cycles", "Rate", "Lost", "Stake"))
    )
    rows = draw(spec, 78, 11).canvas.text().split("\n")
    assert [name for name in names if any(name in row for row in rows)] == list(names), "in full"
    first = next(place for place, row in enumerate(rows) if names[0] in row)
    assert "█" not in rows[first] and rows[first].count("€4,009.71") == 4 and rows[first + 1].index("█") < 4
    clicked = draw(spec, 78, 11).at(3, first + 1)
    assert clicked == Place(0, 0)
    low = draw(spec, 78, 7).canvas.text()
    assert "Passenger i" in low and names[1] not in low, "cut only where there is no second row"
    tall = draw(bars(("x" * 300, "Two")), 196, 20).canvas.text()
    assert "x" * 160 in tall


def test_bars_give_way_to_names_that_are_a_little_too_long() -> None:
    names = ("Français · Report a Claim", "English · Book a Flight")
    spec = replace(bars(names), columns=tuple(Column(title, ("56 % of 18",) * 2) for title in ("A", "B", "C")))
    text = draw(spec, 78, 4).canvas.text()
    assert all(name in text for name in names) and "█" in text


def test_numbers_of_a_narrow_heat_map_leave_a_gap() -> None:
    columns = tuple(f"{hour:02d}" for hour in range(24))
    values = tuple(10.0 * hour for hour in range(24))
    texts = tuple(f"{value:.0f}" for value in values)
    spec = Heat(("Mon",), columns, columns, values, texts, texts, "Value", Unit("money", "€"))
    legend_, *rows = draw(spec, 78, 6).canvas.text().split("\n")
    row = next(row for row in rows if "Mon" in row)
    assert " · × €10" in legend_ and row.split() == ["Mon", *(str(hour) for hour in range(24))]
    wide = draw(spec, 120, 6).canvas.text()
    assert "×" not in wide and "230" in wide


def test_rates_of_a_hundred_do_not_touch_their_neighbours_in_a_narrow_heat_map() -> None:
    columns = tuple(f"{hour:02d}" for hour in range(24))
    texts = ("100",) * 24
    spec = Heat(("Mon",), columns, columns, (1.0,) * 24, texts, texts, "Completion rate", PERCENT)
    legend_, *rows = draw(spec, 78, 6).canvas.text().split("\n")
    row = next(row for row in rows if "Mon" in row)
    assert legend_.endswith(" · ✔ 100 %") and row.split() == ["Mon", *("✔",) * 24]
    few = draw(replace(spec, few=frozenset(range(24))), 78, 6).canvas.text().split("\n")[0]
    assert few.endswith("Completion rate · ✔ 100 %"), "the legend says it also where no cell is coloured"
    wide = draw(spec, 120, 6).canvas.text()
    assert "✔" not in wide and "100 " in wide


def test_the_cursor_scrolls_long_lists() -> None:
    spec = bars(tuple(f"Goal {i}" for i in range(40)))
    drawing = draw(spec, 80, 12, Place(39))
    assert "Goal 39" in drawing.canvas.text()
    assert drawing.first > 0
    assert draw(spec, 80, 12, Place(39), drawing.first).first == drawing.first


def test_clicking_a_bar_means_its_mark_and_part() -> None:
    drawing = draw(bars(), 80, 12)
    found = {drawing.at(x, y) for y in range(12) for x in range(80)}
    assert {Place(0, 0), Place(0, 1), Place(1, 0), Place(1, 1)} <= found


def test_a_place_in_words() -> None:
    assert describe(bars(), Place(1)) == "Two  ✔ Completed 11  ◐ Partial 3"
    assert describe(bars(), Place(0, 0)) == "One  ✔ Completed 10"
    assert describe(columns(), Place(2)) == "Oct 3  ■ A €5  ■ B €2"
    assert describe(lines(), Place(4)) == "Oct 5  nothing"


def test_a_caption_gives_way_name_by_name_and_says_how_much_it_leaves_out() -> None:
    wide = Bars(("x" * 300,), (Series("Completed", "completed", (3,), "✔"), Series("Partial", "partial", (2,), "◐")))
    assert [part.words for part in fitted(wide, Place(0), 60)] == [f"{'x' * 23}…", "3", "2"]
    goals = [Series(f"A goal of number {i}", "", (float(i + 1),)) for i in range(8)]
    many = Columns(("Oct 1",), ("Thu 1 Oct 2026",), ranked(goals), Unit("money", "€"), totals=("€36.00",))
    for width in (200, 140, 100, 78, 60):
        parts = fitted(many, Place(0), width)
        assert sum(part.width + GAP for part in parts) - GAP <= width
        left_out = int(parts[-1].words[1:].removesuffix(" more")) if parts[-1].words.startswith("+") else 0
        assert sum(bool(part.glyph) for part in parts) + left_out == 8
        assert parts[1].words == "€36.00 in all"


def test_the_only_value_of_a_caption_is_never_left_out() -> None:
    words = "71 % (241 of 341); clearly higher, against v1.8 +21.1 points"
    release = Bars(("v2.0 shorter forms",), (Series("Rate", "completed", (0.7,), "●", (words,)),))
    assert words in fitted(release, Place(0), 40)[1].words


def test_the_name_of_an_only_series_gives_way_before_its_mark() -> None:
    words = "264 of 354, +26.0 points (+19.5 to +32.1) against v1.8"
    release = Bars(("v2.0 shorter forms",), (Series("Completed", "completed", (0.7,), "●", (words,)),))
    assert [part.words for part in fitted(release, Place(0), 78)] == ["v2.0 shorter forms", words]


def test_a_legend_always_names_what_the_others_add_up_to() -> None:
    series = [Series(f"Goal number {i}", "", (float(i),)) for i in range(41)]
    spec = Columns(("Oct 1",), ("Thu 1 Oct 2026",), ranked(series, "other goals"))
    for width in (30, 60, 80, 120, 200):
        line = draw(spec, width, 20).canvas.text().split("\n")[0]
        assert "33 other goals" in line
        assert line.count("■") + int(line.partition("+")[2] or 0) == SERIES_TONES


@settings(deadline=None)
@given(st.floats(1, 1e6), st.integers(9, 60))
def test_marks_of_an_axis_are_all_as_far_apart(top: float, height: int) -> None:
    for spec in (
        Columns(("a", "b"), ("a", "b"), (Series("A", "series-1", (top, 1.0)),)),
        Lines(("a", "b"), ("a", "b"), (Series("A", "completed", (1.0, 0.3)),)),
    ):
        rows = [
            number
            for number, line in enumerate(draw(spec, 60, height).canvas.text().split("\n")[:-2])
            if any(mark in line for mark in "▔┈")
        ]
        assert len({below - above for above, below in pairwise(rows)}) <= 1


def test_empty_says_so() -> None:
    text = draw(Nothing("No cycles in this span", "Press ] for a longer one."), 60, 10).canvas.text()
    assert "No cycles in this span" in text
    assert "Press ]" in text


def test_fit_counts_cells() -> None:
    assert fit("返品する", 5) == "返品…"
    assert fit("ab", 4) == "ab  "
    assert fit("abc", 0) == ""


# -- without colours


@pytest.mark.parametrize("width", [30, 80, 196])
def test_without_colours_the_parts_of_a_bar_have_patterns(width: int) -> None:
    counts = ((50, 1, 0), (1, 1, 1), (0, 0, 7), (0, 900, 1))
    spec = Bars(
        tuple(f"Goal {place}" for place in range(len(counts))),
        tuple(
            Series(name, tone, tuple(each[place] for each in counts), glyph)
            for place, (name, tone, glyph) in enumerate(
                (("Completed", "completed", "✔"), ("Partial", "partial", "◐"), ("Incomplete", "incomplete", "✕"))
            )
        ),
    )
    rows = draw(spec, width, 30, colors=False).canvas.text().split("\n")
    if width > 30:
        assert rows[0].split() == ["█", "Completed", "▓", "Partial", "░", "Incomplete"]
    for place, parts in enumerate(counts):
        row = next(row for row in rows if f"Goal {place}" in row)
        for count, pattern in zip(parts, "█▓░", strict=True):
            assert (pattern in row) == bool(count), row
        assert [pattern for pattern, _ in groupby(c for c in row if c in "█▓░")] == [
            pattern for count, pattern in zip(parts, "█▓░", strict=True) if count
        ]


def test_without_colours_columns_have_patterns_and_clicks_meet_them() -> None:
    drawing = draw(columns(20), 80, 14, colors=False)
    rows = drawing.canvas.text().split("\n")
    assert rows[0].split() == ["█", "A", "▓", "B"]
    for y, row in enumerate(rows[1:-2], 1):
        for x, character in enumerate(row):
            place = drawing.at(x, y)
            if place is not None and character in "█▓":
                assert place.part == "█▓".index(character)


@pytest.mark.parametrize("height", [5, 6, 8, 12])
def test_without_colours_a_small_bar_stays_small(height: int) -> None:
    """A stack of three that is a tenth of another one is no higher than it should be."""
    series = tuple(Series(name, name, (value, value * 10)) for name, value in (("A", 2.0), ("B", 1.0), ("C", 1.0)))
    rows = (
        draw(Columns(("1", "2"), ("1", "2"), series, named=False), 40, height, colors=False).canvas.text().split("\n")
    )
    tall = [sum(row[x : x + 1] in tuple("█▓░") for row in rows) for x in (10, 30)]
    assert tall[0] == 1 and tall[1] >= height - 3


@pytest.mark.parametrize("height", range(8, 24))
def test_a_hatched_bar_shows_all_its_parts(height: int) -> None:
    series = (Series("A", "a", (0.0, 6.5)), Series("B", "b", (0.0, 0.4)), Series("C", "c", (0.0, 0.4)))
    drawing = draw(Columns(("1", "2"), ("1", "2"), series, running=1), 40, height)
    tones: set[str | None] = set()

    def style(paint: Paint) -> Style:
        tones.add(paint.fg)
        return Style()

    drawing.canvas.strips(style)
    assert {"a", "b", "c"} <= tones
    assert {place.part for y in range(height) if (place := drawing.at(30, y))} >= {0, 1, 2}


def test_without_colours_a_bucket_that_is_not_over_keeps_its_patterns_in_dashes() -> None:
    spec = replace(columns(4), running=3)
    rows = draw(spec, 80, 14, colors=False).canvas.text().split("\n")[1:]
    bars = [[run for run in row.split("  ") if set(run) & set("█▓")] for row in rows]
    last = [runs[-1].strip() for runs in bars if len(runs) == 4]
    assert {character for run in last for character in run} == set("█▓ ")
    assert all(" " in run for run in last)


def test_without_colours_lines_differ_by_dashes_and_by_the_glyphs_of_their_points() -> None:
    labels = tuple(f"Oct {i + 1}" for i in range(30))
    both = (Series("Completed", "completed", (0.9,) * 30, "✔"), Series("Partial", "partial", (0.2,) * 30, "◐"))
    rows = draw(Lines(labels, labels, both), 80, 20, colors=False).canvas.text().split("\n")
    whole, dashed = (next(row for row in rows[1:] if glyph in row) for glyph in "✔◐")
    drawn = [sum("\u2800" < character <= "\u28ff" for character in row) for row in (whole, dashed)]
    assert drawn[1] < drawn[0] * 0.7
    assert "●" not in "".join(rows)


def test_without_colours_each_line_has_its_glyph_before_points_that_are_hollow() -> None:
    labels = tuple(f"Oct {i + 1}" for i in range(30))
    both = (
        Series("Completed", "completed", (0.8,) * 30, "✔"),
        Series("Partially completed", "partial", (0.2,) * 30, "◐"),
    )
    spec = Lines(labels, labels, both, running=29, few=frozenset({28}))
    _, *rows = draw(spec, 80, 20, colors=False).canvas.text().split("\n")
    for glyph in "✔◐":
        (row,) = (row for row in rows if glyph in row)
        assert row.index(glyph) < row.index("○")


@pytest.mark.parametrize(("now", "falls"), [(0.0, False), (0.4, True)])
def test_no_line_falls_to_a_bucket_in_which_nothing_has_ended_yet(now: float, falls: bool) -> None:
    labels = tuple(f"Oct {i + 1}" for i in range(4))
    spec = Lines(labels, labels, (Series("Completed", "completed", (0.8, 0.8, 0.8, now), "✔"),), running=3)
    rows = draw(spec, 80, 20).canvas.text().split("\n")
    point = max(row.find("○") for row in rows)
    assert point > 0
    drawn = [x for row in rows for x, character in enumerate(row) if "\u2800" < character <= "\u28ff"]
    assert (max(drawn) > point - 8) == falls


def test_a_chart_of_one_series_needs_no_pattern() -> None:
    assert draw(lines(), 80, 14, colors=False).canvas.text() == draw(lines(), 80, 14).canvas.text()
