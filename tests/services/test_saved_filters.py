"""Filters under a name: saved, found, replaced, deleted, undone."""

from __future__ import annotations

import pytest

from goals_tui.domain.errors import NotFoundError, RefusedError
from goals_tui.domain.filters import Choice, Filters
from goals_tui.services.context import Services

OCTOBER = Filters(span="custom", since="2026-10-01", until="2026-10-31", endpoints=Choice(values=("Webchat",)))


def test_saved_filters_come_back_as_they_were(services: Services) -> None:
    services.filters.save("October [/foo]", OCTOBER)
    services.filters.save("Everything", Filters(span="all"))
    assert [saved.name for saved in services.filters.all()] == ["Everything", "October [/foo]"]
    assert services.filters.get("october [/FOO]") == OCTOBER


def test_saving_under_the_same_name_replaces(services: Services) -> None:
    first = services.filters.save("Mine", OCTOBER)
    second = services.filters.save("MINE", Filters())
    assert (second.id, second.revision) == (first.id, first.revision + 1)
    assert services.filters.get("mine") == Filters()


def test_saving_and_deleting_can_be_undone(services: Services) -> None:
    services.filters.save("Mine", OCTOBER)
    services.filters.delete("Mine")
    assert services.history.undo() == "Delete filters 'Mine'"
    assert services.filters.get("Mine") == OCTOBER
    assert services.history.undo() == "Save filters 'Mine'"
    assert services.filters.all() == []


@pytest.mark.parametrize(("name", "message"), [("  ", "need a name"), ("x" * 301, "301 characters long, 300 at most")])
def test_names_that_are_refused(name: str, message: str, services: Services) -> None:
    with pytest.raises(RefusedError, match=message):
        services.filters.save(name, OCTOBER)


def test_an_unknown_name_is_answered_with_the_nearest(services: Services) -> None:
    services.filters.save("October", OCTOBER)
    with pytest.raises(NotFoundError, match="Did you mean 'October'"):
        services.filters.get("Octobre")
    with pytest.raises(NotFoundError):
        services.filters.delete("Octobre")


def test_filters_of_a_later_version_are_passed_over(services: Services) -> None:
    with services.workspace.documents.transaction() as transaction:
        transaction.put("saved_filters", "a" * 24, {"id": "a" * 24, "name": "Later", "filters": {"moon": "full"}})
    assert services.filters.all() == []
