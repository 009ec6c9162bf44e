"""A month to pick a day from."""

from __future__ import annotations

import calendar
from datetime import date, timedelta

from textual.app import ComposeResult
from textual.content import Content
from textual.events import Click
from textual.reactive import reactive
from textual.style import Style
from textual.widget import Widget

from goals_tui.tui.actions import bindings
from goals_tui.tui.dialogs import Dialog

_FIRST, _LAST = date(1970, 1, 1), date(2199, 12, 31)


def month_later(day: date, months: int) -> date:
    """The same day so many months later, or the last one of a shorter month."""
    months += day.year * 12 + day.month - 1
    year, month = divmod(months, 12)
    if not _FIRST.year <= year <= _LAST.year:
        return day
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


class Month(Widget):
    """The weeks of the month of `day`, Monday first."""

    DEFAULT_CSS = """
    Month { width: 28; height: 8; }
    """

    day: reactive[date] = reactive(date(2026, 1, 1))

    def __init__(self, day: date, today: date) -> None:
        super().__init__()
        self.today = today
        self.set_reactive(Month.day, day)

    def render(self) -> Content:
        weeks = calendar.Calendar().monthdatescalendar(self.day.year, self.day.month)
        lines = [
            Content.styled(f"{self.day:%B %Y}".center(28), "bold"),
            Content.styled(" Mo  Tu  We  Th  Fr  Sa  Su ", "$quiet"),
            *(Content("").join([self._cell(day) for day in week]) for week in weeks),
        ]
        return Content("\n").join(lines)

    def _cell(self, day: date) -> Content:
        text = f"[{day.day:>2}]" if day == self.day else f" {day.day:>2} "
        look = "$foreground" if day.month == self.day.month else "$quiet 60%"
        if day == self.today:
            look = "bold $primary underline"
        if day == self.day:
            look = "bold $block-cursor-foreground on $primary"
        return Content.styled(text, look).stylize(Style.from_meta({"day": day.isoformat()}))


class Calendar(Dialog[date]):
    """Returns the chosen day, or None."""

    CONTEXT = "insights.calendar"
    BINDINGS = bindings("insights.calendar")
    DEFAULT_CSS = """
    Calendar > #dialog { width: 36; }
    """

    def __init__(self, title: str, day: date, today: date) -> None:
        super().__init__(title)
        self.month = Month(day, today)

    def compose_dialog(self) -> ComposeResult:
        yield self.month

    def action_move(self, days: int) -> None:
        """Some days on."""
        self.month.day = max(_FIRST, min(_LAST, self.month.day + timedelta(days=days)))

    def action_month(self, months: int) -> None:
        """Some months on."""
        self.month.day = month_later(self.month.day, months)

    def action_today(self) -> None:
        """Today."""
        self.month.day = self.month.today

    def action_take(self) -> None:
        """Close with the day."""
        self.dismiss(self.month.day)

    def on_click(self, event: Click) -> None:
        """A click takes a day."""
        day = event.style.meta.get("day")
        if day:
            self.dismiss(date.fromisoformat(day))
