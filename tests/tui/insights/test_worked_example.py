"""The worked example of the original's report: 62,616 cycles of six goals, 38 % completed, three kinds of bars."""

from __future__ import annotations

import json
from pathlib import Path

from goals_tui.domain.filters import Filters
from goals_tui.services.context import Services
from goals_tui.tui.charts.chart import Chart
from goals_tui.tui.charts.spec import Bars
from goals_tui.tui.insights.screen import InsightsScreen
from goals_tui.tui.insights.tiles import Tile
from tests.builders import goal, hex_id, uuid_of
from tests.tui.harness import press, running, screen_text

COMPLETED = {"01": 13667, "04": 3601, "05": 3425, "03": 1396, "02": 1358, "08": 99}
INCOMPLETE = {"01": 6640, "04": 3691, "05": 3573, "03": 3124, "02": 11687, "08": 0}
PARTIAL = {"01": 3229, "04": 3494, "05": 3632, "03": 0, "02": 0, "08": 0}


def write_events(path: Path) -> None:
    with path.open("w") as file:
        number = 0
        for name in COMPLETED:
            tracked = goal(f"Goal {name}", "Begin", "Halfway", "◎ Done")
            begin, halfway, done = (step.id for step in tracked.steps)
            kinds = ((COMPLETED, (begin, done)), (PARTIAL, (begin, halfway)), (INCOMPLETE, (begin,)))
            for counts, steps in kinds:
                for _ in range(counts[name]):
                    number += 1
                    for place, step_id in enumerate(steps):
                        record = {
                            "id": hex_id(f"{number} {place}"),
                            "version": tracked.version,
                            "timestamp": f"2026-11-{1 + number % 19:02d}T09:{number % 60:02d}:0{place}Z",
                            "goalCycleId": uuid_of(f"cycle {number}"),
                            "stepId": step_id,
                            "goalId": tracked.id,
                            "sessionId": f"session {number}",
                        }
                        file.write(json.dumps(record) + "\n")


async def test_38_percent_and_three_bars(services: Services, tmp_path: Path) -> None:
    with services.workspace.documents.transaction() as transaction:
        for name in COMPLETED:
            tracked = goal(f"Goal {name}", "Begin", "Halfway", "◎ Done")
            transaction.put("goals", tracked.id, tracked.model_dump(mode="json"))
    write_events(tmp_path / "GoalEvents.jsonl")
    services.imports.odata([tmp_path / "GoalEvents.jsonl"])
    async with running(services) as pilot:
        pilot.app.filters = Filters(span="all")
        await press(pilot, "3")
        screen = pilot.app.screen
        assert isinstance(screen, InsightsScreen)
        completed, partial, *_ = (tile.facts for tile in screen.query(Tile))
        assert (completed.number, completed.details[0]) == ("38 %", "23,546 of 62,616 cycles")
        assert (partial.number, partial.details[0]) == ("17 %", "10,355 of 62,616 cycles")
        spec = screen.query_one(Chart).spec
        assert isinstance(spec, Bars)
        assert spec.labels == tuple(f"Goal {name}" for name in COMPLETED), "most completed first, as in the original"
        assert [series.values for series in spec.series] == [
            tuple(counts.values()) for counts in (COMPLETED, PARTIAL, INCOMPLETE)
        ]
        text = screen_text(pilot.app)
        assert "38 %" in text
        assert "23,546 of 62,616" in text
        assert text.count("█") > 60
