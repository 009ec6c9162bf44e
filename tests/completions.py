"""The tree of commands for shell completion: what goals_tui/cli/completions.json must hold.

By hand, after a command or an option was added: python -m tests.completions
"""

from __future__ import annotations

import json
from enum import Enum
from pathlib import Path
from typing import Any

from typer.main import get_command

from goals_tui.cli.app import make_app
from goals_tui.cli.completion import TREE
from goals_tui.domain.filters import SPAN_NAMES
from goals_tui.domain.report import BREAKDOWN_DIMENSIONS

_DIMENSIONS = "|".join(BREAKDOWN_DIMENSIONS)
_OPTIONS = {
    "--goal": "goal",
    "--not-goal": "goal",
    "--filter": "filter",
    "--span": "|".join(SPAN_NAMES),
    "--price-by": "recorded|current",
    "--step": "step",
    "--reached": "step",
    "--dropped-after": "step",
    "--completion": "step",
    "--no-completion": "step",
}
_ARGUMENTS = {
    "goal": "goal",
    "flow": "flow",
    "step": "step",
    "dim": f"{_DIMENSIONS}|span|filter",
    "dim[,dim]": _DIMENSIONS,
}


def tree() -> dict[str, Any]:
    """Return the tree: commands, options with the kind of their value ("" for switches), kinds of arguments."""
    return _node(get_command(make_app()))


def _node(command: Any) -> dict[str, Any]:
    options: dict[str, str] = {}
    arguments: list[str] = []
    for parameter in command.params:
        if parameter.param_type_name == "option":
            for name in (*parameter.opts, *parameter.secondary_opts):
                # Whether typer's own options take the name of a shell depends on what it knows of this one.
                switch = parameter.is_flag or (name.endswith("-completion") and not name.startswith("--no-"))
                options[name] = "" if switch and name not in _OPTIONS else _kind(_OPTIONS.get(name), parameter)
        else:
            metavar = (parameter.metavar or parameter.name).casefold().replace("...", "").strip("[]")
            metavar = "dim[,dim]" if metavar.startswith("dim[") or metavar == "dim[,dim" else metavar
            kind = _kind(_ARGUMENTS.get(metavar), parameter)
            arguments.append(kind + ("..." if parameter.nargs != 1 else ""))
    commands = {name: _node(each) for name, each in getattr(command, "commands", {}).items()}
    return {"commands": commands, "options": options, "arguments": arguments}


def _kind(known: str | None, parameter: Any) -> str:
    # Where typer says what an option takes depends on its version.
    annotation = getattr(getattr(parameter, "type_descriptor", None), "annotation", None)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        choices = [str(each.value) for each in annotation]
    else:
        choices = list(map(str, getattr(getattr(parameter, "type", None), "choices", ())))
    return known or "|".join(choices) or "value"


def written() -> str:
    """The text of the file."""
    return json.dumps(tree(), indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    Path(TREE).write_text(written(), "utf-8")
