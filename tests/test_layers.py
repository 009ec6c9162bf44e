"""Rules of docs/architecture.md that import-linter can't see: they are about attributes and private names."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest
import textual

import goals_tui

ROOT = Path(goals_tui.__file__).parent
TESTS = Path(__file__).parent
FILES = sorted(path for layer in ("tui", "cli") for path in (ROOT / layer).rglob("*.py"))
STORE = {"workspace", "documents", "log"}
"""Attributes of services that lead to the store."""


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_screens_and_commands_reach_the_store_through_services_only(path: Path) -> None:
    found = [
        f"line {node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and ((node.attr in STORE and _is_service(node.value)) or _is_private(node))
    ]
    assert not found


def _is_service(value: ast.expr) -> bool:
    """Return whether an expression is `Services` or one of its services, by the names that the layers use."""
    named = ast.unparse(value)
    return named.split("(")[0].split(".")[-1] in ("services", "opened") or ".services." in named


def _is_private(node: ast.Attribute) -> bool:
    """Return whether a private attribute of a service is read."""
    private = node.attr.startswith("_") and not node.attr.startswith("__")
    return private and _is_service(node.value)


TEXTUAL = Path(textual.__file__).parent
ALLOWED = (ROOT / "tui" / "app" / "textual_compat.py", TESTS / "tui" / "harness.py", Path("test_textual_compat.py"))
"""The modules that may use private names of Textual."""


@cache
def private_names(folder: Path) -> frozenset[str]:
    """The private methods and attributes that the classes of a package define."""
    found: set[str] = set()
    for path in folder.rglob("*.py"):
        text = path.read_text("utf-8")
        found.update(re.findall(r"\bdef (_[a-z]\w*)\(", text))
        found.update(re.findall(r"\bself\.(_[a-z]\w*)(?::[^=\n]+)? =", text))
    return frozenset(found)


@pytest.mark.parametrize("folder", [ROOT / "tui", TESTS], ids=["tui", "tests"])
def test_private_names_of_textual_are_used_in_one_place(folder: Path) -> None:
    ours, theirs = private_names(ROOT), private_names(TEXTUAL)
    found = []
    for path in sorted(folder.rglob("*.py")):
        if path in ALLOWED or path.name == ALLOWED[-1].name:
            continue
        tree = ast.parse(path.read_text("utf-8"))
        used = {
            node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and ast.unparse(node) != "os._exit"
        }
        overridden = {name for name in _methods(tree) if name in OVERRIDES}
        imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        found += [f"{path}: {name}" for name in sorted((used & theirs) - ours | overridden)]
        found += [f"{path}: {name}" for name in sorted(imported) if name.startswith("textual") and "._" in name]
    assert not found


def _methods(tree: ast.AST) -> set[str]:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    classes = (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    return {each.name for one in classes for each in one.body if isinstance(each, functions)}


OVERRIDES = {"_on_key", "_on_click", "_on_mount", "_dispatch_message", "_dispatch_action", "_handle_exception",
             "_move_page", "_action_command_list", "_compose", "_check_bindings", "_on_message"}  # fmt: skip
"""Private methods of Textual that one might be tempted to override."""


SERVICES = sorted((ROOT / "services").rglob("*.py"))


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_service_takes_what_it_needs_by_name(path: Path) -> None:
    imports = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.ImportFrom)]
    assert not [node.lineno for node in imports for name in node.names if name.name == "Services"]
