"""Keys one after the other: what a key does is done before the next one is looked at.

Textual hands a key to the widget in focus, and it comes back to the app, where bindings run, behind keys that were read
in the same burst: what is typed right after tab would land in the field before it, and `/seat` would run commands.
Nor does Textual wait for a screen that a key opens, or for a form that a worker of the screen builds: letters that are
typed right after the key that adds a node would be lost, or act as commands.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from functools import partial
from typing import TYPE_CHECKING

from textual import events

if TYPE_CHECKING:
    from textual.app import App
    from textual.dom import DOMNode
    from textual.timer import Timer

PATIENCE = 0.5
"""Seconds. A widget that is busy for longer, or gone, holds up no key."""
OPENING_PATIENCE = 2.0
"""Seconds. Longer than a screen or a form takes to open; work of the screen that goes on holds up no key then."""
LOOK_SECONDS = 0.01
"""How often keys that wait for a screen look whether it is there."""


class KeyQueue:
    """Holds keys and pasted text back while the one before is on its way through the widgets."""

    def __init__(self, app: App[None]) -> None:
        self._app = app
        self._held: deque[events.Event] = deque()
        self._under_way = 0
        self._began = 0
        self._answers = 0
        self._due: events.Event | None = None
        self._patience: Timer | None = None
        self._opening_until = 0.0

    def holds(self, event: events.Event) -> bool:
        """Whether this one has to wait; it comes again when its turn is there."""
        if event is self._due:
            self._due = None
        elif self._under_way or self._due or self._held:
            self._held.append(event)
            return True
        elif self._opens():
            self._held.append(event)
            self._look_again()
            return True
        return False

    def _opens(self) -> bool:
        """Whether something that a key began is still being opened: the screen in front, or a part of it."""
        screen = self._app.screen
        busy = not screen.is_mounted or any(not work.is_finished for work in self._app.workers if work.node is screen)
        if not busy:
            self._opening_until = 0.0
            return False
        now = time.monotonic()
        self._opening_until = self._opening_until or now + OPENING_PATIENCE
        return now < self._opening_until

    def _look_again(self) -> None:
        self._app.set_timer(LOOK_SECONDS, self._next)

    def follow(self) -> None:
        """A key was handed to the widget in focus: go along with it from parent to parent, up to the app."""
        self._began += 1
        self._under_way = self._began
        self._patience = self._app.set_timer(PATIENCE, partial(self._done, self._under_way))
        self._answers = 0
        self._wait_for(self._app.focused or self._app.screen, self._under_way)

    def _wait_for(self, node: DOMNode, key: int) -> None:
        # A node's queue is in order: this is called when it is through with the key, and its parent has it next.
        if not node.call_later(self._passed, node, key):
            self._done(key)

    def _passed(self, node: DOMNode, key: int) -> None:
        if node.parent is not None:
            self._wait_for(node.parent, key)
        elif self._answers or self._app.focused is None:
            self._done(key)
        else:
            # What the key's binding made the widget say comes up the same way once more.
            self._answers = 1
            self._wait_for(self._app.focused, key)

    def _done(self, key: int) -> None:
        if key != self._under_way:
            return  # The patience with it had ended.
        self._under_way = 0
        if self._patience is not None:
            self._patience.stop()
            self._patience = None
        if self._held:
            # A dialog that the key opens from a worker is in front before the next key is looked at.
            asyncio.get_running_loop().call_soon(self._next)

    def _next(self) -> None:
        if not self._held or self._due is not None or self._under_way:
            return
        if self._opens():
            self._look_again()
            return
        self._due = self._held.popleft()
        self._app.post_message(self._due)
