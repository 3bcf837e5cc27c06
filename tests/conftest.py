"""Settings that hold for the whole suite, in the checkout and against the wheel."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
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


_ALL_CONTENT = re.compile(r"^pytestmark = .*pytest\.mark\.content\b", re.MULTILINE)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where content is left out, a file that is content as a whole is not even imported."""
    if config.option.markexpr != "not content" or collection_path.suffix != ".py":
        return None
    return bool(_ALL_CONTENT.search(collection_path.read_text("utf-8"))) or None


def remembered(read: Callable[..., Any], name: str) -> Callable[..., Any]:
    """Return ``read`` that reads the folder shipped as ``name`` once in a process, as long as no file in it changes.

    What is read is frozen. Every other folder, and one with a fault, is read each time.
    """
    known: dict[Hashable, Any] = {}

    @wraps(read)
    def reading(folder: Path, **asked: Any) -> Any:
        if folder != data_folder(name) or asked.get("names") is not None:
            return read(folder, **asked)
        seen = [(path, path.stat()) for path in sorted(folder.rglob("*.yaml"))]
        content = tuple((path, one.st_size, one.st_mtime_ns) for path, one in seen)
        key = (asked.get("with_cases", True), content)
        if key not in known:
            found, faults = read(folder, **asked)
            if faults:
                return found, faults
            known[key] = found
        return known[key], []

    return reading


# `load_packs` and `load_payers` call these by name, and so does whoever imports them later: rules take seconds to read.
for home, function, folder in (("packs", "read_packs", "rules"), ("payers", "read_payers", "payer_profiles")):
    package = getattr(discharge, home)
    once = remembered(getattr(package, function), folder)
    for module in (package, package.load):
        setattr(module, function, once)
