"""The base of all domain models: immutable, unknown fields refused, text and times normalised."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, PlainSerializer, ValidationError

from goals_tui.domain.text import clean_line, clean_text

MAX_NAME = 300
"""The longest name of a goal, step, flow, project or node, in characters."""

MAX_TEXT = 10_000
"""The longest description or spoken text, in characters."""


class Model(BaseModel):
    """Base class of immutable values; `model_copy(update=...)` makes changed copies."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, defer_build=True)


def _to_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"the time {moment.isoformat()} has no zone; write for example {moment.isoformat()}Z")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"the time {moment.isoformat()} can't be") from None


def format_instant(moment: datetime) -> str:
    """Return a moment as the event data writes it: `2026-10-01T08:00:00.000Z`, with microseconds only if needed."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    precision = "milliseconds" if moment.microsecond % 1000 == 0 else "microseconds"
    return moment.isoformat(timespec=precision).removesuffix("+00:00") + "Z"


Instant = Annotated[datetime, AfterValidator(_to_utc), PlainSerializer(format_instant, return_type=str)]
"""A moment, given with a zone and kept in UTC; other zones are used only for input and output."""


def reason(error: ValidationError) -> str:
    """Return the first error that pydantic found as a phrase: the field, and what is wrong with it."""
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
    # pydantic says "items" instead of characters if the text was cleaned before its length was checked.
    "too_long": "it has more than {max_length} characters",
    "too_short": "it is empty",
    "tuple_type": "it is not a list",
    "union_tag_invalid": "it is not one of the kinds that there are",
    "union_tag_not_found": "it says no kind",
}
"""Our messages for pydantic's types of errors."""


def _line(value: object) -> object:
    return clean_line(value) if isinstance(value, str) else value


def _text(value: object) -> object:
    return clean_text(value) if isinstance(value, str) else value


Line = Annotated[str, BeforeValidator(_line)]
"""One line of text, cleaned by `clean_line`."""

Text = Annotated[str, BeforeValidator(_text)]
"""Text of several lines, cleaned by `clean_text`."""
