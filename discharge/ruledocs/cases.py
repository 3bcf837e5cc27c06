"""Cases as sentences: what is given, what follows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from discharge.packs import Case, RuleFile
from discharge.ruledocs.markdown import amount, code, day, human, listed, lower, number, plain
from discharge.ruledocs.rules import conclusion_name
from discharge.ruledocs.trees import Teller, word

_STATUS = {"met": "met", "not_met": "not met", "unknown": "can't be told"}


def case_line(teller: Teller, file: RuleFile, case: Case) -> str:
    """Return one case as a point of a list."""
    given = "; ".join(_given(teller, name, value) for name, value in case.given.items())
    follows = "; ".join(_expected(teller, file, case.expect))
    missing = (
        f" Still to be charted: {listed([lower(teller.fact(one)) for one in case.missing], 'and')}."
        if case.missing
        else ""
    )
    return f"- **{plain(case.name)}** ({_when(case.as_of)}). Charted: {given or 'nothing'}. Then: {follows}.{missing}"


def _when(as_of: str) -> str:
    moment = datetime.fromisoformat(as_of)
    shown = day(moment.date())
    return shown if len(as_of) == len("2026-01-01") else f"{shown} {moment:%H:%M}"


def _given(teller: Teller, name: str, value: Any) -> str:
    fact = teller.packs.names.facts[name]
    return f"{lower(teller.fact(name))}: {_value(value, fact.unit, fact.type)}"


def _value(value: Any, own_unit: str | None, kind: str) -> str:
    if isinstance(value, Mapping):
        return _value(value.get("value"), str(value.get("unit", own_unit)), kind)
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "not known"}[value]
    if isinstance(value, (int, float)):
        return amount(float(value), own_unit)
    if isinstance(value, (list, tuple)):
        return listed([plain(code(str(one))) for one in value], "and") if value else "none"
    return _moment(str(value)) if kind == "time" else word(code(str(value)))


def _moment(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return plain(text)
    return (
        day(moment.date())
        if len(text) == len(date.min.isoformat())
        else f"{day(moment.date())} {moment:%H:%M}"
    )


def _expected(teller: Teller, file: RuleFile, expect: Mapping[str, Any]) -> Iterator[str]:
    for key, wanted in expect.items():
        if key == "applies":
            yield f"whether these rules apply: {_STATUS[wanted].replace('not met', 'no').replace('met', 'yes')}"
        elif key == "concludes":
            yield "concluded: " + (
                listed([conclusion_name(one) for one in wanted], "and") if wanted else "nothing"
            )
        elif key == "not_concludes":
            yield f"not concluded: {listed([conclusion_name(one) for one in wanted])}"
        elif key in file.criteria:
            yield f"“{lower(teller.title(file.criteria[key].id))}” {_STATUS[wanted]}"
        elif key == "band":
            yield from _bands(teller, file, wanted)
        else:
            yield f"{_score(teller, file, key)} {_total(wanted)}"


def _score(teller: Teller, file: RuleFile, name: str) -> str:
    score = file.scores.get(name) or teller.packs.scores.get(name)
    return plain(score.title) if score is not None else human(name)


def _total(wanted: Any) -> str:
    if isinstance(wanted, (list, tuple)):
        return f"{number(float(wanted[0]))} to {number(float(wanted[1]))}, as inputs are missing"
    return number(float(wanted)) if isinstance(wanted, (int, float)) else plain(str(wanted).replace("_", " "))


def _bands(teller: Teller, file: RuleFile, wanted: Mapping[str, Any]) -> Iterator[str]:
    for name, band in wanted.items():
        said = band if isinstance(band, Mapping) else {"": band}
        for set_name, one in said.items():
            of = f" ({human(set_name)})" if set_name else ""
            yield f"band of {_score(teller, file, name)}{of}: {plain(str(one))}"
