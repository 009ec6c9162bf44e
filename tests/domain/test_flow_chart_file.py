from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goals_tui.domain.errors import RefusedError
from goals_tui.domain.flow import (
    Condition,
    ExecuteFlow,
    Flow,
    GoTo,
    Handover,
    If,
    Lookup,
    Node,
    Once,
    Other,
    Question,
    Say,
    TrackGoal,
)
from goals_tui.domain.flow_chart_file import Origin, from_file, to_file
from goals_tui.domain.ids import Ids
from tests.builders import WHEN, book_a_flight, book_a_flight_flow, flow_sets, hex_id
from tests.examples import examples


def read(content: object) -> Flow:
    return from_file(content, Ids(1), WHEN, Origin("Pulled")).flow


def chart(*nodes: dict[str, Any], relations: dict[str, tuple[str | None, list[str]]] | None = None) -> dict[str, Any]:
    """A chart of these nodes in a row under a start node, unless `relations` (node: next, children) says otherwise."""
    every: list[dict[str, Any]] = [{"_id": "start", "type": "start", "label": "Start", "config": {}}, *nodes]
    if relations is None:
        keys: list[str | None] = [node["_id"] for node in every]
        relations = {str(key): (after, []) for key, after in zip(keys, [*keys[1:], None], strict=True)}
    return {
        "nodes": every,
        "relations": [
            {"_id": f"r{n}", "node": node, "next": after, "children": children}
            for n, (node, (after, children)) in enumerate(relations.items())
        ],
    }


def one(type_: str, config: dict[str, Any], label: str = "") -> Node:
    (node,) = read(chart({"_id": "x", "type": type_, "label": label, "config": config})).nodes
    return node


@examples(40)
@given(flows=flow_sets((book_a_flight(),), most=1))
def test_our_own_file_holds_the_whole_flow(flows: tuple[Flow, ...]) -> None:
    assert read(json.loads(json.dumps(to_file(flows[0])))) == flows[0]


def test_a_plain_flow_is_read_too() -> None:
    made = book_a_flight_flow()
    assert read(made.model_dump(mode="json")) == made


def test_a_chart_with_every_kind() -> None:
    goal_id, step_id = hex_id("g"), hex_id("s")
    nodes = [
        {
            "_id": "a" * 24,
            "type": "say",
            "label": "Hello",
            "config": {"say": {"text": ["Hi!", "Hello!"], "type": "text"}},
        },
        {"_id": "q", "type": "question", "label": "Question", "config": {"type": "text", "say": {"text": ["Sure?"]}}},
        {"_id": "if", "type": "if", "label": "If", "config": {}},
        {"_id": "then", "type": "then"},
        {"_id": "else", "type": "else"},
        {"_id": "track", "type": "trackGoal", "config": {"goalId": goal_id, "stepIds": [step_id]}},
        {
            "_id": "sw",
            "type": "switch",
            "config": {"switch": {"type": "cognigyScript", "operator": "{{context.city}}"}},
        },
        {"_id": "case", "type": "case", "config": {"case": {"value": "Berlin"}}},
        {"_id": "default", "type": "default"},
        {"_id": "one", "type": "once"},
        {"_id": "first", "type": "onFirstExecution"},
        {"_id": "after", "type": "afterwards"},
        {"_id": "code", "type": "code", "label": "Code", "config": {"code": "api.say(1)"}, "referenceId": "r"},
        {"_id": "exec", "type": "executeFlow", "config": {"flowNode": {"flow": "f1", "node": "n"}}},
        {"_id": "hand", "type": "handoverToAgent", "config": {"text": "One moment"}},
        {"_id": "goto", "type": "goTo", "config": {"flowNode": {"flow": "f2", "node": "n"}}},
        {"_id": "end", "type": "end"},
    ]
    made = read(
        chart(
            *nodes,
            relations={
                "start": ("a" * 24, []),
                "a" * 24: ("q", []),
                "q": ("if", []),
                "if": ("sw", ["then", "else"]),
                "then": ("track", []),
                "sw": ("one", ["case", "default"]),
                "case": ("hand", []),
                "one": ("code", ["first", "after"]),
                "first": ("exec", []),
                "code": ("goto", []),
                "goto": ("end", []),
            },
        )
    )
    say, question, branch, lookup, once, code, go_to = made.nodes
    assert made.name == "Pulled" and made.created_at == WHEN
    assert isinstance(say, Say) and (say.label, say.text) == ("Hello", "Hi!")
    assert say.id != "a" * 24, "a chart may come in twice"
    assert isinstance(question, Question) and (question.label, question.text) == ("", "Sure?")
    assert isinstance(branch, If) and [way.kind for way in branch.branches] == ["then", "else"]
    (track,) = branch.branches[0].nodes
    assert isinstance(track, TrackGoal) and (track.goal_id, track.step_ids) == (goal_id, (step_id,))
    assert isinstance(lookup, Lookup) and lookup.of == "city"
    assert [(way.kind, way.value) for way in lookup.branches] == [("case", "Berlin"), ("default", "")]
    assert isinstance(lookup.branches[0].nodes[0], Handover) and lookup.branches[0].nodes[0].text == "One moment"
    assert isinstance(once, Once) and [way.kind for way in once.branches] == ["first", "afterwards"]
    assert isinstance(once.branches[0].nodes[0], ExecuteFlow) and once.branches[0].nodes[0].flow_id == "f1"
    assert isinstance(code, Other) and code.type == "code"
    assert code.content == {"config": {"code": "api.say(1)"}, "referenceId": "r"}
    assert isinstance(go_to, GoTo) and (go_to.flow_id, go_to.node_id) == ("f2", "n")
    assert Flow.model_validate(made.model_dump()) == made


def test_tools_of_an_agent_keep_their_content_at_the_head_of_their_branches() -> None:
    made = read(
        chart(
            {"_id": "job", "type": "aiAgentJob", "config": {"name": "Jane"}},
            {"_id": "tool", "type": "aiAgentJobTool", "label": "Find flights", "config": {"toolId": "find"}},
            {"_id": "say", "type": "say", "config": {"text": "Looking"}},
            relations={"start": ("job", []), "job": (None, ["tool"]), "tool": ("say", [])},
        )
    )
    (job,) = made.nodes
    assert isinstance(job, Other) and job.content == {"config": {"name": "Jane"}}
    (way,) = job.branches
    tool, said = way.nodes
    assert way.title == "Find flights" and isinstance(said, Say)
    assert isinstance(tool, Other) and tool.content == {"config": {"toolId": "find"}}


@pytest.mark.parametrize(
    ("config", "text", "buttons", "save_as"),
    [
        ({"text": "Where?"}, "Where?", (), ""),
        ({"say": {"text": ["", "Where?"]}, "resultLocation": "input.result"}, "Where?", (), ""),
        ({"question": "Where?", "contextKey": "city"}, "Where?", (), "city"),
        ({"say": "Where?", "resultLocation": "context.city"}, "Where?", (), "city"),
        (
            {
                "say": {
                    "text": ["Where?"],
                    "_cognigy": {
                        "_default": {"_quickReplies": {"quickReplies": [{"title": "Oslo"}, {"title": "Rome"}]}}
                    },
                }
            },
            "Where?",
            ("Oslo", "Rome"),
            "",
        ),
        ({"text": "Where?", "buttons": ["Oslo", "Oslo", 3, None]}, "Where?", ("Oslo",), ""),
        ({}, "", (), ""),
    ],
)
def test_questions(config: dict[str, Any], text: str, buttons: tuple[str, ...], save_as: str) -> None:
    for type_ in ("question", "optionalQuestion"):
        node = one(type_, config)
        assert isinstance(node, Question) and (node.text, node.buttons, node.save_as) == (text, buttons, save_as)


@pytest.mark.parametrize(
    ("config", "condition"),
    [
        (
            {"condition": {"type": "rule", "rule": {"left": "{{input.text}}", "operand": "eq", "right": "yes"}}},
            Condition(to="yes"),
        ),
        (
            {"condition": {"type": "rule", "rule": {"left": "context.city", "operand": "neq", "right": 3}}},
            Condition(of="city", comparison="not_equals", to="3"),
        ),
        (
            {"condition": {"type": "rule", "rule": {"left": "ci.text", "operand": "contains", "right": None}}},
            Condition(comparison="contains"),
        ),
        (
            {"condition": {"type": "rule", "rule": {"left": "a", "operand": "greaterThan", "right": "3"}}},
            Condition(of="a greaterThan 3", comparison="exists"),
        ),
        (
            {
                "condition": {
                    "type": "condition",
                    "condition": "x > 3",
                    "rule": {"left": "1", "operand": "eq", "right": "1"},
                }
            },
            Condition(of="x > 3", comparison="exists"),
        ),
        ({"condition": "x === 1"}, Condition(of="x === 1", comparison="exists")),
        ({}, Condition(comparison="exists")),
    ],
)
def test_conditions(config: dict[str, Any], condition: Condition) -> None:
    node = one("if", config)
    assert isinstance(node, If) and node.condition == condition


@pytest.mark.parametrize(
    "config",
    [
        {"goalId": "g", "stepIds": ["s", "t", "s"]},
        {"goal": "g", "steps": ["s", "t"]},
        {"goal": {"_id": "g", "name": "Book"}, "steps": [{"goalStepId": "s"}, {"goalStepId": "t"}]},
        {"trackGoal": {"selectedGoal": {"value": "g"}, "selectedSteps": [{"value": "s"}, {"id": "t"}, 5, None]}},
    ],
)
def test_track_goal(config: dict[str, Any]) -> None:
    node = one("trackGoal", config)
    assert isinstance(node, TrackGoal) and (node.goal_id, node.step_ids) == ("g", ("s", "t"))


def test_track_goal_without_configuration_is_ours_to_mend() -> None:
    node = one("trackGoal", {"goalId": 7, "steps": {"a": 1}})
    assert isinstance(node, TrackGoal) and (node.goal_id, node.step_ids) == ("", ())


def test_a_say_that_is_more_than_text_stays_whole() -> None:
    node = one("say", {"say": {"text": [], "_cognigy": {"_default": {"_image": {"imageUrl": "u"}}}}}, "Picture")
    assert isinstance(node, Other) and node.type == "say" and node.label == "Picture"
    assert node.content["config"]["say"]["_cognigy"] == {"_default": {"_image": {"imageUrl": "u"}}}
    assert one("say", {}) == Say(id=one("say", {}).id)


def test_a_chart_without_start_begins_where_nothing_leads_to() -> None:
    content = chart({"_id": "a", "type": "say", "config": {"text": "a"}}, relations={"b": ("a", [])})
    content["nodes"] = [{"_id": "a", "type": "stop"}, {"_id": "b", "type": "code"}]
    assert [node.label or getattr(node, "type", "") for node in read(content).nodes] == ["code", "stop"]
    assert read({"nodes": [], "relations": []}).nodes == ()


NODE = {"_id": "a", "type": "say"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([], "This is not a flow"),
        (None, "This is not a flow"),
        ({"nodes": []}, "This is not a flow"),
        ({"format": "something"}, "This is not a flow"),
        ({"format": "goals-tui-flow", "format_version": 3}, "The file has format version 3, and this program reads 2."),
        ({"format": "goals-tui-flow", "format_version": 1}, "The flow in the file is broken"),
        ({"format": "goals-tui-flow", "format_version": 1, "flow": {"id": "x"}}, "The flow in the file is broken: id"),
        ({"nodes": {}, "relations": []}, "The nodes of the chart are not a list of objects."),
        ({"nodes": [1], "relations": []}, "The nodes of the chart are not a list of objects."),
        ({"nodes": [], "relations": 1}, "The relations of the chart are not a list of objects."),
        ({"nodes": [{}], "relations": []}, "A node of the chart has no _id."),
        ({"nodes": [NODE, NODE], "relations": []}, "Two nodes of the chart have the id a."),
        ({"nodes": [NODE], "relations": [{}]}, "A relation of the chart has no node."),
        ({"nodes": [NODE], "relations": [{"node": "a"}, {"node": "a"}]}, "Two relations of the chart are about"),
        ({"nodes": [NODE], "relations": [{"node": "a", "next": 3}]}, "The next of the node a is not an id."),
        ({"nodes": [NODE], "relations": [{"node": "a", "children": 3}]}, "The children of the node a are not a list."),
        ({"nodes": [NODE], "relations": [{"node": "a", "children": [3]}]}, "A child of the node a is not an id."),
        ({"nodes": [NODE], "relations": [{"node": "a", "next": "a"}]}, "The chart has no start"),
        ({"nodes": [NODE], "relations": [{"node": "a", "next": "gone"}]}, "leads to the node gone, which it does not"),
        (
            {"nodes": [NODE], "relations": [{"node": "a", "children": ["gone"]}]},
            "leads to the node gone, which it does",
        ),
        (chart(NODE, relations={"start": ("a", []), "a": ("start", [])}), "goes round in a circle"),
        (
            chart(NODE, {**NODE, "_id": "b"}, relations={"start": ("b", []), "b": ("a", ["a"])}),
            "or two ways lead to the same node: a.",
        ),
        (chart({**NODE, "config": {"text": "x" * 10_001}}), "The chart is broken: text"),
    ],
)
def test_refusals_in_one_line(content: object, message: str) -> None:
    with pytest.raises(RefusedError) as refused:
        read(content)
    assert message in str(refused.value) and "\n" not in str(refused.value)


def test_deep_charts_are_refused() -> None:
    nodes = [{"_id": f"n{depth}", "type": "aiAgentJob"} for depth in range(5000)]
    relations = {f"n{depth}": (None, [f"n{depth + 1}"]) for depth in range(4999)}
    with pytest.raises(RefusedError, match="more than 40 deep"):
        read(chart(*nodes, relations={"start": ("n0", []), **relations}))


def test_deep_content_is_refused() -> None:
    deep: Any = 1
    for _ in range(600):
        deep = [deep]
    with pytest.raises(RefusedError, match="more than 240 deep"):
        read(chart({"_id": "x", "type": "code", "config": {"deep": deep}}))


def test_content_that_could_not_be_written_again_is_made_plain() -> None:
    node = one("code", {"nan": float("nan"), "huge": 2**80, "half": "\ud800", "more": [10**400]})
    assert isinstance(node, Other)
    assert node.content["config"] == {"nan": None, "huge": float(2**80), "half": "?", "more": [None]}


def test_a_long_chart_is_read() -> None:
    made = read(chart(*[{"_id": f"n{n}", "type": "say", "config": {"text": str(n)}} for n in range(3000)]))
    assert len(made.nodes) == 3000 and len({node.id for node in made.nodes}) == 3000


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
_TYPES = [
    "start",
    "end",
    "say",
    "question",
    "if",
    "then",
    "else",
    "switch",
    "case",
    "once",
    "goTo",
    "trackGoal",
    "x",
    3,
]
_KEYS = ["text", "say", "condition", "rule", "left", "goal", "steps", "flowNode", "switch", "value", "quickReplies"]


@pytest.mark.fuzz
@examples(80)
@given(data=st.data())
def test_any_chart_is_read_or_refused(data: st.DataObject) -> None:
    names = ["a", "b", "c", "d", "e"]
    config = st.dictionaries(st.sampled_from(_KEYS), json_values, max_size=4) | json_values
    content = {
        "nodes": [
            {
                "_id": name,
                "type": data.draw(st.sampled_from(_TYPES)),
                "label": data.draw(json_values),
                "config": data.draw(config),
            }
            for name in names
        ],
        "relations": [
            {
                "node": name,
                "next": data.draw(st.sampled_from([*names, None, None])),
                "children": data.draw(st.lists(st.sampled_from(names), max_size=2)),
            }
            for name in names
        ],
    }
    try:
        made = read(content)
    except RefusedError as error:
        assert "\n" not in str(error)
    else:
        assert Flow.model_validate(json.loads(json.dumps(made.model_dump(mode="json")))) == made


@given(content=json_values)
def test_anything_else_is_refused(content: object) -> None:
    with pytest.raises(RefusedError):
        read(content)
