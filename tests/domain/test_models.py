"""The rules that models share: names, instants, ids, events, the project, figures, errors, flows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from goals_tui.domain.errors import ConflictError, NotFoundError, RefusedError, nearest_names
from goals_tui.domain.event import FIELDS, GoalEvent, source
from goals_tui.domain.flow import Flow, Other, title
from goals_tui.domain.ids import Ids
from goals_tui.domain.model import format_instant, reason
from goals_tui.domain.project import Project, currency_digits, zone
from goals_tui.domain.report import NOTHING, Figures, Health, rate
from goals_tui.domain.text import clean_line, clean_text
from tests.builders import amounts, book_a_flight, event, flow, hex_id, if_, lookup, node_id, other, say


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("  Book   a\tFlight\n", "Book a Flight"),
        ("\x1b[31mred\x1b[0m", "[31mred [0m"),
        ("null\x00bell\x07", "null bell"),
        ("left\u202eright", "leftright"),
        ("half \ud800 character", "half character"),
        ("👩\u200d💻 ❤\ufe0f", "👩\u200d💻 ❤\ufe0f"),
        ("حجز رحلة", "حجز رحلة"),
        ("予約 [/foo]", "予約 [/foo]"),
        ("no\u00a0break", "no break"),
    ],
)
def test_names_are_one_printable_line(text: str, cleaned: str) -> None:
    assert clean_line(text) == cleaned


@given(text=st.text())
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    once = clean_line(text)
    assert clean_line(once) == once and "\n" not in once and "\x1b" not in once
    longer = clean_text(text)
    assert clean_text(longer) == longer and "\r" not in longer and "\x1b" not in longer


def test_longer_texts_keep_their_lines() -> None:
    assert clean_text("a\r\nb\rc\td\x07") == "a\nb\nc\td"


def test_instants_are_utc_and_as_fine_as_needed() -> None:
    berlin = timezone(timedelta(hours=2))
    assert format_instant(datetime(2026, 10, 1, 10, tzinfo=berlin)) == "2026-10-01T08:00:00.000Z"
    assert format_instant(datetime(2026, 10, 1, 8, 0, 0, 123456, tzinfo=UTC)) == "2026-10-01T08:00:00.123456Z"


def test_ids_of_a_seed_come_again() -> None:
    one, other_ids = Ids(7), Ids(7)
    assert [one.hex24(), one.uuid()] == [other_ids.hex24(), other_ids.uuid()]
    assert len(Ids().hex24()) == 24 and Ids().uuid()[14] == "4"


def test_events_carry_the_original_names() -> None:
    made = event(book_a_flight(), "Flight selected", endpoint_name="Webchat")
    dumped = made.model_dump(mode="json")
    assert list(dumped) == list(FIELDS)
    assert dumped["goalCycleId"] == made.goal_cycle_id and dumped["timestamp"] == "2026-10-01T08:00:00.000Z"
    assert GoalEvent.model_validate({**dumped, "somethingNew": 1}) == made
    assert GoalEvent.model_validate_json(made.model_dump_json()) == made


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("timestamp", "2026-10-01T08:00:00", "has no zone; write for example 2026-10-01T08:00:00Z"),
        ("timestamp", "2200-01-01T00:00:00Z", "is not between 1970 and 2200"),
        ("timestamp", "1969-12-31T23:59:59Z", "is not between 1970 and 2200"),
        ("sessionId", " ", "at least 1 "),
        ("stepId", "x" * 301, "at most 300 "),
    ],
)
def test_impossible_events(field: str, value: str, message: str) -> None:
    good = event(book_a_flight(), "Flight selected").model_dump(mode="json")
    with pytest.raises(ValidationError, match=message):
        GoalEvent.model_validate({**good, field: value})


def test_test_conversations_are_known_by_their_endpoint_type() -> None:
    assert source("Interaction Panel", None, None, None).endpoint_type == "adminconsole"
    assert source("Voice Gateway", "en", "v1", None).endpoint_type == "voicegateway"
    assert source(None, None, None, None).endpoint_type is None


@pytest.mark.parametrize(("code", "digits"), [("EUR", 2), ("USD", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("KRW", 0)])
def test_decimals_of_currencies(code: str, digits: int) -> None:
    assert currency_digits(code) == digits


def test_time_zones_by_name() -> None:
    assert zone("Europe/Berlin").key == "Europe/Berlin"
    with pytest.raises(RefusedError, match="'Europe/Berln' is not a time zone"):
        zone("Europe/Berln")
    with pytest.raises(RefusedError, match="for example Europe/Berlin or UTC"):
        zone("§§§§")


@pytest.mark.parametrize(
    "wrong", [{"name": " "}, {"currency": "eur"}, {"currency": "EURO"}, {"time_zone": "Mars"}, {"id": "x"}, {"more": 1}]
)
def test_impossible_projects(wrong: dict[str, object]) -> None:
    good: dict[str, object] = {"id": hex_id("p"), "name": "P", "time_zone": "Europe/Berlin"}
    assert Project.model_validate(good).zone.key == "Europe/Berlin"
    with pytest.raises(ValidationError):
        Project.model_validate({**good, **wrong})


def test_rates() -> None:
    assert rate(0, 0) is None
    assert rate(0, 3) == 0.0
    assert rate(341, 605) == 0.5636
    assert rate(23546, 62616) == 0.376


FIGURES = st.builds(
    Figures,
    started=st.integers(0, 100),
    completed=st.integers(0, 100),
    time_saved_seconds=st.integers(0, 10**6),
    cost_savings=amounts(4),
    revenue=amounts(2),
    unpriced_steps=st.integers(0, 5),
)


@given(one=FIGURES, two=FIGURES, three=FIGURES)
def test_figures_add_up_in_any_order(one: Figures, two: Figures, three: Figures) -> None:
    assert (one + two) + three == one + (two + three) == three + one + two
    assert one + NOTHING == one


def test_figures_as_json() -> None:
    made = Figures(started=4, completed=1, partial=2, incomplete=1, cost_savings=Decimal("3.5"), revenue=Decimal(2))
    assert made.as_json() == {
        "started": 4,
        "completed": 1,
        "partial": 2,
        "incomplete": 1,
        "completion_rate": 0.25,
        "partial_rate": 0.5,
        "completion_interval": pytest.approx([0.0456, 0.6994], abs=1e-4),
        "partial_interval": pytest.approx([0.15, 0.85], abs=1e-4),
        "time_saved_seconds": 0,
        "cost_savings": "3.50",
        "revenue": "2.00",
        "unpriced_steps": 0,
    }
    assert made.incomplete_rate == 0.25 and made.as_json(0)["cost_savings"] == "3.5"
    assert NOTHING.as_json()["completion_rate"] is None and NOTHING.as_json()["completion_interval"] is None


def test_health_is_good_or_not() -> None:
    assert not Health() and Health(torn_lines=1)


def test_errors_say_what_to_do() -> None:
    assert nearest_names("book a flght", ["Book a Flight", "Help"]) == ("Book a Flight",)
    assert (
        str(NotFoundError("goal", "Bok", ["Book", "Boot"])) == "There is no goal 'Bok'. Did you mean 'Book' or 'Boot'?"
    )
    assert str(NotFoundError("goal", "x")) == "There is no goal 'x'."
    assert nearest_names("Bok", ["Find a Hotel", "Book a Flight"]) == ("Book a Flight",)


def test_where_no_name_is_like_the_wanted_one_some_are_said() -> None:
    assert str(NotFoundError("goal", "x", ["Book"])) == "There is no goal 'x'. There is 'Book'."
    assert str(NotFoundError("goal", "x", ["Book", "Rent"])) == "There is no goal 'x'. There are 'Book' and 'Rent'."
    many = [f"Goal {letter}" for letter in "ABCDE"]
    said = str(NotFoundError("goal", "x", many))
    assert said == "There is no goal 'x'. There are 'Goal A', 'Goal B', 'Goal C' and 2 more."
    assert str(NotFoundError("goal", "x", [], where="None yet.")) == "There is no goal 'x'. None yet."
    assert str(ConflictError("goal", "Book", ["name"])) == (
        "The goal 'Book' was changed elsewhere (name). Reload it, or overwrite it with yours."
    )
    assert "was deleted elsewhere" in str(ConflictError("goal", "Book", [], deleted=True))
    assert "(nothing visible)" in str(ConflictError("goal", "Book", []))


def test_flows_are_walked_in_reading_order() -> None:
    made = flow("F", say("a"), if_("b", (say("c"),), (say("d"),)), lookup("e", {"x": (say("f"),)}), say("g"))
    assert [node.id for node in made.walk()] == [node_id(name) for name in "abcdefg"]
    assert made.node(node_id("d")) == say("d")
    with pytest.raises(NotFoundError, match="node of the flow 'F' with the id"):
        made.node("f" * 24)
    assert Flow.model_validate_json(made.model_dump_json()) == made


def test_nodes_are_called_by_label_type_or_kind() -> None:
    assert title(say("x")) == "Say" and title(if_("Sure?")) == "Sure?"
    assert title(other("httpRequest")) == "httpRequest" and title(Other(id=node_id("o"))) == "Other"


def test_impossible_flows() -> None:
    with pytest.raises(ValidationError, match="two nodes have the id"):
        flow("F", say("a"), if_("b", (say("a"),)))
    node = say("core")
    for depth in range(41):
        node = if_(f"level {depth}", (node,))  # type: ignore[assignment]  # any node will do
    with pytest.raises(ValidationError, match="at most 40 deep"):
        flow("F", node)


@pytest.mark.parametrize(
    ("changes", "phrase"),
    [
        ({"time_zone": "Mars/Base"}, "'Mars/Base' is not a time zone."),
        ({"id": 3}, "id: it is not text"),
        ({"name": ""}, "name: it is empty"),
        ({"name": "x" * 301}, "name: it has more than 300 characters"),
        ({"currency": "euro"}, "currency: it does not look as it should"),
        ({"revision": "many"}, "revision: it is not a whole number"),
        ({"colour": "red"}, "colour: there is no such key"),
    ],
)
def test_what_is_wrong_is_a_phrase_in_our_words(changes: dict[str, object], phrase: str) -> None:
    document = {"id": "a" * 24, "name": "Desk", "time_zone": "UTC", **changes}
    with pytest.raises(ValidationError) as wrong:
        Project.model_validate(document)
    said = reason(wrong.value)
    assert phrase in said
    assert not said.endswith(".")
