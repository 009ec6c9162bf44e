"""The demo while one looks: conversations through the real interpreter that go on in real time (`demo --live`)."""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from itertools import count, groupby
from random import Random
from typing import TYPE_CHECKING

from goals_tui.domain.errors import GoalsError
from goals_tui.domain.event import Source
from goals_tui.services.demo.filling import NEW, traffic
from goals_tui.services.simulation import Release, Simulation, Users

if TYPE_CHECKING:
    from goals_tui.domain.ids import Ids
    from goals_tui.services.clock import Clock
    from goals_tui.services.flows import FlowService
    from goals_tui.services.tracking import Tracker

A_MINUTE = 5.0
"""The number of conversations that begin in a minute at speed 1."""


@dataclass(frozen=True, slots=True)
class _Steps:
    """Steps of a goal that a conversation reaches together."""

    session_id: str
    goal_id: str
    step_ids: tuple[str, ...]
    source: Source


class LiveDemo:
    """Conversations in the flows of a demo, as they are wired now: an edited flow changes the next conversation."""

    def __init__(
        self,
        flows: FlowService,
        simulation: Simulation,
        tracking: Tracker,
        clock: Clock,
        ids: Ids,
        *,
        speed: float = 1.0,
        seed: int | None = None,
    ) -> None:
        """Prepare the conversations. `speed` is how much faster they come and go on than those of people."""
        self._flows = flows
        self._simulation = simulation
        self._tracking = tracking
        self._clock = clock
        self._ids = ids
        self._speed = speed
        self._random = Random(seed)
        self._users: list[tuple[Users, float]] = []
        self._stamp: Hashable = None
        self._numbers = count()
        self._due: list[tuple[float, int, _Steps]] = []
        self.conversations = 0
        self.steps = 0

    def run(self, ended: threading.Event, clock: Callable[[], float] = time.monotonic) -> None:
        """Track the steps of conversations until `ended` is set. Steps that can't be tracked are passed over."""
        arrival = clock()
        while not ended.is_set():
            now = clock()
            while arrival <= now:
                self._begin(arrival)
                arrival += self._random.expovariate(A_MINUTE * self._speed / 60)
            while self._due and self._due[0][0] <= now:
                self._track(heapq.heappop(self._due)[2])
            wait = min(arrival, self._due[0][0] if self._due else arrival) - clock()
            ended.wait(max(0.0, wait))

    def _begin(self, moment: float) -> None:
        try:
            self._look()
        except GoalsError:
            return  # the workspace can't be read now
        if not self._users:
            return
        (users, _weight), *_ = self._random.choices(self._users, [weight for _users, weight in self._users])
        begun = int(self._clock().timestamp() * 1000)
        events = users.converse(self._random, begun)
        self.conversations += 1
        for (at, goal_id), some in groupby(events, key=lambda event: (event.timestamp, event.goal_id)):
            together = [*some]
            first = together[0]
            origin = Source(**{name: getattr(first, name) for name in Source.model_fields})
            steps = _Steps(first.session_id, goal_id, tuple(event.step_id for event in together), origin)
            later = (at.timestamp() - begun / 1000) / self._speed
            heapq.heappush(self._due, (moment + later, next(self._numbers), steps))

    def _look(self) -> None:
        """Read the flows and goals again if they were changed."""
        stamp = self._flows.stamp()
        if stamp == self._stamp:
            return
        flows = {flow.name: flow.id for flow in self._flows.all()}
        found = []
        for one in traffic():
            if one.flow not in flows:
                continue
            profile = replace(
                one.profile,
                releases=(Release(NEW, None, one.leaves[1]),),
                answers={**one.profile.answers, **one.better},
            )
            users = self._simulation.users(flows[one.flow], profile, self._ids)
            found.append((users, one.daily[1]))
        self._users, self._stamp = found, stamp

    def _track(self, steps: _Steps) -> None:
        try:
            self._tracking.track(steps.session_id, steps.goal_id, steps.step_ids, steps.source)
        except GoalsError:
            return  # the goal or step was deleted meanwhile, or the disk is full
        self.steps += 1
