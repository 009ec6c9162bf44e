"""The rule for every reader of hostile input: read it, or refuse it in one clear line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from hypothesis import strategies as st

from goals_tui.domain.errors import GoalsError
from tests.examples import examples

Result = TypeVar("Result")

LONGEST_LINE = 1500

few = examples(12, shared_fixtures=True)
"""Examples that go through files: a fixture that lasts for all of them is what is wanted."""


def calm(work: Callable[[], Result]) -> Result | str:
    """Return the result of `work`, or the line with which it refuses. Any other exception fails the test."""
    try:
        return work()
    except GoalsError as error:
        check_line(str(error))
        return str(error)


def check_line(line: str) -> None:
    """A message for the terminal: one line, not endless, and nothing in it that steers the terminal."""
    assert line and len(line) <= LONGEST_LINE, f"{len(line)} characters: {line[:300]}"
    assert harmless(line) and "\n" not in line, repr(line)
    assert "Traceback" not in line and "pydantic" not in line


def harmless(text: str) -> bool:
    """Return True if a terminal shows this and does nothing else."""
    return not any(c != "\n" and (c < " " or "\x7f" <= c <= "\x9f" or c in "\u202e\u2066") for c in text)


def hostile_scalars() -> st.SearchStrategy[Any]:
    """Values that stand where something else is expected."""
    return st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.sampled_from([10**30, -(10**30), 2**63, 2**64, -1, 0, 1e308, -0.0, 1e-320]),
        st.text(max_size=30),
        st.sampled_from(
            [
                "",
                " ",
                "\x1b[2J\x1b]0;owned\x07",
                "\x9b31m",
                "a\nb\r\nc",
                "=1+1",
                "\u202egpj.exe",
                "x" * 20_000,
                "[/foo]",
                "NaN",
                "1e999",
                "٣",
                "0x10",
                "2026-13-45T99:99:99Z",
                "9999-12-31T23:59:59+23:59",
                "-1",
            ]
        ),
    )


def hostile_values() -> st.SearchStrategy[Any]:
    """The same, and lists and objects of them."""
    return st.recursive(
        hostile_scalars(),
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
        max_leaves=6,
    )


@st.composite
def with_one_change(draw: st.DrawFn, content: Any) -> Any:
    """A copy of JSON content in which one value somewhere was replaced, taken away or given another name."""
    places = list(_places(content, ()))
    path = draw(st.sampled_from(places))
    action = draw(st.sampled_from(["replace", "replace", "remove", "rename"]))
    value = draw(hostile_values())

    def changed(node: Any, rest: tuple[Any, ...]) -> Any:
        if not rest:
            return value
        key, further = rest[0], rest[1:]
        if isinstance(node, dict):
            copy = dict(node)
            if further or action == "replace":
                copy[key] = changed(node[key], further)
            else:
                old = copy.pop(key)
                if action == "rename":
                    copy[f"{key}x"] = old
            return copy
        copy_list = list(node)
        if further or action != "remove":
            copy_list[key] = changed(node[key], further)
        else:
            del copy_list[key]
        return copy_list

    return changed(content, path)


def _places(node: Any, path: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    found = [path] if path else []
    for key, value in items:
        found += _places(value, (*path, key))
    return found


@st.composite
def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """Content that was cut, overwritten, repeated or mixed with other bytes somewhere."""
    start = draw(st.integers(0, len(content)))
    length = draw(st.integers(0, 40))
    other = draw(
        st.one_of(
            st.binary(max_size=20),
            st.sampled_from(
                [b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b'"\\ud800"', b"NaN", b"1e999", b"[" * 2000, b'{"a":' * 2000]
            ),
        )
    )
    return draw(
        st.sampled_from(
            [
                content[:start],
                content[start:],
                content[:start] + other + content[start:],
                content[:start] + other + content[start + length :],
                content[:start] + content[start : start + length] * 3 + content[start + length :],
            ]
        )
    )
