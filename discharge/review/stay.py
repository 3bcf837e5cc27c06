"""Who, where, since when, which payer, and what would be asked of it: the parts of a review that no rule decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pandas as pd

from discharge import wording
from discharge.chart import Chart
from discharge.errors import UsageError
from discharge.payers import PayerMatch, Payers
from discharge.review.model import ExpectedDischarge, LevelOfCare, Patient, Payer, Request, ReviewType, Stay
from discharge.stayview import StayView

NEW_HOURS = 24.0  # a patient in the house for less gets the admission review


@dataclass(frozen=True)
class Identities:
    """Rows of the chart that say who and where, by stay; empty for facts given by name."""

    encounters: Mapping[str, Mapping[str, Any]]
    patients: Mapping[str, Mapping[str, Any]]
    members: Mapping[tuple[str, str | None], str]
    diagnoses: Mapping[str, str]
    authorizations: Mapping[str, str]

    @classmethod
    def of(cls, chart: Chart | None) -> Identities:
        """Return the identities in ``chart``."""
        if chart is None:
            return cls({}, {}, {}, {}, {})
        stays = chart.stays
        wanted = ["encounter_id", "patient_id", "unit", "bed", "stay_id", "attending"]
        return cls(
            encounters=_rows(stays[wanted], "stay_id"),
            patients=_rows(chart["patients"].drop_duplicates("patient_id"), "patient_id"),
            members=_members(chart["coverages"]),
            diagnoses=_first_texts(_principal(chart["diagnoses"]), "words"),
            authorizations=_first_texts(_numbered(chart["authorizations"]), "number"),
        )

    def encounter(self, stay_id: str) -> Mapping[str, Any]:
        return self.encounters.get(stay_id, {})


def _rows(frame: pd.DataFrame, key: str) -> dict[str, Mapping[str, Any]]:
    plain = frame.astype(object).where(frame.notna(), None)
    names = list(plain.columns)
    return {
        row[names.index(key)]: dict(zip(names, row, strict=True))
        for row in plain.itertuples(index=False, name=None)
    }


def _members(coverages: pd.DataFrame) -> dict[tuple[str, str | None], str]:
    """Member numbers by patient and payer; of several the one with the first priority."""
    kept = coverages[coverages["member_id"].notna()].sort_values(["priority", "row_id"], kind="stable")
    kept = kept.drop_duplicates(["patient_id", "payer_id"])
    payers = kept["payer_id"].astype(object).where(kept["payer_id"].notna(), None)
    return dict(zip(zip(kept["patient_id"], payers, strict=True), kept["member_id"], strict=True))


def _principal(diagnoses: pd.DataFrame) -> pd.DataFrame:
    """Diagnoses of stays in the order in which they say why the patient is here."""
    order = {"principal": 0, "admission": 1, "discharge": 2, "encounter": 3}
    kept = diagnoses[diagnoses["stay_id"].notna() & diagnoses["role"].isin(list(order))]
    place = kept["role"].map(order)
    kept = kept.assign(place=place).sort_values(["stay_id", "place", "rank", "row_id"], kind="stable")
    display = kept["display"].where(kept["display"].notna(), "")
    return kept.assign(words=(display + " (" + kept["code"] + ")").str.strip())


def _numbered(authorizations: pd.DataFrame) -> pd.DataFrame:
    services = authorizations["service"].isin(["inpatient_acute", "observation"])
    kept = authorizations[authorizations["number"].notna() & authorizations["stay_id"].notna() & services]
    return kept.sort_values(
        ["stay_id", "requested_at", "row_id"], ascending=[True, False, True], kind="stable"
    )


def _first_texts(frame: pd.DataFrame, column: str) -> dict[str, str]:
    first = frame.drop_duplicates("stay_id")
    return dict(zip(first["stay_id"], first[column], strict=True))


def named_match(payers: Payers, name: str | None) -> PayerMatch:
    """Return the profile that a question names.

    Raises:
        UsageError: there is no such profile.
    """
    if name is None:
        return PayerMatch(None, "no payer was named")
    profile = payers.profiles.get(name)
    if profile is None:
        raise UsageError(f"no payer profile '{name}'; there are: {', '.join(sorted(payers.profiles))}")
    return PayerMatch(profile, "named by the question")


def patient(view: StayView, known: Identities) -> Patient:
    """Return who the stay is of."""
    patient_id = known.encounter(view.stay_id).get("patient_id")
    row = known.patients.get(patient_id or "", {})
    name = ", ".join(part for part in (row.get("family"), row.get("given")) if part)
    born = row.get("birth_date")
    return Patient(
        patient_id=patient_id,
        mrn=row.get("mrn"),
        name=name or None,
        sex=view.text("patient.sex"),
        language=view.text("patient.language"),
        birth_date=born.date() if isinstance(born, (datetime, pd.Timestamp)) else None,
        age_years=view.number("patient.age_years"),
    )


def stay(view: StayView, known: Identities, ms_drg: str | None, gmlos_days: float | None) -> Stay:
    """Return where and since when."""
    return Stay(
        arrival=view.time("stay.arrival_at"),
        admitted=view.time("stay.admitted_at"),
        inpatient_order=view.time("stay.inpatient_order_at"),
        discharged=view.time("stay.discharged_at"),
        unit=view.text("stay.unit"),
        bed=known.encounter(view.stay_id).get("bed"),
        service=view.text("stay.service"),
        class_code=view.text("stay.class_code"),
        status=_status(view),
        is_in_house=view.flag("stay.is_in_house"),
        days=view.number("stay.days_in_hospital"),
        benchmark_midnights=view.number("stay.benchmark_midnights"),
        presumption_midnights=view.number("stay.presumption_midnights"),
        ms_drg=ms_drg,
        gmlos_days=gmlos_days,
        expected_discharge=expected_discharge(view),
    )


def _status(view: StayView) -> Any:
    if view.flag("stay.is_inpatient"):
        return "inpatient"
    if view.flag("stay.is_observation"):
        return "observation"
    code = view.text("stay.class_code")
    return {"EMER": "emergency", "AMB": "outpatient", "SS": "outpatient"}.get(code or "", "unknown")


def expected_discharge(view: StayView) -> ExpectedDischarge:
    """Return the end that the clinicians charted; no end is made up where they charted none."""
    gone = view.time("stay.discharged_at")
    if gone is not None:
        return ExpectedDischarge(at=gone, basis="discharged")
    charted = view.time("stay.expected_discharge_at")
    basis = "charted by the clinicians" if charted is not None else "no expected discharge is charted"
    return ExpectedDischarge(at=charted, basis=basis)


def payer(view: StayView, known: Identities, match: PayerMatch) -> Payer:
    """Return the profile that the coverage matched, or why none did."""
    patient_id = known.encounter(view.stay_id).get("patient_id")
    payer_id = view.text("coverage.payer_id")
    profile = match.profile
    return Payer(
        matched=profile is not None,
        profile=profile.id if profile else None,
        title=profile.title if profile else None,
        is_fictional=profile.fictional if profile else None,
        payer_class=view.payer_class,
        payer_id=payer_id,
        member_id=known.members.get((patient_id or "", payer_id)),
        reason=match.reason,
    )


def review_type(view: StayView) -> ReviewType:
    """Return which review the stay is due: in the house under 24 h admission, longer concurrent, else retrospective."""
    if view.flag("stay.is_in_house") is False:
        return "retrospective"
    hours = view.number("stay.hours_in_hospital")
    return "admission" if hours is not None and hours < NEW_HOURS else "concurrent"


def request(view: StayView, care: LevelOfCare, known: Identities) -> Request:
    """Return what the payer would be asked for; where no basis is charted, that is what it says."""
    ordered = view.time("stay.inpatient_order_at")
    began = view.time("stay.admitted_at")
    status = {"inpatient": "Inpatient", "observation": "Observation (outpatient)"}.get(
        _status(view), "Not stated"
    )
    if ordered is not None and status == "Inpatient":
        basis = f"inpatient order of {wording.when(ordered, view.zone)}"
    elif status != "Not stated":
        basis = f"class of the encounter from {wording.when(began, view.zone)}; no inpatient order is charted"
    else:
        basis = "the chart does not show the status"
    days, days_basis = _days(view, care)
    return Request(
        status=status,
        status_basis=basis,
        days=days,
        days_basis=days_basis,
        authorization=known.authorizations.get(view.stay_id),
    )


def _days(view: StayView, care: LevelOfCare) -> tuple[str, str]:
    """Return the days asked for and their basis."""
    today, began, gone = (
        view.local(view.as_of).date(),
        view.time("stay.admitted_at"),
        view.time("stay.discharged_at"),
    )
    if gone is not None:
        days = view.number("stay.inpatient_days")
        if days is None or began is None:
            return "Not stated", "inpatient days can't be counted from the chart"
        return (
            f"{wording.plural(int(days), 'day')}, {_span(began.date(), gone.date())}",
            "the whole stay, as charted",
        )
    if care.discharge_ready == "met":
        return "No further day", "criteria for discharge are met"
    expected = view.time("stay.expected_discharge_at")
    left = max((expected.date() - today).days, 0) if expected is not None else None
    cadence = _cadence(view, today)
    if left is None and cadence is None:
        return "Not stated", "neither an expected discharge nor the payer's review rhythm is on file"
    days = min(one for one in (left, cadence) if one is not None)
    if left is not None and days == left:
        basis = "up to the expected discharge charted by the clinicians"
    else:
        basis = "up to the payer's next review"
    until = date.fromordinal(today.toordinal() + days)
    return (f"{wording.plural(days, 'day')}, {_span(today, until)}" if days else "No further day"), basis


def _cadence(view: StayView, today: date) -> int | None:
    dated = view.payer.review.cadence_days if view.payer is not None else None
    held = dated.on(today) if dated is not None else None
    return int(held.value) if held is not None and isinstance(held.value, (int, Decimal)) else None


def _span(first: date, last: date) -> str:
    return f"{first.day} {first:%b} to {last.day} {last:%b %Y}"
