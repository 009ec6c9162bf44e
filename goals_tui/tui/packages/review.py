"""The dialog that shows what is in a package, and asks what to do with what is here already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Button, Static

from goals_tui.tui.actions import bindings
from goals_tui.tui.dialogs import Dialog
from goals_tui.tui.widgets.columns import Column
from goals_tui.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from goals_tui.domain.package import Decision, Item
    from goals_tui.services.packages import PackageInfo

ANSWERS: tuple[Decision, ...] = ("skip", "replace", "duplicate")
MEANING: dict[Decision, str] = {
    "skip": "Skip: what is here stays as it is, theirs is left out.",
    "replace": "Replace: theirs becomes the next version of what is here; the events of both count.",
    "duplicate": "Duplicate: theirs is added beside ours under a free name, with events of its own.",
}
COLUMNS = (
    Column("Name", 20, share=3),
    Column("Kind", 4),
    Column("Size", 9, drop=3),
    Column("Here", 24, share=1, drop=2),
    Column("Answer", len("[ duplicate ]")),
)
_MOST_ROWS = 16


class ReviewPackage(Dialog[dict[str, "Decision"]]):
    """What is in a package, line by line; returns the answer to each conflict by id."""

    CONTEXT = "tasks.package"
    BINDINGS = bindings("tasks.package")
    HELP = """\
A package brings goals and flows of another project. `+` is new here. `≠` is here already, by its id or by its name:
choose with `space` what is to happen.

* **skip** leaves what is here as it is. Flows of the package then track the goal that is here.
* **replace** makes theirs the next version of what is here. Nodes and events keep their goal.
* **duplicate** adds theirs beside ours, under a free name, with new ids throughout.

All of it is imported, or nothing.
"""
    DEFAULT_CSS = """
    ReviewPackage > #dialog { width: 100; height: auto; max-height: 90%; }
    ReviewPackage #from { width: 1fr; height: auto; margin-bottom: 1; }
    ReviewPackage #meaning { width: 1fr; height: auto; min-height: 1; margin-top: 1; }
    ReviewPackage #notices { width: 1fr; height: auto; color: $warning; }
    """

    def __init__(self, info: PackageInfo) -> None:
        super().__init__(f"Import {info.path.name}")
        self.info = info
        self.chosen: dict[str, Decision] = {
            item.id: "skip" if item.same_content else "replace" if item.same_id else "duplicate"
            for item in info.conflicts
        }

    def compose_dialog(self) -> ComposeResult:
        yield Static(self._origin(), id="from")
        yield VirtualList(COLUMNS if self.info.conflicts else COLUMNS[:-1], id="items")
        yield Static("", id="meaning", classes="quiet", markup=False)
        yield Static("\n".join(f"! {notice}" for notice in self.info.notices), id="notices", markup=False)

    def compose_buttons(self) -> ComposeResult:
        yield Button("Cancel", id="cancel")
        yield Button("Import", id="import", variant="primary")

    def on_mount(self) -> None:
        self.query_one("#notices").display = bool(self.info.notices)
        self.query_one("#meaning").display = bool(self.info.conflicts)
        rows = self.query_one(VirtualList)
        rows.styles.height = min(len(self.info.items) + 1, _MOST_ROWS)
        first = next((place for place, item in enumerate(self.info.items) if item.conflict), 0)
        rows.show(len(self.info.items), lambda place: self._cells(self.info.items[place]), cursor=first)
        (rows if self.info.conflicts else self.query_one("#import", Button)).focus()

    def _origin(self) -> Content:
        manifest, events = self.info.manifest, self.info.events
        made = f"{manifest.created_at.day} {manifest.created_at:%B %Y}"
        count = "without events" if events is None else "1 event" if events == 1 else f"with {events:,} events"
        conflicts = len(self.info.conflicts)
        asked = f"{conflicts} here already" if conflicts else "nothing of it is here yet"
        return Content.assemble(
            ("From ", "$quiet"),
            Content.styled(manifest.project.name, "bold"),
            (f" · {manifest.project.currency} · {made} · {count} · {asked}", "$quiet"),
        )

    def _cells(self, item: Item) -> list[Content]:
        mark = ("≠ ", "bold $warning") if item.conflict else ("+ ", "bold $completed")
        cells = [
            Content.assemble(mark, Content(item.name)),
            Content.styled(item.kind, "$quiet"),
            Content.styled(item.detail, "$quiet"),
            Content.styled(item.reason, "$quiet"),
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
        meaning = MEANING[self.chosen[item.id]] if item and item.conflict else "It is new here and is added."
        self.query_one("#meaning", Static).update(meaning)
        self.refresh_bindings()

    @property
    def _item(self) -> Item | None:
        return self.info.items[self.query_one(VirtualList).cursor] if self.info.items else None

    # -- keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Answers can be given where there is a conflict."""
        if action == "change":
            return self.is_mounted and self._item is not None and self._item.conflict
        return action != "all" or (self.is_mounted and self._item is not None and self._item.conflict)

    def action_change(self) -> None:
        """The next answer to the conflict with the cursor."""
        item = self._item
        if item is not None and item.conflict:
            self.chosen[item.id] = ANSWERS[(ANSWERS.index(self.chosen[item.id]) + 1) % len(ANSWERS)]
            self._draw()

    def action_all(self) -> None:
        """The answer with the cursor, to all conflicts."""
        item = self._item
        if item is not None and item.conflict:
            self.chosen = dict.fromkeys(self.chosen, self.chosen[item.id])
            self._draw()

    @on(VirtualList.Selected)
    def _selected(self) -> None:
        self.query_one("#import", Button).focus()

    @on(Button.Pressed, "#import")
    def _import(self) -> None:
        self.dismiss(dict(self.chosen))

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)
