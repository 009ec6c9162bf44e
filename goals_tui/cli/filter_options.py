"""The filters of docs/command-line.md as options, shared by the commands that read the event log."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any

import typer

from goals_tui.domain.errors import NotFoundError, RefusedError
from goals_tui.domain.filters import (
    EVERYTHING,
    FILTER_DIMENSIONS,
    Choice,
    Dimension,
    FilterDimension,
    Filters,
    span_name,
)
from goals_tui.domain.project import zone

if TYPE_CHECKING:
    from goals_tui.services.context import Services


@dataclass(frozen=True)
class Build:
    """The filter options of a command; calling it with the open workspace returns the filters."""

    options: Mapping[str, Any]

    @property
    def names_span(self) -> bool:
        """True if an option sets the span."""
        return any(self.options[name] is not None for name in _SPAN_OPTIONS)

    def __call__(self, services: Services, base: Filters | None = None) -> Filters:
        """Return the filters, with names of goals replaced by ids.

        Options take precedence over `--filter`, and `--filter` over `base`. Raises NotFoundError for unknown names.
        """
        saved = self.options["saved"]
        base = services.filters.get(saved) if saved is not None else base or Filters()
        return base.model_copy(update=_given(self.options, services))


TimeZoneOption = Annotated[
    str | None, typer.Option("--time-zone", metavar="Z", help="Count days and tell the time in this zone.")
]


def _several(dimension: FilterDimension, negation: str) -> Any:
    name, field = dimension
    flag, help = (f"--not-{name}", f"All {field} but this.") if negation else (f"--{name}", f"Only this {name}.")
    return Annotated[list[str] | None, typer.Option(flag, help=help)]


_SPAN_OPTIONS = ("span", "since", "until")
_OPTIONS: dict[str, tuple[Any, Any]] = {
    "saved": (
        Annotated[
            str | None,
            typer.Option("--filter", metavar="NAME", help="Filters saved in the app; other options replace theirs."),
        ],
        None,
    ),
    "span": (
        Annotated[
            str | None,
            typer.Option(
                "--span",
                help="today, last-7-days (default), last-30-days, last-365-days, this-month, this-year, all.",
            ),
        ],
        None,
    ),
    "since": (
        Annotated[str | None, typer.Option("--from", metavar="D", help="First day, or a date with a time.")],
        None,
    ),
    "until": (
        Annotated[str | None, typer.Option("--to", metavar="D", help="Last day (included), or a date with a time.")],
        None,
    ),
    **{
        f"{negation}{dimension.name}": (_several(dimension, negation), None)
        for dimension in FILTER_DIMENSIONS
        for negation in ("", "not_")
    },
    "no_snapshot": (
        Annotated[
            bool,
            typer.Option(
                "--no-snapshot",
                help="Cycles without a snapshot; beside --snapshot those too.",
            ),
        ],
        False,
    ),
    "any_snapshot": (
        Annotated[
            bool,
            typer.Option(
                "--any-snapshot",
                help="Only cycles with a snapshot; --not-snapshot alone keeps those without.",
            ),
        ],
        False,
    ),
    "include_test": (
        Annotated[bool, typer.Option("--include-test", help="Also the Interaction Panel and playbooks.")],
        False,
    ),
    "time_zone": (TimeZoneOption, None),
    "price_by": (
        Annotated[
            str | None,
            typer.Option("--price-by", metavar="recorded|current", help="Which definition values a cycle."),
        ],
        None,
    ),
}


def with_filters(command: Callable[..., None]) -> Callable[..., None]:
    """Add every filter option to a command, which receives them as one argument `filters`, a `Build`."""

    @wraps(command)
    def filtered(*args: Any, **options: Any) -> None:
        chosen = {name: options.pop(name) for name in _OPTIONS}
        build = _read(chosen)
        command(*args, filters=build, **options)

    signature = inspect.signature(command, eval_str=True)
    own = [parameter for name, parameter in signature.parameters.items() if name != "filters"]
    shared = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        for name, (annotation, default) in _OPTIONS.items()
    ]
    own = [p if p.name == "context" else p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own]
    filtered.__signature__ = signature.replace(parameters=[*own, *shared])  # type: ignore[attr-defined]  # read by typer
    filtered.__annotations__ = {p.name: p.annotation for p in [*own, *shared]}
    return filtered


def _read(options: dict[str, Any]) -> Build:
    """Return the options as a `Build` after all checks that need no workspace. Raises typer.BadParameter."""
    custom = options["since"] is not None or options["until"] is not None
    if custom and options["span"] is not None:
        raise typer.BadParameter("--span and --from/--to exclude each other: give one of them.")
    if options["span"] is not None:
        try:
            span_name(options["span"])
        except RefusedError as error:
            raise typer.BadParameter(str(error)) from None
    if options["price_by"] not in (None, "recorded", "current"):
        raise typer.BadParameter(f"--price-by is recorded or current, not {options['price_by']!r}.")
    if options["no_snapshot"] and options["any_snapshot"]:
        raise typer.BadParameter("--no-snapshot and --any-snapshot exclude each other: give one of them.")
    for dimension in FILTER_DIMENSIONS:
        _choice(dimension.name, options)
    return Build(options)


def _given(options: Mapping[str, Any], services: Services) -> dict[str, Any]:
    """Return the fields of the filters that options set. Raises NotFoundError."""
    found: dict[str, Any] = {}
    if options["since"] is not None or options["until"] is not None:
        found.update(span="custom", since=options["since"], until=options["until"])
    elif options["span"] is not None:
        found.update(span=span_name(options["span"]), since=None, until=None)
    if options["time_zone"] is not None:
        found["time_zone"] = zone(options["time_zone"]).key
    for dimension in FILTER_DIMENSIONS:
        choice = _choice(dimension.name, options)
        if not choice:
            continue
        if dimension.name == "goal":
            ids = tuple(goal_id(services, name) for name in choice.values)
            choice = choice.model_copy(update={"values": ids})
        else:
            _check_known(services, dimension.name, choice)
        found[dimension.field] = choice
    if options["no_snapshot"] or options["any_snapshot"] or "snapshots" in found:
        # Snapshot options replace all that saved filters say about snapshots.
        found.update(no_snapshot=options["no_snapshot"], any_snapshot=options["any_snapshot"])
        found.setdefault("snapshots", EVERYTHING)
    if options["include_test"]:
        found["include_test"] = True
    if options["price_by"] is not None:
        found["price_by"] = options["price_by"]
    return found


def goal_id(services: Services, name: str) -> str:
    """Return the id of a goal by its name or id.

    The id of a goal that only the event log knows is returned unchanged. Raises NotFoundError.
    """
    try:
        return services.goals.get(name).id
    except NotFoundError:
        if services.insights.knows_goal(name):
            return name
        raise


def _check_known(services: Services, dimension: Dimension, choice: Choice) -> None:
    """Raise NotFoundError with the nearest names for a value that no event has.

    Otherwise a misspelt name would look like a result of 0.
    """
    known = services.insights.dimension_values(dimension) if choice else []
    for name in choice.values:
        if name not in known:
            raise NotFoundError(f"event with the {dimension}", name, known)


def _choice(what: str, options: Mapping[str, Any]) -> Choice:
    only: Sequence[str] | None = options[what]
    but: Sequence[str] | None = options[f"not_{what}"]
    if only and but:
        raise typer.BadParameter(f"--{what} and --not-{what} exclude each other: give one of them.")
    values = tuple(only or but or ())
    if any("\ud800" <= letter <= "\udfff" for value in values for letter in value):
        raise typer.BadParameter(f"A value of --{what} is not text.")
    return Choice(values=values, negated=bool(but))
