"""What one import or simulation added, so that it can be taken back."""

from __future__ import annotations

from goals_tui.domain.model import Instant, Line, Model


class Batch(Model):
    """One import or simulation. Events and activities say themselves of which batch they are.

    `what` was done, `at` a moment; `number` counts the batches of the workspace, oldest first. `goals` are the ids of
    those that it made, with the revision in which it left them, `changed` of those that it found and changed.
    `contained` says how many of the events that it brought were there already, by their batch.
    """

    id: str
    number: int
    what: Line
    at: Instant
    goals: dict[str, int] = {}
    changed: tuple[str, ...] = ()
    contained: dict[str, int] = {}
