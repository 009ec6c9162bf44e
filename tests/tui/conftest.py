"""Fixtures of the tests of all screens."""

from tests.tui.pictures import pictures

__all__ = ["pictures"]
