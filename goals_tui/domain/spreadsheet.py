"""Texts in CSV files: a spreadsheet runs what looks like a formula."""

from __future__ import annotations

import re

FORMULA = r"'*[=+\-@\t\r\n]"
"""How a text begins that gets an apostrophe in front, as a pattern: what a spreadsheet may take for a formula, and what
looks as if it had its apostrophe already, so that `as_it_was` takes off nothing that was not put on."""

_FORMULA = re.compile(FORMULA)
_HARMLESS = re.compile(f"'{FORMULA}")


def harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula: an apostrophe goes before what could be one. Numbers stay."""
    return f"'{text}" if _FORMULA.match(text) and not _is_number(text) else text


def as_it_was(text: str) -> str:
    """The text that `harmless` was given."""
    return text[1:] if _HARMLESS.match(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
