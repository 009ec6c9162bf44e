"""The dialog that shows the content of a package before it is imported, and asks how to resolve conflicts."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Button, Static

from goals_tui.format import plural
from goals_tui.tui.app.actions import bindings
from goals_tui.tui.app.dialogs import Dialog
from goals_tui.tui.widgets.columns import Column
from goals_tui.tui.widgets.fields import ProblemLine
from goals_tui.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from goals_tui.domain.package import Decision, Item, Standing
    from goals_tui.services.packages.service import PackageInfo

ANSWERS: tuple[Decision, ...] = ("skip", "replace", "duplicate")
MEANING: dict[Decision, str] = {
    "skip": "Skip: yours stays as it is, theirs is left out",
    "replace": "Replace: theirs becomes the next version of yours",
    "duplicate": "Duplicate: theirs is added beside yours under a free name",
}
OF_EVENTS: dict[Decision, str] = {"replace": "; the events of both count", "duplicate": ", with its own events"}
"""The end of the meaning of an answer for a goal; a flow has no events."""
MARKS: dict[Standing, tuple[str, str]] = {
    "new": ("+", "$completed"),
    "same": ("=", "$quiet"),
    "differs": ("≠", "$warning"),
}
"""The mark, and its colour, of an item that is new, the same as in this project, or different from it."""

COLUMNS = (
    Column("Name", 20, share=1),
    Column("Kind", 4),
    Column("Size", 9, drop=3),
    Column("Here", len("≠ differs")),
    Column("Answer", len("[ duplicate ]")),
)
_FEWEST_ROWS, _MOST_ROWS = 4, 16
"""The least and the greatest height of the list in rows, including its header."""


class ReviewPackage(Dialog[dict[str, "Decision"]]):
    """A dialog that lists the content of a package.

    It returns the decision on each conflict by the id of the item, or None if the import was cancelled.
    """

    CONTEXT = "tasks.package"
    BINDINGS = bindings("tasks.package")
    HELP = """\
A package brings goals and flows of another project. For each that is here already, by its id or its name, choose what
to do with `space`.

| + | new: it is added |
| = | same: it is here already, and nothing differs |
| ≠ | differs: something else is here under its id or its name |

* **skip** leaves what is here as it is. Flows of the package then track the goal that is here.
* **replace** makes theirs the next version of what is here. Nodes and events keep their goal.
* **duplicate** adds theirs beside yours, under a free name, with new ids throughout.

All of it is imported, or nothing.
"""
    DEFAULT_CSS = """
    ReviewPackage > #dialog { width: 100; height: auto; }
    ReviewPackage #from { width: 1fr; height: auto; margin-bottom: 1; }
    ReviewPackage #meaning { width: 1fr; height: auto; min-height: 2; margin-top: 1; }
    ReviewPackage #notices { margin-top: 1; }
    """

    def __init__(self, info: PackageInfo) -> None:
        super().__init__(f"Import {info.path.name}")
        self.info = info
        self.chosen: dict[str, Decision] = {item.id: item.proposed for item in info.conflicts}

    def compose_dialog(self) -> ComposeResult:
        yield Static(self._origin(), id="from")
        yield VirtualList(COLUMNS if self.info.conflicts else COLUMNS[:-1], id="items")
        yield Static("", id="meaning", classes="quiet", markup=False)
        yield ProblemLine(id="notices")

    def compose_buttons(self) -> ComposeResult:
        yield Button("Cancel", id="cancel")
        yield Button("Import", id="import", variant="primary")

    def fit(self) -> None:
        """Limit the height of the list so that all other lines stay visible."""
        super().fit()
        rows, body = self.query_one(VirtualList), self.query_one("#dialog-body")
        others = sum(part.outer_size.height + part.styles.margin.height for part in body.children if part is not rows)
        most = body.styles.max_height
        room = int(most.value) - others if most else _MOST_ROWS
        rows.styles.height = max(_FEWEST_ROWS, min(len(self.info.items) + 1, _MOST_ROWS, room))

    def on_mount(self) -> None:
        notices = self.query_one("#notices", ProblemLine)
        notices.say("\n".join(self.info.notices), "warning")
        notices.display = bool(self.info.notices)
        self.query_one("#meaning").display = bool(self.info.conflicts)
        rows = self.query_one(VirtualList)
        first = next((place for place, item in enumerate(self.info.items) if item.conflict), 0)
        rows.show(len(self.info.items), lambda place: self._cells(self.info.items[place]), cursor=first)
        (rows if self.info.conflicts else self.query_one("#import", Button)).focus()

    def _origin(self) -> Content:
        manifest, events = self.info.manifest, self.info.events
        made = f"{manifest.created_at.day} {manifest.created_at:%B %Y}"
        count = "no events" if events is None else plural(events, "event")
        standings = Counter(item.standing for item in self.info.items)
        counts = [
            Content.assemble((mark, f"bold {color}"), f" {standings[standing]} {standing}")
            for standing, (mark, color) in MARKS.items()
            if standings[standing]
        ]
        return Content.assemble(
            ("From ", "$quiet"),
            Content.styled(manifest.project.name, "bold"),
            (f" · {manifest.project.currency} · {made} · {count}\n", "$quiet"),
            Content("   ").join(counts),
        )

    def _cells(self, item: Item) -> list[Content]:
        mark, color = MARKS[item.standing]
        cells = [
            Content(item.name),
            Content.styled(item.kind, "$quiet"),
            Content.styled(item.detail, "$quiet"),
            Content.assemble((mark, f"bold {color}"), (f" {item.standing}", color)),
        ]
        if not self.info.conflicts:
            return cells
        answer = Content.styled(f"[ {self.chosen[item.id]} ]", "bold $primary") if item.conflict else Content("")
        return [*cells, answer]

    def _draw(self) -> None:
        self.query_one(VirtualList).refresh_rows()
        self._explain()

    @on(VirtualList.Highlighted)
    def _explain(self) -> None:
        item = self._item
        if item is not None:
            answer = self.chosen.get(item.id)
            of_events = OF_EVENTS.get(answer, "") if answer and item.kind == "goal" else ""
            does = f"{MEANING[answer]}{of_events}." if answer else "It is added."
            self.query_one("#meaning", Static).update(f"{item.reason[:1].upper()}{item.reason[1:]}.\n{does}")
        self.refresh_bindings()

    @property
    def _item(self) -> Item | None:
        return self.info.items[self.query_one(VirtualList).cursor] if self.info.items else None

    # -- keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Enable changing an answer only on items with a conflict."""
        return action not in ("change", "all") or (self.is_mounted and self._item is not None and self._item.conflict)

    def action_change(self) -> None:
        """Change to the next answer for the conflict with the cursor."""
        item = self._item
        if item is not None and item.conflict:
            self.chosen[item.id] = ANSWERS[(ANSWERS.index(self.chosen[item.id]) + 1) % len(ANSWERS)]
            self._draw()

    def action_all(self) -> None:
        """Give the answer of the conflict with the cursor to all conflicts."""
        item = self._item
        if item is not None and item.conflict:
            self.chosen = dict.fromkeys(self.chosen, self.chosen[item.id])
            self._draw()

    @on(VirtualList.Selected)
    def _selected(self) -> None:
        self.query_one("#import", Button).focus()

    @on(Button.Pressed, "#import")
    def action_import(self) -> None:
        """Close the dialog with the chosen answers."""
        self.dismiss(dict(self.chosen))

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)
