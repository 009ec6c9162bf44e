from __future__ import annotations

import pytest

from goals_tui.domain.spreadsheet import harmless


@pytest.mark.parametrize("text", ["=1+1", "+1+cmd", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "-"])
def test_what_could_be_a_formula_gets_an_apostrophe(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Webchat", "a=b", "-12.50", "+3", "1.5"])
def test_words_and_numbers_stay(text: str) -> None:
    assert harmless(text) == text
