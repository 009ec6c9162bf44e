"""Protection of exported texts from spreadsheets, which run any text that looks like a formula."""

from __future__ import annotations

import re

_UNSEEN = (
    "\\x00-\\x20\\x7f-\\xa0\\xad\u034f\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\u3164"
    "\ufe00-\ufe0f\ufeff"
)
"""White space, control and zero-width characters, some of which each spreadsheet program ignores before a formula."""

_SIGNS = "=+\\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b"
"""The characters that begin a formula, with their full-width and small forms, which spreadsheets also accept."""

FORMULA = f"'*([\\t\\r\\n]|[{_UNSEEN}]*[{_SIGNS}])"
"""A pattern for the beginning of texts that get an apostrophe in front.

It matches possible formulas, and those that have an apostrophe already, so that `as_it_was` removes only what
`harmless` added.
"""

NUMBER = "[+\\-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+\\-]?[0-9]+)?"
"""A pattern for texts that are numbers and stay unchanged; it and FORMULA work in both Python and RE2 (DuckDB)."""

_FORMULA = re.compile(FORMULA)
_HARMLESS = re.compile(f"'{FORMULA}")
_NUMBER = re.compile(NUMBER)


def harmless(text: str) -> str:
    """Return a text that no spreadsheet runs: a possible formula gets an apostrophe in front, a number does not."""
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def as_it_was(text: str) -> str:
    """Return the text that `harmless` was called with."""
    return text[1:] if _HARMLESS.match(text) else text
