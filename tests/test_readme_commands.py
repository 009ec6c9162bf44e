"""Every command that README.md and CONTRIBUTING.md tell people to type is tried, in a copy of the checkout.

The normal run uses the environment of the tests as the copy's `.venv`; the long mode makes one, as README says.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.readme import README, ROOT
from tests.readme_commands import (
    commands,
    contents,
    copy_checkout,
    lines,
    run,
    run_app,
    this_environment,
)

CONTRIBUTING = ROOT / ".github" / "CONTRIBUTING.md"
TEXT = "\n".join(page.read_text("utf-8") for page in (README, CONTRIBUTING) if page.exists())
COMMANDS = tuple(dict.fromkeys(commands(TEXT)))
CI_STEPS = ("pytest", "ruff check .", "ruff format --check .", "mypy", "lint-imports", "build --wheel", "--version")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    if not (README.parent / ".git").exists():
        pytest.skip("this is no git checkout, so there is nothing to copy")
    return copy_checkout(tmp_path / "checkout")


def makes_an_environment(command: str, copy: Path) -> None:
    """Tried in the long mode."""


def installs(command: str, copy: Path) -> None:
    """Tried in the long mode; here, that there is what is installed."""
    (wanted,) = re.findall(r"pip install (?:-e )?'?\.(?:\[(\w+)\])?'?$", command)
    project = tomllib.loads((copy / "pyproject.toml").read_text("utf-8"))["project"]
    assert not wanted or project["optional-dependencies"][wanted]


def opens_the_demo(command: str, copy: Path) -> None:
    assert "Book a Flight" in run_app(command, copy, patience=120)


def selects_tests(command: str, copy: Path) -> None:
    # Of a few: reading all tests, or all of the app, takes as long as many of them.
    few = re.sub(r"\btests/tui\b", "tests/tui/settings", command)
    some = ["tests/faults", "tests/store/test_event_reader.py"]
    folder = [] if any(word.startswith("tests/") for word in shlex.split(few)) else some
    printed = run(few, copy, "--collect-only", "-q", "-n", "0", *folder)
    (selected,) = re.findall(r"^(\d+)(?:/\d+)? tests? collected", printed, re.MULTILINE)
    assert int(selected) > 0


def changes_nothing(command: str, copy: Path) -> None:
    """Check that this command leaves README, the documentation and the pictures as they are."""
    before = contents(copy)
    run(command, copy)
    after = contents(copy)
    old = [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]
    assert not old, f"run: {command} ({', '.join(old)})"


def runs_the_steps_of_ci(command: str, copy: Path) -> None:
    script = shlex.split(command)[-1]
    subprocess.run(["bash", "-n", script], cwd=copy, check=True)
    # The tests are run by the command of README.md, which stands under its marker.
    text = (copy / script).read_text("utf-8") + TEXT.partition("<!-- test -->\n```bash\n")[2].partition("```")[0]
    assert [step for step in CI_STEPS if step not in text] == []


def is_a_step_of_ci(command: str, copy: Path) -> None:
    """Tried by CI, and in the long mode: the tests alone need none of these programs."""
    assert command in (copy / ".ci" / "run").read_text("utf-8")


WAYS: tuple[tuple[str, Callable[[str, Path], None]], ...] = (
    (r"python3 -m venv \.venv", makes_an_environment),
    (r"\.venv/bin/pip install .*", installs),
    (r"\.venv/bin/goals-tui demo", opens_the_demo),
    (r"\.venv/bin/python -m pytest .*", selects_tests),
    (r"\.venv/bin/python -m tests\.readme", changes_nothing),
    (r"\.venv/bin/python screenshots/make\.py", changes_nothing),
    (r"\.venv/bin/(?:ruff|mypy|lint-imports)(?: .*)?", is_a_step_of_ci),
    (r"bash \.ci/run", runs_the_steps_of_ci),
)
"""The way to try each command, by a pattern that stands for all of it."""


def way_of(command: str) -> Callable[[str, Path], None]:
    for pattern, way in WAYS:
        if re.fullmatch(pattern, command):
            return way
    pytest.fail(f"no test knows how to try {command!r}")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_does_what_is_said(command: str, copy: Path) -> None:
    this_environment(copy)
    way_of(command)(command, copy)


def test_a_command_that_nobody_tries_is_found() -> None:
    if not CONTRIBUTING.exists():
        pytest.skip("not in this distribution")
    assert len(COMMANDS) >= len(WAYS)
    assert {way_of(command) for command in COMMANDS} == {way for _, way in WAYS}, "a way that no command needs"
    (unknown,) = commands("```bash\nrm -rf everything  # a comment\n```\n")
    with pytest.raises(pytest.fail.Exception, match="no test knows how to try 'rm -rf everything'"):
        way_of(unknown)


@pytest.mark.long
def test_from_nothing(copy: Path) -> None:
    """The shell lines as they stand, one after the other, in an environment that the first one makes."""
    probe = "python3 -m pip download --quiet --no-deps --dest probe hatchling"
    if subprocess.run(probe, shell=True, cwd=copy.parent, capture_output=True, check=False).returncode:
        pytest.skip("pip reaches no package index")
    for line in lines(TEXT):
        last = list(commands(f"```bash\n{line}\n```\n"))[-1]
        way = way_of(last)
        if way is opens_the_demo:
            assert "Book a Flight" in run_app(line, copy, patience=1200)
        elif way is runs_the_steps_of_ci:
            way(last, copy)
        else:
            # The tests are not run by a test, and pictures are compared.
            whole = shlex.join(shlex.split(line, comments=True)).replace("'&&'", "&&")
            {selects_tests: selects_tests, changes_nothing: changes_nothing}.get(way, run)(whole, copy)
