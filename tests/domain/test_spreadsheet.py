from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goals_tui.domain.spreadsheet import as_it_was, harmless

UNSEEN = [
    *("＝1+1", "＋1+cmd", "－2+3", "＠SUM(A1)", "﹦1", "﹢1+cmd", "﹣2+3", "﹫SUM(A1)"),
    *(
        " =1",
        "  =1",
        "\xa0=1",
        "\u3000＝1",
        "\u200b=1",
        "\ufeff=1",
        "\u2060 \xad=1",
        "\x00=1",
        "\x1b=1",
        "\x85=1",
        "\u202e=1",
    ),
    *(" -1+2", "\t-5", "-inf", "+nan", "-1_000", "-５", "'=1", "''=1", "' =1"),
]


@pytest.mark.parametrize("text", ["=1+1", "+1+cmd", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "-", *UNSEEN])
def test_what_could_be_a_formula_gets_an_apostrophe(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Webchat", "a=b", "-12.50", "+3", "1.5", "-.5e-3", "7=", " a", "' a", "x\n=1"])
def test_words_and_numbers_stay(text: str) -> None:
    assert harmless(text) == text


@given(st.text(st.sampled_from("'=+-@＝－ \t\n\u200b\ufeff\x0015.ea"), max_size=8))
def test_every_text_comes_back_as_it_was(text: str) -> None:
    assert as_it_was(harmless(text)) == text
