"""FHIR R4: lines, Bundles (nested too) and single resources -> staged rows and rejects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

import orjson

from discharge.feeds import fhir_clinical, fhir_encounter, fhir_medication, fhir_money, fhir_people
from discharge.feeds.files import Block, FeedFile, read_all
from discharge.feeds.lists import words
from discharge.feeds.record import Json, Reading, Record
from discharge.feeds.references import aliases, by_identifier, normal
from discharge.feeds.rejects import RecordFault
from discharge.feeds.staging import Sink
from discharge.feeds.times import instant

_READERS: Mapping[str, Callable[[Record], None]] = {
    "Patient": fhir_people.patient,
    "Coverage": fhir_people.coverage,
    "CoverageEligibilityResponse": fhir_money.eligibility,
    "Organization": fhir_people.organization,
    "Location": fhir_people.location,
    "Practitioner": fhir_people.practitioner,
    "Medication": fhir_people.medication,
    "Encounter": fhir_encounter.encounter,
    "Condition": fhir_clinical.condition,
    "Observation": fhir_clinical.observation,
    "Procedure": fhir_clinical.procedure,
    "ServiceRequest": fhir_clinical.service_request,
    "DocumentReference": fhir_clinical.document_reference,
    "Claim": fhir_clinical.claim,
    "ClaimResponse": fhir_clinical.claim_response,
    "MedicationAdministration": fhir_medication.administration,
    "MedicationRequest": fhir_medication.request,
}
_LOOKED_UP = frozenset(("Organization", "Location", "Practitioner", "Medication"))
# Only these are referred to, so only their other names are kept.
_TARGETS = _LOOKED_UP | {"Patient", "Encounter", "Condition", "MedicationRequest", "Claim"}
_BOM16 = (b"\xff\xfe", b"\xfe\xff")


def read_block(block: Block, reading: Reading, sink: Sink) -> None:
    """Read whole lines of NDJSON; a blank line is no record."""
    lines = block.data.split(b"\n")
    for number, line in enumerate(lines, block.first):
        line = line.strip()
        if line:
            sink.line = number
            _read_text(line, reading, sink)
    if block.fault is not None:
        sink.line, sink.sub = block.first + len(lines) - 1, 0
        sink.read += 1
        sink.reject(block.fault)


def read_document(file: FeedFile, reading: Reading, sink: Sink) -> None:
    """Read a file that is one JSON document: a Bundle or a resource."""
    data, fault = read_all(file.path)
    data = data.removeprefix(b"\xef\xbb\xbf")
    sink.line = 1
    if fault is not None:
        sink.line = data.count(b"\n") + 1
        sink.read += 1
        sink.reject(fault)
    elif data.strip():
        _read_text(data, reading, sink)


def is_document(file: FeedFile, head: bytes) -> bool:
    """Say whether a .json file is one document rather than lines of resources."""
    if file.suffix != ".json":
        return False
    line, _, more = head.removeprefix(b"\xef\xbb\xbf").lstrip().partition(b"\n")
    try:
        return not isinstance(orjson.loads(line), dict) or not more.strip()
    except orjson.JSONDecodeError:
        return True


def _read_text(text: bytes, reading: Reading, sink: Sink) -> None:
    sink.sub = 0
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        sink.read += 1
        sink.reject(_json_fault(text, error))
        return
    if isinstance(value, dict):
        _walk(value, None, reading, sink)
    else:
        sink.read += 1
        sink.reject(RecordFault("not_an_object"))


def _json_fault(text: bytes, error: orjson.JSONDecodeError) -> RecordFault:
    if text.startswith(_BOM16) or b"\x00" in text[:4]:
        return RecordFault("not_utf8", "", "UTF-16 or UTF-32")
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as fault:
        return RecordFault("not_utf8", "", f"byte {fault.start + 1} of the line")
    return RecordFault("invalid_json", "", f"line {error.lineno}, column {error.colno} of the record")


def _walk(value: Json, full_url: str | None, reading: Reading, sink: Sink) -> None:
    """Read a resource; of a Bundle its entries, each a record of its own."""
    if value.get("resourceType") != "Bundle":
        _read_resource(value, full_url, reading, sink)
        sink.sub += 1
        return
    entries = value.get("entry")
    if not isinstance(entries, list) or not entries:
        sink.read += 1
        sink.skip("Bundle without entries")
        sink.sub += 1
        return
    for entry in entries:
        inner = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(inner, dict):
            url = entry.get("fullUrl")
            _walk(inner, url if isinstance(url, str) else None, reading, sink)
        else:
            sink.read += 1
            if isinstance(entry, dict) and "request" in entry:
                sink.skip("Bundle entry without resource")
            else:
                sink.reject(RecordFault("not_an_object", "Bundle.entry.resource"))
            sink.sub += 1


def _read_resource(resource: Json, full_url: str | None, reading: Reading, sink: Sink) -> None:
    sink.read += 1
    kind = resource.get("resourceType")
    reader = _READERS.get(kind) if isinstance(kind, str) else None
    if reader is None:
        if isinstance(kind, str) and kind in words("fhir_types"):
            sink.skip(kind)
        else:
            code = "unknown_resource_type" if isinstance(kind, str) else "not_an_object"
            sink.reject(RecordFault(code, "resourceType"), _shown(resource))
        return
    assert isinstance(kind, str)
    if resource.get("status") == "entered-in-error":
        sink.skip(f"{kind} entered in error")
        _retract(resource, kind, full_url, sink)
        return
    mark = sink.mark()
    try:
        _read_known(resource, kind, full_url, mark, reading, sink)
    except RecordFault as fault:
        sink.undo(mark)
        sink.reject(fault, _shown(resource))
    except Exception as error:  # noqa: BLE001 - one record must never end the run; the type names no patient
        sink.undo(mark)
        wrong = isinstance(error, AttributeError | TypeError | KeyError | ValueError)
        code = "invalid_structure" if wrong else "internal_error"
        sink.reject(RecordFault(code, kind, type(error).__name__), _shown(resource))


def _read_known(
    resource: Json, kind: str, full_url: str | None, mark: int, reading: Reading, sink: Sink
) -> None:
    key = _key(resource, kind, full_url)
    record = Record(resource, kind, key, sink, reading)
    if "contained" in resource:
        record.contained = {part["id"]: part for part in resource["contained"] if "id" in part}
        _read_contained(record)
    sink.skipped = False
    _READERS[kind](record)
    if sink.skipped:
        return
    meta = resource.get("meta") or {}
    sink.add(
        "records",
        key,
        type=kind,
        hash=sink.digest(mark),
        updated=_moment(meta.get("lastUpdated")),
        version=int(v)
        if (v := str(meta.get("versionId", ""))).isascii() and v.isdigit() and len(v) < 18
        else None,
    )
    if kind in _TARGETS:
        for alias in dict.fromkeys(aliases(kind, key, resource, full_url)):
            sink.add("aliases", key, alias=alias)


def _retract(resource: Json, kind: str, full_url: str | None, sink: Sink) -> None:
    """Stage that a record, which may have been read on another day, was entered in error."""
    who = next((resource[name] for name in ("subject", "patient", "beneficiary") if name in resource), None)
    named = (
        normal(who["reference"]) if isinstance(who, dict) and isinstance(who.get("reference"), str) else None
    )
    try:
        key = _key(resource, kind, full_url)
    except RecordFault:  # without a name there is nothing that it takes back
        return
    sink.add("retracted", key, patient_ref=key if kind == "Patient" else named)


def _read_contained(record: Record) -> None:
    """Stage contained look-ups (a drug, a payer, a ward) under ``Type/id#inner``."""
    for name, part in record.contained.items():
        kind = part.get("resourceType")
        if kind in _LOOKED_UP:
            inner = Record(
                part, str(kind), f"{record.key}#{name}", record.sink, record.reading, record.contained
            )
            _READERS[str(kind)](inner)


def _key(resource: Json, kind: str, full_url: str | None) -> str:
    """Return ``Type/id``; without id the fullUrl, an identifier or (where nothing refers to it) the content."""
    if resource.get("id") not in (None, ""):
        return f"{kind}/{resource['id']}"
    if full_url:
        name = normal(full_url)
        return name if name.startswith(f"{kind}/") else f"{kind}/{name}"
    for identifier in resource.get("identifier") or ():
        alias = by_identifier(kind, identifier)
        if alias:
            return f"{kind}/{alias.split('=', 1)[1]}"
    if kind in ("Patient", "Encounter"):
        raise RecordFault("missing_id", f"{kind}.id")
    return (
        f"{kind}/{blake2b(orjson.dumps(resource, option=orjson.OPT_SORT_KEYS), digest_size=12).hexdigest()}"
    )


def _moment(text: Any) -> int | None:
    try:
        return instant(text, "UTC") if isinstance(text, str) else None
    except ValueError:
        return None


def _shown(resource: Json) -> str:
    """Return ``Type/id`` for the reject row, of what looks like an id by FHIR's own rule."""
    kind, name = resource.get("resourceType"), resource.get("id")
    known = kind if isinstance(kind, str) and kind in words("fhir_types") else "?"
    fits = isinstance(name, str) and len(name) <= 64 and all(c.isalnum() or c in "-._" for c in name)
    return f"{known}/{name}" if fits else known


def read_file_head(path: Path) -> bytes:
    """Return the first bytes of a file, unpacked, to tell its form."""
    from discharge.feeds.files import open_bytes

    try:
        with open_bytes(path) as stream:
            return stream.read(1 << 20)
    except (EOFError, OSError):
        return b""
