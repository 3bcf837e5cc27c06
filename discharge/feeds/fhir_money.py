"""CoverageEligibilityResponse, Coverage.costToBeneficiary and claims: what is paid, used, left and charged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from discharge.feeds.lists import table
from discharge.feeds.record import Json, Record, codings, first
from discharge.feeds.rejects import RecordFault


def eligibility(record: Record) -> None:
    """CoverageEligibilityResponse -> assessments, a row for each amount or number of days that the payer told.

    Amounts for a family or outside the network, and those of single services, are left aside. ``value_text`` is the
    coverage that the answer is about.
    """
    get = record.resource.get
    at = record.time(get("created"), "created")
    who = record.ref("patient", "Patient")
    part = 0
    for insurance in get("insurance") or ():
        if insurance.get("inforce") is False:
            continue
        about = record.reference(insurance.get("coverage"), "Coverage")
        told: dict[str, float] = {}
        for item in insurance.get("item") or ():
            for name, value in _told(record, item):
                told.setdefault(name, value)
        for name, value in told.items():
            part += 1
            record.add(
                "assessments",
                patient_ref=who,
                part=part,
                item=f"coverage.{name}",
                value=value,
                value_text=about,
                assessed_at=at,
                known_at=at,
            )
    if not part:
        record.sink.skip("CoverageEligibilityResponse without amounts")


def cost_to_beneficiary(record: Record) -> dict[str, float]:
    """Return the columns of a coverage that Coverage.costToBeneficiary fills: the policy's own amounts."""
    found: dict[str, float] = {}
    for entry in record.resource.get("costToBeneficiary") or ():
        kind = _kind(entry.get("type"), "benefit_kinds")
        name = {"deductible": "deductible_usd", "out_of_pocket": "out_of_pocket_limit_usd"}.get(kind or "")
        value = _amount(record, entry, "value", "costToBeneficiary") if name else None
        if name and value is not None:
            found.setdefault(name, value)
    return found


def charges(record: Record) -> None:
    """Claim of an institution -> assessments: the total charged for the encounter; other claims are not used."""
    get = record.resource.get
    encounters = [ref for item in get("item") or () for ref in item.get("encounter") or ()]
    total = _amount(record, {"total": get("total")}, "total", "total", plain=True)
    if _code(get("type")) != "institutional" or total is None or not encounters:
        record.sink.skip("Claim")
        return
    at = record.time(get("created"), "created")
    record.add(
        "assessments",
        patient_ref=record.ref("patient", "Patient"),
        encounter_ref=record.reference(first(encounters), "Encounter"),
        item="stay.charges_usd",
        value=total,
        assessed_at=at,
        known_at=at,
    )


def _told(record: Record, item: Json) -> Iterator[tuple[str, float]]:
    """Yield what one item of the answer says, by the name of its fact."""
    if _code(item.get("unit")) == "family" or _code(item.get("network")) == "out":
        return
    about = "plan"
    if item.get("category") is not None or item.get("productOrService") is not None:
        about = (
            _kind(item.get("category"), "benefit_categories")
            or _kind(item.get("productOrService"), "benefit_categories")
            or ""
        )
    for benefit in item.get("benefit") or ():
        kind = _kind(benefit.get("type"), "benefit_kinds")
        where = "insurance.item.benefit"
        allowed, used = (_amount(record, benefit, stem, where) for stem in ("allowed", "used"))
        left = None if allowed is None or used is None else max(0.0, round(allowed - used, 2))
        yield from _facts(about, kind, allowed, used, left)


def _facts(
    about: str, kind: str | None, allowed: float | None, used: float | None, left: float | None
) -> Iterator[tuple[str, float]]:
    named: dict[str, float | None] = {}
    if about == "plan" and kind == "deductible":
        named = {"deductible_usd": allowed, "deductible_left_usd": left}
    elif about == "plan" and kind == "out_of_pocket":
        named = {
            "out_of_pocket_limit_usd": allowed,
            "out_of_pocket_spent_usd": used,
            "out_of_pocket_left_usd": left,
        }
    elif about == "part_b" and kind == "deductible":
        named = {"part_b_deductible_left_usd": left}
    elif kind == "reserve_days":
        named = {"reserve_days_left": left}
    elif about in ("snf", "inpatient") and kind is None:
        named = {f"{about}_days_used": used}
    yield from ((name, value) for name, value in named.items() if value is not None)


def _amount(record: Record, holder: Json, stem: str, where: str, *, plain: bool = False) -> float | None:
    """Return money in US dollars or a count; what is no such amount is rejected, the rest of the record is used."""
    money = holder.get(stem if plain else f"{stem}Money")
    count = None if plain else holder.get(f"{stem}UnsignedInt")
    if stem == "value" and money is None:
        return None
    found: Any = count if money is None else money.get("value") if isinstance(money, dict) else money
    if found is None:
        return None
    field = f"{record.kind}.{where}"
    if isinstance(found, bool) or not isinstance(found, int | float):
        record.part_fault(RecordFault("value_not_numeric", field))
        return None
    if found < 0:
        record.part_fault(RecordFault("implausible_value", field))
        return None
    if isinstance(money, dict) and money.get("currency") not in (None, "USD"):
        record.part_fault(RecordFault("unit_not_convertible", field, "US dollars are expected"))
        return None
    return float(found)


def _kind(concept: Any, name: str) -> str | None:
    """Return what a concept means by a list of this feed, from its codes, displays or text."""
    if not isinstance(concept, dict):
        return None
    words = [word for c in codings(concept) for word in (c.get("code"), c.get("display"))]
    known = table(name)
    return next((known[w.upper()] for w in (*words, concept.get("text")) if w and w.upper() in known), None)


def _code(concept: Any) -> str | None:
    return next((c["code"] for c in codings(concept) if c.get("code")), None)
