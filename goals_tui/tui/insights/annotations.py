"""Annotations of the time axis on the screen: add one at a day of a chart; list, edit and delete them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from textual import on, work
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Button, Input, Static

from goals_tui.domain.errors import GoalsError
from goals_tui.domain.model import MAX_NAME
from goals_tui.services.annotations import Annotation
from goals_tui.tui.app.actions import bindings
from goals_tui.tui.app.dialogs import Form, Reading
from goals_tui.tui.filters.texts import minute
from goals_tui.tui.insights.over_time import ANNOTATION_GLYPHS
from goals_tui.tui.widgets.columns import Column
from goals_tui.tui.widgets.fields import Field, Toggle
from goals_tui.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from goals_tui.tui.app.screen import ScreenFrame


@dataclass(frozen=True)
class AnnotationDraft:
    """An annotation as it is entered: a text, a day or a moment, and whether it is about one goal only."""

    text: str
    at: str
    of_goal: bool


class AnnotationForm(Form[AnnotationDraft]):
    """A form for an annotation. `goal` is the name of the goal that it may be limited to, or empty."""

    def __init__(self, title: str, *, text: str = "", at: str, goal: str = "", of_goal: bool = False) -> None:
        super().__init__(title)
        self.text = text
        self.at = at
        self.goal = goal
        self.of_goal = of_goal

    def compose_dialog(self) -> ComposeResult:
        yield Field("What happened", Input(self.text, max_length=MAX_NAME, select_on_focus=False), id="annotation-text")
        yield Field("When", Input(self.at, max_length=40), id="annotation-at", hint="a day, or a day with a time")
        if self.goal:
            yield Toggle(f"Only about {self.goal}", self.of_goal, id="annotation-goal")

    def compose_buttons(self) -> ComposeResult:
        yield Button("Cancel", id="cancel")
        yield Button("Save", id="save", variant="primary")

    def on_mount(self) -> None:
        self.query_one("#annotation-text Input").focus()

    @on(Input.Submitted)
    @on(Button.Pressed, "#save")
    def _save(self) -> None:
        text, at = self.query_one("#annotation-text", Field), self.query_one("#annotation-at", Field)
        problem = "" if text.value.strip() else "An annotation needs a text."
        text.say(problem)
        wrong = self._wrong_moment(at.value)
        at.say(wrong)
        if problem or wrong:
            (text if problem else at).entry.focus()
            return
        of_goal = bool(self.goal) and self.query_one("#annotation-goal", Toggle).value
        self.dismiss(AnnotationDraft(text.value.strip(), at.value.strip(), of_goal))

    @staticmethod
    def _wrong_moment(text: str) -> str:
        from goals_tui.domain.filters import parse_moment

        try:
            parse_moment(text.strip(), "at")
        except GoalsError as error:
            return str(error)
        return ""

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)


async def annotate(screen: ScreenFrame[Any], day: str, goal_id: str | None, goal: str) -> None:
    """Ask for an annotation of a day of a chart, which shows one goal or all, and add it."""
    form = AnnotationForm("Annotate", at=day, goal=goal, of_goal=goal_id is not None)
    entered = await screen.app.push_screen_wait(form)
    if entered is None:
        return
    about = goal_id if entered.of_goal else None
    added = screen.attempt(lambda: screen.services.annotations.add(entered.text, at=entered.at, goal_id=about))
    if added is not None:
        screen.notify(f"Annotated: {added.text}. {screen.named_key('app.undo')} takes it back.")
        screen.goals_app.changed()


class AnnotationList(Reading[None]):
    """The list of all annotations, newest first."""

    CONTEXT = "insights.annotations"
    BINDINGS = bindings("insights.annotations")
    HELP = """
An **annotation** marks a moment on the charts over time, for all goals or for one of them.

| | |
|---|---|
| ✎ | made by hand: it can be edited and deleted |
| ◆ | a version of a goal, or a snapshot, first appears; these come by themselves |
"""
    DEFAULT_CSS = """
    AnnotationList > #dialog { width: 92; height: 80%; }
    AnnotationList #dialog-body { height: 1fr; max-height: 1fr; }
    AnnotationList #annotations { height: 1fr; }
    AnnotationList #no-annotations { height: auto; color: $quiet; }
    """

    def __init__(self) -> None:
        super().__init__("Annotations")
        self.rows: Sequence[Annotation] = ()
        self._zone = ZoneInfo("UTC")

    def compose_dialog(self) -> ComposeResult:
        columns = (
            Column("", 1),
            Column("When", 17),
            Column("What", 20, share=3),
            Column("Goal", 10, share=1, drop=1),
        )
        yield Static("Looking …", id="no-annotations", markup=False)
        yield VirtualList(columns, id="annotations")

    def compose_buttons(self) -> ComposeResult:
        yield Button("Close", id="close")

    def on_mount(self) -> None:
        self.query_one(VirtualList).focus()
        self._read()

    def _read(self) -> None:
        self.load("annotations", self.services.annotations.all, self._show)

    def _show(self, found: list[Annotation]) -> None:
        self._zone = self.services.project.get().zone
        self.rows = found[::-1]
        rows = self.query_one(VirtualList)
        rows.display = bool(self.rows)
        rows.show(len(self.rows), self._cells)
        line = self.query_one("#no-annotations", Static)
        line.update(f"No annotation yet. {self.named_key('insights.annotate')} on a day of a chart makes one.")
        line.display = not self.rows
        self.refresh_bindings()

    def _cells(self, index: int) -> list[Content]:
        row = self.rows[index]
        return [
            Content.styled(ANNOTATION_GLYPHS[row.kind], "$primary" if row.id else "$quiet"),
            Content(f"{minute(row.at, self._zone):>17}"),
            Content(row.text),
            Content(row.goal or ("" if row.goal_id else "all goals")),
        ]

    @property
    def chosen(self) -> Annotation | None:
        """The annotation with the cursor, if it was made by hand."""
        cursor = self.query_one(VirtualList).cursor
        row = self.rows[cursor] if cursor < len(self.rows) else None
        return row if row is not None and row.id is not None else None

    @on(VirtualList.Highlighted)
    def _moved(self) -> None:
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable editing and deleting of annotations that came by themselves."""
        return self.chosen is not None if action in ("edit", "delete") and self.is_mounted else True

    @on(VirtualList.Selected)
    @work
    async def action_edit(self) -> None:
        """Edit the chosen annotation."""
        row = self.chosen
        if row is None or row.id is None:
            self.notify("It came by itself: only annotations made by hand can be edited.")
            return
        id_ = row.id
        before = f"{row.at.astimezone(self._zone):%Y-%m-%dT%H:%M}"
        entered = await self.app.push_screen_wait(AnnotationForm("Annotation", text=row.text, at=before))
        if entered is not None:
            # The form has no seconds: a moment that wasn't edited stays exactly as it is.
            at = entered.at if entered.at != before else None
            self._again(self.attempt(lambda: self.services.annotations.change(id_, entered.text, at)))

    def action_delete(self) -> None:
        """Delete the chosen annotation."""
        row = self.chosen
        if row is not None and row.id is not None:
            id_ = row.id
            text = self.attempt(lambda: self.services.annotations.delete(id_))
            if text is not None:
                self.notify(f"Deleted {text!r}. {self.named_key('app.undo')} on the screen brings it back.")
            self._again(text)

    def _again(self, done: object) -> None:
        if done is not None:
            self.goals_app.changed()
            self._read()

    @on(Button.Pressed, "#close")
    def _close(self) -> None:
        self.dismiss(None)
