"""A list of cycles whose pages are fetched when they are seen; safe to ask and to close from any thread."""

from __future__ import annotations

import threading

from goals_tui.domain.filters import Filters
from goals_tui.domain.report import Cycle
from goals_tui.services.context import Services
from goals_tui.services.insights.service import Behind, Cancellation, Cancelled, CycleList

PAGE = 200
"""How many cycles are fetched at once."""


class CyclePages:
    """Pages of a `CycleList`, kept once they were fetched. After `close` it gives nothing more."""

    def __init__(self, cycles: CycleList) -> None:
        self._cycles = cycles
        self._lock = threading.Lock()
        self._pages: dict[int, list[Cycle]] = {}
        self._closed = False
        self.count = len(cycles)

    def at(self, index: int) -> Cycle | None:
        """The cycle at a place, None while its page was not fetched."""
        page = self._pages.get(index // PAGE)
        return page[index % PAGE] if page is not None and index % PAGE < len(page) else None

    def fetch(self, first: int, last: int) -> bool:
        """Fetch the pages with these places, `last` included; False when there was nothing new to fetch."""
        wanted = [number for number in range(first // PAGE, last // PAGE + 1) if number not in self._pages]
        for number in wanted:
            with self._lock:
                if self._closed:
                    return False
                page = self._cycles.page(number * PAGE, PAGE)
            self._pages[number] = page
        return bool(wanted)

    def close(self) -> None:
        """Let go of the list."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._cycles.close()


def find(
    services: Services,
    filters: Filters,
    behind: Behind,
    cancellation: Cancellation,
    around: int,
    chosen: Cycle | None,
    before: int,
) -> tuple[CyclePages, int] | None:
    """The cycles, and where the `chosen` one is now; None when it was cancelled.

    It was at `around` of `before`: new cycles come in above it.
    """
    try:
        pages = CyclePages(services.insights.cycle_list(filters, behind, cancellation=cancellation))
    except Cancelled:
        return None
    if not pages.count:
        return pages, 0
    guess = around + pages.count - before if chosen else 0
    guess = max(0, min(guess, pages.count - 1))
    try:
        pages.fetch(max(0, guess - PAGE // 2), min(pages.count - 1, guess + PAGE // 2))
    except Cancelled:
        pages.close()
        return None
    places = range(max(0, guess - PAGE), min(pages.count, guess + PAGE))
    if chosen is None:
        return pages, guess
    wanted = chosen.goal_id, chosen.cycle_id
    same = (place for place in places if (c := pages.at(place)) is not None and (c.goal_id, c.cycle_id) == wanted)
    return pages, next(same, min(around, pages.count - 1))
