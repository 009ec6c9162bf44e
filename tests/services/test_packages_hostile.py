"""Packages that lie are refused with one line that names the file, and nothing changes."""

from __future__ import annotations

import hashlib
import json
import stat
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goals_tui.domain.errors import GoalsError, RefusedError, UnreadableError
from goals_tui.domain.ids import Ids
from goals_tui.services.context import Services, create_workspace
from goals_tui.store import package_file
from tests.builders import WHEN, book_a_flight, book_a_flight_flow, event
from tests.examples import examples

Files = dict[str, bytes]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    source = create_workspace(tmp_path / "source", name="Desk", clock=lambda: WHEN, ids=Ids("source"), env={})
    goal = source.goals.save(book_a_flight().model_copy(update={"revision": 0}))
    source.flows.save(book_a_flight_flow(goal))
    source.workspace.events.append([event(goal, "Flight selected"), event(goal, "Payment completed", seconds=60)])
    path = tmp_path / "flight.zip"
    source.packages.export([goal.id], path, with_events=True, flows=["Book a Flight"])
    return path


@pytest.fixture
def target(tmp_path: Path) -> Services:
    return create_workspace(tmp_path / "target", name="Other", clock=lambda: WHEN, ids=Ids("target"), env={})


def refused(services: Services, path: Path) -> str:
    """The one line with which `path` is refused, by inspect and by import alike."""
    before = services.stamp()
    with pytest.raises(GoalsError) as looked:
        services.packages.inspect(path)
    with pytest.raises(GoalsError) as imported:
        services.packages.import_package(path, "replace")
    assert services.stamp() == before
    assert str(looked.value) == str(imported.value)
    assert "\n" not in str(looked.value)
    assert str(path) in str(looked.value)
    return str(looked.value)


def files_of(path: Path) -> Files:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def pack(path: Path, files: Files, *, compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def with_proof(files: Files) -> Files:
    """The files with a manifest whose checksums are right: what is wrong is somewhere else."""
    manifest = json.loads(files["manifest.json"])
    manifest["files"] = {
        name: {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
        for name, data in files.items()
        if name != "manifest.json"
    }
    return {**files, "manifest.json": json.dumps(manifest).encode()}


def change(files: Files, name: str, edit: Callable[[Any], Any]) -> Files:
    content = json.loads(files[name])
    return with_proof({**files, name: json.dumps(edit(content)).encode()})


def test_what_is_no_zip(package: Path, target: Services, tmp_path: Path) -> None:
    nothing = tmp_path / "nothing.zip"
    assert "Can't read" in refused(target, nothing)
    nothing.write_bytes(b"")
    assert "it is not a complete ZIP file" in refused(target, nothing)
    nothing.write_bytes(b"PK\x03\x04 and more")
    assert "it is not a complete ZIP file" in refused(target, nothing)
    assert "Can't read" in refused(target, tmp_path)


@pytest.mark.parametrize("around", ["", "flight/", "Flight Desk/export/", "./"])
def test_a_package_that_a_file_manager_packed_again(package: Path, target: Services, around: str) -> None:
    files = files_of(package)
    litter = {f"__MACOSX/{around}._goals.json": b"\x00\x05", f"{around}.DS_Store": b"\x00", f"{around}Thumbs.db": b""}
    folders = {around: b"", "__MACOSX/": b""} if around else {}
    pack(package, {**folders, **{around + name: data for name, data in files.items()}, **litter})
    assert target.packages.inspect(package).events == 2
    assert target.packages.import_package(package).goals == ("Book a Flight",)


def test_what_else_lies_in_the_archive_is_no_part_of_a_package(package: Path, target: Services) -> None:
    files = files_of(package)
    pack(package, {**{f"flight/{name}": data for name, data in files.items()}, "readme.md": b"hi"})
    assert "which is not part of a package" in refused(target, package)
    pack(package, {**files, "more/goals.json": files["goals.json"]})
    assert "it holds 'more/goals.json', which is not part of a package" in refused(target, package)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_truncated_file(package: Path, target: Services, share: float) -> None:
    data = package.read_bytes()
    package.write_bytes(data[: int(len(data) * share)])
    assert "is not a complete ZIP file" in refused(target, package)


@pytest.mark.parametrize("name", ["../goals.json", "/etc/passwd", "C:\\goals.json", "a/goals.json", "notes.txt"])
def test_names_that_are_no_part_of_a_package(package: Path, target: Services, name: str) -> None:
    pack(package, {**files_of(package), name: b"[]"})
    assert "which is not part of a package" in refused(target, package)


def test_a_name_twice(package: Path, target: Services) -> None:
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(package, "a") as archive:
        archive.writestr("goals.json", b"[]")
    assert "it holds goals.json twice" in refused(target, package)


def test_a_link(package: Path, target: Services) -> None:
    files = files_of(package)
    with zipfile.ZipFile(package, "w") as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = ((stat.S_IFLNK if name == "goals.json" else stat.S_IFREG) | 0o644) << 16
            archive.writestr(info, data)
    assert "goals.json is a link" in refused(target, package)


def test_an_encrypted_file(package: Path, target: Services) -> None:
    data = bytearray(package.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1
    package.write_bytes(data)
    assert "is encrypted" in refused(target, package)


def test_another_compression(package: Path, target: Services) -> None:
    pack(package, files_of(package), compression=zipfile.ZIP_BZIP2)
    assert "packed in a way that packages are not" in refused(target, package)


def test_a_bomb(package: Path, target: Services) -> None:
    pack(package, with_proof({**files_of(package), "goals.json": b"[" + b" " * (32 << 20) + b"]"}))
    assert "out of almost nothing" in refused(target, package)


def test_too_large(package: Path, target: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package_file, "MOST_DOCUMENT_BYTES", 100)
    assert "is larger than" in refused(target, package)


def test_a_size_that_is_not_true(package: Path, target: Services) -> None:
    """The directory says that goals.json is small; reading stops there, and the checksum does not fit."""
    data = bytearray(package.read_bytes())
    at = data.index(b"PK\x01\x02")
    data[at + 24 : at + 28] = (10).to_bytes(4, "little")
    package.write_bytes(data)
    assert "is damaged" in refused(target, package) or "checksum" in refused(target, package)


def test_an_endless_line(package: Path, target: Services) -> None:
    noise = "".join(hashlib.sha256(str(i).encode()).hexdigest() for i in range(50_000)).encode()
    pack(package, with_proof({**files_of(package), "events.jsonl": noise}))
    assert "a line of more than 1024 KiB" in refused(target, package)


def test_a_wrong_checksum(package: Path, target: Services) -> None:
    for name in ("goals.json", "goal_versions.json", "flows.json", "events.jsonl"):
        files = files_of(package)
        other = package.with_name(f"{name}.zip")
        pack(other, {**files, name: files[name] + b" "})
        assert f"{name} is not as manifest.json says (checksum)" in refused(target, other)


def test_a_missing_and_an_unnamed_file(package: Path, target: Services) -> None:
    files = files_of(package)
    pack(package, {name: data for name, data in files.items() if name != "flows.json"})
    assert "it has no flows.json" in refused(target, package)
    pack(package, {name: data for name, data in files.items() if name != "events.jsonl"})
    assert "names other files than it holds" in refused(target, package)


def test_a_newer_format_and_no_package(package: Path, target: Services) -> None:
    files = files_of(package)
    newer = json.loads(files["manifest.json"]) | {"format_version": 3, "and": "more"}
    pack(package, {**files, "manifest.json": json.dumps(newer).encode()})
    assert "its format is 3, and this goals-tui reads 2. Update goals-tui." in refused(target, package)
    for manifest in (b"{}", b"[]", b"null", b"\xff", b'{"format": "goals-tui-package", "format_version": true}'):
        pack(package, {**files, "manifest.json": manifest})
        assert "manifest.json" in refused(target, package)


def goal_with(**changes: Any) -> Callable[[list[dict[str, Any]]], list[dict[str, Any]]]:
    return lambda goals: [{**goals[0], **changes}]


@pytest.mark.parametrize(
    ("name", "edit", "why"),
    [
        ("goals.json", lambda goals: {"goals": goals}, "goals.json is not a list of objects"),
        ("goals.json", lambda goals: [1], "goals.json is not a list of objects"),
        ("goals.json", lambda goals: goals + goals, "goals.json holds the id"),
        ("goals.json", goal_with(name=""), "The goal needs a name"),
        ("goals.json", goal_with(id="../../x"), "goals.json, number 1, id"),
        ("goals.json", goal_with(steps=[]), "A goal begins with exactly one initial step"),
        ("goals.json", goal_with(surprise=1), "goals.json, number 1, surprise"),
        ("goal_versions.json", goal_with(id="0" * 24), "belongs to a goal that the package does not hold"),
        ("goal_versions.json", goal_with(steps=[]), "has no initial step"),
        ("flows.json", lambda flows: [{**flows[0], "name": " "}], "a flow has no name"),
        (
            "flows.json",
            lambda flows: [flows[0], {**flows[0], "id": "1" * 24}],
            "holds the name 'book a flight' 2 times",
        ),
        ("flows.json", lambda flows: [{**flows[0], "nodes": [{"kind": "rocket"}]}], "flows.json, number 1, nodes.0"),
    ],
)
def test_documents_that_make_no_sense(
    package: Path, target: Services, name: str, edit: Callable[[Any], Any], why: str
) -> None:
    pack(package, change(files_of(package), name, edit))
    assert why in refused(target, package)


def test_negative_amounts(package: Path, target: Services) -> None:
    def edit(goals: Any) -> Any:
        goals[0]["steps"][1]["metrics"]["revenue"] = "-1.00"
        return goals

    pack(package, change(files_of(package), "goals.json", edit))
    assert "an amount lies between 0 and" in refused(target, package)


def test_nesting_without_end(package: Path, target: Services) -> None:
    pack(package, with_proof({**files_of(package), "flows.json": b"[" * 100_000 + b"]" * 100_000}))
    assert "flows.json is not JSON" in refused(target, package)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"{", "it is not JSON"),
        (b"[]", "event 3"),
        (b'{"id": "a"}', "event 3: timestamp: it is missing"),
        (b"", "event 3: it is not JSON"),
        (b"\xff\xfe", "event 3: it is not JSON"),
    ],
)
def test_events_that_make_no_sense(package: Path, target: Services, line: bytes, why: str) -> None:
    files = files_of(package)
    pack(package, with_proof({**files, "events.jsonl": files["events.jsonl"] + line + b"\n"}))
    before = target.stamp()
    with pytest.raises(RefusedError, match=r"can't be imported: events\.jsonl, event 3"):
        target.packages.import_package(package)
    assert target.stamp() == before


def test_events_of_another_goal(package: Path, target: Services) -> None:
    files = files_of(package)
    stranger = files["events.jsonl"].replace(book_a_flight().id.encode(), b"0" * 24)
    pack(package, with_proof({**files, "events.jsonl": stranger}))
    with pytest.raises(RefusedError, match="event 1, belongs to a goal that the package does not hold"):
        target.packages.import_package(package)


def test_a_version_here_that_is_damaged_is_named(package: Path, target: Services) -> None:
    target.packages.import_package(package)
    with target.workspace.documents.transaction() as transaction:
        for version, document in transaction.all("goal_versions").items():
            transaction.put("goal_versions", version, {**document, "steps": "none"})
    with pytest.raises(UnreadableError, match=r"goals.json: the goal 'Book a Flight' can't be read: steps"):
        target.packages.import_package(package, "replace")


def test_where_it_cannot_be_written(target: Services, tmp_path: Path) -> None:
    target.goals.save(book_a_flight().model_copy(update={"revision": 0}))
    with pytest.raises(UnreadableError, match="no such file or directory"):
        target.packages.export(["Book a Flight"], tmp_path / "gone" / "a.zip")
    with pytest.raises(UnreadableError, match=r"is a folder\. Name a file"):
        target.packages.export(["Book a Flight"], tmp_path)


@pytest.mark.faults
@examples(60, shared_fixtures=True)
@given(at=st.floats(0, 1, exclude_max=True), data=st.binary(min_size=1, max_size=8))
def test_any_change_of_any_bytes_is_refused_or_harmless(
    package: Path, target: Services, at: float, data: bytes
) -> None:
    original = package.read_bytes()
    place = int(at * len(original))
    spoiled = package.with_name("spoiled.zip")
    spoiled.write_bytes(original[:place] + data + original[place + len(data) :])
    before = target.stamp()
    try:
        info = target.packages.inspect(spoiled)
    except GoalsError as error:
        assert "\n" not in str(error)
    else:
        assert [item.name for item in info.items] == ["Book a Flight", "Book a Flight"]
    assert target.stamp() == before


@examples(40, shared_fixtures=True)
@given(st.dictionaries(st.sampled_from(["manifest.json", "goals.json", "flows.json", "x"]), st.binary(max_size=50)))
def test_any_zip_is_refused(target: Services, tmp_path: Path, files: Files) -> None:
    path = pack(tmp_path / "any.zip", files)
    refused(target, path)


def test_what_no_import_would_take_is_not_exported(package: Path, target: Services, tmp_path: Path) -> None:
    """Somebody wrote it into the workspace by hand; a package of it would be refused everywhere."""
    target.packages.import_package(package)
    (goal,) = target.goals.all()
    made = tmp_path / "made.zip"
    odd = event(goal, "Flight selected", cycle="odd").model_copy(update={"endpoint_name": "x" * 301})
    target.workspace.events.append([odd])
    with pytest.raises(RefusedError) as refused:
        target.packages.export([goal.id], made, with_events=True)
    assert str(refused.value) == (
        f"{made} can't be made: events.jsonl: an event has more than 300 characters as its endpointName."
    )
    assert target.packages.export([goal.id], made).goals == 1, "without the events it can"

    nameless = goal.model_copy(update={"name": ""}).model_dump(mode="json")
    with target.workspace.documents.transaction() as transaction:
        transaction.put("goals", goal.id, nameless)
    with pytest.raises(RefusedError, match=r"made\.zip can't be made: goals\.json, goal '': "):
        target.packages.export([goal.id], made)
