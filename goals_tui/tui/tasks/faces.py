"""How a task is drawn: its cells in the list, and all there is to say about it. Pure: a task in, text out."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from textual.content import Content

from goals_tui.services.tasks.record import STATE_TITLES, Task, TaskState
from goals_tui.tui.widgets.chart_axis import long_time
from goals_tui.tui.widgets.columns import Column

COLORS: dict[TaskState, str] = {
    "queued": "$quiet",
    "running": "$primary",
    "done": "$completed",
    "failed": "$error",
    "cancelled": "$quiet",
    "interrupted": "$warning",
}

COLUMNS = (
    Column("Task", 32, share=3),
    Column("State", 15),
    Column("Result", 20, share=4, drop=2),
    Column("Started", 12, align="right"),
    Column("Took", 12, align="right", drop=1),
)

_BAR = 13


def cells(task: Task, now: datetime, zone: ZoneInfo) -> list[Content]:
    """A task in the list."""
    color = COLORS[task.state]
    result, state = Content.styled(task.text, "$quiet"), STATE_TITLES[task.state]
    if task.state == "running":
        result = Content.assemble(bar(task.fraction, _BAR), "  ", result)
        state = state if task.fraction is None else f"{state} {percent(task.fraction)}"
    return [
        Content.styled(task.title, "bold" if task.live else ""),
        Content.styled(f"{task.glyph} {state}", color),
        result,
        Content.styled(when(task, now, zone), "$quiet"),
        Content.styled(took(task, now), "$quiet"),
    ]


def detail(task: Task, width: int, now: datetime, zone: ZoneInfo) -> Content:
    """Everything about a task; a bar is `width` cells wide."""
    color = COLORS[task.state]
    times = [text for text in (when(task, now, zone), took(task, now)) if text]
    head = Content.assemble(
        (f"{task.glyph} {STATE_TITLES[task.state]}", f"bold {color}"), "   ", (" · ".join(times), "$quiet")
    )
    blocks = [Content.assemble(Content.styled(task.title, "bold"), "\n", head)]
    if task.state == "running":
        share = f" {percent(task.fraction)}"
        blocks.append(Content.assemble(bar(task.fraction, max(width - len(share), 8)), (share, "bold")))
    if task.text:
        blocks.append(Content.styled(task.text, color if task.state in ("failed", "interrupted") else ""))
    if task.path:
        blocks.append(Content.assemble(("File\n", "$quiet"), Content(task.path)))
    if task.notices:
        notices = Content("\n").join([Content.assemble(("• ", "$warning"), Content(text)) for text in task.notices])
        blocks.append(Content.assemble(("Worth knowing\n", "$quiet"), notices))
    return Content("\n\n").join(blocks)


def bar(fraction: float | None, width: int) -> Content:
    """A line that fills up; without a fraction it is only dim."""
    filled = round((fraction or 0.0) * width)
    return Content.assemble(("━" * filled, "$primary"), ("━" * (width - filled), "$border-blurred"))


def percent(fraction: float | None) -> str:
    """How much is done, in words of the screen."""
    return "" if fraction is None else f"{int(fraction * 100)} %"


def when(task: Task, now: datetime, zone: ZoneInfo) -> str:
    """When it began, as people say it: the time today, else the day too."""
    moment, today = (task.started_at or task.created_at).astimezone(zone), now.astimezone(zone).date()
    if moment.date() == today:
        return f"{moment:%H:%M}"
    return f"{moment.day} {moment:%b %H:%M}" if moment.year == today.year else f"{moment.day} {moment:%b %Y}"


def took(task: Task, now: datetime) -> str:
    """How long it ran, or runs by now; nothing for one that never ran."""
    if task.started_at is None:
        return ""
    end = now if task.state == "running" else task.finished_at
    return duration((end - task.started_at).total_seconds()) if end else ""


def duration(seconds: float) -> str:
    """A length of time as people read it: 0.3 s, 12 s, 3 min 20 s, 2 h 05 min."""
    return f"{max(seconds, 0.0):.1f} s" if seconds < 10 else long_time(int(seconds))
