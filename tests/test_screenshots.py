"""The pictures of the README are what the app draws now."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).parents[1] / "screenshots"


@pytest.fixture(scope="module")
def make() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_screenshots", FOLDER / "make.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_no_picture_is_older_than_the_app(make: ModuleType, tmp_path: Path) -> None:
    drawn = make.make(tmp_path, progress=lambda name: None)
    assert {path.name for path in drawn} == {path.name for path in FOLDER.glob("*.svg")}
    old = [path.name for path in drawn if path.read_text("utf-8") != (FOLDER / path.name).read_text("utf-8")]
    assert not old, f"draw them again: python screenshots/make.py ({', '.join(old)})"
