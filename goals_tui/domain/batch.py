"""The record of what one import, simulation or derivation added, so that it can be removed again."""

from __future__ import annotations

from goals_tui.domain.model import Instant, Line, Model


class Batch(Model):
    """One import, simulation or derivation. Its events and activities carry the batch's id.

    `what` describes it, `at` is when it was made, and `number` counts the batches of the workspace, oldest first.
    `goals` maps the ids of the goals it created to their revision at that time; `changed` lists the ids of existing
    goals that it changed. `contained` counts the incoming events that existed already, by the batch that added them.
    """

    id: str
    number: int
    what: Line
    at: Instant
    goals: dict[str, int] = {}
    changed: tuple[str, ...] = ()
    contained: dict[str, int] = {}
