"""The documentation in goals_tui/docs names what there is: modules, files, commands and their options."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

import goals_tui
from goals_tui.cli.app import app
from goals_tui.cli.filter_options import _OPTIONS as FILTERS

ROOT = Path(__file__).parents[1]
PACKAGE = Path(goals_tui.__file__).parent
DOCS = PACKAGE / "docs"
PAGES = sorted(DOCS.glob("*.md"))
README = ROOT / "README.md"
CONTRIBUTING = ROOT / ".github" / "CONTRIBUTING.md"

_MODULE = re.compile(r"`((?:[a-z_]+/)+(?:[a-z_]+\.[a-z]+)?)`")
"""A module or a folder of the package: at least one slash, relative to it."""

_LINK = re.compile(r"\]\(([^)#:]+)\)")
_IN_A_WORKSPACE = ("events/", "activities/", "conversations/")


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Every command that can be run, with its name: `goals list`."""
    if hasattr(command, "commands"):
        for name, one in command.commands.items():
            yield from commands(one, (*path, name))
    else:
        yield " ".join(path), command


COMMANDS = dict(commands(typer.main.get_command(app)))


def filters() -> set[str]:
    """The options that commands share which read the event log."""
    return {option for one in COMMANDS["report"].params if one.name in FILTERS for option in one.opts}


def section(command: str) -> str:
    """Return the section of command-line.md about a command."""
    text = (DOCS / "command-line.md").read_text("utf-8")
    found = re.search(rf"^### `{re.escape(command)}(?: [^`]*)?`\n(.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


def test_the_pages_are_there() -> None:
    wanted = "architecture command-line engines examples files glossary keys python semantics speed"
    assert {*wanted.split()} <= {page.stem for page in PAGES}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_module_that_is_named_exists(page: Path) -> None:
    named = [name for name in _MODULE.findall(page.read_text("utf-8")) if name not in _IN_A_WORKSPACE]
    assert [name for name in named if not (PACKAGE / name).exists()] == []


@pytest.mark.parametrize("page", [*PAGES, README, CONTRIBUTING], ids=lambda page: page.stem)
def test_every_link_leads_somewhere(page: Path) -> None:
    if not page.exists():
        pytest.skip("not in this distribution")
    assert [link for link in _LINK.findall(page.read_text("utf-8")) if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_documented_with_its_options(name: str) -> None:
    text = section(name)
    assert text, f"command-line.md says nothing about {name}"
    if same := re.match(r"\s*The same as `([^`]+)`\.\s*\Z", text):
        text = section(same[1])
    options = {option for one in COMMANDS[name].params if one.param_type_name == "option" for option in one.opts}
    if "--price-by" in options:
        assert "Filters." in text
        options -= filters()
    assert {option for option in options if not re.search(rf"`{option}\b", text)} == set()


def test_every_filter_is_documented() -> None:
    text = (DOCS / "command-line.md").read_text("utf-8").partition("## Filters")[2].partition("\n## ")[0]
    assert {option for option in filters() if f"`{option}" not in text} == set()


def test_no_command_is_documented_that_there_is_not() -> None:
    headings = re.findall(r"^### `([^`]+)`$", (DOCS / "command-line.md").read_text("utf-8"), re.MULTILINE)
    known = {re.split(r" (?=[A-Z\[])", heading)[0] for heading in headings}
    assert known == set(COMMANDS)


def test_glossary_is_sorted_and_has_each_term_once() -> None:
    terms = re.findall(r"^\| ([^|]+?) \|", (DOCS / "glossary.md").read_text("utf-8"), re.MULTILINE)[1:]
    terms = [term for term in terms if term != "---"]
    assert terms == sorted(set(terms), key=str.casefold)


def test_nothing_refers_to_documents_elsewhere() -> None:
    files = [*PACKAGE.rglob("*.py"), *DOCS.glob("*.md"), *(ROOT / "tests").rglob("*.py")]
    word = "DESIGN" + " "
    assert [file.name for file in files if re.search(rf"\b{word}(section )?\d", file.read_text("utf-8"))] == []
