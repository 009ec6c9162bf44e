"""The command palette and jump mode."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

from textual import events
from textual.actions import parse
from textual.app import ComposeResult
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widget import Widget
from textual.widgets import Label

from goals_tui.domain.drill_down import DrillDown
from goals_tui.domain.words import fold
from goals_tui.tui.app.actions import AREAS, Action, key_names, registry
from goals_tui.tui.app.background import ClosesOnce
from goals_tui.tui.app.screen import FlowPlace, GoalPlace
from goals_tui.tui.app.textual_compat import PagedPalette, keymap

if TYPE_CHECKING:
    from goals_tui.tui.app.app import GoalsApp

SHORTEST_SESSION = 2
"""The shortest session id that is looked for.

Sessions are found by their whole id only: the log holds too many to list.
"""
SHORTEST_TEXT = 3
"""The fewest letters by which nodes are looked for: fewer are in nearly all of them."""
MOST_NODES = 30
"""The maximum number of nodes that are found."""
_NODE_SCORE = 0.01
"""The score of a node: they come after everything that is found by its name."""
AREA_TITLES = {area.name: area.title for area in AREAS}


@dataclass(frozen=True)
class Command:
    """An entry of the palette. `hint` is shown below its title."""

    title: str
    hint: str
    run: Callable[[], Any]
    discover: bool = True


class Palette(PagedPalette, ClosesOnce[None]):
    """Textual's palette, with the entries of `GoalsProvider`."""


class GoalsProvider(Provider):
    """Actions of the screen in front first, then those of the other screens, then goals, flows and sessions."""

    async def startup(self) -> None:
        """Read the names in a thread, so that the palette opens at once."""
        self.commands = list(self._actions())
        self._nodes: list[tuple[str, Command]] = []
        self.commands += await asyncio.to_thread(self._things)

    @property
    def goals_app(self) -> GoalsApp:
        """The app, with its own type."""
        return cast("GoalsApp", self.app)

    def _actions(self) -> Iterator[Command]:
        context = getattr(self.screen, "CONTEXT", "app")
        here = [action for action in registry() if action.palette]
        here.sort(key=lambda action: (action.context != context, action.context != "app"))
        mapped = keymap(self.app)
        for action in here:
            if action.context == context:
                node, elsewhere = cast(Any, self.screen), ""
            elif action.context == "app":
                node, elsewhere = cast(Any, self.app), ""
            elif action.context in AREA_TITLES:
                node, elsewhere = None, f"{AREA_TITLES[action.context]}: "
            else:
                continue
            if node is not None and not _works(node, action):
                continue
            keys = key_names(mapped.get(action.id, action.keys))
            hint = f"{action.tooltip}  ({keys})" if keys else action.tooltip
            yield Command(
                elsewhere + (action.title or action.description), hint, partial(self._run, action), not elsewhere
            )

    async def _run(self, action: Action) -> None:
        app = self.goals_app
        if action.context == "app":
            await app.run_action(action.call, app)
            return
        if action.context in AREA_TITLES:
            await app.switch_mode(action.context)
        screen = app.screen
        if _works(screen, action):
            await screen.run_action(action.call)
        else:
            app.notify(f"{action.title or action.description} needs something to be chosen first.", severity="warning")

    def _things(self) -> list[Command]:
        app, services = self.goals_app, self.goals_app.services
        found = [
            Command(row.name, "Go to this goal", partial(app.go, GoalPlace(row.id)), False)
            for row in services.goals.summaries()
        ]
        found += [
            Command(flow.name, "Go to this flow", partial(app.go, FlowPlace(flow.id)), False)
            for flow in services.flows.summaries()
        ]
        self._nodes = list(self._nodes_of_flows())
        return found

    def _nodes_of_flows(self) -> Iterator[tuple[str, Command]]:
        """Yield a command for each node of all flows, with the folded texts that find it."""
        from goals_tui.domain.flow_text import line, search_text

        app, services = self.goals_app, self.goals_app.services
        goals, flows = services.goals.by_id(), {flow.id: flow for flow in services.flows.all()}
        for flow in flows.values():
            for node in flow.walk():
                go = partial(app.go, FlowPlace(flow.id, node.id))
                command = Command(line(node, goals, flows), f"Go to this node of {flow.name}", go, False)
                yield fold(search_text(node, goals, flows)), command

    async def discover(self) -> Hits:
        """Yield the actions that work here, which are shown before anything is typed."""
        for command in self.commands:
            if command.discover:
                yield DiscoveryHit(cast(Any, Content(command.title)), command.run, command.title, command.hint)

    async def search(self, query: str) -> Hits:
        """Yield everything whose name resembles the query, and the session whose id it is."""
        matcher = self.matcher(query)
        for command in self.commands:
            score = matcher.match(command.title)
            if score > 0:
                title = _highlighted(command.title, query)
                yield Hit(score, cast(Any, title), command.run, command.title, command.hint)
        for command in self._found_nodes(query):
            yield Hit(_NODE_SCORE, cast(Any, Content(command.title)), command.run, command.title, command.hint)
        session = query.strip()
        if len(session) >= SHORTEST_SESSION and await asyncio.to_thread(self._is_session, session):
            run = partial(self.goals_app.go, DrillDown.of_session(session))
            yield Hit(1.0, cast(Any, Content(session)), run, session, "Go to this session")

    def _found_nodes(self, query: str) -> list[Command]:
        """Return the first nodes with all words of a query."""
        wanted = fold(query).split()
        if sum(map(len, wanted)) < SHORTEST_TEXT:
            return []
        found = (command for text, command in self._nodes if all(word in text for word in wanted))
        return list(islice(found, MOST_NODES))

    def _is_session(self, session: str) -> bool:
        """Return whether events have exactly this session id. The workspace's own index answers that without DuckDB."""
        services = self.goals_app.services
        if services.engine_title:
            return services.insights.knows_session(session)
        return services.events.has_session(session)


def _highlighted(title: str, query: str) -> Content:
    """Return the title with the letters of the query underlined; it is never read as markup."""
    content, at, folded = Content(title), 0, title.casefold()
    for letter in query.casefold():
        found = folded.find(letter, at)
        if found >= 0 and not letter.isspace() and len(folded) == len(title):
            content, at = content.stylize("bold underline", found, found + 1), found + 1
    return content


LETTERS = "asdfghjklqwertyuiopzxcvbnm"


class Jump(ModalScreen[Widget | None], ClosesOnce[Widget | None]):
    """Letters over the parts of a screen. Returns the chosen widget, or None."""

    CONTEXT = "app.dialog"
    DEFAULT_CSS = """
    Jump { background: $background 40%; layers: letters; }
    Jump Label {
        layer: letters; position: absolute; width: 3; padding: 0 1;
        background: $warning; color: $background; text-style: bold;
    }
    """

    def __init__(self, targets: dict[str, Widget]) -> None:
        super().__init__()
        self.targets = targets

    @classmethod
    def over(cls, screen: Screen[Any]) -> Jump:
        """Return letters for everything that can be focused on a screen, in the order of focus."""
        seen = [widget for widget in screen.focus_chain if widget.region and widget.region.overlaps(screen.region)]
        return cls(dict(zip(LETTERS, seen, strict=False)))

    def compose(self) -> ComposeResult:
        for letter, widget in self.targets.items():
            label = Label(letter)
            region = widget.region
            label.styles.offset = (max(0, min(region.x, self.app.size.width - 3)), max(0, region.y))
            yield label

    def on_key(self, event: events.Key) -> None:
        """Choose the widget of a letter; any other key closes the letters."""
        event.stop()
        self.dismiss(self.targets.get(event.key))

    def on_click(self) -> None:
        """Close the letters."""
        self.dismiss(None)


def _works(node: Screen[Any] | GoalsApp, action: Action) -> bool:
    """Return whether a screen, or the app, can run an action now."""
    _, name, parameters = parse(action.call)
    return bool(node.check_action(name, parameters))
