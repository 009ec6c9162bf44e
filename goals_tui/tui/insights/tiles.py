"""The five tiles: completed, partially completed, time saved, cost savings, revenue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from textual.app import ComposeResult, RenderResult
from textual.containers import Horizontal
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from goals_tui.domain.report import Figures, Report
from goals_tui.tui.insights.buckets import Axis
from goals_tui.tui.insights.words import DASH, Words, hours
from goals_tui.tui.widgets.chart_axis import percent, short_number
from goals_tui.tui.widgets.chart_spec import sparkline


@dataclass(frozen=True)
class TileFacts:
    """What a tile says. `change` has its sign and arrow; `good` is whether it is to be glad about, None for neither."""

    title: str
    number: str
    details: tuple[str, ...] = ()
    """What the number was made of, the longest wording first."""

    change: str = ""
    good: bool | None = None
    trend: tuple[float | None, ...] = ()
    before: str = ""
    """What it was in the span before, in words."""


def tiles_of(report: Report, axis: Axis | None, words: Words) -> tuple[TileFacts, ...]:
    """The facts of all five tiles."""
    now, before = report.totals, report.previous
    by_time = [axis.total(place) for place in range(len(axis.buckets))] if axis else []
    return (
        _rate("✔ Completed", now, before, "completed", by_time, good=True),
        _rate("◐ Partially completed", now, before, "partial", by_time, good=None),
        _amount(
            "Time saved",
            hours(now.time_saved_seconds),
            now.time_saved_seconds,
            None if before is None else before.time_saved_seconds,
            "" if before is None else hours(before.time_saved_seconds),
            [f.time_saved_seconds for f in by_time],
        ),
        _amount(
            "Cost savings",
            words.money(now.cost_savings),
            now.cost_savings,
            None if before is None else before.cost_savings,
            "" if before is None else words.money(before.cost_savings),
            [float(f.cost_savings) for f in by_time],
        ),
        _amount(
            "Revenue",
            words.money(now.revenue),
            now.revenue,
            None if before is None else before.revenue,
            "" if before is None else words.money(before.revenue),
            [float(f.revenue) for f in by_time],
        ),
    )


def _rate(
    title: str, now: Figures, before: Figures | None, outcome: str, by_time: Sequence[Figures], *, good: bool | None
) -> TileFacts:
    count = getattr(now, outcome)
    share = count / now.started if now.started else None
    old = getattr(before, outcome) / before.started if before is not None and before.started else None
    change, rising = "", None
    if share is not None and old is not None:
        points = round((share - old) * 100, 1)
        change = f"{_arrow(points)} {points:+.1f} pts".replace("-", "−") if points else "= as before"
        rising = (points > 0) == good if good is not None and points else None
    trend = tuple(getattr(f, outcome) / f.started if f.started else None for f in by_time)
    was = (
        ""
        if old is None or before is None
        else f"{percent(old)} · {getattr(before, outcome):,} of {before.started:,} before"
    )
    full = f"{count:,} of {now.started:,}"
    details = (full, full.replace(" of ", "/"), f"{short_number(count)}/{short_number(now.started)}")
    return TileFacts(title, percent(share), details if now.started else (), change, rising, trend, was)


def _amount(
    title: str, text: str, now: int | Decimal, before: int | Decimal | None, was: str, by_time: Sequence[float]
) -> TileFacts:
    change, good = "", None
    if before is not None and now != before:
        good = now > before
        size = f"{float(now / before - 1) * 100:+,.0f} %".replace("-", "−") if before else "new"
        change = f"{_arrow(1 if good else -1)} {size}"
    elif before:
        change = "= as before"
    return TileFacts(title, text, (), change, good, tuple(by_time), f"{was} before" if before else "")


def _arrow(direction: float) -> str:
    return "▲" if direction > 0 else "▼"


NO_TILES = tuple(
    TileFacts(title, DASH)
    for title in ("✔ Completed", "◐ Partially completed", "Time saved", "Cost savings", "Revenue")
)


class Tile(Widget):
    """One number with what it was made of, how it changed, and its course over the span."""

    DEFAULT_CSS = """
    Tile { width: 1fr; height: 4; padding: 0 1; background: $surface; border-left: outer $primary; }
    Tile.-completed { border-left: outer $completed; }
    Tile.-partial { border-left: outer $partial; }
    """

    facts: reactive[TileFacts] = reactive(TileFacts("", ""))

    def __init__(self, facts: TileFacts, tone: str) -> None:
        super().__init__(classes=f"-{tone}")
        self.tone = f"${tone}"
        self.set_reactive(Tile.facts, facts)

    def watch_facts(self, facts: TileFacts) -> None:
        self.tooltip = facts.before or None

    def render(self) -> RenderResult:
        facts, width = self.facts, self.content_size.width
        shown = facts.title if len(facts.title) <= width else facts.title.removesuffix("ly completed")
        title = Content.styled(shown, "$quiet").truncate(width, ellipsis=True)
        number = Content.styled(facts.number, f"bold {self.tone}")
        look = {True: "$completed", False: "$incomplete", None: "$quiet"}[facts.good]
        room = width - number.cell_length - 1
        change = Content.styled(facts.change if len(facts.change) <= room else facts.change.removesuffix(" pts"), look)
        high = self.content_size.height >= 4
        # In low tiles the change stands below the number of every amount, whether or not it would fit beside this one.
        beside = room >= change.cell_length and (high or bool(facts.details))
        second = _apart(number, change, width) if beside else number.truncate(width, ellipsis=True)
        details = facts.details or ((facts.before,) if high else ())
        detail = Content.styled(_fitting(details, width), "$quiet")
        rest = detail if beside or not detail else Content(" ").join([detail, change])
        rest = (change if not beside and not detail else rest).truncate(width, ellipsis=True)
        if high:
            lines = [title, second, rest, Content.styled(sparkline(facts.trend, width), self.tone)]
            return Content("\n").join(lines)
        room = width - rest.cell_length - (1 if rest.cell_length else 0)
        spark = Content.styled(sparkline(facts.trend, room), self.tone) if room >= 3 else Content("")
        return Content("\n").join([title, second, _apart(rest, spark, width)])


def _fitting(wordings: Sequence[str], width: int) -> str:
    return next((words for words in wordings if len(words) <= width), wordings[-1] if wordings else "")


def _apart(left: Content, right: Content, width: int) -> Content:
    return Content.assemble(left, " " * max(0, width - left.cell_length - right.cell_length), right)


class Tiles(Horizontal):
    """The strip of tiles: three lines high where the terminal is small."""

    DEFAULT_CSS = """
    Tiles { height: 4; margin-bottom: 1; }
    Tiles Tile { height: 4; margin-right: 1; }
    Tiles Tile:last-child { margin-right: 0; }
    Tiles.-low { height: 3; margin-bottom: 0; }
    Tiles.-low Tile { height: 3; padding: 0 0 0 1; }
    """

    TONES = ("completed", "partial", "primary", "primary", "primary")

    def compose(self) -> ComposeResult:
        for facts, tone in zip(NO_TILES, self.TONES, strict=True):
            yield Tile(facts, tone)

    def show(self, facts: Sequence[TileFacts]) -> None:
        """Show other facts."""
        for tile, each in zip(self.query(Tile), facts, strict=True):
            tile.facts = each
