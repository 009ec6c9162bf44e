"""The base of screens with filters: the bar that shows them, and the keys that change them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from textual import work
from textual.app import RenderResult
from textual.content import Content
from textual.reactive import reactive
from textual.style import Style
from textual.timer import Timer

from goals_tui.domain.filters import FILTER_DIMENSIONS, SPANS_BY_LENGTH, Choice, Filters, Span, resolve_span
from goals_tui.services.insights.service import Cancellation
from goals_tui.tui.app.background import BackgroundScreen
from goals_tui.tui.app.screen import ScreenFrame
from goals_tui.tui.filters.texts import span_words
from goals_tui.tui.widgets.bars import DO, Bar


def filter_words(filters: Filters, span: Span | None, goal_names: Mapping[str, str]) -> tuple[str, ...]:
    """Return the active filters, each in a few words, the span first."""
    return tuple(_words(filters, span, goal_names))


def _words(filters: Filters, span: Span | None, goal_names: Mapping[str, str]) -> Iterator[str]:
    yield span_words(filters, span)
    goals = filters.goals.model_copy(update={"values": tuple(goal_names.get(i, i) for i in filters.goals.values)})
    for dimension in FILTER_DIMENSIONS:
        if dimension.name != "snapshot":
            yield from _choice(dimension.name, goals if dimension.name == "goal" else filters.choice(dimension))
    if filters.no_snapshot and (filters.snapshots.negated or not filters.snapshots):
        yield "no snapshot"
    elif filters.snapshots:
        words = next(_choice("snapshot", filters.snapshots))
        yield f"{words}, or none" if filters.no_snapshot else words
    if filters.any_snapshot:
        yield "any snapshot"
    if filters.include_test:
        yield "with Interaction Panel"
    if filters.price_by == "current":
        yield "current values"
    if filters.time_zone:
        yield filters.time_zone


def _choice(what: str, choice: Choice) -> Iterator[str]:
    if not choice:
        return
    count = len(choice.values)
    names = choice.values[0] if count == 1 else f"{count} {what}s"
    yield f"not {names}" if choice.negated else names


class FilterBar(Bar):
    """The filters in words; a click opens them.

    A note at the right end tells that numbers are loading, or how many kinds of data health problems there are.
    """

    DEFAULT_CSS = """
    FilterBar { height: 1; width: 1fr; color: $foreground; }
    """

    words: reactive[tuple[str, ...]] = reactive(())
    busy = reactive(False)
    new = reactive(False)
    """Whether there is nothing before the span to compare it with."""
    odd = reactive(0)
    """The number of kinds of data health problems."""

    def render(self) -> RenderResult:
        right = Content("")
        if self.busy:
            right = Content.styled("… loading", "$quiet")
        elif self.odd:
            right = Content.styled(f"⚠ data health: {self.odd}", "$warning").stylize(
                Style.from_meta({DO: "screen.health"})
            )
        room = self.size.width - right.cell_length - 2
        parts = [Content.styled(self.words[0], "bold")] if self.words else []
        parts += [Content.styled(word, "$primary") for word in self.words[1:]]
        if self.new:
            parts.insert(1, Content.styled("no earlier data", "$quiet"))
        left = Content.styled(" · ", "$quiet").join(parts) if parts else Content("")
        left = Content.assemble(("▾ ", "$quiet"), left).truncate(max(1, room), ellipsis=True)
        left = left.stylize(Style.from_meta({DO: "screen.filters"}))
        return Content.assemble(left, " " * max(0, self.size.width - left.cell_length - right.cell_length), right)


T = TypeVar("T")

LOADING_AFTER = 0.2
"""Seconds after which the screen shows that it is loading."""


def copy_command(screen: BackgroundScreen[Any], words: Sequence[str], filters: Filters) -> None:
    """Copy the command line of a command with filters, and say what was copied."""
    from goals_tui.services.completion_names import default_workspace
    from goals_tui.services.insights.saved_filters import command_line

    services = screen.services
    path = services.path.absolute()
    elsewhere = path != default_workspace(services.env).absolute()
    names = {row.id: row.name for row in services.goals.summaries()}
    command = command_line(words, filters, names, path if elsewhere else None)
    screen.app.copy_to_clipboard(command)
    screen.app.notify(command, title="Copied")


class FilteredScreen(ScreenFrame[None]):
    """A screen under the app's filters; its `show_data` shows what they select.

    Data is requested with `ask`: the newest request cancels those before it, and a slow one shows that it is loading.
    Textual calls the `on_...` method of a subclass and then those of its bases, so they do not call `super()`.
    """

    def __init__(self) -> None:
        super().__init__()
        self._cancellation = Cancellation()
        self._slow: Timer | None = None

    def on_unmount(self) -> None:
        """Cancel the current request."""
        self._cancellation.cancel()

    def ask(self, group: str, work: Callable[[Cancellation], T | None], then: Callable[[T], None]) -> None:
        """Run `work` in a thread and pass its result to `then`; cancelled work returns None, which is dropped."""
        self._cancellation.cancel()
        cancellation = self._cancellation = Cancellation()
        if self._slow is None:
            self._slow = self.set_timer(LOADING_AFTER, self._say_loading)

        def answered(found: T | None) -> None:
            if self._cancellation is cancellation:
                # The result is shown until there is a newer one, and its pages are fetched meanwhile: don't cancel
                # that.
                self._cancellation = Cancellation()
            if found is not None:
                self._stop_loading()
                then(found)

        def refused(error: BaseException) -> None:
            self._stop_loading()
            self.goals_app.show_error(error)

        self.load(group, lambda: work(cancellation), answered, refused=refused)

    def _stop_loading(self) -> None:
        if self._slow is not None:
            self._slow.stop()
            self._slow = None
        self.query_one(FilterBar).busy = False
        self.remove_class("-loading")

    def _say_loading(self) -> None:
        if self._slow is None:
            return  # The result arrived first.
        self.query_one(FilterBar).busy = True
        self.add_class("-loading")

    @property
    def filters(self) -> Filters:
        """The filters of this screen."""
        return self.goals_app.filters

    def use_filters(self, filters: Filters) -> None:
        """Show everything under other filters, here and on the other screen that shares them."""
        if filters != self.goals_app.filters:
            self.goals_app.filters = filters
            self.show_data()

    def goal_names(self) -> dict[str, str]:
        """Return the names of all goals by id."""
        return {row.id: row.name for row in self.services.goals.summaries()}

    def show_filters(self) -> None:
        """Show the filters in the bar."""
        names = self.goal_names() if self.filters.goals else {}
        self.query_one(FilterBar).words = filter_words(self.filters, self._span(), names)

    def _span(self) -> Span | None:
        filters = self.filters
        where = self.services.project.get().zone_or(filters.time_zone)
        return self.attempt(lambda: resolve_span(filters, self.services.clock(), where))

    def action_shorter(self) -> None:
        """Choose the next shorter named span."""
        self._step(-1)

    def action_longer(self) -> None:
        """Choose the next longer named span."""
        self._step(1)

    def _step(self, step: int) -> None:
        filters = self.goals_app.filters
        here = SPANS_BY_LENGTH.index(filters.span) if filters.span in SPANS_BY_LENGTH else 1 - step
        place = max(0, min(len(SPANS_BY_LENGTH) - 1, here + step))
        self.use_filters(filters.model_copy(update={"span": SPANS_BY_LENGTH[place], "since": None, "until": None}))

    def action_test(self) -> None:
        """Include cycles of the Interaction Panel and of playbooks, or leave them out."""
        filters = self.goals_app.filters
        self.use_filters(filters.model_copy(update={"include_test": not filters.include_test}))

    def own_key(self, action: str) -> str:
        """Return the key of an action that both Insights and Sessions have, on this screen."""
        return self.named_key(f"{self.CONTEXT}.{action}")

    def action_reset_filters(self) -> None:
        """Reset the filters to everything of the last seven days."""
        self.use_filters(Filters())

    @work
    async def action_filters(self) -> None:
        """Edit the filters."""
        from goals_tui.tui.filters.dialog import FilterDialog

        today = self.services.clock().astimezone(self.services.project.get().zone).date()
        chosen = await self.app.push_screen_wait(FilterDialog(self.goals_app.filters, today))
        if chosen is not None:
            self.use_filters(chosen)

    @work
    async def action_load_filters(self) -> None:
        """Load saved filters."""
        name = await self._choose_saved("Load filters")
        if name is not None:
            filters = self.attempt(lambda: self.services.filters.get(name))
            if filters is not None:
                self.use_filters(filters)
                self.app.notify(f"Filters {name!r} are in use.")

    @work
    async def action_save_filters(self) -> None:
        """Save the current filters under a name."""
        from goals_tui.tui.app.dialogs import AskText

        name = await self.app.push_screen_wait(AskText("Save the filters under a name"))
        if name is None:
            return
        saved = self.goals_app.filters
        if await self.attempt_change("Saving the filters", lambda: self.services.filters.save(name, saved)) is not None:
            self.goals_app.changed()
            self.app.notify(f"Filters saved as {name!r}. {self.named_key(f'{self.CONTEXT}.load-filters')} loads them.")

    @work
    async def action_delete_filters(self) -> None:
        """Delete saved filters."""
        name = await self._choose_saved("Delete saved filters")
        if name is None:
            return
        if await self.attempt_change("Deleting the filters", lambda: self.services.filters.delete(name)) is not None:
            self.goals_app.changed()
            self.app.notify(f"Filters {name!r} deleted. {self.named_key('app.undo')} brings them back.")

    async def _choose_saved(self, title: str) -> str | None:
        from goals_tui.tui.app.choose import Choose, Option

        saved = self.services.filters.all()
        if not saved:
            key = self.named_key(f"{self.CONTEXT}.save-filters")
            self.app.notify(f"No filters are saved yet. {key} saves the present ones under a name.")
            return None
        names = self.goal_names()
        options = [Option(one.name, one.name, ", ".join(filter_words(one.filters, None, names))) for one in saved]
        return await self.app.push_screen_wait(Choose(title, options))

    def action_copy_command(self) -> None:
        """Copy the command line that gives the numbers on this screen."""
        copy_command(self, *self.command())

    def command(self) -> tuple[list[str], Filters]:
        """Return the command with its arguments, and the filters, that give the numbers on this screen."""
        raise NotImplementedError

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Return whether an action works now; filters in their initial state can't be reset."""
        return action != "reset_filters" or self.goals_app.filters != Filters()
