"""Stream JSON from a file: only the value that is being read is in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from goals_tui.services.imports.table import UnusableError

LARGEST_VALUE = 64 << 20
"""The length of the longest single value, in characters."""

_PIECE = 1 << 20
_SPACE = " \t\r\n"
_OF_NUMBERS = "0123456789.eE+-"
"""Characters that may continue a number. A number at the end of the text read so far may be incomplete."""


class JsonStream:
    """A forward-only reader of a file with one or several JSON documents.

        with JsonStream(path) as stream:
            for key in stream.members():        # of the object at the current position
                if key == "events":
                    for _ in stream.items():    # of the list at the current position
                        event = stream.value()
                else:
                    stream.skip()

    The value of each member and each item must be consumed, by one of the methods, before the next one is requested.
    Every method raises UnusableError where the file is not JSON.
    """

    def __init__(self, path: Path) -> None:
        # Invalid UTF-8 in single texts is no reason to refuse a log.
        self._file = path.open(encoding="utf-8-sig", errors="replace", newline="")
        self._decode = json.JSONDecoder().raw_decode
        self._text = ""
        self._at = 0
        self._ended = False

    def __enter__(self) -> JsonStream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def next(self) -> str:
        """Return the first character of the next value without consuming it; empty at the end of the file."""
        while True:
            text, at = self._text, self._at
            while at < len(text) and text[at] in _SPACE:
                at += 1
            self._at = at
            if at < len(text):
                return text[at]
            if not self._more():
                return ""

    def members(self) -> Iterator[str]:
        """Yield the keys of the next object; the value of each must be consumed before the next key."""
        self._take("{")
        if self._ends("}"):
            return
        while True:
            if self.next() != '"':
                raise self._broken("a key is missing")
            key = self.value()
            self._take(":")
            yield key
            if self._ends("}"):
                return
            self._take(",")

    def items(self) -> Iterator[int]:
        """Yield the index of each item of the next list; each item must be consumed before the next index."""
        self._take("[")
        if self._ends("]"):
            return
        place = 0
        while True:
            yield place
            place += 1
            if self._ends("]"):
                return
            self._take(",")

    def value(self) -> Any:
        """Read and return the next value as a whole."""
        if not self.next():
            raise self._broken("its end is missing, the file was cut off")
        while True:
            try:
                value, end = self._decode(self._text, self._at)
                if self._ended or not isinstance(value, int | float) or self._text[end:].strip(_OF_NUMBERS):
                    self._at = end
                    return value
            except RecursionError:
                raise self._broken("it is nested too deeply") from None
            except ValueError as error:
                if self._ended:
                    cut = getattr(error, "pos", 0) >= len(self._text.rstrip()) - 1
                    raise self._broken("its end is missing, the file was cut off" if cut else str(error)) from None
            if len(self._text) - self._at > LARGEST_VALUE:
                raise self._broken(f"a value in it has more than {LARGEST_VALUE >> 20} MB, or does not end")
            self._more()

    def skip(self) -> None:
        """Skip the next value; a list or an object may have any size."""
        first = self.next()
        if first == "{":
            for _key in self.members():
                self.skip()
        elif first == "[":
            for _place in self.items():
                self.skip()
        else:
            self.value()

    def _more(self) -> bool:
        if self._ended:
            return False
        # The buffer doubles, so that a long value is not parsed again after each small piece.
        piece = self._file.read(max(_PIECE, len(self._text) - self._at))
        self._text = self._text[self._at :] + piece
        self._at = 0
        self._ended = not piece
        return bool(piece)

    def _take(self, mark: str) -> None:
        found = self.next()
        if found != mark:
            raise self._broken(f"{mark!r} is missing" if found else "its end is missing, the file was cut off")
        self._at += 1

    def _ends(self, mark: str) -> bool:
        if self.next() != mark:
            return False
        self._at += 1
        return True

    def _broken(self, why: str) -> UnusableError:
        return UnusableError(f"it is not JSON: {why}")
