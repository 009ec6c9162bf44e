"""Fixtures of the tests of all screens."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.tui.harness import draw_later, keep_no_strips, parse_css_once, wait_for_the_loop
from tests.tui.pictures import pictures

__all__ = ["pictures"]


@pytest.fixture(autouse=True, scope="session")
def cheap_apps() -> Iterator[None]:
    """Apps share the CSS of their widgets, keep no drawn lines, and pilots wait no longer than they have to."""
    with pytest.MonkeyPatch.context() as patch:
        parse_css_once(patch)
        keep_no_strips(patch)
        wait_for_the_loop(patch)
        yield


@pytest.fixture(autouse=True)
def drawn_by_settle(monkeypatch: pytest.MonkeyPatch) -> None:
    """An app is drawn when all is quiet."""
    draw_later(monkeypatch)
