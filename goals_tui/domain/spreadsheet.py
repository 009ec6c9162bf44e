"""Texts in tables for spreadsheets, which run what looks like a formula."""

from __future__ import annotations

import re

_UNSEEN = (
    "\\x00-\\x20\\x7f-\\xa0\\xad\u034f\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\u3164"
    "\ufe00-\ufe0f\ufeff"
)
"""White space, control characters and characters without a width: spreadsheets pass over some of them, each its own."""

_SIGNS = "=+\\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b"
"""What begins a formula, also in the full-width and small forms that spreadsheets take for the same."""

FORMULA = f"'*([\\t\\r\\n]|[{_UNSEEN}]*[{_SIGNS}])"
"""How a text begins that gets an apostrophe in front, as a pattern: what a spreadsheet may take for a formula, and what
looks as if it had its apostrophe already, so that `as_it_was` takes off nothing that was not put on."""

NUMBER = "[+\\-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+\\-]?[0-9]+)?"
"""A whole text that is a number, and stays one; like FORMULA in the syntax that Python and RE2 (DuckDB) share."""

_FORMULA = re.compile(FORMULA)
_HARMLESS = re.compile(f"'{FORMULA}")
_NUMBER = re.compile(NUMBER)


def harmless(text: str) -> str:
    """Return text that no spreadsheet runs: an apostrophe goes before what could be a formula. Numbers stay."""
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def as_it_was(text: str) -> str:
    """Return the text that `harmless` was given."""
    return text[1:] if _HARMLESS.match(text) else text
