"""Walks through every screen, every dialog, the tour, and the Settings screen."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from textual.command import CommandPalette
from textual.pilot import Pilot

from goals_tui.domain.errors import UnreadableError
from goals_tui.tui.app.actions import AREAS
from goals_tui.tui.app.choose import Choose
from goals_tui.tui.app.dialogs import AskText
from goals_tui.tui.app.help import Help
from goals_tui.tui.app.palette import Jump
from goals_tui.tui.goals.delete import DeleteGoal
from goals_tui.tui.welcome.tour import TourCard
from goals_tui.tui.widgets.virtual_list import RowCursor
from tests.conftest import make_services
from tests.tui.frame.walking import Do, FromPalette, Proof, Walk, call, copied, focused, keys, mode, off, on
from tests.tui.goals.conftest import make_flight
from tests.tui.harness import has_ended, messages, running


def begin(folder: Path) -> AbstractAsyncContextManager[Pilot[Any]]:
    """A goal that flows track, on the Goals screen."""
    services = make_services(folder / "workspace")
    make_flight(services)
    return running(services)


def goals(count: int) -> Proof:
    """The workspace has so many goals."""
    return lambda app: len(app.services.goals.summaries()) == count


def card(number: int) -> Proof:
    """The tour shows a card, counted from 0."""
    return lambda app: isinstance(app.screen, TourCard) and app.screen.number == number


def row(number: int) -> Proof:
    """The cursor of the list in focus is on this row."""
    return lambda app: isinstance(app.focused, RowCursor) and app.focused.cursor == number


EVERYWHERE = Walk(
    "everywhere",
    begin,
    (
        *(Do(area.key, f"app.{area.name}", mode(area.name)) for area in (*AREAS[1:], AREAS[0])),
        keys("D"),
        Do("u", "app.undo", goals(1)),
        Do("U", "app.redo", goals(2)),
        keys("home"),  # Redo chose the goal that it brought back.
        keys("U"),
        Do("semicolon", "app.jump", on(Jump)),
        keys("escape"),
        Do("colon", "app.palette", on(CommandPalette)),
        keys("escape"),
        Do("question_mark", "app.help", on(Help)),
        Do("escape", "app.reading.close", off(Help)),
        Do("down", "app.list.down", row(1)),
        Do("up", "app.list.up", row(0)),
        Do("end", "app.list.last", row(1)),
        Do("home", "app.list.first", row(0)),
        Do("pagedown", "app.list.page-down", row(1)),
        Do("pageup", "app.list.page-up", row(0)),
        keys("home", "x"),
        Do("right", "app.dialog.next-button", lambda app: not focused("cancel")(app)),
        Do("left", "app.dialog.previous-button", focused("cancel")),
        Do("escape", "app.dialog.cancel", off(DeleteGoal)),
        call(lambda app: app.show_error(UnreadableError("The disk is full. Make room."))),
        Do("escape", "app.close-messages", lambda app: not messages(app)),
        FromPalette("choose theme", "app.theme", on(Choose)),
        Do("enter", "app.choose.take", off(Choose)),
        FromPalette("tour", "app.tour", card(0)),
        Do("enter", "welcome.tour.next", card(1)),
        Do("left", "welcome.tour.back", card(0)),
        keys("enter", "enter", "enter"),
        Do("enter", "welcome.tour.last.done", off(TourCard)),
        FromPalette("tour", "app.tour", card(0)),
        Do("escape", "welcome.tour.cancel", off(TourCard)),
        keys("6"),
        Do("c", "settings.copy", copied(lambda app: "Flight Desk")),
        Do("o", "settings.change", on(AskText)),
        Do("f2", "app.form.accept", off(AskText)),
        keys("home", *["down"] * 4, "o"),
        Do("escape", "settings.back", focused("settings")),
        Do("q", "app.quit", has_ended),
    ),
)
