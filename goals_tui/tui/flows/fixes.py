"""What can be done about a wiring finding, in words and, where it needs no question, as an edit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

from goals_tui.domain.flow import Flow
from goals_tui.domain.flow_edit import Position
from goals_tui.domain.goal import Goal
from goals_tui.domain.ids import Ids
from goals_tui.domain.wiring import Finding, Fix, Severity
from goals_tui.tui.flows import edits
from goals_tui.tui.flows.edits import Edit

FIX_TITLES: dict[Fix, str] = {
    "choose_goal": "Choose a goal",
    "choose_steps": "Choose steps",
    "choose_flow": "Choose a flow",
    "insert_initial": "Insert the initial step at the start",
    "remove_node": "Remove the node",
    "track_goal": "Track it after the selected node",
}

RANKS: dict[Severity, int] = {"error": 0, "warning": 1, "info": 2}


def worst_by_node(findings: Iterable[Finding], flow_id: str) -> dict[str, Severity]:
    """The badge of each node of a flow."""
    worst: dict[str, Severity] = {}
    for finding in findings:
        if finding.flow_id == flow_id and finding.node_id:
            before = worst.get(finding.node_id)
            if before is None or RANKS[finding.severity] < RANKS[before]:
                worst[finding.node_id] = finding.severity
    return worst


def of_flow_first(findings: Iterable[Finding], flow_id: str | None) -> list[Finding]:
    """Findings of this flow, then those of no flow (a goal that nothing tracks), then those of other flows."""
    return sorted(findings, key=lambda finding: 0 if finding.flow_id == flow_id else 2 if finding.flow_id else 1)


def counts(findings: Iterable[Finding]) -> dict[Severity, int]:
    """How many findings there are of each severity."""
    found: dict[Severity, int] = {}
    for finding in findings:
        found[finding.severity] = found.get(finding.severity, 0) + 1
    return found


def counts_by_flow(findings: Iterable[Finding]) -> dict[str, dict[Severity, int]]:
    """How many findings of each severity each flow has, by its id; under the empty id those of no flow."""
    by_flow: dict[str, list[Finding]] = {}
    for finding in findings:
        by_flow.setdefault(finding.flow_id or "", []).append(finding)
    return {flow_id: counts(found) for flow_id, found in by_flow.items()}


def fix(finding: Finding, flow: Flow, at: Position, goals: Mapping[str, Goal], ids: Ids) -> Edit | None:
    """The edit that fixes a finding; None where a form is needed. `at` is where a new node would go."""
    goal = goals.get(finding.goal_id or "")
    match finding.fix:
        case "remove_node" if finding.node_id:
            return edits.delete(flow, flow.node(finding.node_id), word="Remove")
        case "insert_initial" if goal:
            return edits.track_first(flow, goal, ids)
        case "track_goal" if goal:
            return edits.track(flow, at, goal, (finding.step_id or goal.initial.id,), ids)
        case _:
            return None


def needs_form(finding: Finding) -> bool:
    """Whether fixing means to choose something in the node's editor."""
    return cast(str, finding.fix) in ("choose_goal", "choose_steps", "choose_flow")
