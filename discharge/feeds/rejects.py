"""Why a record could not be used: stable codes, what each means and what to do about it.

A reject names the place (source, line, record, field) and what was expected, never the value: values are patient data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

COLUMNS = ("source", "line", "record", "field", "code", "message")


@dataclass(frozen=True, slots=True)
class RejectCode:
    """``meaning`` is the message written; ``remedy`` says what to do about it."""

    meaning: str
    remedy: str


CODES: Mapping[str, RejectCode] = {
    "empty_file": RejectCode("the file holds nothing", "export it again, or leave it out"),
    "not_utf8": RejectCode(
        "the text is not valid UTF-8", "convert the file to UTF-8, or give its encoding (tabular feeds)"
    ),
    "truncated_gzip": RejectCode(
        "the gzip file ends or breaks here; what follows is lost",
        "copy the file again; compare its size with the original",
    ),
    "unreadable_file": RejectCode(
        "the file can't be read in the format its name says", "export it again, or rename it"
    ),
    "invalid_json": RejectCode(
        "not valid JSON", "export the record again; NDJSON holds one whole record a line"
    ),
    "not_an_object": RejectCode(
        "JSON, but not an object with a resourceType", "one FHIR resource is expected"
    ),
    "unknown_resource_type": RejectCode(
        "resourceType is not one of FHIR R4", "check its spelling and the FHIR version of the export"
    ),
    "missing_id": RejectCode(
        "neither id, fullUrl nor identifier: nothing can refer to it", "export the record with its id"
    ),
    "missing_required_value": RejectCode("a value that is required is missing", "fill in the field named"),
    "unknown_table": RejectCode(
        "the file's name is not that of a chart table", "rename it, or name it in a column mapping"
    ),
    "wrong_columns": RejectCode(
        "the line has more or fewer values than the header", "quote values that hold the delimiter"
    ),
    "invalid_structure": RejectCode(
        "the field is not built as FHIR R4 says", "check the export's FHIR version"
    ),
    "duplicate_conflict": RejectCode(
        "the same id occurs with different content and nothing says which is newer",
        "send one version, or meta.lastUpdated",
    ),
    "superseded": RejectCode(
        "a newer version of the same id is in the feed", "nothing: the newest version is used"
    ),
    "encounter_without_period": RejectCode(
        "the encounter has no period.start", "export the start of the encounter"
    ),
    "end_before_start": RejectCode("the end is before the start", "correct the times in the source system"),
    "bad_date": RejectCode(
        "not a date or time that can be read", "ISO 8601 is expected, such as 2025-06-15T07:00:00-04:00"
    ),
    "future_date": RejectCode(
        "more than 366 days after the review's as-of time", "check the date, and --as-of"
    ),
    "observation_without_unit": RejectCode(
        "a measured value without unit", "export the unit with the value (UCUM)"
    ),
    "unit_not_convertible": RejectCode(
        "the unit does not convert to this measurement's own", "check code and unit"
    ),
    "implausible_value": RejectCode(
        "outside what is physically possible", "check value and unit in the source system"
    ),
    "value_not_numeric": RejectCode(
        "a number is expected for this measurement", "send the value when it is there, not a word"
    ),
    "invalid_value": RejectCode(
        "not a value of this column's kind", "see `discharge feed schema` for the column"
    ),
    "unknown_patient": RejectCode(
        "refers to a patient that is not in the feed, or was rejected", "add the patient to the feed"
    ),
    "unknown_encounter": RejectCode(
        "refers to an encounter that is not in the feed, or was rejected", "add the encounter to the feed"
    ),
    "patient_mismatch": RejectCode(
        "its patient is not the patient of its encounter", "correct the references in the source system"
    ),
    "internal_error": RejectCode(
        "a defect of Discharge", "please report it with the exception type in the message"
    ),
}


class RecordFault(Exception):
    """A record, or a part of one, can't be used. ``detail`` adds to the code's meaning; never a value."""

    def __init__(self, code: str, field: str = "", detail: str = "") -> None:
        self.code, self.field, self.detail = code, field, detail
        super().__init__(code)

    @property
    def message(self) -> str:
        """The text of the reject row."""
        return message(self.code, self.detail)


def message(code: str, detail: str = "") -> str:
    """Return the message of ``code``.

    >>> message("bad_date")
    'not a date or time that can be read; ISO 8601 is expected, such as 2025-06-15T07:00:00-04:00'
    """
    entry = CODES[code]
    return f"{entry.meaning} ({detail}); {entry.remedy}" if detail else f"{entry.meaning}; {entry.remedy}"
