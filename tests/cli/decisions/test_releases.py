"""`releases`: against `compare`."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Cli


def test_releases(desk: Cli) -> None:
    parts = {
        row["parts"]["snapshot"]: row
        for row in desk("breakdown", "snapshot", "--span", "all", "--format", "json").json["rows"]
    }
    found = desk("releases", "--span", "all", "--format", "json").json
    assert [(each["snapshot"], each["against"]) for each in found] == [("v1", None), ("v2", "v1")]
    first, second = found
    assert first["difference"] is first["verdict"] is first["at_equal_mix"] is None
    for each in found:
        assert each["started"] == parts[each["snapshot"]]["started"]
    compared = desk("compare", "snapshot", "v1", "v2", "--span", "all", "--format", "json").json
    assert second["difference"] == compared["difference"]
    assert second["verdict"] == "better" and 0 < second["covered"] <= 1
    assert second["at_equal_mix"]["difference"] == pytest.approx(
        second["difference"]["completion_rate"]["difference"], abs=0.05
    )
    assert "better" in desk("releases", "--span", "all").out
    few = desk("releases", "--span", "last-7-days", "--endpoint", "Voice", "--format", "json").json
    assert few[-1]["verdict"] == "too little data"
    nothing = desk("releases", "--from", "2025-01-01", "--to", "2025-01-02")
    assert (nothing.code, nothing.out.strip()) == (0, "") and "No cycle of this span has a snapshot" in nothing.err
