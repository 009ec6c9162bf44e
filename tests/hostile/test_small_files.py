"""Configuration, values.yaml, flow files and command lines, hostile: one clear line, never a traceback."""

from __future__ import annotations

import json
import time
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goals_tui.cli.run import run
from goals_tui.domain import flow_chart_file
from goals_tui.services.context import Services
from goals_tui.services.features import read_features
from goals_tui.store.workspace import MAX_BYTES, read_values
from goals_tui.tui.app.config import load
from tests.builders import book_a_flight_flow
from tests.hostile.calm import calm, check_line, damaged, few, harmless, hostile_values, with_one_change

CONFIG = b'theme = "goals-dark"\ntour_seen = true\n\n[keys]\n"goals.new" = "n,insert"\nflows.new = "n"\n'
VALUES = b"FEATURE_USE_GOALS_V2: true\nfeatures:\n  FEATURE_USE_GOALS_V2__MAX_STEPS_PER_GOAL: 12\n"
FLOW = json.loads(json.dumps(flow_chart_file.to_file(book_a_flight_flow())))

ODD = [
    b"",
    b"\x00",
    b"\xff\xfe\xff",
    b"\xef\xbb\xbf" + CONFIG,
    b"[" * 20_000,
    b"a = " + b"[" * 20_000,
    b"a: " + b"[" * 20_000,
    b"{" * 20_000,
    b"a." * 5_000 + b"b = 1",
    b"a: " * 2_000,
    b"theme = 1",
    b"theme = nan",
    b"keys = 'x'",
    b'theme = "\\ud800"',
    b'[keys]\n"goals.new" = ""\n"goals.new" = "x"',
    b'[keys]\n"\\u001b[31m" = "n"',
    b"tour_seen = 9" + b"9" * 5_000,
    b"a: &a [*a, *a]",
    b"a: &a {b: *a}",
    b"&a a: &b [x, x]\nc: [*b, *b, *b]",
    b"!!python/object/apply:os.system ['true']",
    b"FEATURE_USE_GOALS_V2: .nan",
    b"FEATURE_USE_GOALS_V2: 2026-99-99",
    b"? [1, 2]\n: 3",
    b"FEATURE_USE_GOALS_V2__MAX_STEPS_PER_GOAL: 9" + b"9" * 5_000,
    b"- a\n- b",
]


@few
@given(content=st.one_of(st.sampled_from(ODD), damaged(CONFIG), st.binary(max_size=80)))
def test_configuration(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(content)
    calm(lambda: load(path))


PIECES = (
    *(
        b"&a ",
        b"*a",
        b"!!int ''",
        b"!!timestamp x",
        b"!x ",
        b'"\\UFFFFFFFF"',
        b'"\\uD800"',
        b"0x" + b"f" * 5000,
        b"9" * 5000,
    ),
    *(b"[" * 30_000, b"{a: " * 9_000, b"- " * 9_000, b"? " * 9_000, (b"[" * 999 + b"\n") * 30, b"a: " * 9_000),
    *(
        b"<<: ",
        b"---\n",
        b"...\n",
        b"%YAML 9.9\n",
        b"|\n ",
        b">-\n",
        b"\t",
        b"\x00",
        b"\xff",
        b"\xe2\x80\xa8",
        b": ",
        b"#",
        b"'",
        b'"',
    ),
    *(b"a: &a {x: 1}\n" + b"".join(b"k%d: &k%d [*a, *a]\n" % (n, n) for n in range(99)), b"x" * 60_000, b"a:\n " * 99),
)


def test_values_of_300_mutations(tmp_path: Path) -> None:
    """Each is read or refused in one line, and none of them takes long."""
    random, path = Random(12), tmp_path / "values.yaml"
    known = warned = 0
    for content in [*ODD, *(mutated(VALUES, random) for _ in range(300))]:
        path.write_bytes(content)
        began = time.monotonic()
        if not isinstance(values := calm(lambda: read_values(tmp_path)), str):
            calm(lambda values=values: read_features({}, values.known))
            known += bool(values.known)
            warned += bool(values.warnings)
            for line in values.warnings:
                check_line(line)
        assert time.monotonic() - began < 10, ascii(content[:200])
    assert known > 30 and warned > 10, "most of them are refused: they test nothing"


def mutated(content: bytes, random: Random) -> bytes:
    """Content with one to three places cut, repeated or overwritten."""
    for _ in range(random.randint(1, 3)):
        start, length = random.randrange(len(content) + 1), random.randrange(20)
        middle = random.choice([b"", content[start : start + length] * 2, random.randbytes(3), *PIECES])
        content = content[:start] + middle + content[start + random.choice([0, length]) :]
    return content


def test_large_values(tmp_path: Path) -> None:
    (tmp_path / "values.yaml").write_bytes(b"#" * (MAX_BYTES + 1))
    assert "too large" in str(calm(lambda: read_values(tmp_path)))


@few
@given(content=st.one_of(st.sampled_from(ODD), damaged(json.dumps(FLOW).encode()), st.binary(max_size=80)))
def test_flow_files_of_any_bytes(services: Services, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "flow.json"
    path.write_bytes(content)
    calm(lambda: services.flow_files.load([path]))


@few
@given(content=st.one_of(with_one_change(FLOW), hostile_values()))
def test_flow_files_of_any_content(services: Services, tmp_path: Path, content: Any) -> None:
    path = tmp_path / "flow.json"
    path.write_text(json.dumps(content))
    calm(lambda: services.flow_files.load([path]))
    calm(services.flows.findings)


HOSTILE_WORDS = [
    "",
    " ",
    "--",
    "-",
    "\x1b[31mred",
    "\u202eabc",
    "\ud800",
    "x" * 5000,
    "[/foo]",
    "../../etc/passwd",
    "1e999",
    "nan",
    "-1",
    "9" * 400,
    "0",
    "2026-13-01",
    "0001-01-01",
    "9999-12-31T23:59:59+23:59",
    "2026-02-30",
    "2026-10-01T08:00+99:00",
    "2026-W01",
    "all; drop table events",
    "' OR 1=1 --",
    "\n\n",
    "/",
    "Europe/../../etc/passwd",
    "Europe",
    "UTC\x00",
    "%s%n",
    "${HOME}",
    "`id`",
    "💥" * 100,
]

OPTIONS = [
    ("report", "--span"),
    ("report", "--from"),
    ("report", "--to"),
    ("report", "--goal"),
    ("report", "--not-endpoint"),
    ("report", "--snapshot"),
    ("report", "--time-zone"),
    ("report", "--price-by"),
    ("report", "--format"),
    ("cycles", "--limit"),
    ("cycles", "--outcome"),
    ("cycle",),
    ("funnel",),
    ("goals", "show"),
    ("goals", "delete", "--confirm", "x"),
    ("flows", "show"),
    ("check",),
    ("track", "--session", "s", "--goal", "g", "--step"),
    ("track", "--session", "s", "--step", "s", "--goal"),
    ("track", "--goal", "g", "--step", "s", "--at", "2026-10-01T00:00:00Z", "--session"),
    ("simulate", "--sessions", "1"),
    ("import", "odata"),
    ("import", "csv", "--goal", "g", "--cycle", "a", "--step", "b", "--time", "c"),
    ("package", "import"),
    ("package", "export", "-o", "out.zip"),
    ("events", "export", "-o"),
    ("init", "--name", "x"),
    ("init", "new", "--name", "x", "--currency"),
    ("init", "new", "--name", "x", "--time-zone"),
    ("init", "new", "--name"),
]


@pytest.mark.parametrize("command", OPTIONS, ids=" ".join)
def test_command_lines(
    services: Services,
    command: tuple[str, ...],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GOALS_TUI_NOW", "2026-11-20T12:00:00Z")
    monkeypatch.setenv("GOALS_TUI_WORKSPACE", str(services.workspace.path))
    for word in HOSTILE_WORDS:
        if command[0] in ("init", "events") and ("/" in word or word == ""):
            continue
        code = run([*command, word])
        printed = capsys.readouterr()
        assert code in (0, 1, 2, 3), (word, printed.err)
        if code == 1:
            assert printed.err.count("\n") == 1, (word, printed.err)
            check_line(printed.err.strip())
            assert printed.out == ""
        if code != 2:  # what is wrong usage is told by the command line's library, with the words that were typed
            assert harmless(printed.out + printed.err), (word, ascii(printed.err))
