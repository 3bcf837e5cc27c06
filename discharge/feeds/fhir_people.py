"""Patient, Coverage, and what others point to: Organization, Location, Practitioner, Medication."""

from __future__ import annotations

from typing import Any

from discharge.feeds.fhir_money import cost_to_beneficiary
from discharge.feeds.record import Json, Record, code_of, coded, codings, first, words_of


def patient(record: Record) -> None:
    """Patient -> patients. The MRN is the identifier typed MR, else the usual one, else the first."""
    get = record.resource.get
    name = _official(get("name"))
    address = first(get("address")) or {}
    record.add(
        "patients",
        mrn=_mrn(get("identifier") or []),
        family=name.get("family"),
        given=" ".join(name.get("given") or ()) or name.get("text"),
        sex=get("gender"),
        birth_date=record.soft_day(get("birthDate"), "birthDate"),
        deceased_at=record.soft_time(get("deceasedDateTime"), "deceasedDateTime", bounded=True),
        language=_language(get("communication") or []),
        state=address.get("state"),
        postal_code=address.get("postalCode"),
    )


def _official(names: Any) -> Json:
    entries = [entry for entry in names or () if isinstance(entry, dict)]
    return next((entry for entry in entries if entry.get("use") == "official"), entries[0] if entries else {})


def _mrn(identifiers: list[Json]) -> str | None:
    typed = [i for i in identifiers if any(c.get("code") == "MR" for c in codings(i.get("type")))]
    usual = [i for i in identifiers if i.get("use") == "usual"]
    return next((i["value"] for i in (*typed, *usual, *identifiers) if i.get("value")), None)


def _language(entries: list[Json]) -> str | None:
    chosen: Json = next((entry for entry in entries if entry.get("preferred")), entries[0] if entries else {})
    return code_of(chosen.get("language"))


def person_name(resource: Json) -> str | None:
    """Return a practitioner's name in one line."""
    name = _official(resource.get("name"))
    parts = [*(name.get("given") or ()), name.get("family")]
    return name.get("text") or " ".join(part for part in parts if part) or None


def coverage(record: Record) -> None:
    """Coverage -> coverages; the payer's identifier is its Organization's, else the reference's, else the plan's."""
    get = record.resource.get
    payor = first(get("payor")) or {}
    classes: dict[str | None, Json] = {code_of(entry.get("type")): entry for entry in get("class") or ()}
    chosen: Json = classes.get("plan") or classes.get("group") or next(iter(classes.values()), {})
    code, _, text = coded(get("type"))
    start, end = record.span(get("period"), "period", bounded=False)
    record.add(
        "coverages",
        patient_ref=record.ref("beneficiary", "Patient"),
        payer_ref=record.reference(payor, "Organization"),
        payer_id=(payor.get("identifier") or {}).get("value") or chosen.get("value"),
        payer_name=payor.get("display") or chosen.get("name"),
        member_id=get("subscriberId") or _mrn(get("identifier") or []),
        type_code=code,
        type_text=text,
        priority=get("order"),
        status=get("status"),
        start=start,
        end=end,
        known_at=start,
        **cost_to_beneficiary(record),
    )


def organization(record: Record) -> None:
    """Organization -> a name and identifier to look up."""
    identifiers = record.resource.get("identifier") or []
    kinds = {c.get("code") for entry in record.resource.get("type") or () for c in codings(entry)}
    record.add(
        "organizations",
        name=record.resource.get("name"),
        identifier=next((i["value"] for i in identifiers if i.get("value")), None),
        part_of_ref=record.ref("partOf", "Organization"),
        is_department="dept" in kinds,
    )


def location(record: Record) -> None:
    """Location -> a place to look up: name, physical type, role types and what it is part of."""
    get = record.resource.get
    kinds = sorted({c["code"] for entry in get("type") or () for c in codings(entry) if c.get("code")})
    record.add(
        "places",
        name=get("name") or first(get("alias")),
        physical=code_of(get("physicalType")),
        kinds=" ".join(kinds),
        part_of_ref=record.ref("partOf", "Location"),
    )


def practitioner(record: Record) -> None:
    """Practitioner -> a name to look up."""
    record.add("practitioners", name=person_name(record.resource))


def medication(record: Record) -> None:
    """Medication -> a drug to look up; without a code its name is that of its identifiers or ingredients."""
    get = record.resource.get
    code, system, text = coded(get("code"), ("rxnorm", "ndc"))
    parts = [part for part in get("ingredient") or () if isinstance(part, dict)]
    names = [name for part in parts if (name := words_of(part.get("itemCodeableConcept")))]
    refs = [ref for part in parts if (ref := record.reference(part.get("itemReference"), "Medication"))]
    # MIMIC writes the drug's name as an identifier; a code that is all digits or has no lower case is not a name.
    called = [
        i["value"] for i in get("identifier") or () if "name" in str(i.get("system", "")) and i.get("value")
    ]
    record.add(
        "drugs",
        code=code,
        system=system,
        name=text or first(called) or " / ".join(names) or None,
        ingredients=" ".join(refs) or None,
    )
