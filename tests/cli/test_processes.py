"""Several processes on one socket: they answer together, are started again, and none outlives the parent."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import discharge

SERVER = """
import os, socket, sys
from discharge.cli.processes import serve_in

listening = socket.create_server(("127.0.0.1", 0))
print(listening.getsockname()[1], flush=True)

def answer(number):
    if "dies" in sys.argv:
        os._exit(3)
    listening.settimeout(None)
    import signal
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    while True:
        one, _ = listening.accept()
        one.sendall(f"{number} {os.getpid()}".encode())
        one.close()

serve_in(2, answer)
print("ended", flush=True)
"""


@pytest.fixture
def started(request: pytest.FixtureRequest) -> Iterator[tuple[subprocess.Popen[str], int]]:
    root = Path(discharge.__file__).parent.parent
    asked = list(getattr(request, "param", []))
    command = [sys.executable, "-c", SERVER, *asked]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(root)},
    ) as process:
        assert process.stdout is not None
        yield process, int(process.stdout.readline())
        if process.poll() is None:
            process.kill()


def asked(port: int) -> tuple[int, int]:
    """Who answers: its number and process id."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as one:
        number, pid = one.recv(100).decode().split()
    return int(number), int(pid)


def all_of(port: int, count: int) -> dict[int, int]:
    """The processes by number, once as many as asked for have answered."""
    found: dict[int, int] = {}
    for _ in range(2000):
        number, pid = asked(port)
        found[number] = pid
        if len(found) == count:
            return found
    raise AssertionError(f"only {sorted(found)} answered")


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def gone(pids: list[int]) -> bool:
    """Whether all have ended, within ten seconds."""
    for _ in range(200):
        if not any(is_alive(one) for one in pids):
            return True
        time.sleep(0.05)
    return False


def test_all_answer_and_one_that_dies_is_started_again(started: tuple[subprocess.Popen[str], int]) -> None:
    process, port = started
    first = all_of(port, 2)
    os.kill(first[1], signal.SIGKILL)
    assert gone([first[1]])
    for _ in range(2000):
        number, pid = asked(port)
        if number == 1:
            break
    assert (number, pid != first[1]) == (1, True)
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=20)
    assert (out, process.returncode) == ("ended\n", 0)
    assert gone([first[0], pid])


def test_none_outlives_a_parent_that_was_killed(started: tuple[subprocess.Popen[str], int]) -> None:
    process, port = started
    children = all_of(port, 2)
    process.kill()
    process.wait()
    assert gone(list(children.values()))


@pytest.mark.parametrize("started", [["dies"]], indirect=True)
def test_processes_that_die_at_once_are_not_started_for_ever(
    started: tuple[subprocess.Popen[str], int],
) -> None:
    process, _ = started
    out, told = process.communicate(timeout=30)
    assert (out, process.returncode) == ("", 1)
    assert "end as soon as they start" in told
