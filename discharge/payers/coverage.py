"""Which profile pays for which stay, and what that says as facts (``coverage.*``), for all stays at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from discharge.chart import DTYPES, TABLES, Chart
from discharge.errors import UsageError
from discharge.facts import FactTable, catalogue
from discharge.facts.coverage import VOID, is_active
from discharge.facts.money import LEFT, POLICY
from discharge.facts.stays import microseconds
from discharge.payers.load import PayerMatch, Payers
from discharge.payers.schema import PayerProfile

_TWO_MIDNIGHT = frozenset({"medicare_ffs", "medicare_advantage", "dual"})  # 42 CFR 412.3(d)(1), 422.101(b)(2)
_AUTHORIZED = (
    "inpatient",
    "snf",
    "irf",
    "ltch",
    "home_health",
    "home_infusion",
    "infusion_suite",
    "hospice",
    "behavioural",
    "outpatient_therapy",
    "dme",
    "transport",
    "long_acting",
    "oral_drugs",
    "medical_respite",
)
_COLUMNS = ("payer_id", "type_code")


def profile_facts(profile: PayerProfile | None) -> dict[str, object]:
    """Return the ``coverage.*`` facts that a profile settles, by name; None where it is silent.

    Also for `evaluate`, where a payer is named and no chart is there.
    """
    if profile is None:
        return {}
    inpatient = profile.authorization("inpatient_acute")
    notice = inpatient.notify_within if inpatient is not None else None
    follows = profile.follows_two_midnight_benchmark
    facts: dict[str, object] = {
        "coverage.payer_class": profile.payer_class,
        "coverage.profile": profile.id,
        "coverage.notification_hours": None if notice is None else float(notice),
        "coverage.follows_two_midnight_benchmark": (
            profile.payer_class in _TWO_MIDNIGHT if follows is None else follows
        ),
    }
    for name in _AUTHORIZED:
        service = "inpatient_acute" if name == "inpatient" else name
        facts[f"coverage.requires_prior_authorization_{name}"] = profile.requires_authorization(service)
    for benefit, entry in profile.benefits.items():
        facts[f"coverage.{benefit}_covered"] = entry.covered
    return {name: value for name, value in facts.items() if name in catalogue()}


def stay_matches(payers: Payers, facts: FactTable, chart: Chart) -> dict[str, PayerMatch]:
    """Return the match of each stay, by stay id."""
    return _Coverages(payers, facts, chart).matches


def coverage_facts(payers: Payers, facts: FactTable, chart: Chart) -> FactTable:
    """Return ``facts`` with every ``coverage.*`` column that the chart's coverages and the profiles settle."""
    return facts.with_columns(**_Coverages(payers, facts, chart).columns())


def covered_by(chart: Chart, profile: PayerProfile) -> Chart:
    """Return the chart as if ``profile`` were the only coverage of every patient.

    Member numbers stay. What is left of a policy and what of it was used was said of another one, and is not known.

    Raises:
        UsageError: the profile names no payer or type that a coverage could have.
    """
    ids, types = profile.matches.coverage_payer_ids, profile.matches.coverage_type_codes
    if not ids and not types:
        raise UsageError(f"no coverage matches the profile {profile.id}")
    members = chart["coverages"].sort_values("priority", kind="stable").drop_duplicates("patient_id")
    patients = chart["encounters"]["patient_id"].drop_duplicates().tolist()
    known = dict(zip(members["patient_id"], members["member_id"], strict=True))
    given: dict[str, list[object]] = {
        "patient_id": patients,
        "payer_id": [ids[0] if ids else None] * len(patients),
        "payer_name": [profile.title] * len(patients),
        "type_code": [None if ids else types[0]] * len(patients),
        "member_id": [known.get(one) for one in patients],
        "priority": [1.0] * len(patients),
        "status": ["active"] * len(patients),
        "row_id": [f"coverages/{profile.id}"] * len(patients),
    }
    frame = pd.DataFrame(
        {
            name: pd.Series(given.get(name, [None] * len(patients)), dtype=DTYPES[column.kind])
            for name, column in TABLES["coverages"].items()
        }
    )
    answers = chart["assessments"]
    of_policy = answers["item"].isin([f"coverage.{name}" for name in (*POLICY, *LEFT)])
    rest = answers[~of_policy].reset_index(drop=True)
    return Chart({**chart.tables, "coverages": frame, "assessments": rest})


class _Coverages:
    """The first and second coverage of each stay on its reference day, and the profiles they match."""

    def __init__(self, payers: Payers, facts: FactTable, chart: Chart) -> None:
        self.payers = payers
        self.index = facts.index
        ranked = _ranked(facts, chart)
        self.first = ranked[ranked["place"] == 0].set_index("stay_id").reindex(self.index)
        self.second = ranked[(ranked["place"] == 1) & ranked["is_active"].eq(True)]
        self.second = self.second.set_index("stay_id").reindex(self.index)
        self._known: dict[tuple[str | None, str | None], PayerMatch] = {}
        self._secondary = [self._of(row).profile for row in _rows(self.second)]
        self._dual = payers.of_class("dual")
        pairs = zip(self.index, _rows(self.first), self._secondary, strict=True)
        self.matches = {str(stay): self._match(row, second) for stay, row, second in pairs}

    def _of(self, row: Mapping[str, Any]) -> PayerMatch:
        key = (row["payer_id"], row["type_code"])
        if key not in self._known:
            self._known[key] = self.payers.match(*key)
        return self._known[key]

    def _match(self, row: Mapping[str, Any], second: PayerProfile | None) -> PayerMatch:
        if row["is_active"] is None:
            return self.payers.match(None, has_coverage=False)
        match = self._of(row)
        classes = {one.payer_class for one in (match.profile, second) if one is not None}
        if classes == {"medicare_ffs", "medicaid"} and len(self._dual) == 1:
            return PayerMatch(self._dual[0], "Medicare and Medicaid both cover the patient")
        return match

    def columns(self) -> dict[str, object]:
        """Return the columns, in the order of the stays."""
        found: dict[str, object] = {}
        profiles = [match.profile for match in self.matches.values()]
        by_profile = {one.id: profile_facts(one) for one in profiles if one is not None}
        settled = [by_profile[one.id] if one is not None else {} for one in profiles]
        for name in sorted({name for facts in by_profile.values() for name in facts}):
            values = [facts.get(name) for facts in settled]
            is_text = catalogue()[name].type == "text"
            found[name] = values if is_text else np.array([np.nan if v is None else float(v) for v in values])  # type: ignore[arg-type]
        found["coverage.payer_id"] = [row["payer_id"] for row in _rows(self.first)]
        found["coverage.secondary_payer_class"] = [one and one.payer_class for one in self._secondary]
        pays = [None if one is None else one.pays_sharing_of_medicare for one in self._secondary]
        found["coverage.secondary_pays_cost_sharing"] = np.array(
            [np.nan if said is None else float(said) for said in pays]
        )
        return found


def _ranked(facts: FactTable, chart: Chart) -> pd.DataFrame:
    """Return the coverages of each stay's patient, the best first (``place`` 0): in force, then by priority."""
    stays = chart.stays[["stay_id", "patient_id"]]
    stays = stays[stays["stay_id"].isin(facts.index)]
    rows = chart["coverages"]
    rows = rows[~rows["status"].isin(VOID)]
    joined = stays.merge(rows, on="patient_id", suffixes=("", "_coverage"))
    t = joined["stay_id"].map(facts.t)
    joined["is_active"] = is_active(joined, microseconds(t))
    joined["rank"] = joined["priority"].fillna(np.inf)
    joined = joined.sort_values(
        ["stay_id", "is_active", "rank", "start", "row_id"],
        ascending=[True, False, True, False, True],
        kind="stable",
    )
    joined["place"] = joined.groupby("stay_id").cumcount()
    return joined[["stay_id", "place", "is_active", *_COLUMNS]]


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    wanted = frame[["is_active", *_COLUMNS]].astype(object)
    plain = wanted.where(wanted.notna(), None)
    return [dict(zip(plain.columns, row, strict=True)) for row in plain.itertuples(index=False, name=None)]
