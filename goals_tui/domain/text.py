"""Cleaning and quoting of text from users, to make it safe to show and to paste into a shell."""

from __future__ import annotations

import shlex
import unicodedata
from collections.abc import Iterable

_JOINERS = "\u200c\u200d\ufe0e\ufe0f"
"""Characters that are not printable but belong to words and emoji, and are kept."""

_OVERRIDES = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Direction overrides, which can disguise a line and which right-to-left text does not need."""


def clean_line(text: str) -> str:
    """Return text as one printable line in NFC, without invisible characters or repeated white space."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    if text.isprintable() and "  " not in text and not text.startswith(" ") and not text.endswith(" "):
        return text
    kept = "".join(c if _is_seen(c) else " " for c in text if c not in _OVERRIDES)
    return " ".join(kept.split())


def clean_text(text: str) -> str:
    """Return text without unprintable characters, except tabs and line breaks, which become `\\n`."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return "".join(c for c in text if _is_seen(c) or c in "\n\t")


def quoted(word: str) -> str:
    """Return a word quoted for a shell; unprintable characters are written as escapes in `$'...'`."""
    if all(map(_is_seen, word)):
        return shlex.quote(word)
    return "$'" + "".join(map(_escaped, word)) + "'"


def command_of(words: Iterable[str]) -> str:
    """Return words as one command line, each quoted for a shell."""
    return " ".join(map(quoted, words))


def _is_seen(character: str) -> bool:
    return character.isprintable() or character in _JOINERS


def _escaped(character: str) -> str:
    code = ord(character)
    if character in "\\'":
        return f"\\{character}"
    if _is_seen(character):
        return character
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a path that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
