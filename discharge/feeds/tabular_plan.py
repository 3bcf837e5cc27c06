"""Which file is which chart table, and which of its columns is which: by name, or by a mapping file.

A mapping file::

    time_format: "%m/%d/%Y %H:%M"        # where times are not ISO 8601
    tables:
      encounters:
        file: adt_export                 # file name or its stem; `sheet: NAME` for one sheet of an Excel file
        columns: {encounter_id: VISIT_NO, patient_id: MRN, start: ADMIT_DT}
        values: {class_code: {I: IMP, O: OBSENC}}
        constants: {facility: "General Hospital"}

Tables that the mapping leaves out are read from files of their own name.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from discharge import yaml
from discharge.chart import TABLES
from discharge.errors import Fault, FeedError, FeedNotFoundError
from discharge.feeds.charts import FeedTablesError
from discharge.feeds.files import FeedFile
from discharge.feeds.rejects import RecordFault
from discharge.feeds.tabular_files import EXCEL, rows, sheets, sniff

_PARTS = {
    "columns": "our column: theirs, such as {start: ADMIT_DT}",
    "values": "column: {theirs: ours}, such as {class_code: {I: IMP}}",
    "constants": "column: value, such as {facility: General Hospital}",
}
_KEYS = ("file", "sheet", *_PARTS)


@dataclass(frozen=True)
class TableSource:
    """How one file becomes rows of one table: ``columns`` gives the place of each chart column in a row."""

    table: str
    encoding: str
    delimiter: str
    columns: Mapping[str, int]
    width: int
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    time_format: str | None = None


@dataclass(frozen=True)
class TabularPlan:
    """``files`` are all files, a tabular one once for each table it fills; ``sources`` goes by place in it."""

    files: tuple[FeedFile, ...]
    sources: Mapping[int, TableSource]
    faults: Mapping[int, RecordFault] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def without_patients(self) -> bool:
        """True when the feed is tabular and brings no patients table: then patients are known by their ids alone."""
        tables = {source.table for source in self.sources.values()}
        return (
            bool(tables) and "patients" not in tables and all(file.kind == "tabular" for file in self.files)
        )


def plan_tables(
    files: Sequence[FeedFile],
    *,
    mapping: Path | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
) -> TabularPlan:
    """Return the plan for all ``files``; FHIR files pass through.

    Raises:
        FeedTablesError: every unknown name in the mapping and every required column that a file lacks, with the
            nearest right name.
        FeedError: no file has the name of a chart table.
    """
    asked = _read_mapping(mapping) if mapping else {}
    tabular = [part for file in files if file.kind == "tabular" for part in _parts(file)]
    chosen, faults = _by_mapping(tabular, asked["tables"]) if asked else _by_name(tabular)
    if tabular and not any(file.kind == "fhir" for file in files) and not any(table for _, table in chosen):
        raise FeedError("no file has the name of a chart table: " + "; ".join(str(fault) for fault in faults))
    if asked and faults:
        raise FeedTablesError(faults)
    planned = [(file, "") for file in files if file.kind == "fhir"] + chosen
    planned.sort(key=lambda entry: (entry[0].source, entry[1]))
    found = _look_into(planned, asked, (encoding, delimiter))
    if found.wrong:
        raise FeedTablesError(found.wrong)
    if asked:
        named = {file.path for file, _ in chosen}
        found.notes += [
            f"{file.source}: not in the mapping, not read" for file in tabular if file.path not in named
        ]
    return TabularPlan(tuple(file for file, _ in planned), found.sources, found.broken, tuple(found.notes))


@dataclass
class _Found:
    """What was found while planning: usable and unusable files by place, faults of names, notes for the reader."""

    sources: dict[int, TableSource] = field(default_factory=dict)
    broken: dict[int, RecordFault] = field(default_factory=dict)
    wrong: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def _look_into(
    planned: list[tuple[FeedFile, str]], asked: Mapping[str, Any], given: tuple[str | None, str | None]
) -> _Found:
    found = _Found()
    for place, (file, table) in enumerate(planned):
        if file.kind == "tabular" and table:
            spec = {**asked.get("tables", {}).get(table, {}), "time_format": asked.get("time_format")}
            source = _source(file, table, spec, given, found)
            if isinstance(source, RecordFault):
                found.broken[place] = source
            else:
                found.sources[place] = source
        elif file.kind == "tabular" and file.path.stat().st_size == 0:
            found.broken[place] = RecordFault("empty_file")
        elif file.suffix in EXCEL and not file.sheet:
            found.broken[place] = RecordFault("unreadable_file", "", "Excel")
        elif file.kind == "tabular":
            found.broken[place] = RecordFault("unknown_table", "", _nearest(_stem(file), list(TABLES)))
    return found


def _parts(file: FeedFile) -> list[FeedFile]:
    """Return an Excel file once for each of its sheets."""
    if file.suffix not in EXCEL or not sheets(file.path):
        return [file]
    return [replace(file, source=f"{file.source}#{name}", sheet=name) for name in sheets(file.path)]


def _stem(file: FeedFile) -> str:
    return (file.sheet or file.path.name.split(".", 1)[0]).strip().lower()


def _nearest(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name.lower(), [k.lower() for k in known], n=1)
    right = next((k for k in known if near and k.lower() == near[0]), None)
    return f"did you mean {right}?" if right else f"one of {', '.join(sorted(known))}"


def _by_name(files: list[FeedFile]) -> tuple[list[tuple[FeedFile, str]], list[Fault]]:
    chosen = [(file, _stem(file) if _stem(file) in TABLES else "") for file in files]
    faults = [
        Fault(f.source, "not the name of a chart table", _nearest(_stem(f), list(TABLES)))
        for f, t in chosen
        if not t
    ]
    return chosen, faults


def _by_mapping(
    files: list[FeedFile], tables: Mapping[str, Any]
) -> tuple[list[tuple[FeedFile, str]], list[Fault]]:
    chosen, faults = [], []
    for table, spec in tables.items():
        wanted = str(spec.get("file", table)).lower()
        hits = [
            file
            for file in files
            if wanted in (file.path.name.lower(), file.path.name.lower().split(".", 1)[0])
            and str(spec.get("sheet", file.sheet)).lower() == file.sheet.lower()
        ]
        if not hits:
            names = sorted({file.path.name.split(".", 1)[0] for file in files})
            faults.append(
                Fault(f"mapping: tables.{table}.file", "no such file in the feed", _nearest(wanted, names))
            )
        chosen += [(file, table) for file in hits]
    named = {file.path for file, _ in chosen}
    by_name, _ = _by_name([file for file in files if file.path not in named])
    return chosen + [(file, table) for file, table in by_name if table and table not in tables], faults


def _read_mapping(path: Path) -> dict[str, Any]:
    where = path.name
    if not path.is_file():
        raise FeedNotFoundError(f"--mapping: there is no file {path}")
    document = yaml.read(path.read_bytes(), where=where)
    if document.faults:
        raise FeedTablesError(document.faults)
    read = document.value
    if not isinstance(read, dict) or not isinstance(read.get("tables"), dict):
        raise FeedTablesError(
            [Fault(where, "no `tables:`", "tables: {encounters: {file: ..., columns: {...}}}")]
        )
    faults = [
        Fault(f"{where}: {k}", "unknown key", "tables, time_format")
        for k in read
        if k not in ("tables", "time_format")
    ]
    for table, spec in read["tables"].items():
        at = f"{where}: tables.{table}"
        if table not in TABLES:
            faults.append(Fault(at, "unknown table", _nearest(str(table), list(TABLES))))
        elif not isinstance(spec, dict):
            faults.append(Fault(at, "not a mapping", "{file: ..., columns: {...}}"))
        else:
            faults += [
                Fault(f"{at}.{k}", "unknown key", _nearest(str(k), list(_KEYS)))
                for k in spec
                if k not in _KEYS
            ]
            for part, example in _PARTS.items():
                faults += _part_faults(f"{at}.{part}", spec.get(part), table, example)
    if faults:
        raise FeedTablesError(faults)
    return read


def _part_faults(at: str, part: object, table: str, example: str) -> list[Fault]:
    """Return what is wrong with ``columns``, ``values`` or ``constants`` of one table."""
    if part is None:
        return []
    if not isinstance(part, dict):
        return [Fault(at, "not a mapping", example)]
    faults = [
        Fault(f"{at}.{column}", "unknown column", _nearest(str(column), list(TABLES[table])))
        for column in part
        if column not in TABLES[table]
    ]
    if at.endswith(".values"):
        faults += [
            Fault(f"{at}.{column}", "not a mapping", example)
            for column, pairs in part.items()
            if not isinstance(pairs, dict)
        ]
    return faults


def _source(
    file: FeedFile, table: str, spec: Mapping[str, Any], given: tuple[str | None, str | None], found: _Found
) -> TableSource | RecordFault:
    if file.path.stat().st_size == 0:
        return RecordFault("empty_file")
    if file.suffix in EXCEL and not file.sheet:
        return RecordFault("unreadable_file", "", "Excel")
    is_text = file.suffix not in (".parquet", *EXCEL)
    encoding, delimiter = sniff(file, *given) if is_text else ("utf-8", ",")
    header = next(iter(rows(file, encoding, delimiter)), None)
    if header is None:
        return RecordFault("empty_file")
    if isinstance(header[1], RecordFault):
        return header[1]
    names = [str(cell).strip() for cell in header[1]]
    constants = {str(k): str(v) for k, v in (spec.get("constants") or {}).items()}
    columns = _columns(file, table, names, spec.get("columns") or {}, constants, found)
    extra = [name for place, name in enumerate(names) if place not in columns.values() and name]
    found.notes += [f"{file.source}: columns not used: {', '.join(extra)}"] if extra else []
    found.notes += [f"{file.source}: read as {encoding}"] if encoding not in ("utf-8", "utf-8-sig") else []
    values = spec.get("values") or {}
    texts = {str(c): {str(k): str(v) for k, v in pairs.items()} for c, pairs in values.items()}
    return TableSource(
        table, encoding, delimiter, columns, len(names), texts, constants, spec.get("time_format")
    )


def _columns(
    file: FeedFile,
    table: str,
    names: list[str],
    asked: Mapping[str, Any],
    constants: Mapping[str, str],
    found: _Found,
) -> dict[str, int]:
    """Return the place of each chart column in a row; names match whatever their case."""
    places = {name.lower(): place for place, name in reversed(list(enumerate(names)))}
    columns = {}
    for column, rule in TABLES[table].items():
        name = str(asked.get(column, column))
        if name.lower() in places:
            columns[column] = places[name.lower()]
        elif column in asked:
            what = f"no such column (mapped to {column})"
            found.wrong.append(Fault(f"{file.source}: {name}", what, _nearest(name, names)))
        elif rule.required and column not in constants:
            near = _near_header(column, names)
            found.wrong.append(Fault(f"{file.source}: {column}", "a required column is missing", near))
    return columns


def _near_header(column: str, names: list[str]) -> str:
    near = difflib.get_close_matches(column, [name.lower() for name in names], n=1)
    return (
        f"is it {near[0]}? rename it, or name it in the column mapping"
        if near
        else "add it, or name it in the column mapping"
    )
