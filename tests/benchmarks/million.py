"""A million events for benchmarks: as rows for the log, and as a JSON Lines file as the original system exports it."""

from __future__ import annotations

from pathlib import Path

import duckdb

from goals_tui.domain.event import FIELDS
from goals_tui.domain.goal import Goal

MILLION = 1_000_000

_ROWS = """
    SELECT md5('event' || n)[1:24] AS id, '{version}' AS "version",
           TIMESTAMP '2025-11-21' + to_milliseconds(n * 31000) AS "timestamp",
           CAST(CAST(md5('cycle' || n // 3) AS UUID) AS VARCHAR) AS "goalCycleId",
           ['{steps}'][1 + n % 3] AS "stepId", '{goal}' AS "goalId",
           'session-' || CAST(CAST(md5('session' || n // 3) AS UUID) AS VARCHAR) AS "sessionId",
           '5a91d194fde28b0011ce2422' AS "projectId", '5eb4a49d426cd3d05f2892a9' AS "organisationId",
           NULL AS "expiresAt", ['Deutsch', 'English', 'Español'][1 + n // 3 % 3] AS "localeName",
           '54faa593-e75e-4221-8e7b-ffefe55f67b7' AS "localeReferenceId",
           ['Webchat', 'WhatsApp', 'Voice'][1 + n // 9 % 3] AS "endpointName",
           ['webchat3', 'whatsapp', 'voice'][1 + n // 9 % 3] AS "endpointType",
           'c731c03b0caab9fca95ab333' AS "endpointUrlToken", 'webchat3' AS "channel", NULL AS "snapshotId",
           [NULL, 'Spring', 'Summer'][1 + n // 27 % 3] AS "snapshotName"
    FROM (SELECT range AS n FROM range({count}))
"""


def rows(goal: Goal, count: int = MILLION) -> str:
    """A query whose rows are events of the first three steps of a goal, with the columns FIELDS."""
    steps = "', '".join(step.id for step in goal.steps[:3])
    columns = ", ".join(f'"{name}"' for name in FIELDS)
    return f"SELECT {columns} FROM ({_ROWS.format(version=goal.version, goal=goal.id, steps=steps, count=count)})"


def export(goal: Goal, path: Path, count: int = MILLION) -> None:
    """The same as a file."""
    exported = (
        f'SELECT * REPLACE (strftime("timestamp", \'%Y-%m-%dT%H:%M:%S.%gZ\') AS "timestamp") FROM ({rows(goal, count)})'
    )
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({exported}) TO '{path}' (FORMAT json)")
