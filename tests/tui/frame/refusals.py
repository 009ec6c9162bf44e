"""All refusals in the code, read from the code itself, for the tests that enter each of it."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any

HOLE = "…"
"""Stands for a value within a text."""

REFUSALS = ("RefusedError", "Problem")
"""The exceptions that are refusals."""


def texts(module: ModuleType) -> list[str]:
    """Every text of a module for people: each of more than one word that is no docstring, with holes for values."""
    tree = ast.parse(inspect.getsource(module))
    within = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) or id(node) not in within | docs:
            found += [text for text in [_text(node)] if " " in text]
    return found


def raised(*modules: ModuleType) -> list[str]:
    """The text of each RefusedError and Problem that these modules make, with holes for values."""
    return [
        _text(argument)
        for module in modules
        for node in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in REFUSALS
        for argument in node.args
        if " " in _text(argument)
    ]


def not_entered(refusals: list[str], entered: Mapping[str, Callable[..., Any]]) -> list[str]:
    """The refusals that no test enters. `entered` has a piece of each, and the test that looks for that piece."""
    for piece, test in entered.items():
        assert piece in inspect.getsource(test), f"{test.__name__} does not look for {piece!r}"
        assert any(piece in text for text in refusals), f"nothing says {piece!r} any more"
    return [text for text in refusals if not any(piece in text for piece in entered)]


def _text(node: ast.AST) -> str:
    return "".join(_parts(node))


def _parts(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.JoinedStr):
        for value in node.values:
            yield from _parts(value)
    elif isinstance(node, ast.FormattedValue):
        yield HOLE
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
