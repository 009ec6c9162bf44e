"""The import of a log: which columns of a table are what, then the steps of the goal, then a task.

Both dialogs show what was guessed, with samples and counts; keys change it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Button, Static
from textual.widgets.option_list import Option as Row

from goals_tui.domain.errors import GoalsError
from goals_tui.domain.goal import GLYPHS, StepKind
from goals_tui.domain.model import MAX_NAME
from goals_tui.domain.text import clean_line
from goals_tui.format import plural
from goals_tui.services.export_files import check_source
from goals_tui.services.imports.log_import import LogOptions
from goals_tui.services.imports.log_rows import Columns
from goals_tui.services.tasks import start as start_task
from goals_tui.tui.app.actions import bindings
from goals_tui.tui.app.choose import Choose, Option
from goals_tui.tui.app.dialogs import AskText, Form
from goals_tui.tui.app.themes import SEVERITIES
from goals_tui.tui.packages.export import AskPath, ask_and_read
from goals_tui.tui.widgets.fields import Options, ProblemLine

if TYPE_CHECKING:
    from textual.binding import ActiveBinding

    from goals_tui.services.imports.log_look import LogLook
    from goals_tui.services.imports.result import ImportResult
    from goals_tui.tui.app.app import GoalsApp

_FIELDS = {
    "cycle": ("Case", "each is a cycle of the goal"),
    "step": ("Step", "what happened"),
    "time": ("Time", "when"),
    "session": ("Session", "else the case"),
    "endpoint": ("Endpoint", ""),
    "locale": ("Locale", ""),
    "snapshot": ("Snapshot", ""),
}
_NEEDED = ("cycle", "step", "time")
_NONE = "\x00none"
_TITLE = 13
_NAME = 20
_MOST_WIDE = 100
"""The width of the dialogs in cells, where the screen has it."""
_AROUND = 12
"""The cells of a dialog around the rows of a list."""
_SAMPLES, _SAMPLE = 2, 46
"""The most values of a column that are shown beside its name, and their most characters: a line at 80 cells."""
_GOAL, _ACTIVITIES = "goal", "activities"


@dataclass(frozen=True)
class Plan:
    """The import that was chosen. `goal` is None for activities; `columns` is empty for formats that define them."""

    path: Path
    goal: str | None
    columns: dict[str, str] = field(default_factory=dict)
    options: LogOptions = field(default_factory=LogOptions)

    @property
    def told(self) -> Columns | None:
        """The columns for the import."""
        return Columns(**self.columns) if self.columns else None


async def import_log(app: GoalsApp) -> bool:
    """Ask for a log, which columns and steps it has, and start the import. Return whether the task was started.

    Await it in a worker.
    """
    hint = "A table (.csv .xlsx .ods .parquet .jsonl), or a log in XES, OCEL, OTLP/JSON, of Rasa or Bot Framework."
    dialog = AskPath("Import a log", hint, save="Next", check=check_source)
    read = await ask_and_read(app, dialog, app.services.imports.look)
    if read is None:
        return False
    path, found = read
    plan: Plan | None = Plan(path, _goal_name(path), found.columns.told() if found.columns else {})
    while True:
        plan = await app.push_screen_wait(ChooseColumns(plan or Plan(path, _goal_name(path)), found))
        if plan is None:
            return False
        decided = await app.push_screen_wait(ChooseSteps(plan))
        if decided is not None:
            told = decided.goal, decided.told, decided.options
            await app.change("Starting the task", partial(start_task.import_log, app.services, decided.path, *told))
            return True


def _goal_name(path: Path) -> str:
    name = path.name.removesuffix(".gz")
    return clean_line(name.rpartition(".")[0] or name)[:MAX_NAME] or "Imported"


def _room(width: int) -> int:
    """Return the width of the rows of a list on a screen of this width."""
    return min(width, _MOST_WIDE) - _AROUND


class ChooseColumns(Form[Plan]):
    """The first dialog: the columns of a table, and what the import makes of them. Returns the plan."""

    CONTEXT = "tasks.columns"
    BINDINGS = bindings("tasks.columns")
    HELP = """
Each **case** becomes a cycle of the goal, and each **step** an event of it; imported as *activities*, each case is a
session, and goals can be derived from them later. Enter changes a guess.
"""
    DEFAULT_CSS = f"""
    ChooseColumns > #dialog {{ width: {_MOST_WIDE}; }}
    ChooseColumns Options {{ height: auto; margin-top: 1; background: $surface; }}
    ChooseColumns #samples {{ margin-top: 1; height: auto; color: $quiet; }}
    """

    def __init__(self, plan: Plan, look: LogLook) -> None:
        super().__init__(f"Import {plan.path.name}")
        self.plan = plan
        self.look = look

    def compose_dialog(self) -> ComposeResult:
        what = "The format says what its parts are." if self.look.implied else "These columns were guessed."
        yield Static(f"This is {self.look.called}. {what}", classes="dialog-text", markup=False)
        yield Options(id="rows")
        yield Static("", id="samples", markup=False)
        yield ProblemLine()

    def compose_buttons(self) -> ComposeResult:
        yield Button("Cancel", id="cancel")
        yield Button("Next", id="next", variant="primary")

    def on_mount(self) -> None:
        self._draw()
        self.query_one(Options).focus()

    def on_resize(self) -> None:
        """Draw the rows to the new width."""
        super().on_resize()
        if self.is_mounted:
            self._draw()

    @property
    def keys(self) -> list[str]:
        """The rows of the list."""
        further = ["target", *(["goal"] if self.plan.goal is not None else [])]
        further += ["object_type"] if self.look.has_object_types else []
        return [*([] if self.look.implied else _FIELDS), *further, *([] if self.look.implied else ["time_format"])]

    def _draw(self) -> None:
        rows = self.query_one(Options)
        chosen = rows.highlighted or 0
        rows.clear_options()
        rows.add_options([Row(self._row(key), id=key) for key in self.keys])
        rows.highlighted = min(chosen, len(self.keys) - 1)
        self.query_one("#samples", Static).update(self._samples())
        self.query_one(ProblemLine).say(self._problem())
        self.call_after_refresh(self.fit)

    def _row(self, key: str) -> Content:
        plan = self.plan
        if key in _FIELDS:
            title, note = _FIELDS[key]
            column = plan.columns.get(key)
            shown = Content(column) if column else Content.styled("choose" if key in _NEEDED else "—", "$quiet")
            shown = shown.truncate(_NAME, ellipsis=True)
            values = " · ".join(dict.fromkeys(filter(None, self.look.samples.get(column or "", ()))))
            room = _room(self.app.size.width) - _TITLE - _NAME - 2
            said = Content.styled(values or note, "$quiet").truncate(room, ellipsis=True)
            return Content.assemble(f"{title:<{_TITLE}}", shown, " " * (_NAME + 2 - shown.cell_length), said)
        titles = {
            "target": (
                "Import as",
                "events of a goal" if plan.goal is not None else "activities, to derive goals from",
            ),
            "goal": ("Goal", plan.goal or ""),
            "object_type": ("Object type", plan.options.object_type or "which objects are sessions"),
            "time_format": ("Time format", plan.options.time_format or "as guessed"),
        }
        title, value = titles[key]
        return Content.assemble(f"{title:<{_TITLE}}", Content(value))

    def _samples(self) -> Content:
        columns = [self.plan.columns.get(key) for key in _NEEDED]
        found = [self.look.samples.get(name, ()) for name in columns if name]
        if len(found) < len(_NEEDED):
            return Content("")
        lines = [Content("First rows")]
        width = _room(self.app.size.width) // len(_NEEDED) - 2
        for row in zip(*found, strict=False):
            cells = [Content(cell).truncate(width, ellipsis=True, pad=True) for cell in row]
            lines.append(Content("  ").join(cells))
        return Content("\n").join(lines)

    def _problem(self) -> str:
        missing = [_FIELDS[key][0] for key in _NEEDED if not self.look.implied and key not in self.plan.columns]
        return f"Choose the column for: {', '.join(missing)}." if missing else ""

    def action_change(self) -> None:
        """Change the chosen row."""
        self.query_one(Options).action_select()

    @on(Options.OptionSelected)
    @work(group="waits")
    async def _change(self, event: Options.OptionSelected) -> None:
        key = event.option_id or ""
        if key in _FIELDS:
            await self._choose_column(key)
        elif key == "target":
            options = [
                Option(_GOAL, "Events of a goal", "each case is a cycle"),
                Option(_ACTIVITIES, "Activities", "goals are derived from them later"),
            ]
            chosen = _GOAL if self.plan.goal is not None else _ACTIVITIES
            target = await self.app.push_screen_wait(Choose("Import as", options, chosen=chosen))
            if target is not None:
                self.plan = replace(self.plan, goal=_goal_name(self.plan.path) if target == _GOAL else None)
        elif key == "goal":
            name = await self.app.push_screen_wait(AskText("Goal", value=self.plan.goal or "", save="OK"))
            self.plan = replace(self.plan, goal=clean_line(name)[:MAX_NAME]) if name else self.plan
        else:
            await self._ask_option(key)
        self._draw()

    async def _choose_column(self, key: str) -> None:
        columns, title = self.plan.columns, _FIELDS[key][0]
        options = [] if key in _NEEDED else [Option(_NONE, "None")]
        for name, values in self.look.samples.items():
            found = " · ".join([*dict.fromkeys(filter(None, values))][:_SAMPLES])
            options.append(Option(name, name, found if len(found) <= _SAMPLE else f"{found[:_SAMPLE].rstrip()}…"))
        dialog = Choose(f"Which column is the {title.lower()}?", options, chosen=columns.get(key, _NONE))
        chosen = await self.app.push_screen_wait(dialog)
        if chosen is None:
            return
        # A column that becomes something else is no longer what it was.
        columns = {what: name for what, name in columns.items() if what != key and name != chosen}
        self.plan = replace(self.plan, columns=columns if chosen == _NONE else {**columns, key: chosen})

    async def _ask_option(self, key: str) -> None:
        if key == "object_type":
            dialog = AskText("Type of the objects that are sessions", label="Type", save="OK")
        else:
            dialog = AskText(
                "How times are written", label="Pattern, as in %d/%m/%Y %H:%M, or epoch, epoch-ms, excel", save="OK"
            )
        text = await self.app.push_screen_wait(dialog)
        if text is not None:
            options = self.plan.options
            told = replace(options, time_format=text) if key == "time_format" else replace(options, object_type=text)
            self.plan = replace(self.plan, options=told)

    @on(Button.Pressed, "#next")
    def _next(self) -> None:
        if not self._problem():
            self.dismiss(self.plan)

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)


class ChooseSteps(Form[Plan]):
    """The second dialog: what a dry run found, and the initial and completion steps. Returns the plan to carry out."""

    CONTEXT = "tasks.steps"
    BINDINGS = bindings("tasks.steps")
    HELP = """
The **initial step** ● opens a cycle, **completion steps** ◎ complete it. Both were guessed from where cases begin and
end; other steps are in the order in which they mostly come.
"""
    DEFAULT_CSS = f"""
    ChooseSteps > #dialog {{ width: {_MOST_WIDE}; }}
    ChooseSteps #found {{ height: auto; }}
    ChooseSteps Options {{ height: auto; max-height: 22; margin-top: 1; background: $surface; display: none; }}
    """

    def __init__(self, plan: Plan) -> None:
        name = "activities" if plan.goal is None else plan.goal
        super().__init__(f"Import {plan.path.name} as {name}")
        self.plan = plan
        self.result: ImportResult | None = None
        self.steps: list[str] = []
        self.initial = ""
        self.completion: set[str] = set()
        self.is_new = False
        """True if the goal is made by the import, so that its steps can be changed here."""

    def compose_dialog(self) -> ComposeResult:
        yield Static(f"Reading {self.plan.path.name}…", id="found", classes="dialog-text", markup=False)
        yield Options(id="steps")
        yield ProblemLine()

    def compose_buttons(self) -> ComposeResult:
        yield Button("Back", id="back")
        yield Button("Import", id="import", variant="primary", disabled=True)

    @property
    def active_bindings(self) -> dict[str, ActiveBinding]:
        """The keys that work now; escape is called as the button that does the same."""
        return self.called("cancel", "Back", super().active_bindings)

    def on_mount(self) -> None:
        self.query_one("#back", Button).focus()
        plan, imports = self.plan, self.services.imports
        options = replace(plan.options, dry_run=True)
        self.load(
            "dry-run",
            lambda: imports.log([plan.path], plan.goal, plan.told, options),
            self._show,
            refused=self._refused,
        )

    def _refused(self, error: BaseException) -> None:
        if isinstance(error, GoalsError):
            self.query_one("#found", Static).update("")
            self.query_one(ProblemLine).say(str(error))
            self.call_after_refresh(self.fit)
        else:
            self.goals_app.show_error(error)

    def _show(self, result: ImportResult) -> None:
        self.result = result
        preview = result.preview
        goal = preview.goal if preview else None
        if goal is not None:
            self.is_new = bool(goal["new"])
            kinds: dict[str, StepKind] = {step["name"]: step["kind"] for step in goal["steps"]}
            self.steps = list(kinds)
            self.initial = next(iter(self.steps))
            self.completion = {name for name, kind in kinds.items() if kind == "completion"}
        self.query_one("#found", Static).update(in_words(result, is_new=self.is_new, of_goal=goal is not None))
        self.query_one("#import", Button).disabled = False
        self.query_one("#steps").display = bool(self.steps)
        self._draw()
        (self.query_one("#steps") if self.is_new else self.query_one("#import")).focus()
        self.refresh_bindings()

    def _draw(self) -> None:
        rows = self.query_one("#steps", Options)
        chosen = rows.highlighted or 0
        rows.clear_options()
        rows.add_options([Row(self._row(name)) for name in self.steps])
        rows.highlighted = min(chosen, len(self.steps) - 1) if self.steps else None
        self.query_one(ProblemLine).say(self._problem())
        self.call_after_refresh(self.fit)

    def on_resize(self) -> None:
        """Draw the rows to the new width."""
        super().on_resize()
        if self.result is not None:
            self._draw()

    def _kind(self, name: str) -> StepKind:
        return "initial" if name == self.initial else "completion" if name in self.completion else "step"

    def _row(self, name: str) -> Content:
        kind = self._kind(name)
        counts = self.result.preview.activities if self.result and self.result.preview else {}
        count = plural(counts.get(name, 0), "row")
        look = "$completed" if kind == "completion" else "$primary" if kind == "initial" else "$quiet"
        words = {"initial": "initial step", "completion": "completion step", "step": ""}[kind]
        title = Content(name).truncate(_room(self.app.size.width) - 33, ellipsis=True, pad=True)
        return Content.assemble((f"{GLYPHS[kind]} ", look), title, f"{count:>14}  ", (words, look))

    def _problem(self) -> str:
        return "" if self.completion or not self.is_new else "Mark at least one completion step."

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable changing steps of a goal that exists already, and while the file is read."""
        return self.is_new if action in ("initial", "completion") else True

    @property
    def _chosen(self) -> str | None:
        place = self.query_one("#steps", Options).highlighted
        return None if place is None else self.steps[place]

    def action_initial(self) -> None:
        """Make the chosen step the initial one."""
        if self._chosen is not None:
            self.initial = self._chosen
            self.completion.discard(self.initial)
            self._draw()

    @on(Options.OptionSelected)
    def action_completion(self) -> None:
        """Make the chosen step a completion step, or no longer one."""
        chosen = self._chosen
        if chosen is not None and chosen != self.initial and self.is_new:
            self.completion ^= {chosen}
            self._draw()

    @on(Button.Pressed, "#import")
    def _import(self) -> None:
        if self._problem():
            return
        options = self.plan.options
        if self.is_new:
            ends = tuple(name for name in self.steps if name in self.completion)
            options = replace(options, initial=self.initial, completion=ends)
        self.dismiss(replace(self.plan, options=options))

    @on(Button.Pressed, "#back")
    def _back(self) -> None:
        self.dismiss(None)


def in_words(result: ImportResult, *, is_new: bool, of_goal: bool) -> Content:
    """Return what a dry run found, a line each: counts, rows left out, guesses and notes."""
    cases = plural(result.cases or 0, "case" if of_goal else "session")
    known = result.events_known + result.activities_known
    counts = f"{plural(result.rows or 0, 'row')}, {cases}"
    lines = [Content.styled(f"{counts}{f', {known:,} of them known already' if known else ''}.", "bold")]
    glyph, color = SEVERITIES["warning"]
    lines += [Content.styled(f"{glyph} Left out: {plural(count, 'row')} {why}.", color) for why, count in _few(result)]
    for guess in result.guesses:
        values = [guess.value] if isinstance(guess.value, str) else guess.value
        what = {"initial": "Initial step", "completion": "Completion"}.get(guess.what, guess.what.replace("_", " "))
        lines.append(Content.styled(f"{what.capitalize()}: {', '.join(values)} ({guess.why})", "$quiet"))
    lines += [Content.styled(note, "$quiet") for note in result.notes]
    if of_goal and not is_new:
        lines.append(Content("The goal exists: it takes the events, and stays as it is."))
    return Content("\n").join(lines)


def _few(result: ImportResult) -> Sequence[tuple[str, int]]:
    return list(result.reasons.items())[:3]
