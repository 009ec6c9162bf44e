"""The project of a workspace: its name, currency and time zone (docs/semantics.md, *Project*)."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, Field, StringConstraints

from goals_tui.domain.errors import RefusedError, WrongValueError, nearest_names
from goals_tui.domain.goal import Id
from goals_tui.domain.model import MAX_NAME, Line, Model

_DECIMALS = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys("CLF UYW".split(), 4),
}
"""ISO 4217 minor units of the currencies that do not have two decimals."""


def currency_digits(code: str) -> int:
    """Return the number of decimals of an ISO 4217 currency."""
    return _DECIMALS.get(code, 2)


def zone(key: str) -> ZoneInfo:
    """Return the IANA time zone of this name, ignoring case. Raises WrongValueError with the nearest names."""
    try:
        return ZoneInfo(key)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # Not before: listing all names reads the whole folder of zones.
        known = available_timezones()
        for name in known:
            if name.casefold() == key.strip().casefold():
                return ZoneInfo(name)
        near = nearest_names(key, known) or ("Europe/Berlin", "UTC")
        raise WrongValueError(
            f"{key!r} is not a time zone. Use an IANA name, for example {' or '.join(near)}.",
            field="time_zone",
        ) from None


def _check_zone(key: str) -> str:
    try:
        return zone(key).key
    except RefusedError as error:
        raise ValueError(str(error)) from None


MOST_RETENTION_DAYS = 36_500
"""The longest retention: a hundred years."""


def parse_retention(text: str) -> int | None:
    """Parse a retention in days; 0 keeps everything, and gives None. Raises WrongValueError."""
    days = text.strip().casefold().removesuffix("days").removesuffix("day").strip()
    if not (days.isascii() and days.isdigit() and len(days) < 9) or int(days) > MOST_RETENTION_DAYS:
        raise WrongValueError(
            f"{text.strip()!r} is not a number of days. Write one from 1 to {MOST_RETENTION_DAYS:,}, such as 365, or 0 "
            "to keep everything.",
            field="retention_days",
        )
    return int(days) or None


class Project(Model):
    """The settings shared by all goals and flows of a workspace."""

    id: Id
    revision: int = 0
    name: Annotated[Line, StringConstraints(min_length=1, max_length=MAX_NAME)]
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = "EUR"
    time_zone: Annotated[str, AfterValidator(_check_zone)] = "UTC"
    retention_days: Annotated[int, Field(ge=1, le=MOST_RETENTION_DAYS)] | None = Field(
        None, exclude_if=lambda days: days is None
    )
    """The days for which events and activities are kept; None keeps them. Version 0.1.0 refuses a project with it."""

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which days are counted."""
        return ZoneInfo(self.time_zone)

    def zone_or(self, name: str | None) -> ZoneInfo:
        """Return the zone of this name, or the project's zone for None. Raises WrongValueError."""
        return self.zone if name is None else zone(name)
