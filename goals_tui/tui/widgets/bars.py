"""The lines above and below every screen: the current place, and the keys that work now."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.content import Content
from textual.reactive import reactive
from textual.screen import Screen
from textual.style import Style
from textual.widget import Widget

from goals_tui.tui.app.actions import AREAS, key_name

if TYPE_CHECKING:
    from textual.app import RenderResult


DO = "do"
"""The key of a part's action in the style's metadata; unlike Textual's `@click`, it does not draw a link."""


class Bar(Widget):
    """Lines of text whose parts can be clicked."""

    async def on_click(self, event: events.Click) -> None:
        action = event.style.meta.get(DO)
        if action:
            await self.run_action(action)


class TitleBar(Bar):
    """Two lines: the six screens with the project's name; then the open place, whether it is saved, and undo."""

    DEFAULT_CSS = """
    TitleBar { dock: top; height: 2; background: $panel; color: $foreground; }
    """

    area = reactive("")
    project = reactive("")
    place = reactive("")
    note = reactive("")
    engine = reactive("")
    """The engine that holds the events; empty for the workspace's own log."""

    unsaved = reactive(False)
    undo = reactive("")
    undo_key = reactive("")
    """The key that undoes now; empty where no key does, as in fields that take it as text."""

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, screen: Screen[object]) -> None:
        if screen is self.screen:
            active = screen.active_bindings.values()
            keys = (found.binding.key for found in active if found.binding.action == "undo" and found.enabled)
            self.undo_key = key_name(next(keys, ""))

    def render(self) -> RenderResult:
        return Content("\n").join([self._screens(), self._place()])

    def _screens(self) -> Content:
        roomy = self.size.width >= 76
        parts = []
        for area in AREAS:
            here = area.name == self.area
            look = "bold $primary on $surface" if here else "$quiet"
            title = area.title if roomy or here else ""
            text = Content.styled(f" {area.key} {title} " if title else f" {area.key} ", look)
            parts.append(text.stylize(Style.from_meta({DO: f"app.show('{area.name}')"})))
        left = Content("").join(parts)
        room = self.size.width - left.cell_length - 2
        if room < 4:
            return left
        right = Content.styled(self.project, "$quiet").truncate(room, ellipsis=True)
        return Content.assemble(left, " " * (room - right.cell_length + 1), right, " ")

    def _place(self) -> Content:
        mark = Content.styled("  ● not saved", "bold $warning") if self.unsaved else Content("")
        key = f" ({self.undo_key})" if self.undo_key else ""
        undo = Content.styled(f"Undo{key}: {self.undo}", "$quiet") if self.undo else Content("")
        room = self.size.width - 2 - mark.cell_length
        place = Content.styled(self.place, "bold").truncate(room, ellipsis=True)
        left = Content.assemble(" ", place, mark)
        if self.note and left.cell_length + len(self.note) + 4 <= self.size.width:
            left = Content.assemble(left, Content.styled(f"  {self.note}", "$quiet"))
        if self.engine:
            from_engine = Content.styled(f"  Events: {self.engine}", "$accent")
            left += from_engine.truncate(max(0, self.size.width - left.cell_length - 1), ellipsis=True)
        room = self.size.width - left.cell_length - 3
        if room < 16 or not undo:
            return left.pad_right(max(0, self.size.width - left.cell_length))
        undo = undo.truncate(room, ellipsis=True)
        return Content.assemble(left, " " * (room - undo.cell_length + 2), undo, " ")


class KeyBar(Bar):
    """The keys that work now, in the order of the registry: as many as fit, and always those of `LAST`."""

    DEFAULT_CSS = """
    KeyBar { dock: bottom; height: 1; background: $panel; color: $foreground; }
    """

    LAST: ClassVar[tuple[str, ...]] = ("command_palette", "help", "quit")
    """The actions at the right end."""

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, screen: Screen[object]) -> None:
        if screen is self.screen:
            self.refresh()

    def render(self) -> RenderResult:
        shown: dict[str, Content] = {}
        for node, binding, enabled, _tooltip in self.screen.active_bindings.values():
            if binding.show and enabled and binding.action not in shown:
                prefix = {self.app: "app.", self.screen: "screen."}.get(node)
                text = Content.assemble(
                    (f" {key_name(binding.key)} ", "bold $primary"), (f"{binding.description} ", "$foreground")
                )
                if prefix is not None:
                    text = text.stylize(Style.from_meta({DO: prefix + binding.action}))
                shown[binding.action] = text
        last = Content("").join([shown.pop(action) for action in self.LAST if action in shown])
        room = self.size.width - last.cell_length
        first = Content("")
        for text in shown.values():
            if first.cell_length + text.cell_length > room:
                break
            first = Content.assemble(first, text)
        return Content.assemble(first, " " * max(0, room - first.cell_length), last)
