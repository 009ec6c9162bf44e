"""Typer commands with usage lines, help and messages in the words of this app."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, ClassVar, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

Function = TypeVar("Function", bound=Callable[..., Any])

_WHOLE = 10_000
"""Longer than any summary, in characters, so that lists of commands wrap summaries instead of cutting them."""

_TYPE = re.compile(r" <(?:list\[)?(.*?)\]?>$")
"""A Python type after a name in typer's help, such as ` <list[str]>`."""

_RANGE = re.compile(r"\b(?:(\d+)<=)?x([<>]=)(\d+)\b")


class _Group(TyperGroup):
    sections: ClassVar[Mapping[str, Sequence[str]]] = {}
    """The headings of the help with the commands under each; without any there is one list."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands to the help, in one column for all sections."""
        width = max(map(len, self.commands))
        for title, names in (self.sections or {"Commands": self.list_commands(ctx)}).items():
            rows = [(name.ljust(width), self.commands[name].get_short_help_str()) for name in names]
            with formatter.section(title):
                formatter.write_dl(rows)

    def get_short_help_str(self, limit: int = _WHOLE) -> str:
        """Return the summary uncut."""
        return super().get_short_help_str(_WHOLE)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments before the command's name. Raises typer.BadParameter."""
        _take_as_they_are(self.get_params(ctx))
        return super().parse_args(ctx, args)


class _DefaultGroup(_Group):
    default = "run"
    """The command that is meant where none is named."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments before the command's name. Raises typer.BadParameter."""
        if not args or (args[0] not in self.commands and args[0] not in ctx.help_option_names):
            args = [self.default, *args]
        return super().parse_args(ctx, args)


class _Command(TyperCommand):
    def get_short_help_str(self, limit: int = _WHOLE) -> str:
        """Return the summary uncut."""
        return super().get_short_help_str(_WHOLE)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments and options to the help, without Python types."""
        for title, kind in (("Arguments", "argument"), ("Options", "option")):
            parameters = [one for one in self.get_params(ctx) if one.param_type_name == kind]
            rows = [help_row(one, row) for one in parameters if (row := one.get_help_record(ctx)) is not None]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return the usage pieces, with `GOAL...` where typer writes `{GOAL...}...`."""
        pieces = super().collect_usage_pieces(ctx)
        return [piece.replace("{", "").replace("}", "").replace("......", "...") for piece in pieces]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments. Raises typer.BadParameter."""
        _take_as_they_are(self.get_params(ctx))
        try:
            return super().parse_args(ctx, args)
        except typer.BadParameter as error:
            if isinstance(error.__cause__, ValueError):
                from pydantic import ValidationError

                from goals_tui.domain.model import reason

                if isinstance(error.__cause__, ValidationError):
                    error.message = f"{reason(error.__cause__)}."
            raise


def help_row(parameter: Any, row: tuple[str, str]) -> tuple[str, str]:
    """Return a row of the help without Python types and ranges.

    `--goal GOAL` replaces `--goal <list[str]>`, and `1 to 9` replaces `1<=x<=9`; choices stay: `--format table|json`.
    """

    def value(found: re.Match[str]) -> str:
        if parameter.param_type_name == "argument":
            return ""
        return " " + (found[1] if "|" in found[1] else parameter.opts[-1].rpartition("-")[2].upper())

    def span(found: re.Match[str]) -> str:
        least, side, bound = found.groups()
        return f"{least} to {bound}" if least else f"at {'least' if side == '>=' else 'most'} {bound}"

    return _TYPE.sub(value, row[0]), _RANGE.sub(span, row[1])


class _Plain:
    """A converter that passes on values which have the right type already, and refuses empty paths.

    typer converts each value with pydantic, which takes long to load; here this happens for other values only.
    """

    def __init__(self, annotation: object) -> None:
        self._annotation = annotation

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return the value for a parameter. Raises typer.BadParameter."""
        wanted, several = self._annotation, param.multiple or param.nargs == -1
        if wanted in (Path, list[Path]) and "" in ((value or ()) if several else [value]):
            raise empty_path(param=param, ctx=ctx)
        if value is None:
            return () if several else None
        if several and wanted == list[str] and all(map(_is_text, value)):
            return list(value)
        if (wanted is str and _is_text(value)) or (wanted is bool and type(value) is bool):
            return value
        if isinstance(wanted, type) and issubclass(wanted, StrEnum) and value in set(wanted):
            return wanted(value)
        param._runtime_param = None
        converter = param.get_runtime_param()
        param._runtime_param = self
        return converter.coerce(value, param=param, ctx=ctx)


def empty_path(**where: Any) -> typer.BadParameter:
    """Return the error for a path that is empty, which would be the current folder."""
    return typer.BadParameter("it is empty. Give a path, such as . for this folder.", **where)


def _given_host(host: str) -> str:
    if not host:
        raise typer.BadParameter("it is empty, which would be all addresses of this machine. Write 0.0.0.0 for them.")
    return host


HostOption = Annotated[str, typer.Option("--host", help="The address to listen at.", callback=_given_host)]


def _is_text(value: object) -> bool:
    """Return whether a value is text that can be encoded as UTF-8."""
    return type(value) is str and (value.isascii() or value == value.encode(errors="ignore").decode())


def _take_as_they_are(params: Iterable[Any]) -> None:
    for param in params:
        if hasattr(param, "type_descriptor") and getattr(param, "_runtime_param", param) is None:
            param._runtime_param = _Plain(param.type_descriptor.annotation)


class Commands(typer.Typer):
    """A group of commands whose help is written by this module.

    With `runs_by_default`, arguments that name no command are those of the command `run`. `sections` groups the
    commands in the help.
    """

    def __init__(
        self, *, runs_by_default: bool = False, sections: Mapping[str, Sequence[str]] | None = None, **options: Any
    ) -> None:
        base = _DefaultGroup if runs_by_default else _Group
        super().__init__(cls=type(base.__name__, (base,), {"sections": sections or {}}), **options)

    def command(self, *args: Any, **options: Any) -> Callable[[Function], Function]:
        """Return a decorator that adds a command, like `typer.Typer.command`."""
        return super().command(*args, cls=_Command, **options)
