"""The line that says what the list of cycles is narrowed to, and which keys widen it again."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from goals_tui.tui.actions import shown_key


class OnlyLine(Widget):
    """Hidden where there are no words. Where not all fits, the keys are said in brief, then the words are cut."""

    DEFAULT_CSS = """
    OnlyLine { height: 1; width: 1fr; color: $primary; display: none; }
    OnlyLine.-on { display: block; }
    """

    words: reactive[tuple[str, ...]] = reactive(())
    from_insights = reactive(False)

    def say(self, words: Sequence[str], *, from_insights: bool) -> None:
        """What it is narrowed to, each in a few words; `from_insights` is whether esc leads back there."""
        self.words, self.from_insights = tuple(words), from_insights
        self.set_class(bool(words), "-on")

    def render(self) -> Content:
        said = Content.assemble("└ only ", (" · ".join(self.words), "bold"))
        every, back = (shown_key(self.app._keymap, f"sessions.{name}") for name in ("all", "insights"))
        keys, brief = f"   {every} shows all", f"   {every}: all"
        if self.from_insights:
            keys, brief = f"{keys}, {back} goes back to Insights", f"{brief}, {back}: Insights"
        if said.cell_length + len(keys) > self.size.width:
            keys = brief
        said = said.truncate(max(1, self.size.width - len(keys)), ellipsis=True)
        return Content.assemble(said, (keys, "$quiet"))
