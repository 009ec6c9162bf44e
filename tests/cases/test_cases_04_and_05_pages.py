"""Other answers of a server in the place of records are named, and the exit code is 3."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from tests.cases.conftest import Case
from tests.cli.conftest import Cli

PAGE = "GoalEvents.json"
UNIT = "Durations were read as seconds; --duration-unit says another unit.\n"


def test_a_further_page_is_missing(desk: Cli, case: Case) -> None:
    export = case("04") / "export"
    result = desk("import", "odata", export)
    assert (result.code, result.out) == (
        3,
        "1 goal added, 0 changed; 1 event added, 0 known already; records are missing\n",
    )
    assert result.err == (
        f"{UNIT}Missing: {PAGE} says there is a further page (@odata.nextLink; 1 of 2 records): fetch it too.\n"
    )
    again = desk("import", "odata", export, "--format", "json")
    assert again.code == 3
    (missing,) = again.json["incomplete"]
    assert {key: missing[key] for key in ("file", "records", "count", "next_page")} == {
        "file": PAGE,
        "records": 1,
        "count": 2,
        "next_page": True,
    }


@pytest.mark.parametrize("with_count", [True, False])
def test_nothing_is_missing_once_the_further_page_is_there(desk: Cli, case: Case, with_count: bool) -> None:
    export = case("04") / "export"
    first = json.loads((export / PAGE).read_text())
    second = {**first, "value": [{**first["value"][0], "id": "e2"}]}
    del second["@odata.nextLink"]
    if not with_count:
        del first["@odata.count"], second["@odata.count"]
        (export / PAGE).write_text(json.dumps(first))
        assert desk("import", "odata", export).code == 3
    (export / "GoalEvents-2.json").write_text(json.dumps(second))
    result = desk("import", "odata", export, "--duration-unit", "seconds")
    assert (result.code, result.err) == (0, "")


def test_pages_may_come_one_after_the_other(desk: Cli, case: Case) -> None:
    export = case("04") / "export"
    assert desk("import", "odata", export).code == 3
    first = json.loads((export / PAGE).read_text())
    second = {"@odata.count": 2, "value": [{**first["value"][0], "id": "e2"}]}
    (export / PAGE).write_text(json.dumps(second))
    assert desk("import", "odata", export / PAGE).code == 0


def test_a_count_that_does_not_match(desk: Cli, case: Case) -> None:
    export = case("04") / "export"
    page = json.loads((export / PAGE).read_text())
    del page["@odata.nextLink"]
    (export / PAGE).write_text(json.dumps({**page, "@odata.count": "3"}))
    result = desk("import", "odata", export)
    assert result.code == 3
    assert "Missing: GoalEvents.json says there are more records (@odata.count; 1 of 3 records)" in result.err


@pytest.mark.parametrize(
    ("folder", "why"),
    [
        ("export", "it holds an error: Too many requests"),
        ("export-v2", "it holds a page of OData version 2; export it with version 4"),
        ("export-single", "it holds a single record; put it into a list, [ ]"),
    ],
)
def test_no_records(desk: Cli, case: Case, folder: str, why: str) -> None:
    export = case("05") / folder
    result = desk("import", "odata", export)
    assert (result.code, result.err) == (3, f"{UNIT}Not used: GoalEvents.json holds no records ({why}).\n")
    as_json = desk("import", "odata", export, "--format", "json")
    assert as_json.code == 3
    assert as_json.json["not_used"] == [{"file": PAGE, "why": f"holds no records ({why})"}]
    alone = desk("import", "odata", export / PAGE)
    assert alone.code == 1 and f"holds no records ({why})" in alone.err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<!doctype html><p>Sign in", "Left out: GoalEvents.json: it is not JSON but a web page"),
        (
            b'{"value": [{"id": "e1", "ver',
            "Left out: GoalEvents.json: it is not JSON: its end is missing, the file was cut off",
        ),
        (b"", "Left out: GoalEvents.json: it is empty"),
        (
            b'{"error": {"message": {"lang": "en", "value": "No."}}}',
            "Not used: GoalEvents.json holds no records (it holds an error: No).",
        ),
        (
            b'{"value": [], "error": {"code": "500"}}',
            "Missing: GoalEvents.json, beside 0 records: it holds an error: 500.",
        ),
    ],
)
def test_other_answers(desk: Cli, case: Case, content: bytes, said: str) -> None:
    export = case("05") / "export"
    (export / PAGE).write_bytes(content)
    result = desk("import", "odata", export)
    assert result.code == 3 and said in result.err and len(result.err.splitlines()) == 2
    assert desk("goals", "list", "--format", "json").json[0]["name"] == "Book"


@pytest.mark.parametrize("name", ["e.jsonl.gz", "e.csv", "e.jsonl"])
def test_a_truncated_file(desk: Cli, case: Case, name: str, tmp_path: Path) -> None:
    export = case("04") / "export"
    record = json.loads((export / PAGE).read_text())["value"][0]
    (export / PAGE).unlink()
    records = [{**record, "id": f"e{number}"} for number in range(500)]
    if name.endswith(".csv"):
        rows = [",".join(record), *(",".join(one.values()) for one in records)]
        data = "\n".join(rows).encode()[:-40]
    else:
        data = "".join(json.dumps(one) + "\n" for one in records).encode()
        data = gzip.compress(data)[:-40] if name.endswith(".gz") else data[:-40]
    (export / name).write_bytes(data)
    result = desk("import", "odata", export)
    assert result.code == 3 and f"Left out: {name}" in result.err


def test_what_is_no_export_is_named_and_nothing_is_missing(desk: Cli, case: Case) -> None:
    export = case("05") / "export"
    (export / PAGE).write_text('{"compilerOptions": {}}')
    result = desk("import", "odata", export)
    assert (result.code, result.err) == (0, f"{UNIT}Not used: GoalEvents.json holds no records.\n")
