"""Logs of events in engines: filling them from the workspace's own log, and checking them (docs/engines.md)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from goals_tui.domain.errors import UnreadableError
from goals_tui.domain.filters import Filters, moment_in
from goals_tui.domain.report import Report
from goals_tui.format import plural
from goals_tui.store.engines.address import PASSWORD_VARIABLE, Address, open_engine, open_table, parse_address
from goals_tui.store.engines.local import LocalEngine
from goals_tui.store.engines.table import IdCounts, Pushed, compare_ids, push_missing

if TYPE_CHECKING:
    from goals_tui.services.clock import Clock
    from goals_tui.services.insights.service import Insights
    from goals_tui.services.project import ProjectService
    from goals_tui.store.engines.engine import Engine
    from goals_tui.store.events.log import EventLog

_WRITING = 0.05
"""The share of a push after which the first events are added: until then ids are compared."""


@dataclass(frozen=True)
class EngineCheck:
    """The outcome of a check of a log in an engine.

    `ids` are counts of ids here, in the workspace, and there. `differences` names the parts of the report over all time
    that differ; it is empty where they are equal, and None where they weren't compared.
    """

    title: str
    columns: tuple[str, ...]
    ids: IdCounts | None = None
    duplicates: tuple[int, int] | None = None
    differences: tuple[str, ...] | None = None

    @property
    def problems(self) -> list[str]:
        """The lines that say what is wrong; empty if a report can be had from the engine as from the workspace."""
        found = list(self.columns)
        if self.ids is not None and self.ids.only_here:
            found.append(
                f"{plural(self.ids.only_here, 'event')} of this workspace missing there: `events push` adds them."
            )
        if self.ids is not None and self.ids.only_there:
            found.append(f"{plural(self.ids.only_there, 'event')} there that this workspace does not have.")
        if self.differences:
            found.append(f"The report over all time differs in: {', '.join(self.differences)}.")
        return found

    def as_json(self) -> dict[str, Any]:
        """Return the check under the keys of docs/command-line.md."""
        return {
            "engine": self.title,
            "columns": "ok" if not self.columns else list(self.columns),
            "events": asdict(self.ids) if self.ids else None,
            "duplicates": dict(zip(("here", "there"), self.duplicates, strict=True)) if self.duplicates else None,
            "same_report": None if self.differences is None else not self.differences,
            "problems": self.problems,
        }


class EngineLogs:
    """The use cases. URLs are those of docs/engines.md; the password comes from the environment.

    `insights_of` makes Insights of the log of an engine, with a clock.
    """

    def __init__(
        self,
        log: EventLog,
        project: ProjectService,
        insights_of: Callable[[Engine, Clock], Insights],
        clock: Clock,
        env: Mapping[str, str],
    ) -> None:
        self._log = log
        self._project = project
        self._insights_of = insights_of
        self._clock = clock
        self._env = env

    def push(
        self, url: str, *, since: date | datetime | None = None, progress: Callable[[float, str], None] | None = None
    ) -> tuple[Address, Pushed]:
        """Add the events of the workspace that a log lacks, and return where and how many.

        It can be stopped and repeated. Raises RefusedError for a URL that can't be used, UnreadableError where the
        engine refuses.
        """
        address = parse_address(url, "The URL")

        def say(added: int, total: int) -> None:
            if progress is not None:
                share = _WRITING + (1 - _WRITING) * (added / total if total else 1.0)
                progress(share, f"{added:,} of {plural(total, 'event')}")

        start = None if since is None else moment_in(since, self._project.get().zone).astimezone(UTC)
        with contextlib.closing(open_table(address, self._password)) as table:
            return address, push_missing(self._log, table, start, say)

    def check(self, url: str) -> EngineCheck:
        """Compare a log in an engine with that of the workspace: columns, ids, duplicates, and the whole report.

        Raises RefusedError for a URL that can't be used, UnreadableError where the engine can't be asked.
        """
        address = parse_address(url, "The URL")
        log = self._log
        with contextlib.closing(open_table(address, self._password)) as table:
            problems = tuple(table.problems())
            if problems:
                return EngineCheck(address.title, problems)
            ids = compare_ids(log, table)
            duplicates_there = table.counts()[1]
        with log.connect() as connection:
            duplicates = (log.duplicate_events(connection), duplicates_there)
        try:
            differences = self._differences(open_engine(address, self._password))
        except UnreadableError as error:
            return EngineCheck(address.title, (str(error),), ids, duplicates)
        return EngineCheck(address.title, (), ids, duplicates, differences)

    @property
    def _password(self) -> str | None:
        return self._env.get(PASSWORD_VARIABLE)

    def _differences(self, engine: Engine) -> tuple[str, ...]:
        """Return the parts of the report over all time that an engine gives in another way."""
        now = self._clock()
        here, there = (
            self._insights_of(one, lambda: now).report(Filters(span="all", include_test=True))
            for one in (LocalEngine(self._log), engine)
        )
        names = [each.name for each in fields(Report) if each.name not in ("now", "health")]
        return tuple(name.replace("_", " ") for name in names if getattr(here, name) != getattr(there, name))
