"""The screen of batches: what imports, simulations and derivations added, and the question before one is taken back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from textual import on, work
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Button, Static

from goals_tui.format import DASH, plural
from goals_tui.tui.app.actions import bindings
from goals_tui.tui.app.dialogs import Dialog
from goals_tui.tui.app.screen import ScreenFrame
from goals_tui.tui.filters.texts import minute
from goals_tui.tui.widgets.columns import Column
from goals_tui.tui.widgets.empty import Empty
from goals_tui.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from goals_tui.services.batches import BatchSummary, Removed

COLUMNS = (
    Column("What", 20, share=1, most=80),
    Column("When", 17, drop=1),
    Column("Events", 9, align="right"),
    Column("Activities", 10, align="right"),
    Column("Goals", 5, align="right"),
)


class BatchesScreen(ScreenFrame[None]):
    """The list of batches, newest first."""

    AREA = "tasks"
    CONTEXT = "tasks.batches"
    BINDINGS = bindings("tasks.batches")
    HELP = """\
A **batch** is what one import, simulation or derivation added: events, activities and goals. It can be taken back
without touching anything else. Goals that were edited or wired since stay, and are named before. An event that several
imports contain belongs to the batch that first added it.
"""
    DEFAULT_CSS = """
    BatchesScreen #batches { height: 1fr; }
    BatchesScreen #no-batches { display: none; }
    BatchesScreen.-empty #no-batches { display: block; }
    BatchesScreen.-empty #batches { display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.batches: Sequence[BatchSummary] = ()

    def compose_body(self) -> ComposeResult:
        yield VirtualList(COLUMNS, id="batches")
        yield Empty(id="no-batches", markup=False)

    def on_mount(self) -> None:
        self.place = "Tasks › Batches"
        self.query_one("#batches").focus()

    def show_data(self) -> None:
        """Read the batches in the background and list them."""
        self.load("batches", self.services.batches.summaries, self._show)

    def _show(self, batches: Sequence[BatchSummary]) -> None:
        self.batches = batches[::-1]
        self.note = f"{len(batches):,} batch{'' if len(batches) == 1 else 'es'}" if batches else ""
        self.set_class(not batches, "-empty")
        what_for = "What an import, a simulation or a derivation adds is listed here\nand can be taken back."
        self.query_one(Empty).say("Nothing was added yet", what_for)
        zone = self.services.project.get().zone
        rows = self.query_one("#batches", VirtualList)
        rows.show(len(batches), lambda index: cells(self.batches[index], zone))
        self.refresh_bindings()

    @property
    def chosen(self) -> BatchSummary | None:
        """The batch with the cursor; None if there is none."""
        index = self.query_one("#batches", VirtualList).cursor
        return self.batches[index] if index < len(self.batches) else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable taking back where there is no batch."""
        return action != "remove" or (self.is_mounted and self.chosen is not None)

    @on(VirtualList.Selected)
    @work
    async def action_remove(self) -> None:
        """Take the chosen batch back, after a question that names what stays."""
        batch = self.chosen
        removed = await self.app.push_screen_wait(RemoveBatch(batch)) if batch is not None else None
        if removed:
            self.goals_app.changed()
            self.show_data()

    def action_back(self) -> None:
        """Go back to the tasks."""
        self.dismiss(None)


def cells(batch: BatchSummary, zone: ZoneInfo) -> list[Content]:
    """Return the cells of a batch in the order of `COLUMNS`."""

    def count(number: int) -> Content:
        return Content(f"{number:,}") if number else Content.styled(DASH, "$quiet")

    return [
        Content(batch.what) if batch.what else Content.styled("unknown", "$quiet"),
        Content.styled(f"{minute(batch.at, zone) if batch.at else DASH:>17}", "$quiet"),
        count(batch.events),
        count(batch.activities),
        count(batch.goals),
    ]


class RemoveBatch(Dialog[bool]):
    """The question before a batch is taken back, with what goes and what stays; returns True after it was removed."""

    def __init__(self, batch: BatchSummary) -> None:
        super().__init__(f"Take back {batch.what or 'this batch'}?", danger=True)
        self.taken = batch

    def compose_dialog(self) -> ComposeResult:
        yield Static("Counting what goes and what stays…", id="what", classes="dialog-text", markup=False)

    def compose_buttons(self) -> ComposeResult:
        yield Button("Cancel", id="cancel")
        yield Button("Take back", id="remove", variant="error", disabled=True)

    def on_mount(self) -> None:
        self.query_one("#cancel", Button).focus()
        batches, id_ = self.services.batches, self.taken.id
        self.load("preview", lambda: batches.would_remove(id_), self._show)

    def _show(self, removed: Removed) -> None:
        self.query_one("#what", Static).update(what_goes(removed))
        self.query_one("#remove", Button).disabled = False
        self.call_after_refresh(self.fit)

    @on(Button.Pressed, "#remove")
    def _remove(self) -> None:
        batches, id_ = self.services.batches, self.taken.id
        self.write("Taking the batch back", lambda: batches.remove(id_, confirm=id_), self._removed)

    def _removed(self, removed: Removed) -> None:
        self.notify("\n".join([f"Took back {removed.what}.", *(f"{stays}." for stays in removed.stays)]))
        self.dismiss(True)

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)


def what_goes(removed: Removed) -> Content:
    """Return what goes with a batch and what stays, in words."""
    lines = [Content.assemble("Deletes ", (removed.what, "bold"), ". This can't be undone.")]
    lines += [Content.assemble(("  ✕ goal ", "$error"), Content(goal)) for goal in removed.goals]
    if removed.stays:
        lines.append(Content(""))
        lines += [Content.assemble(("  ○ ", "$quiet"), Content(f"{stays}.")) for stays in removed.stays]
    if removed.also_in:
        later = plural(removed.also_in, "later import")
        again = f"{later} also contained some of what goes. Import that again to have it back."
        lines += [Content(""), Content(again)]
    return Content("\n").join(lines)
