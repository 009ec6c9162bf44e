"""Work in the background for screens and dialogs, and delivery of its results and errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

from textual.await_complete import AwaitComplete
from textual.screen import Screen

from goals_tui.domain.errors import GoalsError
from goals_tui.tui.app.textual_compat import ErrorShowingScreen, close_covered, is_closing, screen_stacks

if TYPE_CHECKING:
    from textual.binding import ActiveBinding

    from goals_tui.services.context import Services
    from goals_tui.tui.app.app import GoalsApp

T = TypeVar("T")
ResultT = TypeVar("ResultT")


@dataclass(frozen=True)
class Job:
    """Work of a screen in a thread of the app, and the receivers of its result and its error."""

    screen: Screen[Any] | None
    work: Callable[[], Any]
    then: Callable[[Any], None]
    refused: Callable[[BaseException], None] | None = None
    doing: str = ""
    """A description of the change, where the work changes the disk."""
    always: bool = False
    """True if result and error are also delivered where the screen was closed."""

    keys_wait: bool = False
    """True if keys wait for the result, for a moment at most: they may concern what it shows."""


class ClosesOnce(Screen[ResultT]):
    """A screen that may be told to close at any time, also twice or late, by repeated keys or work that ends late."""

    def on_compose(self) -> None:
        """Take on the classes of the terminal's size before there are widgets, which would be styled again for them."""
        size = self.app.size
        for cells, breakpoints in (
            (size.width, self.app.HORIZONTAL_BREAKPOINTS),
            (size.height, self.app.VERTICAL_BREAKPOINTS),
        ):
            reached = [name for least, name in breakpoints or () if cells >= least]
            self.add_class(*reached[-1:])

    @property
    def active_bindings(self) -> dict[str, ActiveBinding]:
        """The bindings that work now; none before the screen is complete and while it closes."""
        return super().active_bindings if self.is_mounted and not is_closing(self) else {}

    def dismiss(self, result: ResultT | None = None) -> AwaitComplete:
        """Close the screen.

        Another screen that is in front by now stays there; a screen that is closed already stays closed.
        """
        stack = next((stack for stack in screen_stacks(self.app) if self in stack), None)
        if stack is None:
            return AwaitComplete()
        if self is self.app.screen:
            return super().dismiss(result)
        return close_covered(self, stack, result)


class BackgroundScreen(ErrorShowingScreen[ResultT], ClosesOnce[ResultT]):
    """A screen that can run work in threads, with typed access to the app and its services."""

    @property
    def goals_app(self) -> GoalsApp:
        """The app, with its own type."""
        return cast("GoalsApp", self.app)

    @property
    def services(self) -> Services:
        """The services of the open workspace."""
        return self.goals_app.services

    def named_key(self, action_id: str) -> str:
        """Return the first key of an action as people write it, with the user's keys."""
        return self.goals_app.named_key(action_id)

    def load(
        self,
        group: str,
        work: Callable[[], T],
        then: Callable[[T], None],
        *,
        refused: Callable[[BaseException], None] | None = None,
        newest_only: bool = True,
        keys_wait: bool = False,
    ) -> None:
        """Run `work` in a thread, then pass its result to `then`, unless a newer one of the group has started.

        For reading: the result is dropped where the screen was closed meanwhile. An error of any kind goes to `refused`
        where that is given; else it becomes a notification that stays. With `keys_wait`, keys are handled after `then`,
        unless that takes long.
        """
        self.goals_app.start(
            Job(self, work, then, refused, keys_wait=keys_wait), group=f"{id(self)} {group}", newest_only=newest_only
        )

    def write(
        self,
        doing: str,
        work: Callable[[], T],
        then: Callable[[T], None],
        *,
        refused: Callable[[BaseException], None] | None = None,
    ) -> None:
        """Run `work`, which changes the disk, in a thread, then pass its result to `then`.

        It can't be cancelled: until it is done the screen can't be closed, and the app waits for it before it ends.
        `doing` tells the user why, as in "Deleting the goal". Errors are delivered as `load` delivers them.
        """
        self.goals_app.start(Job(self, work, then, refused, doing=doing), group=f"{id(self)} write", newest_only=False)

    async def change(self, doing: str, work: Callable[[], T]) -> T:
        """Run `work`, which changes what is on the disk and may be undone, in a thread; its result.

        As `write`, for what comes back to where it was asked for; raises what `work` raises. Changes are made one after
        the other, in the order in which they were asked for. Await it in a worker of the screen: keys that are pressed
        meanwhile come after it, unless it takes long.
        """
        return await self.goals_app.change(doing, work, self)

    async def attempt_change(self, doing: str, work: Callable[[], T]) -> T | None:
        """Return the result of `change`, or None after its refusal was shown."""
        try:
            return await self.change(doing, work)
        except GoalsError as error:
            self.goals_app.show_error(error)
            return None

    def dismiss(self, result: ResultT | None = None) -> AwaitComplete:
        """Close the screen; while it changes the disk, say so and stay."""
        doing = self.goals_app.doing(self)
        if doing:
            self.notify(f"{doing}… This closes when it is done.")
            return AwaitComplete()
        return super().dismiss(result)

    def show_error(self, error: GoalsError) -> None:
        """Show an error of a handler in a notification."""
        self.goals_app.show_error(error)

    def later(self, call: Callable[[], None]) -> None:
        """Call a function a moment after the current state of the screen was drawn."""
        seconds = self.goals_app.READ_LATER_SECONDS
        if seconds:
            # From when it was drawn: on a slow machine the call would otherwise be in the way of that.
            self.call_after_refresh(self.set_timer, seconds, call)
        else:
            self.call_after_refresh(call)

    def attempt(self, call: Callable[[], T]) -> T | None:
        """Return the result of a quick call, or None after showing its error."""
        try:
            return call()
        except GoalsError as error:
            self.goals_app.show_error(error)
            return None
