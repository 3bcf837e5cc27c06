"""Finds the data folders (rules, payer profiles, templates) in an installed wheel or a checkout.

Nobody else builds such a path. The working directory is never looked at.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from discharge.errors import UsageError

FOLDERS = ("rules", "payer_profiles", "templates")


def data_folder(name: str) -> Path:
    """Return the folder ``name`` (one of :data:`FOLDERS`).

    An installed wheel carries it at ``discharge/_data/NAME``; a checkout has it beside ``pyproject.toml``.

    Raises:
        UsageError: the folder is in neither place, so the installation is broken.
    """
    package = Path(str(files("discharge")))
    installed = package / "_data" / name
    if installed.is_dir():
        return installed
    checkout = package.parent
    if (checkout / "pyproject.toml").is_file() and (checkout / name).is_dir():
        return checkout / name
    raise UsageError(f"the data folder '{name}' is missing from this installation; install Discharge again")


def reference_file(name: str) -> Path:
    """Return a public table shipped inside ``discharge/reference``."""
    path = Path(str(files("discharge"))) / "reference" / name
    if not path.is_file():
        raise UsageError(
            f"the reference table '{name}' is missing from this installation; install Discharge again"
        )
    return path


def reference_files(folder: str) -> list[Path]:
    """Return the YAML tables of one kind (``facts``), ``base.yaml`` first and then by name."""
    base = reference_file(f"{folder}/base.yaml")
    return [base, *sorted(one for one in base.parent.glob("*.yaml") if one != base)]
