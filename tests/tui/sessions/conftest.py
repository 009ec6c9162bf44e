"""The workspaces of the Insights tests."""

from tests.tui.insights.conftest import scenarios, sgd_services, sgd_workspace

__all__ = ["scenarios", "sgd_services", "sgd_workspace"]
