"""Importing takes at most 1.5 GB of memory, in every format and however large the file: DuckDB may take 1 GB of it.

By hand: pytest tests/benchmarks/test_import_memory.py -o addopts= -s
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.benchmarks.million import MILLION
from tests.benchmarks.test_import_speed import MOST_MEMORY, spans
from tests.benchmarks.timing import measured

A_SESSION = 20
MOST = 1.25
START = datetime(2026, 9, 1, tzinfo=UTC)
TABLE = ("--as", "activities", "--cycle", "case", "--step", "activity", "--time", "time")


def time(number: int) -> str:
    return (START + timedelta(milliseconds=200 * number)).isoformat()


def said(number: int) -> str:
    return f"I would like to book a flight from Berlin to Lisbon on Friday, please, number {number}"


def row(number: int) -> dict[str, Any]:
    session = number // A_SESSION
    return {"case": f"c{session}", "activity": f"step {number % 9}", "time": time(number), "text": said(number)}


def executed_step(number: int) -> dict[str, Any]:
    """A step of the original system, without an id."""
    name = f"step {number % 30}"
    return {
        "sessionId": f"s{number // A_SESSION}",
        "timestamp": time(number),
        "flowName": "f",
        "stepLabel": name,
        "entityReferenceId": name,
    }


def rasa_event(number: int) -> dict[str, Any]:
    moment = START.timestamp() + number / 5
    if number % 2:
        return {"event": "action", "name": f"action_{number % 9}", "timestamp": moment}
    return {"event": "user", "text": said(number), "timestamp": moment, "parse_data": {"intent": {"name": "book"}}}


def bot_activity(number: int) -> dict[str, Any]:
    return {
        "id": f"a{number}",
        "type": "message",
        "conversation": {"id": f"c{number // A_SESSION}"},
        "from": {"id": "u", "role": "user" if number % 2 else "bot"},
        "timestamp": time(number),
        "text": said(number),
    }


def ocel_event(number: int) -> dict[str, Any]:
    related = [{"objectId": f"o{number // A_SESSION}", "qualifier": "of"}]
    return {"id": f"e{number}", "type": f"t{number % 9}", "time": time(number), "relationships": related}


def lines(one: Callable[[int], object], count: int) -> Iterator[bytes]:
    return (orjson.dumps(one(number)) + b"\n" for number in range(count))


def listed(one: Callable[[int], object], count: int) -> Iterator[bytes]:
    """The inside of a list of JSON."""
    return (b"," * bool(number) + orjson.dumps(one(number)) for number in range(count))


def trackers(count: int) -> Iterator[bytes]:
    for session in range(count // A_SESSION):
        events = [rasa_event(session * A_SESSION + place) for place in range(A_SESSION)]
        yield orjson.dumps({"sender_id": f"s{session}", "events": events}) + b"\n"


def ocel(count: int) -> Iterator[bytes]:
    yield b'{"objectTypes": [{"name": "order"}], "eventTypes": [], "objects": ['
    yield from listed(lambda number: {"id": f"o{number}", "type": "order"}, count // A_SESSION)
    yield b'], "events": ['
    yield from listed(ocel_event, count)
    yield b"]}"


def xes(count: int) -> Iterator[bytes]:
    yield b'<?xml version="1.0"?><log>'
    for session in range(count // A_SESSION):
        yield f'<trace><string key="concept:name" value="case {session}"/>'.encode()
        for place in range(A_SESSION):
            yield (
                f'<event><string key="concept:name" value="step {place % 9}"/>'
                f'<date key="time:timestamp" value="{time(session * A_SESSION + place)}"/></event>'
            ).encode()
        yield b"</trace>"
    yield b"</log>"


def csv(count: int) -> Iterator[bytes]:
    yield b"case,activity,time,text\n"
    for number in range(count):
        yield ",".join(f'"{cell}"' for cell in row(number).values()).encode() + b"\n"


FORMATS: dict[str, tuple[str, Callable[[int], Iterator[bytes]], tuple[str, ...]]] = {
    "odata": ("steps.jsonl", lambda count: lines(executed_step, count), ()),
    "rasa": ("log.json", trackers, ("--as", "activities")),
    "botframework": ("log.json", lambda count: lines(bot_activity, count), ("--as", "activities")),
    "ocel": ("log.json", ocel, ("--as", "activities")),
    "xes": ("log.xes", xes, ("--as", "activities")),
    "csv": ("log.csv", csv, TABLE),
    "jsonl": ("log.jsonl", lambda count: lines(row, count), TABLE),
    "list": ("log.json", lambda count: iter((b"[", *listed(row, count), b"]")), TABLE),
}


@pytest.mark.parametrize("name", FORMATS)
def test_a_million_records(tmp_path: Path, name: str) -> None:
    called, content, options = FORMATS[name]
    file = tmp_path / called
    with file.open("wb") as out:
        out.writelines(content(MILLION))
    measured(tmp_path / "w", "init", tmp_path / "w", "--name", "Memory")
    seconds, memory = measured(tmp_path / "w", "import", "odata" if name == "odata" else "log", file, *options)
    print(f"\n{name}, {file.stat().st_size / 1e6:.0f} MB: {seconds:.1f} s, at most {memory / 1e6:.0f} MB of memory")
    assert memory <= MOST_MEMORY


def test_three_times_as_many_spans_take_as_much_memory(tmp_path: Path) -> None:
    used = []
    for count in (MILLION, 3 * MILLION):
        file, folder = tmp_path / "spans.jsonl", tmp_path / f"w{count}"
        spans(file, count)
        measured(folder, "init", folder, "--name", "Memory")
        seconds, memory = measured(folder, "import", "log", file, "--as", "activities")
        print(f"\n{count:,} spans: {seconds:.1f} s, at most {memory / 1e6:.0f} MB of memory", end="")
        used.append(memory)
    assert used[1] <= MOST * used[0]
