"""Flows of the original system: folders that its tool pulled, packages, and what is left out of them."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest

from goals_tui.domain.errors import RefusedError, UnreadableError
from goals_tui.domain.flow import GoTo, Other, Question, Say
from goals_tui.services.context import Services
from tests.conftest import SHARED

REAL = SHARED / "data" / "real"
CHART = {
    "nodes": [
        {"_id": "a", "referenceId": "ra", "type": "start"},
        {"_id": "b", "referenceId": "rb", "type": "say", "label": "Hello", "config": {"text": "Hi"}},
    ],
    "relations": [{"node": "a", "next": "b"}, {"node": "b", "next": None}],
}


@pytest.fixture
def clone() -> Path:
    return real("cognigy-cli-clone/agent")


@pytest.fixture
def package() -> Path:
    return real("cognigy-package/Flow-xApp-Demo.zip")


def real(name: str) -> Path:
    path = REAL / name
    if not path.exists():
        pytest.skip(f"the real files are not beside this checkout ({path})")
    return path


def write(path: Path, content: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return path


def test_a_pulled_project_comes_in_with_every_link(services: Services, clone: Path) -> None:
    result = services.flow_files.load([clone])
    assert [(one.flow.name, one.nodes) for one in result.flows] == [("Seat_booking", 30), ("Welcome", 32)]
    assert len(result.links) == 10 and result.left_out == 0
    (missing,) = (link for link in result.links if link.missing)
    assert (missing.title, missing.missing) == ("'Go To (4)' in 'Seat_booking'", "node")
    findings = [(found.code, found.flow, found.node) for found in services.flows.findings()]
    assert findings == [("unknown-node", "Seat_booking", "Go To (4)")]
    welcome = services.flows.get("Welcome")
    assert welcome.reference_id == "e8767074-eac5-4232-ae0c-e0217113931f"
    ours = {node.id: node.label for node in welcome.walk()}
    targets = sorted(
        ours.get(node.node_id, "start")
        for flow in services.flows.all()
        for node in flow.walk()
        if isinstance(node, GoTo) and node.flow_id == welcome.id
    )
    assert targets == ["", "Say (3)", "Say (4)", "Stop and Return", "Stop and Return"]


@pytest.mark.parametrize("order", [("Welcome", "Seat_booking"), ("Seat_booking", "Welcome")])
def test_its_flows_may_come_one_after_the_other(services: Services, clone: Path, order: tuple[str, str]) -> None:
    for name in order:
        services.flow_files.load([clone / "flows" / name])
    assert [found.code for found in services.flows.findings()] == ["unknown-node"]


def test_a_package_comes_in_with_its_texts(services: Services, package: Path, tmp_path: Path) -> None:
    (one,) = services.flow_files.load([package]).flows
    assert (one.flow.name, one.flow.id) == ("xApp Demo", "64f0932c09bf872a4b6a874f")
    question = next(node for node in one.flow.walk() if isinstance(node, Question))
    assert (question.text, question.buttons) == ("Please take a look at your xApp", ("Open xApp",))
    assert any(isinstance(node, Say) and node.text.startswith("Thank you") for node in one.flow.walk())
    with zipfile.ZipFile(package) as archive:
        archive.extractall(tmp_path / "unpacked")
    (same,) = services.flow_files.load([tmp_path / "unpacked"]).flows
    assert (same.flow.name, same.of_here) == ("xApp Demo (2)", "xApp Demo")
    again = zip_of(tmp_path / "again.zip", tmp_path / "unpacked", "Flow xApp")
    assert services.flow_files.load([again]).flows[0].flow.name == "xApp Demo (3)"


def zip_of(target: Path, folder: Path, around: str) -> Path:
    """A folder as a file manager packs it."""
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(f"{around}/", "")
        for file in sorted(folder.rglob("*")):
            name = f"{around}/{file.relative_to(folder)}"
            if file.is_dir():
                archive.writestr(f"{name}/", "")
            else:
                archive.write(file, name)
                archive.writestr(f"__MACOSX/{around}/._{file.name}", b"\x00\x05\x16\x07")
        archive.writestr(f"{around}/.DS_Store", b"\x00")
    return target


def test_of_several_locales_the_primary_one_is_read_and_the_others_are_named(
    services: Services, tmp_path: Path
) -> None:
    flow = tmp_path / "agent" / "flows" / "Main"
    write(flow / "config.json", {"_id": "a" * 24, "referenceId": "r", "name": "Main flow"})
    for locale in ("de-DE", "en-US"):
        write(flow / locale / "chart.json", CHART)
    write(tmp_path / "agent" / "locales.json", [{"name": "en-US", "primary": True}, {"name": "de-DE"}])
    result = services.flow_files.load([tmp_path / "agent"])
    (one,) = result.flows
    assert (one.flow.name, one.flow.id, one.file) == ("Main flow", "a" * 24, "flows/Main/en-US/chart.json")
    assert "its texts are those of en-US; not read: de-DE" in "\n".join(result.details())


def test_what_can_not_be_read_in_a_folder_is_left_out_and_named(services: Services, tmp_path: Path) -> None:
    write(tmp_path / "a" / "flows" / "Good" / "en" / "chart.json", CHART)
    write(tmp_path / "a" / "flows" / "Bad" / "en" / "chart.json", {"nodes": [{}], "relations": []})
    page = tmp_path / "a" / "flows" / "Page" / "en" / "chart.json"
    write(page, {}).write_text("<html>Sign in</html>")
    write(tmp_path / "a" / "intents.json", [{"name": "yes"}])
    result = services.flow_files.load([tmp_path / "a"])
    assert [one.flow.name for one in result.flows] == ["Good"]
    assert [str(one) for one in result.broken] == [
        "flows/Page/en/chart.json: it is not JSON but a web page: one to sign in, or an error of the server",
        "flows/Bad/en/chart.json: A node of the chart has no _id.",
    ]
    assert result.left_out == 2
    shutil.rmtree(tmp_path / "a" / "flows" / "Good")
    with pytest.raises(RefusedError, match=r"Nothing was imported: 2 files left out\. flows/Page/en/chart.json: it is"):
        services.flow_files.load([tmp_path / "a"])


def test_nodes_that_nothing_leads_to_are_counted(services: Services, tmp_path: Path) -> None:
    lonely = {"_id": "c", "type": "say", "config": {"text": "?"}}
    path = write(tmp_path / "c.json", {**CHART, "nodes": [*CHART["nodes"], lonely]})
    result = services.flow_files.load([path])
    assert result.left_out == 1 and "Left out: 1 node of 'c' that nothing leads to." in result.details()


def test_disabled_nodes_take_their_branches_with_them(services: Services, tmp_path: Path) -> None:
    nodes = [
        {"_id": "a", "type": "start"},
        {"_id": "if", "type": "if", "isDisabled": True},
        {"_id": "then", "type": "then"},
        {"_id": "else", "type": "else"},
        {"_id": "in", "type": "say", "config": {"text": "never"}},
        {"_id": "sw", "type": "switch"},
        {"_id": "case", "type": "case", "label": "x", "isDisabled": True},
        {"_id": "def", "type": "default"},
    ]
    relations = [
        {"node": "a", "next": "if"},
        {"node": "if", "next": "sw", "children": ["then", "else"]},
        {"node": "then", "next": "in"},
        {"node": "sw", "children": ["case", "def"]},
    ]
    (one,) = services.flow_files.load([write(tmp_path / "c.json", {"nodes": nodes, "relations": relations})]).flows
    assert (one.read.disabled, one.read.within_disabled, one.read.unreached) == (2, 1, 0)
    disabled, lookup = one.flow.nodes
    assert isinstance(disabled, Other) and (disabled.type, disabled.branches) == ("if (disabled)", ())
    assert [branch.kind for branch in lookup.branches] == ["default"]


def test_an_agent_has_a_default_branch_beside_its_tools(services: Services, tmp_path: Path) -> None:
    nodes = [
        {"_id": "a", "type": "start"},
        {"_id": "job", "type": "aiAgentJob", "config": {"name": "Jane"}},
        {"_id": "default", "type": "aiAgentJobDefault"},
        {"_id": "say", "type": "say", "config": {"text": "Hi"}},
        {"_id": "tool", "type": "aiAgentJobTool", "label": "find"},
        {"_id": "answer", "type": "aiAgentToolAnswer", "config": {"answer": "found"}},
    ]
    relations = [
        {"node": "a", "next": "job"},
        {"node": "job", "children": ["default", "tool"]},
        {"node": "default", "next": "say"},
        {"node": "tool", "next": "answer"},
    ]
    (one,) = services.flow_files.load([write(tmp_path / "c.json", {"nodes": nodes, "relations": relations})]).flows
    (job,) = one.flow.nodes
    assert [(branch.kind, branch.title) for branch in job.branches] == [("default", "Default"), ("other", "find")]
    assert isinstance(job.branches[0].nodes[0], Say)
    assert one.kept == {"aiAgentJob": 1, "aiAgentJobTool": 1, "aiAgentToolAnswer": 1}


def test_a_link_to_the_end_of_a_flow_keeps_that_end(services: Services, tmp_path: Path) -> None:
    nodes = [
        {"_id": "a", "type": "start"},
        {"_id": "if", "type": "if"},
        {"_id": "then", "type": "then"},
        {"_id": "go", "type": "goTo", "config": {"flowNode": {"flow": "x", "node": "the-end"}}},
        {"_id": "say", "type": "say", "config": {"text": "Hi"}},
        {"_id": "end", "referenceId": "the-end", "type": "end"},
    ]
    relations = [
        {"node": "a", "next": "if"},
        {"node": "if", "next": "say", "children": ["then"]},
        {"node": "then", "next": "go"},
        {"node": "say", "next": "end"},
    ]
    result = services.flow_files.load([write(tmp_path / "c.json", {"nodes": nodes, "relations": relations})])
    assert [link.missing for link in result.links] == [""]
    assert result.flows[0].flow.nodes[-1].kind == "end"


def test_refusals(services: Services, tmp_path: Path) -> None:
    chart = write(tmp_path / "flows" / "Main" / "en" / "chart.json", CHART)
    config = write(tmp_path / "flows" / "Main" / "config.json", {"referenceId": "r"})
    (tmp_path / "empty").mkdir()
    (tmp_path / "no.zip").write_bytes(b"PK")
    ours = tmp_path / "ours.zip"
    services.flows.create("Ours")
    services.packages.export([], ours, flows=["Ours"])
    for paths, message in (
        ([config], "describes a flow, whose nodes stand in chart.json"),
        ([tmp_path / "empty"], "There is no flow in"),
        ([ours], f"Import it with: goals-tui package import {ours}"),
    ):
        with pytest.raises(RefusedError) as refused:
            services.flow_files.load(paths)
        assert message in str(refused.value)
    with pytest.raises(UnreadableError, match="not a complete ZIP file"):
        services.flow_files.load([tmp_path / "no.zip"])
    with pytest.raises(RefusedError, match="--name is for one flow"):
        services.flow_files.load([chart, chart], name="One")
    assert [flow.name for flow in services.flows.all()] == ["Ours"]
