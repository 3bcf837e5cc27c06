"""The chart: what is known of patients and their stays, as tables with a row per fact charted.

Every row has ``row_id`` (``Observation/vs-1``), ``source`` (its file; the line is left
out, so that the order of lines changes nothing) and ``known_at`` (when the hospital
knew it). Times are UTC ``datetime64[us]``; text is ``str``, missing is NaN. A table of one stay and a table of a
million are the same thing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

Kind: TypeAlias = Literal["text", "number", "time", "date", "flag"]

DTYPES: dict[str, str] = {
    "text": "str",
    "number": "float64",
    "time": "datetime64[us, UTC]",
    "date": "datetime64[us]",
    "flag": "boolean",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a chart table; ``doc`` is shown in the published tabular schema."""

    kind: Kind
    doc: str
    required: bool = False


def _columns(required: str = "", **columns: tuple[Kind, str]) -> dict[str, Column]:
    must = set(required.split())
    return {name: Column(kind, doc, name in must) for name, (kind, doc) in columns.items()}


_PROVENANCE: dict[str, Column] = _columns(
    row_id=("text", "what the feed calls this row, e.g. Observation/vs-1; made from file and line if absent"),
    source=("text", "file; filled in by the reader"),
    known_at=("time", "when the hospital knew it; the row's own time if absent"),
)

_WHO: dict[str, Column] = _columns(
    patient_id=("text", "patient of this row; may be left out where encounter_id is given"),
    encounter_id=("text", "encounter of this row; found by patient and time where left out"),
)

TABLES: Mapping[str, dict[str, Column]] = {
    "patients": _columns(
        "patient_id",
        patient_id=("text", "the feed's key of the patient"),
        mrn=("text", "medical record number"),
        family=("text", "family name"),
        given=("text", "given names"),
        sex=("text", "administrative gender: male, female, other, unknown"),
        birth_date=("date", "date of birth"),
        deceased_at=("time", "time of death"),
        language=("text", "preferred language, BCP 47"),
        state=("text", "State of residence, two letters"),
        postal_code=("text", "ZIP code"),
    )
    | _PROVENANCE,
    "encounters": _columns(
        "encounter_id patient_id start",
        encounter_id=("text", "the feed's key of the encounter"),
        patient_id=("text", "patient of the encounter"),
        identifier=("text", "visit or account number"),
        part_of=(
            "text",
            "encounter of which this one is a part (either direction links an ED visit to its stay)",
        ),
        class_code=("text", "HL7 v3 ActCode: IMP, ACUTE, NONAC, OBSENC, EMER, SS, AMB, VR, HH"),
        status=("text", "FHIR R4 encounter status"),
        start=("time", "start of the encounter"),
        end=("time", "end; empty while the patient is in the house"),
        priority=("text", "v3 ActPriority: EM, UR, EL, R, ..."),
        service=("text", "hospital service"),
        reason_code=("text", "reason for the visit, coded (ICD-10-CM where the feed has it)"),
        reason_text=("text", "reason for the visit, in words"),
        admit_source=("text", "where the patient came from, as charted"),
        discharge_disposition=("text", "where the patient went, as charted"),
        unit=("text", "nursing unit now, or at discharge"),
        bed=("text", "bed"),
        facility=("text", "hospital"),
        attending=("text", "attending practitioner's name"),
        expected_discharge_at=("time", "discharge time expected by the clinicians"),
        inpatient_order_at=("time", "time of the inpatient admission order"),
        observation_start_at=("time", "time at which observation services began"),
        expected_midnights=("number", "midnights the admitting practitioner documented as expected"),
    )
    | _PROVENANCE,
    "segments": _columns(
        "encounter_id",
        encounter_id=("text", "encounter of this part of the stay"),
        class_code=("text", "class during this part (ACUTE with unit ICU, ...)"),
        unit=("text", "nursing unit during this part"),
        is_intensive_care=("flag", "intensive or critical care unit"),
        start=("time", "start of this part"),
        end=("time", "end of this part"),
    )
    | _PROVENANCE,
    "coverages": _columns(
        "patient_id",
        patient_id=("text", "beneficiary"),
        payer_id=("text", "payer's identifier, matched by payer profiles"),
        payer_name=("text", "payer's name"),
        member_id=("text", "member or subscriber number"),
        type_code=("text", "coverage type code"),
        type_text=("text", "coverage type in words"),
        priority=("number", "1 primary, 2 secondary, ..."),
        status=("text", "active, cancelled, draft, entered-in-error"),
        start=("time", "first day of coverage"),
        end=("time", "last day of coverage"),
        deductible_usd=("number", "the policy's deductible, USD"),
        deductible_left_usd=("number", "deductible left to pay, USD"),
        out_of_pocket_limit_usd=("number", "the policy's out-of-pocket maximum, USD"),
        out_of_pocket_left_usd=("number", "left to pay until the out-of-pocket maximum, USD"),
        out_of_pocket_spent_usd=("number", "paid towards the out-of-pocket maximum, USD"),
        part_b_deductible_left_usd=("number", "Medicare Part B deductible left to pay, USD"),
        snf_days_used=("number", "skilled nursing days used in the benefit period"),
        inpatient_days_used=("number", "hospital days used in the benefit period before this stay"),
        reserve_days_left=("number", "Medicare lifetime reserve days left"),
        checked_at=("time", "when the amounts left and days used were asked of the payer"),
    )
    | _PROVENANCE,
    "diagnoses": _WHO
    | _columns(
        "code",
        code=("text", "diagnosis code"),
        system=("text", "icd-10-cm, icd-9-cm, snomed or another name"),
        display=("text", "words of the chart"),
        role=("text", "principal, admission, discharge, comorbidity, encounter, problem"),
        rank=("number", "1 is first"),
        clinical_status=("text", "active, resolved, ..."),
        onset_at=("time", "onset"),
        recorded_at=("time", "when recorded"),
    )
    | _PROVENANCE,
    "observations": _WHO
    | _columns(
        "",
        code=("text", "code of what was observed, LOINC preferred"),
        system=("text", "loinc, snomed, local or another name"),
        concept=("text", "name in the concept table; found from the code where left out"),
        value=("number", "value, in the concept's own unit after reading"),
        unit=("text", "UCUM unit of value; converted to the concept's own when read"),
        value_text=("text", "coded or written value"),
        effective_at=("time", "when observed"),
        status=("text", "final, preliminary, amended, corrected, entered-in-error, ..."),
    )
    | _PROVENANCE,
    "medications": _WHO
    | _columns(
        "kind",
        kind=("text", "administration or request"),
        code=("text", "drug code (RxNorm preferred)"),
        system=("text", "rxnorm, ndc or another name"),
        name=("text", "drug as charted"),
        ingredients=("text", "canonical ingredient names, lower case, joined by ' / '"),
        route=("text", "iv, oral, sc, im, inhaled, topical, rectal, enteral, other"),
        dose=("number", "dose"),
        dose_unit=("text", "UCUM unit of dose"),
        rate_text=("text", "rate, continuous or frequency as charted"),
        is_continuous=("flag", "given as a continuous infusion"),
        times_per_day=("number", "frequency"),
        category=("text", "inpatient, community, discharge, outpatient"),
        status=("text", "FHIR status"),
        start=("time", "given at, or ordered to start at"),
        end=("time", "ended, or ordered to end"),
    )
    | _PROVENANCE,
    "procedures": _WHO
    | _columns(
        "",
        code=("text", "procedure code"),
        system=("text", "icd-10-pcs, cpt, snomed or another name"),
        name=("text", "procedure in words"),
        status=("text", "FHIR status"),
        start=("time", "performed, or started"),
        end=("time", "ended"),
    )
    | _PROVENANCE,
    "orders": _WHO
    | _columns(
        "",
        code=("text", "order code"),
        system=("text", "code system"),
        name=("text", "order in words"),
        category=("text", "category code or words"),
        status=("text", "draft, active, completed, revoked, ..."),
        ordered_at=("time", "ordered at"),
        due_at=("time", "wanted at"),
    )
    | _PROVENANCE,
    "documents": _WHO
    | _columns(
        "",
        code=("text", "document type code, LOINC preferred"),
        system=("text", "code system"),
        name=("text", "document type in words"),
        status=("text", "current, superseded, entered-in-error"),
        written_at=("time", "date of the document"),
    )
    | _PROVENANCE,
    "assessments": _WHO
    | _columns(
        "item",
        item=(
            "text",
            "a fact's name from the catalogue (social.lives_alone, function.therapy_hours_tolerated, ...)",
        ),
        value=("number", "answer, where it is a number"),
        value_text=("text", "answer: words, yes or no, or a date"),
        assessed_at=("time", "when assessed"),
    )
    | _PROVENANCE,
    "authorizations": _WHO
    | _columns(
        "",
        payer_id=("text", "payer asked"),
        number=("text", "authorization number"),
        service=("text", "inpatient_acute, observation, snf, irf, home_health, home_infusion, dme, ..."),
        status=("text", "requested, approved, modified, partial, denied, pended, cancelled"),
        decision_code=("text", "X12 HCR01 action code"),
        reason_code=("text", "CARC or payer reason code"),
        requested_at=("time", "request or notification sent"),
        decided_at=("time", "decision received"),
        days_approved=("number", "days approved"),
        valid_from=("time", "first day authorized"),
        valid_through=("time", "last day authorized"),
    )
    | _PROVENANCE,
}


def empty(table: str) -> pd.DataFrame:
    """Return table ``table`` with no row and the right types."""
    return pd.DataFrame(
        {name: pd.Series(dtype=DTYPES[column.kind]) for name, column in TABLES[table].items()}
    )


WEEK_US = 7 * 86_400 * 1_000_000


@dataclass(frozen=True)
class Scope:
    """What a feed brings for all its patients together. Only inside it does silence about one of them say "none".

    ``tables`` have a row of somebody. ``runs`` are spans of encounters of anybody, each the first and the last start in
    UTC microseconds, no two neighbours more than a week apart: a month in which nobody came is not covered.
    """

    tables: frozenset[str] = frozenset()
    runs: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, tables: Mapping[str, int], starts: npt.NDArray[np.int64]) -> Scope:
        """Return the scope of tables with so many rows each, and encounters that began at ``starts``."""
        held = frozenset(name for name, rows in tables.items() if rows)
        every = np.unique(starts)
        if not len(every):
            return cls(held)
        breaks = np.flatnonzero(np.diff(every) > WEEK_US)
        firsts = every[np.concatenate([[0], breaks + 1])]
        lasts = every[np.concatenate([breaks, [len(every) - 1]])]
        return cls(held, tuple(zip(firsts.tolist(), lasts.tolist(), strict=True)))

    def joined(self, other: Scope) -> Scope:
        """Return what two feeds bring together."""
        runs: list[tuple[int, int]] = []
        for first, last in sorted({*self.runs, *other.runs}):
            if runs and first - runs[-1][1] <= WEEK_US:
                runs[-1] = (runs[-1][0], max(runs[-1][1], last))
            else:
                runs.append((first, last))
        return Scope(self.tables | other.tables, tuple(runs))

    def since(self, moments: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return for each moment (UTC microseconds) since when all before it is covered; itself if nothing is."""
        if not self.runs:
            return moments
        firsts, lasts = np.array(self.runs, dtype=np.int64).T
        here = np.maximum(np.searchsorted(firsts, moments, side="right") - 1, 0)
        inside = (firsts[here] <= moments) & (moments <= lasts[here] + WEEK_US)
        return np.where(inside, firsts[here], moments)


@dataclass(frozen=True)
class Chart:
    """Tables of :data:`TABLES`, each a frame with exactly its columns.

    ``encounters`` here has three columns more, found when the chart is put together: ``stay_id`` (the hospital
    stay to which the encounter belongs; ED visit and ICU part share their stay's), ``is_stay`` (True on the row
    that stands for the stay) and, in every table with ``encounter_id``, ``stay_id``.
    """

    tables: Mapping[str, pd.DataFrame]

    def __getitem__(self, table: str) -> pd.DataFrame:
        return self.tables[table]

    def as_of(self, moment: pd.Timestamp) -> Chart:
        """Return the chart as it was known at ``moment``; what has no time was always known."""
        known: dict[str, Any] = {}
        for name, frame in self.tables.items():
            kept = frame[~(frame["known_at"] > moment)]
            if name in ("encounters", "segments"):
                later = kept["end"] > moment
                hidden = ["end", "discharge_disposition"] if name == "encounters" else ["end"]
                kept = kept.assign(**{column: kept[column].mask(later) for column in hidden})
            known[name] = kept.reset_index(drop=True)
        return Chart(known)

    @property
    def stays(self) -> pd.DataFrame:
        """The encounters that are hospital stays, ordered by ``stay_id``."""
        encounters = self.tables["encounters"]
        return encounters[encounters["is_stay"]].sort_values("stay_id").reset_index(drop=True)
