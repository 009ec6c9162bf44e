"""Work in the background and the one place where its results and errors arrive: for screens and dialogs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from textual.await_complete import AwaitComplete
from textual.message import Message
from textual.screen import Screen
from textual.worker import Worker, WorkerState

from goals_tui.domain.errors import GoalsError

if TYPE_CHECKING:
    from textual.binding import ActiveBinding

    from goals_tui.services.context import Services
    from goals_tui.tui.app import GoalsApp

T = TypeVar("T")
ResultT = TypeVar("ResultT")


class ClosesOnce(Screen[ResultT]):
    """A screen that may be told to close at any time: keys that come twice, or work that ends late, do so."""

    @property
    def active_bindings(self) -> dict[str, ActiveBinding]:
        """As Textual's; none while parts are missing that say what works: before it is whole, and while it goes."""
        return super().active_bindings if self.is_mounted and not self._pruning else {}

    def dismiss(self, result: ResultT | None = None) -> AwaitComplete:
        """As Textual's. Another screen that is in front by now stays there; one that is closed already stays closed."""
        stack = next((stack for stack in self.app._screen_stacks.values() if self in stack), None)
        if stack is None:
            return AwaitComplete()
        if self is self.app.screen:
            return super().dismiss(result)
        if self._result_callbacks:
            self._result_callbacks[-1](result)
        stack.remove(self)
        self._pop_result_callback()
        return AwaitComplete(self.app._replace_screen(self)).call_next(self.app)


class BackgroundScreen(ClosesOnce[ResultT]):
    """A screen that can let threads work, and knows the app and its services by their types."""

    def __init__(self, name: str | None = None, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(name, id, classes)
        self._then: dict[Worker[Any], tuple[Callable[[Any], None], Callable[[BaseException], None] | None]] = {}

    @property
    def goals_app(self) -> GoalsApp:
        """The app, with its own type."""
        return cast("GoalsApp", self.app)

    @property
    def services(self) -> Services:
        """The services of the open workspace."""
        return self.goals_app.services

    def named_key(self, action_id: str) -> str:
        """As the app's: the first key of an action as people write it."""
        return self.goals_app.named_key(action_id)

    def load(
        self,
        group: str,
        work: Callable[[], T],
        then: Callable[[T], None],
        *,
        refused: Callable[[BaseException], None] | None = None,
        newest_only: bool = True,
    ) -> None:
        """Run `work` in a thread, then hand its result to `then` here, unless a newer one of the group started.

        An error of any kind goes to `refused` where that is given; else it becomes a notification that stays.
        """
        worker = self.run_worker(work, group=group, thread=True, exclusive=newest_only, exit_on_error=False)
        self._then[worker] = (then, refused)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """The one place where results and errors of workers arrive."""
        if event.state not in (WorkerState.SUCCESS, WorkerState.ERROR, WorkerState.CANCELLED):
            return
        then, refused = self._then.pop(event.worker, (None, None))
        error = event.worker.error
        if event.state is WorkerState.ERROR and error is not None:
            if refused is not None and self.is_attached:
                refused(error)
            else:
                self.goals_app.show_error(error)
        elif event.state is WorkerState.SUCCESS and then is not None and self.is_attached:
            then(event.worker.result)

    async def _dispatch_message(self, message: Message) -> None:
        # Where this raised, Textual would handle no further message of the screen.
        try:
            await super()._dispatch_message(message)
        except GoalsError as error:
            self.goals_app.show_error(error)

    def later(self, call: Callable[[], None]) -> None:
        """Call it when what is drawn now was seen for a moment."""
        seconds = self.goals_app.READ_LATER_SECONDS
        if seconds:
            self.set_timer(seconds, call)
        else:
            self.call_after_refresh(call)

    def attempt(self, call: Callable[[], T]) -> T | None:
        """The result of a quick call, or None after its refusal was shown."""
        try:
            return call()
        except GoalsError as error:
            self.goals_app.show_error(error)
            return None
