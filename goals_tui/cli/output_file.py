"""Files that commands write: `-o FILE`, where `-` is standard output and no file is replaced by mistake."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Annotated

import typer

from goals_tui.cli.output import binary_output
from goals_tui.domain.errors import RefusedError

STANDARD_OUTPUT = Path("-")

ForceOption = Annotated[bool, typer.Option("--force", help="Replace a file that is there, without asking.")]


@contextmanager
def output_file(output: Path, force: bool, kind: str) -> Iterator[Path]:
    """Give the path to write to. For `-` that is a temporary file, which goes to standard output after the block.

    `kind` is the ending that the temporary file has: .jsonl. Raises RefusedError where a file is there already and
    nobody says that it may be replaced: `force`, or the person at the terminal.
    """
    if output != STANDARD_OUTPUT:
        check_replaceable(output, force)
        yield output
        return
    with tempfile.TemporaryDirectory(prefix="goals-tui-") as folder:
        path = Path(folder, f"output{kind}")
        yield path
        with path.open("rb") as file, binary_output() as out:
            shutil.copyfileobj(file, out)


def check_replaceable(output: Path, force: bool) -> None:
    """Ask whether a file that is there may be replaced. Raises RefusedError where not, or where nobody can be asked."""
    from goals_tui.services.export_files import exists_already

    if force or not exists_already(output):
        return
    if sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty():
        # The end of the prompt, which Python writes to standard output, belongs to the rest of it.
        with redirect_stdout(sys.stderr):
            if typer.confirm(f"{output} exists already. Replace it?", err=True):
                return
        raise RefusedError(f"{output} stays as it is.")
    raise RefusedError(f"{output} exists already. Give --force to replace it, or name another file.")


def shown(output: Path) -> str:
    """What a message calls the place that was written to."""
    return "standard output" if output == STANDARD_OUTPUT else str(output)
