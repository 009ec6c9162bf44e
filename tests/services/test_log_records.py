"""Logs whose format says what a session, a name and a time are."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from goals_tui.domain.errors import GoalsError, NotFoundError, RefusedError, UnreadableError
from goals_tui.domain.filters import Filters
from goals_tui.services.context import Services
from goals_tui.services.imports import json_stream, log_import
from goals_tui.services.imports.json_stream import JsonStream
from goals_tui.services.imports.log_import import LogOptions
from goals_tui.services.imports.log_rows import Columns, LogRows
from goals_tui.services.imports.result import ImportResult
from tests.conftest import SHARED
from tests.services.log_files import WRITERS

REAL = SHARED / "data" / "real"
real = pytest.mark.skipif(not REAL.is_dir(), reason="the shared data are not beside this checkout")


def bring(services: Services, *files: Path, goal: str | None = None, **options: Any) -> ImportResult:
    return services.imports.log(files, goal, None, LogOptions(**options))


def written(path: Path, content: object) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return path


def of(services: Services, session: str, *fields: str) -> list[tuple[Any, ...]]:
    return [tuple(getattr(one, field) for field in fields) for one in services.activities.of_session(session)]


def attributes(**values: str) -> list[dict[str, Any]]:
    return [{"key": key.replace("__", "."), "value": {"stringValue": value}} for key, value in values.items()]


def span(number: int, name: str = "chat", trace: str = "T1", **fields: Any) -> dict[str, Any]:
    return {
        "traceId": trace,
        "spanId": f"S{number}",
        "name": name,
        "startTimeUnixNano": str(1790841600_000_000_000 + number * 1_500_000),
        "attributes": [],
        **fields,
    }


def request(*spans: dict[str, Any], **resource: str) -> dict[str, Any]:
    return {
        "resourceSpans": [{"resource": {"attributes": attributes(**resource)}, "scopeSpans": [{"spans": [*spans]}]}]
    }


SPANS = [
    span(1, attributes=attributes(gen_ai__conversation__id="c1", session__id="x")),
    span(2, attributes=attributes(session__id="c1", langfuse__session__id="y"), parentSpanId="S1"),
    span(3, "run", attributes=attributes(langfuse__session__id="c1", gen_ai__operation__name="chat")),
    span(
        4,
        "execute_tool search",
        attributes=attributes(
            gen_ai__conversation__id="c1", gen_ai__operation__name="execute_tool", gen_ai__tool__name="search"
        ),
    ),
    span(5, "other", attributes=attributes(gen_ai__tool__name="search")),
]


@pytest.mark.parametrize("form", ["lines", "one object", "list", "gz", "resource last", "byte order mark"])
def test_traces(services: Services, tmp_path: Path, form: str) -> None:
    whole = request(*SPANS, service__name="desk", service__version="v2")
    file = tmp_path / "traces.json"
    if form == "lines":
        halves = (request(*some, service__name="desk", service__version="v2") for some in (SPANS[:2], SPANS[2:]))
        written(file, "".join(json.dumps(one) + "\n" for one in halves))
    elif form == "list":
        written(file, [whole])
    elif form == "gz":
        file.write_bytes(gzip.compress(json.dumps(whole, indent=1).encode()))
    elif form == "resource last":
        [one] = whole["resourceSpans"]
        written(file, json.dumps({"resourceSpans": [dict(reversed(one.items()))]}, indent=1))
    else:
        written(file, "\ufeff" * (form == "byte order mark") + json.dumps(whole, indent=2))
    result = bring(services, file)
    assert (result.activities_added, result.broken_total, result.events_added) == (5, 0, 0)
    assert of(services, "c1", "id", "kind", "name", "parent", "endpoint", "snapshot") == [
        ("t1-s1", "step", "chat", None, "desk", "v2"),
        ("t1-s2", "step", "chat", "t1-s1", "desk", "v2"),
        ("t1-s3", "agent", "run", None, "desk", "v2"),
        ("t1-s4", "tool", "search", None, "desk", "v2"),
    ]
    [other] = services.activities.of_session("t1")
    assert (other.kind, other.name, other.timestamp.isoformat()) == (
        "step",
        "other",
        "2026-10-01T08:00:00.007500+00:00",
    )
    assert bring(services, file).activities_known == 5


def test_spans_that_cannot_be_used_are_named(services: Services, tmp_path: Path) -> None:
    odd = [span(6, startTimeUnixNano="0"), span(7, startTimeUnixNano="99999999999999999999999"), span(8)]
    lines = [json.dumps(request(*odd)), "[1]", json.dumps({"resourceLogs": []}), json.dumps({"resourceSpans": []})]
    result = bring(services, written(tmp_path / "t.json", "\n".join(lines)))
    assert (result.activities_added, result.broken_total) == (1, 4)
    assert result.left_out


def several_files(folder: Path) -> list[Path]:
    """Files of spans: with records that can't be used, without any, of the same name, and given twice."""
    (folder / "more").mkdir()
    texts = {
        "a.jsonl": [request(span(1), span(2, "")), request(span(3, "run"))],
        "b.jsonl": [request(span(4, trace="T2")), {"resourceSpans": 5}, request(span(5, startTimeUnixNano="soon"))],
        "none.jsonl": [{"resourceSpans": []}],
        "c [1].jsonl": [request(span(7, "run")), 5, request(span(8, trace="T2"))],
        "more/a.jsonl": [request(span(9, ""), span(10, trace="T3")), request(span(11, startTimeUnixNano="late"))],
    }
    return [written(folder / name, "".join(json.dumps(line) + "\n" for line in lines)) for name, lines in texts.items()]


@pytest.mark.parametrize("twice", [False, True])
@pytest.mark.parametrize("goal", [None, "Spans"])
def test_many_files_are_read_by_one_query_with_the_same_result(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, goal: str | None, twice: bool
) -> None:
    files = several_files(tmp_path)
    files += files[:1] * twice
    together = bring(services, *files, goal=goal, dry_run=True)
    monkeypatch.setattr(log_import, "MOST_TOGETHER", 1)
    assert bring(services, *files, goal=goal, dry_run=True) == together
    assert [(one.file, one.record) for one in together.broken] == [
        ("b.jsonl", 2),
        ("b.jsonl", 3),
        ("c [1].jsonl", 2),
        ("a.jsonl", 2 if goal else 3),
    ]
    if not twice:
        monkeypatch.undo()
        monkeypatch.setattr(LogRows, "load", None)
        bring(services, *files, goal=goal, dry_run=True)


def test_a_very_large_object_is_read_bit_by_bit(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_stream, "_PIECE", 100)
    monkeypatch.setattr(json_stream, "LARGEST_VALUE", 2000)
    whole = json.dumps(request(*(span(n, session=f"s{n}") for n in range(1000)), service__name="desk"), indent=1)
    assert bring(services, written(tmp_path / "t.json", whole)).activities_added == 1000


@real
def test_the_sample_of_the_protocol(services: Services) -> None:
    assert bring(services, REAL / "otlp" / "trace.json").activities_added == 1
    assert of(services, "5b8efff798038103d269b633813fc60c", "name", "endpoint") == [("I'm a server span", "my.service")]


@real
def test_an_event_log_reports_the_same_as_its_csv_twin(new_services: Callable[..., Services]) -> None:
    folder = REAL / "process-mining"
    reports = []
    for name in ("xes", "csv"):
        services = new_services(name)
        columns = None if name == "xes" else Columns("case:concept:name", "concept:name", "time:timestamp")
        result = services.imports.log([folder / f"running-example.{name}"], "Goal", columns)
        assert (result.cases, result.events_added, result.broken_total) == (6, 42, 0)
        report = services.insights.report(Filters(span="all"))
        steps = [(step.name, step.kind) for step in services.goals.get("Goal").steps]
        reports.append((report.totals, [day.day for day in report.days], steps))
    assert reports[0] == reports[1]


XES = """<?xml version="1.0" encoding="UTF-8"?>
<log xmlns="http://www.xes-standard.org/"><global scope="event"><string key="concept:name" value="?"/></global>
<event><string key="concept:name" value="alone"/></event>
<trace><event><string key="concept:name" value="A"/><date key="time:timestamp" value="2026-10-01T08:00:00Z"/>
<list key="l"><values><string key="concept:name" value="inner"/></values></list></event>
<string key="concept:name" value="c&amp;1"/>
<event><string key="concept:name" value="B"/><date key="time:timestamp" value="2026-10-01T08:00:00Z"/></event></trace>
<trace><event><string key="concept:name" value="A"/><date key="time:timestamp" value="2026-10-01T08:00:00Z"/></event>
</trace></log>"""


def test_xes_with_what_can_be_odd_in_it(services: Services, tmp_path: Path) -> None:
    result = bring(services, written(tmp_path / "log.xml", XES))
    assert [(one.record, one.why) for one in result.broken] == [
        (1, "it stands in no trace"),
        (4, "its trace has no concept:name"),
    ]
    assert of(services, "c&1", "name", "kind") == [("A", "event"), ("B", "event")]


def test_entities_of_xml_do_not_explode(services: Services, tmp_path: Path) -> None:
    bomb = '<!DOCTYPE log [<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(12)
    )
    with pytest.raises(UnreadableError, match="not whole XML"):
        bring(
            services, written(tmp_path / "log.xes", f'{bomb}]><log><trace><string key="k" value="&m;"/></trace></log>')
        )


@pytest.mark.parametrize("encoding", ["UTF-8true", "utf-7", "big5"])
def test_xes_in_an_encoding_that_cannot_be_read(services: Services, tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "log.xes"
    file.write_bytes(f'<?xml version="1.0" encoding="{encoding}"?>\n<log><trace></trace></log>'.encode())
    with pytest.raises(UnreadableError, match="its encoding can't be read"):
        bring(services, file)


def ocel(*events: tuple[str, str, list[str]], kinds: str = "order item") -> dict[str, Any]:
    objects = [{"id": f"{kind[0]}{n}", "type": kind} for kind in kinds.split() for n in (1, 2)]
    return {
        "objectTypes": [],
        "eventTypes": [],
        "events": [
            {
                "id": id_,
                "type": name,
                "time": f"2026-10-01T08:0{number}:00Z",
                "relationships": [{"objectId": one, "qualifier": "q"} for one in [*related, *related]],
            }
            for number, (id_, name, related) in enumerate(events)
        ],
        "objects": objects,
    }


EVENTS = (("e1", "Order", ["o1", "i1", "i2"]), ("e2", "Pick", ["i1"]), ("e3", "Ship", ["o1", "o2"]))


def test_ocel(services: Services, tmp_path: Path) -> None:
    file = written(tmp_path / "log.json", ocel(*EVENTS))
    with pytest.raises(RefusedError, match=r"--object-type TYPE: 'item' \(2 objects\), 'order' \(2 objects\)"):
        bring(services, file)
    with pytest.raises(NotFoundError, match="Did you mean 'order'"):
        bring(services, file, object_type="ordr")
    result = bring(services, file, object_type="order")
    assert (result.activities_added, result.broken_total) == (3, 0)
    assert "log.json: Passed over: 1 event that concern no 'order'." in result.notes
    assert of(services, "o1", "name") == [("Order",), ("Ship",)] and of(services, "o2", "name") == [("Ship",)]
    assert bring(services, file, object_type="item").activities_added == 3
    assert bring(services, written(tmp_path / "one.json", ocel(*EVENTS, kinds="order")), goal="G").cases == 2


@real
def test_the_order_of_a_tracker_is_kept(services: Services) -> None:
    result = bring(services, REAL / "rasa" / "tracker_moodbot.json")
    assert result.activities_added == 7
    assert "tracker_moodbot.json: 4 times go back; each counts as the one before it." in result.notes
    assert [name for (name,) in of(services, "mysender", "name")] == [
        "action_listen",
        "greet",
        "utter_greet",
        "action_listen",
        "mood_great",
        "utter_happy",
        "action_listen",
    ]


def tracker(sender: str | None, *events: dict[str, Any], last: bool = False) -> dict[str, Any]:
    found: dict[str, Any] = {"sender_id": sender, "events": [*events]}
    return dict(reversed(found.items())) if last else found


@pytest.mark.parametrize("form", ["list", "lines", "sender last"])
def test_trackers(services: Services, tmp_path: Path, form: str) -> None:
    said = {"event": "user", "timestamp": 1790841600, "text": "Hi\nthere", "parse_data": {"intent": {"name": "greet"}}}
    answer = {"event": "bot", "timestamp": 1790841601.5, "text": "Hello", "metadata": {"utter_action": "utter_greet"}}
    slot = {"event": "slot", "timestamp": 1790841602, "name": "city", "value": "X"}
    trackers = [
        tracker("s1", said, answer, slot, {"event": "restart", "timestamp": 1790841603}, last=form == "sender last"),
        tracker("s2", said, said, {"timestamp": 1}, "x"),  # type: ignore[arg-type]
        tracker(None, said),
    ]
    content = trackers if form != "lines" else "\n".join(map(json.dumps, trackers))
    result = bring(services, written(tmp_path / "t.json", content))
    assert (result.activities_added, [one.why for one in result.broken]) == (
        6,
        ["it says no event", "it says no event", "its tracker has no sender_id"],
    )
    assert of(services, "s1", "kind", "name", "text") == [
        ("user", "greet", "Hi\nthere"),
        ("agent", "utter_greet", "Hello"),
        ("event", "city", None),
        ("event", "restart", None),
    ]
    assert len(of(services, "s2", "id")) == 2, "equal records are told apart by their number"
    assert bring(services, tmp_path / "t.json").activities_known == 6


def test_transcripts(services: Services, tmp_path: Path) -> None:
    def said(id_: str, role: str, text: str, second: int, **more: Any) -> dict[str, Any]:
        return {
            "type": "message",
            "id": id_,
            "timestamp": f"2026-10-01T08:00:0{second}.123Z",
            "channelId": "emulator",
            "from": {"id": role, "role": role},
            "conversation": {"id": "c1"},
            "text": text,
            "locale": "en-US",
            **more,
        }

    activities = [
        said("1", "user", "[b]Hi[/b]", 1),
        said("c1|2", "bot", "Hello", 2, replyToId="1"),
        said("3", "bot", "", 3, type="event", name="handoff.initiate"),
        said("4", "user", "", 4, type="conversationUpdate"),
        {"type": "message"},
    ]
    file = written(tmp_path / "talk.transcript", activities)
    result = bring(services, file)
    assert (result.activities_added, [one.why for one in result.broken]) == (4, ["it names no conversation"])
    assert of(services, "c1", "id", "kind", "name", "text", "parent", "channel", "locale") == [
        ("c1|1", "user", None, "[b]Hi[/b]", None, "emulator", "en-US"),
        ("c1|2", "agent", None, "Hello", "c1|1", "emulator", "en-US"),
        ("c1|3", "handover", "handoff.initiate", None, None, "emulator", "en-US"),
        ("c1|4", "event", "conversationUpdate", None, None, "emulator", "en-US"),
    ]
    as_goal = bring(services, file, goal="Talk")
    assert (as_goal.events_added, as_goal.rows) == (2, 3)
    assert any("Passed over 2 records without a name" in note for note in as_goal.notes)


def test_without_text(services: Services, tmp_path: Path) -> None:
    said = {"event": "user", "timestamp": 1790841600, "text": "secret"}
    bring(services, written(tmp_path / "t.json", [tracker("s1", said)]), without_text=True)
    assert of(services, "s1", "text") == [(None,)]
    assert b"secret" not in b"".join(file.read_bytes() for file in services.workspace.activities.path.iterdir())


def test_texts_are_cleaned_and_cut_aloud(services: Services, tmp_path: Path) -> None:
    texts = ["a\x1b[31m\u202eb", "x" * 10_050, "e\u0301\u200d", "tab\tand\nline"]
    events = [{"event": "user", "timestamp": 1790841600 + n, "text": text} for n, text in enumerate(texts)]
    result = bring(services, written(tmp_path / "t.json", [tracker("s1", *events)]))
    assert [text for (text,) in of(services, "s1", "text")] == [
        "a[31mb",
        "x" * 10_000,
        "e\u0301\u200d",
        "tab\tand\nline",
    ]
    assert "Cut at 10,000 characters: 1 text." in result.notes


def test_tables_become_activities_too(services: Services, tmp_path: Path) -> None:
    log = "case,activity,time\n1,Pay,2026-10-01T08:00:00Z\n1,Pay,2026-10-01T08:00:00Z\n1,Go,2026-10-01T07:00:00Z\n"
    file = written(tmp_path / "log.csv", log)
    result = services.imports.log([file], None, Columns("case", "activity", "time"))
    assert (result.activities_added, result.cases) == (3, 1)
    assert of(services, "1", "name", "kind") == [("Go", "event"), ("Pay", "event"), ("Pay", "event")]
    assert services.imports.log([file], None, Columns("case", "activity", "time")).activities_known == 3
    with pytest.raises(GoalsError, match="name its columns with --cycle, --step and --time"):
        bring(services, file)


def samples(tmp_path: Path) -> list[Path]:
    events = [{"event": "user", "timestamp": 1790841600 + n, "text": f"text {n}"} for n in range(5)]
    said = {
        "type": "message",
        "id": "1",
        "timestamp": "2026-10-01T08:00:01Z",
        "from": {"role": "user"},
        "conversation": {"id": "c1"},
    }
    return [
        written(tmp_path / "log.xes", XES),
        written(tmp_path / "spans.json", request(*SPANS)),
        written(tmp_path / "lines.json", "\n".join(json.dumps(request(one)) for one in SPANS)),
        written(tmp_path / "ocel.json", ocel(*EVENTS, kinds="order")),
        written(tmp_path / "rasa.json", [tracker("s1", *events)]),
        written(tmp_path / "bot.json", [said]),
    ]


@pytest.mark.parametrize("place", range(6))
def test_nothing_is_written_beside_a_file(services: Services, tmp_path: Path, place: int) -> None:
    file = samples(tmp_path)[place]
    before = sorted(one.name for one in tmp_path.rglob("*") if services.workspace.path not in [one, *one.parents])
    assert bring(services, file, object_type="order" if file.name == "ocel.json" else None).activities_added
    after = sorted(one.name for one in tmp_path.rglob("*") if services.workspace.path not in [one, *one.parents])
    assert after == before


FORMATS = ("xes", "otlp", "otlp", "ocel", "rasa", "botframework", "csv", "jsonl", "parquet", "xlsx", "ods")
TABLE = [["case", "activity", "time"], *([f"c{n % 3}", f"step {n}", f"2026-10-01T08:00:0{n}Z"] for n in range(9))]


@pytest.mark.faults
@pytest.mark.parametrize("count", [40, pytest.param(300, marks=pytest.mark.long)])
@pytest.mark.parametrize("place", range(len(FORMATS)))
def test_whatever_is_done_to_a_file_it_is_read_or_refused(
    services: Services, tmp_path: Path, place: int, count: int
) -> None:
    chance = random.Random(place)
    name, columns = FORMATS[place], None
    if name in WRITERS:
        pytest.importorskip("python_calamine" if name in ("xlsx", "ods") else "duckdb")
        file, columns = tmp_path / f"log.{name}", Columns("case", "activity", "time")
        WRITERS[name](file, TABLE)
    else:
        file = samples(tmp_path)[place]
    content = file.read_bytes()
    values = [
        b"null",
        b"[]",
        b"{}",
        b"1e999",
        b'"\\ud800"',
        b"-1",
        b"true",
        b'"' + b"x" * 400 + b'"',
        b"\xff\0",
        b"<",
        b"",
    ]
    for _ in range(count):
        changed = bytearray(content)
        for _ in range(chance.randint(1, 4)):
            start = chance.randrange(len(changed))
            changed[start : start + chance.choice((0, 1, 5, 40))] = chance.choice(values)
        file.write_bytes(changed[: chance.choice((len(changed), len(changed), chance.randrange(len(changed))))])
        try:
            result = services.imports.log([file], None, columns, LogOptions(format=name, dry_run=True))
        except GoalsError as error:
            assert len(str(error).splitlines()) == 1
        else:
            assert result.activities_added >= 0


def test_json_is_read_in_any_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = {"a": [1, -2.5e3, 1234567890, True, None, 'x\\"y', {"b": []}], "empty": {}, "last": 12}
    file = written(tmp_path / "a.json", json.dumps(content, indent=1))
    for size in range(1, 40):
        monkeypatch.setattr(json_stream, "_PIECE", size)
        with JsonStream(file) as stream:
            found = {}
            for key in stream.members():
                if key == "a":
                    found[key] = [stream.value() for _ in stream.items()]
                elif key == "empty":
                    stream.skip()
                    found[key] = {}
                else:
                    found[key] = stream.value()
            assert (found, stream.next()) == (content, "")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("trace.json", json.dumps([request(span(1))])),
        (
            "tracker.json",
            json.dumps({"sender_id": "a", "events": [{"event": "user", "timestamp": 1.0e9}]}),
        ),
        ("list.json", json.dumps([{"case": "1", "activity": "a", "time": "2026-10-01T08:00:00Z"}])),
    ],
)
def test_an_import_writes_nothing_beside_the_file(services: Services, tmp_path: Path, name: str, content: str) -> None:
    """Others' files there are not touched, and the folder may be one that can't be written."""
    folder = tmp_path / "logs"
    folder.mkdir()
    file = written(folder / name, content)
    others = [written(folder / f"{name}.{what}", "mine") for what in ("records", "spans", "lines", "objects", "events")]
    columns = Columns("case", "activity", "time") if name == "list.json" else None
    services.imports.log([file], None, columns, LogOptions())
    assert {one.name for one in folder.iterdir()} == {name, *(one.name for one in others)}
    assert {one.read_text() for one in others} == {"mine"}
