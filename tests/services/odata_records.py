"""Records of the original system's collections, for the tests of its import."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.builders import hex_id, uuid_of

Record = dict[str, Any]

GOAL_ID = hex_id("odata goal")
START, MIDDLE, DONE = (hex_id(f"odata {name}") for name in ("start", "middle", "done"))
V1, V2 = uuid_of("odata version 1"), uuid_of("odata version 2")


def goal(version: str = V1, **fields: Any) -> Record:
    """A record of Goals."""
    return {
        "goalId": GOAL_ID,
        "name": "Book a Flight",
        "version": version,
        "description": None,
        "referenceId": uuid_of("odata reference"),
        "createdAt": "2026-07-01T08:00:00.000Z",
        "lastChanged": "2026-07-30T08:00:00.000Z",
        **fields,
    }


def steps(version: str = V1, goal_id: str = GOAL_ID) -> list[Record]:
    """Its records of GoalSteps: the initial step last, so that order and type have something to do."""
    shared = {"version": version, "goalId": goal_id, "description": ""}
    return [
        {**shared, "goalStepId": MIDDLE, "name": "Passenger", "order": 1, "type": None},
        {**shared, "goalStepId": DONE, "name": "Paid", "order": 2, "type": "completion"},
        {**shared, "goalStepId": START, "name": "Chosen", "order": 0, "type": "start"},
    ]


def metric(value: Any, type_: str = "currency", name: str | None = None, step: str = DONE, **fields: Any) -> Record:
    """A record of GoalStepMetrics."""
    number = hex_id(f"metric {value} {type_} {name} {step} {fields}")
    shared = {"version": V1, "goalId": GOAL_ID}
    return {
        **shared,
        "goalStepMetricId": number,
        "goalStepId": step,
        "name": name,
        "type": type_,
        "value": value,
    } | fields


def event(number: int = 1, step: str = START, **fields: Any) -> Record:
    """A record of GoalEvents."""
    return {
        "id": hex_id(f"odata event {number}"),
        "version": V1,
        "timestamp": f"2026-10-01T08:{number % 60:02}:00.000Z",
        "goalCycleId": uuid_of("odata cycle"),
        "stepId": step,
        "goalId": GOAL_ID,
        "sessionId": "session-1",
        "expiresAt": None,
        "endpointName": "Webchat",
        "endpointType": "webchat3",
        "snapshotName": None,
        **fields,
    }


def page(records: list[Any]) -> str:
    """A page as the endpoint serves it."""
    return json.dumps({"@odata.context": "$metadata#X", "value": records})


def lines(records: list[Any]) -> str:
    """JSON Lines."""
    return "".join(json.dumps(record) + "\n" for record in records)


def write(folder: Path, **files: str | bytes) -> Path:
    """Files in a folder; `goals_json` is called goals.json, `events_jsonl_gz` events.jsonl.gz."""
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        path = folder / name.replace("_", ".")
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder
