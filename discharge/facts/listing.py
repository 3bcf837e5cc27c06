"""The fact catalogue: every fact that rules may name, read from ``reference/facts/``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, TypeAlias

from discharge.codes import Concept, concepts
from discharge.reference import load_tables

FactType: TypeAlias = Literal["number", "flag", "text", "time", "codes"]

_ASSESSED = "charted directly (assessments, item of this name)"
_SILENCE = "; false only where the chart keeps such rows for the stay, else unknown"


@dataclass(frozen=True)
class Fact:
    """One thing that can be said of a stay.

    ``title`` in a nurse's words; ``unit`` is UCUM (numbers only); ``meaning`` says what it is, ``how`` how it is
    taken from the chart; ``codes`` are the codes looked for, ``statistic`` and ``window`` what is taken of them.
    ``source`` is the row of its table that the extraction works from.
    """

    name: str
    title: str
    type: FactType
    unit: str | None
    meaning: str
    how: str
    codes: tuple[dict[str, str], ...] = ()
    statistic: str | None = None
    window: str | None = None
    is_assessable: bool = False
    source: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def group(self) -> str:
        return self.name.partition(".")[0]


@cache
def catalogue() -> Mapping[str, Fact]:
    """Return every fact by name (``vitals.spo2_admit_min``), in the order of the file."""
    table = load_tables("facts")
    facts = [*_systematic(table), *_named(table)]
    return {fact.name: fact for fact in facts}


@cache
def groups() -> Mapping[str, str]:
    """Return the title of each group of facts."""
    named = {name: group["title"] for name, group in load_tables("facts")["groups"].items()}
    return {"vitals": "Vital signs", "labs": "Laboratory values", **named}


def _systematic(table: Mapping[str, Any]) -> Iterator[Fact]:
    for group, row in table["systematic"].items():
        for name in row["concepts"]:
            for statistic in row["statistics"]:
                yield _measured(f"{group}.{name}_{statistic}", name, statistic, table, {})


def _measured(
    name: str, concept: str, statistic: str, table: Mapping[str, Any], row: Mapping[str, Any]
) -> Fact:
    taken, words = concepts()[concept], table["statistics"][statistic]
    also = table["also_from"].get(concept, [])
    return Fact(
        name=name,
        title=row.get("title", f"{taken.title}, {words['title']}"),
        type="number",
        unit=taken.unit,
        meaning=f"{taken.title}: {words['statistic']} of the window {words['window']}",
        how="observations of the concept " + ", ".join([concept, *also]),
        codes=_codes(taken, *(concepts()[other] for other in also)),
        statistic=words["statistic"],
        window=words["window"],
        is_assessable=bool(row.get("assessable")),
        source={"measured": {"concept": concept, "statistic": statistic}},
    )


def _codes(*taken: Concept) -> tuple[dict[str, str], ...]:
    return tuple({"system": system, "code": code} for concept in taken for system, code in concept.codes)


def _named(table: Mapping[str, Any]) -> Iterator[Fact]:
    for group, content in table["groups"].items():
        for short, row in content["facts"].items():
            name = f"{group}.{short}"
            row = {"assessable": content.get("assessable", False), **row}
            if "measured" in row:
                yield _measured(name, row["measured"]["concept"], row["measured"]["statistic"], table, row)
                continue
            how = "; or ".join(text for key, tell in _HOW.items() if key in row for text in [tell(row[key])])
            yield Fact(
                name=name,
                title=row["title"],
                type=row["type"],
                unit=row.get("unit"),
                meaning=row.get("meaning", row["title"]),
                how=how + (f"; or {_ASSESSED}" if row["assessable"] and "assessed" not in row else ""),
                codes=_row_codes(row),
                window=_window(row),
                is_assessable=bool(row["assessable"]) or "assessed" in row,
                source=row,
            )


def _row_codes(row: Mapping[str, Any]) -> tuple[dict[str, str], ...]:
    found = [{"system": system, "code": code} for system, code in row.get("ordered", {}).get("codes", ())]
    found += [{"system": "loinc", "code": code} for code in row.get("written", {}).get("loinc", ())]
    answered = _codes(concepts()[row["answered"]["concept"]]) if "answered" in row else ()
    return (*found, *answered)


def _window(row: Mapping[str, Any]) -> str | None:
    for key in ("given", "performed"):
        if key in row:
            hours = row[key].get("hours")
            return f"{hours} h up to t" if hours else "a to t"
    return None


def _given(how: Mapping[str, Any]) -> str:
    what = " or ".join(how["class"]).replace("_", " ") or "any drug but flushes and plain IV fluids"
    when = f"in the {how['hours']} h up to t" if "hours" in how else "in the stay"
    return f"administrations of {what}, route {' or '.join(how['route'])}, {when}{_SILENCE}"


def _performed(how: Mapping[str, Any]) -> str:
    when = f"in the {how['hours']} h up to t" if "hours" in how else "in the stay"
    return f"procedures of the group {how['group']} (procedures.yaml) {when}{_SILENCE}"


def _quoted(words: list[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)


# How each way of taking a fact is told.
_HOW: Mapping[str, Any] = {
    "computed": lambda how: how,
    "given": _given,
    "performed": _performed,
    "ordered": lambda how: f"orders whose words contain {_quoted(how['words'])}{_SILENCE}",
    "written": lambda how: f"documents named {_quoted(how['words'])}, or with the code{_SILENCE}",
    "coded": lambda how: f"a diagnosis of the value set {how}; its absence says nothing",
    "answered": lambda how: f"the latest coded answer to {how['concept']} (answers.yaml)",
    "assessed": lambda _: _ASSESSED,
}
