"""The Flows screen, the menu of node kinds and the Interaction Panel."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from goals_tui.tui.app.choose import Choose
from goals_tui.tui.app.dialogs import Ask, AskText
from goals_tui.tui.app.screen import FlowPlace
from goals_tui.tui.flows.blocks import START
from goals_tui.tui.flows.kinds import KindMenu
from goals_tui.tui.flows.panel import PanelScreen
from goals_tui.tui.flows.screen import FlowsScreen
from goals_tui.tui.flows.simulate import SimulateDialog
from goals_tui.tui.flows.track_form import TrackForm
from goals_tui.tui.packages.export import AskPath, AskTarget
from goals_tui.tui.widgets.lines_dialog import AskLines
from tests.builders import book_a_flight, flow, go_to, hex_id, if_, node_id, question, say, track
from tests.conftest import make_services
from tests.tui.frame.walking import Do, Proof, Walk, Way, call, focused, keys, on, says, words
from tests.tui.harness import running


def begin(folder: Path) -> AbstractAsyncContextManager[Pilot[Any]]:
    """Two flows; the first one tracks a step of a goal before its initial step."""
    services = make_services(folder / "workspace")
    tracked = services.goals.save(book_a_flight().model_copy(update={"revision": 0}))
    nodes = (say("a"), if_("choice", (say("yes"),)), question("So?"), go_to("Other"))
    services.flows.save(flow("Abc", *nodes, track(tracked, "Payment completed", name="pay")))
    services.flows.save(flow("Other", say("x")))
    return running(services, area="flows")


def at(name: str) -> Way:
    """Select a node of the flow that is shown."""
    return call(lambda app: app.screen.chart.select(node_id(name)))


def shown(fact: Callable[[FlowsScreen], object]) -> Proof:
    """Something is so on the Flows screen."""
    return lambda app: isinstance(app.screen, FlowsScreen) and fact(app.screen)


def selected(name: str) -> Proof:
    """The chart's cursor is on this node."""
    return shown(lambda screen: screen.chart.selected == node_id(name))


def nodes(*kinds: str) -> Proof:
    """The stored flow has nodes of these kinds, each by its first letter."""
    return lambda app: [node.kind[0] for node in app.services.flows.get("Abc").nodes] == list(kinds)


def undoes(label: str) -> Proof:
    """Return a check that the label of undo begins like this."""
    return lambda app: (app.services.history.undo_label or "").startswith(label)


def flows(*names: str) -> Proof:
    """The workspace has these flows."""
    return lambda app: [row.name for row in app.services.flows.summaries()] == list(names)


def side(part: str) -> Proof:
    """The side shows this part; empty: it is closed."""
    return shown(lambda screen: screen.side == part)


def labelled(app: Any) -> bool:
    """The first node was given a label."""
    return bool(app.services.flows.get("Abc").node(node_id("a")).label == "Hello")


FLOWS = Walk(
    "flows",
    begin,
    (
        at("a"),
        Do("down", "flows.chart.down", selected("choice")),
        Do("up", "flows.chart.up", selected("a")),
        Do("end", "flows.chart.last", selected("pay")),
        Do("home", "flows.chart.first", shown(lambda screen: screen.chart.selected == START)),
        Do("pagedown", "flows.chart.page-down", shown(lambda screen: screen.chart.selected != START)),
        Do("pageup", "flows.chart.page-up", shown(lambda screen: screen.chart.selected == START)),
        at("choice"),
        Do("right_square_bracket", "flows.chart.next", selected("So?")),
        Do("left_square_bracket", "flows.chart.previous", selected("choice")),
        at("yes"),
        Do("right", "flows.chart.right", shown(lambda screen: screen.box.branch == 1)),
        Do("left", "flows.chart.left", selected("yes")),
        call(lambda app: app.go(FlowPlace(hex_id("flow Abc"), track_goal_id=app.services.goals.summaries()[0].id))),
        Do("escape", "flows.place.cancel", shown(lambda screen: not screen.chart.placing)),
        call(lambda app: app.go(FlowPlace(hex_id("flow Abc"), track_goal_id=app.services.goals.summaries()[0].id))),
        Do("enter", "flows.place.here", side("editor")),
        Do("space", "flows.steps.choose", shown(lambda screen: not screen.query_one(TrackForm).chosen)),
        keys("space", "escape", "u"),
        at("a"),
        Do("a", "flows.add", on(KindMenu)),
        Do("slash", "flows.kinds.search", focused("search")),
        Do("escape", "flows.kinds.cancel", on(FlowsScreen)),
        at("choice"),
        Do("b", "flows.add-in-branch", on(Choose)),
        keys("escape"),
        at("a"),
        Do("e", "flows.edit", side("editor")),
        Do("escape", "flows.done", side("")),
        Do("r", "flows.rename", focused("label")),
        words("Hello"),
        Do("f2", "flows.save", labelled),
        Do("space", "flows.mark", shown(lambda screen: screen.chart.run)),
        Do("shift+down", "flows.extend-down", shown(lambda screen: len(screen.chart.run) == 2)),
        Do("shift+up", "flows.extend-up", shown(lambda screen: len(screen.chart.run) == 1)),
        keys("escape"),
        Do("C", "flows.comment", on(AskText)),
        keys("escape"),
        Do("Y", "flows.duplicate", nodes("s", "s", "i", "q", "g", "t")),
        keys("u"),
        Do("slash", "flows.find", on(Choose)),
        keys("escape"),
        Do("P", "flows.propose", on(Choose)),
        keys("escape"),
        Do("N", "flows.numbers", shown(lambda screen: "numbers" in screen.note and "Last 7 days" in screen.note)),
        Do("M", "flows.overview", shown(lambda screen: screen.query_one("#map").display)),
        keys("M"),
        at("pay"),
        Do("s", "flows.set-goal", on(Choose)),
        keys("escape"),
        at("choice"),
        Do("minus", "flows.collapse", shown(lambda screen: node_id("yes") not in screen.chart.layout_of_flow.boxes)),
        Do(
            "underscore",
            "flows.collapse-all",
            shown(lambda screen: node_id("yes") in screen.chart.layout_of_flow.boxes),
        ),
        at("a"),
        Do("y", "flows.copy", lambda app: bool(app.screen.flow_editor.clipboard)),
        Do("p", "flows.paste", nodes("s", "s", "i", "q", "g", "t")),
        Do("u", "app.undo", nodes("s", "i", "q", "g", "t")),
        at("choice"),
        Do("K", "flows.move-up", nodes("i", "s", "q", "g", "t")),
        Do("J", "flows.move-down", nodes("s", "i", "q", "g", "t")),
        Do("x", "flows.cut", nodes("s", "q", "g", "t")),
        at("a"),
        Do("d", "flows.delete", nodes("q", "g", "t")),
        at("go to Other"),
        Do("g", "flows.follow", shown(lambda screen: screen.flow is not None and screen.flow.name == "Other")),
        Do("o", "flows.choose", on(Choose)),
        words("abc"),
        keys("enter"),
        Do("f", "flows.findings", side("findings-list")),
        keys("down"),
        Do("enter", "flows.finding.fix", on(Ask)),
        keys("escape"),
        keys("escape"),
        at("go to Other"),
        keys("d"),
        at("pay"),
        Do("m", "flows.fix", on(Choose)),
        keys("escape"),
        Do("i", "flows.talk", on(PanelScreen)),
        words("yes"),
        keys("enter"),
        Do("f5", "flows.panel.restart", lambda app: [line.text for line in app.screen.talk.lines] == ["So?"]),
        Do("f4", "flows.panel.debug", lambda app: not app.screen.has_class("-debug")),
        Do("f6", "flows.panel.keep", on(AskText)),
        keys("escape"),
        Do("escape", "flows.panel.close", on(FlowsScreen)),
        Do("T", "flows.tests", says("There are no tests yet")),
        Do("L", "flows.lines", on(AskLines)),
        keys("escape"),
        Do("S", "flows.simulate", on(SimulateDialog)),
        Do("f2", "flows.simulation.start", lambda app: app.services.tasks.list()),
        Do("z", "flows.compact", shown(lambda screen: screen.chart.is_compact)),
        Do("n", "flows.new", on(AskText)),
        keys("escape"),
        Do("R", "flows.rename-flow", on(AskText)),
        keys("escape"),
        Do("D", "flows.duplicate-flow", flows("Abc", "Abc (2)", "Other")),
        Do("X", "flows.delete-flow", flows("Abc", "Other")),
        Do("E", "flows.export", on(AskTarget)),
        keys("escape"),
        Do("I", "flows.import", on(AskPath)),
    ),
)
