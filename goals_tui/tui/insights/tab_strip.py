"""The tabs of Insights in one line: letters that lead to them underlined, the present one marked."""

from __future__ import annotations

from textual.app import RenderResult
from textual.content import Content
from textual.reactive import reactive
from textual.style import Style

from goals_tui.tui.insights.gather import Tab
from goals_tui.tui.widgets.bars import DO, Bar

_TITLES: dict[Tab, tuple[str, str, int]] = {
    "performance": ("Performance", "Goals", 0),
    "rate": ("Completion rate", "Rate", 11),
    "time": ("Time saved", "Time", 0),
    "cost": ("Cost savings", "Cost", 0),
    "revenue": ("Revenue", "Revenue", 1),
    "funnel": ("Funnel", "Funnel", 2),
    "breakdown": ("Breakdown", "Breakdown", 0),
}
"""Full title, short title, and which letter of the full title is the key."""


class TabStrip(Bar):
    """All tabs; a click shows one."""

    DEFAULT_CSS = """
    TabStrip { height: 1; width: 1fr; }
    """

    tab: reactive[Tab] = reactive("performance")

    def render(self) -> RenderResult:
        full = sum(len(title) + 3 for title, _, _ in _TITLES.values()) <= self.size.width
        parts = []
        for tab, (title, short, letter) in _TITLES.items():
            shown = title if full else short
            key = title[letter]
            place = letter if full else shown.casefold().find(key.casefold())
            look = "bold $block-cursor-foreground on $primary" if tab == self.tab else "$foreground"
            text = Content.styled(f" {shown} ", look)
            if place >= 0:
                text = text.stylize("underline", place + 1, place + 2)
            parts.append(text.stylize(Style.from_meta({DO: f"screen.view('{tab}')"})))
        return Content(" ").join(parts)
