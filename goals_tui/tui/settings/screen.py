"""The Settings screen, and the settings that it lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from goals_tui.domain.errors import ConflictError, GoalsError
from goals_tui.domain.limits import HIGHEST_MAX_STEPS
from goals_tui.format import minute_of_day, plural
from goals_tui.services.features import MAX_STEPS, USE_GOALS
from goals_tui.tui.app.actions import bindings, key_names, registry
from goals_tui.tui.app.base import STAYS_SECONDS
from goals_tui.tui.app.choose import Choose, Option
from goals_tui.tui.app.dialogs import Answer, Ask, AskText
from goals_tui.tui.app.screen import ScreenFrame
from goals_tui.tui.widgets.columns import Column
from goals_tui.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from goals_tui.domain.project import Project
    from goals_tui.services.context import Services
    from goals_tui.services.engine_logs import EngineCheck
    from goals_tui.tui.app.config import Config

Kind = Literal["name", "currency", "time_zone", "retention", "theme", "keys", "source", "engine", "fixed"]


@dataclass(frozen=True)
class Setting:
    """A row of the Settings screen. `note` explains the value, `about` explains the setting in the side panel."""

    kind: Kind
    title: str
    value: str
    note: str
    about: str


def settings(services: Services, config: Config, theme: str) -> Iterator[Setting]:
    """Yield all settings with their current values, those of the project first.

    Raise GoalsError if the project can't be read.
    """
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
    yield from _sources(services)
    days = project.retention_days
    yield Setting(
        "retention", "Retention", plural(days, "day") if days else "off",
        "" if days else "everything is kept",
        "How long events and activities are kept. Older ones, and events past their own expiry, are deleted when the "
        "log is sealed next, or by `goals-tui events expire`. That can't be undone.",
    )  # fmt: skip
    path = services.path
    yield Setting("fixed", "Workspace", str(path), "", "The folder with everything of this project. Back this one up.")
    yield Setting("fixed", "Goals and flows", str(path / "goals.json"), "", "Project, goals, flows and saved filters.")
    yield _events(services)
    yield Setting(
        "fixed", "Configuration", str(config.path or "not kept"), "", "Your theme and keys, for every project."
    )


def _sources(services: Services) -> Iterator[Setting]:
    sources = services.syncs.all()
    add = "A source is an OData service of the original system. Add one with: goals-tui sync add NAME URL."
    if not sources:
        yield Setting("fixed", "Sources", "none", "", add)
    for source in sources:
        last = "read in part" if source.cursors else "not read yet"
        if source.last is not None:
            zone = services.project.get().zone
            last = f"read {minute_of_day(source.last.astimezone(zone))}"
        key = f" Its key is expected in the environment variable {source.key_env}." if source.key_env else ""
        yield Setting("source", source.name, source.url, last, f"Read what is new, as a task.{key} {add}")


def _events(services: Services) -> Setting:
    if not services.engine_title:
        path = str(services.path / "events")
        return Setting("fixed", "Events", path, "", "What was tracked: appended lines and sealed parts.")
    address, source = services.events_at
    assert address is not None
    return Setting(
        "engine", "Events", address.url, f"from {source}",
        "The engine that holds what was tracked. It is read only: nothing is tracked or deleted there. Enter compares "
        "it with the workspace's own log, as `goals-tui events check` does.",
    )  # fmt: skip


def _place(where: str) -> str:
    """Return the source of a flag, such as "values.yaml", "the environment" or "the default"."""
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
        # Show the error in the row of the flag, where the user looks for its value.
        return Setting("fixed", title, "?", "can't be read", f"{error} {how}")
    return Setting("fixed", title, value, _place(said_by), f"{about}{_said(said_by)}. {how}")


HELP = """
Name, currency, time zone and retention belong to the **project** and hold for everybody who opens it. Theme and keys
are **yours** and are kept in your configuration file. The limit of steps comes from a feature flag.
"""
COLUMNS = (Column("Setting", 16), Column("Value", 22, share=3), Column("", 22, share=1, drop=1))


class SettingsScreen(ScreenFrame[None]):
    """The screen that lists the settings and explains the chosen one."""

    AREA = CONTEXT = "settings"
    HELP = HELP
    BINDINGS = bindings("settings")
    AUTO_FOCUS = "#settings"
    DEFAULT_CSS = """
    SettingsScreen #settings { width: 3fr; }
    SettingsScreen #about { width: 2fr; min-width: 28; margin-left: 2; padding: 0 1 0 2; scrollbar-size-vertical: 1;
        scrollbar-gutter: stable; border-left: vkey $border-blurred; }
    SettingsScreen #about-text { padding-right: 1; }
    SettingsScreen #about:focus { border-left: outer $primary; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Setting] = []

    def compose_body(self) -> ComposeResult:
        with Horizontal():
            yield VirtualList(COLUMNS, id="settings")
            with VerticalScroll(id="about"):
                yield Static("", id="about-text", markup=False)

    def on_mount(self) -> None:
        self.place = "Settings"

    def show_data(self) -> None:
        """Read the settings and show them."""
        app = self.goals_app
        read = self.attempt(lambda: list(settings(self.services, app.config, app.theme)))
        self.rows = read or []
        self.query_one(VirtualList).show(len(self.rows), self._cells)

    def _cells(self, index: int) -> list[Content]:
        row = self.rows[index]
        fixed = row.kind == "fixed"
        value = Content.styled(row.value, "$quiet") if fixed else Content(row.value)
        return [Content(row.title), value, Content.styled(row.note, "$quiet")]

    @property
    def chosen(self) -> Setting | None:
        """The setting with the cursor, or None if there is none."""
        cursor = self.query_one(VirtualList).cursor
        return self.rows[cursor] if cursor < len(self.rows) else None

    @on(VirtualList.Highlighted, "#settings")
    def _show_about(self) -> None:
        row = self.chosen
        if row is None:
            return
        parts = [Content.styled(row.title, "bold $primary"), Content(row.value)]
        if row.note:
            parts.append(Content.styled(row.note, "$quiet"))
        parts += [Content(""), Content(row.about)]
        if row.kind == "keys":
            parts += self._keys()
        self.query_one("#about-text", Static).update(Content("\n").join(parts))
        self.refresh_bindings()

    def _keys(self) -> list[Content]:
        keymap, lines, group = self.goals_app.config.keys, [], ""
        for action in registry():
            if action.group != group:
                group = action.group
                lines.append(Content.styled(f"\n{group}", "bold $primary"))
            keys = key_names(keymap.get(action.id, action.keys)) or "palette"
            lines.append(Content.assemble((keys, "bold"), f"  {action.description}", (f"\n  {action.id}", "$quiet")))
        return lines

    # -- actions

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable changing flags and paths, which are set elsewhere."""
        if not self.is_mounted:
            return True
        row = self.chosen
        if action == "change":
            return row is not None and row.kind != "fixed" and not self.query_one("#about").has_focus
        if action == "back":
            return self.query_one("#about").has_focus
        return row is not None if action == "copy" else True

    @on(VirtualList.Selected, "#settings")
    @work
    async def action_change(self) -> None:
        """Change the chosen setting."""
        row = self.chosen
        if row is None:
            return
        if row.kind == "fixed":
            self.notify(row.about)
        elif row.kind == "engine":
            self.notify("Comparing the events…")
            self.load("check", lambda: self.services.engine_logs.check(row.value), self._say_checked)
        elif row.kind == "keys":
            self.query_one("#about").focus()
            self.refresh_bindings()
        elif row.kind == "source":
            from goals_tui.services.tasks.start import sync

            await self.change("Starting the task", lambda: sync(self.services, row.title))
        elif row.kind == "theme":
            from goals_tui.tui.app.theme_choice import choose_theme

            await choose_theme(self.goals_app)
            self.show_data()
        else:
            change = {
                "name": self._rename,
                "currency": self._currency,
                "time_zone": self._time_zone,
                "retention": self._retention,
            }
            await change[row.kind]()

    def _say_checked(self, check: EngineCheck) -> None:
        for problem in check.problems:
            self.notify(problem, severity="warning", timeout=STAYS_SECONDS)
        if not check.problems:
            self.notify(f"{check.title} has the events of this workspace.")

    def action_back(self) -> None:
        """Move the focus from the list of keys back to the settings."""
        self.query_one(VirtualList).focus()

    def on_descendant_focus(self) -> None:
        self.refresh_bindings()

    def action_copy(self) -> None:
        """Copy the value of the chosen setting to the clipboard."""
        if self.chosen:
            self.app.copy_to_clipboard(self.chosen.value)
            self.notify(f"Copied: {self.chosen.value}")

    async def _rename(self) -> None:
        project = self.services.project.get()
        name = await self.app.push_screen_wait(AskText("Project name", value=project.name))
        if name is not None:
            await self._save(project, {"name": name})

    async def _currency(self) -> None:
        from goals_tui.services.currencies import list_currencies

        project = self.services.project.get()
        options = [Option(c.code, f"{c.code}  {c.name}", c.symbol if c.symbol != c.code else "")
                   for c in list_currencies()]  # fmt: skip
        text = "Amounts keep their value; only the currency changes."
        chosen = await self.app.push_screen_wait(Choose("Currency", options, chosen=project.currency, text=text))
        if chosen is not None and chosen != project.currency and await self._save(project, {"currency": chosen}):
            self.notify(
                f"Amounts are in {chosen} now; their values are unchanged ({self.named_key('app.undo')} undoes).",
                severity="warning",
            )

    async def _time_zone(self) -> None:
        from zoneinfo import ZoneInfo, available_timezones

        project, now = self.services.project.get(), self.services.clock()
        names = sorted(name for name in available_timezones() if "/" in name or name == "UTC")
        options = [Option(name, name) for name in names if not name.startswith(("posix", "right", "Etc/"))]
        local = f"It is {now.astimezone(ZoneInfo(project.time_zone)):%H:%M} in {project.time_zone}."
        text = f"{local} Days of reports begin and end in this zone."
        chosen = await self.app.push_screen_wait(Choose("Time zone", options, chosen=project.time_zone, text=text))
        if chosen is not None and chosen != project.time_zone:
            await self._save(project, {"time_zone": chosen})

    async def _retention(self) -> None:
        from goals_tui.domain.project import parse_retention

        project = self.services.project.get()
        dialog = AskText(
            "Retention: 0 keeps everything", value=str(project.retention_days or 0), label="Days", check=parse_retention
        )
        answer = await self.app.push_screen_wait(dialog)
        days = project.retention_days if answer is None else parse_retention(answer)
        if days != project.retention_days and await self._save(project, {"retention_days": days}) and days:
            self.notify(
                f"What is older than {plural(days, 'day')} is deleted when the log is sealed next "
                f"({self.named_key('app.undo')} undoes the setting). To count it: goals-tui events expire --dry-run",
                severity="warning",
            )

    async def _save(self, project: Project, changes: dict[str, str | int | None], *, overwrite: bool = False) -> bool:
        """Save changes of the project and return whether they were saved.

        If the project was changed elsewhere in the meantime, ask whether to reload or to overwrite.
        """
        try:
            changed = type(project).model_validate({**project.model_dump(), **changes})
            await self.change("Saving the settings", lambda: self.services.project.save(changed, overwrite=overwrite))
        except ConflictError:
            answers = [Answer("reload", "Reload", nothing=True), Answer("overwrite", "Overwrite", danger=True)]
            theirs = self.services.project.get()
            fields = {
                "name": "name",
                "currency": "currency",
                "time_zone": "time zone",
                "retention_days": "retention",
            }
            differ = [title for key, title in fields.items() if getattr(theirs, key) != getattr(project, key)]
            text = (
                f"The settings were changed elsewhere: {', '.join(differ) or 'nothing that can be seen'}.\n\n"
                "Reload shows theirs. Overwrite sets only what you chose; "
                f"{self.named_key('app.undo')} brings theirs back."
            )
            if await self.app.push_screen_wait(Ask("Changed elsewhere", text, answers)) == "overwrite":
                return await self._save(self.services.project.get(), changes, overwrite=True)
            self.notify(f"Not saved: {', '.join(map(str, changes.values()))}")
            self.goals_app.changed()
            return False
        except GoalsError as error:
            self.goals_app.show_error(error)
            return False
        self.goals_app.changed()
        return True
