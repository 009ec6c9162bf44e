"""The URL of a log of events in an engine, and the table of engines (docs/engines.md)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from goals_tui.domain.errors import RefusedError, WrongValueError, nearest_names

if TYPE_CHECKING:
    from goals_tui.store.engines.engine import Engine
    from goals_tui.store.engines.table import EventTable

VARIABLE = "GOALS_TUI_EVENTS"
PASSWORD_VARIABLE = "GOALS_TUI_EVENTS_PASSWORD"
"""The environment variable with the password or token, which is never in a file or a URL."""

OTHER_SOURCES = (VARIABLE, "events in values.yaml")
"""The sources of the URL besides the command line."""


@dataclass(frozen=True)
class EngineKind:
    """An engine that URLs of a scheme refer to.

    `module` has the functions `open_engine` and `open_table`, both of an address and a password. It needs `packages`,
    which `pip install` brings in by the name `install`.
    """

    name: str
    module: str
    packages: tuple[str, ...]
    install: str
    example: str


KINDS = {
    "clickhouse": EngineKind(
        "ClickHouse",
        "goals_tui.store.engines.clickhouse",
        ("clickhouse_connect", "sqlglot"),
        "'goals-tui[clickhouse]'",
        "clickhouse://reader@host:8123/analytics?table=goal_events",
    ),
    "chdb": EngineKind(
        "ClickHouse",
        "goals_tui.store.engines.clickhouse",
        ("clickhouse_connect", "sqlglot", "chdb"),
        "'goals-tui[clickhouse]' chdb",
        "chdb:///data/ch/default?table=goal_events",
    ),
    "sc": EngineKind(
        "Spark",
        "goals_tui.store.engines.spark",
        ("pyspark", "sqlglot"),
        "'goals-tui[spark]'",
        "sc://host:15002?table=goal_events",
    ),
}
"""The engines by the scheme of their URLs."""

_OPTIONS = {"clickhouse": ("table",), "chdb": ("table",), "sc": ("table", "path", "use_ssl")}
_SECRETS = ("password", "token", "key", "secret")
_SHOWN = 200


@dataclass(frozen=True)
class Address:
    """A log of events in an engine: a table, or of Spark also a folder of Parquet. It holds no secret."""

    scheme: str
    host: str = ""
    port: int | None = None
    user: str = ""
    folder: str = ""
    """Of chdb: the folder of its data."""

    database: str = ""
    table: str = ""
    path: str = ""
    secure: bool = False

    @property
    def kind(self) -> EngineKind:
        """The engine that the scheme stands for."""
        return KINDS[self.scheme]

    @property
    def where(self) -> str:
        """The server or the folder of the engine, for people."""
        if self.scheme == "chdb":
            return self.folder
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}" if self.port else host

    @property
    def log(self) -> str:
        """The table or the folder of the events, for people."""
        return self.path or (f"{self.database}.{self.table}" if self.database else self.table)

    @property
    def title(self) -> str:
        """The engine and its table, for people."""
        return f"{self.kind.name} {self.where} {self.log}"

    @property
    def url(self) -> str:
        """The URL in its shortest form."""
        user = f"{quote(self.user, safe='')}@" if self.user else ""
        place = {"clickhouse": f"/{quote(self.database)}", "chdb": f"{quote(self.folder)}/{quote(self.database)}"}
        log = f"path={quote(self.path)}" if self.path else f"table={quote(self.table)}"
        ssl = "&use_ssl=true" if self.secure else ""
        where = "" if self.scheme == "chdb" else self.where
        return f"{self.scheme}://{user}{where}{place.get(self.scheme, '')}?{log}{ssl}"


def parse_address(url: str, source: str) -> Address:
    """Return the address that a URL means. `source` says for messages what gave it: an option, a variable, a file.

    Raises RefusedError for a malformed URL, and for one with a password, which the message doesn't show.
    """
    url = url.strip()
    error = RefusedError if source in OTHER_SOURCES else WrongValueError

    def refuse(why: str) -> RefusedError:
        return error(f"{source} is {hide_password(url)[:_SHOWN]!r}. {why}")

    examples = ", ".join(kind.example for kind in KINDS.values())
    scheme, separator, _ = url.partition("://")
    scheme = scheme.lower()
    if not separator or scheme not in KINDS:
        raise refuse(f"Write a URL such as {examples}.")
    example = f"Write a URL such as {KINDS[scheme].example}."
    try:
        parts = urlsplit(url)
        port = parts.port
        options = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        raise refuse(f"It can't be understood. {example}") from None
    if parts.password is not None or any(name.lower() in _SECRETS for name, _ in options) or ";token=" in url.lower():
        raise refuse(
            f"A password was in it, where others can read it. Take it out of the URL, and give it in the environment, "
            f"as {PASSWORD_VARIABLE}."
        )
    given: dict[str, str] = {}
    for name, value in options:
        if name not in _OPTIONS[scheme]:
            near = nearest_names(name, _OPTIONS[scheme], 1)
            raise refuse(f"It has no use for {name[:_SHOWN]!r}. " + (f"Did you mean {near[0]!r}?" if near else example))
        if name in given or not value.strip():
            raise refuse(f"It needs one value for {name!r}. {example}")
        given[name] = value
    if parts.fragment or _CONTROL.search(unquote(url)):
        raise refuse(f"It has characters that no URL of an engine has. {example}")
    if bool(given.get("table")) == bool(given.get("path")):
        raise refuse(f"Say where the events are: {' or '.join(_place(scheme))}. {example}")
    address = Address(
        scheme,
        host=parts.hostname or "",
        port=port,
        user=unquote(parts.username or ""),
        table=given.get("table", ""),
        path=given.get("path", ""),
    )
    folders = [unquote(folder) for folder in parts.path.split("/") if folder]
    if scheme == "chdb":
        if parts.netloc or not folders:
            raise refuse(f"After chdb: come three slashes and a folder. {example}")
        return _in_folder(address, folders)
    if not address.host:
        raise refuse(f"It names no host. {example}")
    if scheme == "clickhouse":
        if len(folders) > 1:
            raise refuse(f"After the host comes one name, that of the database. {example}")
        return replace(address, port=port or 8123, database=folders[0] if folders else "default")
    if folders:
        raise refuse(f"After the host comes ?table=… or ?path=…. {example}")
    if given.get("use_ssl", "false").lower() not in ("true", "false"):
        raise refuse("use_ssl is true or false.")
    return replace(address, port=port or 15002, secure=given.get("use_ssl", "").lower() == "true")


_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def _place(scheme: str) -> list[str]:
    return [f"?{name}=…" for name in ("table", "path") if name in _OPTIONS[scheme]]


def _in_folder(address: Address, folders: list[str]) -> Address:
    """Return the address of a folder of chdb: the last name is the database, unless the whole is such a folder."""
    whole = Path("/", *folders)
    if len(folders) == 1 or (whole / "metadata").is_dir():
        return replace(address, folder=str(whole), database="default")
    return replace(address, folder=str(whole.parent), database=folders[-1])


def hide_password(url: str) -> str:
    """Return the URL without the password or token that it may hold."""
    before, at, _ = url.partition("://")[2].partition("@")
    if at and ":" in before:
        # A password that isn't encoded may hold any character; the user's name ends at the first colon.
        host = url.rpartition("@")[2]
        url = f"{url[: url.index(before)]}{before.partition(':')[0]}@{host}"
    return re.sub(rf"(?i)([?&;])({'|'.join(_SECRETS)})=[^&;#]*", r"\1", url).rstrip("?&;")


def open_engine(address: Address, password: str | None) -> Engine:
    """Return the engine of an address. Raises RefusedError where a package is missing.

    It is asked for nothing yet.
    """
    engine: Engine = _module(address).open_engine(address, password)
    return engine


def open_table(address: Address, password: str | None) -> EventTable:
    """Connect to the table of an address, which need not exist yet.

    Raises RefusedError where a package is missing, UnreadableError where the engine can't be reached.
    """
    table: EventTable = _module(address).open_table(address, password)
    return table


def _module(address: Address) -> Any:
    kind = address.kind
    missing = [package for package in kind.packages if find_spec(package) is None]
    if missing:
        raise RefusedError(
            f"{address.scheme}:// needs {' and '.join(missing).replace('_', '-')}. Install with: "
            f"pip install {kind.install}"
        )
    return import_module(kind.module)


def no_table(address: Address) -> str:
    """Return the message that there is no such table or folder."""
    what = "folder of events" if address.path else "table"
    return (
        f"There is no {what} {address.log} in {address.kind.name} {address.where}. "
        f"`goals-tui events push` with this URL makes it: {address.url}"
    )
