"""The five tiles: completed, partially completed, time saved, cost savings, revenue."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from textual.app import ComposeResult, RenderResult
from textual.containers import Horizontal
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from goals_tui.domain.report import Change, Figures, Report
from goals_tui.format import DASH, RUNNING, hours, percent, sparkline
from goals_tui.tui.charts.axis import short_number
from goals_tui.tui.filters.texts import Formats
from goals_tui.tui.insights.model import Axis


@dataclass(frozen=True)
class TileFacts:
    """The content of a tile. `good` is whether the change is an improvement, None for neither."""

    title: str
    number: str
    details: tuple[str, ...] = ()
    """The counts that make up the number, or its value in the previous period; the longest wording first."""

    change: tuple[str, ...] = ()
    """The change since the previous period, with an arrow; the longest wording first."""

    good: bool | None = None
    trend: tuple[float | None, ...] = ()
    before: str = ""
    """The value in the previous period, in words; empty if there was none."""

    few: int = 0
    """The number of cycles where they are too few for the number to mean much, else 0."""

    running: bool = False
    """True if the last value of the trend belongs to a bucket that has not ended yet."""


def tiles_of(report: Report, axis: Axis | None, words: Formats) -> tuple[TileFacts, ...]:
    """Return the content of all five tiles for a report; the trends come from `axis`."""
    now, before = report.totals, report.previous
    by_time = axis.totals if axis and now.started else ()

    def money(amount: int | Decimal) -> tuple[str, ...]:
        value = Decimal(amount)
        return words.money(value), words.brief_money(value), words.money_unit.short(float(value))

    def time(seconds: int | Decimal) -> tuple[str, ...]:
        return hours(int(seconds)), f"{seconds / 3600:,.0f} h" if seconds >= 3600 else hours(int(seconds))

    running = axis is not None and axis.running_place is not None
    found = (
        _rate("✔ Completed", now, report.change, "completed", by_time, good=True),
        _rate("◐ Partially completed", now, report.change, "partial", by_time, good=None),
        _amount("Time saved", time, now, before, "time_saved_seconds", by_time),
        _amount("Cost savings", money, now, before, "cost_savings", by_time),
        _amount("Revenue", money, now, before, "revenue", by_time),
    )
    return tuple(replace(facts, running=running) for facts in found)


_NO_CHANGE = ("= previous period", "= same")
_UNCLEAR = ("no clear change", "unclear")
"""A change of a rate that chance explains: it has no arrow and no colour."""
_NOTHING_EARLIER = ("no previous period", "none before")


def _rate(
    title: str, now: Figures, since: Change | None, outcome: str, by_time: Sequence[Figures], *, good: bool | None
) -> TileFacts:
    count, before = getattr(now, outcome), since.before if since else None
    share = count / now.started if now.started else None
    old = getattr(before, outcome) / before.started if before is not None and before.started else None
    change: tuple[str, ...] = ()
    rising = None
    if share is not None and old is not None and since is not None:
        difference = since.completion_rate if outcome == "completed" else since.partial_rate
        change = _points(share - old) if difference.clear else _UNCLEAR
        rising = (share > old) == good if good is not None and difference.clear else None
    trend = tuple(getattr(f, outcome) / f.started if f.started else None for f in by_time)
    was = (
        ""
        if old is None or before is None
        else f"{percent(old)} · {getattr(before, outcome):,} of {before.started:,} in the previous period"
    )
    details = (
        f"{count:,} of {now.started:,} cycles",
        f"{count:,} of {now.started:,}",
        f"{count:,}/{now.started:,}",
        f"{short_number(count)}/{short_number(now.started)}",
    )
    few = now.started if now.few else 0
    return TileFacts(title, percent(share), details if now.started else (), change, rising, trend, was, few)


def _amount(
    title: str,
    worded: Callable[[int | Decimal], tuple[str, ...]],
    now: Figures,
    before: Figures | None,
    name: str,
    by_time: Sequence[Figures],
) -> TileFacts:
    amount: int | Decimal = getattr(now, name)
    old: int | Decimal | None = None if before is None else getattr(before, name)
    change: tuple[str, ...] = ()
    if old:
        change = _percent(float(amount / old - 1))
    elif before is not None and before.started and amount:
        change = _NOTHING_EARLIER
    first, *briefer = worded(old) if old else ("",)
    earlier = (f"{first} in the previous period", f"{first} before", *(f"was {text}" for text in briefer))
    details = earlier if old else ()
    return TileFacts(
        title,
        worded(amount)[0],
        details,
        change,
        None,  # Nothing says how sure the change of a sum is: it is not called better or worse.
        tuple(float(getattr(f, name)) for f in by_time),
        earlier[0] if old else "",
    )


def _points(by: float) -> tuple[str, ...]:
    """Return two wordings of a change of a rate: with tenths, as tables have it, and without, where room is short."""
    if not round(by, 3):
        return _NO_CHANGE
    size = abs(by) * 100
    brief = f"{size:.1f}" if size < 0.95 else f"{size:.0f}"
    return f"{_arrow(by)} {size:.1f} pts", f"{_arrow(by)} {brief} {'pt' if brief == '1' else 'pts'}"


def _percent(by: float) -> tuple[str, ...]:
    """Return the relative change of an amount in words, with one decimal below 1 % and none above."""
    if not round(by, 3):
        return _NO_CHANGE
    size = abs(by) * 100
    return (f"{_arrow(by)} {f'{size:.1f}' if size < 0.95 else f'{size:,.0f}'} %",)


def _arrow(direction: float) -> str:
    return "▲" if direction > 0 else "▼"


NO_TILES = tuple(
    TileFacts(title, DASH)
    for title in ("✔ Completed", "◐ Partially completed", "Time saved", "Cost savings", "Revenue")
)


@dataclass(frozen=True)
class TileForm:
    """The layout that all tiles of a strip share, so that they look alike."""

    beside: bool = True
    """True if the change is shown beside the number; otherwise it precedes the sparkline."""

    change: int = 0
    detail: int = 0
    """Index of the wording that is used, into `TileFacts.details`; `change` is one into `TileFacts.change`."""

    spark: int = 0
    """The width of the sparklines in cells."""


def form_of(facts: Sequence[TileFacts], width: int) -> TileForm:
    """Return the most detailed layout in which every tile fits into `width` cells."""
    detail = _fitting([each.details for each in facts], [width] * len(facts))
    rooms = [width - len(each.number) - 1 for each in facts]
    changes = [each.change for each in facts]
    for wording in (0, 1):
        if all(len(_worded(change, wording)) <= room for change, room in zip(changes, rooms, strict=True)):
            return TileForm(True, wording, detail, width)
    longest = max(len(_worded(change, 1)) for change in changes)
    return TileForm(False, 1, detail, width - longest - 1 if longest else width)


def _fitting(wordings: Sequence[tuple[str, ...]], rooms: Sequence[int]) -> int:
    """Return the index of the longest wording in which every tile fits its room, or of the shortest one."""
    for place in range(max(map(len, wordings), default=0)):
        if all(len(_worded(words, place)) <= room for words, room in zip(wordings, rooms, strict=True)):
            return place
    return max(map(len, wordings), default=1) - 1


def _worded(wordings: tuple[str, ...], place: int) -> str:
    return wordings[min(place, len(wordings) - 1)] if wordings else ""


class Tile(Widget, can_focus=True):
    """A tile with one number, its details, its change and a sparkline of its trend."""

    DEFAULT_CSS = """
    Tile { width: 1fr; height: 4; padding: 0 1; background: $surface; border-left: outer $primary; }
    Tile.-completed { border-left: outer $completed; }
    Tile.-partial { border-left: outer $partial; }
    Tile:focus { background: $panel; border-left: outer $foreground; }
    """

    facts: reactive[TileFacts] = reactive(TileFacts("", ""))
    form: reactive[TileForm] = reactive(TileForm())

    def __init__(self, facts: TileFacts, tone: str) -> None:
        super().__init__(classes=f"-{tone}")
        self.tone = f"${tone}"
        self.set_reactive(Tile.facts, facts)

    def watch_facts(self, facts: TileFacts) -> None:
        self.tooltip = facts.before or None

    def render(self) -> RenderResult:
        facts, form, width = self.facts, self.form, self.content_size.width
        shown = facts.title if len(facts.title) <= width else facts.title.removesuffix("ly completed")
        # The focus shows without colours, too.
        look = "bold underline $foreground" if self.has_focus else "$quiet"
        title = Content.styled(shown, look).truncate(width, ellipsis=True)
        look = "$quiet" if facts.few else f"bold {self.tone}"
        number = Content.styled(facts.number, look).truncate(width, ellipsis=True)
        look = {True: "$completed", False: "$incomplete", None: "$quiet"}[facts.good]
        change = Content.styled(_worded(facts.change, form.change), look)
        detail = Content.styled(_worded(facts.details, form.detail), "$quiet").truncate(width, ellipsis=True)
        spark = Content("")
        if form.spark >= _LEAST_SPARK and facts.trend:
            drawn = stretched(facts.trend, form.spark)
            last = len(drawn) // len(sparkline(facts.trend, form.spark)) if facts.running else 0
            whole = len(drawn) - last
            spark = Content.assemble((drawn[:whole], self.tone), (RUNNING * last, "$quiet"))
        if form.beside:
            return Content("\n").join([title, _apart(number, change, width), detail, spark])
        return Content("\n").join([title, number, detail, _apart(change, spark, width)])


_LEAST_SPARK = 3


def stretched(trend: Sequence[float | None], width: int) -> str:
    """Return a sparkline of at most `width` cells in which all values are equally wide."""
    sparks = sparkline(trend, width)
    return "".join(spark * (width // len(sparks)) for spark in sparks)


def _apart(left: Content, right: Content, width: int) -> Content:
    return Content.assemble(left, " " * max(0, width - left.cell_length - right.cell_length), right)


class Tiles(Horizontal):
    """The strip of tiles, all in the same layout."""

    DEFAULT_CSS = """
    Tiles { height: 4; margin-bottom: 1; }
    Tiles Tile { height: 4; margin-right: 1; }
    Tiles Tile:last-child { margin-right: 0; }
    """

    FIGURES = ("completed", "partial", "time_saved_seconds", "cost_savings", "revenue")
    """The figure of each tile."""

    TONES = ("completed", "partial", "primary", "primary", "primary")

    def compose(self) -> ComposeResult:
        for facts, tone in zip(NO_TILES, self.TONES, strict=True):
            yield Tile(facts, tone)

    @property
    def chosen(self) -> str | None:
        """The figure of the tile that has the focus."""
        return next((name for name, tile in zip(self.FIGURES, self.query(Tile), strict=True) if tile.has_focus), None)

    def show(self, facts: Sequence[TileFacts]) -> None:
        """Show new content in the tiles."""
        for tile, each in zip(self.query(Tile), facts, strict=True):
            tile.facts = each
        self.on_resize()

    def on_resize(self) -> None:
        """Give all tiles the layout that fits the narrowest one."""
        tiles = list(self.query(Tile))
        form = form_of([tile.facts for tile in tiles], min(tile.content_size.width for tile in tiles))
        for tile in tiles:
            tile.form = form
