"""Public tables shipped as data. Each file says where it comes from, under which licence, and for which dates.

Other modules ask for a table by name and never build a path.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from discharge.resources import reference_file
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
