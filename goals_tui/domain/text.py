"""Text that somebody typed, made safe to show: what nobody sees goes."""

from __future__ import annotations

import unicodedata

_JOINERS = "\u200c\u200d\ufe0e\ufe0f"
"""Characters that are not printable by themselves and yet belong to words and emoji."""

_OVERRIDES = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Direction overrides: right-to-left text needs none of them, and they can disguise a line."""


def clean_line(text: str) -> str:
    """A name as one printable line in Unicode's composed form (NFC): what nobody sees goes, white space is folded."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    if text.isprintable() and "  " not in text and not text.startswith(" ") and not text.endswith(" "):
        return text
    kept = "".join(c if c.isprintable() or c in _JOINERS else " " for c in text if c not in _OVERRIDES)
    return " ".join(kept.split())


def clean_text(text: str) -> str:
    """A longer text: line breaks and tabs stay, every other control character goes."""
    if text.isprintable():
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in text if c.isprintable() or c in "\n\t" or c in _JOINERS)
