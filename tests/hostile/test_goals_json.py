"""goals.json edited by hand, merged badly or damaged: everything that reads it says what is wrong, in one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goals_tui.cli.run import run
from goals_tui.domain.filters import Filters
from goals_tui.services.context import Services, open_services
from tests.builders import book_a_flight, book_a_flight_flow
from tests.conftest import NOW
from tests.hostile.calm import calm, check_line, damaged, few, harmless, with_one_change
from tests.store.builders import events


def content() -> dict[str, Any]:
    """Return the content of `goals.json` once a goal, a flow, filters and a task were saved."""
    from tempfile import TemporaryDirectory

    from tests.conftest import make_services

    with TemporaryDirectory() as folder:
        services = make_services(Path(folder) / "w")
        goal = services.goals.save(book_a_flight().model_copy(update={"revision": 0}))
        services.flows.save(book_a_flight_flow(goal).model_copy(update={"revision": 0}))
        services.filters.save("October", Filters(span="last-30-days"))
        found: dict[str, Any] = json.loads((Path(folder) / "w" / "goals.json").read_text())
    return found


CONTENT = content()


def read_everything(path: Path) -> None:
    """All that reads documents; each either works or refuses calmly."""
    opened = calm(lambda: open_services(path, clock=lambda: NOW, env={}))
    if not isinstance(opened, Services):
        return
    services = opened
    goal_ids = list(services.workspace.documents.all("goals"))
    flow_ids = list(services.workspace.documents.all("flows"))
    for work in (
        services.project.get,
        services.goals.summaries,
        services.goals.all,
        services.flows.summaries,
        services.flows.all,
        services.flows.findings,
        services.filters.all,
        services.tasks.list,
        lambda: services.insights.report(Filters(span="all")),
        lambda: services.goals.get("Book a Flight"),
        lambda: services.packages.export(goal_ids, path / "out.zip", flows=flow_ids),
        lambda: [services.goals.save(goal) for goal in services.goals.all()],
        lambda: [services.goals.versions(id_) for id_ in goal_ids],
        lambda: [services.goals.consequences(id_) for id_ in goal_ids],
        lambda: [services.goals.delete(id_, confirm=services.goals.get(id_).name) for id_ in goal_ids],
    ):
        calm(work)


@few
@given(data=st.data())
def test_any_one_value_is_another(tmp_path: Path, data: st.DataObject) -> None:
    changed = data.draw(with_one_change(CONTENT))
    write(tmp_path, json.dumps(changed).encode())
    read_everything(tmp_path)


@few
@given(data=st.data())
def test_any_damage(tmp_path: Path, data: st.DataObject) -> None:
    write(tmp_path, data.draw(damaged(json.dumps(CONTENT).encode())))
    read_everything(tmp_path)


ODD = {
    "empty": b"",
    "random bytes": bytes(range(256)),
    "another encoding": json.dumps(CONTENT).encode("utf-16"),
    "a list": b"[]",
    "deep": b"[" * 100_000,
    "not a number": b'{"_format": 1, "goals": {"a": {"x": NaN}}}',
    "huge number": b'{"_format": 1e999}',
    "huge integer": b'{"_format": 1' + b"0" * 5000 + b"}",
    "lone surrogate": b'{"_format": 1, "goals": {"\\ud800": {}}}',
    "table is a text": b'{"_format": 1, "goals": "x"}',
    "document is a list": b'{"_format": 1, "goals": {"a": []}}',
    "no project": b'{"_format": 1}',
    "empty goal": json.dumps({**CONTENT, "goals": {"a": {}}}).encode(),
    "empty flow": json.dumps({**CONTENT, "flows": {"a": {}}}).encode(),
    "empty project": json.dumps({**CONTENT, "project": {"a": {}}}).encode(),
    "duplicate keys": b'{"_format": 1, "_format": 2, "goals": {}, "goals": {}}',
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD.keys())
@pytest.mark.parametrize(
    "command",
    [("goals", "list"), ("flows", "list"), ("check",), ("report", "--span", "all"), ("goals", "show", "Book a Flight")],
    ids=" ".join,
)
def test_commands_say_one_line(
    tmp_path: Path,
    odd: bytes,
    command: tuple[str, ...],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GOALS_TUI_NOW", "2026-11-20T12:00:00Z")
    write(tmp_path, odd)
    code = run(["--workspace", str(tmp_path), *command])
    printed = capsys.readouterr()
    assert code in (0, 1, 3)
    assert harmless(printed.out) and harmless(printed.err)
    if code == 1:
        assert printed.out == "" and printed.err.count("\n") == 1
        check_line(printed.err.strip())


def test_escape_sequences_of_a_name_stay_away_from_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = json.dumps(CONTENT).replace("Book a Flight", "Book\\u001b[2J\\u009b31m a\\u202e Flight")
    write(tmp_path, text.encode())
    for command in ("goals list", "flows list", "check", "report"):
        for form in ("table", "json", "csv"):
            assert run(["--workspace", str(tmp_path), *command.split(), "--format", form]) in (0, 3)
            printed = capsys.readouterr()
            assert harmless(printed.out + printed.err), (command, form, ascii(printed.out))


def write(folder: Path, documents: bytes) -> None:
    """A workspace with these documents, no copy of older ones, and two events."""
    (folder / "goals.json").write_bytes(documents)
    (folder / "goals.json.bak").unlink(missing_ok=True)
    from goals_tui.store.events.log import EventLog

    log = EventLog(folder / "events")
    if not (folder / "events").exists():
        (folder / "events").mkdir()
        goal_id = next(iter(CONTENT["goals"]))
        log.append(events(0, 1, goal_id=goal_id, step_id=CONTENT["goals"][goal_id]["steps"][0]["id"]))
