"""Eight processes track, two edit, one seals, one reports and one checks: nothing is lost, doubled or half seen."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.faults.conftest import Patient
from tests.faults.jobs import OTHER
from tests.faults.server import Server, Task

NORMAL, LONG = 4.0, 20.0
"""Seconds."""


@pytest.mark.parametrize("seconds", [NORMAL, pytest.param(LONG, marks=pytest.mark.long)])
def test_many_at_once(server: Server, patient: Patient, seconds: float) -> None:
    before = patient.services.goals.get(OTHER)
    path, time = patient.path, {"seconds": seconds}
    tracking = [Task("track_for", path, {"name": f"tracker{number}", **time}) for number in range(8)]
    editing = [Task("edit_for", path, {"name": f"editor{number}", **time}) for number in range(2)]
    others = [Task(name, path, time) for name in ("seal_for", "report_for", "check_for")]
    found = server.run_all([*tracking, *editing, *others])
    assert [(one.error, one.crash, one.killed) for one in found] == [("", "", False)] * 13
    tracked, edited = [one.acknowledged[0] for one in found[:8]], [one.acknowledged[0] for one in found[8:10]]
    ((sealed,), reports, checks) = (one.acknowledged for one in found[10:])

    ids = [id_ for some in tracked for id_ in some]
    assert len(set(ids)) == len(ids) and min(map(len, tracked)) > 0
    assert patient.events() == dict.fromkeys(ids, 1)
    assert 0 < sealed <= len(ids)

    # No change of a goal is lost: each save made one revision, and every other one was named as a conflict.
    saved = sum(times for times, _conflicts in edited)
    assert saved > 0 and patient.services.goals.get(OTHER).revision == before.revision + saved

    # A cycle is tracked in one append: a report sees all of it or nothing, and never fewer than the one before.
    assert reports
    for started, completed, partial, incomplete, odd in reports:
        assert (completed, partial, incomplete, odd) == (started, 0, 0, 0)
    assert all(one[0] <= after[0] for one, after in pairwise(reports))
    # The check names work under way only, and no figure leaves out what is being sealed.
    assert checks
    assert {code for codes, _events, _torn in checks for code in codes} <= {"leftover"}
    assert [torn for _codes, _events, torn in checks] == [0] * len(checks)
    assert all(one[1] <= after[1] for one, after in pairwise(checks))
    # Parts that a report was reading when they were replaced are removed by the next work.
    patient.services.workspace.events.seal()
    patient.check(harmless=set())
    conflicts = sum(times for _saved, times in edited)
    print(f"{len(ids)} events, {saved} saves, {conflicts} conflicts, {len(reports)} reports, {len(checks)} checks")
