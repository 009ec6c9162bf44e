"""Every query of Insights is in the subset that sqlglot can spell for other engines, without a warning."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from goals_tui.domain.event import GoalEvent
from goals_tui.domain.filters import Choice, Filters
from goals_tui.store.engines import local
from tests.builders import hex_id
from tests.engines.test_same_answers import answers
from tests.services.test_insights_reference import GOALS, NOW, workspace

KNOWN = {"epoch_us", "bit_count"}
"""The functions that sqlglot doesn't know, and `engines/dialect.py` spells."""


def log() -> list[GoalEvent]:
    """Cycles with steps in contest and with several initial events, so that these are settled, too."""
    versions = next(iter(GOALS.values()))
    return [
        GoalEvent(
            id=hex_id(f"{number}"),
            version=versions[number % 3].version,
            timestamp=NOW - timedelta(hours=number),
            goal_cycle_id=f"cycle {number // 4}",
            step_id=versions[2].steps[(number // 2) % 3].id,
            goal_id=versions[0].id,
            session_id=f"session {number // 8}",
            snapshot_name=["s1", "s2", None][number % 3],
        )
        for number in range(40)
    ]


@pytest.fixture(scope="module")
def queries() -> set[str]:
    """The queries of every question."""
    found: set[str] = set()
    with pytest.MonkeyPatch.context() as patch:
        ask, keep = local._Session.rows, local._Session.keep_rows

        def rows(self: Any, sql: str, values: Mapping[str, Any]) -> Any:
            if not sql.startswith("CREATE"):
                found.add(sql)
            return ask(self, sql, values)

        def keep_rows(self: Any, name: str, sql: str, values: Mapping[str, Any]) -> None:
            if "unnest(" not in sql:
                found.add(sql)
            keep(self, name, sql, values)

        patch.setattr(local._Session, "rows", rows)
        patch.setattr(local._Session, "keep_rows", keep_rows)
        chosen = Filters(span="last-7-days", locales=Choice(values=("de",), negated=True), include_test=True)
        with workspace(log(), False) as services:
            answers(services, chosen)
            answers(services, Filters(span="all", snapshots=Choice(values=("s1",)), no_snapshot=True))
    return found


def test_no_query_leaves_the_subset(queries: set[str]) -> None:
    from sqlglot import exp, parse_one

    assert len(queries) > 30
    outside = (
        exp.Filter, exp.GroupingSets, exp.Qualify, exp.Struct, exp.Bracket, exp.Dot, exp.ArgMin, exp.ArgMax,
        exp.ArrayContains, exp.Unnest, exp.Lambda, exp.List,
    )  # fmt: skip
    for sql in queries:
        tree = parse_one(sql, read="duckdb")
        assert not list(tree.find_all(*outside)), sql
        assert not [star for star in tree.find_all(exp.Star) if star.args.get("except_") or star.args.get("replace")]
        assert {function.name for function in tree.find_all(exp.Anonymous)} <= KNOWN, sql


@pytest.mark.parametrize("dialect", ["clickhouse", "spark"])
def test_every_query_is_spelled_without_a_warning(
    queries: set[str], dialect: Any, caplog: pytest.LogCaptureFixture
) -> None:
    from sqlglot import exp, parse_one

    from goals_tui.store.engines.dialect import spelled

    tables = (("events", "SELECT 1 AS id"), ("step_bits", "SELECT 1 AS goal"))
    for sql in queries:
        names = {each.name for each in parse_one(sql, read="duckdb").find_all(exp.Placeholder)}
        types = tuple((name, "Int64") for name in sorted(names)) if dialect == "clickhouse" else ()
        text = spelled(sql, dialect, tables, types)
        assert parse_one(text, read=dialect)
    assert not caplog.records
