"""The run folder: every file is written beside its place (``NAME.part``) and renamed when all of them are whole.

A reader finds the old whole files or the new whole ones. A run that fails or is interrupted leaves nothing of its own.
"""

from __future__ import annotations

import errno
import os
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

from discharge.errors import OutputError, UsageError

SCRATCH = "work.part"
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
WHAT_TO_DO = {
    errno.ENOSPC: "the disk is full; free some space or give --out on another disk",
    errno.EDQUOT: "the disk quota is used up; free some space or give --out on another disk",
    errno.EFBIG: "the file would be larger than this disk allows; give --out on another disk",
    errno.EACCES: "no permission to write there; give --out in a folder of your own",
    errno.EPERM: "no permission to write there; give --out in a folder of your own",
    errno.EROFS: "that disk is read-only; give --out on another disk",
    errno.ENOTDIR: "a part of that path is a file; give --out as a folder",
    errno.EEXIST: "there is a file of that name; give --out as a folder",
    errno.ENAMETOOLONG: "that name is too long for this disk; give a shorter --out",
}


def output_error(error: OSError, name: str) -> OutputError:
    """Return what to tell a user about ``error``, met while writing ``name``."""
    advice = WHAT_TO_DO.get(error.errno or 0, f"the system says: {os.strerror(error.errno or errno.EIO)}")
    return OutputError(f"cannot write {name}: {advice}. Whole files that were there before are untouched.")


@contextmanager
def writing(name: str) -> Iterator[None]:
    """Turn what the disk refuses while writing ``name`` into an :class:`OutputError`."""
    try:
        yield
    except OSError as error:
        raise output_error(error, name) from error


@contextmanager
def _unbroken() -> Iterator[None]:
    """Pass over SIGINT and SIGTERM in the block (in the main thread, the only one that may)."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handlers = {one: signal.signal(one, signal.SIG_IGN) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for one, handler in handlers.items():
            signal.signal(one, handler if handler is not None else signal.SIG_DFL)


class RunFolder:
    """``--out``: a context in which parts are written, and on :meth:`publish` take their places.

    Raises:
        UsageError: another run is writing here.
        OutputError: the folder can't be made or written.
    """

    def __init__(self, out: Path) -> None:
        self.out = out
        self.scratch = out / SCRATCH
        self._names: list[str] = []
        self._dropped: list[str] = []
        self._lock: int | None = None
        self._is_ours = False
        self._is_taken = False

    def __enter__(self) -> RunFolder:
        try:
            with writing(str(self.out)):
                self._is_ours = not self.out.exists()
                self.out.mkdir(parents=True, exist_ok=True)
                self._take()
                self._is_taken = True
                self._remove(self.scratch)
                self.scratch.mkdir()
        except BaseException:  # Ctrl-C too: Python leaves only what it has wholly entered
            self._leave(is_failed=True)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave(is_failed=kind is not None)

    def _leave(self, *, is_failed: bool) -> None:
        for name in self._names:
            self._remove(self.part(name))
        if self._is_taken:
            self._remove(self.scratch)
        if self._lock is not None:
            os.close(self._lock)
        if is_failed and self._is_ours:
            with suppress(OSError):
                self.out.rmdir()

    def part(self, name: str) -> Path:
        """Return where ``name`` is written until it is whole."""
        return self.out / f"{name}.part"

    @contextmanager
    def file(self, name: str) -> Iterator[Path]:
        """Give the path at which to write file ``name``; when the block ends well its bytes are on the disk."""
        self._names.append(name)
        part = self.part(name)
        with writing(name):
            self._remove(part)
            yield part
            with part.open("rb+") as written:
                os.fsync(written.fileno())

    def folder(self, name: str) -> Path:
        """Return an empty folder that becomes ``name``."""
        self._names.append(name)
        part = self.part(name)
        with writing(name):
            self._remove(part)
            part.mkdir()
        return part

    def drop(self, name: str) -> None:
        """Have what an earlier run left as ``name`` removed on :meth:`publish`."""
        self._dropped.append(name)

    def publish(self) -> None:
        """Rename every part to its name. Folders go first: they are the slower ones.

        Ctrl-C is not heard here: half the new files beside half the old ones would be worse than a moment's wait.
        """
        with writing(str(self.out)), _unbroken():
            for name in sorted(self._names, key=lambda name: not self.part(name).is_dir()):
                target = self.out / name
                if target.is_dir() and self.part(name).is_dir():
                    target.rename(self.scratch / f"old-{name}")
                self.part(name).replace(target)
            for name in self._dropped:
                self._remove(self.out / name)

    def _take(self) -> None:
        try:
            import fcntl
        except ImportError:  # a system without file locks
            return
        self._lock = os.open(self.out, os.O_RDONLY)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            self._lock = None
            raise UsageError(
                f"another run is writing to {self.out}; wait for it or give another --out"
            ) from None

    @staticmethod
    def _remove(path: Path) -> None:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
