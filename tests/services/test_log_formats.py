"""`import log` reads one table the same from every format, and says of any other file what it is."""

from __future__ import annotations

import bz2
import csv
import io
import json
import lzma
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from goals_tui.domain.errors import GoalsError, NotFoundError, UnreadableError, WrongValueError
from goals_tui.domain.filters import Filters
from goals_tui.services.context import Services
from goals_tui.services.imports.log_import import LogOptions
from goals_tui.services.imports.log_rows import Columns
from goals_tui.services.imports.result import ImportResult
from tests.conftest import SHARED
from tests.services import log_files

COLUMNS = Columns("case", "activity", "time")
ROWS = [
    ["case", "activity", "time", "note", "note"],
    ["1", "Select", "2026-10-01T08:00:00Z", "", "a"],
    ["1", "Pay", "2026-10-01T08:01:00Z", "", ""],
    ["2", "Select", "2026-10-01T09:00:00Z", "", ""],
]
TEXT = "".join(",".join(row) + "\n" for row in ROWS)
SAMPLE = SHARED / "data" / "real" / "process-mining" / "running-example.csv"


@pytest.fixture(autouse=True)
def with_spreadsheets() -> None:
    pytest.importorskip("python_calamine", reason="spreadsheets need the extra excel")


def bring(services: Services, *files: Path, columns: Columns = COLUMNS, **options: Any) -> ImportResult:
    return services.imports.log(files, "Goal", columns, LogOptions(**options))


def written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def report_of(services: Services) -> Any:
    report = services.insights.report(Filters(span="all"))
    return report.totals, [day.day for day in report.days], report.health


@pytest.mark.skipif(not SAMPLE.is_file(), reason="the shared data are not beside this checkout")
def test_the_twin_of_an_event_log_reads_the_same_in_every_format(
    new_services: Callable[..., Services], tmp_path: Path
) -> None:
    with SAMPLE.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    columns = Columns("case:concept:name", "concept:name", "time:timestamp", session="org:resource")
    found = {}
    for name, write in log_files.WRITERS.items():
        services = new_services(f"w-{name}")
        file_of = tmp_path / f"log.{name}"
        write(file_of, rows)
        result = bring(services, file_of.rename(tmp_path / f"{name}.data"), columns=columns)
        assert (result.rows, result.cases, result.events_added, result.broken_total) == (42, 6, 42, 0), name
        found[name] = report_of(services)
        steps = {step.name: step.kind for step in services.goals.get("Goal").steps}
        assert [step for step, kind in steps.items() if kind == "completion"] == ["pay compensation", "reject request"]
    assert all(one == found["csv"] for one in found.values())
    assert (found["csv"][0].started, found["csv"][0].completed) == (6, 6)


@pytest.mark.parametrize("name", ["csv", "csv.gz", "jsonl", "parquet", "xlsx", "ods"])
def test_the_content_says_the_format(services: Services, tmp_path: Path, name: str) -> None:
    rows = [row[:3] for row in ROWS]
    log_files.WRITERS[name](tmp_path / f"log.{name}", rows)
    misnamed = (tmp_path / f"log.{name}").rename(tmp_path / "export.txt")
    assert bring(services, misnamed).events_added == 3
    asked = "csv" if name == "csv.gz" else name
    assert bring(services, misnamed, format=asked).events_known == 3


def test_several_files_are_one_log(services: Services, tmp_path: Path) -> None:
    first = written(tmp_path / "a.csv", TEXT)
    log_files.jsonl_file(
        tmp_path / "b.jsonl", [ROWS[0][:3], ["2", "Pay", "2026-10-01T09:05:00Z"], ["3", "Pay", "soon"]]
    )
    result = bring(services, first, tmp_path / "b.jsonl")
    assert (result.events_added, result.cases, result.files) == (4, 2, ("a.csv", "b.jsonl"))
    assert [(one.file, one.record) for one in result.broken] == [("b.jsonl", 2)]


def test_standard_input(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(TEXT.encode())))
    assert bring(services, Path("-")).files == ("standard input",)
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(UnreadableError, match="Standard input is closed"):
        bring(services, Path("-"))


def test_a_list_of_json_and_values_that_are_no_text(services: Services, tmp_path: Path) -> None:
    records = [
        {"case": 7, "activity": "Select", "time": 1790841600},
        {"case": 7, "activity": "Pay", "time": 1790841660.5, "more": {"a": [1]}},
    ]
    result = bring(services, written(tmp_path / "log.json", json.dumps(records)))
    assert (result.guesses[0].what, result.guesses[0].value) == ("time_format", "seconds since 1970")
    [cycle] = services.insights.cycles(Filters(span="all"))
    assert cycle.session_id == "7"


def test_broken_lines_of_json_are_named(services: Services, tmp_path: Path) -> None:
    lines = [
        '{"case": "1", "activity": "Select", "time": "2026-10-01T08:00:00Z"}',
        "{",
        "[1]",
        '{"activity": "Pay", "time": "2026-10-01T08:01:00Z"}',
        '{"case": "1", "activity": "Pay", "time": "2026-10-01T08:01:00Z", "case": "1"}',
    ]
    result = bring(services, written(tmp_path / "log.jsonl", "\n".join(lines)))
    assert (result.events_added, [one.record for one in result.broken]) == (2, [2, 3, 4])
    assert result.reasons == {"not in the form of the others": 2, "without a case (column case)": 1}


def test_a_column_of_json_that_comes_late(services: Services, tmp_path: Path) -> None:
    lines = ['{"case": "1", "activity": "Select", "time": "2026-10-01T08:00:00Z"}'] * 3000
    lines.append('{"case": "1", "activity": "Pay", "time": "2026-10-01T08:01:00Z", "where": "Web"}')
    file = written(tmp_path / "log.jsonl", "\n".join(lines))
    bring(services, file, columns=Columns("case", "activity", "time", endpoint="where"))
    assert services.insights.dimension_values("endpoint") == ["Web"]


def test_the_sheet_with_the_columns_is_read(services: Services, tmp_path: Path) -> None:
    other = [
        ["case", "activity", "time"],
        ["9", "Select", "2026-10-01T08:00:00Z"],
        ["9", "Pay", "2026-10-01T08:00:00Z"],
    ]
    log_files.xlsx_file(tmp_path / "book.xlsx", [["About"], ["this"]], [row[:3] for row in ROWS], other)
    result = bring(services, tmp_path / "book.xlsx")
    assert result.events_added == 3
    assert "book.xlsx: Read the sheet 'Sheet2' of 3; --sheet NAME says another one." in result.notes
    assert bring(services, tmp_path / "book.xlsx", sheet="Sheet3").events_added == 2
    with pytest.raises(NotFoundError, match=r"no sheet of this file called 'Shee3'\. Did you mean 'Sheet"):
        bring(services, tmp_path / "book.xlsx", sheet="Shee3")


def test_without_the_extra_it_is_said_how_to_get_it(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_files.xlsx_file(tmp_path / "book.xlsx", ROWS)
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    with pytest.raises(UnreadableError, match=r"pip install 'goals-tui\[excel\]'; or save the sheet as CSV"):
        bring(services, tmp_path / "book.xlsx")


def zipped(name: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as parts:
        parts.writestr(name, "x")
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it is empty"),
        (b"   \n", "it is empty"),
        (zipped("log.csv"), "it is a ZIP archive. Unpack it"),
        (zipped("word/document.xml"), "it is a Word document"),
        (zipped("xl/workbook.bin"), "it is a binary Excel workbook (.xlsb). Save it as .xlsx"),
        (zipped("xl/workbook.xml"), "it is not a whole spreadsheet"),
        (b"PK\x03\x04 and no more", "it is not a whole ZIP archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "it is an old or a protected Office file"),
        (b"\x28\xb5\x2f\xfd\x04\x00", "it is packed with Zstandard. Unpack it first: unzstd FILE"),
        (bz2.compress(b"a"), "it is packed with bzip2"),
        (lzma.compress(b"a"), "it is packed with xz"),
        (b"\x1f\x8b nonsense", "it is not a whole gzip file"),
        (b"PAR1 and no more", "it is not a whole Parquet file"),
        (b"%PDF-1.7\n", "it is a PDF"),
        (b"SQLite format 3\0", "it is an SQLite database"),
        (b"<!DOCTYPE html><html><body>Log in</body></html>", "it is a web page, maybe one that asks to log in"),
        (b'<?xml version="1.0"?><report></report>', "it is XML"),
        (b'{\n "rows": []\n}', "it is one JSON object, not JSON Lines"),
        (b'{"a": 1', "it is one JSON object, not JSON Lines"),
        (b"\x7fELF\0\0\0", "it is not text and no format that can be read"),
        (b"[1", "it is not JSON"),
        (b"[{}] [{}]", "it is not JSON: something follows its list"),
        (b"case,activity,time\n1,Select,caf\xe9\n", "it is not UTF-8 text"),
    ],
    # The content of an archive says when it was made.
    ids=lambda given: given if isinstance(given, str) else "file",
)
def test_what_a_file_is_that_cannot_be_read(services: Services, tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(UnreadableError) as raised:
        bring(services, written(tmp_path / "log.csv", content))
    assert f"log.csv can't be imported: {message}" in str(raised.value)


def test_a_list_of_any_size_is_read_piece_by_piece(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from goals_tui.services.imports import files

    monkeypatch.setattr(files, "LARGEST_PAGE", 1)
    records = [dict(zip(ROWS[0][:3], row, strict=False)) for row in ROWS[1:]]
    records[0]["case"] = 123456789012345678901234567890  # type: ignore[assignment]
    found = bring(services, written(tmp_path / "log.json", json.dumps(records, indent=1)))
    assert (found.events_added, found.broken_total) == (3, 0)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"format": "exel"}, WrongValueError, "'exel' is not a format of logs"),
        ({"format": "parquet"}, UnreadableError, "it is a CSV table, not parquet. Leave --format parquet out"),
        ({"encoding": "utf-9"}, WrongValueError, "'utf-9' is not an encoding"),
        ({"encoding": "base64"}, WrongValueError, "'base64' is not an encoding"),
        ({"time_format": "%H:%M"}, WrongValueError, "'%H:%M' is not a way to write times"),
        ({"time_format": "%Q %Y"}, WrongValueError, "is not a way to write times"),
    ],
)
def test_options_that_mean_nothing(
    services: Services, tmp_path: Path, options: dict[str, Any], error: type[GoalsError], message: str
) -> None:
    with pytest.raises(error) as raised:
        bring(services, written(tmp_path / "log.csv", TEXT), **options)
    assert message in str(raised.value)
    assert services.goals.all() == [] and services.workspace.events.is_empty()


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-16-le", "latin-1"])
def test_encodings(services: Services, tmp_path: Path, encoding: str) -> None:
    file = written(tmp_path / "log.csv", TEXT.replace("Pay", "Überweisen").encode(encoding))
    told = {} if encoding == "utf-16" else {"encoding": encoding}
    assert bring(services, file, **told).events_added == 3
    assert [step.name for step in services.goals.get("Goal").steps] == ["Select", "Überweisen"]


@pytest.mark.parametrize(
    ("before", "note"),
    [
        (
            "# Export of today, made by hand\n",
            "Passed over 1 comment line before the header: # Export of today, made by",
        ),
        ("# a\n\n# b\n", "Passed over 2 comment lines before the header: # a"),
        ('"sep=,"\n', None),
        ("sep=,\n", None),
        ("\n,,,,\n", None),
    ],
)
def test_lines_before_the_header(services: Services, tmp_path: Path, before: str, note: str | None) -> None:
    result = bring(services, written(tmp_path / "log.csv", before + TEXT))
    assert (result.events_added, result.broken_total) == (3, 0)
    assert [note in one for one in result.notes] == ([True] if note else [])


def test_a_header_that_begins_with_a_number_sign(services: Services, tmp_path: Path) -> None:
    file = written(tmp_path / "log.csv", TEXT.replace("case,", "#case,", 1))
    assert bring(services, file, columns=Columns("#case", "activity", "time")).events_added == 3


def test_rows_of_another_width(services: Services, tmp_path: Path) -> None:
    odd = "3,Select,2026-10-02T08:00:00Z,,,,\n\n4,Select,2026-10-02T08:00:00Z,,,x\n5,Select\n,,,,\n6,Pay,,,\n"
    result = bring(services, written(tmp_path / "log.csv", TEXT + odd))
    assert result.events_added == 4
    assert [(one.record, one.why) for one in result.broken] == [
        (5, "it has 6 cells, the header has 5"),
        (6, "it has 2 cells, the header has 5"),
        (7, "the column time is empty"),
    ]
    assert (result.rows, result.reasons) == (
        7,
        {"not in the form of the others": 2, "without a time (column time)": 1},
    )


def test_the_numbers_of_rows_behind_blank_ones(services: Services, tmp_path: Path) -> None:
    result = bring(services, written(tmp_path / "log.csv", TEXT + ",,,,\n\n3,Select,soon,,\n"))
    assert [one.record for one in result.broken] == [4]
