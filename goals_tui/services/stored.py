"""Documents of goals.json as models. One that is not as we write it is named, with what is wrong in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from goals_tui.domain.errors import UnreadableError
from goals_tui.domain.model import Model, reason
from goals_tui.domain.text import clean_line

Stored = TypeVar("Stored", bound=Model)


def parse(model: type[Stored], document: Mapping[str, Any]) -> Stored:
    """The document as a Goal, Flow, Project or Task. Raises UnreadableError for one that somebody changed wrongly."""
    try:
        return model.model_validate(document)
    except (ValidationError, RecursionError) as error:
        why = reason(error) if isinstance(error, ValidationError) else "it is nested too deeply"
    raise unreadable(model, document, why)


def unreadable(model: type[Model], document: Mapping[str, Any], why: str) -> UnreadableError:
    """The error for a document that is not as we write it; `why` is a phrase."""
    name = clean_line(str(document.get("name") or document.get("id")))[:80]
    return UnreadableError(
        f"goals.json: the {model.__name__.lower()} {name!r} can't be read: {why}. "
        "Correct it there, or put a backup of goals.json in its place."
    )
