"""Cells of a table -> values of the chart's kinds -> staged rows, with the same checks as FHIR records get."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from hashlib import blake2b
from typing import Any

from discharge.chart import TABLES, Kind
from discharge.codes import concept_for, concepts, route_name, system_name
from discharge.feeds.charts import OWN_TIME
from discharge.feeds.lists import class_code
from discharge.feeds.record import Reading
from discharge.feeds.rejects import RecordFault
from discharge.feeds.staging import Sink
from discharge.feeds.tabular_plan import TableSource
from discharge.feeds.times import day, instant
from discharge.feeds.values import checked, written

_EMPTY = frozenset(("", "null", "\\n", "nan", "nat"))
_EMPTY_VALUES = _EMPTY | {"na", "n/a", "none"}
_TRUE, _FALSE = frozenset(("true", "t", "1", "yes", "y")), frozenset(("false", "f", "0", "no", "n"))
# A fault in one of these loses the row; in another column only the value.
_NEEDED = frozenset(("start", "end", "value")) | frozenset(OWN_TIME.values())
_BOUNDED = frozenset(OWN_TIME.values()) | {
    "end", "known_at", "birth_date", "deceased_at", "onset_at", "inpatient_order_at", "observation_start_at",
    "expected_discharge_at", "decided_at",
}  # fmt: skip
_UNBOUNDED_TABLES = ("coverages",)
_NEVER_NEGATIVE = ("_usd", "_days_used", "_days_left")


@dataclass(frozen=True, slots=True)
class _Cell:
    """Where one chart column's value stands in a row, and what is asked of it."""

    name: str
    where: str
    kind: Kind
    place: int  # -1: a constant
    constant: str | None
    values: Mapping[str, str] | None
    is_needed: bool
    is_bounded: bool


class RowReader:
    """Stages the rows of one table of one file."""

    def __init__(self, source: TableSource, reading: Reading) -> None:
        self.source, self.reading = source, reading
        table, spec = source.table, TABLES[source.table]
        names = [name for name in spec if name in source.columns or name in source.constants]
        self.cells = [
            _Cell(
                name,
                f"{table}.{name}",
                spec[name].kind,
                source.columns.get(name, -1),
                source.constants.get(name),
                source.values.get(name),
                spec[name].required or name in _NEEDED,
                name in _BOUNDED and table not in _UNBOUNDED_TABLES,
            )
            for name in names
        ]
        self.required = [name for name, column in spec.items() if column.required]

    def stage(self, cells: list[Any], sink: Sink) -> None:
        """Stage one row.

        Raises:
            RecordFault: the row can't be used.
        """
        table = self.source.table
        if len(cells) != self.source.width:
            raise RecordFault(
                "wrong_columns", table, f"{self.source.width} values expected, {len(cells)} found"
            )
        values, soft = self._values(cells)
        for name in self.required:
            if values.get(name) is None:
                is_start = (table, name) == ("encounters", "start")
                raise RecordFault(
                    "encounter_without_period" if is_start else "missing_required_value", f"{table}.{name}"
                )
        start, end = values.get("start"), values.get("end")
        if isinstance(start, int) and isinstance(end, int) and end < start:
            raise RecordFault("end_before_start", f"{table}.end")
        _shape(table, values)
        text = "\x1f".join(map(str, cells)).encode("utf-8", "surrogateescape")
        record = _key(table, values, text)
        sink.add(table, record, **_staged(table, values))
        digest = int.from_bytes(blake2b(text, digest_size=8).digest(), "big", signed=True)
        sink.add("records", record, type=table, hash=digest)
        for fault in soft:
            sink.reject(fault, record, whole=False)

    def _values(self, cells: list[Any]) -> tuple[dict[str, Any], list[RecordFault]]:
        values: dict[str, Any] = {}
        soft: list[RecordFault] = []
        for cell in self.cells:
            raw = cells[cell.place] if cell.place >= 0 else cell.constant
            if raw is None or raw == "":
                continue
            try:
                values[cell.name] = self._value(raw, cell)
            except RecordFault as fault:
                if cell.is_needed:
                    raise
                soft.append(fault)
        return values, soft

    def _value(self, raw: Any, cell: _Cell) -> Any:
        text = raw.strip() if type(raw) is str else _text(raw)
        if cell.values is not None:
            text = cell.values.get(text, text)
        kind = cell.kind
        if kind == "text":
            return None if len(text) < 5 and text.lower() in _EMPTY else text
        if len(text) < 5 and text.lower() in _EMPTY_VALUES:
            return None
        if kind == "number":
            try:
                number = float(text)
            except ValueError:
                raise RecordFault("value_not_numeric", cell.where) from None
            if number < 0 and cell.name.endswith(_NEVER_NEGATIVE):
                raise RecordFault("implausible_value", cell.where)
            return number
        if kind == "flag":
            if text.lower() not in _TRUE | _FALSE:
                raise RecordFault("invalid_value", cell.where, "true or false is expected")
            return text.lower() in _TRUE
        try:
            if self.source.time_format and isinstance(raw, str):
                text = datetime.strptime(text, self.source.time_format).isoformat()
            found = day(text) if kind == "date" else instant(text, self.reading.zone)
        except (ValueError, OverflowError):
            raise RecordFault("bad_date", cell.where) from None
        if cell.is_bounded and found > self.reading.latest:
            raise RecordFault("future_date", cell.where)
        return found


def _text(cell: Any) -> str:
    if isinstance(cell, float) and math.isnan(cell):
        return ""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return str(int(cell))  # Excel keeps account numbers as 123.0
    if isinstance(cell, datetime | date | time):
        return cell.isoformat()
    if isinstance(cell, bytes):
        return cell.decode("utf-8", "replace").strip()
    return str(cell).strip()


def _shape(table: str, values: dict[str, Any]) -> None:
    """Bring codes to the chart's own: classes, systems, routes, concepts with their units."""
    if table in ("encounters", "segments"):
        values["class_code"] = class_code(values.get("class_code"))
    if table == "diagnoses":
        values["role"] = values.get("role") or ("encounter" if values.get("encounter_id") else "problem")
    if table == "medications" and values.get("route"):
        values["route"] = route_name(values["route"])
    if "system" in TABLES[table] and values.get("system"):
        values["system"] = system_name(values["system"])
    if table == "observations":
        _shape_observation(values)
    if (
        OWN_TIME.get(table)
        and values.get("known_at") is None
        and table not in ("diagnoses", "authorizations")
    ):
        values["known_at"] = values.get(OWN_TIME[table])


def _shape_observation(values: dict[str, Any]) -> None:
    if values.get("code") is None and values.get("concept") is None:
        raise RecordFault("missing_required_value", "observations.code")
    name = values.get("concept")
    if name is not None and name not in concepts():
        raise RecordFault("invalid_value", "observations.concept", "a name of the concept table is expected")
    concept = concepts()[name] if name else concept_for(values.get("system") or "loinc", values.get("code"))
    values["concept"] = concept.name if concept else None
    number, text, unit = values.get("value"), values.get("value_text"), values.get("unit")
    found: Mapping[str, Any] | None = None
    if number is not None:
        found = checked(number, unit, concept, "observations.value")
    elif text is not None:
        found = written(text, concept, "observations.value_text", unit)
    if found is None:
        raise RecordFault("missing_required_value", "observations.value", "value or value_text")
    values.update(found, value_text=found.get("value_text") or text)


def _key(table: str, values: Mapping[str, Any], text: bytes) -> str:
    """Return what stands for the row: its patient, encounter or row_id, else its content."""
    if table == "patients":
        return f"Patient/{values['patient_id']}"
    if table == "encounters":
        return f"Encounter/{values['encounter_id']}"
    name = values.get("row_id")
    if name is None:
        name = blake2b(text, digest_size=10).hexdigest()
    return name if "/" in name else f"{table}/{name}"


def _staged(table: str, values: dict[str, Any]) -> dict[str, Any]:
    """Return the row with references in place of ids."""
    row = {
        name: value
        for name, value in values.items()
        if name not in ("patient_id", "encounter_id", "row_id", "source")
    }
    for name in ("patient_id", "encounter_id"):
        if values.get(name) is not None:
            row[name.replace("_id", "_ref")] = (
                f"{'Patient' if name == 'patient_id' else 'Encounter'}/{values[name]}"
            )
    if table == "encounters":
        row["form"] = "table"
        above = row.pop("part_of", None)
        row["part_of_ref"] = f"Encounter/{above}" if above else None
    return row
