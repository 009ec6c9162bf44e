"""Comparison of names."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """Return the form of a name to compare: case is ignored, and `é` equals `e` with a combining accent."""
    if text.isascii():
        return text.casefold()
    # Case folding can change the normal form, so the text is normalised before and after.
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).casefold())
