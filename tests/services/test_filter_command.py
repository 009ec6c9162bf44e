"""The copied command line gives the same filters back when the command line reads it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.main import get_command

from goals_tui.cli import filter_options
from goals_tui.cli.app import make_app
from goals_tui.domain.filters import SPAN_NAMES, Choice, Filters
from goals_tui.domain.text import clean_line
from goals_tui.services.context import Services
from goals_tui.services.insights.saved_filters import command_line
from tests.builders import event, goal
from tests.tui.harness import HOSTILE

NAMES = [*HOSTILE, "-dash", "--goal", "it's", 'say "hi"', "$HOME `ls`", "a;b"]
GOALS = {goal(name, "Begin", "◎ End").id: clean_line(name) for name in NAMES}


def parsed(command: str, services: Services) -> Filters:
    """Return the filters that `goals-tui report` reads from a command line."""
    words = shlex.split(command)
    assert words[0] == "goals-tui"
    at = words.index("report")
    report = get_command(make_app()).commands["report"]  # type: ignore[attr-defined]  # a group, which typer types as a command
    options: dict[str, Any] = report.make_context("report", words[at + 1 :]).params
    return filter_options._read({name: options[name] for name in filter_options._OPTIONS})(services)


@pytest.fixture
def with_goals(services: Services) -> Services:
    with services.workspace.documents.transaction() as transaction:
        for name in NAMES:
            each = goal(name, "Begin", "◎ End").model_copy(update={"name": clean_line(name)})
            transaction.put("goals", each.id, each.model_dump(mode="json"))
    named = [
        event(
            goal(name, "Begin", "◎ End"), "Begin", cycle=name, endpoint_name=name, locale_name=name, snapshot_name=name
        )
        for name in map(clean_line, NAMES)
    ]
    services.workspace.events.append(named)
    return services


choices = st.builds(
    lambda values, negated: Choice(values=tuple(values), negated=negated and bool(values)),
    st.lists(st.sampled_from([clean_line(name) for name in NAMES]), unique=True, max_size=3),
    st.booleans(),
)
goal_choices = st.builds(
    lambda values, negated: Choice(values=tuple(values), negated=negated and bool(values)),
    st.lists(st.sampled_from(list(GOALS)), unique=True, max_size=3),
    st.booleans(),
)
spans = st.one_of(
    st.sampled_from(SPAN_NAMES).map(lambda name: {"span": name}),
    st.sampled_from(
        [
            {"span": "custom", "since": "2026-10-01", "until": "2026-10-31"},
            {"span": "custom", "since": "2026-10-01T08:30", "until": None},
            {"span": "custom", "since": None, "until": "2026-10-31T08:30+02:00"},
        ]
    ),
)


@pytest.mark.fuzz
@given(
    span=spans,
    goals=goal_choices,
    endpoints=choices,
    locales=choices,
    snapshots=choices,
    snapshot_too=st.sampled_from([{}, {"no_snapshot": True}, {"any_snapshot": True}]),
    include_test=st.booleans(),
    time_zone=st.sampled_from([None, "Europe/Berlin"]),
    price_by=st.sampled_from(["recorded", "current"]),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
def test_what_is_copied_is_what_is_read(
    with_goals: Services, span: dict[str, Any], snapshot_too: dict[str, Any], **rest: Any
) -> None:
    filters = Filters(**span, **snapshot_too, **rest)
    assert parsed(command_line(["report"], filters, GOALS), with_goals) == filters


def test_the_command_in_full() -> None:
    filters = Filters(
        span="custom",
        since="2026-10-01",
        until="2026-10-31",
        goals=Choice(values=("f" * 24,)),
        endpoints=Choice(values=("Voice Gateway", "-x"), negated=True),
        no_snapshot=True,
    )
    assert command_line(["report"], filters, {"f" * 24: "Book a Flight"}, Path("/tmp/my goals")) == (
        "goals-tui --workspace '/tmp/my goals' report --from 2026-10-01 --to 2026-10-31 --goal 'Book a Flight' "
        "--not-endpoint 'Voice Gateway' --not-endpoint=-x --no-snapshot"
    )
