"""The menu of node kinds: a letter adds one at once, `/` searches."""

from __future__ import annotations

from textual import events, on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input
from textual.widgets.option_list import Option

from goals_tui.domain.flow import KIND_TITLES, NodeKind
from goals_tui.tui.actions import bindings
from goals_tui.tui.dialogs import Dialog
from goals_tui.tui.flows.faces import KIND_GLYPHS
from goals_tui.tui.widgets.options import Options

KINDS: tuple[tuple[str, NodeKind, str], ...] = (
    ("s", "say", "the agent says something"),
    ("q", "question", "the agent asks and waits for an answer"),
    ("t", "track_goal", "records steps of a goal"),
    ("i", "if", "two branches by a condition"),
    ("l", "lookup", "a branch for each value, and a default"),
    ("o", "once", "first time, and afterwards"),
    ("g", "go_to", "continues in another flow"),
    ("x", "execute_flow", "runs another flow and comes back"),
    ("h", "handover", "a human agent takes over"),
    ("e", "end", "ends the flow here"),
)
"""Letter, kind, and what it does."""


class KindMenu(Dialog[NodeKind]):
    """Asks which kind of node to add."""

    CONTEXT = "flows.kinds"
    BINDINGS = bindings("flows.kinds")
    DEFAULT_CSS = """
    KindMenu > #dialog { width: 70; }
    KindMenu #dialog-buttons { display: none; }
    KindMenu #kind-search { display: none; }
    KindMenu.-searching #kind-search { display: block; margin: 1 0; }
    KindMenu Options { height: auto; max-height: 12; }
    """

    def __init__(self, where: str) -> None:
        super().__init__("Add a node")
        self.where = where
        self.shown: list[NodeKind] = []

    def compose_dialog(self) -> ComposeResult:
        from textual.widgets import Static

        yield Static(self.where, classes="dialog-text quiet", markup=False)
        yield Input(placeholder="Type to search", id="kind-search")
        yield Options(id="kinds")

    def on_mount(self) -> None:
        """All kinds, letters ready."""
        self._list("")
        self.query_one(Options).focus()

    def action_search(self) -> None:
        """Type instead of pressing a letter."""
        self.add_class("-searching")
        self.query_one(Input).focus()

    def on_key(self, event: events.Key) -> None:
        """A letter adds its kind; while searching the arrows move in the list."""
        if self.has_class("-searching"):
            if event.key in ("up", "down"):
                getattr(self.query_one(Options), f"action_cursor_{event.key}")()
                event.stop()
            return
        for letter, kind, _ in KINDS:
            if event.key == letter:
                event.stop()
                self.dismiss(kind)

    @on(Input.Changed, "#kind-search")
    def _search(self, event: Input.Changed) -> None:
        self._list(event.value.strip().casefold())

    @on(Input.Submitted, "#kind-search")
    def _take(self) -> None:
        chosen = self.query_one(Options).highlighted
        if chosen is not None:
            self.dismiss(self.shown[chosen])

    @on(Options.OptionSelected, "#kinds")
    def _selected(self, event: Options.OptionSelected) -> None:
        if Options.is_there(event):
            self.dismiss(self.shown[event.option_index])

    def _list(self, wanted: str) -> None:
        found = [row for row in KINDS if wanted in f"{KIND_TITLES[row[1]]} {row[2]}".casefold()]
        self.shown = [kind for _, kind, _ in found]
        rows = self.query_one(Options)
        rows.clear_options()
        rows.add_options([Option(_row(letter, kind, text)) for letter, kind, text in found])
        if found:
            rows.highlighted = 0


def _row(letter: str, kind: NodeKind, text: str) -> Content:
    return Content.assemble(
        (f" {letter} ", "bold $primary"), f" {KIND_GLYPHS[kind]} ", f"{KIND_TITLES[kind]:<20}", (text, "$quiet")
    )
