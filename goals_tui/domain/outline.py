"""Lists of lines, as people paste them, read as a goal or as the nodes of a flow."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from goals_tui.domain.errors import RefusedError
from goals_tui.domain.flow import Node, Question, Say
from goals_tui.domain.goal import GLYPHS
from goals_tui.domain.ids import Ids
from goals_tui.domain.text import clean_line

_BULLET = re.compile(r"\s*(?:[-*•·–#]+|\(?\d{1,3}[.)])\s+")
"""What stands before the text of a line in a list: a bullet, a number, or the mark of a heading."""
_BUTTON = re.compile(r"\[([^\[\]]+)\]\s*$")
_SPOKEN = re.compile(r"(say|ask|question)\s*:\s*", re.IGNORECASE)


@dataclass(frozen=True)
class OutlinedStep:
    """A step as it stands in a list: the cells of its line, of which the first is its name."""

    cells: Sequence[str]
    completes: bool


@dataclass(frozen=True)
class OutlinedGoal:
    """A goal as it stands in a list: its name, and its steps, of which the first is the initial one."""

    name: str
    steps: Sequence[OutlinedStep]


def read_goal(text: str) -> OutlinedGoal:
    """Read a goal from lines: its name, then a step a line; cells of a step stand after tabs.

    Steps marked with the glyph of a completion step complete the goal; if none is marked, the last one does. Raises
    RefusedError for fewer than three lines.
    """
    lines = _lines(text)
    if len(lines) < 3:
        raise RefusedError("Give at least three lines: the name of the goal, its initial step, and a further step.")
    steps = [line.strip() for line in lines[1:]]
    marked = {place for place, line in enumerate(steps) if place and line.startswith(GLYPHS["completion"])}
    return OutlinedGoal(
        clean_line(lines[0].partition("\t")[0]),
        [
            OutlinedStep(
                [clean_line(cell) for cell in line.lstrip("".join(GLYPHS.values()) + " ").split("\t")],
                place in (marked or {len(steps) - 1}),
            )
            for place, line in enumerate(steps)
        ],
    )


def read_nodes(text: str, ids: Ids) -> tuple[Node, ...]:
    """Read nodes of a flow from lines: a line that ends with a question mark is a Question, any other a Say.

    `Ask:` or `Say:` before a line decides otherwise. Names in brackets at the end are the buttons of a Question. Raises
    RefusedError where there is no line.
    """
    nodes = [_node(line.strip(), ids) for line in _lines(text)]
    if not nodes:
        raise RefusedError("Give a line for each thing that the agent says or asks.")
    return tuple(nodes)


def _node(line: str, ids: Ids) -> Node:
    spoken = _SPOKEN.match(line)
    rest = line[spoken.end() :] if spoken else line
    buttons: list[str] = []
    while found := _BUTTON.search(rest):
        buttons.insert(0, clean_line(found[1]))
        rest = rest[: found.start()].rstrip()
    kind = spoken[1].casefold() if spoken else ""
    if kind != "say" and (kind or buttons or rest.endswith(("?", "？", "؟"))):
        return Question(id=ids.hex24(), text=rest, buttons=tuple(dict.fromkeys(filter(None, buttons))))
    return Say(id=ids.hex24(), text=line[spoken.end() :] if spoken else line)


def _lines(text: str) -> list[str]:
    """Return the lines that are not empty, without what marks them as lines of a list."""
    stripped = (_BULLET.sub("", line, count=1) if _BULLET.match(line) else line for line in text.splitlines())
    return [line for line in stripped if line.strip()]
