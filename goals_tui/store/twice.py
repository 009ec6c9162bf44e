"""Detection of repeated keys in JSON objects, of which parsers silently keep the last.

They appear when both sides of a merge are kept, and the next save would lose one of them.
"""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[][{},:\n]', re.DOTALL)


def key_twice(content: bytes, data: Any) -> str | None:
    """Return a phrase that names a repeated key and its lines; None if no object repeats a key.

    `data` is the parsed `content`. If serializing it gives `content` again, as it does for files written by goals-tui,
    no scan is needed.
    """
    text = content.removeprefix(b"\xef\xbb\xbf")
    try:
        if orjson.dumps(data, option=orjson.OPT_INDENT_2) == text.rstrip():
            return None
    except TypeError:
        # A number or text that only Python's parser accepts.
        pass
    return _scan(text.decode(errors="replace"))


def _scan(text: str) -> str | None:
    """Return the phrase of `key_twice` for the text of valid JSON."""
    line = 1
    open_objects: list[dict[str, int] | None] = []  # None: a list
    last: str | None = None
    last_line = 1
    for found in _TOKEN.finditer(text):
        token = found[0]
        if token == "\n":
            line += 1
        elif token == "{":
            open_objects.append({})
        elif token == "[":
            open_objects.append(None)
        elif token in "}]":
            open_objects.pop()
        elif token == ":":
            keys = open_objects[-1]
            if keys is not None and last is not None:
                key = json.loads(last) if "\\" in last else last[1:-1]
                if key in keys:
                    return f"the key {key[:80]!r} stands in line {keys[key]} and again in line {last_line}"
                keys[key] = last_line
        elif token != ",":
            last, last_line = token, line
    return None
