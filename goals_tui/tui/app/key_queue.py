"""A queue that holds each key back until everything that the key before it did is done.

Textual hands a key to the widget in focus, and it returns to the app, where bindings run, after keys that were read in
the same burst: text typed right after tab would land in the previous field, and `/seat` would run commands. Textual
does not wait either for a screen that a key opens, or for a form that a worker of the screen builds: letters that are
typed right after the key that adds a node would be lost, or act as commands.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from textual import events

if TYPE_CHECKING:
    from textual.app import App
    from textual.dom import DOMNode
    from textual.timer import Timer

PATIENCE = 0.5
"""Seconds that keys wait at most for a widget that is busy or gone."""
OPENING_PATIENCE = 2.0
"""Seconds that keys wait at most for the screen's work: longer than a screen or a form takes to open."""
BLOCKED_PATIENCE = 0.25
"""Seconds that keys wait at most for a change on the disk while another process writes, which may take long."""
LOOK_SECONDS = 0.01
"""Seconds between two checks by keys that wait for a screen to open."""


class KeyQueue:
    """Holds keys and pasted text back while the previous one is on its way through the widgets."""

    def __init__(self, app: App[None], changing: Callable[[], bool], blocked: Callable[[], bool]) -> None:
        """Make the queue.

        `changing` says whether the workspace is still being opened, or what a key changed is still being written;
        `blocked` whether another process writes.
        """
        self._app = app
        self._changing = changing
        self._blocked = blocked
        self._held: deque[events.Event] = deque()
        self._under_way = 0
        self._began = 0
        self._answers = 0
        self._due: events.Event | None = None
        self._patience: Timer | None = None
        self._opening_since = 0.0

    def holds(self, event: events.Event) -> bool:
        """Return whether an event has to wait; it is posted again when its turn comes."""
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
        """Return whether the screen in front, or a part of it, is still being opened by an earlier key."""
        screen = self._app.screen
        # A change is shown by a message to the screen, which may not have been handled yet.
        unseen = self._opening_since > 0 and screen.message_queue_size > 0
        changing = self._changing() or unseen
        at_work = (not work.is_finished for work in self._app.workers if work.node is screen)
        opening = not screen.is_mounted or any(at_work)
        if not (opening or changing):
            self._opening_since = 0.0
            return False
        now = time.monotonic()
        self._opening_since = self._opening_since or now
        patience = BLOCKED_PATIENCE if changing and self._blocked() else OPENING_PATIENCE
        return now < self._opening_since + patience

    def _look_again(self) -> None:
        self._app.set_timer(LOOK_SECONDS, self._next)

    def follow(self) -> None:
        """Follow a key, which the widget in focus just received, from parent to parent up to the app."""
        self._began += 1
        self._under_way = self._began
        self._patience = self._app.set_timer(PATIENCE, partial(self._done, self._under_way))
        self._answers = 0
        self._wait_for(self._app.focused or self._app.screen, self._under_way)

    def _wait_for(self, node: DOMNode, key: int) -> None:
        # A node handles messages in order: this is called when it has handled the key, and its parent has it next.
        if not node.call_later(self._passed, node, key):
            self._done(key)

    def _passed(self, node: DOMNode, key: int) -> None:
        if node.parent is not None:
            self._wait_for(node.parent, key)
        elif self._answers or self._app.focused is None:
            self._done(key)
        else:
            # Messages that the key's binding made the widget post take the same way once more.
            self._answers = 1
            self._wait_for(self._app.focused, key)

    def _done(self, key: int) -> None:
        if key != self._under_way:
            return  # The key had used up its time.
        self._under_way = 0
        if self._patience is not None:
            self._patience.stop()
            self._patience = None
        if self._held:
            # Let a dialog that a worker of the key opens come to the front before the next key is handled.
            asyncio.get_running_loop().call_soon(self._next)

    def _next(self) -> None:
        if not self._held or self._due is not None or self._under_way:
            return
        if self._opens():
            self._look_again()
            return
        self._due = self._held.popleft()
        self._app.post_message(self._due)
