from __future__ import annotations

import errno
import gc
import os
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from goals_tui.domain.errors import UnreadableError
from goals_tui.store import document_storage
from goals_tui.store.document_storage import to_json, without_garbage_collection
from goals_tui.store.documents import Documents


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "goals.json"


def put(documents: Documents, document_id: str, **fields: Any) -> None:
    with documents.transaction() as transaction:
        transaction.put("goals", document_id, fields)


def test_what_was_put_is_there_for_everybody(path: Path) -> None:
    documents, other = Documents(path), Documents(path)
    assert documents.all("goals") == {} and documents.get("goals", "a") is None
    put(documents, "a", name="Book a Flight", steps=({"name": "Start"},))
    assert other.get("goals", "a") == {"name": "Book a Flight", "steps": [{"name": "Start"}]}
    assert documents.all("goals") == other.all("goals")


def test_a_transaction_sees_its_own_changes_and_replaces_whole_documents(path: Path) -> None:
    documents = Documents(path)
    put(documents, "a", name="A", description="old")
    with documents.transaction() as transaction:
        transaction.put("goals", "a", {"name": "A2"})
        transaction.put("goals", "b", {"name": "B"})
        assert transaction.get("goals", "a") == {"name": "A2"}
        assert transaction.delete("goals", "b")
        assert not transaction.delete("goals", "b")
        assert set(transaction.all("goals")) == {"a"}
        assert documents.get("goals", "a") == {"name": "A", "description": "old"}
    assert documents.all("goals") == {"a": {"name": "A2"}}


def test_the_first_transaction_writes_all_that_it_put(path: Path) -> None:
    documents = Documents(path)
    with documents.transaction() as transaction:
        for number in range(3):
            transaction.put("goals", str(number), {"name": f"Goal {number}"})
        transaction.put("flows", "f", {"name": "Flow"})
    assert set(documents.all("goals")) == {"0", "1", "2"} and documents.all("flows") == {"f": {"name": "Flow"}}


def test_queries_find_and_delete_documents_by_their_fields(path: Path) -> None:
    documents, other = Documents(path), Documents(path)
    with documents.transaction() as transaction:
        for key, goal in (("v1", "a"), ("v2", "a"), ("v3", "b")):
            transaction.put("goal_versions", key, {"id": goal, "version": key})
    assert [document["version"] for document in documents.find("goal_versions", id="a")] == ["v1", "v2"]
    with other.transaction() as transaction:
        transaction.delete_all("goal_versions", id="a")
        assert documents.find("goal_versions", id="a")
    assert documents.find("goal_versions", id="a") == []
    assert documents.find("goal_versions", id="b") == [{"id": "b", "version": "v3"}]


def test_every_way_of_reading_returns_the_document_that_was_parsed(path: Path) -> None:
    put(Documents(path), "a", name="A")
    documents = Documents(path)
    parsed = documents.all("goals")["a"]
    put(documents, "b", name="B")
    assert documents.all("goals")["a"] is documents.get("goals", "a") is documents.find("goals", name="A")[0] is parsed


def test_nothing_is_written_after_an_exception(path: Path) -> None:
    documents = Documents(path)
    put(documents, "a", name="A")
    before, stamp = path.read_bytes(), documents.stamp()
    with pytest.raises(ZeroDivisionError), documents.transaction() as transaction:
        transaction.put("goals", "a", {"name": "changed"})
        raise ZeroDivisionError
    assert (path.read_bytes(), documents.stamp()) == (before, stamp)
    put(documents, "b", name="the lock is free again")


def test_a_transaction_without_changes_leaves_the_file_alone(path: Path) -> None:
    documents = Documents(path)
    put(documents, "a", name="A")
    stamp = documents.stamp()
    with documents.transaction():
        pass
    assert documents.stamp() == stamp


def test_the_parse_is_kept_until_the_file_changes(path: Path) -> None:
    documents, other = Documents(path), Documents(path)
    put(documents, "a", name="A")
    kept = other.all("goals")
    assert other.all("goals") is kept
    put(documents, "b", name="B")
    assert set(other.all("goals")) == {"a", "b"}


def test_the_file_reads_well_in_a_diff(path: Path) -> None:
    put(Documents(path), "a", name="A", cost="1.00")
    text = path.read_text()
    assert text.endswith("}\n")
    assert text.index('"cost"') < text.index('"name"')
    assert '\n      "name": "A"\n' in text


def test_the_previous_file_is_kept(path: Path) -> None:
    documents = Documents(path)
    put(documents, "a", name="A")
    first = path.read_bytes()
    put(documents, "b", name="B")
    assert path.with_name("goals.json.bak").read_bytes() == first


@pytest.mark.parametrize("damage", [b"", b'{"goals": {"a"', b"\0" * 100, b"[1, 2]", b'{"goals": 3}', b"{}"])
def test_a_damaged_file_is_recovered_and_said(path: Path, damage: bytes) -> None:
    documents = Documents(path)
    put(documents, "a", name="A")
    put(documents, "b", name="B")
    path.write_bytes(damage)
    again = Documents(path)
    assert set(again.all("goals")) == {"a"}
    assert len(again.notices) == 1
    assert "goals.json was damaged" in again.notices[0] and "recovered from goals.json.bak" in again.notices[0]
    assert path.with_name("goals.json.damaged").read_bytes() == damage
    assert set(Documents(path).all("goals")) == {"a"}
    assert set(documents.all("goals")) == {"a"}


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        (b'"name": "B"', b'"name": "B",,', "at line 8, column 19 "),
        (b'"name": "B"', b'"name": "\xff"', "(str is not valid UTF-8"),
        (b'"name": "B"', b'"name": B', "at line 8, column 15 "),
    ],
)
def test_a_slip_in_an_edit_by_hand_costs_nothing(path: Path, old: bytes, new: bytes, where: str) -> None:
    documents = Documents(path)
    put(documents, "a", name="A")
    put(documents, "b", name="B")
    edited = path.read_bytes().replace(old, new)
    path.write_bytes(edited)
    for again in (documents, Documents(path)):
        with pytest.raises(UnreadableError) as raised:
            again.all("goals")
        assert where in str(raised.value)
        assert "Correct it there, or put goals.json.bak in its place." in str(raised.value)
        with pytest.raises(UnreadableError):
            put(again, "c", name="C")
    assert path.read_bytes() == edited
    path.write_bytes(b"\xef\xbb\xbf" + edited.replace(new, old))
    assert set(documents.all("goals")) == {"a", "b"}


def test_no_damaged_file_takes_the_place_of_another(path: Path) -> None:
    documents = Documents(path)
    put(documents, "first", name="First")
    for number, damage in enumerate((b"{", b"[", b"")):
        put(documents, str(number), name="A")
        path.write_bytes(damage)
        documents.all("goals")
    kept = [path.with_name(f"goals.json.damaged{end}").read_bytes() for end in ("", "-2", "-3")]
    assert kept == [b"{", b"[", b""]


def test_what_another_program_recovered_and_saved_stays(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    documents, other = Documents(path), Documents(path)
    put(documents, "a", name="A")
    put(documents, "b", name="B")
    path.write_bytes(b"{")
    parse = document_storage._parse

    def seen_damaged(file: Path) -> document_storage.Tables:
        monkeypatch.setattr(document_storage, "_parse", parse)
        with pytest.raises(document_storage._DamagedError):
            parse(file)
        put(other, "c", name="C")
        raise document_storage._DamagedError("it is cut short or is not JSON")

    monkeypatch.setattr(document_storage, "_parse", seen_damaged)
    assert set(documents.all("goals")) == {"a", "c"}
    assert (len(other.notices), documents.notices) == (1, [])
    assert path.with_name("goals.json.damaged").read_bytes() == b"{"
    assert set(Documents(path).all("goals")) == {"a", "c"}


def test_a_transaction_recovers_a_damaged_file(path: Path) -> None:
    documents = Documents(path)
    put(documents, "a", name="A")
    put(documents, "b", name="B")
    path.write_bytes(b"{")
    put(documents, "c", name="C")
    assert set(Documents(path).all("goals")) == {"a", "c"} and len(documents.notices) == 1


def test_a_missing_file_is_recovered_from_its_copy(path: Path) -> None:
    documents = Documents(path)
    put(documents, "a", name="A")
    put(documents, "b", name="B")
    path.unlink()
    assert set(Documents(path).all("goals")) == {"a"}


def test_two_damaged_files_are_refused_by_name(path: Path) -> None:
    path.write_text("{")
    path.with_name("goals.json.bak").write_text("{")
    with pytest.raises(UnreadableError) as refused:
        Documents(path).all("goals")
    assert str(refused.value) == (
        f"{path} is damaged (it is cut short or is not JSON) and so is its copy goals.json.bak. "
        "Put a backup of goals.json in its place."
    )
    assert path.read_text() == "{"


def test_a_newer_format_is_refused_and_kept(path: Path) -> None:
    put(Documents(path), "a", name="A")
    content = orjson.dumps(orjson.loads(path.read_bytes()) | {"_format": 2})
    path.write_bytes(content)
    with pytest.raises(UnreadableError, match=r"newer goals-tui \(format 2, this one knows 1\)\. Update goals-tui\.$"):
        Documents(path).all("goals")
    assert path.read_bytes() == content


@pytest.mark.parametrize("call", ["replace", "fsync", "write", "link"])
def test_a_full_disk_leaves_the_old_file_whole(path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    documents = Documents(path)
    put(documents, "a", name="A")

    def full(*_args: object, **_options: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, call, full)
        if call == "link":
            patch.setattr(os, "write", full)
        with pytest.raises(UnreadableError) as refused:
            put(documents, "b", name="B")
    assert str(refused.value) == (
        f"Can't write {path}: no space left on device. Free some space on that disk and try again."
    )
    assert set(documents.all("goals")) == set(Documents(path).all("goals")) == {"a"}
    assert not list(path.parent.glob("*.tmp")) and not list(path.parent.glob(".*.tmp"))
    put(documents, "b", name="B")
    assert set(Documents(path).all("goals")) == {"a", "b"}


def test_threads_lose_no_change(path: Path) -> None:
    documents = Documents(path)

    def add(thread: int) -> None:
        for number in range(5):
            put(documents, f"{thread}-{number}", name="x")

    threads = [threading.Thread(target=add, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(Documents(path).all("goals")) == 20


def test_a_file_that_is_replaced_while_it_is_read_is_read_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    documents, other = Documents(path), Documents(path)
    put(other, "a", name="A")
    parse = document_storage._parse

    def slow(file: Path) -> document_storage.Tables:
        found = parse(file)
        monkeypatch.setattr(document_storage, "_parse", parse)
        put(other, "b", name="B")
        return found

    monkeypatch.setattr(document_storage, "_parse", slow)
    assert set(documents.all("goals")) == {"a"}
    put(documents, "c", name="C")
    assert set(documents.all("goals")) == {"a", "b", "c"}


def test_a_file_system_without_hard_links(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)
    documents = Documents(path)
    put(documents, "a", name="A")
    first = path.read_bytes()
    put(documents, "b", name="B")
    assert path.with_name("goals.json.bak").read_bytes() == first


def test_a_folder_in_the_place_of_the_file(path: Path) -> None:
    path.mkdir()
    with pytest.raises(UnreadableError, match=r"Can't read .*goals\.json: is a directory\."):
        Documents(path).all("goals")


@pytest.fixture
def thawed() -> Iterator[None]:
    """Let the garbage collector look at all objects, as in a new process; afterwards at those of tests only."""
    gc.unfreeze()
    yield
    gc.unfreeze()
    gc.collect()
    gc.freeze()


class Knot:
    """Refers to itself: only the garbage collector frees it."""

    def __init__(self) -> None:
        self.me = self


@pytest.mark.usefixtures("thawed")
def test_the_first_large_parse_is_kept_from_the_garbage_collector() -> None:
    with without_garbage_collection():
        assert not gc.isenabled()
        kept = [[number] for number in range(1000)]
    assert gc.isenabled()
    assert all(each is not kept for each in gc.get_objects())


@pytest.mark.usefixtures("thawed")
def test_what_is_open_during_a_later_large_parse_goes_when_it_is_closed() -> None:
    with without_garbage_collection():
        pass
    form = Knot()
    with without_garbage_collection():
        assert not gc.isenabled()
    closed = weakref.ref(form)
    del form
    gc.collect()
    assert closed() is None


@pytest.mark.usefixtures("thawed")
def test_a_small_parse_is_left_to_the_garbage_collector() -> None:
    before = gc.get_freeze_count()
    with without_garbage_collection(large=False):
        assert not gc.isenabled()
    assert gc.isenabled()
    assert gc.get_freeze_count() == before


def test_many_documents_are_written_as_few_are() -> None:
    for count in (0, 1, 200, 201, 1000):
        documents = {f"é{number}\n": {"z": [1, {"b": "x\ny"}], "a": None, "c": {}} for number in range(count)}
        content = {"_format": 1, "goals": documents, "𝒳": {"one": {"name": "N"}}, "empty": {}}
        expected = orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
        assert to_json(content) == expected
