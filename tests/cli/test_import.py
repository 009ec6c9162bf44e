"""`import csv` and `import odata`: what they say on standard error, and how they end."""

from __future__ import annotations

import shlex
from pathlib import Path

from goals_tui.services.context import Services
from tests.cli.conftest import Cli
from tests.services.odata_records import event, goal, lines, steps, write

COLUMNS = ("--cycle", "case", "--step", "activity", "--time", "when")
LOCAL = "case,activity,when\n1,Select,2026-10-01 10:00\n1,Pay,2026-10-01 10:05\n"


def test_times_without_a_zone_are_said_once(cli: Cli, services: Services, tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(LOCAL)
    told = ("--initial", "Select", "--completion", "Pay")
    arguments = ("import", "csv", tmp_path / "log.csv", "--goal", "Book", *COLUMNS, *told)
    done = cli(*arguments)
    assert done.code == 0
    batch = services.batches.summaries()[0].id
    assert done.err == (
        "Times without a zone were read as Europe/Berlin; --time-zone says another one.\n"
        f"To take all of it back, and import it in another way: goals-tui events remove {batch} --confirm {batch}\n"
    )
    assert cli(*arguments, "--time-zone", "Europe/Berlin").err == ""


def test_the_output_of_an_import_with_errors_says_what_came_in_and_how_to_change_it(
    cli: Cli, services: Services, tmp_path: Path
) -> None:
    rows = [f"{case},Select,2026-10-0{case} 10:00,x\n{case},Pay,2026-10-0{case} 10:05,y\n" for case in range(1, 8)]
    log = tmp_path / "log.csv"
    log.write_text("case,activity,when,colour\n" + "".join(rows) + "8,Pay,2026-10-09 10:00,z\n9,Select,soon,z\n")
    lacking = cli("import", "log", log, "--goal", "Book")
    assert lacking.code == 2 and "It has 'case', 'activity', 'when', 'colour'." in lacking.err
    arguments = ("import", "log", log, "--goal", "Book", *COLUMNS)
    tried = cli(*arguments, "--dry-run")
    assert "Not used: colour" in tried.out and "events remove" not in tried.err
    done = cli(*arguments)
    assert done.code == 3
    assert "Read: 16 rows, of which 15 in 8 cases came in." in done.err
    assert "(begins 7 of 8 cases; the others are in no outcome)" in done.err
    undo = done.err.splitlines()[-1].partition("goals-tui ")[2]
    assert cli(*undo.split()).code == 0
    assert "15 events added" in cli(*arguments).out


def test_an_import_of_which_nothing_can_be_used_ends_with_1(cli: Cli, services: Services, tmp_path: Path) -> None:
    broken = write(tmp_path / "export", events_jsonl=lines([{"a": 1}, {"b": 2}]))
    result = cli("import", "odata", broken)
    assert (result.code, result.out) == (1, "")
    assert result.err == (
        "goals-tui: Nothing came in: 2 records left out. events.jsonl, record 1: it is not a record of Goals, "
        "GoalSteps, GoalStepMetrics or GoalEvents; its keys: a. --format json lists them.\n"
    )
    as_json = cli("import", "odata", broken, "--format", "json")
    assert (as_json.code, len(as_json.json["broken"]), len(as_json.err.splitlines())) == (1, 2, 1)


def test_what_was_known_already_came_in(cli: Cli, services: Services, tmp_path: Path) -> None:
    folder = write(tmp_path / "export", goals_jsonl=lines([goal(), *steps(), {"a": 1}]))
    for _ in range(2):
        result = cli("import", "odata", folder)
        assert result.code == 3
        assert "Left out: goals.jsonl, record 5" in result.err
    assert cli("import", "odata", folder, "--format", "json").json["goals_known"] == 1


def test_events_of_unknown_goals_are_counted(cli: Cli, services: Services, tmp_path: Path) -> None:
    events = write(tmp_path / "events", all_jsonl=lines([event(1), event(2, goalId="b"), event(3, goalId="b")]))
    result = cli("import", "odata", events)
    assert (result.code, "3 events added" in result.out) == (0, True)
    assert result.err == (
        "3 events of goals that this project does not have: they are in no number of a report until the goals come in "
        "with their steps, or as a package.\n"
    )
    goals = write(tmp_path / "goals", all_jsonl=lines([goal(), *steps()]))
    assert cli("import", "odata", goals).err == ""
    assert cli("import", "odata", events).err.startswith("2 events of goals that this project does not have")


def test_a_dry_run_shows_everything_and_changes_nothing(cli: Cli, services: Services, tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(LOCAL + "2,Select,soon\n")
    arguments = ("import", "log", tmp_path / "log.csv", "--goal", "Book", *COLUMNS)
    tried = cli(*arguments, "--dry-run")
    assert tried.code == 3
    shown = [" ".join(line.split()) for line in tried.out.splitlines()]
    assert [line for line in shown if line and not line.startswith("─")] == [
        "Dry run: nothing was changed.",
        "Columns: cycle = case, step = activity, time = when",
        "First rows:",
        "cycle time step",
        "1 2026-10-01T08:00:00.000Z Select",
        "1 2026-10-01T08:05:00.000Z Pay",
        "Goal: Book (would be made): ● Select, ◎ Pay",
        "Would add 2 events in 1 cycle; 0 known already.",
    ]
    assert "Guessed: initial step 'Select' (begins 1 of 1 case); --initial STEP says another." in tried.err
    assert "Left out: log.csv, record 3: 'soon' is not a time" in tried.err
    as_json = cli(*arguments, "--dry-run", "--format", "json").json
    assert (as_json["dry_run"], as_json["events_added"], as_json["rows"], as_json["activities"]) == (
        (True, 2, 3, {"Pay": 1, "Select": 1})
    )
    assert services.goals.all() == [] and services.workspace.events.is_empty()
    done = cli(*arguments)
    assert (done.code, "2 events added" in done.out) == (3, True)
    again = cli(*arguments, "--dry-run")
    assert "Goal: Book (is there)" in again.out and "Would add 0 events in 1 cycle; 2 known already." in again.out


def test_what_a_guess_says_to_type_works(cli: Cli, services: Services, tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(LOCAL)
    arguments = ("import", "log", tmp_path / "log.csv", "--goal", "It's me", *COLUMNS)
    said = cli(*arguments).err
    undo = "goals-tui goals delete 'It'\"'\"'s me' --confirm 'It'\"'\"'s me'"
    assert (
        "Guessed: completion step 'Pay' (ends 1 of 1 case). Change it in the goal; or "
        f"{undo}, and import again with --completion STEP (may be repeated)."
    ) in said
    assert cli(*shlex.split(undo)[1:]).code == 0
    assert cli(*arguments, "--initial", "Pay", "--completion", "Select").code == 0
    assert services.goals.get("It's me").initial.name == "Pay"
