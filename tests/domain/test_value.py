from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from goals_tui.domain.errors import RefusedError, WrongValueError
from goals_tui.domain.value import (
    MAX_AMOUNT,
    MAX_SECONDS,
    NO_METRICS,
    SuccessMetrics,
    format_amount,
    format_duration,
    parse_amount,
    parse_duration,
    parse_seconds_between,
)
from tests.builders import amounts


@pytest.mark.parametrize(
    ("text", "digits", "amount"),
    [
        ("150.00", 2, "150.00"),
        (" 150 ", 2, "150"),
        ("0.5", 2, "0.5"),
        ("007", 2, "7"),
        ("1500", 0, "1500"),
        ("1500.00", 0, "1500"),
        ("1.234", 3, "1.234"),
        ("1.2340", 3, "1.234"),
        ("999999999999.99", 2, "999999999999.99"),
    ],
)
def test_amounts(text: str, digits: int, amount: str) -> None:
    assert parse_amount(text, digits) == Decimal(amount)


@pytest.mark.parametrize(
    ("text", "digits", "message"),
    [
        ("-1", 2, "An amount can't be negative: '-1'. Write for example 150.00."),
        ("", 2, "'' is not an amount. Write it with a point, for example 150.00."),
        ("1,50", 2, "'1,50' is not an amount. Write it with a point, for example 150.00."),
        ("1e3", 2, "'1e3' is not an amount."),
        ("+1", 2, "'+1' is not an amount."),
        (".5", 2, "'.5' is not an amount."),
        ("5.", 2, "'5.' is not an amount."),
        ("NaN", 2, "'NaN' is not an amount."),
        ("١٥", 2, "'١٥' is not an amount."),
        ("1 000", 2, "'1 000' is not an amount."),
        ("1" * 13, 2, "is not an amount."),
        ("1.234", 2, "'1.234' has too many decimals: this currency has 2 decimals at most, for example 150.00."),
        ("1.5", 0, "'1.5' has too many decimals: this currency has no decimals, for example 150."),
        ("1.2345", 3, "'1.2345' has too many decimals: this currency has 3 decimals at most, for example 150.000."),
    ],
)
def test_refused_amounts(text: str, digits: int, message: str) -> None:
    with pytest.raises(RefusedError) as refused:
        parse_amount(text, digits)
    assert message in str(refused.value)


@given(amount=amounts(4, "999999999999"), digits=st.integers(0, 4))
def test_money_survives_being_written_and_read(amount: Decimal, digits: int) -> None:
    text = format_amount(amount, digits)
    assert parse_amount(text, 4) == amount
    assert len(text.partition(".")[2]) >= digits
    assert (
        SuccessMetrics.model_validate_json(SuccessMetrics(cost_savings=amount).model_dump_json()).cost_savings == amount
    )


def test_money_is_written_with_the_digits_it_needs() -> None:
    assert format_amount(Decimal(150)) == "150.00"
    assert format_amount(Decimal("150"), 0) == "150"
    assert format_amount(Decimal("1E+3"), 2) == "1000.00"
    assert format_amount(Decimal("0.125"), 2) == "0.125"
    assert format_amount(Decimal(0), 3) == "0.000"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("02:45:00", 9900),
        ("00:00:00", 0),
        (" 1:00:01 ", 3601),
        ("9999:59:59", MAX_SECONDS),
        ("2:45", 9900),
        ("1h 30m", 5400),
        ("1h30m", 5400),
        ("1H 30 Min", 5400),
        ("1.5h", 5400),
        ("1,5 hours", 5400),
        ("90m", 5400),
        ("2.5 min", 150),
        ("2 minutes 30 seconds", 150),
        ("1 hr. 1 min. 1 sec.", 3661),
        ("45s", 45),
        ("1h 5s", 3605),
        ("0s", 0),
        ("0", 0),
    ],
)
def test_durations(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is not a time"),
        ("-1:00:00", "is not a time"),
        ("10000:00:00", "is not a time"),
        ("1:0:0", "is not a time"),
        ("٠٢:٤٥:٠٠", "is not a time"),
        ("30m 1h", "is not a time"),
        ("1h 30", "is not a time"),
        ("1 30", "is not a time"),
        ("h", "is not a time"),
        ("1hm", "is not a time"),
        ("1d", "is not a time"),
        ("1.5.0h", "is not a time"),
        ("9" * 1_000_000 + "h", "is not a time"),
        ("90", "has no unit. Write 90h, 90m or 90s"),
        ("1.5", "has no unit"),
        ("1.5s", "is not a time"),
        ("0.001m", "no whole number of seconds"),
        ("10000h", "too long: 9999:59:59 at most"),
    ],
)
def test_refused_durations(text: str, said: str) -> None:
    with pytest.raises(RefusedError, match=re.escape(said)):
        parse_duration(text)


@pytest.mark.parametrize("text", ["00:60:00", "00:00:60", " 01:75:99"])
def test_minutes_and_seconds_above_59_are_named(text: str) -> None:
    with pytest.raises(RefusedError) as refused:
        parse_duration(text)
    said = f"{text.strip()!r} is not a time. Minutes and seconds go up to 59, for example 02:45:00."
    assert str(refused.value) == said


@pytest.mark.parametrize(
    ("seconds", "text"), [(-600, "-00:10:00"), (-0.4, "00:00:00"), (-3661.6, "-01:01:02"), (59.7, "00:01:00")]
)
def test_durations_have_a_sign_and_whole_seconds(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@given(seconds=st.integers(0, MAX_SECONDS))
def test_durations_survive_being_written_and_read(seconds: int) -> None:
    assert parse_duration(format_duration(seconds)) == seconds


def test_hours_take_the_digits_they_need() -> None:
    assert format_duration(9900) == "02:45:00"
    assert format_duration(100 * 3600) == "100:00:00"


@pytest.mark.parametrize("value", ["-0.01", "NaN", "Infinity", "0.00001", MAX_AMOUNT + 1, "abc"])
def test_metrics_refuse_impossible_money(value: object) -> None:
    with pytest.raises(ValidationError, match="cost_savings"):
        SuccessMetrics(cost_savings=value)


def test_metrics_take_floats_as_they_are_written() -> None:
    assert SuccessMetrics(revenue=0.1).revenue == Decimal("0.1")
    assert SuccessMetrics(revenue="15.00").model_dump(mode="json")["revenue"] == "15.00"


def test_metrics_are_something_or_nothing() -> None:
    assert not NO_METRICS and not SuccessMetrics(cost_savings="0.00")
    assert SuccessMetrics(time_saved_seconds=1) and SuccessMetrics(revenue=1)


def test_time_is_not_negative() -> None:
    with pytest.raises(ValidationError):
        SuccessMetrics(time_saved_seconds=-1)


def test_a_range_of_seconds() -> None:
    assert parse_seconds_between("30..60") == (30, 60)
    assert parse_seconds_between("-5..0") == (-5, 0)


@pytest.mark.parametrize(
    "text", ["", "60", "60..60", "60..30", "1.5..2", "1..2 ", "1...2", "a..b", "١..٢", "1..99999999999"]
)
def test_what_is_no_range_of_seconds_is_refused(text: str) -> None:
    with pytest.raises(WrongValueError, match=r"A\.\.B in seconds, A below B"):
        parse_seconds_between(text)
