from __future__ import annotations

from datetime import timedelta

import pytest

from goals_tui.domain.flow import Branch, Condition, Flow, Node, Once, Say, TrackGoal
from goals_tui.domain.wiring import Finding, check
from goals_tui.domain.wiring_graph import entry_flows, flow_groups
from tests.builders import (
    WHEN,
    book_a_flight,
    book_a_flight_flow,
    end,
    execute,
    flow,
    go_to,
    goal,
    handover,
    if_,
    lookup,
    node_id,
    once,
    other,
    question,
    say,
    track,
)

BOOK = goal("Book", "Search", "Choose", "◎Pay")


def search(name: str = "search") -> TrackGoal:
    return track(BOOK, "Search", name=name)


def choose(name: str = "choose") -> TrackGoal:
    return track(BOOK, "Choose", name=name)


def pay(name: str = "pay") -> TrackGoal:
    return track(BOOK, "Pay", name=name)


def found(*flows: Flow) -> list[tuple[str, str | None]]:
    """Codes with the nodes' names in tests."""
    names = {node_id(name): name for name in NAMES}
    return [(f.code, names.get(f.node_id or "", f.step)) for f in check(flows, [BOOK])]


NAMES = ["search", "choose", "pay", "both", "after", "go", "gone", "again", "x"]


def only(*nodes: Node) -> list[tuple[str, str | None]]:
    return found(flow("Main", *nodes))


def test_the_seeds_example_has_no_findings() -> None:
    assert check([book_a_flight_flow()], [book_a_flight()]) == []


def test_every_step_in_order_has_no_findings() -> None:
    assert only(search(), choose(), pay()) == []
    assert only(track(BOOK, "Pay", "Search", "Choose", name="both")) == []


def test_a_finding_says_where_and_how_to_fix_it() -> None:
    finding = check([flow("Main", choose(), search(), pay())], [BOOK])[0]
    assert finding == Finding(
        code="before-initial",
        severity="error",
        message="'Choose' is never tracked here, because no path passes the initial step 'Search' first.",
        fix="insert_initial",
        flow_id=flow("Main").id,
        flow="Main",
        node_id=node_id("choose"),
        node="Track Goal Process",
        goal_id=BOOK.id,
        goal="Book",
        step_id=BOOK.steps[1].id,
        step="Choose",
    )


def test_maybe_before_the_initial_step() -> None:
    assert only(if_("If", (search(),)), choose(), pay()) == [
        ("maybe-before-initial", "choose"),
        ("maybe-before-initial", "pay"),
    ]
    message = check([flow("Main", if_("If", (search(),)), choose(), pay())], [BOOK])[0].message
    assert message.startswith("On some paths 'Choose' comes before 'Search' and is not tracked. Put the initial")


def test_both_branches_of_an_if_open_the_cycle() -> None:
    assert only(if_("If", (search(),), (search("again"),)), choose(), pay()) == []


def test_a_branch_that_ends_does_not_reach_what_follows() -> None:
    assert only(if_("If", (search(),), (handover(),)), choose(), pay()) == []
    assert only(if_("If", (search(),), (end(),)), choose(), pay()) == []
    assert only(lookup("L", {"a": (search(),), "b": (go_to("Gone", "go"),)}, (end(),)), choose(), pay()) == [
        ("unknown-flow", "go")
    ]


def test_across_execute_flow() -> None:
    opener = flow("Opener", search())
    assert found(flow("Main", execute("Opener"), choose(), pay()), opener) == []
    assert found(flow("Main", execute("Closer"), search(), pay()), flow("Closer", choose())) == [
        ("before-initial", "choose")
    ]
    maybe = flow("Opener", if_("If", (search(),)))
    assert found(flow("Main", execute("Opener"), choose(), pay()), maybe) == [
        ("maybe-before-initial", "choose"),
        ("maybe-before-initial", "pay"),
    ]


def test_across_go_to_and_back_to_the_caller() -> None:
    main = flow("Main", execute("Middle"), pay())
    assert found(main, flow("Middle", go_to("Last")), flow("Last", search(), choose())) == []


def test_a_flow_used_from_two_places_is_told_apart_on_return() -> None:
    shared = flow("Shared", question("?"))
    early = flow("Early", execute("Shared", "s1"), search(), execute("Shared", "s2"), choose(), pay())
    assert found(early, shared) == []


def test_a_flow_used_from_two_places_may_be_entered_either_way() -> None:
    shared = flow("Shared", choose())
    main = flow("Main", if_("If", (search(), execute("Shared", "s1"), pay()), (execute("Shared", "s2"),)))
    assert found(main, shared) == [("maybe-before-initial", "choose")]


def test_an_initial_step_in_a_loop() -> None:
    main = flow("Main", search(), question("?"), if_("More?", (go_to("Main"),)), choose(), pay())
    assert found(main) == [("initial-in-loop", "search")]
    assert "Put the node before the loop or into a Once" in check([main], [BOOK])[0].message
    assert (
        found(flow("Main", search(), go_to("Loop")), flow("Loop", choose(), question("?"), pay(), go_to("Loop"))) == []
    )


def test_an_initial_step_that_comes_twice_on_a_path() -> None:
    main = flow("Main", if_("If", (search(),)), search("again"), choose(), pay())
    assert found(main) == [("initial-again", "again")]
    finding = check([main], [BOOK])[0]
    assert (finding.severity, finding.fix) == ("info", None)
    assert finding.message == (
        "'Search' can come while a cycle is open already, and then opens a second one. "
        "Unless a new attempt begins here, track it once on each path."
    )
    assert found(flow("Main", search(), choose(), pay(), execute("Sub")), flow("Sub", search("again"))) == [
        ("initial-again", "again")
    ]
    assert only(once("O", (search(),), (say("x"),)), question("?"), choose(), pay()) == []


def test_once_keeps_an_initial_step_from_firing_again() -> None:
    loop = flow("Main", once("O", (search(),)), question("?"), choose(), pay(), go_to("Main"))
    assert found(loop) == []


def test_an_initial_step_in_a_flow_that_executes_itself() -> None:
    assert ("initial-in-loop", "search") in found(
        flow("Main", if_("If", (execute("Main"),)), search(), choose(), pay())
    )


def test_afterwards_follows_first_time() -> None:
    assert only(once("O", (search(),), (choose("x"),)), choose(), pay()) == []


def test_other_may_run_its_branches() -> None:
    assert only(other("aiAgentJob", None, (search(),)), choose(), pay()) == [
        ("maybe-before-initial", "choose"),
        ("maybe-before-initial", "pay"),
    ]


@pytest.mark.parametrize(
    ("node", "code", "message", "fix"),
    [
        (TrackGoal(id=node_id("x")), "no-goal", "tracks no goal. Select one.", "choose_goal"),
        (
            TrackGoal(id=node_id("x"), goal_id="f" * 24, step_ids=("a" * 24,)),
            "unknown-goal",
            "tracks a goal that no longer exists. Select another one.",
            "choose_goal",
        ),
        (
            TrackGoal(id=node_id("x"), goal_id=BOOK.id),
            "no-step",
            "tracks no step of 'Book'. Select its steps.",
            "choose_steps",
        ),
        (
            TrackGoal(id=node_id("x"), goal_id=BOOK.id, step_ids=("f" * 24,)),
            "unknown-step",
            "tracks a step that 'Book' does not have. Select another one.",
            "choose_steps",
        ),
        (go_to("Gone", "x"), "unknown-flow", "leads to a flow that does not exist. Choose another one.", "choose_flow"),
        (
            execute("Gone", "x").model_copy(update={"flow_id": ""}),
            "unknown-flow",
            "leads to no flow. Choose one.",
            "choose_flow",
        ),
    ],
)
def test_broken_references(node: Node, code: str, message: str, fix: str) -> None:
    finding = check([flow("Main", search(), choose(), pay(), node)], [BOOK])[0]
    assert (finding.code, finding.severity, finding.fix, finding.node_id) == (code, "error", fix, node_id("x"))
    assert finding.message.endswith(message)


def test_an_untracked_goal_and_untracked_steps() -> None:
    untracked = check([flow("Main")], [BOOK])
    assert [(f.code, f.severity, f.message) for f in untracked] == [
        ("goal-untracked", "warning", "No flow tracks 'Book'. Add a Track Goal Process node for it.")
    ]
    assert untracked[0].flow is None and untracked[0].fix == "track_goal"
    partly = check([flow("Main", search(), pay())], [BOOK])
    assert [(f.code, f.severity, f.step) for f in partly] == [("step-untracked", "info", "Choose")]
    assert partly[0].message == "No flow tracks 'Choose' of 'Book', so no cycle can reach it."


def test_a_goal_of_which_only_broken_steps_are_tracked_has_one_finding() -> None:
    assert only(TrackGoal(id=node_id("x"), goal_id=BOOK.id)) == [("no-step", "x")]


def test_another_completion_step_that_is_untracked_is_no_error() -> None:
    two = goal("Two", "Start", "◎One way", "◎Other way")
    findings = check([flow("Main", track(two, "Start", "One way"))], [two])
    assert [(f.code, f.step) for f in findings] == [("step-untracked", "Other way")]


def test_a_goal_that_can_never_be_completed() -> None:
    findings = check([flow("Main", search(), choose())], [BOOK])
    assert [f.code for f in findings] == ["completion-unreachable", "step-untracked"]
    assert findings[0].message == "'Book' can never be completed, because no node tracks 'Pay'."
    assert (findings[0].fix, findings[0].step, findings[0].node_id) == ("track_goal", "Pay", node_id("search"))
    after_the_end = check([flow("Main", search(), choose(), handover(), pay())], [BOOK])
    assert [f.code for f in after_the_end] == ["completion-unreachable", "node-unreachable"]
    assert (after_the_end[0].node_id, after_the_end[0].fix) == (node_id("pay"), None)
    assert "no path leads from 'Search' to a completion step such as 'Pay'" in after_the_end[0].message


@pytest.mark.parametrize(
    ("stop", "reason"),
    [
        (go_to("Sub"), "'Go To' continues elsewhere and does not come back"),
        (end(), "'End' ends it here"),
        (handover(), "'Handover to Agent' ends it here"),
        (execute("Hangs up"), "the flow that 'Execute Flow' executes does not come back"),
        (if_("Fork", (end("e1"),), (end("e2"),)), "no branch of 'Fork' goes on here"),
    ],
)
def test_a_node_that_nothing_reaches(stop: Node, reason: str) -> None:
    main = flow("Main", search(), choose(), pay(), stop, say("after"), say("later"))
    findings = check([main, flow("Sub"), flow("Hangs up", handover(name="h"))], [BOOK])
    unreachable = [f for f in findings if f.flow == "Main"]
    assert [(f.code, f.node_id, f.fix) for f in unreachable] == [("node-unreachable", node_id("after"), "remove_node")]
    assert (
        unreachable[0].message == f"Nothing reaches 'Say' (nor the node after it), because {reason}. Move or remove it."
    )


def test_branches_of_a_node_that_has_none_are_not_reached() -> None:
    odd = Say(id=node_id("odd"), branches=(Branch(kind="other", nodes=(say("x"),)),))
    assert only(search(), choose(), pay(), odd) == [("node-unreachable", "x")]


def test_a_once_without_branches_is_passed() -> None:
    assert only(search(), Once(id=node_id("o"), branches=()), choose(), pay()) == []


def test_entries() -> None:
    a = flow("A", go_to("B"))
    b = flow("B", execute("C"), go_to("A"))
    c, lone = flow("C", go_to("C")), flow("Lone", created_at=WHEN - timedelta(days=1))
    older = b.model_copy(update={"created_at": WHEN - timedelta(days=2)})
    assert [f.name for f in entry_flows([a, older, c, lone])] == ["B", "Lone"]
    assert [f.name for f in entry_flows([c])] == ["C"]
    same_age = sorted([a, b], key=lambda f: f.id)
    assert entry_flows([b, a, c]) == same_age[:1]
    groups = [sorted(f.name for f in group) for group in flow_groups([a, b, c, lone])]
    assert groups.index(["C"]) < groups.index(["A", "B"])


def test_entries_can_be_given() -> None:
    main, sub = flow("Main", search(), execute("Sub")), flow("Sub", choose(), pay())
    assert check([main, sub], [BOOK]) == []
    assert [f.code for f in check([main, sub], [BOOK], [sub.id])][:2] == ["before-initial", "before-initial"]


def test_a_flow_that_no_conversation_gets_into_is_left_alone() -> None:
    main = flow("Main", search(), choose(), pay(), end(), execute("Sub", "x"))
    assert found(main, flow("Sub", say("sub"), choose("again"))) == [("node-unreachable", "x")]


def test_long_chains_of_flows_need_no_deep_recursion() -> None:
    flows = [flow(f"F{i}", execute(f"F{i + 1}")) for i in range(3000)] + [flow("F3000", search(), choose(), pay())]
    assert found(*flows) == []


def test_errors_come_first_then_flow_and_place() -> None:
    findings = check([flow("Z", choose(), pay()), flow("A", if_("I", (search(),)), pay("p"), go_to("Gone"))], [BOOK])
    assert [(f.severity, f.flow, f.code) for f in findings] == [
        ("error", "A", "unknown-flow"),
        ("error", "Z", "before-initial"),
        ("error", "Z", "before-initial"),
        ("warning", "A", "maybe-before-initial"),
    ]


def test_an_if_that_compares_with_nothing_is_named() -> None:
    empty, there, complete = (
        if_(name, (say(f"in {name}"),), condition=condition)
        for name, condition in (
            ("empty", Condition()),
            ("there", Condition(comparison="exists")),
            ("complete", Condition(to="yes")),
        )
    )
    found = check([flow("Abc", empty, there, complete)], [])
    assert [(one.code, one.severity, one.node_id) for one in found] == [("if-without-value", "info", empty.id)]
