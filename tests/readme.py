"""Commands shown in README.md and docs/examples.md, with their output, and the key table of docs/keys.md.

`python -m tests.readme` runs the commands and writes their output, and the keys of the registry, into these files.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from goals_tui.tui.app.actions import key_table
from tests import builders

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "goals_tui" / "docs"
README = ROOT / "README.md"
EXAMPLES = DOCS / "examples.md"
KEYS = DOCS / "keys.md"
NOW = "2026-11-20T12:00:00Z"

_KEYS = re.compile(r"(?<=<!-- keys -->\n).*?(?=<!-- /keys -->)", re.DOTALL)
_CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Shown:
    """A command of a page with the output that stands under it."""

    command: str
    output: str


def shown_commands(text: str) -> Iterator[Shown]:
    """The `$ ...` lines of every console block, each with what stands under it."""
    for block in _CONSOLE.findall(text):
        command = None
        output: list[str] = []
        for line in block.splitlines():
            if line.startswith("$ "):
                if command is not None:
                    yield Shown(command, "\n".join(output))
                command, output = line[2:], []
            else:
                output.append(line)
        if command is not None:
            yield Shown(command, "\n".join(output))


def write_export(folder: Path) -> None:
    """The folder `export` of the README: a goal and three attempts at it, as the original system exports them."""
    goal = builders.book_a_flight()
    collections: dict[str, list[dict[str, Any]]] = {"Goals": [], "GoalSteps": [], "GoalStepMetrics": []}
    of_goal = {"goalId": goal.id, "version": goal.version}
    collections["Goals"].append({**of_goal, "name": goal.name, "referenceId": goal.reference_id})
    for order, step in enumerate(goal.steps):
        kind = {"initial": "start", "completion": "completion"}.get(step.kind)
        collections["GoalSteps"].append(
            {**of_goal, "goalStepId": step.id, "name": step.name, "order": order, "type": kind}
        )
        worth = (("Cost Savings", "currency", step.metrics.cost_savings), ("Revenue", "currency", step.metrics.revenue))
        for name, unit, value in (*worth, ("Time Saved", "duration", step.metrics.time_saved_seconds)):
            metric = {**of_goal, "goalStepMetricId": f"{step.id} {name}", "goalStepId": step.id}
            collections["GoalStepMetrics"].append({**metric, "name": name, "type": unit, "value": float(value)})
    reached = [(cycle, step) for cycle, count in (("1", 3), ("2", 2), ("3", 1)) for step in goal.steps[:count]]
    events = [builders.event(goal, step.name, cycle=cycle, session=f"s{cycle}") for cycle, step in reached]
    collections["GoalEvents"] = [event.model_dump(mode="json", by_alias=True) for event in events]
    (folder / "export").mkdir()
    for name, records in collections.items():
        (folder / "export" / f"{name}.json").write_text(json.dumps({"value": records}))


def run(command: str, folder: Path, env: dict[str, str]) -> str:
    """Return the output of a command of a page, run in `folder` at a fixed time; `export` adds to `env`."""
    program, *arguments = shlex.split(command)
    if program == "export":
        env.update(argument.split("=", 1) for argument in arguments)
        return ""
    if program != "goals-tui":
        raise AssertionError(f"only goals-tui is run in console blocks, not {program}")
    done = subprocess.run(
        [sys.executable, "-m", "goals_tui", *arguments],
        cwd=folder,
        env={**os.environ, "GOALS_TUI_NOW": NOW, "NO_COLOR": "1", **env},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode not in (0, 3):
        raise AssertionError(f"{command} ended with {done.returncode}: {done.stderr}")
    return "\n".join(line.rstrip() for line in done.stdout.splitlines())


def with_real_output(text: str, folder: Path) -> str:
    """A page with the output of every command as it is now."""
    write_export(folder)
    env: dict[str, str] = {}

    def rewritten(block: re.Match[str]) -> str:
        lines = []
        for shown in shown_commands(block.group(0)):
            lines += [f"$ {shown.command}", *run(shown.command, folder, env).splitlines(), ""]
        return "```console\n" + "\n".join(lines).rstrip() + "\n```"

    return _CONSOLE.sub(rewritten, text)


def with_real_keys(text: str) -> str:
    """A page with the key table as the app's registry has it."""
    return _KEYS.sub(lambda _: key_table().strip() + "\n", text)


if __name__ == "__main__":
    for page in (README, EXAMPLES):
        with tempfile.TemporaryDirectory() as place:
            page.write_text(with_real_output(page.read_text("utf-8"), Path(place)), "utf-8")
    KEYS.write_text(with_real_keys(KEYS.read_text("utf-8")), "utf-8")
