"""Weekly blood tests by drug while treatment by vein goes on: ``reference/opat_labs.yaml``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from discharge import yaml
from discharge.codes import value_set
from discharge.dated import Citation, Strict
from discharge.resources import reference_file


class LabTest(Strict):
    """A blood test and the name of its price in ``rates.yaml``; one ``part_of`` a panel has no price of its own."""

    title: str
    rate: str | None = None
    part_of: str | None = None


class LabSchedule(Strict):
    """How often a week each test is done, least and most."""

    weekly: dict[str, list[int]]
    cite: str


class DrugLabs(LabSchedule):
    """The tests of one group of drugs. ``ask`` is what to ask the patient each week."""

    title: str
    value_set: str
    advice: str
    ask: str | None = None


class OpatLabs(Strict):
    """The whole of ``opat_labs.yaml``."""

    title: str
    citations: dict[str, Citation]
    tests: dict[str, LabTest]
    drugs: dict[str, DrugLabs]
    otherwise: LabSchedule


class Weekly(NamedTuple):
    """One test, how often a week at least and at most, and the rows of the table that ask for it."""

    test: str
    low: int
    high: int
    rows: tuple[str, ...]


@cache
def opat_labs() -> OpatLabs:
    """Return the table of weekly tests, read once."""
    path = reference_file("opat_labs.yaml")
    return OpatLabs.model_validate(yaml.load(path.read_bytes(), where="reference/opat_labs.yaml"))


def rows_for(drug: str) -> tuple[str, ...]:
    """Return the rows of the table that a drug falls under; none for a drug without a row.

    >>> rows_for("piperacillin / tazobactam")
    ('other_beta_lactam', 'antipseudomonal_penicillin')
    """
    rows = opat_labs().drugs
    return tuple(name for name, row in rows.items() if value_set(row.value_set).matches(drug))


def weekly_tests(drugs: Sequence[str]) -> tuple[Weekly, ...]:
    """Return the tests that the drugs together ask for each week; the usual ones where no drug has a row.

    >>> [(one.test, one.low, one.high) for one in weekly_tests(["daptomycin"])]
    [('cbc', 1, 1), ('bmp', 1, 1), ('ck', 1, 1)]
    """
    table = opat_labs()
    names = dict.fromkeys(name for drug in drugs for name in rows_for(drug))
    schedules = {name: table.drugs[name].weekly for name in names} or {"otherwise": table.otherwise.weekly}
    found: dict[str, Weekly] = {}
    for name, weekly in schedules.items():
        for test, (low, high) in weekly.items():
            seen = found.get(test, Weekly(test, 0, 0, ()))
            found[test] = Weekly(test, max(seen.low, low), max(seen.high, high), (*seen.rows, name))
    return tuple(found.values())
