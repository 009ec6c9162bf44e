"""What stands in the place of a list that has nothing in it."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content
from textual.widgets import Static

DATA_COMMANDS = (
    ("goals-tui listen", "record what agents send"),
    ("goals-tui sync", "read from OData services"),
    ("goals-tui demo --live", "see how it looks, with made-up conversations"),
)
"""The commands that bring events in, each with what it does."""


def data_ways(key: Callable[[str], str]) -> tuple[tuple[str, str], ...]:
    """Return what brings events in: keys or a command, and what they do. `key` returns the key of an action."""
    flows, tasks = key("app.flows"), key("app.tasks")
    return (
        (f"{flows}, {key('flows.talk')}", "talk to a flow"),
        (f"{flows}, {key('flows.simulate')}", "simulate conversations"),
        (f"{tasks}, {key('tasks.import-log')}", "import a table or a log of any agent"),
        *DATA_COMMANDS,
    )


def empty_content(title: str, why: str = "", ways: tuple[tuple[str, str], ...] = ()) -> Content:
    """Return a title, what the list is for, and `ways` to fill it: a key or a command, and what it does."""
    lines = [Content.styled(title, "bold")]
    lines += [Content(""), *(Content.styled(line, "$quiet") for line in why.split("\n"))] if why else []
    keys = max((len(key) for key, _ in ways), default=0)
    rows = [Content.assemble((key.rjust(keys), "bold $primary"), f"  {does}") for key, does in ways]
    widest = max((row.cell_length for row in rows), default=0)
    # Lines of the same width stay a block where lines are centred.
    lines += [Content(""), *(row.pad_right(widest - row.cell_length) for row in rows)] if rows else []
    return Content("\n").join(lines)


class Empty(Static):
    """The content of an empty screen, in its middle; `say` fills it."""

    DEFAULT_CSS = """
    Empty { width: 1fr; height: 1fr; content-align: center middle; text-align: center; }
    """

    def say(self, title: str, why: str = "", ways: tuple[tuple[str, str], ...] = ()) -> None:
        """Show a title, what the list is for, and ways to fill it."""
        self.update(empty_content(title, why, ways))
