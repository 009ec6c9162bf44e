"""Recording from Python: the examples of docs/python.md, durability, threads and what is refused."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import goals_tui
from goals_tui.domain.filters import Filters
from goals_tui.services.context import Services
from tests import builders

BLOCKS = re.findall(
    r"```python\n(.*?)```", (Path(goals_tui.__file__).parent / "docs/python.md").read_text("utf-8"), re.S
)
ALL = Filters(span="all")


@pytest.fixture
def flights(services: Services, monkeypatch: pytest.MonkeyPatch) -> Services:
    goal = builders.goal("Book a Flight", "● Flight selected", "○ Passenger entered", "◎ Payment completed")
    services.goals.save(goal.model_copy(update={"revision": 0}))
    monkeypatch.chdir(services.path.parent)
    monkeypatch.delenv("GOALS_TUI_NOW", raising=False)
    if services.path.name != "flights":
        (services.path.parent / "flights").symlink_to(services.path.name, target_is_directory=True)
    return services


def outcomes(services: Services) -> dict[str, str]:
    return {cycle.session_id: cycle.outcome for cycle in services.insights.cycles(ALL)}


def run(code: str) -> dict[str, Any]:
    """Run an example and return its names."""
    names: dict[str, Any] = {}
    exec(code, names)
    return names


def test_the_first_example(flights: Services) -> None:
    run(BLOCKS[0])
    assert outcomes(flights) == {"session-1": "completed"}
    [activity] = flights.activities.of_session("session-1")
    assert (activity.kind, activity.name, activity.text) == ("tool", "book_seat", "12A")


async def test_the_web_handler_answers_many_sessions_at_once(flights: Services) -> None:
    app = run(BLOCKS[1])["Chat"]("flights")

    async def post(session: str, text: str) -> dict[str, Any]:
        body = json.dumps({"session": session, "text": text}).encode()
        messages = [{"body": body[:9], "more_body": True}, {"body": body[9:]}]
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return messages.pop(0)

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await app({"type": "http"}, receive, send)
        assert sent[0]["status"] == 200
        return json.loads(sent[1]["body"])

    sessions = [f"session {number}" for number in range(20)]
    assert {answer["text"] for answer in await asyncio.gather(*(post(one, "I want to fly") for one in sessions))} == {
        "Which seat?"
    }
    await asyncio.gather(*(post(one, "12A, and here is my card") for one in sessions[:15]))
    assert outcomes(flights) == {
        one: "completed" if number < 15 else "incomplete" for number, one in enumerate(sessions)
    }
    assert flights.activities.stats().activities == 35
    events = [{}, {}]

    async def receive() -> dict[str, Any]:
        return events.pop()

    async def send(_: dict[str, Any]) -> None:
        return None

    await app({"type": "lifespan"}, receive, send)
    with pytest.raises(goals_tui.GoalsError, match="closed"):
        app.recorder.flush()


@pytest.mark.faults
def test_what_was_returned_survives_a_kill(flights: Services) -> None:
    code = (
        "import os, goals_tui\n"
        "recorder = goals_tui.open_workspace('flights')\n"
        "recorder.track('s', 'Book a Flight', 'Flight selected', 'Passenger entered')\n"
        "recorder.record({'session_id': 's', 'kind': 'user', 'text': 'hello'})\n"
        "os.kill(os.getpid(), 9) if os.name == 'posix' else os._exit(9)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode != 0
    assert outcomes(flights) == {"s": "partial"}
    assert len(flights.activities.of_session("s")) == 1


def test_flush_and_close_reach_the_disk(flights: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    recorder = goals_tui.Recorder(flights)
    monkeypatch.setattr(flights.workspace.events, "sync", lambda: synced.append("events"))
    monkeypatch.setattr(flights.workspace.activities, "sync", lambda: synced.append("activities"))
    recorder.flush()
    assert synced == ["events", "activities"]
    recorder.close()
    recorder.close()
    assert synced == ["events", "activities"] * 2


def test_threads_share_a_recorder(flights: Services) -> None:
    with goals_tui.open_workspace("flights") as recorder, ThreadPoolExecutor(8) as threads:

        def converse(number: int) -> None:
            recorder.track(f"s{number}", "Book a Flight", "Flight selected")
            recorder.record({"session_id": f"s{number}", "kind": "user"})
            recorder.track(f"s{number}", "Book a Flight", "Payment completed")

        list(threads.map(converse, range(60)))
    assert outcomes(flights) == {f"s{number}": "completed" for number in range(60)}
    assert flights.activities.stats().activities == 60


@pytest.mark.parametrize(
    ("activity", "said"),
    [
        ({"session_id": "s", "kind": "song"}, "kind"),
        ({"kind": "user"}, "session_id"),
        ({"session_id": "s", "kind": "user", "colour": "red"}, "colour"),
        ({"session_id": "s", "kind": "user", "timestamp": datetime(2026, 1, 1)}, "timestamp"),
    ],
)
def test_a_wrong_activity_is_refused_in_a_line(flights: Services, activity: dict[str, Any], said: str) -> None:
    with goals_tui.open_workspace("flights") as recorder:
        with pytest.raises(goals_tui.GoalsError, match=said) as raised:
            recorder.record(activity)
        assert "\n" not in str(raised.value)
    assert flights.activities.stats().activities == 0


def test_wrong_names_and_workspaces_are_refused_in_a_line(flights: Services, tmp_path: Path) -> None:
    with goals_tui.open_workspace("flights") as recorder:
        with pytest.raises(goals_tui.GoalsError, match="Book a Flight"):
            recorder.track("s", "Book a Fligt", "Flight selected")
        with pytest.raises(goals_tui.GoalsError, match="Flight selected"):
            recorder.track("s", "Book a Flight", "Flight selekted")
        missed = recorder.track("s", "Book a Flight", "Payment completed")
        assert (missed.events, len(missed.not_tracked)) == ((), 1)
    with pytest.raises(goals_tui.GoalsError, match="no workspace"):
        goals_tui.open_workspace(tmp_path / "nowhere")
    assert outcomes(flights) == {}
