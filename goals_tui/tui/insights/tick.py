"""A switch that says by its glyph whether it is on: Textual's own says it by colour alone."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Checkbox


class Tick(Checkbox):
    """☑ or ☐, and what it is about."""

    DEFAULT_CSS = """
    Tick { height: 1; border: none; padding: 0; background: transparent; width: auto; }
    Tick:focus { border: none; background: transparent; text-style: bold; color: $primary; }
    """

    def __init__(self, label: str, value: bool, *, id: str | None = None) -> None:
        super().__init__(label, value, id=id, compact=True)

    def render(self) -> Content:
        mark = ("☑ ", "bold $primary") if self.value else ("☐ ", "$quiet")
        return Content.assemble(mark, self.label)
