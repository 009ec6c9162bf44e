"""Commands that help to decide: `compare`, `explain`, `dropoffs`, `times`, `releases`, `what-if`, `targets`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from goals_tui.cli.commands import Commands
from goals_tui.cli.documents import (
    DocumentFormat,
    DocumentFormatOption,
    DocumentOutputOption,
    check_document,
    hand_over,
)
from goals_tui.cli.figures import (
    FIGURE_HEADINGS,
    FIGURES,
    STAKE_COLUMNS,
    change_sentence,
    difference_cell,
    figure_cells,
    lasted,
    money,
    rate_cell,
    share_cell,
    span_json,
    stake_columns,
    stake_json,
)
from goals_tui.cli.filter_options import Build, with_filters
from goals_tui.cli.output import (
    ExcelOption,
    Format,
    FormatOption,
    Heading,
    add_row,
    check_excel,
    new_table,
    print_csv,
    print_json,
    print_table,
    say,
    set_caption,
)
from goals_tui.cli.output_file import ForceOption
from goals_tui.cli.run import FOUND_PROBLEMS
from goals_tui.cli.state import services_with_goals
from goals_tui.domain.errors import RefusedError, WrongValueError, nearest_names
from goals_tui.domain.filters import Choice
from goals_tui.domain.project import currency_digits
from goals_tui.domain.report import BREAKDOWN_DIMENSIONS, Outcome, difference_json
from goals_tui.domain.statistics import FEWEST_FOR_TARGET, FEWEST_FOR_VERDICT
from goals_tui.domain.value import format_amount, parse_amount, parse_duration
from goals_tui.format import DASH, difference_words, plural, points, precise_percent, span_dates

if TYPE_CHECKING:
    from decimal import Decimal

    from goals_tui.domain.decisions import (
        ComparedPart,
        Comparison,
        DropOffs,
        Explanation,
        Release,
        TargetResult,
        Times,
        WhatIf,
    )
    from goals_tui.domain.filters import Filters
    from goals_tui.domain.goal import Goal, Step
    from goals_tui.services.context import Services

GoalArgument = Annotated[str, typer.Argument(metavar="GOAL", help="A goal's name or id.")]

_VERDICT_STYLES = {"better": "green", "worse": "red", "met": "green", "missed": "red"}
_MOST_PARTS = 3
"""The most parts of a dimension in the table of `explain`; JSON and CSV have all."""


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
    format: FormatOption = Format.TABLE,
    excel: ExcelOption = False,
) -> None:
    """Put two parts of a dimension, two spans or two saved filters side by side."""
    check_excel(excel, format)
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
        result = _compare_spans(opened, a, b, filters(opened))
    else:
        result = _compare_filters(opened, a, b, filters)
    currency = opened.project.get().currency
    digits = currency_digits(currency)
    sides = [_side_json(side, digits) for side in (result.a, result.b)]
    if format is Format.JSON:
        print_json(
            {"dimension": result.dimension, "a": sides[0], "b": sides[1], "difference": result.change.as_json(digits)}
        )
    elif format is Format.CSV:
        print_csv(sides, ["part", *FIGURES], excel=excel)
    else:
        _print_comparison(result, currency)


def _side_json(side: ComparedPart, digits: int) -> dict[str, Any]:
    return {
        "part": side.part,
        **({"span": span_json(side.span), **({} if side.span.over else {"over": False})} if side.span else {}),
        **side.figures.as_json(digits),
    }


def _compare_spans(opened: Services, a: str, b: str, filters: Filters) -> Comparison:
    from goals_tui.domain.decisions import ComparedPart, Comparison

    named = [None if _is_previous(text) else filters.model_copy(update=_span_fields(text)) for text in (a, b)]
    spans = [None if each is None else opened.insights.totals(each) for each in named]
    if spans[0] is None and spans[1] is None:
        raise WrongValueError("'previous' is the period before the other one: give a span beside it.")
    sides = []
    for place, text in enumerate((a, b)):
        found = spans[place]
        if found is None:
            other = spans[1 - place]
            before = other[0].previous() if other else None
            if before is None or before.start is None or before.end is None:
                raise WrongValueError("Nothing is before all time: give a span that begins somewhere.")
            moments = {"since": before.start.isoformat(), "until": before.end.isoformat()}
            figures = opened.insights.totals(filters.model_copy(update={"span": "custom", **moments}))[1]
            found = before, figures
        sides.append(ComparedPart(text, found[1], found[0]))
    return Comparison("span", *sides)


def _is_previous(text: str) -> bool:
    return text.strip().casefold() == "previous"


def _span_fields(text: str) -> dict[str, Any]:
    """Return the fields of filters for a span as `compare span` takes it. Raises WrongValueError."""
    from goals_tui.domain.filters import parse_moment, span_name

    since, parted, until = text.strip().partition("..")
    if parted or since[:4].isdecimal():
        # A single day is the span of that day.
        for moment in (since, until):
            if moment:
                parse_moment(moment, "span")
        return {"span": "custom", "since": since or None, "until": (until if parted else since) or None}
    return {"span": span_name(since), "since": None, "until": None}


def _compare_filters(opened: Services, a: str, b: str, filters: Build) -> Comparison:
    from goals_tui.domain.decisions import ComparedPart, Comparison

    sides = []
    for name in (a, b):
        asked = filters(opened, base=opened.filters.get(name))
        span, figures = opened.insights.totals(asked)
        sides.append(ComparedPart(name, figures, span))
    return Comparison("filter", *sides)


def _print_comparison(result: Comparison, currency: str) -> None:
    headings: list[Heading] = [(result.dimension.capitalize(), "whole"), *FIGURE_HEADINGS, ("Value per cycle", "money")]
    table = new_table(*headings)
    for side in (result.a, result.b):
        name = side_name(result, side)
        add_row(table, name, *figure_cells(side.figures, currency), _per_cycle(side.figures.value_per_cycle, currency))
    change = result.change
    captions = [
        f"Completion rate, {side_name(result, result.b)} against {side_name(result, result.a)}: "
        f"{difference_words(change.completion_rate)}.",
        f"Partially completed: {difference_words(change.partial_rate)}.",
    ]
    if change.value_per_cycle is not None:
        captions.append(f"Value per cycle: {_per_cycle(change.value_per_cycle, currency, signed=True)}.")
    for side in (result.a, result.b):
        if side.span is not None:
            not_over = "" if side.span.over else " (not over)"
            captions.append(f"{side_name(result, side)}: {span_dates(side.span)}{not_over}.")
    set_caption(table, *captions)
    print_table(table)


def side_name(result: Comparison, side: ComparedPart) -> str:
    """Return the name of one side of a comparison in a table."""
    return f"no {result.dimension}" if side.part is None else side.part


def _per_cycle(amount: Decimal | None, currency: str, *, signed: bool = False) -> str:
    rounded = None if amount is None else round(amount, currency_digits(currency)) + 0
    return money(rounded, currency, signed=signed)


# -- explain


def explain(
    context: typer.Context,
    filters: Build,
    format: FormatOption = Format.TABLE,
    excel: ExcelOption = False,
) -> None:
    """Explain why the completion rate differs from the previous period: within which parts, and by which shares."""
    check_excel(excel, format)
    opened = services_with_goals(context)
    result = opened.insights.explain(filters(opened))
    digits = currency_digits(opened.project.get().currency)
    content = explanation_json(result, digits)
    if format is Format.JSON:
        print_json(content)
    elif format is Format.CSV:
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
        _print_explanation(result)
    if result.before_span is None:
        say("All time has nothing before it to compare with: give --span, or --from and --to.")
    elif result.change.difference is None:
        empty = [
            f"{span_dates(span)}"
            for span, figures in ((result.before_span, result.before), (result.span, result.after))
            if figures is not None and not figures.started
        ]
        say(f"Nothing was started from {' and from '.join(empty)}: there is no difference to explain.")


def explanation_json(result: Explanation, digits: int) -> dict[str, Any]:
    """Return an explanation under the keys of docs/command-line.md."""
    before = result.before_span
    return {
        "from": {"span": span_json(before), **result.before.as_json(digits)} if before and result.before else None,
        "to": {"span": span_json(result.span), **result.after.as_json(digits)},
        **({} if result.span.over else {"over": False}),
        "difference": result.change.difference,
        "interval": result.change.interval and list(result.change.interval),
        "clear": result.change.clear,
        "dimensions": [
            {
                "dimension": each.dimension,
                "rate_effect": each.rate_effect,
                "mix_effect": each.mix_effect,
                "parts": [
                    {
                        "part": part.part,
                        "started": [part.before.whole, part.after.whole],
                        "completion_rate": [part.before.rate, part.after.rate],
                        "rate_effect": part.rate_effect,
                        "mix_effect": part.mix_effect,
                    }
                    for part in each.parts
                ],
            }
            for each in result.dimensions
        ],
    }


def _print_explanation(result: Explanation) -> None:
    if result.before is None or result.before_span is None or not result.dimensions:
        return
    not_over = "" if result.span.over else " (not over)"
    title = f"{span_dates(result.span)}{not_over} against {span_dates(result.before_span)}"
    table = new_table(
        ("Dimension", "whole"), "Part", ("Previous", "right"), ("Now", "right"),
        ("By its rate", "right"), ("By its share", "right"), ("Together", "right"), title=title,
    )  # fmt: skip
    from goals_tui.domain.report import Change

    alone = [each.dimension for each in result.dimensions if len(each.parts) == 1]
    for each in result.dimensions:
        if len(each.parts) == 1:
            continue
        for part in each.parts[:_MOST_PARTS]:
            add_row(
                table, each.dimension, f"no {each.dimension}" if part.part is None else part.part,
                _of(part.before.rate, part.before.whole), _of(part.after.rate, part.after.whole),
                points(part.rate_effect), points(part.mix_effect), points(part.contribution),
            )  # fmt: skip
        rest = each.parts[_MOST_PARTS:]
        if rest:
            rate, mix = sum(part.rate_effect for part in rest), sum(part.mix_effect for part in rest)
            many = plural(len(rest), "other")
            add_row(table, each.dimension, many, "", "", points(rate), points(mix), points(rate + mix), style="dim")
        total = points(each.rate_effect + each.mix_effect)
        add_row(
            table, each.dimension, "All", "", "", points(each.rate_effect), points(each.mix_effect), total, style="bold"
        )
        table.add_section()
    captions = [change_sentence(Change(result.before, result.after))]
    if not result.change.clear:
        captions.append("The change as a whole is within what chance does: take its parts as hints.")
    captions.append(
        "By its rate: what changed within a part. By its share: what changed because the part had more or fewer of all "
        "cycles. Each dimension explains the whole difference in its own way; the dimensions don't add up."
    )
    if alone:
        captions.append(f"One part only, so nothing to explain: {', '.join(alone)}.")
    set_caption(table, *captions)
    print_table(table)


def _of(rate: float | None, whole: int) -> object:
    cell = share_cell(rate, whole)
    return f"{cell} of {whole:,}" if isinstance(cell, str) and rate is not None else cell


# -- dropoffs


def dropoffs(
    context: typer.Context,
    wanted: GoalArgument,
    filters: Build,
    step: Annotated[str | None, typer.Argument(metavar="[STEP]", help="Only this step, by name or id.")] = None,
    format: FormatOption = Format.TABLE,
    excel: ExcelOption = False,
) -> None:
    """Show after which steps cycles drop off, what that may cost, and what comes next in their sessions."""
    check_excel(excel, format)
    opened = services_with_goals(context)
    found = opened.goals.get(wanted)
    step_id = opened.insights.step(step, Choice(values=(found.id,)))[1] if step is not None else None
    result = opened.insights.drop_offs(found.id, filters(opened))
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
        _print_drop_offs(result, step_id, currency)


def drop_offs_json(result: DropOffs, digits: int) -> dict[str, Any]:
    """Return drop-offs under the keys of docs/command-line.md."""
    return {
        "goal": result.goal,
        "goal_id": result.goal_id,
        "started": result.started,
        "steps": [
            {
                "step_id": step.step_id,
                "name": step.name,
                "reached": step.reached,
                "dropped": step.dropped,
                "went_on": step.went_on,
                "completed": step.completed,
                "at_stake": stake_json(step.stake, digits),
                "next": [{"what": what, "count": count} for what, count in step.next],
            }
            for step in result.steps
        ],
    }


def _print_drop_offs(result: DropOffs, step_id: str | None, currency: str) -> None:
    digits = currency_digits(currency)
    headings: list[Heading] = [
        "Step", ("Reached", "right"), ("Dropped there", "right"), ("Went on", "right"), ("Completed there", "right"),
        ("At stake: savings", "money"), ("Revenue", "money"), ("Time", "right"),
    ]  # fmt: skip
    table = new_table(*headings, title=f"{result.goal}: {result.started:,} started")
    captions = []
    for step in result.steps:
        if step_id not in (None, step.step_id):
            continue
        stake = step.stake
        add_row(
            table,
            step.name,
            f"{step.reached:,}",
            _counted_share(step.dropped, step.reached),
            f"{step.went_on:,}",
            f"{step.completed:,}",
            money(round(stake.cost_savings, digits), currency) if stake else DASH,
            money(round(stake.revenue, digits), currency) if stake else DASH,
            lasted(stake.time_saved_seconds if stake else None),
        )
        following = ", ".join(f"{what} {count:,}" for what, count in step.next)
        captions += [f"What came next after {step.name!r}, where cycles dropped: {following}."] if following else []
    set_caption(
        table,
        *captions,
        "Dropped there: the last step that was reached in the goal's order, and not completed.",
        "At stake: those that dropped, times what later steps brought on average where cycles went on.",
    )
    print_table(table)


def _counted_share(count: int, whole: int) -> str:
    return f"{count:,} {precise_percent(count / whole)}" if whole else f"{count:,}"


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
    result = opened.insights.times(found.id, filters(opened), step_id)
    content = times_json(result)
    if format is Format.JSON:
        print_json(content)
    elif format is Format.CSV:
        print_csv(content["histogram"], ["from", "to", "count"], excel=excel)
    else:
        _print_times(result)


def times_json(result: Times) -> dict[str, Any]:
    """Return times to convert under the keys of docs/command-line.md; seconds are rounded to milliseconds."""
    return {
        "goal": result.goal,
        "step": result.step,
        "started": result.started,
        "reached": result.reached,
        "open": result.open,
        "median_seconds": _milliseconds(result.median),
        "p90_seconds": _milliseconds(result.p90),
        "histogram": [
            {"from": _milliseconds(each.start), "to": _milliseconds(each.end), "count": each.count}
            for each in result.histogram
        ],
        "incidence": [{"seconds": _milliseconds(seconds), "share": share} for seconds, share in result.incidence],
    }


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def _print_times(result: Times) -> None:
    what = f"until {result.step!r}" if result.step else "until completed"
    table = new_table(
        ("From", "right"), ("To", "right"), ("Cycles", "right"), ("Share of all by then", "right"), ("", "whole"),
        title=f"{result.goal}, {what}: {result.reached:,} of {result.started:,} reached it, {result.open:,} are open",
    )  # fmt: skip
    most = max((each.count for each in result.histogram), default=0)
    for each in result.histogram:
        by_then = [share for seconds, share in result.incidence if seconds < each.end]
        bar = "█" * max(1, round(each.count / most * 24)) if each.count else ""
        shown = precise_percent(by_then[-1] if by_then else 0.0)
        add_row(table, lasted(each.start), lasted(each.end), f"{each.count:,}", shown, bar)
    set_caption(
        table,
        f"Median {lasted(result.median)}, 90 % within {lasted(result.p90)}, of those that reached it.",
        "Share of all by then: cycles that are open are censored, another attempt in the session ends one "
        "(Aalen-Johansen).",
    )
    print_table(table)


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
    asked = filters(opened)
    found = opened.insights.releases(asked)
    currency = opened.project.get().currency
    if format.document:
        from goals_tui.services.insights.documents import releases_document

        origin = opened.insights.origin(asked)
        hand_over(releases_document(found, opened.insights.span(asked), currency, origin), format, output, force)
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
            _print_releases(found, currency)
        else:
            say("No cycle of this span has a snapshot.")


def release_json(release: Release, digits: int) -> dict[str, Any]:
    """Return a release under the keys of docs/command-line.md."""
    week = release.value_per_week
    return {
        "snapshot": release.snapshot,
        "against": release.against,
        **release.figures.as_json(digits),
        "difference": release.change and release.change.as_json(digits),
        "at_equal_mix": release.equal_mix and difference_json(release.equal_mix.difference),
        "covered": release.equal_mix and release.equal_mix.covered,
        "value_per_week": None if week is None else format_amount(round(week, digits), digits),
        "verdict": release.verdict,
    }


def _print_releases(found: Sequence[Release], currency: str) -> None:
    digits = currency_digits(currency)
    table = new_table(
        "Snapshot", ("Started", "right"), ("Completed (95 %)", "right"), "Against the one before", "At equal mix",
        ("Value a week", "money"), ("Verdict", "whole"),
    )  # fmt: skip
    from rich.text import Text

    for each in found:
        mix, week = each.equal_mix, each.value_per_week
        covered = f", {precise_percent(mix.covered)} covered" if mix and mix.covered is not None else ""
        add_row(
            table,
            each.snapshot,
            f"{each.figures.started:,}",
            rate_cell(each.figures),
            difference_cell(each.change.completion_rate) if each.change else DASH,
            f"{points(mix.difference.difference)}{covered}" if mix else DASH,
            DASH if week is None else money(round(week, digits), currency),
            Text(each.verdict or DASH, style=_VERDICT_STYLES.get(each.verdict or "", "")),
        )
    set_caption(
        table,
        "In the order in which snapshots first appear in the log. The verdict looks at the plain difference.",
        "At equal mix: as if both had the same endpoints and locales. "
        f"Too little data: fewer than {FEWEST_FOR_VERDICT} cycles.",
    )
    print_table(table)


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
    """Read the cycles of a goal under an edited definition, without saving it."""
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
    result = opened.insights.tallies(current.id, filters(opened)).under(edited)
    sides = {"recorded": result.recorded.as_json(digits), "what_if": result.edited.as_json(digits)}
    if format is Format.JSON:
        print_json({"goal": result.goal, "goal_id": result.goal_id, **sides, **_moves_json(result, digits)})
    elif format is Format.CSV:
        print_csv(({"": name, **row} for name, row in sides.items()), ["", *FIGURES], excel=excel)
    else:
        _print_what_if(result, currency)


def _with_step(goal: Goal, wanted: str, update: dict[str, Any]) -> Goal:
    """Return the goal with one of its steps changed. Raises NotFoundError; RefusedError for the initial step."""
    chosen = goal.step(wanted)
    if chosen.kind == "initial":
        raise RefusedError(f"{chosen.name!r} is the initial step: it neither completes nor is worth anything.")
    steps: tuple[Step, ...] = tuple(
        step.model_copy(update=update) if step.id == chosen.id else step for step in goal.steps
    )
    return goal.model_copy(update={"steps": steps})


def _moves_json(result: WhatIf, digits: int) -> dict[str, Any]:
    before, after = result.recorded, result.edited
    return {
        "moved": [{"from": each.before, "to": each.after, "cycles": each.cycles} for each in result.moved],
        "difference": {
            **{name: getattr(after, name) - getattr(before, name) for name in get_args(Outcome)[:3]},
            "completion_rate": None if not before.started else (after.completed - before.completed) / before.started,
            "time_saved_seconds": after.time_saved_seconds - before.time_saved_seconds,
            "cost_savings": format_amount(after.cost_savings - before.cost_savings, digits),
            "revenue": format_amount(after.revenue - before.revenue, digits),
        },
    }


def _print_what_if(result: WhatIf, currency: str) -> None:
    table = new_table("", *FIGURE_HEADINGS, title=f"{result.goal}, as recorded and as it would be")
    add_row(table, "As recorded", *figure_cells(result.recorded, currency))
    add_row(table, "What if", *figure_cells(result.edited, currency), style="bold")
    moved = "; ".join(f"{plural(each.cycles, 'cycle')} from {each.before} to {each.after}" for each in result.moved)
    before, after = result.recorded, result.edited
    set_caption(
        table,
        f"Other outcomes: {moved}." if moved else "No cycle has another outcome.",
        f"Difference: cost savings {money(after.cost_savings - before.cost_savings, currency, signed=True)}, "
        f"revenue {money(after.revenue - before.revenue, currency, signed=True)}, "
        f"time saved {lasted(after.time_saved_seconds - before.time_saved_seconds)}.",
    )
    print_table(table)


# -- targets


def targets(
    context: typer.Context,
    filters: Build,
    format: FormatOption = Format.TABLE,
    excel: ExcelOption = False,
) -> None:
    """Say which goals meet their target completion rate; ends with 3 where one is missed."""
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
            _print_targets(found)
        else:
            say("No goal has a target. Give one with: goals-tui goals set GOAL --target 0.6")
    if any(each.state == "missed" for each in found):
        raise typer.Exit(FOUND_PROBLEMS)


def target_json(result: TargetResult) -> dict[str, Any]:
    """Return a target under the keys of docs/command-line.md."""
    return {
        "goal": result.goal,
        "goal_id": result.goal_id,
        "target": result.target,
        "started": result.figures.started,
        "completion_rate": result.figures.completion_rate,
        "interval": result.interval and list(result.interval),
        "state": result.state,
    }


def _print_targets(found: Iterable[TargetResult]) -> None:
    from rich.text import Text

    table = new_table(
        "Goal", ("Target", "right"), ("Completed (95 %)", "right"), ("Started", "right"), ("State", "whole")
    )
    for each in found:
        state = Text(each.state, style=_VERDICT_STYLES.get(each.state, ""))
        cells = (precise_percent(each.target), rate_cell(each.figures), f"{each.figures.started:,}", state)
        add_row(table, each.goal, *cells)
    set_caption(
        table,
        "Met or missed: the whole 95 % interval lies above or below the target. "
        f"Too little data: fewer than {FEWEST_FOR_TARGET} cycles.",
    )
    print_table(table)
