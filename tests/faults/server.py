"""A process that forks: each child does one job on a workspace and is killed in the middle of it.

Forking a process that has imported everything takes milliseconds, so that hundreds of deaths fit into a test. The
server itself opens nothing: DuckDB's threads would not survive a fork.
"""

from __future__ import annotations

import ctypes
import itertools
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]

CALLS = ("open", "write", "fsync", "replace", "link", "unlink", "ftruncate", "mkdir", "rename", "rmdir")
"""The calls of `os` by which our own code changes the disk: the points at which a child can be told to die."""


@dataclass(frozen=True)
class Death:
    """The moment at which a child dies: at its n-th call that changes the disk, after some seconds, or not at all.

    `how`: "before" the call, "after" it, or "half": a write that has written half of its data.
    """

    at_call: int | None = None
    how: str = "before"
    after: float | None = None


@dataclass(frozen=True)
class SystemFault:
    """The fault at the n-th system call that changes the disk, DuckDB's included (`calls.c`); 0: nothing.

    `error` 0: the child is killed before it. Else that call, of those that need room on the disk, fails with this
    errno, and so do all that follow it.
    """

    at_call: int = 0
    error: int = 0


@dataclass(frozen=True)
class Outcome:
    """The result of a child: what it acknowledged, the number of its calls, its exit code."""

    acknowledged: list[Any]
    calls: int = 0
    seconds: float = 0.0
    killed: bool = False
    error: str = ""
    """The line of a GoalsError."""

    crash: str = ""
    """The traceback of anything else."""


@dataclass(frozen=True)
class Task:
    """A job of `jobs` on a workspace; `file_size` is the most bytes that any file may come to have meanwhile.

    `fault` needs a server that watches system calls.
    """

    job: str
    workspace: Path
    options: Mapping[str, Any] = field(default_factory=dict)
    death: Death | None = None
    fault: SystemFault | None = None
    file_size: int | None = None


@dataclass
class Server:
    """The forking process, driven through its standard input and output."""

    process: subprocess.Popen[bytes] = field(repr=False)

    def run(self, task: Task) -> Outcome:
        """Do one job in a child of its own."""
        return self.run_all([task])[0]

    def run_all(self, tasks: Sequence[Task]) -> list[Outcome]:
        """Do jobs at the same time, each in a child of its own."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps([asdict(task) for task in tasks], default=str).encode() + b"\n")
        self.process.stdin.flush()
        return [Outcome(**answer) for answer in json.loads(self.process.stdout.readline())]


def deaths(count: int, whole: Outcome, seed: str) -> Iterator[Death]:
    """Ways to die in a job that runs like `whole` when nobody disturbs it: endlessly many.

    Three of five at a call that changes the disk, so that `count` of them visit all calls or as many as they can;
    two at any moment, for what happens inside DuckDB.
    """
    dice = random.Random(f"{seed} {count}")
    for number in itertools.count():
        if number % 5 < 3:
            how = ("before", "after", "half")[number % 3]
            yield Death(at_call=1 + number * whole.calls // count % whole.calls, how=how)
        else:
            yield Death(after=dice.uniform(0, whole.seconds))


@contextmanager
def running_server(*, watches_system_calls: bool = False) -> Iterator[Server]:
    """A server for as long as the block lasts. To watch system calls takes Linux and a C compiler: see `compiler`."""
    command = [sys.executable, "-m", "tests.faults.server"]
    with tempfile.TemporaryDirectory() as folder:
        environment = dict(os.environ)
        if watches_system_calls:
            library = Path(folder) / "calls.so"
            source = Path(__file__).with_name("calls.c")
            subprocess.run([compiler(), "-O1", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
            environment["LD_PRELOAD"] = str(library)
        with subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            try:
                yield Server(process)
            finally:
                assert process.stdin is not None
                process.stdin.close()
                process.wait()


def compiler() -> str:
    """The C compiler with which system calls can be watched; empty where they can't be."""
    return (shutil.which("cc") or "") if sys.platform == "linux" else ""


# -- in the server


def main() -> None:
    import babel.numbers  # noqa: F401  # imported once here rather than in each child
    import duckdb  # noqa: F401  # the same

    from tests.faults import jobs

    for line in sys.stdin.buffer:
        running = []
        for told in json.loads(line):
            reading, writing = os.pipe()
            child = os.fork()
            if child == 0:
                os.close(reading)
                _child(jobs.JOBS[told["job"]], told, writing)
            os.close(writing)
            running.append((child, reading, time.perf_counter(), told))
        sys.stdout.write(json.dumps([_wait(*one) for one in running]) + "\n")
        sys.stdout.flush()


def _wait(child: int, reading: int, started: float, told: Mapping[str, Any]) -> dict[str, Any]:
    after = (told["death"] or {}).get("after")
    if after is not None:
        time.sleep(max(0.0, after - (time.perf_counter() - started)))
        os.kill(child, signal.SIGKILL)
    with os.fdopen(reading, "rb") as pipe:
        lines = pipe.read().split(b"\n")
    _, status = os.waitpid(child, 0)
    seconds = time.perf_counter() - started
    answer: dict[str, Any] = {"acknowledged": [], "killed": os.WIFSIGNALED(status), "seconds": seconds}
    # What comes after the last line break was cut off by the child's death: it is no acknowledgement.
    for line in lines[:-1]:
        said = json.loads(line)
        if "ack" in said:
            answer["acknowledged"].append(said["ack"])
        else:
            answer |= said
    return answer


# -- in a child


def _child(job: Callable[..., None], told: Mapping[str, Any], pipe: int) -> None:
    write = os.write
    fault = told["fault"]
    calls = Calls(told["death"] or {})

    def say(**said: Any) -> None:
        write(pipe, json.dumps(said).encode() + b"\n")

    from goals_tui.domain.errors import GoalsError

    sys.dont_write_bytecode = (
        True  # Half a compiled module, of a child that may write no more, would stay for all others.
    )
    if told["file_size"] is not None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (told["file_size"], told["file_size"]))
    if fault:
        system = ctypes.CDLL(None)
        system.faults_calls.restype = ctypes.c_long
        system.faults_arm(ctypes.c_long(fault["at_call"]), ctypes.c_long(fault["error"]))
    else:
        calls.watch()
    try:
        job(Path(told["workspace"]), lambda what: say(ack=what), **told["options"])
    except GoalsError as error:
        say(error=str(error))
    except BaseException:  # noqa: BLE001  # whatever it is, the test shall see it
        say(crash=traceback.format_exc())
    say(calls=system.faults_calls() if fault else calls.count)
    os._exit(0)


class Calls:
    """Counts the calls that change the disk, and dies at the one that it was told."""

    def __init__(self, death: Mapping[str, Any]) -> None:
        self.count = 0
        self._at = death.get("at_call")
        self._how = death.get("how")

    def watch(self) -> None:
        for name in CALLS:
            setattr(os, name, self._watched(name, getattr(os, name)))

    def _watched(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **options: Any) -> Any:
            self.count += 1
            dies = self.count == self._at
            if dies and self._how == "half" and name == "write":
                call(args[0], args[1][: len(args[1]) // 2])
            elif dies and self._how == "after":
                call(*args, **options)
            if dies:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*args, **options)

        return watched


if __name__ == "__main__":
    main()
