"""Form fields: labels, hints, problems, and lists of options."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from textual.app import ComposeResult, RenderResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.css.styles import RulesMap
from textual.events import Click
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.style import Style
from textual.visual import RenderOptions, Visual
from textual.widget import Widget
from textual.widgets import Input, Label, OptionList, Static, TextArea

from goals_tui.tui.app.actions import bindings
from goals_tui.tui.app.textual_compat import PagedOptionList
from goals_tui.tui.app.themes import SEVERITIES
from goals_tui.tui.widgets.virtual_list import under_cursor

if TYPE_CHECKING:
    from goals_tui.domain.wiring import Severity


class ProblemLine(Static):
    """A line that says what is wrong with what was entered, or a note on it; empty where there is nothing to say."""

    DEFAULT_CSS = """
    ProblemLine { width: 1fr; height: auto; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__("", id=id, classes=classes)
        self.text = ""
        self._severity: Severity | None = "error"

    def say(self, text: str, severity: Severity | None = "error") -> None:
        """Show a text with the glyph of its severity, if it has one; nothing where the text is empty."""
        # An update lays out the whole screen again, so the same text is not set at every key.
        if (text, severity) == (self.text, self._severity):
            return
        self.text, self._severity = text, severity
        glyph, color = SEVERITIES[severity] if severity else ("", "$quiet")
        begin = Content.styled(f"{glyph} ", color) if glyph else Content("")
        self.update(Hanging(begin, Content.styled(text, color)) if text else "")


class Field(Vertical):
    """A label with its input below, and room for a message beside the label.

    `hint` is shown after the label. A short message takes no line of its own.
    """

    DEFAULT_CSS = """
    Field { height: auto; margin-bottom: 1; }
    Field .field-head { height: auto; }
    Field .field-label { width: auto; color: $quiet; }
    Field:focus-within .field-label { color: $primary; text-style: bold; }
    Field .field-problem { display: none; width: 1fr; height: auto; padding: 0 0 0 2; }
    Field.-wrong .field-problem { display: block; }
    """

    @dataclass
    class Edited(Message):
        """Posted when the user changed the value of a field."""

        field: Field
        value: str

        @property
        def control(self) -> Field:
            """The field, for `@on(..., "#id")`."""
            return self.field

    def __init__(self, label: str, entry: Input | TextArea, *, id: str, hint: str = "") -> None:
        super().__init__(id=id)
        self.label = label
        self.hint = hint
        self.entry = entry

    def compose(self) -> ComposeResult:
        with Horizontal(classes="field-head"):
            yield Label(self._head(), classes="field-label")
            yield ProblemLine(classes="field-problem")
        yield self.entry

    def _head(self) -> Content:
        return Content.assemble(self.label, (f"  {self.hint}", "$quiet not bold") if self.hint else "")

    def set_hint(self, hint: str) -> None:
        """Show another hint after the label."""
        if hint != self.hint:
            self.hint = hint
            self.query_one(".field-label", Label).update(self._head())

    @property
    def value(self) -> str:
        """The text in the field."""
        return self.entry.text if isinstance(self.entry, TextArea) else self.entry.value

    def put(self, value: str) -> None:
        """Set the value without posting `Edited`."""
        if value == self.value:
            return
        if isinstance(self.entry, TextArea):
            with self.prevent(TextArea.Changed):
                self.entry.load_text(value)
        else:
            with self.prevent(Input.Changed):
                self.entry.value = value

    def say(self, problem: str) -> None:
        """Show a problem, or remove it where `problem` is empty."""
        self.query_one(ProblemLine).say(problem)
        self.set_class(bool(problem), "-wrong")

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Edited(self, event.value))

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        self.post_message(self.Edited(self, event.text_area.text))


def text_area(text: str = "") -> TextArea:
    """Return a field of several lines, in which tab moves to the next field."""
    area = TextArea(text, tab_behavior="focus", soft_wrap=True, show_line_numbers=False, highlight_cursor_line=False)
    area.cursor_blink = False
    return area


class Toggle(Widget, can_focus=True):
    """A setting that is on or off, with a sentence: `☑ Mark this step as a completion step`."""

    DEFAULT_CSS = """
    Toggle { height: auto; width: 1fr; margin-bottom: 1; }
    Toggle:hover { background: $block-hover-background; }
    Toggle:focus { background: $panel; color: $primary; text-style: bold; }
    """
    BINDINGS: ClassVar[list[BindingType]] = bindings("app.toggle")

    value: reactive[bool] = reactive(False)

    def __init__(self, text: str, value: bool, *, id: str, hint: str = "") -> None:
        super().__init__(id=id)
        self.text = text
        self.hint = hint
        self.touched = False
        """True if the user has switched it."""
        self.set_reactive(Toggle.value, value)

    def render(self) -> RenderResult:
        mark = ("☑ ", "bold $completed") if self.value else ("☐ ", "$quiet")
        hint = (f"  {self.hint}", "$quiet not bold") if self.hint else ""
        return Hanging(Content.assemble(mark), Content.assemble(self.text, hint))

    def action_switch(self) -> None:
        """Switch the setting."""
        self.touched = True
        self.value = not self.value

    def on_click(self) -> None:
        self.action_switch()


class Hanging(Visual):
    """Text whose further lines stay right of what the first one begins with: a mark, or a column."""

    def __init__(self, begin: Content, text: Content) -> None:
        self.begin = begin
        self.text = text

    def get_optimal_width(self, rules: RulesMap, container_width: int) -> int:
        return self.begin.cell_length + self.text.get_optimal_width(rules, container_width)

    def get_height(self, rules: RulesMap, width: int) -> int:
        return self.text.get_height(rules, self._room(width))

    def render_strips(self, width: int, height: int | None, style: Style, options: RenderOptions) -> list[Strip]:
        room = self._room(width)
        indent = Strip.blank(width - room, style.rich_style)
        begin = self.begin.render_strips(width - room, 1, style, options) if width > room else []
        lines = self.text.render_strips(room, height, style, options)
        return [Strip.join([*(begin if number == 0 else [indent]), line]) for number, line in enumerate(lines)]

    def _room(self, width: int) -> int:
        return max(1, width - self.begin.cell_length)


class Options(PagedOptionList):
    """Textual's option list, made safe for keys before it is drawn and for clicks on options that are gone.

    A list with the class `-follows` stands below a search field, which has the focus and moves the list's cursor.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"options--bar"}
    DEFAULT_CSS = """
    Options > .option-list--option { padding: 0 1 0 2; }
    Options > .options--bar { color: $primary; }
    Options > .option-list--option-highlighted { background: $panel; color: $foreground; text-style: none; }
    Options:focus > .option-list--option-highlighted, Options.-follows > .option-list--option-highlighted {
        background: $primary 22%; color: $foreground; text-style: none;
    }
    """

    def chosen_lines(self, lines: list[Strip], look: Style) -> list[Strip]:
        """Return the lines of the option under the cursor with the bar of the cursor.

        The blank line that keeps options of several lines apart is not part of them.
        """
        bar = self.get_visual_style("options--bar", partial=True).rich_style
        own = lines[:-1] if len(lines) > 1 and not lines[-1].text.strip() else lines
        plain = self.get_visual_style("option-list--option").rich_style
        gap = [Strip([Segment(text, style and style + plain) for text, style, _ in line]) for line in lines[len(own) :]]
        return [*(under_cursor(line, look, bar) for line in own), *gap]

    @staticmethod
    def is_there(event: OptionList.OptionMessage) -> bool:
        """Return whether the option of a message is still in its place; the list may have changed meanwhile."""
        rows, place = event.option_list, event.option_index
        return place < rows.option_count and rows.get_option_at_index(place) is event.option

    def on_click(self, event: Click) -> None:
        """Ignore a click on an option that is gone."""
        if event.style.meta.get("option", 0) >= self.option_count:
            event.prevent_default()
