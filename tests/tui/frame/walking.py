"""The steps of a walk: an action by its key, and what is true after it and was not before."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input

from tests.conftest import PATIENCE
from tests.tui.harness import at_work, messages, press, screen_text, settle, type_text

Proof = Callable[[Any], object]
"""Asks the app whether something is so."""

Way = Callable[[Pilot[Any]], Awaitable[None]]
"""The keys that lead from one action to the next."""


@dataclass(frozen=True)
class Do:
    """An action of the registry by one of its keys, and what it does.

    `by_widget`: the list in front takes the key and tells the screen; Textual dispatches no action then.
    """

    key: str
    action: str
    proof: Proof
    by_widget: bool = False


@dataclass(frozen=True)
class FromPalette:
    """An action without a key, found by words in the palette."""

    words: str
    action: str
    proof: Proof


@dataclass(frozen=True)
class Walk:
    """Actions one after the other in one run of the app, which `begin` starts with a workspace in a folder."""

    name: str
    begin: Callable[[Path], AbstractAsyncContextManager[Pilot[Any]]]
    rows: tuple[Do | FromPalette | Way, ...]

    @property
    def actions(self) -> list[Do | FromPalette]:
        """The rows that are actions."""
        return [row for row in self.rows if isinstance(row, Do | FromPalette)]


async def take(walk: Walk, folder: Path, ran: list[str]) -> None:
    """Go the whole walk; `ran` gets the ids of actions as Textual dispatches them."""
    async with walk.begin(folder) as pilot:
        for row in walk.rows:
            if isinstance(row, Do | FromPalette):
                await _act(pilot, row, ran)
            else:
                await row(pilot)


async def _act(pilot: Pilot[Any], row: Do | FromPalette, ran: list[str]) -> None:
    assert not row.proof(pilot.app), f"{row.action}: it is so before the key"
    before = len(ran)
    if isinstance(row, Do):
        # What the action before began may still decide whether this one can be used.
        await settle(pilot)
        await pilot.press(row.key)
    else:
        await press(pilot, "ctrl+p")
        await type_text(pilot, row.words)
        await settle(pilot)
        await press(pilot, "enter")
    deadline = monotonic() + PATIENCE
    while at_work(pilot.app) or not row.proof(pilot.app):
        assert monotonic() < deadline, f"{row.action}: the key did not do it"
        await pilot.pause(0.01)
    expected = [row.action] if isinstance(row, Do) else ["app.palette", row.action]
    assert ran[before:] == ([] if isinstance(row, Do) and row.by_widget else expected)


# -- ways


def keys(*names: str) -> Way:
    """Press some keys."""
    return lambda pilot: press(pilot, *names)


def words(text: str) -> Way:
    """Type some text, letter by letter."""
    return lambda pilot: type_text(pilot, text)


def field(text: str) -> Way:
    """Put a long text into the first field of the dialog at once, and press enter."""

    async def fill(pilot: Pilot[Any]) -> None:
        pilot.app.screen.query(Input).first().value = text
        await press(pilot, "enter")

    return fill


def call(function: Callable[[Any], object]) -> Way:
    """Let the app do something that no key does."""

    async def run(pilot: Pilot[Any]) -> None:
        function(pilot.app)
        await settle(pilot)

    return run


# -- proofs


def on(screen: type[Screen[Any]]) -> Proof:
    """A screen or dialog of this class is in front."""
    return lambda app: isinstance(app.screen, screen)


def off(screen: type[Screen[Any]]) -> Proof:
    """Something else is in front."""
    return lambda app: not isinstance(app.screen, screen)


def mode(name: str) -> Proof:
    """One of the six screens is shown."""
    return lambda app: app.current_mode == name


def focused(id: str) -> Proof:
    """The widget with this id has the focus."""
    return lambda app: app.focused is not None and app.focused.id == id


def shows(text: str) -> Proof:
    """The screen shows some text."""
    return lambda app: text in screen_text(app)


def says(text: str) -> Proof:
    """A notification holds some text."""
    return lambda app: any(text in message for message in messages(app))


def copied(text: Callable[[Any], str]) -> Proof:
    """The clipboard holds what `text` gives."""
    return lambda app: app.clipboard == text(app)
