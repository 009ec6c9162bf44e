"""`sync` against an OData server that others wrote: @sap/cds with @cap-js/sqlite, on Node.

`.ci/run` installs it, and says where its node_modules are in GOALS_TUI_CAP.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from goals_tui.domain.filters import Filters
from goals_tui.services.context import Services
from tests.services.odata_records import DONE, MIDDLE, START, event, goal, metric, steps

MODULES = os.environ.get("GOALS_TUI_CAP", "")
NODE = shutil.which("node")
if not (MODULES and NODE):
    pytest.skip("needs Node, and in GOALS_TUI_CAP the node_modules with @sap/cds", allow_module_level=True)

PAGE = 3
MODEL = f"""
@path: '/v2.4' @cds.query.limit.max: {PAGE}
service Original {{
  @readonly entity Goals {{
    key goalId : String; key version : String; name : String; description : String; referenceId : String;
    createdAt : Timestamp; lastChanged : Timestamp;
  }}
  @readonly entity GoalSteps {{
    key goalStepId : String; key version : String; name : String; description : String; ![order] : Integer;
    type : String; goalId : String;
  }}
  @readonly entity GoalStepMetrics {{
    key goalStepMetricId : String; key version : String; name : String; type : String; value : Decimal;
    goalId : String; goalStepId : String;
  }}
  entity GoalEvents {{
    key id : String; version : String; timestamp : Timestamp; goalCycleId : String; stepId : String; goalId : String;
    sessionId : String; expiresAt : Timestamp; endpointName : String; endpointType : String; snapshotName : String;
  }}
}}
"""
SETTINGS = {"requires": {"db": {"kind": "sqlite", "credentials": {"url": ":memory:"}}, "auth": {"kind": "dummy"}}}


def written(folder: Path, name: str, records: list[dict[str, Any]]) -> None:
    with (folder / f"Original-{name}.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, list(records[0]), delimiter=";")
        table.writeheader()
        table.writerows(records)


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """The address of a server with a goal, and 40 events of which many have the same time."""
    app = tmp_path / "server"
    (app / "srv").mkdir(parents=True)
    (app / "db" / "data").mkdir(parents=True)
    (app / "node_modules").symlink_to(Path(MODULES).absolute())
    (app / "package.json").write_text(json.dumps({"name": "original", "version": "1.0.0", "cds": SETTINGS}))
    (app / "srv" / "original.cds").write_text(MODEL)
    data = app / "db" / "data"
    written(data, "Goals", [goal()])
    written(data, "GoalSteps", steps())
    written(data, "GoalStepMetrics", [metric(20.0), metric(1.5, name="Revenue")])
    written(
        data,
        "GoalEvents",
        [
            event(n, (START, MIDDLE, DONE, DONE)[n % 4], id=f"e{n:03}", timestamp=f"2026-10-01T08:{n // 8:02}:00.000Z")
            for n in range(40)
        ],
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(NODE), "node_modules/@sap/cds/bin/serve.js", "--port", str(port), "--in-memory"]
    process = subprocess.Popen(command, cwd=app, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout
    try:
        said = []
        for line in process.stdout:
            said.append(line)
            if "server listening" in line:
                break
        else:
            pytest.fail("".join(said))
        yield f"http://127.0.0.1:{port}/v2.4"
    finally:
        process.kill()
        process.wait()


def add(url: str, record: dict[str, Any]) -> None:
    import urllib.request

    body = json.dumps({name: value for name, value in record.items() if value is not None}).encode()
    asked = urllib.request.Request(f"{url}/GoalEvents", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(asked, timeout=60) as answer:
        assert answer.status == 201


def test_a_real_odata_server_is_read_to_its_end_and_again(services: Services, url: str) -> None:
    services.syncs.add("CAP", url)
    done = services.syncs.run("CAP").as_json()
    assert (done["problem"], done["left_out"], done["goals_added"], done["events_added"]) == (None, 0, 1, 40)
    (saved,) = services.goals.all()
    assert [str(step.metrics.cost_savings) for step in saved.steps] == ["0.00", "0.00", "20.00"]
    assert services.insights.report(Filters(span="all")).totals.started == 1
    add(url, event(90, START, id="new", timestamp="2026-10-01T09:00:00.000Z", goalCycleId="another"))
    again = services.syncs.run("CAP").as_json()
    assert (again["problem"], again["goals_added"], again["events_added"]) == (None, 0, 1)
    assert services.insights.report(Filters(span="all")).totals.started == 2
