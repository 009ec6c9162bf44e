"""The texts that are read as times, and the moment of each."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime

import pytest

from goals_tui.domain.errors import RefusedError
from goals_tui.services.imports.times import TimeColumn, read_column, told_format
from goals_tui.store.duckdb_files import bare_connection

NOW = datetime(2026, 10, 15, 12, tzinfo=UTC)


def read(texts: list[str], told: str | None = None) -> tuple[TimeColumn, list[str | None]]:
    """Return the format of a column of texts, and each moment as ISO 8601, with a Z where it is one in UTC."""
    with closing(bare_connection()) as connection:
        connection.execute("CREATE TABLE log AS SELECT unnest(?::VARCHAR[]) AS t", [texts])
        column = told_format(told, "t") if told else read_column(connection, "log", "t", NOW)
        found = connection.execute(f"SELECT {column.moment}, {column.zoned} FROM log ORDER BY rowid").fetchall()
    return column, [moment.isoformat() + "Z" * zoned if moment else None for moment, zoned in found]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-10-01", "2026-10-01T00:00:00"),
        ("2026-10-01+02:00", "2026-09-30T22:00:00Z"),
        ("2026-10-01 08:00 UTC", "2026-10-01T08:00:00Z"),
        ("2026-10-01T08:00:00.5+0200", "2026-10-01T06:00:00.500000Z"),
        ("2026-10-01 08:00:00,250", "2026-10-01T08:00:00.250000"),
        ("2026/10/1 9:05 PM", "2026-10-01T21:05:00"),
        ("2026/10/1 12:05 AM", "2026-10-01T00:05:00"),
        ("20261001T080000Z", "2026-10-01T08:00:00Z"),
        ("2026-W40-4", "2026-10-01T00:00:00"),
        ("Thu, 01 Oct 2026 08:00:00 +0200", "2026-10-01T06:00:00Z"),
        ("30.12.2026 14:05", "2026-12-30T14:05:00"),
        ("12/30/2026 14:05", "2026-12-30T14:05:00"),
        ("1790841600", "2026-10-01T08:00:00Z"),
        ("1790841600.25", "2026-10-01T08:00:00.250000Z"),
        ("1790841600000", "2026-10-01T08:00:00Z"),
        ("20261001080000", "2026-10-01T08:00:00"),
        ("2026-02-30", None),
        ("2026-W54-1", None),
        ("2026-10-01T25:00", None),
        ("2026-10-01 13:00 PM", None),
        ("2026-10-01ab", None),
        ("12", None),
        ("44105.5", None),
    ],
)
def test_texts_that_say_what_they_mean(text: str, moment: str | None) -> None:
    assert read([text])[1] == [moment]


@pytest.mark.parametrize(
    ("told", "text", "moment"),
    [
        ("epoch", "12.5", "1970-01-01T00:00:12.500000Z"),
        ("epoch", "-1", "1969-12-31T23:59:59Z"),
        ("epoch-ms", "1500", "1970-01-01T00:00:01.500000Z"),
        ("excel", "46296.25", "2026-10-01T06:00:00"),
        ("excel", "46296", "2026-10-01T00:00:00"),
        ("%d/%m/%Y %H:%M", "01/10/2026 08:00", "2026-10-01T08:00:00"),
        ("%Y-%m-%d %H:%M %z", "2026-10-01 08:00 +0200", "2026-10-01T06:00:00Z"),
        ("epoch", "2026-10-01", None),
        ("excel", "tomorrow", None),
    ],
)
def test_texts_as_the_user_says_that_they_are_written(told: str, text: str, moment: str | None) -> None:
    assert read([text], told)[1] == [moment]


def test_what_can_mean_two_things_is_decided_by_the_whole_column_and_said() -> None:
    column, moments = read(["05.10.2026 08:00", "30.10.2026 08:00"])
    assert moments == ["2026-10-05T08:00:00", "2026-10-30T08:00:00"]
    assert column.guess is not None and column.guess.format == "%d.%m.%Y %H:%M"
    with pytest.raises(RefusedError, match="day or the month first, and no row says which"):
        read(["05/10/2026"])
    with pytest.raises(RefusedError, match="contradict each other"):
        read(["30/10/2026", "10/30/2026"])


def test_one_text_of_another_kind_does_not_make_the_others_guesses() -> None:
    column, moments = read(["2026-10-01T08:00:00Z", "1790841600"])
    assert column.guess is None
    assert moments == ["2026-10-01T08:00:00Z", None]
