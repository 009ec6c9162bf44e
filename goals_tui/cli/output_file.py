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
    """Yield the path to write to; for `-` a temporary file, which is copied to standard output after the block.

    `kind` is the ending of the temporary file, such as `.jsonl`. Raises RefusedError where the file exists and neither
    `force` nor the user at the terminal allows it to be replaced.
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
    """Ask whether an existing file may be replaced, unless `force` is set.

    Raises RefusedError where it may not, or where there is no terminal to ask at.
    """
    from goals_tui.services.export_files import exists_already

    if force or not exists_already(output):
        return
    if sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty():
        # Python writes the end of the prompt to standard output; it belongs with the rest on standard error.
        with redirect_stdout(sys.stderr):
            if typer.confirm(f"{output} exists already. Replace it?", err=True):
                return
        raise RefusedError(f"{output} stays as it is.")
    raise RefusedError(f"{output} exists already. Give --force to replace it, or name another file.")


def shown(output: Path) -> str:
    """Return the name of an output for messages."""
    return "standard output" if output == STANDARD_OUTPUT else str(output)
