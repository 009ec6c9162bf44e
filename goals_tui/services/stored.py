"""Documents of goals.json as models. A document that is not valid is reported by name, with what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from goals_tui.domain.errors import UnreadableError
from goals_tui.domain.model import Model, reason
from goals_tui.domain.text import clean_line

Stored = TypeVar("Stored", bound=Model)


def parse(model: type[Stored], document: Mapping[str, Any]) -> Stored:
    """Return a document as a model. Raises UnreadableError for one that is not valid."""
    try:
        return model.model_validate(document)
    except (ValidationError, RecursionError) as error:
        why = reason(error) if isinstance(error, ValidationError) else "it is nested too deeply"
    raise unreadable(model, document, why)


def unreadable(model: type[Model], document: Mapping[str, Any], why: str) -> UnreadableError:
    """Return the error for a document that is not valid; `why` is a phrase."""
    name = clean_line(str(document.get("name") or document.get("id")))[:80]
    return UnreadableError(
        f"goals.json: the {model.__name__.lower()} {name!r} can't be read: {why}. "
        "Correct it there, or put a backup of goals.json in its place."
    )
