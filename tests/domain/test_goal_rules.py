from __future__ import annotations

import pytest
from hypothesis import given

from goals_tui.domain.errors import NotFoundError
from goals_tui.domain.goal import (
    Goal,
    Step,
    changed_fields,
    problems,
    same_definition,
    step_name_problems,
    why_not_delete,
)
from goals_tui.domain.value import SuccessMetrics
from tests.builders import book_a_flight, goal, goals, hex_id, step

BOOK = book_a_flight()


def messages(made: Goal, **options: object) -> list[tuple[str, str]]:
    return [(problem.field, problem.message) for problem in problems(made, **options)]  # type: ignore[arg-type]  # keywords


def with_steps(*steps: Step) -> Goal:
    return BOOK.model_copy(update={"steps": steps})


def test_the_seeds_goal_may_be_saved() -> None:
    assert problems(BOOK) == []


@given(made=goals())
def test_random_goals_may_be_saved(made: Goal) -> None:
    assert problems(made) == []
    assert Goal.model_validate_json(made.model_dump_json()) == made


INITIAL, FURTHER, LAST = BOOK.steps


@pytest.mark.parametrize(
    ("made", "field", "message"),
    [
        (
            BOOK.model_copy(update={"name": ""}),
            "name",
            "The goal needs a name.",
        ),
        (with_steps(), "initial.name", "A goal begins with exactly one initial step. Add it first."),
        (with_steps(LAST), "initial.name", "A goal begins with exactly one initial step. Add it first."),
        (with_steps(INITIAL.model_copy(update={"name": ""}), LAST), "initial.name", "The initial step needs a name."),
        (
            with_steps(INITIAL.model_copy(update={"metrics": SuccessMetrics(cost_savings=1)}), LAST),
            "step.metrics",
            "The initial step has no success metrics.",
        ),
        (
            with_steps(INITIAL, step("Another", "initial"), LAST),
            "steps",
            "A goal has exactly one initial step, and it comes first.",
        ),
        (with_steps(INITIAL), "steps", "Add at least one step: the one that completes the goal."),
        (
            with_steps(INITIAL, FURTHER),
            "steps",
            "The only step must be a completion step. Mark the one that achieves the goal.",
        ),
        (
            with_steps(INITIAL, FURTHER, step("More")),
            "steps",
            "At least one step must be a completion step. Mark the one that achieves the goal.",
        ),
        (with_steps(INITIAL, LAST.model_copy(update={"name": ""})), "step.name", "A step needs a name."),
        # No text of a form, but what a program may hand over: it would be read as an empty name.
        (BOOK.model_copy(update={"name": " \t "}), "name", "The goal needs a name."),
        (
            with_steps(INITIAL.model_copy(update={"name": "  "}), LAST),
            "initial.name",
            "The initial step needs a name.",
        ),
        (with_steps(INITIAL, LAST.model_copy(update={"name": " "})), "step.name", "A step needs a name."),
        (
            with_steps(INITIAL, LAST, LAST.model_copy(update={"id": hex_id("x"), "name": "payment COMPLETED"})),
            "step.name",
            "The goal has a step 'Payment completed' already. Choose another name.",
        ),
        (
            with_steps(INITIAL, LAST.model_copy(update={"name": INITIAL.name})),
            "step.name",
            "The goal has a step 'Flight selected' already. Choose another name.",
        ),
        (
            with_steps(INITIAL, LAST, FURTHER.model_copy(update={"id": LAST.id})),
            "steps",
            "Two steps have the same id. Delete one of them and add it again.",
        ),
    ],
)
def test_what_keeps_a_goal_from_being_saved(made: Goal, field: str, message: str) -> None:
    assert (field, message) in messages(made)


def test_names_of_goals_are_unique() -> None:
    assert messages(BOOK, taken_names=["Help", "BOOK A FLIGHT"]) == [
        ("name", "There is a goal 'Book a Flight' already. Choose another name.")
    ]


def test_the_limit_of_steps() -> None:
    eleven = goal("G", "Start", *(f"Step {n}" for n in range(9)), "◎End")
    assert messages(eleven) == [
        (
            "steps",
            "A goal has at most 10 steps, the initial one included; this one has 11. "
            "Set FEATURE_USE_GOALS_V2__MAX_STEPS_PER_GOAL (up to 20) to raise the limit.",
        )
    ]
    assert messages(eleven, max_steps=11) == []
    assert messages(goal("G", "Start", *(f"Step {n}" for n in range(19)), "◎End"), max_steps=20)[0][1].endswith(
        "this one has 21. Delete a step, or split the goal."
    )


def test_which_steps_can_be_deleted() -> None:
    assert why_not_delete(BOOK, FURTHER.id) is None
    assert why_not_delete(BOOK, INITIAL.id) == (
        "The initial step can't be deleted: the goal is activated by it. Rename it instead."
    )
    assert why_not_delete(BOOK, LAST.id) == (
        "'Payment completed' is the only completion step. Mark another step as a completion step first."
    )
    assert why_not_delete(with_steps(INITIAL, LAST), LAST.id) == (
        "'Payment completed' is the last remaining step. Add another one before you delete it."
    )
    assert why_not_delete(with_steps(INITIAL, LAST, step("Too", "completion")), LAST.id) is None


def test_names_are_judged_one_by_one_too() -> None:
    assert step_name_problems(FURTHER, False) == []
    assert step_name_problems(FURTHER, True)[0].step_id == FURTHER.id


def test_steps_are_found_by_id_and_name() -> None:
    assert BOOK.step(LAST.id) == BOOK.step("Payment completed") == BOOK.step(" payment COMPLETED ") == LAST
    with pytest.raises(NotFoundError, match="There is no step of the goal 'Book a Flight' called 'Payment'"):
        BOOK.step("Payment")


def test_steps_stand_in_the_goals_order() -> None:
    assert BOOK.in_order([LAST.id, "gone", INITIAL.id, LAST.id]) == (INITIAL.id, LAST.id, "gone")
    assert BOOK.order_of("gone") == 3
    assert [s.glyph for s in BOOK.steps] == ["●", "○", "◎"]


def test_changes_in_words() -> None:
    later = BOOK.model_copy(
        update={
            "name": "Book",
            "description": "d",
            "steps": (INITIAL, LAST.model_copy(update={"description": "d"}), step("New")),
            "version": goal("other").version,
        }
    )
    assert list(changed_fields(BOOK, later)) == [
        "name",
        "description",
        "step 'New' added",
        "step 'Passenger information entered' deleted",
        "step 'Payment completed'",
    ]
    assert list(changed_fields(BOOK, with_steps(INITIAL, LAST, FURTHER))) == ["order of the steps"]
    assert same_definition(BOOK, BOOK.model_copy(update={"version": goal("other").version, "revision": 9}))
    assert not same_definition(BOOK, later)
