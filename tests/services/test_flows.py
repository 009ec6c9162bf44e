"""Flows: names, copies, and what happens when two edit one."""

from __future__ import annotations

import pytest

from goals_tui.domain.errors import ConflictError, NotFoundError, RefusedError
from goals_tui.domain.model import MAX_NAME
from goals_tui.domain.names import free_name
from goals_tui.services.context import Services, open_services
from tests.builders import flow, say
from tests.conftest import NOW


def test_names_are_one_for_each_flow_and_not_empty(services: Services) -> None:
    services.flows.create("Booking", "How it begins")
    with pytest.raises(RefusedError, match=r"There is a flow 'BOOKING' already\. Choose another name\."):
        services.flows.create("BOOKING")
    with pytest.raises(RefusedError, match="A flow needs a name") as refused:
        services.flows.create("  ")
    assert refused.value.field == "name"
    with pytest.raises(RefusedError, match="A flow needs a name"):
        services.flows.save(services.flows.get("Booking").model_copy(update={"name": "   "}))
    assert [one.name for one in services.flows.all()] == ["Booking"]


def test_a_flow_is_found_by_name_or_id_in_any_case(services: Services) -> None:
    saved = services.flows.create("Booking")
    assert services.flows.get(saved.id) == services.flows.get("booking ") == services.flows.get("Booking") == saved
    with pytest.raises(NotFoundError, match=r"There is no flow 'Bookin'\. Did you mean 'Booking'\?"):
        services.flows.get("Bookin")


def test_an_unknown_flow_where_there_are_none(services: Services) -> None:
    with pytest.raises(NotFoundError, match=r"There is no flow 'x'\. This project has no flows yet\."):
        services.flows.get("x")


def test_renaming_keeps_the_description_unless_told(services: Services) -> None:
    saved = services.flows.create("Booking", "How it begins")
    assert services.flows.rename(saved.id, " Reserve ").description == "How it begins"
    renamed = services.flows.rename(saved.id, "Reserve", "")
    assert (renamed.name, renamed.description, renamed.revision) == ("Reserve", "", 3)
    assert services.history.undo_label == "Rename flow 'Reserve'"


def test_copies_have_free_names_and_ids_of_their_own(services: Services) -> None:
    saved = services.flows.save(flow("Booking", say("hi"), say("ho")))
    names = [services.flows.duplicate(saved.id).name for _ in range(3)]
    assert names == ["Booking (2)", "Booking (3)", "Booking (4)"]
    ids = [node.id for one in services.flows.all() for node in one.walk()]
    assert len(set(ids)) == len(ids) == 8
    long = "x" * MAX_NAME
    assert free_name(long, [long]) == "x" * (MAX_NAME - 4) + " (2)"


def test_a_flow_that_was_changed_or_deleted_elsewhere_is_a_conflict(services: Services) -> None:
    mine = services.flows.create("Booking")
    other = open_services(services.workspace.path, clock=lambda: NOW, env={})
    theirs = other.flows.get("Booking")
    other.flows.save(theirs.model_copy(update={"nodes": (say("theirs"),)}))
    edited = mine.model_copy(update={"nodes": (say("mine"),), "description": "mine"})
    with pytest.raises(ConflictError, match=r"was changed elsewhere \(description, nodes\)") as conflict:
        services.flows.save(edited)
    assert conflict.value.changed == ("description", "nodes") and not conflict.value.deleted
    saved = services.flows.save(edited, overwrite=True)
    assert (saved.revision, services.flows.get("Booking")) == (3, saved)
    other.flows.delete(saved.id)
    with pytest.raises(ConflictError, match="was deleted elsewhere") as conflict:
        services.flows.save(saved)
    assert conflict.value.deleted
    assert services.flows.save(saved, overwrite=True).name == "Booking"


def test_a_deleted_flow_does_not_come_back_beside_another_one_of_its_name(services: Services) -> None:
    services.flows.delete(services.flows.create("Reserve").id)
    open_services(services.workspace.path, env={}).flows.create("reserve")
    with pytest.raises(ConflictError, match="another one has it now"):
        services.history.undo()
    assert [flow.name for flow in services.flows.all()] == ["reserve"]
