"""Public tables shipped as data. Each file says where it comes from, under which licence, and for which dates.

Other modules ask for a table by name and never build a path.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from discharge.errors import Fault, FaultsError
from discharge.resources import reference_file, reference_files
from discharge.yaml import load


@cache
def load_yaml(name: str) -> Any:
    """Return the table ``name`` (``concepts.yaml``) as plain values; the same object every time, so don't change it.

    Numbers with a point come as ``Decimal`` (see :mod:`discharge.yaml`).

    Raises:
        UsageError: no such table in this installation.
        FaultsError: the table is malformed (a defect of the installation).
    """
    return load(reference_file(name).read_bytes(), where=f"discharge/reference/{name}")


@cache
def load_tables(folder: str) -> Any:
    """Return the tables of a folder as one: what ``base.yaml`` holds, and what the other files add to its mappings.

    A file of its own keeps what belongs together (the facts of one field of medicine) readable and apart.

    Raises:
        FaultsError: two files give the same name (a defect of the installation).
    """
    whole: dict[str, Any] = {}
    faults: list[Fault] = []
    for path in reference_files(folder):
        where = f"discharge/reference/{folder}/{path.name}"
        table: Any = load(path.read_bytes(), where=where)
        _add(whole, table, where, faults)
    if faults:
        raise FaultsError(faults)
    return whole


def _add(whole: dict[str, Any], more: dict[str, Any], where: str, faults: list[Fault]) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(whole.setdefault(key, {}), dict):
            whole[key] = dict(whole[key])
            _add(whole[key], value, f"{where}: {key}", faults)
        elif key in whole and whole[key] != {}:
            faults.append(Fault(where, f"'{key}' stands in another file too", "one place for each name"))
        else:
            whole[key] = value
