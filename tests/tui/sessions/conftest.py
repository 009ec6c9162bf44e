"""The workspaces of the Insights tests."""

from tests.tui.insights.conftest import scenario_workspaces, scenarios, sgd_services, sgd_workspace

__all__ = ["scenario_workspaces", "scenarios", "sgd_services", "sgd_workspace"]
