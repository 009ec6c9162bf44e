"""The masked field for times."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from goals_tui.tui.widgets.fields import DurationInput


class FieldApp(App[None]):
    """A field alone."""

    def compose(self) -> ComposeResult:
        yield DurationInput("00:08:00")


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        ("02:45:00", "02:45:00"),
        ("24500", "02:45:00"),
        ("2:45:00", "02:45:00"),
        ("2:5:7", "02:05:07"),
        ("100:00:00", "100:00:00"),
        ("9", "00:00:09"),
        ("abc-1.5", "00:00:15"),
        ("123456789", "1234:56:78"),
    ],
)
async def test_digits_come_in_from_the_right(keys: str, value: str) -> None:
    async with FieldApp().run_test() as pilot:
        await pilot.press(*("colon" if key == ":" else key for key in keys))
        assert pilot.app.query_one(DurationInput).value == value


async def test_backspace_takes_one_digit_and_delete_all() -> None:
    async with FieldApp().run_test() as pilot:
        field = pilot.app.query_one(DurationInput)
        await pilot.press("end", "backspace")
        assert field.value == "00:00:80"
        await pilot.press("home", "delete")
        assert field.value == "00:00:00"
