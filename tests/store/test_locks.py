from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from goals_tui.domain.errors import UnreadableError
from goals_tui.store.locks import Lock, PortableLock, process_lock

MAKERS: list[Callable[[Path, float], Lock]] = [process_lock, PortableLock]


@pytest.mark.parametrize("make", MAKERS)
def test_one_holder_at_a_time(tmp_path: Path, make: Callable[[Path, float], Lock]) -> None:
    path = tmp_path / "lock"
    inside, most = [0], [0]

    def work(lock: Lock) -> None:
        for _ in range(20):
            with lock:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                inside[0] -= 1

    shared = make(path, 10)
    threads = [threading.Thread(target=work, args=(lock,)) for lock in (shared, shared, make(path, 10), make(path, 10))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]


@pytest.mark.parametrize("make", MAKERS)
def test_who_waits_too_long_is_told(tmp_path: Path, make: Callable[[Path, float], Lock]) -> None:
    path = tmp_path / "lock"
    first, second = make(path, 0.02), make(path, 0.02)
    with first:
        for waiting in (second, second):
            with pytest.raises(UnreadableError, match=r"has held .*lock for 0\.02 seconds\. Wait"), waiting:
                pass
    with second:
        pass


@pytest.mark.parametrize("make", MAKERS)
def test_a_lock_that_cannot_be_made_is_named(tmp_path: Path, make: Callable[[Path, float], Lock]) -> None:
    lock = make(tmp_path / "none" / "lock", 0.1)
    (tmp_path / "none").write_text("a file")
    for _ in range(2):
        with pytest.raises(UnreadableError, match="lock"), lock:
            pass


@pytest.mark.parametrize("make", MAKERS)
def test_the_lock_is_given_back_after_an_error(tmp_path: Path, make: Callable[[Path, float], Lock]) -> None:
    lock = make(tmp_path / "lock", 0.1)
    with pytest.raises(ZeroDivisionError), lock:
        raise ZeroDivisionError
    with lock:
        pass
