"""The answers of `decisions` as tables for people, and under the keys of docs/command-line.md for programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, get_args

from goals_tui.cli.figures import (
    FIGURE_HEADINGS,
    difference_cell,
    figure_cells,
    money,
    rate_cell,
    share_cell,
    since_start,
    span_json,
    stake_json,
)
from goals_tui.cli.output import Heading, add_row, new_table, print_table, set_caption
from goals_tui.domain.project import currency_digits
from goals_tui.domain.report import Outcome, difference_json
from goals_tui.domain.statistics import FEWEST_FOR_TARGET, FEWEST_FOR_VERDICT, Share
from goals_tui.domain.value import format_amount
from goals_tui.format import (
    DASH,
    hours,
    plural,
    points,
    precise_percent,
    shown_time,
    signed,
    span_dates,
)

if TYPE_CHECKING:
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
    from goals_tui.domain.report import Figures

_VERDICT_STYLES = {"better": "green", "worse": "red", "met": "green", "missed": "red"}
_MOST_PARTS = 3
"""The most parts of a dimension in the table of `explain`; JSON and CSV have all."""


def side_json(side: ComparedPart, digits: int) -> dict[str, Any]:
    """Return one side of a comparison under the keys of docs/command-line.md."""
    return {
        "part": side.part,
        **({"span": span_json(side.span), **({} if side.span.over else {"over": False})} if side.span else {}),
        **side.figures.as_json(digits),
    }


def print_comparison(result: Comparison, currency: str, scope: str) -> None:
    """Print the two sides of a comparison and their differences."""
    from goals_tui.services.insights.documents import comparison_sentences, per_cycle, side_name

    headings: list[Heading] = [(result.dimension.capitalize(), "whole"), *FIGURE_HEADINGS, ("Value per cycle", "money")]
    table = new_table(*headings, scope=scope)
    for side in (result.a, result.b):
        name = side_name(result, side)
        add_row(table, name, *figure_cells(side.figures, currency), per_cycle(side.figures, currency))
    set_caption(table, *comparison_sentences(result, currency))
    print_table(table)


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


def print_explanation(result: Explanation, scope: str) -> None:
    """Print the effects of each dimension, with those of its largest parts; nothing without a previous period."""
    from goals_tui.services.insights.documents import explanation_sentences

    if result.before is None or result.before_span is None or not result.dimensions:
        return
    title = f"Completed of started: now, against the previous period ({span_dates(result.before_span)})"
    table = new_table(
        ("Dimension", "whole"), "Part", ("Previous", "right"), ("Now", "right"),
        ("By its rate", "right"), ("By its share", "right"), ("Together", "right"), title=title, scope=scope,
    )  # fmt: skip
    whole = [_of(each.completion_rate, each.started) for each in (result.before, result.after)]
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
            sums = _sum(part.before for part in rest), _sum(part.after for part in rest)
            shares = [_of(found.rate, found.whole) for found in sums]
            add_row(table, each.dimension, many, *shares, points(rate), points(mix), points(rate + mix), style="dim")
        total = points(each.rate_effect + each.mix_effect)
        add_row(
            table, each.dimension, "All", *whole, points(each.rate_effect), points(each.mix_effect), total, style="bold"
        )
        table.add_section()
    set_caption(table, *explanation_sentences(result))
    print_table(table)


def _sum(shares: Iterable[Share]) -> Share:
    found = list(shares)
    return Share(sum(each.part for each in found), sum(each.whole for each in found))


def _of(rate: float | None, whole: int) -> object:
    cell = share_cell(rate, whole)
    return f"{cell} of {whole:,}" if isinstance(cell, str) and rate is not None else cell


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


def print_drop_offs(result: DropOffs, step_id: str | None, currency: str, scope: str) -> None:
    """Print what became of the cycles that reached each step, or the step `step_id`."""
    digits = currency_digits(currency)
    headings: list[Heading] = [
        "Step", ("Reached", "right"), ("Dropped there", "right"), ("Went on", "right"), ("Completed there", "right"),
        ("At stake: savings", "money"), ("Revenue", "money"), ("Time", "right"),
    ]  # fmt: skip
    table = new_table(*headings, title=f"{result.goal}: {result.started:,} started", scope=scope)
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
            hours(stake.time_saved_seconds) if stake else DASH,
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


def print_times(result: Times, scope: str) -> None:
    """Print the histogram of the times to convert."""
    what = f"until {result.step!r}" if result.step else "until completed"
    table = new_table(
        ("From", "right"), ("To", "right"), ("Cycles", "right"), ("Share of all by then", "right"), ("", "whole"),
        title=f"{result.goal}, {what}: {result.reached:,} of {result.started:,} reached it, {result.open:,} are open",
        scope=scope,
    )  # fmt: skip
    most = max((each.count for each in result.histogram), default=0)
    for each in result.histogram:
        by_then = [share for seconds, share in result.incidence if seconds < each.end]
        bar = "█" * max(1, round(each.count / most * 24)) if each.count else ""
        shown = precise_percent(by_then[-1] if by_then else 0.0)
        add_row(table, since_start(each.start), since_start(each.end), f"{each.count:,}", shown, bar)
    set_caption(
        table,
        f"Median {since_start(result.median)}, 90 % within {since_start(result.p90)}, of those that reached it.",
        "Share of all by then: cycles that are open are censored, another attempt in the session ends one "
        "(Aalen-Johansen).",
    )
    print_table(table)


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


def print_releases(found: Sequence[Release], currency: str, scope: str) -> None:
    """Print each snapshot and its difference from the one before."""
    digits = currency_digits(currency)
    table = new_table(
        "Snapshot", ("Started", "right"), ("Completed (95 %)", "right"), "Against the one before", "At equal mix",
        ("Value a week", "money"), ("Verdict", "whole"), scope=scope,
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


def moves_json(result: WhatIf, digits: int) -> dict[str, Any]:
    """Return the cycles with another outcome, and the differences, under the keys of docs/command-line.md."""
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


def print_what_if(result: WhatIf, currency: str, scope: str) -> None:
    """Print the figures as recorded, and as they would be."""
    table = new_table("", *FIGURE_HEADINGS, title=f"{result.goal}, as recorded and as it would be", scope=scope)
    add_row(table, "As recorded", *figure_cells(result.recorded, currency))
    add_row(table, "What if", *figure_cells(result.edited, currency), style="bold")
    moved = "; ".join(f"{plural(each.cycles, 'cycle')} from {each.before} to {each.after}" for each in result.moved)
    captions = [
        f"Other outcomes: {moved}." if moved else "No cycle has another outcome.",
        f"Difference: {_worth_words(result.recorded, result.edited, currency)}.",
    ]
    if result.saved != result.recorded:
        without = _worth_words(result.recorded, result.saved, currency)
        captions.append(f"Of that without an edit, as older versions were defined differently: {without}.")
    set_caption(table, *captions)
    print_table(table)


def _worth_words(before: Figures, after: Figures, currency: str) -> str:
    time = shown_time(after.time_saved_seconds) - shown_time(before.time_saved_seconds)
    return (
        f"cost savings {money(after.cost_savings - before.cost_savings, currency, signed=True)}, "
        f"revenue {money(after.revenue - before.revenue, currency, signed=True)}, "
        f"time saved {signed(hours(time), time)}"
    )


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


def print_targets(found: Iterable[TargetResult]) -> None:
    """Print the goals with a target and whether they meet it."""
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
