"""Sources: OData services of the original system that are read again and again (docs/command-line.md, *sync*).

A source is read from where it stopped the last time. Records that are known already are left out by their ids, so that
reading a span twice does no harm: the cursor is kept after the import has been committed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from goals_tui.domain.errors import NotFoundError, RefusedError
from goals_tui.domain.model import MAX_NAME
from goals_tui.domain.text import clean_line
from goals_tui.domain.words import fold
from goals_tui.format import plural
from goals_tui.services.imports.odata_goals import duration_unit as check_unit
from goals_tui.services.imports.result import ImportResult, Progress, silent
from goals_tui.services.odata_source import ACTIVITIES, EVENTS, GOALS, Client, Reading, Source
from goals_tui.services.stored import parse
from goals_tui.store.atomic import scratch_folder

if TYPE_CHECKING:
    from goals_tui.services.clock import Clock
    from goals_tui.services.history import History
    from goals_tui.services.imports.service import Imports
    from goals_tui.store.documents import Documents

KIND = "syncs"
_COMMANDS = ("add", "list", "remove", "run")


@dataclass
class Synced:
    """The result of reading a source: one import for each chunk, and why it ended early (empty if it did not)."""

    name: str
    imports: list[ImportResult] = field(default_factory=list)
    problem: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the numbers of all imports together, for JSON output."""
        names = ("goals_added", "goals_changed", "events_added", "events_known", "activities_added", "activities_known")
        return {
            "name": self.name,
            **{name: sum(getattr(result, name) for result in self.imports) for name in names},
            "left_out": sum(result.broken_total for result in self.imports),
            "problem": self.problem or None,
        }

    @property
    def left_out(self) -> bool:
        """True if records came that had to be left out."""
        return any(result.left_out for result in self.imports)

    def summary(self) -> str:
        """Return what came in, as a line for the user."""
        fields = self.as_json()
        new = [("goals_added", "goal"), ("events_added", "event"), ("activities_added", "activity")]
        came = [plural(fields[name], what) for name, what in new if fields[name]]
        if fields["goals_changed"]:
            came.append(f"{plural(fields['goals_changed'], 'goal')} changed")
        return f"{self.name}: {', '.join(came) or 'nothing new'}"


class Syncs:
    """The sources of a workspace. Reading them takes long: call `run` off the main thread."""

    def __init__(self, documents: Documents, history: History, imports: Callable[[], Imports], clock: Clock) -> None:
        self._documents = documents
        self._history = history
        self._imports = imports
        self._clock = clock

    def all(self) -> list[Source]:
        """Return the sources, by name."""
        found = [parse(Source, document) for document in self._documents.all(KIND).values()]
        return sorted(found, key=lambda source: source.id)

    def get(self, name: str) -> Source:
        """Return the source of this name. Raises NotFoundError."""
        sources = self.all()
        for source in sources:
            if source.id == fold(clean_line(name)):
                return source
        where = "Add one with: goals-tui sync add NAME URL --key-env VARIABLE." if not sources else ""
        raise NotFoundError("source", name, [source.name for source in sources], where=where)

    def add(
        self,
        name: str,
        url: str,
        *,
        key_env: str | None = None,
        activities: bool = False,
        duration_unit: str | None = None,
    ) -> Source:
        """Add a source.

        Raises RefusedError for a name that is taken, or a URL that can't be read or holds a key, WrongValueError for an
        unknown unit.
        """
        name = clean_line(name)
        if not name or len(name) > MAX_NAME:
            raise RefusedError(f"A source needs a name of at most {MAX_NAME} characters, such as Live.", field="name")
        if fold(name) in _COMMANDS:
            raise RefusedError(f"A source can't be called {name}, as a command is.", field="name")
        if key_env is not None and (not key_env or "=" in key_env or "\0" in key_env):
            raise RefusedError("--key-env takes the name of an environment variable, not the key.", field="key_env")
        if duration_unit is not None:
            check_unit(duration_unit)
        source = Source(
            id=fold(name),
            name=name,
            url=_checked(url, key_env),
            key_env=key_env,
            activities=activities,
            duration_unit=duration_unit,
        )
        with self._history.edit(f"Add source {name!r}") as edit:
            if edit.get(KIND, source.id) is not None:
                raise RefusedError(f"There is a source {name!r} already. Choose another name.", field="name")
            edit.keep(KIND, source.id, source.model_dump(mode="json"))
        return source

    def remove(self, name: str) -> Source:
        """Remove a source; what it brought stays. Raises NotFoundError."""
        source = self.get(name)
        with self._history.edit(f"Remove source {source.name!r}") as edit:
            edit.drop(KIND, source.id)
        return source

    def run(
        self,
        name: str,
        progress: Progress = silent,
        *,
        env: Mapping[str, str] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> Synced:
        """Read what is new at a source, and import it.

        If the source fails in the middle, what came before is imported and `problem` says why. An exception in
        `progress` ends it likewise, with nothing of the current chunk. Raises NotFoundError, RefusedError without the
        key, and the errors of an import.
        """
        source = self.get(name)
        key = None
        if source.key_env is not None:
            key = (os.environ if env is None else env).get(source.key_env)
            if not key:
                raise RefusedError(
                    f"The key of {source.name!r} is expected in the environment variable {source.key_env}, which is not"
                    " set.",
                    field="key_env",
                )
        client = Client(source, key, sleep)
        done = Synced(source.name)
        cursors = dict(source.cursors)
        wanted = [*GOALS, *EVENTS, *(ACTIVITIES if source.activities else ())]
        reading = Reading(client, cursors, wanted, progress)
        try:
            more = True
            while more:
                with scratch_folder() as folder:
                    more = reading.fill(folder)
                    done.problem = reading.problem
                    if reading.records:
                        result = self._imports().odata(
                            [folder],
                            duration_unit=source.duration_unit,
                            called=f"sync {source.name}",
                            progress=progress,
                        )
                        done.imports.append(result)
                self._keep(source, reading.reached, ended=not more and not reading.problem)
        finally:
            client.close()
        return done

    def _keep(self, source: Source, cursors: Mapping[str, datetime], *, ended: bool) -> None:
        with self._history.edit(f"Sync {source.name!r}") as edit:
            document = edit.get(KIND, source.id)
            if document is None:
                return  # it was removed meanwhile
            now = parse(Source, document)
            update: dict[str, Any] = {"cursors": {**now.cursors, **cursors}}
            if ended:
                update["last"] = self._clock()
            edit.keep(KIND, source.id, now.model_copy(update=update).model_dump(mode="json"))


def _checked(url: str, key_env: str | None) -> str:
    """Return the URL of a service without its last slash. Raises RefusedError."""
    example = "for example https://odata.example.com/v2.4"
    try:
        parts = urlsplit(url.strip())
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise RefusedError(f"{url!r} is not a URL. Give the address of the service, {example}.", field="url") from None
    if parts.scheme not in ("http", "https") or not host:
        raise RefusedError(f"{url!r} is no http or https address, {example}.", field="url")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise RefusedError(
            "The address must hold no user, key or query: give the service's address only, and the key with --key-env"
            " VARIABLE.",
            field="url",
        )
    if key_env is not None and parts.scheme == "http" and host not in ("localhost", "127.0.0.1", "::1"):
        raise RefusedError("A key is only sent over https. Give the https address of the service.", field="url")
    return urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/"), "", ""))
