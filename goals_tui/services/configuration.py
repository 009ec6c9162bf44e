"""Where the user's configuration is, and how it is replaced."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

CONFIG_VARIABLE = "GOALS_TUI_CONFIG"


def configuration_path(env: Mapping[str, str] | None = None) -> Path:
    """The TOML file with theme and keys: GOALS_TUI_CONFIG, else in the platform's configuration folder."""
    env = os.environ if env is None else env
    if env.get(CONFIG_VARIABLE):
        return Path(env[CONFIG_VARIABLE]).expanduser()
    import platformdirs

    return Path(platformdirs.user_config_dir("goals-tui", appauthor=False)) / "config.toml"


def write_configuration(path: Path, text: str) -> None:
    """Replace the file, or make it, with its folder; mode, group and link stay. Raises OSError."""
    from goals_tui.store.atomic import replacing

    path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path, private=False) as file:
        file.write_text(text, "utf-8", newline="")
