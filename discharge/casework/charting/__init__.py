"""What people did in a case, as rows of the chart, so that the next review sees it.

Answers to questionnaires and the physician's answers become rows of ``assessments``; authorizations asked for and
decided become rows of ``authorizations``; notices, denials, appeals, choices, referrals and the rest become
``assessments`` of the facts that rules and clocks ask for. Each row has ``source`` "ledger", ``row_id``
``Event/<event_id>/<n>``, ``assessed_at`` when it happened and ``known_at`` when it was written down: what was written
later was not known earlier. A state holds the latest only, so for a past moment fold the case up to that moment.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from discharge.casework.assessments import charted_answers
from discharge.casework.charting.lines import Line, Value
from discharge.casework.charting.planning import planning_lines
from discharge.casework.charting.utilization import utilization_lines
from discharge.casework.state.model import Authorization, CaseState, DaysAdded, DecisionSeen, Trace
from discharge.casework.work.answers import given
from discharge.chart import DTYPES, TABLES
from discharge.facts import catalogue

SOURCE = "ledger"


def charted(state: CaseState, *, zone: str | None = None) -> dict[str, pd.DataFrame]:
    """Return the rows of ``assessments`` and ``authorizations`` that a case adds to the chart of its stay.

    ``zone`` is the facility's, in which a day begins (the last review's, else UTC). Both frames have exactly the
    columns of :data:`discharge.chart.TABLES`, and no row where nothing is on record.
    """
    where = ZoneInfo(zone or (state.reviews[-1].zone if state.reviews else "UTC"))
    numbers: Counter[str] = Counter()
    assessed = [_assessment(line, numbers) for line in lines(state, where)]
    asked = [_named(row, made, numbers) for row, made in _authorizations(state, where)]
    mine = {"encounter_id": state.encounter_id, "patient_id": state.patient_id, "source": SOURCE}
    return {
        "assessments": _frame("assessments", [row | mine for row in assessed]),
        "authorizations": _frame("authorizations", [row | mine for row in asked]),
    }


def lines(state: CaseState, zone: ZoneInfo) -> list[Line]:
    """Return every fact that the case's events chart, in the order in which it happened; unreadable ones left out."""
    found = [
        *(Line(fact, value, made) for fact, value, made in charted_answers(state, zone)),
        *_physician_answers(state),
        *utilization_lines(state, zone),
        *planning_lines(state),
    ]
    kept = [line for line in found if _is_readable(line)]
    return sorted(kept, key=lambda line: (line.made.at, line.made.recorded_at))


def _physician_answers(state: CaseState) -> Iterator[Line]:
    for question in state.physician_questions.values():
        if question.answered is not None:
            for fact, value in question.facts.items():
                yield Line(fact, _as_typed(fact, value), question.answered)


def _as_typed(fact: str, value: Value) -> Value:
    """Return an answer as the fact's type where it can be told: numbers sent as text, yes and no as numbers."""
    kind = catalogue()[fact].type if fact in catalogue() else None
    if kind == "number" and isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    if kind == "flag" and isinstance(value, str):
        return {"yes": True, "true": True, "no": False, "false": False}.get(value.strip().lower(), value)
    if kind == "flag" and not isinstance(value, bool) and value in (0, 1):
        return bool(value)
    return value


def _is_readable(line: Line) -> bool:
    """Tell whether the fact can be charted directly and the value is of its type."""
    fact = catalogue().get(line.fact)
    if fact is None or not fact.is_assessable:
        return False
    if fact.type == "flag":
        return isinstance(line.value, bool)
    if fact.type == "number":
        return isinstance(line.value, (int, float)) and not isinstance(line.value, bool)
    if fact.type == "time":
        return _is_moment(line.value)
    return isinstance(line.value, str)


def _is_moment(value: Value) -> bool:
    if isinstance(value, (datetime, bool)):  # a bare yes stands for the time of the answer
        return value is not False
    try:
        return isinstance(value, str) and datetime.fromisoformat(value) is not None
    except ValueError:
        return False


def _assessment(line: Line, numbers: Counter[str]) -> dict[str, Any]:
    value = line.value
    number = float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
    text = None if number is not None else _text(value)
    row = {"item": line.fact, "value": number, "value_text": text, "assessed_at": line.made.at}
    return _named(row, line.made, numbers)


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _named(row: dict[str, Any], made: Trace, numbers: Counter[str]) -> dict[str, Any]:
    numbers[made.event_id] += 1
    return row | {"row_id": f"Event/{made.event_id}/{numbers[made.event_id]}", "known_at": made.recorded_at}


def _authorizations(state: CaseState, zone: ZoneInfo) -> Iterator[tuple[dict[str, Any], Trace]]:
    for one in state.authorizations.values():
        base = {
            "service": one.service,
            "number": one.number,
            "requested_at": one.requested.at if one.requested else None,
        }
        if one.requested is not None:
            yield base | {"status": "requested"}, one.requested
        yield from _decisions(one, base, zone)


def _decisions(
    one: Authorization, base: dict[str, Any], zone: ZoneInfo
) -> Iterator[tuple[dict[str, Any], Trace]]:
    """A row per decision and per addition of days; days approved are those of all so far together."""
    said: list[DecisionSeen | DaysAdded] = [*one.decisions, *one.additions]
    said.sort(key=lambda step: (step.made.at, step.made.recorded_at))
    for place, step in enumerate(said, 1):
        row = base | {
            "decided_at": step.made.at,
            "valid_from": _midnight(step.valid_from, zone),
        }
        if isinstance(step, DecisionSeen):
            row |= {
                "number": step.number or one.number,
                "status": step.decision,
                "reason_code": step.reason_code,
            }
        else:
            row |= {"status": "approved"}
        so_far = {
            "decisions": [word for word in said[:place] if isinstance(word, DecisionSeen)],
            "additions": [word for word in said[:place] if isinstance(word, DaysAdded)],
        }
        told = given(one.model_copy(update=so_far))
        yield row | {"days_approved": told.days, "valid_through": _midnight(told.through, zone)}, step.made


def _midnight(day: date | None, zone: ZoneInfo) -> datetime | None:
    """Return the first moment of a local day, as readers of feeds take a date."""
    return None if day is None else datetime(day.year, day.month, day.day, tzinfo=zone)


def _frame(table: str, rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    columns: dict[str, Any] = {}
    for name, column in TABLES[table].items():
        values = [row.get(name) for row in rows]
        if column.kind == "time":
            times: Any = pd.to_datetime(pd.Series(values, dtype="object"), utc=True)
            columns[name] = times.astype(DTYPES["time"])
        else:
            columns[name] = pd.Series(values, dtype=DTYPES[column.kind])
    return pd.DataFrame(columns)
