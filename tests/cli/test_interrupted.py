"""ctrl+c ends a command without a traceback, also in the middle of a query."""

from __future__ import annotations

from typing import Any

import pytest

from goals_tui.services.context import Services
from goals_tui.services.imports.service import Imports
from tests.cli.conftest import Cli


@pytest.mark.parametrize("raised", [KeyboardInterrupt(), RuntimeError("Query interrupted")], ids=["Python", "DuckDB"])
def test_ctrl_c(cli: Cli, services: Services, monkeypatch: pytest.MonkeyPatch, raised: BaseException) -> None:
    def interrupted(*_args: Any, **_options: Any) -> None:
        raise raised

    monkeypatch.setattr(Imports, "odata", interrupted)
    result = cli("import", "odata", "anything.jsonl")
    assert (result.code, result.out) == (130, "")
    assert result.err in ("", "goals-tui: Stopped.\n")


def test_another_fault_is_not_taken_for_it(cli: Cli, services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(*_args: Any, **_options: Any) -> None:
        raise RuntimeError("something else")

    monkeypatch.setattr(Imports, "odata", fault)
    with pytest.raises(RuntimeError, match="something else"):
        cli("import", "odata", "anything.jsonl")
