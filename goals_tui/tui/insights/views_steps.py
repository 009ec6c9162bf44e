"""The funnel of a goal, and figures broken down by endpoint, locale, snapshot or version."""

from __future__ import annotations

from goals_tui.domain.goal import GLYPHS
from goals_tui.domain.report import NOTHING, Funnel, Outcome, PartFigures
from goals_tui.services.insights.service import Behind, Dimension
from goals_tui.tui.insights.table import Heading, Table
from goals_tui.tui.insights.views import (
    Lead,
    View,
    figure_cells,
    figure_headings,
    nothing,
    outcome_of,
    outcome_series,
    share_columns,
)
from goals_tui.tui.insights.words import Words, count_cell, lasted_cell, rate_cell, text_cell
from goals_tui.tui.widgets.chart_axis import percent
from goals_tui.tui.widgets.chart_spec import Bars, Column, Nothing, Series

NO_GOALS = Nothing("No goal yet", "Press 1, then n, to define the first one.")


def funnel(found: Funnel | None) -> View:
    """How many cycles reached each step of a goal, and how long after their start."""
    if found is None:
        return nothing("Funnel", NO_GOALS)
    title = f"Funnel · {found.goal}"
    if not found.started:
        hint = "Press ] for a longer span, or g for another goal."
        return nothing(title, Nothing(f"{found.goal} was not started in this span", hint))
    steps = found.steps
    lasted = [(lasted_cell(step.median_seconds), lasted_cell(step.p90_seconds)) for step in steps]
    reached = Series(
        "Reached",
        "primary",
        tuple(step.reached for step in steps),
        texts=tuple(f"{step.reached:,} of {found.started:,} ({percent(step.from_start)})" for step in steps),
    )
    spec = Bars(
        labels=tuple(step.name for step in steps),
        series=(reached,),
        columns=(
            Column("Cycles", tuple(f"{step.reached:,}" for step in steps)),
            Column("Of start", tuple(percent(step.from_start) for step in steps), "primary"),
            Column("Of previous", tuple(percent(step.from_previous) for step in steps)),
            Column("Median", tuple(median.text for median, _ in lasted), "muted"),
            Column("90 % within", tuple(p90.text for _, p90 in lasted), "muted", wide_only=True),
        ),
        glyphs=tuple(GLYPHS[step.kind] for step in steps),
        top=max(found.started, *(step.reached for step in steps)),
        ghost=True,
    )
    table = Table(
        (
            Heading("Step", "step", numeric=False),
            Heading("Kind", "kind", numeric=False),
            Heading("Cycles", "reached"),
            Heading("Of start", "from_start"),
            Heading("Of previous", "from_previous", brief_title="Of prev."),
            Heading("Median", "median_seconds"),
            Heading("90 % within", "p90_seconds", brief_title="90 %"),
        ),
        tuple(
            (
                text_cell(step.name),
                text_cell(step.kind),
                count_cell(step.reached),
                rate_cell(step.from_start),
                rate_cell(step.from_previous),
                *lasted[place],
            )
            for place, step in enumerate(steps)
        ),
    )
    leads = tuple(Lead(Behind(goal_id=found.goal_id, step_id=step.step_id)) for step in steps)
    return View(
        title, spec, table, lambda place: leads[place.mark], leads, notes=tuple(found.notes), hint=("g", "another goal")
    )


DIMENSIONS: tuple[Dimension, ...] = ("endpoint", "locale", "snapshot", "version")


def breakdown(parts: list[PartFigures], dimension: Dimension, words: Words) -> View:
    """One stacked bar an endpoint, locale, snapshot or version."""
    title = f"By {dimension}"
    if not parts:
        return nothing(title)
    figures = [part.figures for part in parts]
    following = DIMENSIONS[(DIMENSIONS.index(dimension) + 1) % len(DIMENSIONS)]

    def lead(part: PartFigures, outcome: Outcome | None = None) -> Lead:
        return Lead(Behind(part=(dimension, part.part), outcome=outcome), part_title=part.title)

    spec = Bars(
        labels=tuple(part.title for part in parts),
        series=outcome_series(figures),
        columns=share_columns(figures),
    )
    table = Table(
        (Heading(dimension.capitalize(), dimension, numeric=False), *figure_headings(words)),
        tuple((text_cell(part.title), *figure_cells(part.figures, words)) for part in parts),
        (text_cell("Total"), *figure_cells(sum(figures, NOTHING), words)),
    )
    return View(
        title,
        spec,
        table,
        lambda place: lead(parts[place.mark], outcome_of(place)),
        tuple(lead(part) for part in parts),
        hint=("d", f"by {following}"),
    )
