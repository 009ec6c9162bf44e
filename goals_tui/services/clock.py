"""The clock of a workspace: the real one, or one that stands still."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from goals_tui.domain.errors import RefusedError, WrongValueError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

Clock = Callable[[], datetime]

NOW_VARIABLE = "GOALS_TUI_NOW"


def clock_of(env: Mapping[str, str], zone_of: Callable[[], ZoneInfo]) -> Clock:
    """Return the real clock, or one that stands still at GOALS_TUI_NOW. Raises RefusedError for an invalid moment.

    `zone_of` returns the project's time zone; it is called where GOALS_TUI_NOW has none.
    """
    fixed = env.get(NOW_VARIABLE)
    if not fixed:
        return lambda: datetime.now(UTC)
    from goals_tui.domain.filters import moment_in, parse_moment

    try:
        now = parse_moment(fixed, NOW_VARIABLE)
    except WrongValueError:
        # Not a usage error, because it was not typed on the command line.
        raise RefusedError(
            f"{NOW_VARIABLE} is {fixed!r}. Write a moment between 1970 and 2200, as in 2026-11-20T12:00:00Z."
        ) from None
    moment = moment_in(now, zone_of()).astimezone(UTC)
    return lambda: moment
