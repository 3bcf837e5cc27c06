"""Settings that hold for the whole suite, in the checkout and against the wheel."""

from __future__ import annotations

import gc
import re
from collections.abc import Callable, Generator, Hashable
from filecmp import cmp
from functools import wraps
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

import discharge.packs.load
import discharge.payers.load
from discharge.resources import data_folder

# Example-based and property-based tests alike must give the same answer twice, also on a busy machine.
settings.register_profile("suite", deadline=None, derandomize=True)
settings.load_profile("suite")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported and collected stays until the end: Python need not look through it for what is free."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()
        gc.set_threshold(10_000, 10, 10)


def pytest_unconfigure() -> None:
    gc.unfreeze()


# A worker takes a whole file at a time: these take longest and come first, so that no worker waits for another's last.
# Whoever has the first file makes the store of the web tests; the others make something else meanwhile.
LONGEST = (
    "web/test_pages_all.py",
    "casework/test_replay.py",
    "casework/test_ingest.py",
    "api/test_description.py",
    "test_readme.py",
    "web",
    "api/test_serve.py",
    "casework/test_kill.py",
    "api/test_policy_pages.py",
    "api/test_pages_payer.py",
    "api/test_policy_table.py",
    "facts/test_laws.py",
    "test_cli.py",
    "test_rule_cases.py",
    "test_bad_input.py",
    "feeds/test_fhir_reading.py",
    "facts/test_charted.py",
    "api/test_case_work.py",
    "test_inference.py",
    "test_run.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    long = {here / name: place for place, name in enumerate(LONGEST)}

    def turn(item: pytest.Item) -> int:
        return min((long[one] for one in (item.path, item.path.parent) if one in long), default=len(LONGEST))

    items.sort(key=turn)


_ALL_CONTENT = re.compile(r"^pytestmark = .*pytest\.mark\.content\b", re.MULTILINE)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where content is left out, a file that is content as a whole is not even imported."""
    if config.option.markexpr != "not content" or collection_path.suffix != ".py":
        return None
    return bool(_ALL_CONTENT.search(collection_path.read_text("utf-8"))) or None


def remembered(read: Callable[..., Any], name: str) -> Callable[..., Any]:
    """Return ``read`` that reads what ships as ``name`` once in a process, as long as no file in it changes.

    A folder with the same files byte by byte, such as the one that a store's archive is unpacked into, is the same.
    What is read is frozen. Every other folder, and one with a fault, is read each time.
    """
    known: dict[Hashable, Any] = {}

    @wraps(read)
    def reading(folder: Path, **asked: Any) -> Any:
        shipped = data_folder(name)
        if asked.get("names") is not None or not is_same(folder, shipped):
            return read(folder, **asked)
        seen = [(path, path.stat()) for path in sorted(shipped.rglob("*.yaml"))]
        content = tuple((path, one.st_size, one.st_mtime_ns) for path, one in seen)
        key = (asked.get("with_cases", True), content)
        if key not in known:
            found, faults = read(folder, **asked)
            if faults:
                return found, faults
            known[key] = found
        return known[key], []

    return reading


def is_same(folder: Path, shipped: Path) -> bool:
    """Whether a folder is the shipped one, or of its name with the same YAML files and no others."""
    if folder == shipped or folder.name != shipped.name:
        return folder == shipped
    names = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
    theirs = {path.relative_to(shipped) for path in shipped.rglob("*.yaml")}
    return names == theirs and all(cmp(folder / one, shipped / one, shallow=False) for one in names)


# `load_packs` and `load_payers` call these by name, and so does whoever imports them later: rules take seconds to read.
for home, function, folder in (("packs", "read_packs", "rules"), ("payers", "read_payers", "payer_profiles")):
    package = getattr(discharge, home)
    once = remembered(getattr(package, function), folder)
    for module in (package, package.load):
        setattr(module, function, once)
