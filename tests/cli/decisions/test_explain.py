"""`explain`: effects add up to the difference."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Cli
from tests.cli.decisions.conftest import rows

DIMENSIONS = ["goal", "endpoint", "locale", "snapshot", "version", "channel", "weekday", "hour"]


def test_explanations_add_up(desk: Cli) -> None:
    report = desk("report", "--format", "json").json
    found = desk("explain", "--format", "json").json
    assert {key: found["to"][key] for key in report["totals"]} == report["totals"]
    assert {key: found["from"][key] for key in report["previous"]} == report["previous"]
    assert found["difference"] == report["change"]["completion_rate"]["difference"]
    assert sorted(each["dimension"] for each in found["dimensions"]) == sorted(DIMENSIONS)
    for each in found["dimensions"]:
        assert each["rate_effect"] + each["mix_effect"] == pytest.approx(found["difference"], abs=1e-9)
        for effect in ("rate_effect", "mix_effect"):
            assert sum(part[effect] for part in each["parts"]) == pytest.approx(each[effect], abs=1e-9)
        assert [sum(part["started"][period] for part in each["parts"]) for period in (0, 1)] == [
            found["from"]["started"], found["to"]["started"]
        ]  # fmt: skip
        of_now = desk("breakdown", each["dimension"], "--format", "json").json["rows"]
        now = {row["parts"][each["dimension"]]: (row["started"], row["completion_rate"]) for row in of_now}
        parts = {part["part"]: part for part in each["parts"] if part["started"][1]}
        assert set(parts) == set(now)
        for name, (started, rate) in now.items():
            assert parts[name]["started"][1] == started
            assert parts[name]["completion_rate"][1] == pytest.approx(rate, abs=1e-4)
    largest = [
        max(abs(part["rate_effect"] + part["mix_effect"]) for part in each["parts"]) for each in found["dimensions"]
    ]
    assert largest == sorted(largest, reverse=True)
    table = desk("explain").out
    assert "no snapshot" in table and "One part only, so nothing to explain: channel." in table
    assert "By its share" in table and len(rows(desk, "explain")) == sum(
        len(each["parts"]) for each in found["dimensions"]
    )


def test_an_explanation_says_of_how_many_cycles_all_and_others_are(desk: Cli) -> None:
    found = desk("explain", "--format", "json").json
    every = f"{found['from']['completion_rate'] * 100:.1f} % of {found['from']['started']}"
    shown = desk("explain").out
    assert every in next(line for line in shown.splitlines() if " All " in line)
    weekdays = next(each for each in found["dimensions"] if each["dimension"] == "weekday")
    rest = sum(part["started"][1] for part in weekdays["parts"][3:])
    others = next(line for line in shown.splitlines() if "weekday" in line and "others" in line)
    assert f"of {rest}" in others


def test_an_empty_period_explains_nothing(desk: Cli) -> None:
    for span in (("--span", "last-365-days"), ("--from", "2025-01-01", "--to", "2025-01-02"), ("--span", "all")):
        found = desk("explain", *span, "--format", "json")
        assert found.code == 0 and found.err.count("\n") == 1, span
        assert (found.json["difference"], found.json["dimensions"]) == (None, [])
    assert found.json["from"] is None
    assert "nothing before it" in found.err
