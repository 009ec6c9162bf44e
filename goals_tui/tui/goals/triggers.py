"""The trigger editor: which activities fire a step, with counts of the sessions in which they do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, get_args

from textual import events, on, work
from textual.app import ComposeResult
from textual.content import Content
from textual.suggester import SuggestFromList
from textual.widgets import Button, Input, Static
from textual.widgets.option_list import Option

from goals_tui.domain.activity import ActivityKind, Trigger
from goals_tui.domain.errors import GoalsError, WrongValueError
from goals_tui.domain.event import LONGEST_FIELD
from goals_tui.domain.goal import Step
from goals_tui.domain.text import clean_line
from goals_tui.domain.words import fold
from goals_tui.services.deriving import new_trigger
from goals_tui.tui.app.actions import bindings
from goals_tui.tui.app.dialogs import Form
from goals_tui.tui.widgets.fields import Field, Options

if TYPE_CHECKING:
    from goals_tui.services.activities import ActivityName
    from goals_tui.services.deriving import Firing

MOST_NAMES = 50
"""The most names of activities that are offered."""
_NO_ACTIVITIES = "There are no activities yet, so nothing can be counted. Import a log as activities."


def in_words(trigger: Trigger) -> Content:
    """Return a trigger in words: `tool search_*  with "refund" in its text`."""
    parts = [Content(trigger.name) if trigger.name else Content.styled("any name", "$quiet")]
    if trigger.kind:
        parts.insert(0, Content.styled(f"{trigger.kind} ", "$primary"))
    if trigger.text:
        parts += [Content.styled("  with ", "$quiet"), Content(f'"{trigger.text}"')]
    return Content("").join(parts)


def firing_text(firing: Firing, place: int | None) -> str:
    """Return in how many sessions a trigger fires, or (None) any of them: `1,204 of 3,310 sessions in ...`."""
    recent = firing.recent_all if place is None else firing.recent[place]
    ever = firing.ever_all if place is None else firing.ever[place]
    if not firing.recent_sessions:
        return f"{ever:,} of {_sessions(firing.sessions)}, none of which is in the last 30 days"
    return f"{recent:,} of {_sessions(firing.recent_sessions)} in the last 30 days"


def _sessions(count: int) -> str:
    return f"{count:,} session{'' if count == 1 else 's'}"


class TriggerEditor(Form[tuple[Trigger, ...]]):
    """A dialog with the triggers of a step; returns them as they are then, or None if it was cancelled."""

    CONTEXT = "goals.triggers"
    BINDINGS = bindings("goals.triggers")
    HELP = """
Any of the triggers of a step fires it when the goal is derived from activities. The triggers of the **initial step**
open a cycle. Changing triggers makes no new version of the goal: derive it again to apply them.
"""
    DEFAULT_CSS = """
    TriggerEditor > #dialog { width: 90; }
    TriggerEditor Options { height: auto; min-height: 2; max-height: 12; background: $surface; }
    TriggerEditor #none { height: auto; color: $quiet; }
    TriggerEditor #together { height: auto; margin-top: 1; color: $quiet; }
    """

    def __init__(self, step: Step) -> None:
        super().__init__(f"What fires {step.glyph} {step.name or 'this step'}")
        self.triggers = list(step.triggers)
        self.firing: Firing | None = None

    def compose_dialog(self) -> ComposeResult:
        yield Options(id="rows")
        yield Static("", id="none", markup=False)
        yield Static("", id="together", markup=False)

    def compose_buttons(self) -> ComposeResult:
        yield Button("Add", id="add")
        yield Button("Cancel", id="cancel")
        yield Button("OK", id="ok", variant="primary")

    def on_mount(self) -> None:
        self._show(0)

    def _show(self, chosen: int) -> None:
        """Draw the triggers, and count anew in how many sessions they fire."""
        self.firing = None
        self._draw(chosen)
        self.query_one(Options if self.triggers else "#add").focus()
        deriving, triggers = self.services.deriving, tuple(self.triggers)
        self.load("count", lambda: deriving.firing(triggers), self._count)

    def _count(self, firing: Firing) -> None:
        if len(firing.ever) == len(self.triggers):
            self.firing = firing
            self._draw(self.query_one(Options).highlighted or 0)

    def _draw(self, chosen: int) -> None:
        rows, firing = self.query_one(Options), self.firing
        rows.clear_options()
        for place, trigger in enumerate(self.triggers):
            count = f"\n  fires in {firing_text(firing, place)}" if firing and firing.sessions else ""
            rows.add_option(Option(Content.assemble(in_words(trigger), (count, "$quiet"))))
        rows.display = bool(self.triggers)
        rows.highlighted = min(chosen, len(self.triggers) - 1) if self.triggers else None
        key = self.named_key("goals.triggers.add")
        self.query_one("#none", Static).update(
            "" if self.triggers else f"Nothing fires this step. {key} adds a trigger."
        )
        self.query_one("#none").display = not self.triggers
        self.query_one("#together", Static).update(self._together())
        self.call_after_refresh(self.fit)

    def _together(self) -> str:
        if self.firing is None:
            return "Counting…"
        if not self.firing.sessions:
            return _NO_ACTIVITIES
        if len(self.triggers) < 2:
            return ""
        return f"Together they fire in {firing_text(self.firing, None)}."

    @on(Button.Pressed, "#add")
    @work(group="waits")
    async def action_add(self) -> None:
        """Ask for another trigger and add it."""
        added = await self.app.push_screen_wait(TriggerForm(None))
        if added is not None:
            if added not in self.triggers:
                self.triggers.append(added)
            self._show(self.triggers.index(added))

    def action_edit(self) -> None:
        """Edit the chosen trigger."""
        self.query_one(Options).action_select()

    @on(Options.OptionSelected)
    @work(group="waits")
    async def _edit(self, event: Options.OptionSelected) -> None:
        place = event.option_index
        edited = await self.app.push_screen_wait(TriggerForm(self.triggers[place]))
        if edited is not None and place < len(self.triggers):
            self.triggers[place] = edited
            self.triggers = list(dict.fromkeys(self.triggers))
            self._show(place)

    def action_delete(self) -> None:
        """Delete the chosen trigger."""
        place = self.query_one(Options).highlighted
        if place is not None and place < len(self.triggers):
            del self.triggers[place]
            self._show(place)

    @on(Button.Pressed, "#ok")
    def _ok(self) -> None:
        self.dismiss(tuple(self.triggers))

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)


class TriggerForm(Form[Trigger]):
    """A dialog for one trigger, which counts while it is entered and offers the most frequent names."""

    DEFAULT_CSS = """
    TriggerForm > #dialog { width: 90; }
    TriggerForm Field { margin-bottom: 0; }
    TriggerForm #count { height: 1; color: $primary; }
    TriggerForm #names { height: auto; max-height: 8; background: $surface; display: none; }
    """

    def __init__(self, trigger: Trigger | None, *, title: str = "", save: str = "OK") -> None:
        super().__init__(title or ("New trigger" if trigger is None else "Trigger"))
        self.save = save
        self.trigger = trigger
        self.names: Sequence[ActivityName] = ()
        self._offered: Sequence[ActivityName] = ()
        self._edits = 0

    def compose_dialog(self) -> ComposeResult:
        old = self.trigger
        kinds = get_args(ActivityKind)
        name = Input(old.name or "" if old else "", max_length=LONGEST_FIELD, placeholder="search_flights, or search_*")
        yield Field("Name", name, id="name", hint="exact, * for any characters; ↓ goes to the list")
        kind = Input(old.kind or "" if old else "", placeholder="any", suggester=SuggestFromList(kinds))
        yield Field("Kind", kind, id="kind", hint=" ".join(kinds))
        yield Field("Part of the text", Input(old.text or "" if old else "", max_length=LONGEST_FIELD), id="text")
        yield Static("", id="count", markup=False)
        yield Options(id="names")

    def compose_buttons(self) -> ComposeResult:
        yield Button("Cancel", id="cancel")
        yield Button(self.save, id="ok", variant="primary")

    def on_mount(self) -> None:
        self.query_one("#name Input", Input).focus()
        activities = self.services.activities
        self.load("names", lambda: activities.names(MOST_NAMES), self._take_names)
        self._count()

    def _take_names(self, names: Sequence[ActivityName]) -> None:
        self.names = names
        self._offer()

    def _offer(self) -> None:
        """List the names that contain what is typed; all of them while nothing is."""
        wanted = fold(clean_line(self._value("name")).replace("*", " ")).split()
        named = [one for one in self.names if one.name is not None]
        exact = [one for one in named if one.name == self._value("name")]
        self._offered = [] if exact else [one for one in named if all(part in fold(one.name or "") for part in wanted)]
        rows = self.query_one("#names", Options)
        rows.clear_options()
        for one in self._offered:
            count = Content.styled(f"  {_sessions(one.sessions)}", "$quiet")
            rows.add_option(Option(Content.assemble((f"{one.kind:<9}", "$primary"), Content(one.name or ""), count)))
        rows.display = bool(self._offered)
        rows.highlighted = 0 if self._offered else None
        self.call_after_refresh(self.fit)

    def on_key(self, event: events.Key) -> None:
        """Go from the fields to the list of names by the down key."""
        rows = self.query_one("#names", Options)
        if event.key == "down" and rows.display and isinstance(self.focused, Input):
            event.stop()
            rows.focus()

    @on(Options.OptionSelected, "#names")
    def _take_name(self, event: Options.OptionSelected) -> None:
        if Options.is_there(event):
            one = self._offered[event.option_index]
            self.query_one("#name", Field).put(one.name or "")
            self.query_one("#kind", Field).put(one.kind)
            self._edited()
            self.query_one("#ok", Button).focus()

    def _value(self, id_: str) -> str:
        return self.query_one(f"#{id_}", Field).value

    def _entered(self) -> Trigger | None:
        """Return the trigger as entered, or show what is wrong with it and return None."""
        entered = (clean_line(self._value(id_)) or None for id_ in ("kind", "name", "text"))
        problems: dict[str, str] = {}
        trigger = None
        try:
            trigger = new_trigger(*entered)
        except WrongValueError as error:
            problems[error.field if error.field == "kind" else "name"] = str(error)
        for id_ in ("kind", "name"):
            self.query_one(f"#{id_}", Field).say(problems.get(id_, "") if self._value(id_) else "")
        return trigger

    @on(Field.Edited)
    def _edited(self) -> None:
        self._offer()
        self._edits += 1
        edits = self._edits
        # Counting starts when typing pauses.
        self.later(lambda: self._count() if edits == self._edits else None)

    def _count(self) -> None:
        trigger = self._entered()
        if trigger is None:
            self.query_one("#count", Static).update("")
            return
        deriving = self.services.deriving
        self.load("count", lambda: (trigger, deriving.firing([trigger])), self._show_count, refused=self._uncounted)

    def _show_count(self, found: tuple[Trigger, Firing]) -> None:
        trigger, firing = found
        if trigger == self._entered():
            count = f"Fires in {firing_text(firing, 0)}." if firing.sessions else _NO_ACTIVITIES
            self.query_one("#count", Static).update(count)

    def _uncounted(self, error: BaseException) -> None:
        self.query_one("#count", Static).update(str(error) if isinstance(error, GoalsError) else "")

    @on(Input.Submitted)
    @on(Button.Pressed, "#ok")
    def _ok(self) -> None:
        trigger = self._entered()
        if trigger is not None:
            self.dismiss(trigger)
        elif not any(self._value(id_) for id_ in ("kind", "name", "text")):
            self.query_one("#count", Static).update("Enter a name, a kind or a part of the text.")

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)
