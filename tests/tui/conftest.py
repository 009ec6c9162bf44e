"""What the tests of all screens share."""

from tests.tui.pictures import pictures

__all__ = ["pictures"]
