"""Charts of the original system: disabled nodes, nodes without `config`, and links between charts."""

from __future__ import annotations

from pathlib import Path

import pytest

from goals_tui.services.context import open_services
from tests.cases.conftest import Case
from tests.cli.conftest import Cli

EXECUTE_SUB, SUB = "Caller/en/chart.json", "Sub/en/chart.json"


def codes(desk: Cli, flow: str) -> set[str]:
    return {found["code"] for found in desk("check", flow, "--format", "json").json}


def test_disabled_nodes_are_kept_and_passed_over(desk: Cli, case: Case) -> None:
    folder = case("07")
    desk("import", "odata", case("04") / "export")
    result = desk("flows", "import", folder / "disabled.json", "--name", "Main")
    assert result.code == 0 and "3 disabled nodes kept, and passed over." in result.err
    shown = desk("flows", "show", "Main").out
    assert shown.splitlines() == [
        "Main",
        "├─ Track Goal Process “T 000000000000000000000000”  Book: ● Start",
        "├─ Say “S”  Hi",
        "├─ trackGoal (disabled) “T 222222222222222222222222”",
        "├─ if (disabled) “I”",
        "├─ end (disabled) “End”",
        "└─ Say “After”  after",
    ]
    assert "node-unreachable" not in codes(desk, "Main")
    desk("simulate", "Main", "--sessions", "50")
    totals = desk("report", "--span", "all", "--format", "json").json["totals"]
    assert (totals["started"], totals["completed"]) == (51, 0)
    as_json = desk("import", "flows", folder / "disabled.json", "--format", "json").json
    assert [flow["disabled"] for flow in as_json["flows"]] == [3]


def test_nodes_hold_their_content_in_preview_or_by_locale(desk: Cli, case: Case) -> None:
    folder = case("08")
    for name in ("preview", "localized"):
        assert desk("flows", "import", folder / f"{name}.json").code == 0
    assert "Say  Hi there" in desk("flows", "show", "localized").out
    shown = desk("flows", "show", "preview").out
    for text in (
        "Say  Hello there",
        "Question “Q”  Where to?",
        "If  last answer = “x”",
        "✗ a flow that does not exist",
    ):
        assert text in shown
    flow = desk("flows", "show", "preview", "--format", "json").json
    assert (flow["nodes"][3]["goal_id"], flow["nodes"][3]["step_ids"]) == ("a" * 24, ["0" * 24])


@pytest.mark.parametrize("order", [(SUB, EXECUTE_SUB), (EXECUTE_SUB, SUB)])
@pytest.mark.parametrize("at_once", [True, False])
def test_links_lead_to_flows_in_whatever_order_they_come(
    desk: Cli, case: Case, order: tuple[str, str], at_once: bool
) -> None:
    folder = case("09")
    files = [folder / name for name in order]
    for some in [files] if at_once else [[file] for file in files]:
        assert desk("import", "flows", *some).code == 0
    ids = {flow["name"]: flow["id"] for flow in desk("flows", "list", "--format", "json").json}
    caller = desk("flows", "show", "Caller", "--format", "json").json
    assert caller["nodes"][0]["flow_id"] == ids["Sub"]
    assert "→ Sub" in desk("flows", "show", "Caller").out
    assert "unknown-flow" not in codes(desk, "Caller")


def test_a_go_to_leads_to_a_node_of_its_own_flow(desk: Cli, case: Case) -> None:
    assert desk("flows", "import", case("09") / "loop-chart.json").code == 0
    assert "Go To “Again”  → loop-chart › Q" in desk("flows", "show", "loop-chart").out
    assert codes(desk, "loop-chart") <= {"unknown-goal"}


def test_undo_takes_an_import_back_with_the_links_that_it_completed(desk: Cli, case: Case, tmp_path: Path) -> None:
    folder = case("09")
    services = open_services(tmp_path / "workspace")
    services.flow_files.load([folder / EXECUTE_SUB])
    before = services.flows.get("Caller").nodes
    assert services.flow_files.load([folder / SUB]).completed[0].name == "Caller"
    services.history.undo()
    assert [flow.name for flow in services.flows.all()] == ["Caller"]
    assert services.flows.get("Caller").nodes == before
