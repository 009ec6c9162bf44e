"""Numbers in words."""

from __future__ import annotations

import pytest

from goals_tui.format import plural


@pytest.mark.parametrize(
    ("number", "what", "said"),
    [
        (1, "event", "1 event"),
        (1_200, "event", "1,200 events"),
        (1, "activity", "1 activity"),
        (0, "activity", "0 activities"),
        (3, "day", "3 days"),
    ],
)
def test_a_number_has_the_right_form_of_its_noun(number: int, what: str, said: str) -> None:
    assert plural(number, what) == said
