"""What every model of the domain shares: immutable, nothing unknown let through, names checked one way."""

from __future__ import annotations

import os
import unicodedata
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, PlainSerializer, ValidationError

MAX_NAME = 300
"""The longest name of a goal, step, flow, project or node, in characters."""

MAX_TEXT = 10_000
"""The longest description or spoken text, in characters."""


class Model(BaseModel):
    """An immutable value; change it with `model_copy(update=...)`."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


def _to_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"the time {moment.isoformat()} has no zone; write for example {moment.isoformat()}Z")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"the time {moment.isoformat()} can't be") from None


def format_instant(moment: datetime) -> str:
    """An instant as the event data writes it: `2026-10-01T08:00:00.000Z`, finer only where it is finer."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    precision = "milliseconds" if moment.microsecond % 1000 == 0 else "microseconds"
    return moment.isoformat(timespec=precision).removesuffix("+00:00") + "Z"


Instant = Annotated[datetime, AfterValidator(_to_utc), PlainSerializer(format_instant, return_type=str)]
"""A moment with a zone, held in UTC (STYLE 13: zones appear at the edges only)."""


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


def reason(error: ValidationError) -> str:
    """The first of what pydantic found, as a phrase: where, and what is wrong there."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = clean_line(".".join(str(part) for part in first["loc"]))[:120]
    if first["type"] in _WRONG:
        message = _WRONG[first["type"]].format(**first.get("ctx", {}))
    else:
        message = clean_line(first["msg"]).removeprefix("Value error, ").removesuffix(".")[:300]
    return f"{where}: {message}" if where else message


_WRONG = {
    "bool_parsing": "it is neither true nor false",
    "bool_type": "it is neither true nor false",
    "datetime_from_date_parsing": "it is not a time",
    "datetime_parsing": "it is not a time",
    "datetime_type": "it is not a time",
    "decimal_parsing": "it is not a number",
    "decimal_type": "it is not a number",
    "dict_type": "it is not an object",
    "extra_forbidden": "there is no such key",
    "greater_than_equal": "it is less than {ge}",
    "int_from_float": "it is not a whole number",
    "int_parsing": "it is not a whole number",
    "int_type": "it is not a whole number",
    "less_than_equal": "it is more than {le}",
    "literal_error": "it is not {expected}",
    "missing": "it is missing",
    "model_type": "it is not an object",
    "string_pattern_mismatch": "it does not look as it should",
    "string_too_long": "it has more than {max_length} characters",
    "string_too_short": "it is empty",
    "string_type": "it is not text",
    # pydantic calls the characters of a text "items" where the text was cleaned before it was measured.
    "too_long": "it has more than {max_length} characters",
    "too_short": "it is empty",
    "tuple_type": "it is not a list",
    "union_tag_invalid": "it is not one of the kinds that there are",
    "union_tag_not_found": "it says no kind",
}
"""What is wrong, in our words, by pydantic's name for it."""

_JOINERS = "\u200c\u200d\ufe0e\ufe0f"
"""Characters that are not printable by themselves and yet belong to words and emoji."""

_OVERRIDES = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Direction overrides: right-to-left text needs none of them, and they can disguise a line."""


def _line(value: object) -> object:
    return clean_line(value) if isinstance(value, str) else value


def _text(value: object) -> object:
    return clean_text(value) if isinstance(value, str) else value


Line = Annotated[str, BeforeValidator(_line)]
"""One line of text that somebody typed."""

Text = Annotated[str, BeforeValidator(_text)]
"""Text of several lines that somebody typed."""


def _random_bits(count: int) -> int:
    # A third of the time that `secrets.randbits` takes, from the same source.
    return int.from_bytes(os.urandom(count // 8), "big")


class Ids:
    """Makes identifiers: random ones, or the same ones again for the same `seed`."""

    def __init__(self, seed: int | str | None = None) -> None:
        self._bits: Callable[[int], int] = _random_bits if seed is None else Random(seed).getrandbits

    def hex24(self) -> str:
        """24 hex digits: goals, steps, flows, nodes, events."""
        return f"{self._bits(96):024x}"

    def uuid(self) -> str:
        """A version 4 UUID: references, versions, cycles."""
        return str(uuid.UUID(int=self._bits(128), version=4))
