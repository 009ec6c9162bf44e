"""`compare`: against the figures of the report of each side."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from goals_tui.domain.filters import Choice, Filters
from goals_tui.domain.goal import Goal
from goals_tui.domain.statistics import Share, difference
from goals_tui.services.context import Services
from tests.cli.conftest import Cli


def test_compare_parts(desk: Cli) -> None:
    parts = {
        row["parts"]["snapshot"]: row
        for row in desk("breakdown", "snapshot", "--span", "all", "--format", "json").json["rows"]
    }
    found = desk("compare", "snapshot", "v1", "v2", "--span", "all", "--format", "json").json
    assert found["dimension"] == "snapshot"
    for side, name in (("a", "v1"), ("b", "v2")):
        assert found[side] == {"part": name, **{key: value for key, value in parts[name].items() if key != "parts"}}
    a, b = (Share(found[side]["completed"], found[side]["started"]) for side in "ab")
    wanted = difference(a, b)
    rate = found["difference"]["completion_rate"]
    assert (rate["difference"], rate["clear"]) == (wanted.difference, wanted.clear)
    values = [
        (Decimal(found[side]["cost_savings"]) + Decimal(found[side]["revenue"])) / found[side]["started"]
        for side in "ab"
    ]
    assert found["difference"]["value_per_cycle"] == str(round(values[1] - values[0], 2))
    assert "+" in desk("compare", "snapshot", "v1", "v2", "--span", "all").out
    turned = desk("compare", "snapshot", "v2", "v1", "--span", "all", "--format", "json").json
    assert turned["difference"]["completion_rate"]["difference"] == pytest.approx(-rate["difference"])


def test_compare_names_parts_as_people_do(desk: Cli) -> None:
    none = desk("compare", "endpoint", "", "webchat", "--format", "json").json
    assert (none["a"]["part"], none["b"]["part"]) == (None, "Webchat")
    assert "no endpoint" in desk("compare", "endpoint", "none", "Voice").out
    assert desk("compare", "weekday", "monday", "Sunday", "--format", "json").json["a"]["part"] == "Monday"
    assert desk("compare", "hour", "9", "10", "--format", "json").json["a"]["part"] == "09"
    missing = desk("compare", "snapshot", "v1", "v2", "--span", "today", "--format", "json").json
    assert missing["a"]["started"] == 0 and missing["difference"]["completion_rate"]["difference"] is None
    assert missing["difference"]["value_per_cycle"] is None


def test_compare_takes_ids_of_goals_and_versions(desk: Cli, services: Services, goals: list[Goal]) -> None:
    first = goals[0]
    newer = services.goals.save(first.model_copy(update={"description": "Without cycles yet."}))
    found = desk("compare", "version", first.version, newer.version, "--span", "all", "--format", "json").json
    assert (found["a"]["part"], found["b"]["part"]) == (f"{first.name} v1", f"{first.name} v2")
    assert found["a"]["started"] and not found["b"]["started"]
    by_id = desk("compare", "goal", first.id, first.id, "--span", "all", "--format", "json").json
    assert by_id["a"]["part"] == first.name and by_id["a"]["started"] == found["a"]["started"]


def test_compare_spans_and_filters(desk: Cli, services: Services) -> None:
    report = desk("report", "--format", "json").json
    found = desk("compare", "span", "previous", "last-7-days", "--format", "json").json
    assert {key: found["b"][key] for key in report["totals"]} == report["totals"]
    assert {key: found["a"][key] for key in report["previous"]} == report["previous"]
    assert (found["b"]["over"], found["difference"]["completion_rate"]) == (False, report["change"]["completion_rate"])
    days = desk("compare", "span", "2026-11-18..2026-11-19", "2026-11-19", "--format", "json").json
    assert days["a"]["span"]["end"] == days["b"]["span"]["end"] == "2026-11-20T00:00:00+01:00"
    assert (0 < days["b"]["started"] < days["a"]["started"]) and "(not over)" in desk(
        "compare", "span", "previous", "today"
    ).out
    services.filters.save("Voice", Filters(span="all", endpoints=Choice(values=("Voice",))))
    services.filters.save("Web", Filters(span="all", endpoints=Choice(values=("Webchat",))))
    by_filter = desk("compare", "filter", "voice", "Web", "--format", "json").json
    by_part = desk("compare", "endpoint", "Voice", "Webchat", "--span", "all", "--format", "json").json
    assert by_filter["difference"] == by_part["difference"]
    narrower = desk("compare", "filter", "Voice", "Web", "--span", "today", "--format", "json").json
    assert narrower["a"]["started"] < by_filter["a"]["started"]


@pytest.mark.parametrize(
    "command",
    [
        ("compare", "snapshot", "v1", "v2"),
        ("compare", "span", "last-7-days", "previous"),
        ("explain",),
        ("explain", "--span", "all"),
    ],
    ids=" ".join,
)
def test_comparisons_and_explanations_are_handed_over(desk: Cli, tmp_path: Path, command: tuple[str, ...]) -> None:
    table, written = desk(*command).out, desk(*command, "--format", "md")
    assert written.code == 0 and "Event log: " in written.out
    change = next((line for line in table.splitlines() if line.startswith("Completion rate")), "")
    assert change.strip() in written.out
    for format in ("html", "svg"):
        assert desk(*command, "--format", format, "-o", tmp_path / f"a.{format}").code == 0
        assert (tmp_path / f"a.{format}").read_text().startswith("<")
    assert desk(*command, "-o", tmp_path / "a.md").code == 2
