"""The number of examples that a property test tries: few, or GOALS_TUI_EXAMPLES times as many."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_TIMES = int(os.environ.get("GOALS_TUI_EXAMPLES", "1"))


def examples(count: int, *, shared_fixtures: bool = False) -> settings:
    """The settings of a test with so many examples, each taking as long as it takes.

    `shared_fixtures`: it takes fixtures that last for all of its examples, and means to.
    """
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large]
    shared = [HealthCheck.function_scoped_fixture] if shared_fixtures else []
    return settings(max_examples=count * _TIMES, deadline=None, suppress_health_check=[*slow, *shared])
