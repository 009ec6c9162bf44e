"""Registry of everything that can be done in the app, for key bindings, palette, help and docs/keys.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.binding import Binding, BindingType


@dataclass(frozen=True)
class Action:
    """Something that a key or the palette does.

    `id` is `context.name`: the context is the `CONTEXT` of a screen or dialog, and the name, with underscores, is a
    method there: `goals.where-used` runs `action_where_used`. `keys` is a comma-separated list, of which the first one
    is shown; it is empty where only the palette offers the action. `do` replaces the method's name where several
    actions share a method: `show('flows')`.
    """

    id: str
    keys: str
    description: str
    tooltip: str
    group: str
    palette: bool = True
    footer: bool = True
    do: str = ""
    title: str = ""
    """The title in the palette, where `description` is too short to stand alone."""

    @property
    def context(self) -> str:
        """The screen that the action belongs to; `app` for actions that work everywhere."""
        return self.id.rpartition(".")[0]

    @property
    def call(self) -> str:
        """The Textual action that is run."""
        return self.do or self.id.rpartition(".")[2].replace("-", "_")

    def binding(self) -> Binding:
        """Return the key binding."""
        from textual.binding import Binding

        return Binding(
            self.keys, self.call, self.description, show=self.footer, tooltip=self.tooltip, id=self.id, priority=False
        )


@dataclass(frozen=True)
class Area:
    """One of the six screens: its number key, and the place of its class, imported when it is first shown.

    `kinds` are the kinds of documents whose changes are visible there.
    """

    name: str
    key: str
    title: str
    module: str
    screen: str
    kinds: frozenset[str] = frozenset()


AREAS = (
    Area("goals", "1", "Goals", "goals_tui.tui.goals.screen", "GoalsScreen", frozenset({"goals"})),
    Area("flows", "2", "Flows", "goals_tui.tui.flows.screen", "FlowsScreen", frozenset({"flows"})),
    Area("insights", "3", "Insights", "goals_tui.tui.insights.screen", "InsightsScreen", frozenset({"saved_filters"})),
    Area("sessions", "4", "Sessions", "goals_tui.tui.sessions.screen", "SessionsScreen"),
    Area("tasks", "5", "Tasks", "goals_tui.tui.tasks.screen", "TasksScreen", frozenset({"tasks"})),
    Area("settings", "6", "Settings", "goals_tui.tui.settings.screen", "SettingsScreen", frozenset({"project"})),
)
"""The six screens, in the order of their keys."""
APP_ACTIONS = (
    *(
        Action(f"app.{area.name}", area.key, area.title, f"Show {area.title}", "Screens", footer=False,
               do=f"show('{area.name}')")
        for area in AREAS
    ),
    Action("app.undo", "u,ctrl+z", "Undo", "Undo the last edit", "Everywhere", footer=False),
    Action("app.redo", "U,ctrl+r", "Redo", "Redo the last undone edit", "Everywhere", footer=False),
    Action("app.jump", "semicolon,ctrl+o", "Jump", "Focus any part of the screen by a letter", "Everywhere",
           footer=False),
    Action("app.palette", "ctrl+p,colon", "Palette", "Search every action, goal, flow and session", "Everywhere",
           palette=False, do="command_palette"),
    Action("app.help", "question_mark,f1", "Help", "Keys and concepts of this screen", "Everywhere"),
    Action("app.theme", "", "Choose theme", "Choose the colours; the choice is kept", "Everywhere", footer=False),
    Action("app.tour", "", "Tour", "Learn the keys, screen by screen", "Everywhere", footer=False),
    Action("app.close-messages", "escape", "Close messages", "Close the notifications that stay", "Everywhere"),
    Action("app.quit", "q,ctrl+q", "Quit", "Close the app", "Everywhere"),
    Action("app.dialog.cancel", "escape", "Cancel", "Close the dialog without an answer", "Dialogs", palette=False),
    Action("app.explained.help", "f1,question_mark", "Help", "Keys and concepts of the dialog", "Dialogs",
           palette=False),
    Action("app.reading.close", "escape", "Close", "Close the dialog", "Dialogs", palette=False, do="cancel"),
    Action("app.form.accept", "ctrl+s,f2", "OK", "Press the main button, from any field", "Dialogs", palette=False),
    Action("app.choose.take", "enter", "Choose", "Take what the cursor of the list is on", "Dialogs", palette=False,
           do="submit"),
    Action("app.dialog.next-button", "right", "Next", "Focus the next button", "Dialogs", palette=False, footer=False),
    Action("app.dialog.previous-button", "left", "Previous", "Focus the button before", "Dialogs", palette=False,
           footer=False),
    *(
        Action(f"app.list.{name}", keys, title, tooltip, "Lists", palette=False, footer=False, do=do)
        for name, keys, title, tooltip, do in (
            ("up", "up,k", "Up", "Choose the row above", "move(-1)"),
            ("down", "down,j", "Down", "Choose the row below", "move(1)"),
            ("page-up", "pageup", "Page up", "Go up by what is seen at once", "page(-1)"),
            ("page-down", "pagedown", "Page down", "Go down by what is seen at once", "page(1)"),
            ("first", "home", "First", "Choose the first row", "edge(0)"),
            ("last", "end", "Last", "Choose the last row", "edge(1)"),
        )
    ),
    Action("app.toggle.switch", "space,enter", "On or off", "Tick or untick the box", "Lists",
           palette=False),
)  # fmt: skip
"""The actions that work everywhere."""


@cache
def registry() -> tuple[Action, ...]:
    """Return every action of the app, by screen; each screen declares its own in `tui/<screen>/actions.py`.

    Last come those of the welcome, which is shown before the six screens exist, and of the tour.
    """
    found = list(APP_ACTIONS)
    for screen in (*(area.name for area in AREAS), "welcome"):
        found += import_module(f"goals_tui.tui.{screen}.actions").ACTIONS
    return tuple(found)


def of_context(context: str) -> Iterator[Action]:
    """Return the actions of one screen or dialog, in order; only that screen's module is imported."""
    area = context.split(".")[0]
    actions = APP_ACTIONS if area == "app" else import_module(f"goals_tui.tui.{area}.actions").ACTIONS
    return (action for action in actions if action.context == context)


def keys_of(keymap: Mapping[str, str], id_: str) -> list[str]:
    """Return the keys of an action, with the user's keys in `keymap`."""
    action = next(action for action in of_context(id_.rpartition(".")[0]) if action.id == id_)
    return keymap.get(id_, action.keys).split(",")


def shown_key(keymap: Mapping[str, str], id_: str) -> str:
    """Return the first key of an action as people write it, with the user's keys in `keymap`."""
    return key_name(keys_of(keymap, id_)[0])


def bindings(context: str) -> list[BindingType]:
    """Return the `BINDINGS` of a screen or dialog."""
    return [action.binding() for action in of_context(context) if action.keys]


KEY_NAMES = {
    "question_mark": "?", "colon": ":", "semicolon": ";", "slash": "/", "escape": "esc", "delete": "del",
    "plus": "+", "minus": "-", "comma": ",", "full_stop": ".", "left_square_bracket": "[",
    "right_square_bracket": "]", "underscore": "_", "up": "↑", "down": "↓", "left": "←", "right": "→",
    "pageup": "page up", "pagedown": "page down", "less_than_sign": "<", "greater_than_sign": ">", "equals_sign": "=",
}  # fmt: skip
"""The names of keys as people write them, where they differ from Textual's."""


def key_name(key: str) -> str:
    """Return one key as people write it: `ctrl+s`, `?`, `shift+↑`."""
    *modifiers, last = key.split("+")
    return "+".join([*modifiers, KEY_NAMES.get(last, last)])


def key_names(keys: str) -> str:
    """Return some keys as people write them: `ctrl+s or f2`."""
    return " or ".join(key_name(key) for key in keys.split(",") if key)


def key_table() -> str:
    """Return the table of all keys in docs/keys.md, in Markdown."""
    lines = ["| Where | Key | What it does |", "|---|---|---|"]
    for action in registry():
        where = action.context.replace(".", ", ").capitalize() if action.context != "app" else "Everywhere"
        keys = " ".join(f"`{key_name(key)}`" for key in action.keys.split(",") if key) or "palette"
        lines.append(f"| {where} | {keys} | {action.description}: {action.tooltip[:1].lower() + action.tooltip[1:]} |")
    return "\n".join(lines) + "\n"
