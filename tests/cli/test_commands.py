"""Each command: what it prints, for people and for programs, and how it ends."""

from __future__ import annotations

import csv
import io
import json
import shlex
from pathlib import Path

import pytest

from goals_tui.domain.event import source
from goals_tui.services.context import Services
from tests import builders
from tests.cli.conftest import TRACK, Cli, program

GOAL = builders.book_a_flight()


def test_the_command_line_takes_a_tilde_as_it_is(desk: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert desk("events", "export", "-o", "~/x.csv").code == 1
    (tmp_path / "~").mkdir()
    assert desk("events", "export", "-o", "~/x.csv").code == 0
    assert [file.name for file in (tmp_path / "~").iterdir()] == ["x.csv"]
    assert desk("demo", "~/demo", "--no-open").code == 0 and (tmp_path / "~" / "demo" / "goals.json").exists()


def test_goals_list(desk: Cli) -> None:
    [goal] = desk("goals", "list", "--format", "json").json
    assert (goal["name"], goal["steps"], goal["flows"]) == ("Book a Flight", 3, ["Book a Flight"])
    assert {"id", "description", "version"} <= goal.keys()
    [row] = csv.DictReader(io.StringIO(desk("goals", "list", "--format", "csv").out))
    assert (row["name"], row["flows"]) == ("Book a Flight", "Book a Flight")
    assert "Book a Flight" in desk("goals", "list").out


def test_goals_show(desk: Cli) -> None:
    goal = desk("goals", "show", GOAL.id, "--format", "json").json
    assert [step["kind"] for step in goal["steps"]] == ["initial", "step", "completion"]
    paid = goal["steps"][2]
    assert (paid["cost_savings"], paid["revenue"], paid["time_saved_seconds"]) == ("12.50", "45.00", 480)
    table = desk("goals", "show", "book a flight").out
    for text in ("●", "◎", "Payment completed", "€12.50", "€45.00", "8 min"):
        assert text in table


@pytest.mark.parametrize(("currency", "revenue"), [("EUR", "45.00"), ("JPY", "45"), ("KWD", "45.000")])
def test_money_is_spelled_alike_wherever_it_is_printed(
    desk: Cli, services: Services, currency: str, revenue: str
) -> None:
    services.project.save(services.project.get().model_copy(update={"currency": currency}))
    report = desk("report", "--span", "all", "--format", "json").json
    goal = desk("goals", "show", GOAL.id, "--format", "json").json
    assert goal["steps"][2]["revenue"] == report["totals"]["revenue"] == revenue
    assert goal["steps"][2]["cost_savings"] == {"KWD": "12.500"}.get(currency, "12.50" if currency == "EUR" else "12.5")


def test_what_is_left_of_a_goal_that_is_gone_is_deleted_by_its_id(desk: Cli, services: Services) -> None:
    lost = "f" * 24
    log = services.workspace.events
    [first, *_] = log.session_events("s1")
    event = services.tracking.track("s2", GOAL.id, [first.step_id], source("Webchat", None, None, None)).events[0]
    log.append([event.model_copy(update={"id": f"left{n}", "goal_id": lost}) for n in range(3)])
    wrong = desk("goals", "delete", lost, "--confirm", "Book a Flight")
    assert wrong.code == 1 and f"confirm with its name: {lost!r}" in wrong.err
    done = desk("goals", "delete", lost, "--confirm", lost)
    assert done.code == 0 and done.err.startswith(f"Deleted {lost!r}: 3 events of 1 cycle went with it.")
    assert desk("report", "--span", "all", "--format", "json").json["health"]["unknown_goals"] == 0
    again = desk("goals", "delete", lost, "--confirm", lost)
    assert again.code == 1 and f"There is no goal {lost!r}" in again.err


def test_goals_delete_wants_the_name(desk: Cli) -> None:
    refused = desk("goals", "delete", "Book a Flight", "--confirm", "yes")
    assert (refused.code, refused.out) == (1, "")
    assert refused.err == "goals-tui: To delete the goal, confirm with its name: 'Book a Flight', not 'yes'.\n"
    done = desk("goals", "delete", "Book a Flight", "--confirm", "Book a Flight")
    assert done.code == 0
    assert "2 events of 1 cycle went with it" in done.err
    assert desk("goals", "list", "--format", "json").json == []


def test_flows_list_show_export_and_import(desk: Cli, tmp_path: Path) -> None:
    [flow] = desk("flows", "list", "--format", "json").json
    assert (flow["name"], flow["goals"]) == ("Book a Flight", ["Book a Flight"])
    drawn = desk("flows", "show", "Book a Flight").out
    for text in ("Where would you like to go?", "Then", "Else", "◎"):
        assert text in drawn
    assert desk("flows", "export", "Book a Flight", "-o", tmp_path / "flow.json").code == 0
    assert desk("flows", "import", tmp_path / "flow.json").code == 0
    assert [row["name"] for row in desk("flows", "list", "--format", "json").json] == [
        "Book a Flight",
        "Book a Flight (2)",
    ]


def test_check_is_content_with_the_example(desk: Cli) -> None:
    checked = desk("check", "--format", "json")
    assert checked.code == 0
    assert not [finding for finding in checked.json if finding["severity"] in ("error", "warning")]


def test_check_ends_with_3_where_something_is_wrong(desk: Cli, services: Services) -> None:
    services.flows.save(builders.flow("Broken", builders.track(GOAL, "Payment completed", name="early")))
    checked = desk("check", "Broken", "--format", "json")
    assert checked.code == 3
    [finding] = [row for row in checked.json if row["severity"] == "error"]
    assert (finding["code"], finding["flow"], finding["goal"], finding["step"]) == (
        "before-initial",
        "Broken",
        "Book a Flight",
        "Payment completed",
    )
    assert set(finding) == {"code", "severity", "flow", "node", "goal", "step", "message"}
    assert desk("check").code == 3


def test_track_says_what_was_not_tracked(desk: Cli) -> None:
    done = desk(
        "track", "--session", "s2", "--goal", "Book a Flight", "--step", "Payment completed", "--format", "json"
    )
    assert done.code == 0
    assert done.json["events"] == []
    assert [missed["step"] for missed in done.json["not_tracked"]] == ["Payment completed"]
    assert "track the initial step first" in done.err


def test_report_cycles_and_one_cycle(desk: Cli) -> None:
    report = desk("report", "--format", "json").json
    assert report["span"]["name"] == "last-7-days"
    assert (report["totals"]["completed"], report["totals"]["revenue"]) == (1, "45.00")
    assert report["previous"]["started"] == 0
    assert report["previous"]["completion_rate"] is None
    [cycle] = desk("cycles", "--format", "json").json
    assert (cycle["outcome"], cycle["reached"], cycle["endpoint"]) == (
        "completed",
        ["Flight selected", "Payment completed"],
        "Webchat",
    )
    assert desk("cycles", "--outcome", "partial", "--format", "json").json == []
    one = desk("cycle", cycle["cycle_id"], "--format", "json").json
    assert [event["stepId"] for event in one["events"]] == [GOAL.steps[0].id, GOAL.steps[2].id]
    assert one["started_at"] == cycle["started_at"]
    assert "€45.00" in desk("cycle", cycle["cycle_id"]).out


def test_one_of_a_kind_is_said_so(desk: Cli, services: Services) -> None:
    assert desk("simulate", "Book a Flight", "--sessions", "1").out.startswith("1 conversation, ")
    services.workspace.events.append([builders.event(GOAL, "Payment completed", cycle="stray", version="gone")])
    assert "1 orphan cycle," in desk("report", "--span", "all").err


def test_a_cycle_id_that_several_goals_have_asks_for_the_goal(desk: Cli, services: Services) -> None:
    [cycle] = desk("cycles", "--format", "json").json
    claim = services.goals.save(builders.goal("Claim", "Opened", "◎ Paid").model_copy(update={"revision": 0}))
    opened = builders.event(claim, "Opened").model_copy(update={"goal_cycle_id": cycle["cycle_id"]})
    services.workspace.events.append([opened])
    refused = desk("cycle", cycle["cycle_id"])
    assert (refused.code, len(refused.err.splitlines())) == (1, 1)
    assert "'Book a Flight'" in refused.err and "'Claim'" in refused.err and "--goal" in refused.err
    assert desk("cycle", cycle["cycle_id"], "--goal", "Claim", "--format", "json").json["outcome"] == "incomplete"


def test_the_report_reads_well(desk: Cli) -> None:
    table = desk("report").out
    for text in ("Last 7 days", "Book a Flight", "100.0 %", "€12.50", "8 min", "Total"):
        assert text in table
    empty = desk("report", "--from", "2026-01-01", "--to", "2026-01-02").out
    assert "—" in empty
    assert "0.0 %" not in empty


def test_funnel(desk: Cli) -> None:
    funnel = desk("funnel", "Book a Flight", "--format", "json").json
    assert (funnel["goal"], funnel["started"]) == ("Book a Flight", 1)
    assert [(step["reached"], step["from_start"], step["median_seconds"]) for step in funnel["steps"]] == [
        (1, 1.0, None),
        (0, 0.0, None),
        (1, 1.0, 300.0),
    ]
    assert "Payment completed" in desk("funnel", "Book a Flight").out


def test_events(desk: Cli, tmp_path: Path) -> None:
    assert desk("events", "stats", "--format", "json").json["events"] == 2
    assert desk("events", "verify").code == 0
    assert desk("events", "verify", "--format", "csv").out == "code,file,message\n"
    assert desk("events", "seal").code == 0
    assert desk("events", "export", "-o", tmp_path / "all.jsonl").code == 0
    assert len((tmp_path / "all.jsonl").read_text().splitlines()) == 2


def test_locate(desk: Cli, tmp_path: Path) -> None:
    places = desk("locate", "--format", "json").json
    assert places["workspace"] == {"path": str(tmp_path / "workspace"), "exists": True}
    assert "configuration" in places
    rows = list(csv.DictReader(io.StringIO(desk("locate", "--format", "csv").out)))
    assert [(row["what"], row["path"]) for row in rows] == [(what, place["path"]) for what, place in places.items()]
    assert rows[0]["exists"] == "True"


def test_locate_says_where_a_relative_workspace_is(desk: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GOALS_TUI_CONFIG", "config.toml")
    places = desk("locate", "--format", "json", workspace=Path("workspace")).json
    assert places["goals"] == {"path": str(tmp_path / "workspace" / "goals.json"), "exists": True}
    assert places["configuration"]["path"] == str(tmp_path / "config.toml")


def test_instants_of_json_end_with_z(desk: Cli) -> None:
    stats = desk("events", "stats", "--format", "json").json
    assert (stats["first"], stats["last"]) == ("2026-11-19T10:00:00.000Z", "2026-11-19T10:05:00.000Z")
    goal = desk("goals", "show", "Book a Flight", "--format", "json").json
    assert goal["created_at"].endswith(".000Z") and goal["changed_at"].endswith(".000Z")


def test_a_goals_file_cut_short_is_recovered_and_said(desk: Cli, tmp_path: Path) -> None:
    file = tmp_path / "workspace" / "goals.json"
    file.write_bytes(file.read_bytes()[:100])
    result = desk("goals", "list", "--format", "json")
    assert result.code == 0
    assert "goals.json.bak" in result.err
    assert [goal["name"] for goal in result.json] == ["Book a Flight"]


def test_names_never_reach_the_terminal_raw_nor_a_spreadsheet_as_a_formula(cli: Cli, services: Services) -> None:
    for name in ("[/foo]", "=1+1", "\x1b[31mred"):
        services.goals.save(builders.goal(name, "Start", "◎ Done").model_copy(update={"revision": 0}))
    table = cli("goals", "list").out
    assert "[/foo]" in table
    assert "\x1b" not in table
    names = [row["name"] for row in csv.DictReader(io.StringIO(cli("goals", "list", "--format", "csv").out))]
    assert "'=1+1" in names


def test_the_workspace_may_be_named_after_the_command(services: Services) -> None:
    place = str(services.workspace.path)
    for arguments in (["--workspace", place, "goals", "list"], ["goals", "list", f"--workspace={place}"]):
        assert program(*arguments, "--format", "json").code == 0


def test_the_same_simulation_again_says_that_nothing_is_new(desk: Cli) -> None:
    simulate = ("simulate", "Book a Flight", "--sessions", "5", "--seed", "3")
    first, again = desk(*simulate), desk(*simulate)
    assert "New: 0 events. The same simulation ran before." in again.err
    assert "new" not in first.err


def test_what_to_do_next_can_be_pasted(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "my desk; it's"
    folder.mkdir()
    (folder / "notes.txt").touch()
    made = cli("init", folder, "--name", "Desk")
    assert made.code == 0
    command = made.err.splitlines()[1].rpartition("or just ")[2]
    assert shlex.split(command) == ["goals-tui", "--workspace", str(folder)]


def test_version() -> None:
    assert program("--version").out.startswith("goals-tui 0.")


def test_json_keeps_letters_of_every_language(cli: Cli, services: Services) -> None:
    services.goals.save(builders.goal("予約 ✈", "Start", "◎ Done").model_copy(update={"revision": 0}))
    out = cli("goals", "list", "--format", "json").out
    assert "予約 ✈" in out
    assert json.loads(out)[0]["name"] == "予約 ✈"


@pytest.mark.parametrize(
    "command",
    [
        ["goals", "list"],
        ["goals", "show", "Book a Flight"],
        ["goals", "delete", "Book a Flight", "--confirm", "Book a Flight"],
        ["check"],
        ["report"],
        ["funnel", "Book a Flight"],
        ["cycles"],
        ["cycle", "any"],
        list(TRACK),
        ["simulate", "Book a Flight", "--sessions", "1"],
        ["import", "odata", "export"],
        ["import", "csv", "log.csv", "--goal", "G", "--cycle", "a", "--step", "b", "--time", "c"],
        ["package", "export", "Book a Flight", "-o", "goal.zip"],
        ["package", "import", "goal.zip"],
    ],
)
def test_goals_that_are_switched_off_say_how_to_turn_them_on(
    desk: Cli, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setenv("FEATURE_USE_GOALS_V2", "false")
    result = desk(*command)
    assert (result.code, result.out) == (1, "")
    assert result.err == (
        "goals-tui: Goals are switched off by FEATURE_USE_GOALS_V2 in the environment. "
        "Set FEATURE_USE_GOALS_V2=true there to turn them on.\n"
    )
    monkeypatch.delenv("FEATURE_USE_GOALS_V2")
    assert len(desk("goals", "list", "--format", "json").json) == 1


def test_a_limit_that_is_nonsense_stops_only_who_saves_goals(
    desk: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FEATURE_USE_GOALS_V2__MAX_STEPS_PER_GOAL", "25")
    for command in (["report"], ["goals", "list"], ["flows", "list"], ["check"], ["cycles"], list(TRACK)):
        assert desk(*command).code == 0
    (tmp_path / "log.csv").write_text("case,activity,when\n1,Select,2026-10-01\n1,Pay,2026-10-02\n")
    columns = ("--cycle", "case", "--step", "activity", "--time", "when")
    refused = desk("import", "csv", tmp_path / "log.csv", "--goal", "New", *columns)
    assert refused.code == 1
    assert "is '25'. Write a number of steps from 2 to 20." in refused.err


def test_flows_go_on_without_goals(desk: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATURE_USE_GOALS_V2", "false")
    assert desk("events", "stats").code == 0
    [flow] = desk("flows", "list", "--format", "json").json
    assert set(flow) == {"id", "name", "description", "nodes"}
    assert desk("flows", "list", "--format", "csv").out.splitlines()[0] == "id,name,description,nodes"
    assert "Goals" not in desk("flows", "list").out
    drawn = desk("flows", "show", "Book a Flight").out
    assert "Track Goal Process" in drawn
    assert "◎" not in drawn and "✗" not in drawn
    assert desk("flows", "show", "Book a Flight", "--format", "json").code == 0


def test_a_terminal_without_unicode_gets_what_it_can_show(services: Services) -> None:
    services.goals.save(builders.goal("予約", "Start", "◎ Done").model_copy(update={"revision": 0}))
    place = str(services.workspace.path)
    for arguments in (["report"], ["goals", "show", "予約"]):
        assert program("--workspace", place, *arguments, PYTHONIOENCODING="ascii").code == 0
    exact = program("--workspace", place, "goals", "list", "--format", "json", PYTHONIOENCODING="ascii")
    assert exact.json[0]["name"] == "予約"
