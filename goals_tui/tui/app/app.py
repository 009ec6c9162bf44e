"""The application: its screens, modes and keys."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual import events, work
from textual.app import App, ComposeResult
from textual.screen import Screen

from goals_tui.domain.errors import ConflictError, GoalsError
from goals_tui.format import plural
from goals_tui.tui.app.actions import AREAS, Area, bindings
from goals_tui.tui.app.base import STAYS_SECONDS, BaseApp
from goals_tui.tui.app.config import Config
from goals_tui.tui.app.key_queue import KeyQueue
from goals_tui.tui.app.screen import FlowPlace, GoalPlace, ScreenFrame, StoreChanged, area_of
from goals_tui.tui.app.textual_compat import screen_stacks
from goals_tui.tui.tasks.watch import TaskWatch, may_end
from goals_tui.tui.widgets.bars import KeyBar, TitleBar

if TYPE_CHECKING:
    from textual.command import Provider

    from goals_tui.domain.filters import Filters
    from goals_tui.services.context import Services
    from goals_tui.services.history import Edit
    from goals_tui.tui.app.screen import Place

ENGINE_SECONDS = 5.0
"""The seconds between two questions to an engine elsewhere whether there are new events."""

POLL_SECONDS = 1.0
"""Seconds between two checks for changed files; each costs a few stat calls."""
_PLACES: dict[str, Callable[[str], Place]] = {"goals": GoalPlace, "flows": FlowPlace}
"""The place that shows a document, by the kind of document, which is the name of its screen, too."""

SEARCH = "Search actions, goals and flows, or a session by its whole id…"
"""The placeholder of the palette's input."""


def _providers() -> type[Provider]:
    from goals_tui.tui.app.palette import GoalsProvider

    return GoalsProvider


class GoalsApp(BaseApp[None]):
    """The app on one workspace; themes and keys are read from `config` and kept there.

    `services` may be a function that opens them: it is called after the first frame was drawn. Where it raises
    GoalsError the app closes, and `refusal` holds the error.
    """

    COMMANDS: ClassVar[set[Any]] = {_providers}
    BINDINGS = bindings("app")

    READ_LATER_SECONDS: ClassVar[float] = 0.3
    """Seconds after which data that is not urgent is read, so that it does not slow a screen's first frame."""

    def __init__(self, services: Services | Callable[[], Services], config: Config | None = None) -> None:
        super().__init__(config)
        self._services = services
        self.stamp: Hashable = None
        self.project_name = ""
        self.refusal: GoalsError | None = None
        self._shared_filters: Filters | None = None
        self._task_watch = TaskWatch()
        self._key_queue = KeyQueue(self, lambda: self.keys_wait or not self.is_open, self.waits_for_others)
        for area in AREAS:
            self.add_mode(area.name, lambda area=area: _screen(area))  # type: ignore[misc]  # mypy can't infer the default

    @property
    def services(self) -> Services:
        """The services of the workspace, available before any of the six screens is made."""
        if callable(self._services):
            self._services = self._services()
        return self._services

    @property
    def is_open(self) -> bool:
        """True if the workspace is open; until then an empty frame is shown."""
        return not callable(self._services)

    @property
    def filters(self) -> Filters:
        """The filters that Insights and Sessions share."""
        if self._shared_filters is None:
            from goals_tui.domain.filters import Filters

            self._shared_filters = Filters()
        return self._shared_filters

    @filters.setter
    def filters(self, filters: Filters) -> None:
        self._shared_filters = filters

    def get_default_screen(self) -> Screen[Any]:
        """Return the empty frame that is shown until the workspace is open.

        It is drawn first, because loading models and documents takes longer.
        """
        return Opening()

    def on_mount(self) -> None:
        """Draw the frame, then open the workspace and show the goals."""
        if self.is_open:
            self._show_goals()
        else:
            self.call_after_refresh(self._show_goals)

    def _show_goals(self) -> None:
        try:
            services = self.services
            self.project_name = services.project.get().name
            self.stamp = services.stamp()
        except GoalsError as error:
            self.refusal = error
            self.exit(return_code=1)
            return
        self.switch_mode("goals")
        self.set_interval(POLL_SECONDS, self.look_for_changes)
        if services.engine_title:
            self.set_interval(ENGINE_SECONDS, self.look_at_engine)
        self._say_notices()
        for notice in _passed_over(services):
            self.notify(notice, severity="warning", timeout=STAYS_SECONDS)
        if not self.config.tour_seen:
            self._offer_tour()

    def _offer_tour(self) -> None:
        from goals_tui.services.demo.service import is_demo

        if is_demo(self.services.project):
            self.action_tour()

    @work
    async def action_tour(self) -> None:
        """Show the tour, which teaches the keys screen by screen."""
        from goals_tui.tui.welcome.tour import show_tour

        await show_tour(self)

    async def on_event(self, event: events.Event) -> None:
        """Handle an event; a key waits until everything that the key before it did is done."""
        typed = isinstance(event, events.Key | events.Paste) and not event.is_forwarded
        if typed and self._key_queue.holds(event):
            return
        try:
            await super().on_event(event)
        finally:
            if typed:
                self._key_queue.follow()

    # -- changes on disk

    def look_for_changes(self) -> None:
        """Tell the screens in front when goals, flows or events changed on disk, and the user when a task ended."""
        self._task_watch.look(self)
        self._say_notices()
        stamp = self.services.stamp()
        if stamp != self.stamp:
            self.changed(stamp)
            self._seal_if_large()

    @work
    async def _seal_if_large(self) -> None:
        await self.change("Starting to seal the events", self.services.tasks.seal_if_large)

    def waits_for_others(self) -> bool:
        """Return True if what is written waits until another process has written."""
        return self.is_open and self.services.waits_for_others()

    @work(thread=True, group="engine", exit_on_error=False)
    def look_at_engine(self) -> None:
        """Ask the engine whether there are new events, which `look_for_changes` then sees."""
        with suppress(GoalsError):  # the next question says what is wrong
            self.services.engine.look()

    def _say_notices(self) -> None:
        """Show what had to be repaired in the workspace, when it was opened or since."""
        for notice in self.services.take_notices():
            self.notify(notice, severity="warning", timeout=STAYS_SECONDS)

    def changed(self, stamp: Hashable | None = None) -> None:
        """Redraw the screen in front after a write; other screens are redrawn when they are shown again."""
        self.stamp = self.services.stamp() if stamp is None else stamp
        try:
            self.project_name = self.services.project.get().name
        except GoalsError as error:
            self.show_error(error)
        self.screen.post_message(StoreChanged())
        for screen in reversed(self.screen_stack[:-1]):
            if isinstance(screen, ScreenFrame):
                screen.post_message(StoreChanged())
        self.refresh_bindings()

    # -- going places

    def frames(self) -> Iterator[ScreenFrame[Any]]:
        """Yield every open `ScreenFrame`, in front or not."""
        for stack in screen_stacks(self):
            yield from (screen for screen in stack if isinstance(screen, ScreenFrame))

    def go(self, place: Place) -> None:
        """Show a goal, a flow's node, cycles or a session on its screen."""
        self._go(place)

    @work
    async def _go(self, place: Place) -> None:
        await self.switch_mode(area_of(place))
        while len(self.screen_stack) > 1:
            top = self.screen
            if isinstance(top, ScreenFrame) and not await top.may_leave():
                return
            await self.pop_screen()
        cast(ScreenFrame[Any], self.screen).open_place(place)

    # -- actions

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Return whether an action works now: undo and redo need an edit that can be undone or redone."""
        if not self.is_open:
            return action in {"quit", "help_quit"}
        history = self.services.history
        if action == "close_messages":
            return self.shows_lasting_message
        if action == "undo":
            return history.undo_label is not None
        if action == "redo":
            return history.redo_label is not None
        return True

    def action_show(self, area: str) -> None:
        """Show one of the six screens."""
        self.switch_mode(area)

    @work
    async def action_undo(self) -> None:
        """Undo the last edit."""
        history = self.services.history
        await self._travel("Undoing the last edit", lambda: history.next_undo, history.undo, "Undone")

    @work
    async def action_redo(self) -> None:
        """Redo the last undone edit."""
        history = self.services.history
        await self._travel("Redoing the last edit", lambda: history.next_redo, history.redo, "Redone")

    async def _travel(self, doing: str, due: Callable[[], Edit | None], step: Callable[[], str], said: str) -> None:
        try:
            edit, label = await self.change(doing, lambda: (due(), step()))
        except ConflictError as error:
            self.notify(f"{error.name!r} has changed since: this can no longer be {said.lower()}.", severity="warning")
            self.refresh_bindings()
        except GoalsError as error:
            self.show_error(error)
        else:
            self.notify(f"{said}: {label}{self._elsewhere(edit) if edit else ''}")
            self.changed()
            if edit is not None:
                self._show_again(edit)

    def _show_again(self, edit: Edit) -> None:
        """Choose the first goal or flow that came back with `edit`, if the screen that lists it is in front."""
        front = self.screen
        for change in edit.changes:
            came_back = change.after is None
            if came_back and isinstance(front, ScreenFrame) and front.CONTEXT == change.kind in _PLACES:
                front.open_place(_PLACES[change.kind](change.id))
                return

    def _elsewhere(self, edit: Edit) -> str:
        """Return the place of an edit in words, or nothing where the screen in front shows it."""
        front = self.screen
        if isinstance(front, ScreenFrame) and any(front.shows(change.kind, change.id) for change in edit.changes):
            return ""
        places, kinds = edit.places(), {change.kind for change in edit.changes}
        within = f" in {places[0]}" if places else ""
        within += f" and {plural(len(places) - 1, 'other')}" if len(places) > 1 else ""
        area = next((area for area in AREAS if kinds & area.kinds), None)
        there = area is None or (isinstance(front, ScreenFrame) and area.name == front.AREA)
        return within if area is None or there else f"{within} (on the screen {area.key} {area.title})"

    def action_jump(self) -> None:
        """Focus a part of the screen by a letter."""
        from goals_tui.tui.app.palette import Jump

        self.push_screen(Jump.over(self.screen), self._focus)

    def _focus(self, target: Any) -> None:
        if target is not None:
            target.focus()

    def action_command_palette(self) -> None:
        """Open the palette, which finds actions, goals, flows and sessions."""
        from goals_tui.tui.app.palette import Palette

        if not Palette.is_open(cast(App[object], self)):
            self.push_screen(Palette(placeholder=SEARCH, id="--command-palette"))

    def action_help(self) -> None:
        """Show the help of this screen."""
        from goals_tui.tui.app.help import Help

        self.push_screen(Help(self.screen))

    @work
    async def action_theme(self) -> None:
        """Choose the theme."""
        from goals_tui.tui.app.theme_choice import choose_theme

        await choose_theme(self)

    def action_close_messages(self) -> None:
        """Close the notifications."""
        self.clear_notifications()
        self.refresh_bindings()

    @work
    async def action_quit(self) -> None:  # type: ignore[override]  # a worker, because it may ask
        """Close the app; asks first where changes or running work would be lost."""
        for frame in list(self.frames()):
            if frame.unsaved:
                await self.switch_mode(frame.AREA)
                if not await frame.may_leave():
                    return
        if not await may_end(self):
            return
        doing = self.doing()
        if doing:
            self.notify(f"{doing}… goals-tui closes when it is done.")
            await self.changes_done()
        self.exit()


def _passed_over(services: Services) -> list[str]:
    """Return the warnings about `values.yaml`.

    Where the file can't be read at all, the goals screen says so.
    """
    try:
        return services.values.warnings
    except GoalsError:
        return []


def _screen(area: Area) -> Screen[Any]:
    """Import and return the screen of an area."""
    return cast(Screen[Any], getattr(import_module(area.module), area.screen)())


class Opening(Screen[None]):
    """The empty frame that is shown until the workspace is open."""

    def compose(self) -> ComposeResult:
        title = TitleBar()
        title.area = "goals"
        yield title
        yield KeyBar()
