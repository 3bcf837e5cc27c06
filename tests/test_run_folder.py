"""The run folder leaves whole files only, whatever goes wrong."""

from __future__ import annotations

import errno
import os
import signal
from pathlib import Path

import pytest

from discharge.errors import OutputError, UsageError
from discharge.run.folder import SCRATCH, RunFolder


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def write(out, text, fail=None):
    with RunFolder(out) as folder:
        with folder.file("run.json") as part:
            part.write_text(text)
            if fail is not None:
                raise fail
        (folder.folder("documents") / f"{text}.html").write_text(text)
        folder.publish()


def test_what_is_published_is_whole_and_nothing_else_is_left(tmp_path):
    write(tmp_path / "out", "new")
    assert names(tmp_path / "out") == ["documents", "run.json"]
    assert names(tmp_path / "out" / "documents") == ["new.html"]


def test_a_second_run_replaces_files_and_folders(tmp_path):
    write(tmp_path, "old")
    write(tmp_path, "new")
    assert (tmp_path / "run.json").read_text() == "new"
    assert names(tmp_path / "documents") == ["new.html"]


@pytest.mark.parametrize("fail", [KeyboardInterrupt(), RuntimeError("x")], ids=["Ctrl-C", "defect"])
def test_a_failure_leaves_the_old_whole_files(tmp_path, fail):
    write(tmp_path, "old")
    with pytest.raises(type(fail)):
        write(tmp_path, "new", fail)
    assert names(tmp_path) == ["documents", "run.json"]
    assert (tmp_path / "run.json").read_text() == "old"


def test_a_failure_removes_a_folder_that_the_run_made(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "out", "new", KeyboardInterrupt())
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EDQUOT, "quota"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "permission"),
    ],
)
def test_what_the_disk_refuses_is_said_with_what_to_do(tmp_path, code, said):
    with pytest.raises(OutputError, match=said) as caught:
        write(tmp_path, "new", OSError(code, "refused"))
    assert caught.value.exit_code == 7
    assert names(tmp_path) == []


def test_a_full_device_is_met_in_earnest(tmp_path):
    with (
        pytest.raises(OutputError, match=r"run\.json: the disk is full"),
        RunFolder(tmp_path) as folder,
        folder.file("run.json") as part,
    ):
        part.symlink_to("/dev/full")
        with part.open("w") as file:
            file.write("x")
    assert names(tmp_path) == []


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(OutputError, match="a file of that name"):
        write(tmp_path / "out", "new")
    assert (tmp_path / "out").read_text() == "mine"


def test_two_runs_do_not_write_to_one_folder(tmp_path):
    with RunFolder(tmp_path), pytest.raises(UsageError, match="another run"):
        write(tmp_path, "new")


def test_what_a_killed_run_left_is_cleared(tmp_path):
    (tmp_path / "work.part").mkdir()
    (tmp_path / "work.part" / "spool").write_text("stale")
    (tmp_path / "run.json.part").write_text("stale")
    write(tmp_path, "new")
    assert names(tmp_path) == ["documents", "run.json"]


def test_ctrl_c_while_the_folder_is_being_made_leaves_nothing(tmp_path, monkeypatch):
    made = Path.mkdir

    def interrupted(self, *given, **named):
        made(self, *given, **named)
        if self.name == SCRATCH:
            raise KeyboardInterrupt

    monkeypatch.setattr(Path, "mkdir", interrupted)
    with pytest.raises(KeyboardInterrupt), RunFolder(tmp_path / "out"):
        pass
    assert not (tmp_path / "out").exists()


def test_ctrl_c_while_the_files_take_their_places_is_not_heard(tmp_path, monkeypatch):
    placed = Path.replace

    def interrupted(self, target):
        os.kill(os.getpid(), signal.SIGINT)
        return placed(self, target)

    monkeypatch.setattr(Path, "replace", interrupted)
    with RunFolder(tmp_path / "out") as folder:
        for name in ("a", "b"):
            with folder.file(name) as part:
                part.write_text(name)
        folder.publish()
    assert sorted(one.name for one in (tmp_path / "out").iterdir()) == ["a", "b"]
