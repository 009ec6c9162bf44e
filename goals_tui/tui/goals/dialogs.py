"""Small dialogs of the Goals screen: where a goal is used, and where to track it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from goals_tui.domain.words import counted
from goals_tui.tui.choose import Choose, Option
from goals_tui.tui.goals.journey import node_in_words, steps_in_words
from goals_tui.tui.places import FlowPlace
from goals_tui.tui.screen import ScreenFrame

if TYPE_CHECKING:
    from goals_tui.services.goals import GoalSummary

NEW_FLOW = "new flow"


async def choose_use(screen: ScreenFrame[Any], row: GoalSummary) -> None:
    """List the nodes that track a goal and go to the one that is chosen."""
    uses = screen.services.goals.where_used(row.id)
    if not uses:
        screen.notify(f"No flow tracks {row.name!r} yet. Press {screen.named_key('goals.track')} to track it in one.")
        return
    goal = screen.services.goals.get(row.id)
    options = [
        Option(str(place), f"{use.flow} › {node_in_words(use, goal)}", steps_in_words(use, goal) if use.label else "")
        for place, use in enumerate(uses)
    ]
    chosen = await screen.app.push_screen_wait(Choose(f"Where {row.name} is tracked", options))
    if chosen is not None:
        use = uses[int(chosen)]
        screen.goals_app.go(FlowPlace(use.flow_id, use.node_id))


async def choose_flow(screen: ScreenFrame[Any], row: GoalSummary) -> None:
    """Choose a flow, or make one, and go there to add a Track Goal Process node for a goal."""
    flows = screen.services.flows.summaries()
    options = [Option(flow.id, flow.name, counted(flow.nodes, "node")) for flow in flows]
    options.append(Option(NEW_FLOW, "New flow", f"called {row.name}"))
    chosen = await screen.app.push_screen_wait(
        Choose(f"Track {row.name}", options, text="In which flow? Choose where in it on the next screen.")
    )
    if chosen is None:
        return
    if chosen == NEW_FLOW:
        from goals_tui.services.flows import free_name

        name = free_name(row.name, [flow.name for flow in flows])
        made = screen.attempt(lambda: screen.services.flows.create(name))
        if made is None:
            return
        screen.goals_app.changed()
        chosen = made.id
    screen.goals_app.go(FlowPlace(chosen, track_goal_id=row.id))
