"""Commands that help to decide: `compare`, `explain`, `dropoffs`, `times`, `releases`, `what-if`, `targets`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from goals_tui.cli.commands import Commands
from goals_tui.cli.decision_tables import (
    drop_offs_json,
    explanation_json,
    moves_json,
    print_comparison,
    print_drop_offs,
    print_explanation,
    print_releases,
    print_targets,
    print_times,
    print_what_if,
    release_json,
    side_json,
    target_json,
    times_json,
)
from goals_tui.cli.documents import (
    DocumentFormat,
    DocumentFormatOption,
    DocumentOutputOption,
    check_document,
    hand_over,
)
from goals_tui.cli.figures import (
    FIGURES,
    STAKE_COLUMNS,
    stake_columns,
)
from goals_tui.cli.filter_options import Build, with_filters
from goals_tui.cli.output import (
    ExcelOption,
    Format,
    FormatOption,
    check_excel,
    print_csv,
    print_json,
    say,
)
from goals_tui.cli.output_file import ForceOption
from goals_tui.cli.run import FOUND_PROBLEMS
from goals_tui.cli.state import services_with_goals
from goals_tui.domain.errors import RefusedError, WrongValueError, nearest_names
from goals_tui.domain.filters import Choice
from goals_tui.domain.project import currency_digits
from goals_tui.domain.report import BREAKDOWN_DIMENSIONS
from goals_tui.domain.value import parse_amount, parse_duration
from goals_tui.format import span_dates

if TYPE_CHECKING:
    from goals_tui.domain.goal import Goal, Step

GoalArgument = Annotated[str, typer.Argument(metavar="GOAL", help="A goal's name or id.")]


def register(app: Commands, name: str) -> None:
    """Register the command `name`."""
    commands: dict[str, Callable[..., None]] = {
        "compare": compare,
        "explain": explain,
        "dropoffs": dropoffs,
        "times": times,
        "releases": releases,
        "targets": targets,
        "what-if": what_if,
    }
    app.command(name)(with_filters(commands[name]))


# -- compare


def compare(
    context: typer.Context,
    dimension: Annotated[
        str, typer.Argument(metavar="DIM", help=f"One of: {', '.join(BREAKDOWN_DIMENSIONS)}, span, filter.")
    ],
    a: Annotated[
        str,
        typer.Argument(
            metavar="A",
            help='A part by its name ("" for cycles without one); a span, "previous", or D..D; a saved filter.',
        ),
    ],
    b: Annotated[str, typer.Argument(metavar="B", help="What it is compared with: differences are B - A.")],
    filters: Build,
    format: DocumentFormatOption = DocumentFormat.TABLE,
    output: DocumentOutputOption = None,
    force: ForceOption = False,
    excel: ExcelOption = False,
) -> None:
    """Compare two parts of a dimension, two spans or two filters."""
    check_excel(excel, format)
    check_document(format, output)
    known = next((each for each in BREAKDOWN_DIMENSIONS if each == dimension.strip().casefold()), None)
    what = dimension.strip().casefold()
    if known is None and what not in ("span", "filter"):
        names = [*BREAKDOWN_DIMENSIONS, "span", "filter"]
        near = nearest_names(dimension, names, 1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise WrongValueError(f"{dimension!r} is not a dimension.{hint} Use one of: {', '.join(names)}.")
    if what == "span" and filters.names_span:
        raise typer.BadParameter("compare span says itself which spans: leave --span, --from and --to out.")
    opened = services_with_goals(context)
    if known is not None:
        result = opened.insights.compare(known, a, b, filters(opened))
    elif what == "span":
        result = opened.insights.compare_spans(a, b, filters(opened))
    else:
        one, other = ((name, filters(opened, base=opened.filters.get(name))) for name in (a, b))
        result = opened.insights.compare_filters(one, other)
    currency = opened.project.get().currency
    digits = currency_digits(currency)
    sides = [side_json(side, digits) for side in (result.a, result.b)]
    if format.document:
        from goals_tui.services.insights.documents import comparison_document

        document = comparison_document(result, currency, opened.insights.origin_of(result))
        hand_over(document, format, output, force)
    elif format is DocumentFormat.JSON:
        print_json(
            {"dimension": result.dimension, "a": sides[0], "b": sides[1], "difference": result.change.as_json(digits)}
        )
    elif format is DocumentFormat.CSV:
        print_csv(sides, ["part", *FIGURES], excel=excel)
    else:
        scope = opened.insights.scope(filters(opened)) if known is not None else ""
        print_comparison(result, currency, scope)


# -- explain


def explain(
    context: typer.Context,
    filters: Build,
    format: DocumentFormatOption = DocumentFormat.TABLE,
    output: DocumentOutputOption = None,
    force: ForceOption = False,
    excel: ExcelOption = False,
) -> None:
    """Explain why the completion rate differs from the period before.

    Splits the difference into what changed within parts and what changed in their shares.
    """
    check_excel(excel, format)
    check_document(format, output)
    opened = services_with_goals(context)
    asked = filters(opened)
    result = opened.insights.explain(asked)
    digits = currency_digits(opened.project.get().currency)
    content = explanation_json(result, digits)
    if format.document:
        from goals_tui.services.insights.documents import explanation_document

        hand_over(explanation_document(result, opened.insights.origin(asked)), format, output, force)
    elif format is DocumentFormat.JSON:
        print_json(content)
    elif format is DocumentFormat.CSV:
        rows = (
            {
                "dimension": each["dimension"],
                "part": part["part"],
                "started_before": part["started"][0],
                "started": part["started"][1],
                "completion_rate_before": part["completion_rate"][0],
                "completion_rate": part["completion_rate"][1],
                "rate_effect": part["rate_effect"],
                "mix_effect": part["mix_effect"],
            }
            for each in content["dimensions"]
            for part in each["parts"]
        )
        columns = ["dimension", "part", "started_before", "started", "completion_rate_before", "completion_rate"]
        print_csv(rows, [*columns, "rate_effect", "mix_effect"], excel=excel)
    else:
        print_explanation(result, opened.insights.scope(asked))
    if result.before_span is None:
        say("All time has nothing before it to compare with: give --span, or --from and --to.")
    elif result.change.difference is None:
        empty = [
            f"{span_dates(span)}"
            for span, figures in ((result.before_span, result.before), (result.span, result.after))
            if figures is not None and not figures.started
        ]
        say(f"Nothing was started from {' and from '.join(empty)}: there is no difference to explain.")


# -- dropoffs


def dropoffs(
    context: typer.Context,
    wanted: GoalArgument,
    filters: Build,
    step: Annotated[str | None, typer.Argument(metavar="[STEP]", help="Only this step, by name or id.")] = None,
    format: FormatOption = Format.TABLE,
    excel: ExcelOption = False,
) -> None:
    """Show after which steps cycles drop off, and what that may cost.

    Says what comes next in their sessions.
    """
    check_excel(excel, format)
    opened = services_with_goals(context)
    found = opened.goals.get(wanted)
    step_id = opened.insights.step(step, Choice(values=(found.id,)))[1] if step is not None else None
    asked = filters(opened)
    result = opened.insights.drop_offs(found.id, asked)
    currency = opened.project.get().currency
    content = drop_offs_json(result, currency_digits(currency))
    content["steps"] = [each for each in content["steps"] if step_id in (None, each["step_id"])]
    if format is Format.JSON:
        print_json(content)
    elif format is Format.CSV:
        rows = [
            {**each, **stake_columns(each["at_stake"]),
             "next": [f"{following['what']}: {following['count']}" for following in each["next"]]}
            for each in content["steps"]
        ]  # fmt: skip
        columns = ["step_id", "name", "reached", "dropped", "went_on", "completed", *STAKE_COLUMNS, "next"]
        print_csv(rows, columns, excel=excel)
    else:
        print_drop_offs(result, step_id, currency, opened.insights.scope(asked))


# -- times


def times(
    context: typer.Context,
    wanted: GoalArgument,
    filters: Build,
    step: Annotated[
        str | None,
        typer.Option("--step", metavar="STEP", help="Until this step. Without: until the first completion step."),
    ] = None,
    format: FormatOption = Format.TABLE,
    excel: ExcelOption = False,
) -> None:
    """Show how long cycles take to complete, or to reach a step."""
    check_excel(excel, format)
    opened = services_with_goals(context)
    found = opened.goals.get(wanted)
    step_id = opened.insights.step(step, Choice(values=(found.id,)))[1] if step is not None else None
    asked = filters(opened)
    result = opened.insights.times(found.id, asked, step_id)
    content = times_json(result)
    if format is Format.JSON:
        print_json(content)
    elif format is Format.CSV:
        print_csv(content["histogram"], ["from", "to", "count"], excel=excel)
    else:
        print_times(result, opened.insights.scope(asked))


# -- releases


def releases(
    context: typer.Context,
    filters: Build,
    format: DocumentFormatOption = DocumentFormat.TABLE,
    output: DocumentOutputOption = None,
    force: ForceOption = False,
    excel: ExcelOption = False,
) -> None:
    """Compare each snapshot with the one that appeared before it."""
    check_excel(excel, format)
    check_document(format, output)
    opened = services_with_goals(context)
    applied = filters(opened)
    found = opened.insights.releases(applied)
    currency = opened.project.get().currency
    if format.document:
        from goals_tui.services.insights.documents import releases_document

        origin = opened.insights.origin(applied)
        hand_over(releases_document(found, opened.insights.span(applied), currency, origin), format, output, force)
        return
    rows = [release_json(each, currency_digits(currency)) for each in found]
    if format is DocumentFormat.JSON:
        print_json(rows)
    elif format is DocumentFormat.CSV:
        flat = [
            {**row, "difference": each.change.completion_rate.difference if each.change else None}
            for row, each in zip(rows, found, strict=True)
        ]
        print_csv(flat, ["snapshot", "against", *FIGURES, "difference", "value_per_week", "verdict"], excel=excel)
    else:
        if found:
            print_releases(found, currency, opened.insights.scope(applied))
        else:
            say("No cycle of this span has a snapshot.")


# -- what-if


def what_if(
    context: typer.Context,
    wanted: GoalArgument,
    filters: Build,
    completion: Annotated[
        list[str] | None, typer.Option("--completion", metavar="S", help="Make S a completion step.")
    ] = None,
    no_completion: Annotated[
        list[str] | None, typer.Option("--no-completion", metavar="S", help="Let S not complete.")
    ] = None,
    cost: Annotated[list[str] | None, typer.Option("--cost", metavar="S=9.50", help="Cost savings of S.")] = None,
    revenue: Annotated[list[str] | None, typer.Option("--revenue", metavar="S=9.50", help="Revenue of S.")] = None,
    time: Annotated[list[str] | None, typer.Option("--time", metavar="S=00:05:00", help="Time saved by S.")] = None,
    format: FormatOption = Format.TABLE,
    excel: ExcelOption = False,
) -> None:
    """Report the cycles of a goal under an edit, without saving it."""
    check_excel(excel, format)
    opened = services_with_goals(context)
    current = opened.goals.get(wanted)
    currency = opened.project.get().currency
    digits = currency_digits(currency)
    edited = current
    both = set(completion or ()) & set(no_completion or ())
    if both:
        raise typer.BadParameter(f"{sorted(both)[0]!r} can't both complete and not complete.")
    for name in completion or ():
        edited = _with_step(edited, name, {"kind": "completion"})
    for name in no_completion or ():
        edited = _with_step(edited, name, {"kind": "step"})
    values: tuple[tuple[str, str, list[str] | None, Callable[[str], object]], ...] = (
        ("--cost", "cost_savings", cost, lambda text: parse_amount(text, digits)),
        ("--revenue", "revenue", revenue, lambda text: parse_amount(text, digits)),
        ("--time", "time_saved_seconds", time, parse_duration),
    )
    for flag, field, given, parse in values:
        for text in given or ():
            name, parted, value = text.rpartition("=")
            if not parted or not name:
                raise typer.BadParameter(f"{flag} is STEP=VALUE, not {text!r}.")
            step = edited.step(name)
            try:
                metrics = step.metrics.model_copy(update={field: parse(value)})
            except RefusedError as error:
                raise typer.BadParameter(f"{flag} {name}: {error}") from None
            edited = _with_step(edited, name, {"metrics": metrics})
    for problem in opened.goals.problems(edited):
        raise RefusedError(problem.message)
    asked = filters(opened)
    result = opened.insights.tallies(current.id, asked).under(edited)
    sides = {"recorded": result.recorded.as_json(digits), "what_if": result.edited.as_json(digits)}
    if format is Format.JSON:
        print_json({"goal": result.goal, "goal_id": result.goal_id, **sides, **moves_json(result, digits)})
    elif format is Format.CSV:
        print_csv(({"": name, **row} for name, row in sides.items()), ["", *FIGURES], excel=excel)
    else:
        print_what_if(result, currency, opened.insights.scope(asked))


def _with_step(goal: Goal, wanted: str, update: dict[str, Any]) -> Goal:
    """Return the goal with one of its steps changed. Raises NotFoundError; RefusedError for the initial step."""
    chosen = goal.step(wanted)
    if chosen.kind == "initial":
        raise RefusedError(f"{chosen.name!r} is the initial step: it neither completes nor is worth anything.")
    steps: tuple[Step, ...] = tuple(
        step.model_copy(update=update) if step.id == chosen.id else step for step in goal.steps
    )
    return goal.model_copy(update={"steps": steps})


# -- targets


def targets(
    context: typer.Context,
    filters: Build,
    format: FormatOption = Format.TABLE,
    excel: ExcelOption = False,
) -> None:
    """Say which goals meet their targets; exits 3 where one does not."""
    check_excel(excel, format)
    opened = services_with_goals(context)
    found = opened.insights.targets(filters(opened))
    rows = [target_json(each) for each in found]
    if format is Format.JSON:
        print_json(rows)
    elif format is Format.CSV:
        print_csv(rows, ["goal", "target", "completion_rate", "interval", "started", "state"], excel=excel)
    else:
        if found:
            print_targets(found)
        else:
            say("No goal has a target. Give one with: goals-tui goals set GOAL --target 0.6")
    if any(each.state == "missed" for each in found):
        raise typer.Exit(FOUND_PROBLEMS)
