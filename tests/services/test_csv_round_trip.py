"""`events export -o x.csv` and `import odata x.csv`: the events are the same, also where a cell was made harmless."""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goals_tui.domain.event import GoalEvent
from goals_tui.domain.ids import Ids
from goals_tui.domain.text import clean_line
from goals_tui.services.context import Services, create_workspace
from tests import builders
from tests.examples import examples

GOAL = builders.book_a_flight()
HOSTILE = st.text(st.sampled_from("'=+-@＝－\u200c,;\"C 1.eé"), min_size=1, max_size=6).map(clean_line).filter(bool)


def fresh(folder: Path) -> Services:
    return create_workspace(folder, name="Desk", ids=Ids(seed=1), env={})


def logged(services: Services) -> list[GoalEvent]:
    path = services.workspace.path / "all.jsonl"
    services.workspace.events.export(path)
    return [GoalEvent.model_validate_json(line) for line in path.read_text("utf-8").splitlines()]


@examples(6)
@given(texts=st.lists(st.tuples(HOSTILE, HOSTILE, HOSTILE, st.none() | HOSTILE), min_size=20, max_size=60))
def test_every_text_comes_back(texts: list[tuple[str, str, str, str | None]]) -> None:
    events = [
        builders.event(GOAL, "Flight selected", number=number, session=session, version=version).model_copy(
            update={"goal_cycle_id": cycle, "endpoint_name": endpoint}
        )
        for number, (session, version, cycle, endpoint) in enumerate(texts)
    ]
    with tempfile.TemporaryDirectory() as place:
        one, other = fresh(Path(place, "one")), fresh(Path(place, "other"))
        one.workspace.events.append(events)
        one.workspace.events.export(Path(place, "all.csv"))
        assert other.imports.odata([Path(place, "all.csv")]).broken_total == 0
        assert logged(other) == logged(one) == sorted(events, key=lambda event: event.id)


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        *(("-C", "'-C"), ("'-C", "''-C"), ("''=1", "'''=1"), ("'C", "'C"), ("5-C", "5-C")),
        *(("＝1", "'＝1"), ("\u200c=1", "'\u200c=1"), ("-1.5", "-1.5"), ("-1_0", "'-1_0"), ("-.5e3", "-.5e3")),
    ],
)
def test_what_a_spreadsheet_would_run_stays_guarded(services: Services, tmp_path: Path, text: str, cell: str) -> None:
    services.workspace.events.append([builders.event(GOAL, "Flight selected", session=text)])
    services.workspace.events.export(tmp_path / "all.csv")
    with (tmp_path / "all.csv").open(newline="") as file:
        [row] = csv.DictReader(file)
    assert row["sessionId"] == cell


def test_an_apostrophe_of_another_table_is_data(services: Services, tmp_path: Path) -> None:
    event = builders.event(GOAL, "Flight selected", session="'-C").model_dump(mode="json", by_alias=True)
    with (tmp_path / "theirs.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, [*event, "_id"])
        writer.writeheader()
        writer.writerow({**event, "_id": "1"})
    services.imports.odata([tmp_path / "theirs.csv"])
    assert [one.session_id for one in logged(services)] == ["'-C"]
