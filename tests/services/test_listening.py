"""Spans that come while an agent runs: the same activities as imported, the same events as derived afterwards."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goals_tui.domain.activity import Trigger
from goals_tui.domain.errors import WrongValueError
from goals_tui.domain.event import Source
from goals_tui.domain.goal import Goal
from goals_tui.services.context import Services
from goals_tui.services.imports.log_import import LogOptions
from goals_tui.services.listening import spans_of_json, spans_of_protobuf
from tests import builders
from tests.conftest import SHARED, make_services
from tests.examples import examples

START = 1790841600_000_000_000
TRACE = "0af7651916cd43dd8448eb211c80319c"


def attributes(**values: Any) -> list[dict[str, Any]]:
    return [{"key": key.replace("__", "."), "value": value} for key, value in values.items()]


def text(value: str) -> dict[str, str]:
    return {"stringValue": value}


def span(number: int, name: str = "search", session: str = "s1", **fields: Any) -> dict[str, Any]:
    return {
        "traceId": TRACE,
        "spanId": f"{number:016x}",
        "name": name,
        "startTimeUnixNano": str(START + number * 1_500_000_000),
        "attributes": attributes(session__id=text(session)),
        **fields,
    }


def request(*spans: Any, **resource: str) -> bytes:
    given = attributes(**{key: text(value) for key, value in resource.items()})
    return json.dumps(
        {"resourceSpans": [{"resource": {"attributes": given}, "scopeSpans": [{"spans": spans}]}]}
    ).encode()


def as_protobuf(body: bytes) -> bytes:
    """Return a JSON request as a client that speaks protobuf sends it."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    made = ExportTraceServiceRequest()
    for one in json.loads(body)["resourceSpans"]:
        there = made.resource_spans.add()
        _pairs(there.resource.attributes, one["resource"]["attributes"])
        for scope in one["scopeSpans"]:
            spans = there.scope_spans.add().spans
            for each in scope["spans"]:
                span = spans.add(
                    trace_id=bytes.fromhex(each["traceId"]),
                    span_id=bytes.fromhex(each["spanId"]),
                    parent_span_id=bytes.fromhex(each.get("parentSpanId", "")),
                    name=each["name"],
                    start_time_unix_nano=int(each["startTimeUnixNano"]),
                )
                _pairs(span.attributes, each["attributes"])
    return made.SerializeToString()


def _pairs(there: Any, pairs: list[dict[str, Any]]) -> None:
    for pair in pairs:
        added = there.add(key=pair["key"])
        for kind, value in pair["value"].items():
            name = {"stringValue": "string_value", "intValue": "int_value", "boolValue": "bool_value"}[kind]
            setattr(added.value, name, int(value) if kind == "intValue" else value)


def listed(services: Services) -> list[dict[str, Any]]:
    with services.activities.reading() as connection:
        rows = connection.execute("SELECT * EXCLUDE (position) FROM each_once ORDER BY id").fetchall()
        names = [column[0] for column in connection.description or ()]
    return [dict(zip(names, row, strict=True)) for row in rows]


def doing(operation: str, **more: Any) -> dict[str, Any]:
    return {"attributes": attributes(gen_ai__operation__name=text(operation), **more)}


MANY = request(
    span(1, "invoke", **doing("invoke_agent", gen_ai__agent__name=text("Bo"))),
    span(
        2,
        "execute_tool x",
        parentSpanId=f"{1:016x}",
        **doing("execute_tool", gen_ai__tool__name=text("book"), gen_ai__conversation__id=text("c")),
    ),
    span(3, "execute_tool", **doing("execute_tool", session__id=text(""))),
    span(4, attributes=attributes(session__id={"intValue": "12"}, langfuse__session__id=text("l"))),
    span(5, attributes=attributes(session__id={"boolValue": True}, langfuse__session__id=text("l"))),
    span(6, traceId=TRACE.upper(), attributes=[]),
    span(7, "\x1b[31m[/b] " + "ü" * 50),
    service__name="Webchat",
    service__version="7",
)


@pytest.mark.parametrize("protobuf", [False, True])
def test_spans_become_what_an_import_makes_of_them(services: Services, tmp_path: Path, protobuf: bool) -> None:
    spans = spans_of_protobuf(as_protobuf(MANY)) if protobuf else spans_of_json(MANY)
    received = services.listening.receive(spans)
    assert (received.recorded, received.refused, received.why) == (7, 0, "")
    file = tmp_path / "trace.json"
    file.write_bytes(MANY)
    other = make_services(tmp_path / "other")
    other.imports.log([file], None, None, LogOptions())
    assert listed(services) == listed(other)
    assert services.imports.log([file], None, None, LogOptions()).activities_added == 0


def test_the_sample_is_received_as_it_is_imported(services: Services, tmp_path: Path) -> None:
    file = SHARED / "data" / "real" / "otlp" / "trace.json"
    if not file.is_file():
        pytest.skip(f"the shared data is not beside this checkout ({file})")
    assert services.listening.receive(spans_of_json(file.read_bytes())).refused == 0
    other = make_services(tmp_path / "other")
    other.imports.log([file], None, None, LogOptions())
    assert listed(services) == listed(other) != []


def test_spans_that_can_be_no_activity_are_refused_with_the_reason(services: Services) -> None:
    body = request(span(1), {}, 3, span(0), span(4, startTimeUnixNano="soon"), span(5, name=["x"]), span(6, "n" * 301))
    received = services.listening.receive(spans_of_json(body))
    assert (received.recorded, received.refused) == (1, 6)
    assert received.why.startswith("Span 2: it has no span id")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"resourceSpans": 3}', b"[" * 100_000, b"\xff\xfe"])
def test_a_body_that_is_no_request_is_refused(body: bytes) -> None:
    with pytest.raises(WrongValueError, match="The body is"):
        spans_of_json(body)


@pytest.mark.faults
def test_no_mutation_of_a_request_does_more_than_be_refused(services: Services) -> None:
    chosen = random.Random(7)
    for number in range(300):
        body = bytearray(as_protobuf(MANY) if number % 2 else MANY)
        for _ in range(chosen.randint(1, 6)):
            where = chosen.randrange(len(body))
            body[where : where + chosen.randint(0, 3)] = chosen.randbytes(chosen.randint(0, 3))
        try:
            spans = spans_of_protobuf(bytes(body)) if number % 2 else spans_of_json(bytes(body))
        except WrongValueError:
            continue
        services.listening.receive(spans)
    assert services.activities.stats().activities > 0


def booking(services: Services) -> Goal:
    goal = services.goals.save(
        builders.goal("Book", "● search", "○ choose", "◎ pay").model_copy(update={"revision": 0})
    )
    for step in goal.steps:
        services.goals.set_triggers(goal.id, step.id, [Trigger(name=step.name)])
    return services.goals.get(goal.id)


def send(services: Services, spans: Sequence[dict[str, Any]]) -> None:
    services.listening.receive(spans_of_json(request(*spans, service__name="Voice Line")))


def events(services: Services) -> list[tuple[Any, ...]]:
    with services.workspace.events.connect() as connection:
        return connection.execute("SELECT * FROM events ORDER BY id").fetchall()


SPANS = st.lists(
    st.builds(
        lambda number, name, session: (number, name, f"s{session}"),
        st.integers(1, 40),
        st.sampled_from(["search", "choose", "pay", "other"]),
        st.integers(1, 3),
    ),
    unique_by=lambda one: one[0],
    min_size=1,
    max_size=20,
)


@pytest.mark.fuzz
@examples(25)
@given(SPANS, st.lists(st.integers(0, 20), max_size=3))
def test_derived_at_once_is_what_is_derived_afterwards(
    tmp_path_factory: pytest.TempPathFactory, found: list[tuple[int, str, str]], cuts: list[int]
) -> None:
    """In whatever order and pieces the spans of a conversation come, sent again or not."""
    services = make_services(tmp_path_factory.mktemp("live") / "workspace")
    goal = booking(services)
    borders = [0, *sorted({cut for cut in cuts if cut < len(found)}), len(found)]
    for begin, end in pairwise(borders):
        send(services, [span(*one) for one in found[begin:end]])
        services.listening.derive()
    send(services, [span(*one) for one in found[:2]])
    assert services.listening.derive() == 0
    done = services.deriving.derive(goal.id, dry_run=True)
    assert (done.added, done.replaced, done.removed) == (0, 0, 0)
    assert done.events == len(events(services))


def test_a_late_span_and_an_edited_trigger_replace_what_was_derived(services: Services) -> None:
    goal = booking(services)
    send(services, [span(2), span(4, "pay")])
    assert services.listening.derive() == 2
    send(services, [span(3)])  # a second search, before the payment
    assert services.listening.derive() == 2
    cycles = {row[3] for row in events(services)}
    assert (len(events(services)), len(cycles)) == (3, 2)
    services.goals.set_triggers(goal.id, goal.steps[-1].id, [Trigger(name="choose")])
    send(services, [span(9, "choose")])
    assert services.listening.derive() == 2
    done = services.deriving.derive(goal.id, dry_run=True)
    assert (done.events, done.added, done.replaced, done.removed) == (4, 0, 0, 0)


def test_sessions_with_tracked_events_are_left_out(services: Services) -> None:
    goal = booking(services)
    services.tracking.track("s1", goal.id, [goal.initial.id], Source())
    send(services, [span(1), span(2, session="s2")])
    assert services.listening.derive() == 1
    services.tracking.track("s2", goal.id, [goal.initial.id], Source())
    send(services, [span(3, "pay", session="s2")])
    assert services.listening.derive() == 0
    assert len(events(services)) == 2
