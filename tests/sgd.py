"""The real data of ../shared/data/sgd, and what a separate script computed from it under three filters."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from goals_tui.domain.filters import Choice, Filters

SGD = Path(__file__).parents[2] / "shared" / "data" / "sgd"
EXPECTED: dict[str, Any] = json.loads((SGD / "expected.json").read_text()) if SGD.is_dir() else {}
FLIGHT = "95883afaa85e61f69ce98f8c"
CASES = {
    "whole_period_utc": Filters(span="all", include_test=True, time_zone="UTC"),
    "october_berlin_without_interaction_panel": Filters(
        span="custom", since="2026-10-01", until="2026-10-31", time_zone="Europe/Berlin"
    ),
    "september_utc_flights_only": Filters(
        span="custom", since="2026-09-01", until="2026-09-30", time_zone="UTC", goals=Choice(values=(FLIGHT,))
    ),
}
each_case = pytest.mark.parametrize("case", CASES)
