"""Looking up a session in long files of lines, which are searched and not read."""

from __future__ import annotations

import json
import threading
from codecs import BOM_UTF8
from pathlib import Path

import pytest

from goals_tui.store.events import sessions
from goals_tui.store.events.lines import MAX_LINE, to_line
from goals_tui.store.events.log import EventLog
from goals_tui.store.events.sessions import SessionEvent
from tests.store.builders import event, new_log

ODD = ["s", 'quo"te', "back\\slash", "sla/sh", "ünï", "🛫", "x" * 300, "Webchat", '"sessionId":"s"']


def content() -> bytes:
    """Events of odd sessions, in several spellings, between lines that are long, empty or unreadable."""
    lines = [BOM_UTF8 + to_line(event(0, session_id="s"))]
    for number, session in enumerate(ODD * 3, 1):
        written = event(number, session_id=session, endpoint_name="Webchat")
        escaped = (
            '"' + "".join(f"\\u{ord(one):04X}" for one in session) + '"' if session.isascii() else json.dumps(session)
        )
        record = {**json.loads(to_line(written)), "more": session}
        lines += [
            to_line(written),
            json.dumps({**record, "id": f"a{number}"}).encode() + b"\n",
            json.dumps({**record, "id": f"b{number}"}, indent=None, separators=(" , ", " : ")).encode() + b"\r\n",
            json.dumps({**record, "id": f"c{number}", "sessionId": "@"}).replace('"@"', escaped).encode() + b"\n",
            b"\n" * (number % 3),
            b'"' + session.encode() + b'"\n',
        ]
        if number % 10 == 5:
            filler = json.dumps({**record, "id": f"d{number}", "pad": ""}).encode() + b"\n"
            lines.append(filler.replace(b'"pad": ""', b'"pad": "' + b"x" * (MAX_LINE - len(filler)) + b'"'))
            lines.append(filler.replace(b'"pad": ""', b'"pad": "' + b"x" * (MAX_LINE - len(filler) + 1) + b'"'))
            lines.append(b'"s"' * MAX_LINE + b"\n")
    return b"".join(lines)


def looked_up(log: EventLog) -> dict[str, list[SessionEvent]]:
    return {session: log.session_events(session) for session in [*ODD, "nobody"]}


def test_searching_finds_what_reading_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new_log(tmp_path).path.joinpath("events.jsonl").write_bytes(content())
    monkeypatch.setattr(sessions, "_SEARCHED_FROM", 1 << 40)
    read = looked_up(new_log(tmp_path))
    monkeypatch.setattr(sessions, "_SEARCHED_FROM", 0)
    monkeypatch.setattr(sessions, "_MOST_SEARCHES", 1 << 40)
    assert read["s"] and all(len(found) >= 6 for session, found in read.items() if session != "nobody")
    log = new_log(tmp_path)
    assert looked_up(log) == read == looked_up(log)
    log.append([event(900, session_id="s")])
    assert log.session_events("s") == [*read["s"], SessionEvent(event(900).timestamp, "g", "s0", "c225")]
    monkeypatch.setattr(sessions, "_MOST_SEARCHES", 2)
    again = new_log(tmp_path)
    assert looked_up(again) == {**read, "s": log.session_events("s")}


@pytest.mark.parametrize("sealed", [False, True])
def test_the_last_event_that_is_wanted_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sealed: bool) -> None:
    monkeypatch.setattr(sessions, "_SEARCHED_FROM", 0)
    log = new_log(tmp_path)
    log.append([event(number, session_id="s") for number in range(9)])
    if sealed:
        log.seal()
    log.append([event(number, session_id="s") for number in range(9, 12)])
    log = new_log(tmp_path)
    every = log.session_events("s")
    for step in ("s0", "s1", "s3", "s9"):

        def wanted(found: SessionEvent, step: str = step) -> bool:
            return found.step_id == step

        found = new_log(tmp_path).session_events("s", wanted)
        assert found == every[len(every) - len(found) :]
        last = max((place for place, one in enumerate(every) if wanted(one)), default=0)
        assert len(found) >= len(every) - last
        assert log.session_events("s", wanted)[-1:] == every[-1:]


def test_nobody_waits_while_a_long_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log, other = new_log(tmp_path), new_log(tmp_path)
    log.append([event(1, session_id="s")])
    reading, go_on = threading.Event(), threading.Event()
    take = sessions._Lines._take

    def slow(*arguments: object) -> object:
        reading.set()
        assert go_on.wait(20)
        return take(*arguments)  # type: ignore[arg-type]  # as it was called

    monkeypatch.setattr(sessions._Lines, "_take", slow)
    found: list[object] = []
    looking = threading.Thread(target=lambda: found.append(log.session_events("s")))
    looking.start()
    assert reading.wait(20)
    other.append([event(2, session_id="s")])
    other.seal()
    go_on.set()
    looking.join(20)
    assert len(found[0]) == 1, "what was there when it was asked"  # type: ignore[arg-type]  # a list of events
    assert len(log.session_events("s")) == 2
