"""The Tasks screen, and how a task is shown in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from operator import attrgetter
from zoneinfo import ZoneInfo

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from goals_tui.format import long_time, percent, plural
from goals_tui.services.tasks.record import STATE_TITLES, Task, TaskState
from goals_tui.tui.app.actions import bindings
from goals_tui.tui.app.screen import ScreenFrame
from goals_tui.tui.widgets.columns import Column
from goals_tui.tui.widgets.empty import DATA_COMMANDS, Empty
from goals_tui.tui.widgets.virtual_list import Marks, VirtualList

COLORS: dict[TaskState, str] = {
    "queued": "$quiet",
    "running": "$primary",
    "done": "$completed",
    "failed": "$error",
    "cancelled": "$quiet",
    "interrupted": "$warning",
}
COLUMNS = (
    Column("Task", 32, share=3, most=44),
    Column("State", 15),
    Column("Result", 20, share=4, drop=2),
    Column("Started", 12, align="right"),
    Column("Took", 12, align="right", drop=1),
)
_BAR = 13


def cells(task: Task, now: datetime, zone: ZoneInfo) -> list[Content]:
    """Return the cells of a task in the order of `COLUMNS`."""
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
    """Return the full description of a task, with a progress bar of up to `width` cells while it runs."""
    color = COLORS[task.state]
    times = [text for text in (when(task, now, zone), took(task, now)) if text]
    head = Content.assemble(
        (f"{task.glyph} {STATE_TITLES[task.state]}", f"bold {color}"), "   ", (" · ".join(times), "$quiet")
    )
    blocks = [Content.assemble(Content.styled(task.title, "bold"), "\n", head)]
    if task.state == "running":
        share = "" if task.fraction is None else f" {percent(task.fraction)}"
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
    """Return a progress bar; without a fraction, an empty one."""
    filled = round((fraction or 0.0) * width)
    return Content.assemble(("━" * filled, "$primary"), ("━" * (width - filled), "$border-blurred"))


def when(task: Task, now: datetime, zone: ZoneInfo) -> str:
    """Return when a task began or was queued: the time if today, day and time if this year, else the date."""
    moment, today = (task.started_at or task.created_at).astimezone(zone), now.astimezone(zone).date()
    if moment.date() == today:
        return f"{moment:%H:%M}"
    return f"{moment.day} {moment:%b %H:%M}" if moment.year == today.year else f"{moment.day} {moment:%b %Y}"


def took(task: Task, now: datetime) -> str:
    """Return how long a task has run; an empty string if it never started."""
    if task.started_at is None:
        return ""
    end = now if task.state == "running" else task.finished_at
    return duration((end - task.started_at).total_seconds()) if end else ""


def duration(seconds: float) -> str:
    """Return a duration in words, such as "0.3 s", "12 s", "3 min 20 s" or "2 h 05 min"."""
    return f"{max(seconds, 0.0):.1f} s" if seconds < 10 else long_time(int(seconds))


LOOK_SECONDS = 0.25
"""The interval in seconds at which running tasks are drawn again."""


class TasksScreen(ScreenFrame[None]):
    """The screen of the last hundred tasks, newest first, with the details of the chosen one."""

    AREA = CONTEXT = "tasks"
    BINDINGS = bindings("tasks")
    HELP = """\
Packages, imports, sealing and simulations run here while you go on working. Tasks that write into the workspace run
one at a time; those that wait are *queued*. The last hundred tasks are kept. `space`, and `shift` with arrows, mark
several, to cancel, start again or clear them together.

`▶` runs  `◌` queued  `✔` done  `✕` failed  `■` cancelled  `!` interrupted: the program ended before the task did
"""
    DEFAULT_CSS = """
    TasksScreen #tasks { height: 1fr; layout: vertical; }
    TasksScreen #task-list { width: 1fr; height: 1fr; }
    TasksScreen #task-scroll {
        width: 1fr; height: 11; border-top: solid $border-blurred; scrollbar-size-vertical: 1;
    }
    TasksScreen #task-detail { width: 1fr; height: auto; }
    TasksScreen #no-tasks { display: none; }
    TasksScreen.-empty #no-tasks { display: block; }
    TasksScreen.-empty #tasks { display: none; }
    TasksScreen.-wide #tasks, TasksScreen.-huge #tasks { layout: horizontal; }
    TasksScreen.-wide #task-list, TasksScreen.-huge #task-list { width: 3fr; }
    TasksScreen.-wide #task-scroll, TasksScreen.-huge #task-scroll {
        width: 2fr; height: 1fr; margin-left: 2; padding-left: 2; border-top: none; border-left: solid $border-blurred;
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.tasks: list[Task] = []
        self._drawn = -1

    def compose_body(self) -> ComposeResult:
        yield Empty(id="no-tasks", markup=False)
        with Horizontal(id="tasks"):
            yield VirtualList(COLUMNS, id="task-list")
            with VerticalScroll(id="task-scroll", can_focus=False):
                yield Static("", id="task-detail", markup=False)

    def on_mount(self) -> None:
        self.place = "Tasks"
        key, commands = self.goals_app.named_key, ("import-log", "import-events", "import-package", "export-package")
        does = (
            "import a table or a log of any agent",
            "import events that the original system exported",
            "import a package of another project",
            "export goals as a package",
        )
        ways = zip((key(f"tasks.{command}") for command in commands), does, strict=True)
        what_for = "Packages, imports, sealing and simulations run here while you go on working."
        self.query_one(Empty).say("Nothing has run yet", what_for, (*ways, *DATA_COMMANDS))
        self.set_interval(LOOK_SECONDS, self.look)

    def look(self) -> None:
        """Draw the tasks again if one of this process has changed or is running."""
        tasks = self.services.tasks
        if tasks.changed != self._drawn or tasks.running():
            self.show_data()

    def show_data(self) -> None:
        """Read the tasks and draw them, and keep the chosen one."""
        tasks, before = self.services.tasks, self.chosen
        self.tasks = list(tasks.list())
        self._drawn = tasks.changed
        self._marks.keep({task.id for task in self.tasks})
        self._show_note()
        self.set_class(not self.tasks, "-empty")
        self._draw(before.id if before else None)
        self.refresh_bindings()

    def _show_note(self) -> None:
        running, marked = len(self.services.tasks.running()), len(self._marks)
        notes = [f"{running} running or queued"] if running else []
        self.note = ", ".join([*notes, *([f"{marked} marked"] if marked else [])])

    @property
    def chosen(self) -> Task | None:
        """The task with the cursor."""
        return self._task_at(self.query_one("#task-list", VirtualList).cursor)

    def _task_at(self, index: int) -> Task | None:
        return self.tasks[index] if index < len(self.tasks) else None

    @cached_property
    def _marks(self) -> Marks[Task]:
        return Marks(self.query_one("#task-list", VirtualList), self._task_at, attrgetter("id"))

    @property
    def affected(self) -> list[Task]:
        """The tasks that an action is about: the marked ones, or the chosen one if none is marked."""
        marked = [task for task in self.tasks if task in self._marks] if self._marks else []
        return marked or ([self.chosen] if self.chosen else [])

    def _draw(self, chosen: str | None) -> None:
        now, zone = self.services.clock(), self.services.project.get().zone
        places = {task.id: place for place, task in enumerate(self.tasks)}
        rows = self.query_one("#task-list", VirtualList)
        # If the cursor was on the newest task, keep it on the newest one when another is added.
        cursor = places.get(chosen, 0) if chosen and rows.cursor else 0
        rows.show(len(self.tasks), lambda index: cells(self.tasks[index], now, zone), cursor=cursor)
        self._draw_detail()

    def _draw_detail(self) -> None:
        task, face = self.chosen, self.query_one("#task-detail", Static)
        if task is not None:
            width = self.query_one("#task-scroll").scrollable_content_region.width
            face.update(detail(task, width, self.services.clock(), self.services.project.get().zone))

    @on(VirtualList.Highlighted, "#task-list")
    def _moved(self) -> None:
        self._draw_detail()
        self.refresh_bindings()

    # -- keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable the actions that are possible for none of the tasks that they are about."""
        if not self.is_mounted:
            return action not in ("cancel", "retry", "clear", "copy_path", "unmark")
        tasks, works = self.services.tasks, True
        if action in ("cancel", "retry", "clear"):
            can: dict[str, Callable[[Task], bool]] = {
                "cancel": tasks.can_cancel,
                "retry": tasks.can_retry,
                "clear": tasks.can_clear,
            }
            works = any(map(can[action], self.affected))
        elif action == "copy_path":
            works = self.chosen is not None and bool(self.chosen.path)
        elif action == "unmark":
            works = bool(self._marks)
        elif action.startswith("mark"):
            works = bool(self.tasks)
        return works

    def action_mark(self) -> None:
        """Mark the chosen task, or take its mark away, and go to the next."""
        self._marks.mark()

    def action_mark_down(self) -> None:
        """Mark the chosen task and the next."""
        self._marks.mark(on=True)

    def action_mark_up(self) -> None:
        """Mark the chosen task and the one before."""
        self._marks.mark(on=True, move=-1)

    def action_unmark(self) -> None:
        """Take all marks away."""
        self._marks.put(())

    @on(VirtualList.Marked, "#task-list")
    def _marked(self) -> None:
        self._show_note()
        self.refresh_bindings()

    def action_cancel(self) -> None:
        """Cancel the chosen task, or all marked ones."""
        for task in self.affected:
            self.services.tasks.cancel(task.id)
        self.show_data()

    @work
    async def action_retry(self) -> None:
        """Start the chosen task again, or all marked ones, the oldest first."""
        tasks = self.services.tasks
        again = [task.id for task in reversed(self.affected) if tasks.can_retry(task)]

        def retry() -> int:
            for task_id in again:
                tasks.retry(task_id)
            return len(again)

        if not again:
            return
        if await self.attempt_change("Starting the task", retry):
            self._marks.put(())
            self.query_one("#task-list", VirtualList).cursor = 0
            self.show_data()

    @work
    async def action_clear(self) -> None:
        """Delete the record of the chosen task, or of all marked ones, if they have ended; undo brings them back."""
        ids = [task.id for task in self.affected]
        cleared = await self.attempt_change("Clearing tasks", lambda: self.services.tasks.clear(ids))
        if cleared:
            self._marks.put(())
            self.notify(f"Cleared {plural(cleared, 'task')}. Press {self.named_key('app.undo')} to take that back.")
            self.goals_app.changed()
            self.show_data()

    def action_copy_path(self) -> None:
        """Copy the path of the file that the chosen task made."""
        if self.chosen is not None and self.chosen.path:
            self.app.copy_to_clipboard(self.chosen.path)
            self.notify(f"Copied {self.chosen.path}")

    @work
    async def action_import_package(self) -> None:
        """Ask for a package, review it and import it."""
        from goals_tui.tui.packages.steps import import_package

        if await import_package(self.goals_app):
            self.show_data()

    @work
    async def action_export_package(self) -> None:
        """Ask for goals and flows and export them as a package."""
        from goals_tui.tui.packages.steps import choose_and_export

        if await choose_and_export(self.goals_app):
            self.show_data()

    @work
    async def action_import_events(self) -> None:
        """Ask for event data that the original system exported and import it."""
        from goals_tui.tui.packages.steps import import_events

        if await import_events(self.goals_app):
            self.show_data()

    @work
    async def action_import_log(self) -> None:
        """Ask for a table or another log, how to read it, and import it."""
        from goals_tui.tui.tasks.import_log import import_log

        if await import_log(self.goals_app):
            self.show_data()

    def action_batches(self) -> None:
        """Show what imports, simulations and derivations added."""
        from goals_tui.tui.tasks.batches import BatchesScreen

        self.app.push_screen(BatchesScreen())

    @work
    async def action_seal(self) -> None:
        """Seal the appended events."""
        await self.change("Starting to seal the events", self.services.tasks.seal)
        self.show_data()
