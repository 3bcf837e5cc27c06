"""The set-up: the locks, what the wheel holds, what the set-up command says, which copy the suite runs on."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import discharge

ROOT = Path(__file__).resolve().parent.parent
WHEEL_UNDER_TEST = os.environ.get("DISCHARGE_WHEEL")
LOCKS = ["requirements-build.lock", "requirements.lock", "requirements-dev.lock"]
PACKED = ["rules", "payer_profiles", "templates"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
JUNK = ["discharge/old.pyc", "rules/.DS_Store", "rules/__pycache__/old.pyc", "templates/edited.swp"]


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(lock: str) -> dict[str, tuple[str, int]]:
    """Version and number of hashes of every package of a lock."""
    entries = re.split(r"^(?=[A-Za-z0-9])", (ROOT / lock).read_text("utf-8"), flags=re.MULTILINE)[1:]
    found = {}
    for entry in entries:
        name, version = re.match(r"([\w.-]+)==([^\s;]+)", entry).groups()
        found[canonical(name)] = (version, len(re.findall(r"--hash=sha256:[0-9a-f]{64}", entry)))
    return found


def names(requirements: list) -> set[str]:
    return {canonical(re.match(r"[\w.-]+", entry)[0]) for entry in requirements if isinstance(entry, str)}


@pytest.mark.content
@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_a_hash_and_no_host_is_named(lock):
    assert [name for name, (_, hashes) in pins(lock).items() if hashes == 0] == []
    options = [
        line
        for line in (ROOT / lock).read_text("utf-8").splitlines()
        if line.startswith("-") or "://" in line
    ]
    assert options == []


@pytest.mark.content
def test_locks_hold_every_dependency_and_agree():
    build, runtime, dev = (pins(lock) for lock in LOCKS)
    groups = PROJECT["dependency-groups"]
    assert names(PROJECT["project"]["dependencies"]) <= runtime.keys()
    assert names(groups["build"]) <= build.keys()
    assert names(groups["dev"]) <= dev.keys()
    assert runtime.items() <= dev.items()
    assert build.items() <= dev.items()


@pytest.fixture(scope="session")
def wheel(tmp_path_factory) -> Path:
    """The wheel under test, or one built from a copy of the checkout with git-ignored files left lying about."""
    if WHEEL_UNDER_TEST:
        return Path(WHEEL_UNDER_TEST)
    copy = tmp_path_factory.mktemp("build a wheel")
    for name in ["pyproject.toml", "README.md", "LICENSE", ".gitignore"]:
        shutil.copy(ROOT / name, copy)
    for folder in ["discharge", *PACKED]:
        shutil.copytree(ROOT / folder, copy / folder)
    for name in JUNK:
        (copy / name).parent.mkdir(exist_ok=True)
        (copy / name).write_bytes(b"junk")
    command = [
        sys.executable,
        "-m",
        "build",
        "--no-isolation",
        "--wheel",
        "--outdir",
        str(copy / "dist"),
        str(copy),
    ]
    subprocess.run(command, check=True, capture_output=True)
    return next((copy / "dist").glob("*.whl"))


@pytest.fixture(scope="session")
def wheel_names(wheel) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def test_wheel_brings_rules_payers_and_templates(wheel_names):
    for folder in PACKED:
        assert [name for name in wheel_names if name.startswith(f"discharge/_data/{folder}/")], folder


@pytest.mark.skipif(
    not (ROOT / ".git").exists() or shutil.which("git") is None, reason="needs a git checkout"
)
def test_wheel_leaves_no_tracked_file_out(wheel_names):
    listing = ["git", "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard"]
    command = [*listing, "discharge", *PACKED]
    tracked = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\n")
    there = [name for name in tracked if name and (ROOT / name).exists()]
    expected = [name if name.startswith("discharge/") else f"discharge/_data/{name}" for name in there]
    assert there
    assert sorted(set(expected) - set(wheel_names)) == []


def test_wheel_holds_nothing_else(wheel_names):
    own = [name for name in wheel_names if ".dist-info/" not in name]
    assert [name for name in own if not name.startswith("discharge/")] == []
    ignored = re.compile(r"__pycache__|\.py[cod]$|\.swp$|\.DS_Store")
    assert [name for name in own if ignored.search(name)] == []
    assert [name for name in own if name.startswith("discharge/_data/") and name.endswith(".py")] == []


def test_wheel_metadata(wheel):
    with zipfile.ZipFile(wheel) as archive:
        folder = f"discharge_engine-{discharge.__version__}.dist-info"
        metadata = archive.read(f"{folder}/METADATA").decode()
        assert "Name: discharge-engine\n" in metadata
        assert "License-Expression: Apache-2.0\n" in metadata
        assert "Requires-Python: >=3.11\n" in metadata
        assert f"{folder}/licenses/LICENSE" in archive.namelist()
        assert "discharge = discharge.cli:main" in archive.read(f"{folder}/entry_points.txt").decode()


def test_the_suite_runs_the_copy_it_says_it_runs():
    package = Path(discharge.__file__).resolve()
    if WHEEL_UNDER_TEST:
        assert package.is_relative_to(Path(sys.prefix).resolve())
        assert not (ROOT / "discharge").exists()
    else:
        assert package.parent == ROOT / "discharge"


def load_prepare():
    spec = importlib.util.spec_from_file_location("prepare", ROOT / "scripts" / "prepare.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.content
def test_a_missing_compiler_is_named_before_anything_is_installed(tmp_path, monkeypatch, capsys):
    prepare = load_prepare()
    monkeypatch.setenv("PATH", str(tmp_path))  # neither a compiler nor apt-get
    with pytest.raises(SystemExit) as stop:
        prepare.settle(prepare.check_compiler)
    assert stop.value.code == prepare.EXIT_PACKAGE_MISSING
    said = capsys.readouterr().err
    assert "lacks a C compiler" in said
    assert "apt-get install -y gcc libc6-dev" in said


@pytest.mark.content
def test_missing_headers_of_debians_python_are_named(tmp_path, monkeypatch):
    prepare = load_prepare()
    monkeypatch.setattr(prepare.sysconfig, "get_path", lambda name: str(tmp_path))
    monkeypatch.setattr(prepare.sys, "base_prefix", "/usr")
    with pytest.raises(prepare.Missing, match=r"Python\.h") as lack:
        prepare.check_compiler()
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert lack.value.packages[-1] == f"python{version}-dev"


@pytest.mark.content
def test_packages_are_installed_only_by_root_with_apt(tmp_path, monkeypatch, capsys):
    prepare = load_prepare()
    calls = tmp_path / "calls"
    apt = tmp_path / "apt-get"
    apt.write_text(f'#!/bin/sh\necho "$@" >> "{calls}"\n')
    apt.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    def check():
        if not calls.exists():
            raise prepare.Missing("no font is installed", ["fonts-dejavu-core"])

    monkeypatch.setattr(prepare.os, "geteuid", lambda: 1000)
    with pytest.raises(SystemExit):
        prepare.settle(check)
    assert not calls.exists()
    monkeypatch.setattr(prepare.os, "geteuid", lambda: 0)
    prepare.settle(check)
    assert calls.read_text().split("\n")[1] == "-qq install -y --no-install-recommends fonts-dejavu-core"
    assert "installing Debian's fonts-dejavu-core" in capsys.readouterr().err


@pytest.mark.content
def test_a_page_without_fonts_is_noticed(tmp_path, monkeypatch):
    prepare = load_prepare()
    empty = tmp_path / "fonts.conf"
    empty.write_text(f"<fontconfig><dir>{tmp_path}</dir></fontconfig>")
    monkeypatch.setattr(prepare, "VENV_PYTHON", Path(sys.executable))
    prepare.check_fonts()
    monkeypatch.setenv("FONTCONFIG_FILE", str(empty))
    with pytest.raises(prepare.Missing, match="blank"):
        prepare.check_fonts()


@pytest.mark.content
def test_a_machine_without_a_browser_is_told_how_to_get_one(tmp_path, monkeypatch, capsys):
    prepare = load_prepare()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit) as stop:
        prepare.settle(prepare.check_browser)
    assert stop.value.code == prepare.EXIT_PACKAGE_MISSING
    assert "apt-get install -y chromium" in capsys.readouterr().err
    browser = tmp_path / "chromium"
    browser.write_text("")
    browser.chmod(0o755)
    prepare.check_browser()


@pytest.mark.content
def test_a_changed_lock_asks_for_a_new_preparation(tmp_path, monkeypatch):
    prepare = load_prepare()
    for name in [*LOCKS, "pyproject.toml", "discharge/__init__.py"]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(prepare, "ROOT", tmp_path)
    before = prepare.wanted()
    (tmp_path / "requirements-dev.lock").write_text("changed")
    assert {part for part, value in prepare.wanted().items() if before[part] != value} == {"dev"}
    (tmp_path / "requirements-build.lock").write_text("changed")
    assert {part for part, value in prepare.wanted().items() if before[part] != value} == {"dev", "machine"}


@pytest.mark.content
@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_make_explains_itself_in_a_folder_with_a_space(tmp_path):
    folder = tmp_path / "a clone"
    folder.mkdir()
    shutil.copy(ROOT / "Makefile", folder)
    shown = subprocess.run(["make", "help"], cwd=folder, check=True, capture_output=True, text=True).stdout
    for target in ["run", "test", "lint", "lock", "wheel", "clean", "help"]:
        assert re.search(rf"^make {target}\s+\S", shown, re.MULTILINE), target


@pytest.mark.content
def test_ci_runs_make_test_and_nothing_else():
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    commands = [line for line in script.splitlines() if line and not line.startswith("#")]
    assert commands == ["set -euo pipefail", 'cd "$(dirname "${BASH_SOURCE[0]}")/.."', "make test"]
