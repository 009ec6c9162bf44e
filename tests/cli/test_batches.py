"""`events batches` and `events remove`."""

from __future__ import annotations

from typing import Any

from goals_tui.services.context import Services
from tests.cli.conftest import Cli
from tests.services.test_batches import bring


def test_the_commands(services: Services, cli: Cli) -> None:
    bring(services, "Hotel", 0)
    bring(services, "Hotel", 0, 1)
    first, second = (one["id"] for one in cli("events", "batches", "--format", "json").json)
    found: list[dict[str, Any]] = cli("events", "batches", "--format", "json").json
    assert found == [
        {"id": first, "what": "import odata Hotel.json", "at": "2026-11-20T12:00:00.000Z"}
        | {"events": 3, "activities": 0, "goals": 1},
        {"id": second, "what": "import odata Hotel.json", "at": "2026-11-20T12:00:00.000Z"}
        | {"events": 3, "activities": 0, "goals": 0},
    ]
    assert "2026-11-20 13:00" in cli("events", "batches").out
    assert cli("events", "batches", "--format", "csv").out.splitlines()[0] == "id,what,at,events,activities,goals"
    refused = cli("events", "remove", first, "--confirm", "yes")
    assert refused.code == 1 and "confirm with its id" in refused.err
    assert cli("events", "remove", "nonsense", "--confirm", "nonsense").code == 1
    done = cli("events", "remove", first, "--confirm", first)
    assert done.code == 0 and done.out == "Removed 3 events, 0 goals.\n"
    assert "The goal 'Hotel' stays: it has 3 events that the batch did not add." in done.err
    assert "1 later import also contained some of what went." in done.err
    last = cli("events", "remove", second, "--confirm", second, "--format", "json").json
    assert last == {"id": second, "events": 3, "activities": 0, "goals": [], "stays": [], "also_in": 0}
    assert cli("events", "batches", "--format", "json").json == []
