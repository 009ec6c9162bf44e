"""`import odata`: goals and their versions out of the collections, events once each."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from goals_tui.domain.errors import GoalsError, RefusedError, UnreadableError
from goals_tui.domain.filters import Filters
from goals_tui.domain.goal import Goal
from goals_tui.services.context import Services
from goals_tui.services.history import Document, Editing
from goals_tui.services.imports.service import ImportResult
from tests import builders
from tests.services.odata_records import (
    DONE,
    GOAL_ID,
    MIDDLE,
    START,
    V1,
    V2,
    event,
    goal,
    lines,
    metric,
    page,
    steps,
    write,
)

EVENTS = [event(1), event(2, MIDDLE), event(3, DONE)]


def bring(services: Services, *paths: Path, **options: Any) -> ImportResult:
    return services.imports.odata(paths, **options)


def bring_all(services: Services, folder: Path, *records: dict[str, Any], **options: Any) -> ImportResult:
    return bring(services, write(folder, all_jsonl=lines(list(records))), **options)


def only_goal(services: Services) -> Goal:
    (found,) = services.goals.all()
    return found


def table(records: list[dict[str, Any]]) -> str:
    columns = list(dict.fromkeys(key for record in records for key in record))
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(records)
    return out.getvalue()


FORMATS = {
    "pages": {
        "g_json": page([goal()]),
        "s_json": page(steps()),
        "a_json": page(EVENTS[:2]),
        "b_json": page(EVENTS[1:]),
    },
    "a list": {"all_json": json.dumps([*EVENTS, goal(), *steps()])},
    "lines": {"x_ndjson": lines([*EVENTS, *steps(), goal()])},
    "tables": {"e_csv": table(EVENTS), "s_csv": table(steps()), "g_csv": table([goal()])},
    "packed": {
        "e_json_gz": gzip.compress(page(EVENTS).encode()),
        "s_csv_gz": gzip.compress(table(steps()).encode()),
        "g_jsonl_gz": gzip.compress(lines([goal()]).encode()),
    },
    "marked": {
        "e_jsonl": "\ufeff" + lines(EVENTS),
        "s_csv": "\ufeff" + table(steps()),
        "g_json": "\ufeff" + page([goal()]),
    },
}


@pytest.mark.parametrize("files", FORMATS.values(), ids=FORMATS.keys())
def test_every_format_in_any_order(services: Services, tmp_path: Path, files: dict[str, str | bytes]) -> None:
    result = bring(services, write(tmp_path / "in", **files))
    assert (result.goals_added, result.events_added, result.broken) == (1, 3, ())
    found = only_goal(services)
    assert (found.id, found.version, found.name) == (GOAL_ID, V1, "Book a Flight")
    assert [(step.id, step.name, step.kind) for step in found.steps] == [
        (START, "Chosen", "initial"),
        (MIDDLE, "Passenger", "step"),
        (DONE, "Paid", "completion"),
    ]
    totals = services.insights.report(Filters(span="all")).totals
    assert (totals.started, totals.completed, totals.unpriced_steps) == (1, 1, 0)


def test_the_same_import_twice_adds_nothing(services: Services, tmp_path: Path) -> None:
    records = [goal(), *steps(), metric(5), *EVENTS]
    bring_all(services, tmp_path / "in", *records)
    goals, versions = (dict(services.workspace.documents.all(kind)) for kind in ("goals", "goal_versions"))
    log = services.workspace.events.stamp()
    again = bring_all(services, tmp_path / "in", *records)
    assert (again.goals_added, again.goals_changed, again.events_added, again.events_known) == (0, 0, 0, 3)
    assert services.workspace.documents.all("goals") == goals
    assert services.workspace.documents.all("goal_versions") == versions
    assert services.workspace.events.stamp() == log
    assert again.summary() == "0 goals added, 0 changed; 0 events added, 3 known already"


def test_the_same_record_comes_twice_and_known_events_are_those_tracked_too(services: Services, tmp_path: Path) -> None:
    result = bring_all(services, tmp_path / "in", goal(), goal(), *steps(), *steps(), *EVENTS, *EVENTS)
    assert (result.goals_added, result.events_added, result.events_known, result.broken_total) == (1, 3, 3, 0)


def test_a_goal_that_changed_in_between_is_a_new_version(services: Services, tmp_path: Path) -> None:
    bring_all(services, tmp_path / "in", goal(), *steps(), metric(5), *EVENTS)
    newer = goal(V2, lastChanged="2026-08-15T08:00:00Z", name="Book Flights")
    worth = metric(9, version=V2)
    result = bring_all(services, tmp_path / "in", newer, *steps(V2), worth)
    assert (result.goals_added, result.goals_changed) == (0, 1)
    assert (only_goal(services).name, only_goal(services).version, only_goal(services).revision) == (
        "Book Flights",
        V2,
        2,
    )
    assert [version.version for version in services.goals.versions(GOAL_ID)] == [V1, V2]
    recorded, current = (
        services.insights.report(Filters(span="all", price_by=by)).totals.cost_savings for by in ("recorded", "current")
    )
    assert (recorded, current) == (Decimal(5), Decimal(9))


def test_several_versions_in_one_import(services: Services, tmp_path: Path) -> None:
    newer = goal(V2, lastChanged="2026-08-15T08:00:00Z")
    result = bring_all(services, tmp_path / "in", newer, *steps(V2), metric(9, version=V2), *steps(), metric(5))
    assert (result.goals_added, result.goals_changed, result.broken) == (1, 0, ())
    assert only_goal(services).version == V2
    worth = {found.version: found.steps[-1].metrics.cost_savings for found in services.goals.versions(GOAL_ID)}
    assert worth == {V1: Decimal(5), V2: Decimal(9)}


def test_an_older_state_does_not_replace_what_was_edited_here(services: Services, tmp_path: Path) -> None:
    bring_all(services, tmp_path / "in", goal(), *steps())
    edited = services.goals.save(only_goal(services).model_copy(update={"description": "Ours."}))
    bring_all(services, tmp_path / "in", goal(), *steps())
    older = bring_all(services, tmp_path / "in", goal(V2, lastChanged="2026-07-02T00:00:00Z"), *steps(V2))
    assert (older.goals_changed, older.as_json()["goals_earlier"]) == (0, 1)
    assert older.summary().startswith(
        "0 goals added, 0 changed; an earlier version of 1 goal, whose newer one stays; 0 events added"
    )
    assert only_goal(services) == edited
    assert {found.version for found in services.goals.versions(GOAL_ID)} == {V1, V2, edited.version}


def test_importing_goals_can_be_undone_and_their_events_are_reported(services: Services, tmp_path: Path) -> None:
    bring_all(services, tmp_path / "in", goal(), *steps(), *EVENTS)
    assert services.history.undo() == "Import goals (their events stay)"
    assert services.goals.all() == []
    everything = Filters(span="all")
    assert services.insights.report(everything).health.unknown_goals == 1
    [entry] = services.insights.health_details(everything)
    assert (entry.code, entry.examples) == ("unknown_goals", ("Book a Flight",))
    services.history.redo()
    assert not services.insights.report(everything).health


def test_a_taken_name_gets_a_number_that_stays(services: Services, tmp_path: Path) -> None:
    services.goals.save(builders.goal("book a flight", "● In", "◎ Out").model_copy(update={"revision": 0}))
    bring_all(services, tmp_path / "in", goal(), *steps())
    again = bring_all(services, tmp_path / "in", goal(), *steps())
    assert sorted(found.name for found in services.goals.all()) == ["Book a Flight (2)", "book a flight"]
    assert again.goals_changed == 0


def test_the_names_of_all_goals_are_looked_at_once_for_many_goals(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock is held meanwhile: once for each goal, 8,000 of them kept everybody waiting for 20 seconds."""
    looked, real = [], Editing.all

    def look(self: Editing, kind: str) -> Mapping[str, Document]:
        looked.append(kind)
        return real(self, kind)

    monkeypatch.setattr(Editing, "all", look)
    records = []
    for number in range(12):
        id_, version = builders.hex_id(f"goal {number}"), builders.uuid_of(f"version {number}")
        records += [goal(version, goalId=id_, name="BOOK a flight"), *steps(version, id_)]
    assert bring_all(services, tmp_path, *records).goals_added == 12
    names = {found.name for found in services.goals.all()}
    assert names == {"BOOK a flight", *(f"BOOK a flight ({number})" for number in range(2, 13))}
    assert len(looked) < 6, "not once for each goal"


def test_metrics_by_kind_name_and_unit_add_up(services: Services, tmp_path: Path) -> None:
    worth = [
        metric(1.1, name="Cost Savings"),
        metric(2.2, name=None),
        metric(3, name="Revenue earned"),
        metric("4.5", name="Earnings"),
        metric(90, "duration"),
        metric(30, "duration", step=MIDDLE),
        metric(0, "duration", step=START),
    ]
    bring_all(services, tmp_path / "in", *worth, goal(), *steps(), duration_unit="minutes")
    _, middle, done = only_goal(services).steps
    assert (done.metrics.cost_savings, done.metrics.revenue) == (Decimal("3.3"), Decimal("7.5"))
    assert (done.metrics.time_saved_seconds, middle.metrics.time_saved_seconds) == (5400, 1800)


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (metric(-1), "its value -1 is not between 0 and"),
        (metric("many"), "its value 'many' is not a number"),
        (metric(None), "its value is not a number"),
        (metric(True), "its value is not a number"),
        (metric(1e300), "is not between 0 and"),
        (metric(0.12345), "an amount has 4 decimals at most"),
        (metric(1, "weight"), "its type is neither duration nor currency"),
        (metric(1, step=START), "the initial step has no success metrics"),
        (metric(1, step="f" * 24), "which the goal does not have"),
        (metric(10**9, "duration"), "it comes to more than"),
    ],
)
def test_a_metric_that_cannot_be_is_left_out_alone(
    services: Services, tmp_path: Path, record: dict[str, Any], why: str
) -> None:
    result = bring_all(services, tmp_path / "in", goal(), *steps(), record, metric(2))
    assert [(broken.file, broken.record) for broken in result.broken] == [("all.jsonl", 5)]
    assert why in result.broken[0].why
    assert only_goal(services).steps[-1].metrics.cost_savings == 2


@pytest.mark.parametrize(
    ("records", "why"),
    [
        ([goal()], "the goal has no steps. Import its GoalSteps with it"),
        ([goal(), *steps()[:2]], "A goal begins with exactly one initial step."),
        ([goal(), steps()[2]], "Add at least one step"),
        ([goal(), steps()[0], steps()[2]], "must be a completion step"),
        ([goal(name=""), *steps()], "The goal needs a name"),
        ([goal("no uuid"), *steps("no uuid")], "the goal is invalid: version:"),
        ([goal(goalId="x"), *steps(goal_id="x")], "the goal is invalid: id:"),
        ([goal(goalId=7)], "needs a goalId, a text"),
        ([goal(version=None)], "a goal needs a version"),
        (steps(), "is in no record of Goals"),
    ],
)
def test_a_goal_that_cannot_be_is_left_out_with_its_reason(
    services: Services, tmp_path: Path, records: list[dict[str, Any]], why: str
) -> None:
    result = bring_all(services, tmp_path / "in", *records, *EVENTS)
    assert services.goals.all() == []
    assert (result.events_added, result.broken_total) == (3, 1)
    assert why in str(result.broken[0])
    assert services.insights.report(Filters(span="all")).health.unknown_goals == 1


def test_metrics_without_the_steps_they_belong_to_are_named(services: Services, tmp_path: Path) -> None:
    result = bring_all(services, tmp_path, metric(1), metric(2))
    assert [str(one) for one in result.broken] == [
        f"all.jsonl, record {number}: a metric needs the steps of its goal. Import GoalSteps with it"
        for number in (1, 2)
    ]


def test_a_version_belongs_to_one_goal(services: Services, tmp_path: Path) -> None:
    other = "a" * 24
    records = [goal(), *steps(), goal(goalId=other, name="Other"), *steps(goal_id=other)]
    result = bring_all(services, tmp_path / "in", *records)
    assert [found.id for found in services.goals.all()] == [GOAL_ID]
    assert [str(one) for one in result.broken] == [
        "all.jsonl, record 5: the goal 'Book a Flight' has this version already"
    ]


def test_too_many_steps_name_the_flag(services: Services, tmp_path: Path) -> None:
    more = [{**steps()[0], "goalStepId": builders.hex_id(f"s{n}"), "name": f"S{n}", "order": 5 + n} for n in range(8)]
    result = bring_all(services, tmp_path / "in", goal(), *steps(), *more)
    assert "this one has 11. Set FEATURE_USE_GOALS_V2__MAX_STEPS_PER_GOAL" in str(result.broken[0])


def test_steps_without_order_stand_in_the_order_of_the_file(services: Services, tmp_path: Path) -> None:
    bring_all(services, tmp_path / "in", goal(), *({**step, "order": None} for step in steps()))
    assert [step.name for step in only_goal(services).steps] == ["Chosen", "Passenger", "Paid"]


def test_names_are_made_harmless(services: Services, tmp_path: Path) -> None:
    hostile = event(1, endpointName="Web\x1b[31mchat\u202e\n", sessionId=" a  b ")
    result = bring_all(services, tmp_path / "in", goal(name=" Book\x07  a Flight "), *steps(), hostile)
    assert result.events_added == 1
    assert only_goal(services).name == "Book a Flight"
    (cycle,) = services.insights.cycles(Filters(span="all"))
    assert (cycle.endpoint, cycle.session_id) == ("Web [31mchat", "a b")


def test_times_of_every_zone_become_utc_and_none_is_guessed(services: Services, tmp_path: Path) -> None:
    times = ["2026-10-01T10:00:00+02:00", "2026-10-01 08:00:00.000001Z", "20261001T080000Z"]
    good = [event(place, timestamp=time) for place, time in enumerate(times)]
    bad = [
        event(9, timestamp=time) for time in ("2026-10-01T08:00:00", "soon", 1790000000, "1969-12-31T23:59:59Z", None)
    ]
    result = bring_all(services, tmp_path / "in", *good, *bad)
    assert (result.events_added, [broken.record for broken in result.broken]) == (3, [4, 5, 6, 7, 8])
    assert "has no zone" in result.broken[0].why
    assert "is not a time" in result.broken[1].why
    assert "is not between 1970 and 2200" in result.broken[3].why
    with services.workspace.events.connect() as connection:
        hours = connection.execute("SELECT DISTINCT hour(timestamp) FROM events").fetchall()
    assert hours == [(8,)]


@pytest.mark.parametrize(
    ("currency", "value", "amount"),
    [
        ("EUR", 19.990000000000002, "19.99"),
        ("EUR", "19.990000000000002", "19.99"),
        ("EUR", 0.1 + 0.2, "0.3"),
        ("JPY", 1500.0000000001, "1500"),
        ("KWD", 1.2340000000000002, "1.234"),
        ("EUR", 0.00050000000000000001, "0.0005"),
        ("EUR", 0.123400000000001, "0.1234"),
    ],
)
def test_what_a_float_adds_to_an_amount_is_rounded_away(
    new_services: Callable[..., Services], tmp_path: Path, currency: str, value: Any, amount: str
) -> None:
    services = new_services("w", currency=currency)
    result = bring_all(services, tmp_path / "in", goal(), *steps(), metric(value), *EVENTS)
    assert (result.broken, result.unpriced) == ((), ())
    assert result.amounts_rounded == (Decimal(str(value)) != Decimal(amount))
    assert only_goal(services).step(DONE).metrics.cost_savings == Decimal(amount)


@pytest.mark.parametrize("value", [19.9912345, 0.0000001, "n/a", -3, None, 1e300])
def test_a_value_that_can_not_be_read_makes_its_step_unpriced_and_never_0(
    services: Services, tmp_path: Path, value: Any
) -> None:
    records = [goal(), *steps(), metric(value, name="Revenue"), metric(3), metric(90, "duration")]
    result = bring_all(services, tmp_path / "in", *records, *EVENTS)
    assert (result.unpriced, result.broken_total, result.left_out) == ((("Book a Flight", "Paid"),), 1, True)
    assert result.as_json()["steps_unpriced"] == [{"goal": "Book a Flight", "step": "Paid"}]
    totals = services.insights.report(Filters(span="all")).totals
    assert (totals.unpriced_steps, totals.cost_savings, totals.time_saved_seconds) == (1, Decimal(3), 90)
    with services.insights.cycle_list(Filters(span="all")) as cycles:
        (cycle,) = cycles.page(0, 10)
    assert cycle.unpriced_steps == 1
    again = bring_all(services, tmp_path / "again", goal(), *steps(), metric(7, name="Revenue"), metric(3))
    assert again.unpriced == () and services.insights.report(Filters(span="all")).totals.unpriced_steps == 0
    assert services.insights.report(Filters(span="all")).totals.revenue == Decimal(7)


def test_only_goals_with_an_unpriced_step_need_a_newer_program(services: Services, tmp_path: Path) -> None:
    bring_all(services, tmp_path / "in", goal(), *steps(), metric(5))
    assert "unpriced" not in str(services.workspace.documents.all("goals"))
    services.packages.export(["Book a Flight"], tmp_path / "a.zip")
    bring_all(services, tmp_path / "more", goal(), *steps(), metric("many"))
    services.packages.export(["Book a Flight"], tmp_path / "b.zip")
    versions = [services.packages.inspect(tmp_path / name).manifest.format_version for name in ("a.zip", "b.zip")]
    assert versions == [1, 2]


def test_the_real_data_twice(services: Services, sgd: Path) -> None:
    first = bring(services, sgd)
    assert (first.goals_added, first.events_added, first.broken_total) == (2, 8551, 0)
    assert [one.file for one in first.unused] == ["expected.json"] and not first.left_out
    again = bring(services, sgd)
    assert (again.goals_added, again.goals_changed, again.events_added, again.events_known) == (0, 0, 0, 8551)
    assert len(first.files) == 4
    assert again.as_json()["events_known"] == 8551


def test_progress_rises_and_may_stop_it_before_anything_is_written(services: Services, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a_jsonl=lines([goal(), *steps()]), b_jsonl=lines(EVENTS))
    heard: list[float] = []

    class StoppedError(Exception):
        pass

    def stop(fraction: float, _text: str) -> None:
        heard.append(fraction)
        if len(heard) >= 3:
            raise StoppedError

    with pytest.raises(StoppedError):
        bring(services, folder, progress=stop)
    assert services.goals.all() == []
    assert services.workspace.events.is_empty()
    heard.clear()
    bring(services, folder, progress=lambda fraction, _text: heard.append(fraction))
    assert heard == sorted(heard)
    assert heard[-1] == 1.0


@pytest.mark.parametrize("last", ["Writing events", "Saving goals"])
def test_an_import_that_is_stopped_before_its_commit_changed_nothing(
    services: Services, tmp_path: Path, last: str
) -> None:
    def stop(_fraction: float, text: str) -> None:
        if text == last:
            raise KeyError

    with pytest.raises(KeyError):
        bring_all(services, tmp_path / "in", goal(), *steps(), *EVENTS, progress=stop)
    assert services.goals.all() == []
    assert services.workspace.events.is_empty()


def test_an_import_that_is_written_is_not_stopped_any_more(services: Services, tmp_path: Path) -> None:
    def stop(fraction: float, _text: str) -> None:
        if fraction == 1.0:
            raise KeyError

    result = bring_all(services, tmp_path / "in", goal(), *steps(), *EVENTS, progress=stop)
    assert (result.goals_added, result.events_added) == (1, len(EVENTS))


def test_a_known_version_keeps_its_values_where_no_metrics_come(services: Services, tmp_path: Path) -> None:
    bring_all(services, tmp_path / "first", goal(), *steps(), metric(15), metric(90, "duration", step=MIDDLE))
    before = only_goal(services)
    again = bring_all(services, tmp_path / "again", goal(name="Book a Trip"), *steps())
    assert again.summary() == "0 goals added, 1 changed; kept the values of 1 goal; 0 events added, 0 known already"
    after = only_goal(services)
    assert (after.name, [step.metrics for step in after.steps]) == (
        "Book a Trip",
        [step.metrics for step in before.steps],
    )
    same = bring_all(services, tmp_path / "same", goal(name="Book a Trip"), *steps())
    assert (same.goals_changed, same.as_json()["values_kept"]) == (0, 1)

    gone = bring_all(services, tmp_path / "gone", goal(), *steps(), metric(15))
    assert (gone.goals_changed, gone.values_kept) == (1, 0)
    assert [step.metrics.time_saved_seconds for step in only_goal(services).steps] == [0, 0, 0], (
        "metrics came, not this"
    )

    other = bring_all(services, tmp_path / "other", goal(V2, lastChanged="2026-09-01T08:00:00.000Z"), *steps(V2))
    assert (other.goals_changed, other.values_kept) == (1, 0)
    assert not any(step.metrics for step in only_goal(services).steps), "nobody knows what a new version is worth"


def test_an_import_that_is_cut_off_while_it_writes_leaves_nothing(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    records = [goal(), *steps(), *EVENTS]
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("goals_tui.services.imports.odata.save_read_goals", killed)
        bring_all(services, tmp_path / "in", *records)
    assert services.workspace.events.is_empty() and services.goals.all() == []
    assert bring_all(services, tmp_path / "in", *records).events_added == 3


@pytest.mark.parametrize(
    ("name", "content", "error", "message"),
    [
        ("a.json", "{", UnreadableError, "a.json can't be imported: it is not JSON"),
        ("a.json", '{"value": 1}', RefusedError, "a.json holds no records"),
        ("a.json.gz", "text", UnreadableError, "it is not a whole gzip file"),
        ("a.csv", "", UnreadableError, "it is empty"),
        ("a.xml", "<a/>", RefusedError, "can't be imported. Give files that end in"),
    ],
)
def test_a_file_given_by_itself_must_be_usable(
    services: Services, tmp_path: Path, name: str, content: str, error: type[GoalsError], message: str
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(error) as raised:
        bring(services, tmp_path / name)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_nothing_to_import(services: Services, tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="There is no "):
        bring(services, tmp_path / "nowhere")
    with pytest.raises(RefusedError, match="There is nothing to import"):
        bring(services, write(tmp_path / "empty"))
    with pytest.raises(RefusedError, match="'second' is not a unit of durations"):
        bring(services, tmp_path, duration_unit="second")
