"""Links to single nodes: run, checked, copied; and followed in whatever order flows come in."""

from __future__ import annotations

from itertools import permutations

import pytest

from goals_tui.domain.conversation import Conversation, Program, Said
from goals_tui.domain.flow import ExecuteFlow, Flow, GoTo
from goals_tui.domain.flow_chart_file import Origin, from_file, needs_newest, to_file
from goals_tui.domain.flow_chart_links import follow, links
from goals_tui.domain.flow_edit import nodes_of_copy
from goals_tui.domain.flow_text import draw
from goals_tui.domain.ids import Ids
from goals_tui.domain.wiring import check
from tests.builders import WHEN, execute, flow, go_to, if_, node_id, question, say


def to_node(node: GoTo | ExecuteFlow, name: str) -> GoTo | ExecuteFlow:
    return node.model_copy(update={"node_id": node_id(name)})


def said(*flows: Flow, answers: tuple[str, ...] = ()) -> list[str]:
    talk = Conversation(Program(flows), flows[0].id)
    outputs = talk.start()
    for answer in answers:
        outputs += talk.answer(answer)
    return [output.text for output in outputs if isinstance(output, Said)]


def test_a_conversation_goes_on_at_the_node() -> None:
    sub = flow("Sub", say("one"), say("two"), say("three"))
    main = flow("Main", to_node(execute("Sub"), "two"), say("back"), to_node(go_to("Sub"), "three"))
    assert said(main, sub) == ["two", "three", "back", "three"]


def test_within_branches_what_comes_after_them_comes_next() -> None:
    inner = if_("if", (say("in"), say("in too")), ())
    main = flow("Main", question("?"), inner, say("after"), if_("again", (to_node(go_to("Main"), "in too"),)))
    assert said(main, answers=("no",)) == ["after"]
    assert said(main, answers=("yes",))[:5] == ["in", "in too", "after", "in too", "after"]


def test_a_node_that_is_gone_is_a_finding_and_the_flow_begins_at_its_start() -> None:
    sub = flow("Sub", say("one"))
    main = flow("Main", to_node(execute("Sub"), "gone"))
    assert said(main, sub) == ["one"]
    (finding,) = check([main, sub], [])
    assert (finding.code, finding.severity, finding.fix) == ("unknown-node", "warning", "choose_flow")
    assert draw(main, {}, {sub.id: sub})[1] == "└─ Execute Flow  → Sub › ✗ a node that does not exist"


def test_a_flow_to_whose_middle_others_lead_begins_conversations() -> None:
    sub = flow("Sub", say("one"), say("two"))
    main = flow("Main", to_node(go_to("Sub"), "two"))
    assert check([main, sub], []) == []


def test_a_copy_leads_to_its_own_nodes() -> None:
    loop = flow("Loop", say("one"), question("?"), to_node(go_to("Loop"), "one"))
    first, _, again = nodes_of_copy(loop, "f" * 24, Ids(1))
    assert isinstance(again, GoTo) and (again.flow_id, again.node_id) == ("f" * 24, first.id)


def test_files_say_a_newer_version_only_where_they_need_it() -> None:
    plain, linked = flow("Plain", go_to("Plain")), flow("Linked", to_node(go_to("Linked"), "x"))
    assert [to_file(one)["format_version"] for one in (plain, linked)] == [1, 2]
    assert "node_id" not in str(to_file(plain)) and "start_reference" not in str(to_file(plain))
    assert not needs_newest(plain) and needs_newest(linked)
    commented = plain.model_copy(update={"nodes": (plain.nodes[0].model_copy(update={"comment": "Why"}),)})
    assert to_file(commented)["format_version"] == 2
    assert from_file(to_file(linked), Ids(1), WHEN, Origin("")).flow == linked


def chart(name: str, *leads_to: tuple[str, str]) -> dict[str, object]:
    nodes = [{"_id": "s", "referenceId": f"{name} start", "type": "start"}]
    nodes += [{"_id": "x", "referenceId": f"{name} x", "type": "say", "config": {"text": name}}]  # type: ignore[dict-item]
    for number, (flow_name, node) in enumerate(leads_to):
        config = {"flowNode": {"flow": f"ref {flow_name}", "node": f"{flow_name} {node}"}}
        nodes.append({"_id": f"g{number}", "type": "executeFlow", "config": config})  # type: ignore[dict-item]
    keys = [node["_id"] for node in nodes]
    return {"nodes": nodes, "relations": [{"node": a, "next": b} for a, b in zip(keys, [*keys[1:], None], strict=True)]}


CHARTS = {
    "A": chart("A", ("B", "start"), ("B", "x"), ("A", "x"), ("C", "x")),
    "B": chart("B", ("A", "start")),
    "C": chart("C", ("B", "gone")),
}


@pytest.mark.parametrize("order", permutations("ABC"))
@pytest.mark.parametrize("at_once", [1, 2, 3])
def test_links_are_followed_in_any_order(order: tuple[str, ...], at_once: int) -> None:
    here: dict[str, Flow] = {}
    ids = Ids(1)
    for start in range(0, 3, at_once):
        read = [
            from_file(CHARTS[name], ids, WHEN, Origin(name, reference=f"ref {name}"))
            for name in order[start:][:at_once]
        ]
        made, changed = follow(read, here.values())
        # "ref A" is no UUID, so the store would not keep it: what it keeps of a real one stands in for that.
        here |= {flow.name: flow.model_copy(update={"reference_id": f"ref {flow.name}"}) for flow in made}
        here |= {flow.name: flow for flow in changed}
    names = {flow.id: flow.name for flow in here.values()}
    found = links(here.values(), {flow.id: flow for flow in here.values()})
    said_of = {node.id: node.text for flow in here.values() for node in flow.walk() if hasattr(node, "text")}
    assert sorted(
        (
            link.flow.name,
            names[link.node.flow_id],
            said_of.get(link.node.node_id, link.node.node_id and "?"),
            link.missing,
        )
        for link in found
    ) == [
        ("A", "A", "A", ""),
        ("A", "B", "", ""),
        ("A", "B", "B", ""),
        ("A", "C", "C", ""),
        ("B", "A", "", ""),
        ("C", "B", "?", "node"),
    ]
