"""Condition, Observation, Procedure, ServiceRequest, DocumentReference, ClaimResponse and Claim."""

from __future__ import annotations

from typing import Any

from discharge.feeds.fhir_money import charges
from discharge.feeds.lists import table
from discharge.feeds.record import Json, Record, code_of, coded, codings, first, words_of
from discharge.feeds.rejects import RecordFault
from discharge.feeds.values import pick_code, read_value

_DIAGNOSES = ("icd-10-cm", "icd-9-cm", "snomed")
_PROCEDURES = ("icd-10-pcs", "cpt", "hcpcs", "icd-9-pcs", "snomed")


def condition(record: Record) -> None:
    """Condition -> diagnoses: role problem for the problem list and what names no encounter, else encounter."""
    get = record.resource.get
    if code_of(get("verificationStatus")) in ("entered-in-error", "refuted"):
        record.sink.skip(f"Condition {code_of(get('verificationStatus'))}")
        record.sink.add("retracted", record.key, patient_ref=record.ref("subject", "Patient"))
        return
    code, system, text = coded(get("code"), _DIAGNOSES)
    if not code and not text:
        raise RecordFault("missing_required_value", "Condition.code")
    categories = {c.get("code") for entry in get("category") or () for c in codings(entry)}
    is_problem = "problem-list-item" in categories or get("encounter") is None
    recorded = record.soft_time(get("recordedDate"), "recordedDate", bounded=True)
    onset = get("onsetDateTime") or (get("onsetPeriod") or {}).get("start")
    record.add(
        "diagnoses",
        patient_ref=record.ref("subject", "Patient"),
        encounter_ref=record.ref("encounter", "Encounter"),
        code=code,
        system=system,
        display=text,
        role="problem" if is_problem else "encounter",
        clinical_status=code_of(get("clinicalStatus")),
        onset_at=record.soft_time(onset, "onset", bounded=True),
        recorded_at=recorded,
        known_at=recorded,
    )


def observation(record: Record) -> None:
    """Observation -> observations, a row for its own value and one for each component's.

    A value that is absent (dataAbsentReason, or none given) makes no row: it stays unknown.
    """
    resource = record.resource
    at, end = record.happened("effective")
    issued = record.soft_time(resource.get("issued"), "issued", bounded=True)
    shared = {
        "patient_ref": record.ref("subject", "Patient"),
        "encounter_ref": record.ref("encounter", "Encounter"),
        "effective_at": at if at is not None else issued,
        "status": resource.get("status"),
        "known_at": issued if issued is not None else end if end is not None else at,
    }
    faults: list[RecordFault] = []
    used = _observed(record, resource, "Observation", 0, shared, faults)
    for number, part in enumerate(resource.get("component") or ()):
        if isinstance(part, dict):
            used |= _observed(record, part, f"Observation.component[{number}]", number + 1, shared, faults)
    if faults and not used:
        raise faults[0]
    for fault in faults:
        record.part_fault(fault)


def _observed(
    record: Record, holder: Json, field: str, part: int, shared: Json, faults: list[RecordFault]
) -> bool:
    concept, code, system = pick_code(holder.get("code"))
    try:
        value = read_value(holder, concept, field)
    except RecordFault as fault:
        faults.append(fault)
        return False
    if value is None:
        return False
    name = concept.name if concept else None
    record.add("observations", part=part, code=code, system=system, concept=name, **value, **shared)
    return True


def procedure(record: Record) -> None:
    """Procedure -> procedures; known once it was begun."""
    get = record.resource.get
    code, system, text = coded(get("code"), _PROCEDURES)
    start, end = record.happened("performed")
    record.add(
        "procedures",
        patient_ref=record.ref("subject", "Patient"),
        encounter_ref=record.ref("encounter", "Encounter"),
        code=code,
        system=system,
        name=text,
        status=get("status"),
        start=start,
        end=end,
        known_at=start,
    )


def service_request(record: Record) -> None:
    """ServiceRequest -> orders; one that says not to do something is not an order."""
    get = record.resource.get
    if get("doNotPerform"):
        record.sink.skip("ServiceRequest not to perform")
        return
    code, system, text = coded(get("code"), ("cpt", "hcpcs", "loinc", "snomed"))
    ordered = record.time(get("authoredOn"), "authoredOn")
    due = get("occurrenceDateTime") or (get("occurrencePeriod") or {}).get("start")
    record.add(
        "orders",
        patient_ref=record.ref("subject", "Patient"),
        encounter_ref=record.ref("encounter", "Encounter"),
        code=code,
        system=system,
        name=text,
        category=words_of(first(get("category"))),
        status=get("status"),
        ordered_at=ordered,
        due_at=record.soft_time(due, "occurrence"),
        known_at=ordered,
    )


def document_reference(record: Record) -> None:
    """DocumentReference -> documents: what kind, when; never its content."""
    get = record.resource.get
    if get("docStatus") == "entered-in-error":
        record.sink.skip("DocumentReference entered in error")
        record.sink.add("retracted", record.key, patient_ref=record.ref("subject", "Patient"))
        return
    context = get("context") or {}
    code, system, text = coded(get("type"), ("loinc",))
    written = record.time(get("date"), "date")
    if written is None:
        written = record.span(context.get("period"), "context.period")[0]
    record.add(
        "documents",
        patient_ref=record.ref("subject", "Patient"),
        encounter_ref=record.reference(first(context.get("encounter")), "Encounter"),
        code=code,
        system=system,
        name=text or get("description"),
        status=get("status"),
        written_at=written,
        known_at=written,
    )


def claim(record: Record) -> None:
    """Claim for preauthorization -> the time of the request; one for payment -> the charges of its encounter."""
    if record.resource.get("use") != "preauthorization":
        charges(record)
        return
    record.add("requests", created=record.time(record.resource.get("created"), "created"))


def claim_response(record: Record) -> None:
    """ClaimResponse to a preauthorization -> authorizations; other responses are not used.

    The decision is the X12 HCR01 code of Da Vinci's reviewAction where it is given; else ``queued`` means pended and
    a preAuthRef means approved. Nothing of these leaves the status unknown.
    """
    get = record.resource.get
    if get("use") != "preauthorization":
        record.sink.skip("ClaimResponse")
        return
    item = first(get("item")) or {}
    action = _review_action(get("item") or [])
    status = table("review_actions").get(action or "") or {"queued": "pended"}.get(str(get("outcome")))
    decided = record.time(get("created"), "created")
    start, end = record.span(get("preAuthPeriod"), "preAuthPeriod", bounded=False)
    record.add(
        "authorizations",
        patient_ref=record.ref("patient", "Patient"),
        request_ref=record.ref("request", "Claim"),
        payer_ref=record.ref("insurer", "Organization"),
        payer_id=((get("insurer") or {}).get("identifier") or {}).get("value"),
        number=get("preAuthRef"),
        service=words_of(item.get("productOrService")) or words_of(get("type")),
        status=status or ("approved" if get("preAuthRef") and get("outcome") == "complete" else None),
        decision_code=action,
        decided_at=decided,
        valid_from=start,
        valid_through=end,
        known_at=decided,
    )


def _review_action(value: Any) -> str | None:
    """Return the HCR01 code anywhere below ``value`` (Da Vinci PAS puts it in nested extensions)."""
    if isinstance(value, list):
        return next((found for entry in value if (found := _review_action(entry))), None)
    if not isinstance(value, dict):
        return None
    if str(value.get("url", "")).endswith("reviewActionCode"):
        return code_of(value.get("valueCodeableConcept"))
    return _review_action([entry for entry in value.values() if isinstance(entry, dict | list)])
