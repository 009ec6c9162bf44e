"""First start: location of the configuration and the default workspace, and settings for a new workspace."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import available_timezones

from goals_tui.domain.errors import GoalsError, RefusedError

PACKAGE_ENDING = ".zip"
_LOCAL_TIME = Path("/etc/localtime")


@dataclass(frozen=True)
class Start:
    """The outcome of the first start: the workspace to open, and a file to import there as a task."""

    path: Path
    brings: Path | None = None

    @property
    def brings_package(self) -> bool:
        """True if the file is a package, rather than event data of the original system."""
        return self.brings is not None and self.brings.suffix.casefold() == PACKAGE_ENDING


def is_missing(path: Path) -> bool:
    """Return whether `path` holds no workspace, nor remains of one."""
    return not any((path / name).exists() for name in ("goals.json", "goals.json.bak", "events"))


def demo_path(path: Path) -> Path:
    """Return the path of the demo, beside the workspace."""
    return path.parent / "goals-tui-demo"


def system_time_zone(env: Mapping[str, str] | None = None, local_time: Path = _LOCAL_TIME) -> str:
    """Return the IANA name of the system's time zone: from TZ, else from the target of /etc/localtime, else UTC."""
    env = os.environ if env is None else env
    parts = local_time.resolve().parts
    told = env.get("TZ", "").removeprefix(":")
    pointed = "/".join(parts[parts.index("zoneinfo") + 1 :]) if "zoneinfo" in parts else ""
    known = available_timezones()
    return next((name for name in (told, pointed) if name in known), "UTC")


def propose(brings: Path) -> tuple[str, str]:
    """Return a name and currency for a project that begins with this file.

    They are those of a package; otherwise the name is made from the file's name. Raises UnreadableError or RefusedError
    for a package that can't be read.
    """
    if brings.suffix.casefold() != PACKAGE_ENDING:
        return brings.stem.replace("_", " ").replace("-", " ").strip().capitalize(), "EUR"
    from goals_tui.store.package_file import PackageReader

    try:
        with PackageReader(brings) as package:
            return package.manifest.project.name, package.manifest.project.currency
    except RefusedError as error:
        raise RefusedError(f"{brings} can't be imported: {error}") from error


def why_not(name: str, currency: str, time_zone: str) -> tuple[str, str, str]:
    """Return what is wrong with each setting of a new project, empty text for a valid one."""
    from goals_tui.domain.project import zone
    from goals_tui.services.currencies import check_currency

    problems = ["" if name.strip() else "A project needs a name."]
    for check, value in ((check_currency, currency), (zone, time_zone)):
        try:
            check(value.strip())
        except GoalsError as error:
            problems.append(str(error))
        else:
            problems.append("")
    return problems[0], problems[1], problems[2]


CONFIG_VARIABLE = "GOALS_TUI_CONFIG"


def configuration_path(env: Mapping[str, str] | None = None) -> Path:
    """Return the TOML file with theme and keys: GOALS_TUI_CONFIG, else in the platform's configuration folder."""
    env = os.environ if env is None else env
    if env.get(CONFIG_VARIABLE):
        return Path(env[CONFIG_VARIABLE]).expanduser()
    import platformdirs

    return Path(platformdirs.user_config_dir("goals-tui", appauthor=False)) / "config.toml"


def write_configuration(path: Path, text: str) -> None:
    """Write the file, creating it and its folder if needed; mode, group and symbolic link are kept. Raises OSError."""
    from goals_tui.store.atomic import replacing

    path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path, private=False) as file:
        file.write_text(text, "utf-8", newline="")
