"""The build hook: makes the man page out of the commands' help. Wheels install it into share/man/man1."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_ENVIRONMENT = {
    "GOALS_TUI_WORKSPACE": "The folder of the workspace, where --workspace does not name one.",
    "GOALS_TUI_EVENTS": "The URL of an engine with the events, where --events does not name one.",
    "NO_COLOR": "Where it is set, nothing is coloured.",
}
_EXIT_CODES = {
    "0": "Done.",
    "1": "An error: standard error says what is wrong and what to do.",
    "2": "Wrong usage.",
    "3": "A check or target failed, or an import left records out.",
    "130": "Stopped by ctrl+c.",
}


class ManPageHook(BuildHookInterface[Any]):
    """The hook of hatchling that adds the man page to the wheel."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the man page and say where it is installed."""
        sys.path.insert(0, self.root)
        self._folder = TemporaryDirectory()
        page = Path(self._folder.name) / "goals-tui.1"
        page.write_text(man_page(), "utf-8")
        build_data["shared_data"][str(page)] = "share/man/man1/goals-tui.1"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was written beside the wheel."""
        self._folder.cleanup()


def man_page() -> str:
    """Return the man page, for roff with the man macros."""
    return "\n".join(_page()) + "\n"


def _page() -> Iterator[str]:
    from typer.main import get_command

    from goals_tui import __version__
    from goals_tui.cli.app import SECTIONS, make_app

    program = get_command(make_app())
    yield f'.TH GOALS-TUI 1 "" "goals-tui {__version__}" "User Commands"'
    yield ".SH NAME"
    yield r"goals\-tui \- goals for the conversations of AI agents, in the terminal"
    yield ".SH SYNOPSIS"
    yield r".B goals\-tui"
    yield _text("[OPTIONS] [COMMAND [ARGUMENT...]]")
    yield ".SH DESCRIPTION"
    yield _text(program.help)
    yield ".PP"
    yield "Without a command the app is opened. Options may stand before and after the name of a command."
    yield ".SH OPTIONS"
    yield from _options(program)
    yield ".SH COMMANDS"
    for title, names in SECTIONS.items():
        yield f".SS {title}"
        for name in names:
            yield from _command(program.commands[name], f"goals-tui {name}")
    yield ".SH ENVIRONMENT"
    yield from _entries(_ENVIRONMENT)
    yield ".SH EXIT STATUS"
    yield from _entries(_EXIT_CODES)


def _command(command: Any, name: str) -> Iterator[str]:
    """Yield a command with its arguments and options, or the commands of a group."""
    context = command.context_class(command, info_name=name)
    commands = getattr(command, "commands", {})
    pieces = [piece for piece in command.collect_usage_pieces(context) if piece != "[OPTIONS]"]
    if not commands:
        yield ".TP"
        yield rf"\fB{_text(name)}\fR {_text(' '.join(pieces))}".rstrip()
        yield from _paragraphs(command.help)
        yield ".RS"
        yield from _options(command)
        yield ".RE"
    for inner in commands:
        yield from _command(commands[inner], f"{name} {inner}")


def _options(command: Any) -> Iterator[str]:
    from goals_tui.cli.commands import help_row

    context = command.context_class(command, info_name="goals-tui")
    for parameter in command.get_params(context):
        row = parameter.get_help_record(context)
        if row is None or parameter.name in {"help", "show_completion"}:
            continue
        names, help_ = help_row(parameter, row)
        yield from _entries({names: help_})


def _entries(entries: dict[str, str]) -> Iterator[str]:
    for name, text in entries.items():
        yield ".TP"
        yield rf"\fB{_text(name)}\fR"
        yield from _paragraphs(text)


def _paragraphs(text: str) -> Iterator[str]:
    for number, paragraph in enumerate(re.split(r"\n\s*\n", text.strip())):
        if number:
            yield ".sp"
        yield _text(paragraph)


def _text(text: str) -> str:
    """Return text in which nothing is a request of roff."""
    text = " ".join(text.split()).replace("\\", r"\e").replace("-", r"\-")
    return rf"\&{text}" if text.startswith((".", "'")) else text
