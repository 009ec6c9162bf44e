"""Actions on one cycle that the list of cycles and the timeline share."""

from __future__ import annotations

from goals_tui.domain.report import Cycle
from goals_tui.tui.app.screen import GoalPlace, ScreenFrame


class CycleActions(ScreenFrame[None]):
    """A screen with one chosen cycle."""

    @property
    def chosen(self) -> Cycle | None:
        """The chosen cycle, or None if there is none or it was not read yet."""
        raise NotImplementedError

    def action_copy_id(self) -> None:
        """Copy the id of the chosen cycle to the clipboard."""
        if self.chosen is not None:
            self._copy(self.chosen.cycle_id, "Cycle id copied")

    def action_copy_session(self) -> None:
        """Copy the id of the chosen cycle's session to the clipboard."""
        if self.chosen is not None:
            self._copy(self.chosen.session_id, "Session id copied")

    def _copy(self, text: str, said: str) -> None:
        self.app.copy_to_clipboard(text)
        self.app.notify(text, title=said)

    def action_goal(self) -> None:
        """Go to the goal of the chosen cycle."""
        if self.chosen is not None:
            self.goals_app.go(GoalPlace(self.chosen.goal_id))
