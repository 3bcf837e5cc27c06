"""One FHIR resource while it is read: its fields, references and times, with faults that name the field."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from discharge.codes import system_name
from discharge.feeds.references import by_identifier, normal
from discharge.feeds.rejects import RecordFault
from discharge.feeds.staging import Sink
from discharge.feeds.times import day, instant, last_instant

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reading:
    """What every reader needs: facility zone, the latest time that can be meant (microseconds since 1970)."""

    zone: str
    latest: int


@dataclass(slots=True)
class Record:
    """A resource with its key (``Type/id``) and the sink for its rows."""

    resource: Json
    kind: str
    key: str
    sink: Sink
    reading: Reading
    contained: dict[str, Json] = field(default_factory=dict)

    def add(self, table: str, **values: Any) -> None:
        """Add a row to a staged table."""
        self.sink.add(table, self.key, **values)

    def part_fault(self, fault: RecordFault) -> None:
        """Reject a part of the record; the rest is used."""
        self.sink.reject(fault, self.key, whole=False)

    def ref(self, name: str, kind: str) -> str | None:
        """Return the key or alias that the reference in field ``name`` means."""
        return self.reference(self.resource.get(name), kind)

    def reference(self, value: Any, kind: str) -> str | None:
        """Return the key or alias that a Reference means; ``kind`` is the type expected."""
        if value is None:
            return None
        if not isinstance(value, dict):
            raise RecordFault("invalid_structure", kind.lower(), "a Reference is expected")
        text = value.get("reference")
        if not text:
            return by_identifier(value.get("type") or kind, value.get("identifier"))
        if text[0] != "#":
            return normal(text)
        inner = self.contained.get(text[1:])
        if inner is None:
            return str(text)
        if inner.get("resourceType") in ("Patient", "Encounter"):
            # What is contained has no life of its own; its identifier leads to the real one.
            return next(
                (a for i in inner.get("identifier") or () if (a := by_identifier(kind, i))), str(text)
            )
        return f"{self.key}{text}"

    def time(self, value: Any, where: str, *, end: bool = False, bounded: bool = True) -> int | None:
        """Return a time in microseconds UTC; faults bad_date and, when ``bounded``, future_date."""
        if value is None:
            return None
        try:
            found = last_instant(value, self.reading.zone) if end else instant(value, self.reading.zone)
        except (ValueError, AttributeError, TypeError, OverflowError):
            raise RecordFault("bad_date", f"{self.kind}.{where}") from None
        if bounded and found > self.reading.latest:
            raise RecordFault("future_date", f"{self.kind}.{where}")
        return found

    def soft_time(self, value: Any, where: str, *, bounded: bool = False) -> int | None:
        """Return a time that the record can do without: a fault loses this field alone."""
        try:
            return self.time(value, where, bounded=bounded)
        except RecordFault as fault:
            self.part_fault(fault)
            return None

    def soft_day(self, value: Any, where: str) -> int | None:
        """Return a date without zone; a fault, bad_date or future_date, loses this field alone."""
        if value is None:
            return None
        code = "future_date"
        try:
            found = day(value)
            if found <= self.reading.latest:
                return found
        except (ValueError, AttributeError, TypeError, OverflowError):
            code = "bad_date"
        self.part_fault(RecordFault(code, f"{self.kind}.{where}"))
        return None

    def span(self, period: Any, where: str, *, bounded: bool = True) -> tuple[int | None, int | None]:
        """Return start and end of a Period; faults when the end is before the start."""
        if not isinstance(period, dict):
            return None, None
        start = self.time(period.get("start"), f"{where}.start", bounded=bounded)
        end = self.time(period.get("end"), f"{where}.end", end=True, bounded=bounded)
        if start is not None and end is not None and end < start:
            raise RecordFault("end_before_start", f"{self.kind}.{where}")
        return start, end

    def happened(self, stem: str) -> tuple[int | None, int | None]:
        """Return start and end of ``stem``DateTime, Period, Instant or Timing."""
        get = self.resource.get
        value = get(f"{stem}DateTime") or get(f"{stem}Instant")
        if value is not None:
            return self.time(value, f"{stem}DateTime"), None
        period = get(f"{stem}Period")
        if period is not None:
            return self.span(period, f"{stem}Period")
        events = (get(f"{stem}Timing") or {}).get("event")
        return (self.time(events[0], f"{stem}Timing.event[0]"), None) if events else (None, None)


def first(value: Any) -> Any:
    """Return the first of a list, a single value itself (feeds write one where FHIR has many), else None."""
    if isinstance(value, list):
        return value[0] if value else None
    return value


def codings(concept: Any) -> list[Json]:
    """Return the codings of a CodeableConcept."""
    return (
        [c for c in concept.get("coding") or () if isinstance(c, dict)] if isinstance(concept, dict) else []
    )


def coded(concept: Any, prefer: tuple[str, ...] = ()) -> tuple[str | None, str | None, str | None]:
    """Return (code, system name, words) of a CodeableConcept; systems in ``prefer`` win in their order."""
    found = [(c.get("code"), system_name(c.get("system")), c.get("display")) for c in codings(concept)]
    found = [entry for entry in found if entry[0]] or found
    rank = {name: place for place, name in enumerate(prefer)}
    code, system, display = min(
        found, key=lambda e: rank.get(e[1] or "", len(rank)), default=(None, None, None)
    )
    return code, system, (concept.get("text") if isinstance(concept, dict) else None) or display


def words_of(concept: Any) -> str | None:
    """Return what a CodeableConcept says, in words where there are any: text, display, code."""
    code, _, text = coded(concept)
    return text or code


def code_of(concept: Any) -> str | None:
    """Return the code of a CodeableConcept, else its text."""
    code, _, text = coded(concept)
    return code or text


def quantity(value: Any) -> tuple[float | None, str | None]:
    """Return number and unit (UCUM code first) of a Quantity."""
    if not isinstance(value, dict) or isinstance(value.get("value"), bool):
        return None, None
    number = value.get("value")
    return (float(number) if isinstance(number, int | float) else None), value.get("code") or value.get(
        "unit"
    )
