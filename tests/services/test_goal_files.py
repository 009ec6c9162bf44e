"""Goals as files: written, compared, applied; comments stay, mistakes have a line and a column."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from goals_tui.domain.activity import Trigger
from goals_tui.domain.errors import RefusedError, UnreadableError
from goals_tui.domain.event import source
from goals_tui.domain.goal import Goal, Step, problems
from goals_tui.domain.value import SuccessMetrics
from goals_tui.services.context import Services
from tests import builders
from tests.conftest import make_services
from tests.hostile.calm import calm, damaged, few

WEB = source("Webchat", "English", None, None)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "goals.yaml"


@pytest.fixture
def flight(services: Services) -> Goal:
    return save(services, builders.book_a_flight())


def save(services: Services, goal: Goal) -> Goal:
    return services.goals.save(goal.model_copy(update={"revision": 0}))


def export(services: Services, file: Path, *wanted: str) -> str:
    text, _ = services.goal_files.export(wanted, file)
    services.goal_files.write(file, text)
    return text


def test_the_canonical_form_is_read_by_any_yaml(services: Services, flight: Goal, file: Path) -> None:
    read = YAML(typ="safe", pure=True).load(export(services, file))
    assert read == {
        "goals": [
            {
                "name": "Book a Flight",
                "id": flight.id,
                "steps": [
                    {"name": "Flight selected", "id": flight.steps[0].id, "kind": "initial"},
                    {
                        "name": "Passenger information entered",
                        "id": flight.steps[1].id,
                        "cost_savings": "2.50",
                        "time_saved": "00:03:00",
                    },
                    {
                        "name": "Payment completed",
                        "id": flight.steps[2].id,
                        "kind": "completion",
                        "cost_savings": "12.50",
                        "revenue": "45.00",
                        "time_saved": "00:08:00",
                    },
                ],
            }
        ]
    }


goals_to_write = builders.goals().filter(lambda goal: not problems(goal, max_steps=20))


fields_of_triggers = st.fixed_dictionaries(
    {"kind": st.sampled_from(["user", "tool"])},
    optional={"name": st.sampled_from(["book_*", "true", "12", "# no"]), "text": st.sampled_from(["flight", "yes: é"])},
)


@pytest.mark.fuzz
@few
@given(
    goal=goals_to_write,
    description=st.text(max_size=60),
    target=st.sampled_from([None, "0.6", "1", "0.05"]),
    triggers=st.lists(fields_of_triggers, max_size=2, unique_by=str),
)
def test_what_was_exported_applies_to_nothing(
    tmp_path_factory: pytest.TempPathFactory, goal: Goal, description: str, target: str | None, triggers: list[object]
) -> None:
    folder = tmp_path_factory.mktemp("goals")
    services = make_services(folder / "workspace", currency="KWD")
    services.env = {"FEATURE_USE_GOALS_V2": "true", "FEATURE_USE_GOALS_V2__MAX_STEPS_PER_GOAL": "20"}
    fields = {**goal.model_dump(), "description": description}
    fields["steps"] = [{**fields["steps"][0], "triggers": triggers}, *fields["steps"][1:]]
    odd = Goal.model_validate(fields)
    saved = save(services, odd.model_copy(update={"target": Decimal(target) if target else None}))
    file = folder / "goals.yaml"
    text = export(services, file)
    assert services.goal_files.plan(file).differences == ()
    assert export(services, file) == text, "written twice, it is the same"
    assert services.goal_files.apply(file).differences == ()
    assert services.goals.get(saved.id) == saved
    empty = make_services(folder / "empty", currency="KWD")
    empty.env = services.env
    empty.goal_files.apply(file)
    apart = {"version", "revision", "reference_id", "created_at", "changed_at"}
    assert empty.goals.get(saved.id).model_dump(exclude=apart) == saved.model_dump(exclude=apart)


def test_triggers_are_in_the_file(services: Services, flight: Goal, file: Path) -> None:
    triggers = (Trigger(kind="tool", name="no"), Trigger(kind=None, name=None, text="3 bags"))
    saved = services.goals.save(changed(flight, 0, triggers=triggers))
    text = export(services, file)
    assert services.goal_files.plan(file).differences == ()
    assert services.goal_files.apply(file).differences == ()
    assert services.goals.get(saved.id).initial.triggers == triggers
    file.write_text(text.replace("name: Flight selected", "name: Flight selected  # mine"))
    saved = services.goals.save(changed(saved, 0, triggers=triggers[1:]))
    text = export(services, file)
    assert "# mine" in text and "tool" not in text and services.goal_files.plan(file).differences == ()
    services.goals.save(changed(saved, 0, triggers=()))
    assert "triggers" not in export(services, file)


def changed(goal: Goal, place: int, **update: object) -> Goal:
    steps = list(goal.steps)
    steps[place] = steps[place].model_copy(update=update)
    return goal.model_copy(update={"steps": tuple(steps)})


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda goal: goal.model_copy(update={"name": "Fly"}), "renamed from 'Fly' to 'Book a Flight'"),
        (lambda goal: goal.model_copy(update={"description": "x"}), "description changed"),
        (lambda goal: goal.model_copy(update={"target": Decimal("0.5")}), "target 0.5 to none"),
        (lambda goal: changed(goal, 1, name="Typed"), "step 'Typed' renamed to 'Passenger information entered'"),
        (lambda goal: changed(goal, 1, description="x"), "description of 'Passenger information entered' changed"),
        (
            lambda goal: changed(goal, 1, kind="completion"),
            "'Passenger information entered' is no completion step any more",
        ),
        (
            lambda goal: changed(goal, 2, metrics=SuccessMetrics(cost_savings=Decimal(15), revenue=Decimal(45))),
            "cost savings of 'Payment completed': 15.00 to 12.50 EUR",
        ),
        (
            lambda goal: changed(goal, 1, metrics=SuccessMetrics(cost_savings=Decimal("2.5"), time_saved_seconds=5)),
            "time saved of 'Passenger information entered': 5 s to 3 min",
        ),
        (
            lambda goal: goal.model_copy(update={"steps": (goal.steps[0], goal.steps[2])}),
            "step 'Passenger information entered' added (cost savings 2.50 EUR, time saved 3 min)",
        ),
        (
            lambda goal: goal.model_copy(
                update={"steps": (*goal.steps, Step(id=builders.hex_id("more"), name="Seat chosen"))}
            ),
            "step 'Seat chosen' deleted",
        ),
        (
            lambda goal: goal.model_copy(update={"steps": (goal.steps[0], goal.steps[2], goal.steps[1])}),
            "order: Flight selected, Passenger information entered, Payment completed",
        ),
    ],
)
def test_differences_are_said_in_the_words_of_the_product(
    services: Services, flight: Goal, file: Path, edit: Callable[[Goal], Goal], said: str
) -> None:
    export(services, file)
    services.goals.save(edit(services.goals.get(flight.id)))
    plan = services.goal_files.plan(file)
    assert said in plan.differences[0].changes
    services.goal_files.apply(file)
    assert services.goal_files.plan(file).differences == ()
    assert services.goals.get(flight.id).steps == flight.steps
    services.history.undo()
    assert said in services.goal_files.plan(file).differences[0].changes, "one undo takes it back"


def test_comments_and_order_of_a_person_survive(services: Services, flight: Goal, file: Path) -> None:
    save(services, builders.goal("Rebook", "● Asked", "◎ Rebooked"))
    file.write_text(
        "# ours\ngoals:\n"
        "  # the small one first\n"
        "  - name: Rebook  # since May\n"
        "    steps:\n"
        "      - {name: Asked, kind: initial}\n"
        "      - name: Rebooked\n"
        "        kind: completion\n"
        "        time_saved: 0s  # nothing yet\n"
        "  - name: book a flight\n"
        "    steps:\n"
        "      - name: Flight selected\n"
        "        kind: initial\n"
        "      - name: Payment completed  # money!\n"
        "        kind: completion\n"
        "        cost_savings: 12.5\n"
        "        revenue: 45\n"
        "        time_saved: 8m\n"
    )
    text = export(services, file)
    assert [line for line in text.splitlines() if "#" in line] == [
        "# ours",
        "  # the small one first",
        "  - name: Rebook  # since May",
        "        time_saved: 0s  # nothing yet",
        "      - name: Payment completed  # money!",
    ]
    assert "cost_savings: 12.5\n" in text and "time_saved: 8m\n" in text, "what says the same stays as it was written"
    assert text.index("Rebook") < text.index("Book a Flight")
    assert services.goal_files.plan(file).differences == ()


def test_goals_and_steps_without_ids_are_matched_by_name(services: Services, flight: Goal, file: Path) -> None:
    export(services, file)
    file.write_text("\n".join(line for line in file.read_text().splitlines() if "id: " not in line))
    assert services.goal_files.plan(file).differences == ()
    file.write_text(file.read_text().replace("Passenger information entered", "Traveller entered"))
    [difference] = services.goal_files.plan(file).differences
    assert difference.changes[0] == "step 'Passenger information entered' deleted"
    assert difference.changes[1].startswith("step 'Traveller entered' added")


def test_events_of_deleted_steps_stay_unless_their_number_is_confirmed(
    services: Services, flight: Goal, file: Path
) -> None:
    for place in range(3):
        services.tracking.track("session", flight.id, [flight.steps[place].id], source=WEB)
    export(services, file)
    text = file.read_text()
    start, end = text.index("      - name: Passenger"), text.index("      - name: Payment")
    file.write_text(text[:start] + text[end:])
    assert dict(services.goal_files.plan(file).events) == {flight.id: 1}
    with pytest.raises(RefusedError, match=r"This deletes 1 event\. To agree, add --confirm 1\."):
        services.goal_files.apply(file, delete_analytics=True, confirm=2)
    services.goal_files.apply(file)
    assert events(services) == 3
    services.history.undo()
    services.goal_files.apply(file, delete_analytics=True, confirm=1)
    assert events(services) == 2
    assert [step.name for step in services.goals.get(flight.id).steps] == ["Flight selected", "Payment completed"]


def test_pruning_never_takes_events_unasked(services: Services, flight: Goal, file: Path) -> None:
    rebook = save(services, builders.goal("Rebook", "● Asked", "◎ Rebooked"))
    services.tracking.track("session", rebook.id, [rebook.steps[0].id], source=WEB)
    export(services, file, "Book a Flight")
    assert services.goal_files.plan(file).not_in_file == ("Rebook",)
    assert services.goal_files.apply(file).differences == ()
    with pytest.raises(RefusedError, match=r"Deleting 'Rebook' takes 1 event with it"):
        services.goal_files.apply(file, prune=True)
    services.goal_files.apply(file, prune=True, delete_analytics=True, confirm=1)
    assert [goal.name for goal in services.goals.all()] == ["Book a Flight"]
    assert events(services) == 0


def test_goals_can_swap_their_names(services: Services, flight: Goal, file: Path) -> None:
    save(services, builders.goal("Rebook", "● Asked", "◎ Rebooked"))
    export(services, file)
    text = file.read_text().replace("name: Rebook\n", "name: X\n").replace("name: Book a Flight", "name: Rebook")
    file.write_text(text.replace("name: X\n", "name: Book a Flight\n"))
    services.goal_files.apply(file)
    assert services.goals.get("Rebook").id == flight.id


STEPS = "    steps:\n      - {name: A, kind: initial}\n      - {name: B, kind: completion}\n"


@pytest.mark.parametrize(
    ("text", "where", "why"),
    [
        ("goals: [", "line 1, column 9", "not YAML"),
        ("goal: []", "line 1, column 1", "Did you mean 'goals'?"),
        ("- a", "line 1, column 1", "key: value"),
        (f"goals:\n  - name: X\n    nmae: Y\n{STEPS}", "line 3, column 5", "Did you mean 'name'?"),
        (f"goals:\n  - name: X\n    name: Y\n{STEPS}", "line 3, column 5", "stands twice"),
        (f"goals:\n  - name: X\n{STEPS}  - name: x\n{STEPS}", "line 6, column 5", "stands in line 2 already"),
        ("goals:\n  - name: X\n    steps: []\n", "line 2, column 5", "can't be saved"),
        (f"goals:\n  - name: X\n    id: abc\n{STEPS}", "line 3, column 9", "no id"),
        (f"goals:\n  - &a\n    name: X\n{STEPS}", "line 2", "anchor"),
        (f"goals:\n  - name: !x X\n{STEPS}", "line 2, column 11", "tag"),
        (f"goals:\n  - name: X\n    target: 60\n{STEPS}", "line 3, column 13", "completion rate"),
        (
            "goals:\n  - name: X\n    steps:\n      - {name: A, kind: initial}\n      - {name: B, kind: end}\n",
            "line 5, column 25",
            "no kind of step",
        ),
        (
            "goals:\n  - name: X\n    steps:\n      - {name: A, kind: initial}\n"
            "      - name: B\n        kind: completion\n        cost_savings: 1.234\n",
            "line 7, column 23",
            "too many decimals",
        ),
        (
            "goals:\n  - name: X\n    steps:\n      - {name: A, kind: initial}\n"
            "      - name: B\n        kind: completion\n        time_saved: 90\n",
            "line 7, column 21",
            "has no unit",
        ),
    ],
)
def test_a_mistake_is_named_with_its_place_and_nothing_is_changed(
    services: Services, flight: Goal, file: Path, text: str, where: str, why: str
) -> None:
    file.write_text(text)
    with pytest.raises(UnreadableError) as caught:
        services.goal_files.apply(file)
    assert where in str(caught.value) and why in str(caught.value), str(caught.value)
    assert services.goals.all() == [flight]


CONTENT = (
    b"goals:\n  - name: Book a Flight\n    id: 000000000000000000000001\n    target: 0.6\n    steps:\n"
    b"      - name: Asked\n        kind: initial\n      - name: Paid\n        kind: completion\n"
    b'        cost_savings: "15.00"\n        time_saved: 00:05:00\n'
)
ODD = [
    b"",
    b"\x00",
    b"\xff\xfe",
    b"goals: &a [*a]",
    b"goals: !!python/object/apply:os.system ['true']",
    b'goals: "\\UFFFFFFFF"',
    b"[" * 20_000,
    b"goals:\n" + b"- " * 20_000,
    b"goals: {a: " * 5_000,
    b"? [a]\n: b",
    b"goals:\n  - name: \x1b[31m\n",
    b"goals:\n  - {name: A, steps: [{name: B, kind: initial}, {name: C, kind: completion, revenue: 1e99}]}",
    b"--- a\n--- b",
]


@few
@given(content=st.one_of(st.sampled_from(ODD), damaged(CONTENT), st.binary(max_size=80)))
def test_hostile_files(services: Services, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "goals.yaml"
    file.write_bytes(content)
    calm(lambda: services.goal_files.plan(file))
    calm(lambda: services.goal_files.export([], file))


def events(services: Services) -> int:
    with services.workspace.events.connect() as connection:
        [(count,)] = connection.execute("SELECT count(*) FROM events").fetchall()
    return int(count)
