"""The settings as rows: what they are called, what they are, what they mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from goals_tui.domain.errors import GoalsError
from goals_tui.domain.goal_rules import HIGHEST_MAX_STEPS
from goals_tui.services.features import MAX_STEPS, USE_GOALS

if TYPE_CHECKING:
    from goals_tui.services.context import Services
    from goals_tui.tui.config import Config

Kind = Literal["name", "currency", "time_zone", "theme", "keys", "fixed"]


@dataclass(frozen=True)
class Setting:
    """A row. `note` explains the value beside it, `about` explains the setting in the panel."""

    kind: Kind
    title: str
    value: str
    note: str
    about: str


def settings(services: Services, config: Config, theme: str) -> Iterator[Setting]:
    """Every setting as it is now, the project's first. Raises GoalsError where the project can't be read."""
    from goals_tui.services.currencies import list_currencies

    project = services.project.get()
    known = {currency.code: currency for currency in list_currencies()}
    currency = known.get(project.currency)
    explained = ""
    if currency:
        decimals = f"{currency.digits} decimals" if currency.digits else "no decimals"
        explained = f"{currency.name}, {currency.symbol}, {decimals}"
    yield Setting("name", "Project name", project.name, "", "What the project is called, in the title and in reports.")
    yield Setting(
        "currency", "Currency", project.currency, explained,
        "One currency for all cost savings and revenue of the project. Changing it converts no amount: 150.00 stays "
        "150.00, in the new currency.",
    )  # fmt: skip
    local = services.clock().astimezone(project.zone)
    yield Setting(
        "time_zone", "Time zone", project.time_zone, f"it is {local:%H:%M} there",
        "Where days begin and end in reports. Nothing that was tracked changes: only which day it belongs to.",
    )  # fmt: skip
    yield Setting("theme", "Theme", theme, "", "The colours of the app. The choice is kept in the configuration file.")
    yield Setting(
        "keys", "Keys", f"{len(config.keys)} changed" if config.keys else "default", "",
        "Every key can be changed in the configuration file, by the id of its action, and holds after a restart.",
    )  # fmt: skip
    yield from _flags(services)
    path = services.workspace.path
    yield Setting("fixed", "Workspace", str(path), "", "The folder with everything of this project. Back this one up.")
    yield Setting("fixed", "Goals and flows", str(path / "goals.json"), "", "Project, goals, flows and saved filters.")
    yield Setting("fixed", "Events", str(path / "events"), "", "What was tracked: appended lines and sealed parts.")
    yield Setting(
        "fixed", "Configuration", str(config.path or "not kept"), "", "Your theme and keys, for every project."
    )


def _place(where: str) -> str:
    """`values.yaml`, `the environment` or `the default`."""
    return "the default" if where == "default" else where.rpartition(" in ")[2]


def _said(where: str) -> str:
    return "" if where == "default" else f": now from {where}"


def _flags(services: Services) -> Iterator[Setting]:
    def steps() -> tuple[str, str]:
        features = services.features
        return str(features.max_steps), features.max_steps_from

    def goals() -> tuple[str, str]:
        on, said_by = services.switch
        return "on" if on else "off", said_by

    yield _flag(
        "Steps per goal", steps, "The most steps of one goal, the initial one included",
        f"Set {MAX_STEPS[0]} to up to {HIGHEST_MAX_STEPS} in the environment or in values.yaml to raise it, and "
        "restart.",
    )  # fmt: skip
    yield _flag(
        "Goals", goals, "Whether goals are shown",
        f"{USE_GOALS[0]}=true or false, in the environment or in values.yaml.",
    )  # fmt: skip


def _flag(title: str, read: Callable[[], tuple[str, str]], about: str, how: str) -> Setting:
    try:
        value, said_by = read()
    except GoalsError as error:
        # What is wrong is said where one looks for what is set.
        return Setting("fixed", title, "?", "can't be read", f"{error} {how}")
    return Setting("fixed", title, value, _place(said_by), f"{about}{_said(said_by)}. {how}")
