"""`import log`: any log with a case, an activity and a time, and the goal that it suggests."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from goals_tui.domain.errors import GoalsError, NotFoundError, RefusedError, UnreadableError
from goals_tui.domain.filters import Filters
from goals_tui.services.context import Services
from goals_tui.services.imports.log_import import LogOptions
from goals_tui.services.imports.log_rows import Columns
from goals_tui.services.imports.service import ImportResult
from goals_tui.services.imports.times import ACCEPTED
from tests import builders

LOG = """\
case,activity,when,channel,user
1,Select,2026-10-01T08:00:00Z,Webchat,anna
1,Passenger,2026-10-01T08:01:00Z,Webchat,anna
1,Pay,2026-10-01T08:02:00Z,Webchat,anna
2,Select,2026-10-01T09:00:00+02:00,Voice,ben
2,passenger,2026-10-01T09:01:00+02:00,Voice,ben
3,Select,2026-10-02T08:00:00Z,Webchat,cleo
"""


def bring(services: Services, text: str | bytes, tmp_path: Path, **options: Any) -> ImportResult:
    file = tmp_path / options.pop("name", "log.csv")
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return bring_file(services, file, **options)


def bring_file(services: Services, *files: Path, **options: Any) -> ImportResult:
    goal, progress = options.pop("goal", "Book a Flight"), options.pop("progress", None)
    columns = {"cycle": "case", "step": "activity", "time": "when"}
    columns |= {name: options.pop(name) for name in [*Columns.__dataclass_fields__] if name in options}
    return services.imports.log(files, goal, Columns(**columns), LogOptions(**options), progress=progress)


def test_a_goal_is_made_and_the_report_counts_its_cycles(services: Services, tmp_path: Path) -> None:
    result = bring(services, LOG, tmp_path, endpoint="channel", session="user")
    assert (result.goals_added, result.events_added, result.broken_total) == (1, 6, 0)
    goal = services.goals.get("Book a Flight")
    assert [(step.name, step.kind) for step in goal.steps] == [
        ("Select", "initial"),
        ("Passenger", "step"),
        ("Pay", "completion"),
    ]
    report = services.insights.report(Filters(span="all"))
    assert (report.totals.started, report.totals.completed, report.totals.partial) == (3, 1, 1)
    assert report.totals.unpriced_steps == 0
    assert services.insights.dimension_values("endpoint") == ["Voice", "Webchat"]
    assert {cycle.session_id for cycle in services.insights.cycles(Filters(span="all"))} == {"anna", "ben", "cleo"}


def test_importing_twice_adds_nothing(services: Services, tmp_path: Path) -> None:
    bring(services, LOG, tmp_path, completion=("Pay",))
    again = bring(services, LOG, tmp_path, completion=("Pay",))
    assert (again.goals_added, again.goals_changed, again.events_added, again.events_known) == (0, 0, 0, 6)


def test_initial_and_completion_as_told(services: Services, tmp_path: Path) -> None:
    bring(services, LOG, tmp_path, initial="passenger", completion=("Select", "Pay"))
    kinds = {step.name: step.kind for step in services.goals.get("Book a Flight").steps}
    assert kinds == {"Passenger": "initial", "Select": "completion", "Pay": "completion"}


def test_steps_are_ordered_by_their_median_position(services: Services, tmp_path: Path) -> None:
    orders = ("ABCD", "ABCD", "ACBD", "DABC", "ABC")
    rows = [
        f"{case},{activity},2026-10-01T08:0{place}:00Z"
        for case, order in enumerate(orders)
        for place, activity in enumerate(order)
    ]
    bring(services, "\n".join(["case,activity,when", *reversed(rows)]), tmp_path)
    assert [step.name for step in services.goals.get("Book a Flight").steps] == ["A", "B", "C", "D"]


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_delimiters_quotes_marks_and_gzip(services: Services, tmp_path: Path, delimiter: str) -> None:
    text = "\ufeff" + LOG.replace(",", delimiter).replace("Select", f'"Sel{delimiter}ect"')
    result = bring(services, gzip.compress(text.encode()), tmp_path, name="log.csv.gz")
    assert result.events_added == 6
    assert services.goals.get("Book a Flight").initial.name == " ".join(f"Sel{delimiter}ect".split())


def test_an_existing_goal_takes_the_events(services: Services, tmp_path: Path) -> None:
    goal = services.goals.save(builders.goal("Book a Flight", "● Select", "◎ Pay").model_copy(update={"revision": 0}))
    result = bring(services, LOG, tmp_path)
    assert (result.goals_added, result.events_added) == (0, 4)
    assert [str(broken) for broken in result.broken] == [
        "log.csv, record 2: the goal 'Book a Flight' has no step 'Passenger'",
        "log.csv, record 5: the goal 'Book a Flight' has no step 'passenger'",
    ]
    assert services.goals.get("Book a Flight") == goal


def test_the_nearest_step_is_offered(services: Services, tmp_path: Path) -> None:
    services.goals.save(builders.goal("Book a Flight", "● Selected", "◎ Pay").model_copy(update={"revision": 0}))
    assert "has no step 'Select'; the nearest is 'Selected'" in str(bring(services, LOG, tmp_path).broken[0])


def test_times_without_a_zone(services: Services, tmp_path: Path) -> None:
    text = LOG.replace("Z,", ",").replace("+02:00", "")
    assert bring(services, text, tmp_path).assumed_time_zone == "Europe/Berlin"
    started = [cycle.started_at for cycle in services.insights.cycles(Filters(span="all"))]
    assert sorted(moment.hour for moment in started if moment) == [6, 6, 7]


def test_times_of_a_zone_that_was_told_or_that_they_carry(services: Services, tmp_path: Path) -> None:
    assert bring(services, LOG, tmp_path).assumed_time_zone is None
    text = LOG.replace("Z,", ",").replace("+02:00", "")
    assert bring(services, text, tmp_path, goal="UTC", time_zone="utc").assumed_time_zone is None
    hours = {cycle.started_at.hour for cycle in services.insights.cycles(Filters(span="all")) if cycle.started_at}
    assert hours == {7, 8, 9}


@pytest.mark.parametrize(
    "text",
    ["1790841600", "1790841600.0", "2026/10/01 10:00", "2026-10-01 10:00", "20261001T1000", "2026-10-01T08:00Z"],
)
def test_times_in_other_forms(services: Services, tmp_path: Path, text: str) -> None:
    rows = f"case,activity,when\n1,Select,{text}\n1,Pay,{text}\n"
    bring(services, rows, tmp_path)
    [cycle] = services.insights.cycles(Filters(span="all"))
    assert cycle.started_at == datetime(2026, 10, 1, 8, tzinfo=UTC)


def test_where_no_time_can_be_read_the_first_row_says_why(services: Services, tmp_path: Path) -> None:
    with pytest.raises(RefusedError) as refused:
        bring(services, "case,activity,when\n1,Select,1st of May\n1,Pay,2nd of May\n", tmp_path)
    assert str(refused.value) == (
        "log.csv has no row that can be used. log.csv, record 1: '1st of May' is not a time: write "
        f"{ACCEPTED}. Check --cycle, --step and --time."
    )


def test_the_name_of_the_goal_is_cleaned(services: Services, tmp_path: Path) -> None:
    bring(services, LOG, tmp_path, goal="  Book\t a Flight\x1b ")
    assert [goal.name for goal in services.goals.all()] == ["Book a Flight"]
    assert bring(services, LOG, tmp_path, goal="Book  a Flight").goals_added == 0


def test_rows_that_cannot_be_used_are_named_and_the_rest_imported(services: Services, tmp_path: Path) -> None:
    odd = [
        "4,Select,yesterday,Webchat,dora",
        "4,Select,1969-01-01T00:00:00Z,Webchat,dora",
        ",Select,2026-10-01T08:00:00Z,Webchat,dora",
        "4,,2026-10-01T08:00:00Z,Webchat,dora",
        "4,Select",
    ]
    result = bring(services, LOG + "\n".join(odd), tmp_path)
    assert (result.events_added, result.broken_total) == (6, 5)
    assert [(broken.record, broken.why) for broken in result.broken] == [
        (7, f"'yesterday' is not a time: write {ACCEPTED}"),
        (8, "the time 1969-01-01T00:00:00Z is not between 1970 and 2200"),
        (9, "the column case is empty"),
        (10, "the column activity is empty"),
        (11, "it has 2 cells, the header has 5"),
    ]


def test_names_that_are_too_long_are_named(services: Services, tmp_path: Path) -> None:
    long = "x" * 301
    text = f"{LOG}{long},Select,2026-10-03T08:00:00Z,Webchat,\n9,Select,2026-10-03T08:00:00Z,{long},zoe\n"
    text += f"9,{long},2026-10-03T08:00:00Z,Webchat,zoe\n"
    result = bring(services, text, tmp_path, endpoint="channel", session="user")
    assert (result.events_added, [broken.record for broken in result.broken]) == (6, [7, 8, 9])
    assert result.broken[0].why == "a session has 300 characters at most"
    assert result.broken[1].why == "an endpoint has 300 characters at most"


def many(count: int) -> str:
    rows = [f"1,Step {place},2026-10-01T08:{place:02}:00Z" for place in range(count)]
    return "\n".join(["case,activity,when", *rows])


@pytest.mark.parametrize(
    ("text", "options", "error", "message"),
    [
        (LOG, {"step": "Activty"}, NotFoundError, "There is no column of log.csv called 'Activty'. Did you mean 'acti"),
        (LOG, {"initial": "Selec"}, NotFoundError, "no activity in log.csv called 'Selec'. Did you mean 'Select'?"),
        (LOG, {"goal": "x" * 301}, RefusedError, "The goal's name has 301 characters, 300 at most."),
        (LOG, {"goal": " "}, RefusedError, "The goal needs a name"),
        (LOG, {"completion": ("Select",)}, RefusedError, "can't be the initial and a completion step"),
        (LOG, {"time_zone": "Berlin"}, RefusedError, "'Berlin' is not a time zone"),
        (many(11), {}, RefusedError, "log.csv has 11 activities, and a goal has at most 10 steps."),
        (many(1), {}, RefusedError, "has one activity only, 'Step 0'"),
        (
            "case,activity,when\n1,A,yesterday\n1,C,soon\n1,B,2026-10-01\n",
            {},
            RefusedError,
            "one more. 2 rows could not be used. log.csv, record 1: 'yesterday' is not a time: write ",
        ),
        ("case,activity,when\n", {}, RefusedError, "has no row that can be used"),
        ("", {}, UnreadableError, "can't be imported: it is empty."),
        ("case,case,activity,when\n1,2,3,4\n", {}, UnreadableError, "two columns are called 'case'. Rename one"),
        (b"case,activity,when\n\xff\xfe,a,b\n", {}, UnreadableError, "it is not UTF-8 text"),
        ('case,activity,when\n1,"a"b,c\n', {}, UnreadableError, "it is not a table"),
        (f"case,activity,when\n1,{'x' * 200_000},c\n", {}, RefusedError, "has no row that can be used"),
        (b"\x1f\x8b nonsense", {"name": "log.csv.gz"}, UnreadableError, "it is not a whole gzip file"),
    ],
)
def test_what_is_refused(
    services: Services,
    tmp_path: Path,
    text: str | bytes,
    options: dict[str, Any],
    error: type[GoalsError],
    message: str,
) -> None:
    with pytest.raises(error) as raised:
        bring(services, text, tmp_path, **options)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)
    assert services.workspace.events.is_empty()
    assert services.goals.all() == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"initial": "Pay"}, "The initial step of 'Book a Flight' is 'Select', not 'Pay'."),
        ({"completion": ("Select",)}, "'Select' is not a completion step of 'Book a Flight'."),
    ],
)
def test_what_is_told_must_fit_a_goal_that_exists(
    services: Services, tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    services.goals.save(builders.goal("Book a Flight", "● Select", "◎ Pay").model_copy(update={"revision": 0}))
    with pytest.raises(RefusedError) as raised:
        bring(services, LOG, tmp_path, **options)
    assert message in str(raised.value)


def test_a_missing_file(services: Services, tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match=r"There is no file .*nowhere\.csv"):
        bring_file(services, tmp_path / "nowhere.csv")


def test_progress_ends_with_all(services: Services, tmp_path: Path) -> None:
    heard: list[float] = []
    bring(services, LOG, tmp_path, progress=lambda fraction, _text: heard.append(fraction))
    assert heard == sorted(heard)
    assert heard[-1] == 1.0


def test_a_goal_that_can_not_be_made_of_a_log_is_refused(services: Services, tmp_path: Path) -> None:
    lines = [f"1,Step {number},2026-10-01T08:00:{number:02d}Z,Webchat,anna" for number in range(12)]
    text = "\n".join([LOG.splitlines()[0], *lines]) + "\n"
    with pytest.raises(RefusedError, match="steps"):
        bring(services, text, tmp_path)
    assert services.goals.summaries() == [] and services.workspace.events.is_empty()


def test_moments_past_the_end_of_time_are_named(services: Services, tmp_path: Path) -> None:
    odd = "9,Select,0001-01-01T00:00:00+14:00,Webchat,x\n9,Select,9999-12-31T23:59:59-14:00,Webchat,x\n"
    result = bring(services, LOG.rstrip("\n") + "\n" + odd, tmp_path)
    assert [broken.why for broken in result.broken] == [
        "the time 0001-01-01T00:00:00+14:00 is not between 1970 and 2200",
        "the time 9999-12-31T23:59:59-14:00 is not between 1970 and 2200",
    ]
