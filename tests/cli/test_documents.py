"""Reports to hand over: Markdown, HTML and SVG say what the table says, and no name gets out of its text."""

from __future__ import annotations

import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from goals_tui.services.context import Services
from tests.builders import event, goal
from tests.cli.conftest import Cli
from tests.conftest import NOW

HOSTILE = '<script>alert(1)</script> | **bold** [x](http://evil.test) & "q"'
COMMANDS = (
    ("report",),
    ("breakdown", "endpoint"),
    ("breakdown", "endpoint,goal"),
    ("releases",),
    ("compare", "goal", HOSTILE, "Reserve a Table"),
)


@pytest.fixture
def desk(cli: Cli, services: Services) -> Cli:
    """Cycles of two goals, one of them of a hostile name, on three days and of two snapshots."""
    made = [
        services.goals.save(each.model_copy(update={"revision": 0}))
        for each in (goal(HOSTILE, "Ask", "◎ Done"), goal("Reserve a Table", "Ask", "◎ Done"))
    ]
    events = []
    for number in range(90):
        tracked = made[number % 2]
        for place, name in enumerate(("Ask", "Done")[: 1 + number % 3 // 2]):
            one = event(
                tracked,
                name,
                cycle=str(number),
                session=str(number),
                endpoint_name=HOSTILE if number % 3 else None,
                snapshot_name="v2" if number < 30 else "v1",
            )
            moment = NOW - timedelta(hours=number / 2, minutes=5) + timedelta(seconds=place)
            events.append(one.model_copy(update={"id": f"{number} {place}", "timestamp": moment}))
    services.workspace.events.append(events)
    return cli


class Page(HTMLParser):
    """The tags of a page and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.mark.parametrize("command", COMMANDS)
def test_html_is_one_page_without_scripts_or_anything_from_elsewhere(desk: Cli, command: tuple[str, ...]) -> None:
    text = desk(*command, "--format", "html").out
    page = Page(text)
    assert not page.tags & {"script", "iframe", "img", "link", "object", "b", "strong", "a"}
    assert not {name for name in page.attributes if name.startswith("on") or name in ("href", "src")}
    assert re.findall(r"https?://(?!www\.w3\.org/2000/svg)[^\s\"<]*", text) in (
        [],
        [*re.findall(r"http://evil\.test\)", text)],
    )
    if command != ("releases",):
        assert HOSTILE in page.texts
    for drawn in re.findall(r"<svg.*?</svg>", text, re.DOTALL):
        ElementTree.fromstring(drawn)
    assert "<svg" in text and "@page" in text and "prefers-color-scheme" not in text


def test_it_has_the_numbers_of_the_report_and_says_what_it_shows(desk: Cli) -> None:
    report = desk("report", "--format", "json").json
    for format in ("html", "md"):
        text = desk("report", "--include-test", "--goal", "Reserve a Table", "--format", format).out
        (row,) = [each for each in report["goals"] if each["name"] == "Reserve a Table"]
        for number in (
            row["started"],
            row["completed"],
            row["partial"],
            row["incomplete"],
            f"{row['completion_rate']:.1%}"[:-1],
        ):
            assert str(number) in text
        said = " ".join(Page(text).texts) if format == "html" else text.replace("\\", "")
        assert "time zone Europe/Berlin" in said
        assert "Filters: goals: Reserve a Table; include test: yes." in said
        assert "Reserve a Table v1 (" in said and "120 events" in said
        assert "2026-11-20 (not over)" in said


@pytest.mark.parametrize("command", COMMANDS)
def test_markdown_tables_keep_their_columns(desk: Cli, command: tuple[str, ...]) -> None:
    text = desk(*command, "--format", "md").out
    assert text.startswith("# ")
    lines = [line for line in text.splitlines() if line.startswith("|")]
    widths = {len(re.findall(r"(?<!\\)\|", line)) for line in lines}
    assert lines and len(widths) <= 2
    assert "<script>" not in text.replace("\\<", "") and "**bold**" not in text.replace("\\*", "")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_chart_alone_is_a_picture(desk: Cli, command: tuple[str, ...], tmp_path: Path) -> None:
    target = tmp_path / "chart.svg"
    assert desk(*command, "--format", "svg", "-o", target).code == 0
    root = ElementTree.fromstring(target.read_text("utf-8"))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    texts = "".join(root.itertext())
    assert "%" in texts and "nan" not in texts


def test_a_file_is_not_replaced_unasked(desk: Cli, tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    assert desk("report", "--format", "html", "-o", target).out == ""
    first = target.read_text("utf-8")
    refused = desk("report", "--span", "all", "--format", "html", "-o", target)
    assert (refused.code, refused.err.count("\n")) == (1, 1) and target.read_text("utf-8") == first
    assert desk("report", "--span", "all", "--format", "html", "-o", target, "--force").code == 0
    assert target.read_text("utf-8") != first
    wrong = desk("report", "-o", target)
    assert wrong.code == 2 and "-o goes with --format md, html or svg" in wrong.err
    missing = desk("report", "--format", "md", "-o", tmp_path / "no" / "x.md")
    assert missing.code == 1 and missing.err.count("\n") == 1


@pytest.mark.parametrize("format", ["md", "html", "svg"])
def test_nothing_to_show_is_said(cli: Cli, services: Services, format: str) -> None:
    for name in (HOSTILE, "Reserve a Table"):
        services.goals.save(goal(name, "Ask", "◎ Done").model_copy(update={"revision": 0}))
    for command in COMMANDS:
        for span in ("last-7-days", "all"):
            result = cli(*command, "--span", span, "--format", format)
            assert result.code == 0, result.err
            if format == "svg":
                ElementTree.fromstring(result.out)


def test_the_smallest_parts_stand_together(desk: Cli, services: Services) -> None:
    tracked = services.goals.get("Reserve a Table")
    services.workspace.events.append(
        [
            event(tracked, "Ask", cycle=f"x{number}", session="x", endpoint_name=f"E{number}").model_copy(
                update={"id": f"x{number}", "timestamp": NOW - timedelta(minutes=1)}
            )
            for number in range(300)
        ]
    )
    text = desk("breakdown", "endpoint", "--format", "md").out
    assert "282 others" in text
    assert len(desk("breakdown", "endpoint", "--format", "json").json["rows"]) == 302
