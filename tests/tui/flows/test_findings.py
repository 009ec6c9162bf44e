"""Findings while editing: badges, the list, and the fix of each."""

from __future__ import annotations

from goals_tui.domain.flow import TrackGoal
from goals_tui.domain.flow_edit import Position
from goals_tui.domain.goal import Goal
from goals_tui.services.context import Services
from goals_tui.tui.app.dialogs import Ask
from goals_tui.tui.app.screen import FlowPlace
from goals_tui.tui.flows import edits
from goals_tui.tui.flows.chart import FlowChart
from tests.builders import book_a_flight, end, flow, go_to, hex_id, if_, node_id, say, track
from tests.tui.harness import messages, press, running, screen_text, type_text


def save_goal(services: Services) -> Goal:
    return services.goals.save(book_a_flight().model_copy(update={"revision": 0}))


async def test_badges_and_counts_follow_each_edit(services: Services) -> None:
    tracked = save_goal(services)
    services.flows.save(flow("F", track(tracked, "Flight selected"), track(tracked, "Payment completed", name="pay")))
    async with running(services, area="flows") as pilot:
        assert "✖" not in screen_text(pilot.app)
        await press(pilot, "down", "d")
        text = screen_text(pilot.app)
        assert "✖ │" in text or "✖ ┃" in text
        assert "✖" in text.splitlines()[1], "the title counts them"
        await press(pilot, "u")
        assert "✖" not in screen_text(pilot.app)


async def test_the_list_jumps_to_the_node_and_inserts_the_initial_step(services: Services) -> None:
    tracked = save_goal(services)
    services.flows.save(flow("F", say("hi"), track(tracked, "Payment completed", name="pay")))
    async with running(services, area="flows") as pilot:
        await press(pilot, "f")
        assert pilot.app.screen.query_one(FlowChart).selected == node_id("pay")
        text = screen_text(pilot.app)
        assert "'Payment completed' is never tracked" in text
        assert "enter: track the initial step first…" in text
        await press(pilot, "enter")
        assert len(services.flows.get("F").nodes) == 2, "nothing is done before it is named and chosen"
        text = screen_text(pilot.app)
        assert "Track 'Flight selected' at the start" in text
        assert "Track 'Flight selected' before ⚑ Payment completed" in text
        await press(pilot, "enter")
        first = services.flows.get("F").nodes[0]
        assert isinstance(first, TrackGoal) and first.step_ids == (tracked.initial.id,)
        assert "Press u to take it back." in messages(pilot.app)[-1]
        await press(pilot, "escape", "u")
        assert len(services.flows.get("F").nodes) == 2


async def test_the_initial_step_is_tracked_at_the_start_alone(services: Services) -> None:
    tracked = save_goal(services)
    first, second = tracked.steps[:2]
    services.flows.save(
        flow(
            "F",
            if_("Maybe", (track(tracked, first.name), say("yes"))),
            track(tracked, second.name, name="second"),
            if_("Both", (track(tracked, first.name, second.name, name="both"),)),
            track(tracked, "Payment completed", name="pay"),
        )
    )
    before = services.flows.get("F").nodes
    async with running(services, area="flows") as pilot:
        await press(pilot, "f", "enter")
        asked = pilot.app.screen
        assert isinstance(asked, Ask), "one place only settles it without opening a second cycle"
        assert str(asked.text).endswith("further down: removes 1 node and takes it out of 1 node.")
        assert services.flows.get("F").nodes == before
        await press(pilot, "enter")
        nodes = services.flows.get("F").nodes
        made = {node.id: node for node in services.flows.get("F").walk() if isinstance(node, TrackGoal)}
        assert isinstance(nodes[0], TrackGoal) and nodes[0].step_ids == (first.id,)
        assert [node.kind for node in nodes[1].branches[0].nodes] == ["say"], "a node that tracks nothing goes"
        assert made[node_id("both")].step_ids == (second.id,)
        assert services.flows.findings() == []
        said = "Track 'Flight selected' at the start, no longer further down. Press u to take it back."
        assert messages(pilot.app) == [said]
        await press(pilot, "escape", "u")
        assert services.flows.get("F").nodes == before, "that was one edit"


async def test_m_on_the_node_does_the_same(services: Services) -> None:
    tracked = save_goal(services)
    services.flows.save(flow("F", say("hi"), track(tracked, "Payment completed", name="pay")))
    async with running(services, area="flows") as pilot:
        await press(pilot, "down", "down", "m", "escape")
        assert len(services.flows.get("F").nodes) == 2
        await press(pilot, "m", "down", "enter")
        assert [node.kind for node in services.flows.get("F").nodes] == ["say", "track_goal", "track_goal"]
        assert messages(pilot.app)[-1].startswith("Track 'Flight selected' before ⚑ Payment completed.")


async def test_inside_of_a_branch_each_place_is_offered_outermost_first(services: Services) -> None:
    tracked = save_goal(services)
    pay = track(tracked, "Payment completed", name="pay").model_copy(update={"label": "Pay"})
    choice = if_("choice", (say("yes"), pay)).model_copy(update={"label": "Sure?"})
    services.flows.save(flow("F", say("hi"), choice))
    async with running(services, area="flows") as pilot:
        pilot.app.screen.query_one(FlowChart).select(pay.id)
        await press(pilot, "m")
        shown = screen_text(pilot.app)
        places = [f"Track 'Flight selected' {where}" for where in ("at the start", "before 'Sure?'", "before 'Pay'")]
        assert all(place in shown for place in places)
        await press(pilot, *"Sure", "enter")
        assert [node.kind for node in services.flows.get("F").nodes] == ["say", "track_goal", "if"]
        assert {finding.severity for finding in services.flows.findings()} == {"info"}


async def test_a_node_without_goal_opens_its_form(services: Services) -> None:
    tracked = save_goal(services)
    services.flows.save(flow("F", TrackGoal(id=node_id("empty"), goal_id="f" * 24)))
    async with running(services, area="flows") as pilot:
        await press(pilot, "f", "enter")
        assert "It does not exist: choose another…" in screen_text(pilot.app)
        await press(pilot, "enter")
        await type_text(pilot, "book")
        await press(pilot, "enter", "escape")
        node = services.flows.get("F").nodes[0]
        assert isinstance(node, TrackGoal) and node.goal_id == tracked.id


async def test_what_nothing_reaches_is_removed(services: Services) -> None:
    services.flows.save(flow("F", end(), say("never")))
    async with running(services, area="flows") as pilot:
        await press(pilot, "f", "enter")
        assert "Remove 'Say'" in screen_text(pilot.app) and len(services.flows.get("F").nodes) == 2
        await press(pilot, "enter")
        assert [node.kind for node in services.flows.get("F").nodes] == ["end"]
        assert "nothing is wrong" in screen_text(pilot.app)


async def test_a_goal_that_nothing_tracks_is_tracked_where_one_says(services: Services) -> None:
    tracked = save_goal(services)
    services.flows.save(flow("F", say("hi")))
    async with running(services, area="flows") as pilot:
        await press(pilot, "down", "f", "enter")
        assert "Where is Book a Flight tracked?  Here it comes after 'Say'." in screen_text(pilot.app)
        assert len(services.flows.get("F").nodes) == 1
        await press(pilot, "enter")
        node = services.flows.get("F").nodes[1]
        assert isinstance(node, TrackGoal) and node.goal_id == tracked.id


async def test_a_completion_step_that_nothing_tracks_is_tracked_where_the_goal_is(services: Services) -> None:
    tracked = save_goal(services)
    services.flows.save(flow("F", say("hi"), track(tracked, "Flight selected", name="begin"), say("bye")))
    async with running(services, area="flows") as pilot:
        await press(pilot, "down", "down", "m")
        shown = screen_text(pilot.app)
        assert "Track 'Payment completed' after ⚑ Flight selected" in shown
        assert "At a place that you choose on the chart" in shown
        await press(pilot, "enter")
        after = services.flows.get("F").nodes[2]
        assert isinstance(after, TrackGoal)
        assert [tracked.step(step_id).kind for step_id in after.step_ids] == ["completion"]
        assert "completion-unreachable" not in {finding.code for finding in services.flows.findings()}


async def test_a_step_is_tracked_at_a_place_of_the_chart(services: Services) -> None:
    tracked = save_goal(services)
    services.flows.save(flow("F", say("hi"), track(tracked, "Flight selected", name="begin"), say("bye")))
    async with running(services, area="flows") as pilot:
        await press(pilot, "down", "down", "m", *"chart", "enter", "down", "enter")
        last = services.flows.get("F").nodes[3]
        assert isinstance(last, TrackGoal)
        assert [tracked.step(step_id).name for step_id in last.step_ids] == ["Payment completed"]


async def test_where_nothing_is_wrong_there_is_nothing_to_fix(services: Services) -> None:
    services.flows.save(flow("F", say("hi")))
    async with running(services, area="flows") as pilot:
        await press(pilot, "f")
        text = screen_text(pilot.app)
        assert "nothing is wrong" in text and "Fix" not in text


async def test_findings_are_titled_by_the_step_that_they_are_about(services: Services) -> None:
    tracked = save_goal(services)
    services.flows.save(flow("F", track(tracked, "Payment completed", name="pay")))
    async with running(services, area="flows") as pilot:
        titles = {finding.step for finding in pilot.app.screen.wiring.findings if finding.step}
        await press(pilot, "f")
        text = screen_text(pilot.app)
        assert titles and all(f"✖ {title}" in text or f"▲ {title}" in text or f"• {title}" in text for title in titles)


async def test_a_finding_of_another_flow_leads_there(services: Services) -> None:
    services.flows.save(flow("A", say("hi")))
    services.flows.save(flow("B", go_to("Gone")))
    async with running(services, area="flows") as pilot:
        await press(pilot, "f")
        text = screen_text(pilot.app)
        for words in ("This flow  ✔ nothing is wrong", "Elsewhere  ✖ 1 error", "✖ B › Go To", "enter Fix"):
            assert words in text
        await press(pilot, "enter")
        assert screen_text(pilot.app).splitlines()[1].strip().startswith("B")
        assert "Choose a flow" in screen_text(pilot.app)


async def test_a_finding_that_no_key_fixes_leads_to_its_node_and_shows_it(services: Services) -> None:
    tracked = save_goal(services)
    services.flows.save(flow("F", say("hi"), track(tracked, "Flight selected", name="begin"), go_to("F")))
    async with running(services, (80, 24), area="flows") as pilot:
        finding = next(found for found in pilot.app.screen.wiring.findings if found.node_id and found.fix is None)
        await press(pilot, "f")
        pilot.app.screen.fix_finding(finding)
        await press(pilot)
        assert pilot.app.screen.side == "", "the findings cover the chart, and keys would work on what is not seen"
        assert pilot.app.screen.query_one(FlowChart).selected == finding.node_id


async def test_the_cursor_is_on_the_first_finding_of_every_flow(services: Services) -> None:
    empty = [TrackGoal(id=node_id(name)) for name in ("a", "b", "c")]
    services.flows.save(flow("One", *empty[:2]))
    services.flows.save(flow("Two", empty[2], say("hi"), TrackGoal(id=node_id("d"))))
    async with running(services, area="flows") as pilot:
        await press(pilot, "f", "down", "escape", "o", *"Two", "enter", "f")
        assert pilot.app.screen.query_one(FlowChart).selected == node_id("c")


async def test_on_the_first_finding_the_headings_are_in_view(services: Services) -> None:
    services.flows.save(flow("A", say("hi")))
    services.flows.save(flow("B", *(TrackGoal(id=node_id(f"empty {number}")) for number in range(9))))
    async with running(services, (80, 24), area="flows") as pilot:
        await press(pilot, "f", "end")
        assert "This flow" not in screen_text(pilot.app)
        await press(pilot, "home")
        assert "This flow  ✔ nothing is wrong" in screen_text(pilot.app)
        await press(pilot, "end", *["up"] * 8)
        assert "This flow  ✔ nothing is wrong" in screen_text(pilot.app)


async def test_the_goals_screen_sends_one_here_to_track_a_goal(services: Services) -> None:
    tracked = save_goal(services)
    services.flows.save(flow("A", say("hi")))
    services.flows.save(flow("B", say("ho")))
    async with running(services) as pilot:
        pilot.app.go(FlowPlace(None, track_goal_id=tracked.id))
        await press(pilot)
        await type_text(pilot, "b")
        await press(pilot, "enter")
        assert "Where is Book a Flight tracked?" in screen_text(pilot.app)
        assert "enter Place here" in screen_text(pilot.app)
        assert len(services.flows.get("B").nodes) == 1, "nothing is added before a place is chosen"
        await press(pilot, "down", "d", "enter", "escape")
        node = services.flows.get("B").nodes[1]
        assert isinstance(node, TrackGoal) and node.step_ids == (tracked.initial.id,)


async def test_no_place_no_node(services: Services) -> None:
    tracked = save_goal(services)
    services.flows.save(flow("A", say("hi")))
    async with running(services) as pilot:
        pilot.app.go(FlowPlace(hex_id("flow A"), track_goal_id=tracked.id))
        await press(pilot, "escape")
        assert [node.kind for node in services.flows.get("A").nodes] == ["say"]
        assert "Where is" not in screen_text(pilot.app)
        await press(pilot, "down", "d")
        assert not services.flows.get("A").nodes, "all keys work again"
        pilot.app.go(FlowPlace(hex_id("flow A"), track_goal_id=tracked.id))
        await press(pilot, "escape")
        assert [node.kind for node in services.flows.get("A").nodes] == ["track_goal"], "there is one place only"


async def test_the_step_that_is_offered_fits_the_place(services: Services) -> None:
    tracked = save_goal(services)
    first = track(tracked, tracked.initial.name, name="first")
    made = services.flows.save(flow("A", say("hi"), if_("choice", (first,), (say("no"),)), say("end")))
    names = [step.id for step in tracked.steps]
    for position, expected in (
        (Position(None, 0, 1), names[0]),
        (Position(node_id("choice"), 0, 0), names[0]),
        (Position(node_id("choice"), 0, 1), names[1]),
        (Position(node_id("choice"), 1, 0), names[0]),
        (Position(None, 0, 3), names[1]),
    ):
        assert edits.step_to_track(made, position, tracked) == expected


async def test_open_flow_selects_the_node(services: Services) -> None:
    services.flows.save(flow("A", say("hi")))
    services.flows.save(flow("B", say("ho"), say("hu")))
    async with running(services) as pilot:
        pilot.app.go(FlowPlace(hex_id("flow B"), node_id("hu")))
        await press(pilot)
        assert pilot.app.screen.query_one(FlowChart).selected == node_id("hu")
        pilot.app.go(FlowPlace("gone"))
        await press(pilot)
        assert "There is no flow 'gone'" in messages(pilot.app)[-1]
