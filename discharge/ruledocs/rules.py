"""Rules in words: when what is known, what is concluded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from discharge import wording
from discharge.packs import Rule
from discharge.packs.conclusions import (
    Advice,
    Barrier,
    Clock,
    CodeSuggestion,
    DenialRisk,
    DocumentationGap,
    Eligibility,
    Fit,
    Need,
    Payload,
    SafetyFlag,
    Task,
)
from discharge.packs.when import Test
from discharge.reference import load_yaml
from discharge.ruledocs.markdown import amount, human, listed, lower, plain, sentence
from discharge.ruledocs.markdown import code as dotted
from discharge.ruledocs.trees import Teller

_SAID = {"met": "is met", "not_met": "is not met", "unknown": "can't be told"}
_ELIGIBLE = {
    "met": "covered by these rules",
    "not_met": "not covered by these rules",
    "unknown": "coverage can't be told",
}
_FITS = {
    "met": "clinically right",
    "not_met": "not clinically right",
    "unknown": "can't be told whether it is right",
}


def rule_lines(teller: Teller, rule: Rule) -> Iterator[str]:
    """Yield one rule: its conditions, then what it concludes."""
    yield f"{rule.index + 1}. When {when(teller, rule)}:{teller.cited(rule.cites)}"
    for said in rule.then:
        yield f"   - {conclusion(teller, said.payload)}"


def when(teller: Teller, rule: Rule) -> str:
    """Return the conditions of a rule; what every way to fire has in common is said once."""
    common = frozenset.intersection(*rule.when)
    ways = sorted({frozenset(option - common) for option in rule.when if option - common}, key=sorted)
    parts = [_test(teller, [test]) for test in in_order(teller, common)]
    subjects = {test.subject for way in ways for test in way}
    if ways and len(subjects) == 1 and all(len(way) == 1 for way in ways):
        parts.append(_test(teller, sorted(test for way in ways for test in way)))
    elif ways:
        told = [listed([_test(teller, [test]) for test in in_order(teller, way)], "and") for way in ways]
        parts.append("either " + ", or ".join(told) if len(told) > 1 else told[0])
    return listed(parts, "and") if parts else "always"


def in_order(teller: Teller, tests: Iterable[Test]) -> list[Test]:
    """Return tests in the order in which their criteria stand in the file, those of other files first."""
    places = {one.id: place for place, one in enumerate(teller.file.criteria.values())}
    return sorted(tests, key=lambda test: (places.get(test.name, -1), test))


def _test(teller: Teller, tests: Sequence[Test]) -> str:
    """Return one thing looked at, and the words that will do."""
    first = tests[0]
    words = [test.word for test in tests]
    if first.kind == "conclusion":
        name = conclusion_name(first.name)
        return f"{name} is {'' if words == ['yes'] else 'not '}concluded"
    if len(words) == 3:
        return f"{teller.link(first.name)} is met, is not met or can't be told (that is, always)"
    return (
        f"{teller.link(first.name)} {listed([_SAID[word] for word in sorted(words, key=list(_SAID).index)])}"
    )


def conclusion_name(name: str) -> str:
    """Return the name of a conclusion in words."""
    kind, _, subject = name.partition(".")
    return f"“{human(kind).lower()}: {lower(_subject(kind, subject))}”"


def _subject(kind: str, subject: str) -> str:
    titles = {"need": ("needs.yaml", "needs"), "clock": ("clocks.yaml", "clocks")}
    if kind in titles:
        return titled(*titles[kind], subject)
    if kind in ("fit", "eligibility"):
        return titled("options.yaml", "options", subject)
    if kind == "barrier":
        option, _, cause = subject.partition(".")
        return f"{titled('options.yaml', 'options', option)}, {human(cause).lower()}"
    return subject if kind == "documentation_gap" else human(subject)


def titled(file: str, key: str, name: str) -> str:
    """Return the title that a table of reference gives a name; the name in words where it gives none."""
    row: Any = load_yaml(file)[key].get(name)
    return plain(str(row["title"])) if isinstance(row, dict) and "title" in row else human(name)


def _option(name: str) -> str:
    return titled("options.yaml", "options", name)


def conclusion(teller: Teller, payload: Payload) -> str:
    """Return what is concluded as a sentence."""
    match payload:
        case Need(need=need):
            return f"**Need**: {lower(titled('needs.yaml', 'needs', need))}."
        case Eligibility(option=option, status=status, note=text):
            return f"**{_option(option)}**: {_ELIGIBLE[status]}{_because(text)}"
        case Fit(option=option, status=status):
            return f"**{_option(option)}**: {_FITS[status]}."
        case Barrier():
            return _barrier(teller, payload)
        case DenialRisk(cause=cause, because=because):
            title = _cause(teller, cause)
            return f"**Denial risk**, {lower(title)}: {sentence(lower(plain(because)))}"
        case DocumentationGap(ask=ask, of=who, question=question):
            asked = f" “{plain(question)}”" if question else ""
            return f"**Ask** the {wording.who(who or 'care_team')} to chart {lower(teller.fact(ask))}.{asked}"
        case Task():
            due = f", due within {amount(payload.due_in, payload.unit)}" if payload.due_in is not None else ""
            cites = teller.cited([payload.cite] if payload.cite else [])
            return (
                f"**Task** for the {wording.who(payload.owner)}{due}: {sentence(plain(payload.title))}{cites}"
            )
        case Advice(text=text):
            return f"**Advice**: {sentence(plain(text))}"
        case Clock(clock=clock):
            return f"**Clock** starts: {lower(titled('clocks.yaml', 'clocks', clock))}."
        case CodeSuggestion(code=code):
            return f"**Code to confirm**: {dotted(code)}, {lower(titled('z_codes.yaml', 'codes', code))}."
        case SafetyFlag(title=title, call=call):
            return f"**For a person only**: {sentence(plain(title))} Call: {sentence(plain(call))}"
        case _:
            return _any_other(payload)


def _barrier(teller: Teller, payload: Barrier) -> str:
    code = f" (claim adjustment reason code {payload.carc})" if payload.carc else ""
    said = f"**Barrier** to {lower(_option(payload.option))}: {lower(_cause(teller, payload.cause))}{code}."
    if payload.remedy is None:
        return said
    return f"{said} {human(wording.who(payload.who or 'somebody'))}: {sentence(plain(payload.remedy))}"


def _cause(teller: Teller, cause: str) -> str:
    """Return the title of a cause of denial; other causes in the words of their name."""
    file = teller.packs.denial_causes.get(cause)
    return plain(
        file.denial_cause.title if file is not None and file.denial_cause is not None else human(cause)
    )


def _because(text: str | None) -> str:
    return f": {sentence(plain(text))}" if text else "."


def _any_other(payload: Payload) -> str:
    """Return a conclusion of another kind: its name, then everything it says."""
    name = human("".join(f"_{sign.lower()}" if sign.isupper() else sign for sign in type(payload).__name__))
    said = [
        str(value)
        for key, value in payload.model_dump().items()
        if value is not None and key not in payload.keys
    ]
    what = human(payload.subject) if payload.subject.islower() else payload.subject
    return f"**{name}**, {plain(what)}: {sentence(plain('; '.join(one for one in said)))}"
