"""The questionnaires as one page of Markdown, for people who want to read them before they use them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from discharge.casework.assessments.load import questionnaire_base
from discharge.casework.assessments.model import EnableWhen, Item, Questionnaire
from discharge.facts import catalogue

_INTRODUCTION = """\
Assessments are questionnaires in data (`discharge/reference/questionnaires`), in the shape of FHIR R4 Questionnaire.
They are asked in part and resumed; an answer can be taken back. An answer charts the fact named beside the question,
and the next review sees it. Nothing has a first answer: what nobody asked is unknown. Every question also takes
`asked-unknown` (asked, and not known) and `asked-declined`, which chart nothing. `*`: needed before the whole counts as
complete. This page is made by `python scripts/questionnaires.py`.
"""
_SENSITIVITY = {
    "usual": "",
    "sensitive": "Marked sensitive: its name stands in no list of tasks.",
    "confidential": "For a person only: it stands on no paper and in no list of tasks.",
}


def page(questionnaires: Mapping[str, Questionnaire]) -> str:
    """Return the page: a table of contents with what each charts, and every question."""
    fed = {fact for one in questionnaires.values() for fact in one.facts}
    can = [name for name, fact in catalogue().items() if fact.is_assessable]
    lines = ["# Questionnaires", "", _INTRODUCTION]
    lines += [f"They chart {len(fed)} of the {len(can)} facts that can be charted directly.", ""]
    lines += ["| Questionnaire | Questions | Facts | |", "|---|---|---|---|"]
    for name, one in questionnaires.items():
        kind = one.sensitivity if one.sensitivity != "usual" else ""
        lines.append(f"| [{one.title}](#{name}) | {len(one.questions)} | {len(one.facts)} | {kind} |")
    for one in questionnaires.values():
        lines += ["", *_questionnaire(one)]
    return "\n".join(lines) + "\n"


def _questionnaire(one: Questionnaire) -> Iterator[str]:
    base = questionnaire_base()
    yield f'<a id="{one.id}"></a>'
    yield ""
    yield f"## {one.title}"
    yield ""
    yield f"`{one.id}`, version {one.version}. {one.purpose}"
    for more in (_SENSITIVITY[one.sensitivity], base.licences[one.licence].title):
        if more:
            yield more
    yield "Sources: " + "; ".join(base.citations[name].title for name in one.cite) + "."
    yield "Answered by: " + ", ".join(one.respondents) + "."
    yield ""
    yield "| Question | Answer | Charts |"
    yield "|---|---|---|"
    yield from _rows(one.item, one, 0)


def _rows(items: Sequence[Item], whole: Questionnaire, depth: int) -> Iterator[str]:
    for item in items:
        mark = " *" if item.required else ""
        asked = " and " if item.enable_behavior != "any" else " or "
        when = asked.join(_condition(one, whole) for one in item.enable_when)
        text = "— " * depth + (f"**{item.text}**" if item.type == "group" else item.text) + mark
        if when:
            text += f" <br>*if {when}*"
        yield f"| {_cell(text)} | {_cell(_answer(item))} | {_cell(_charts(item))} |"
        yield from _rows(item.item, whole, depth + 1)


def _condition(when: EnableWhen, whole: Questionnaire) -> str:
    other = whole.flat[when.question].text.rstrip("?:.")
    if when.operator == "exists":
        return f"“{other}” is {'answered' if when.answer else 'not answered'}"
    said = {True: "yes", False: "no"}.get(when.answer) if isinstance(when.answer, bool) else when.answer
    named = {one.code: one.display for one in whole.flat[when.question].answer_option}
    return f"“{other}” {when.operator} {named.get(str(said), said)}"


def _answer(item: Item) -> str:
    if item.type == "choice":
        said = ", ".join(one.display for one in item.answer_option)
        return f"several of: {said}" if item.repeats else said
    if item.type in ("integer", "decimal"):
        unit = f" {item.unit}" if item.unit else ""
        return (
            f"{item.least} to {item.most}{unit}" if None not in (item.least, item.most) else f"number{unit}"
        )
    return {"boolean": "yes, no", "date": "day", "dateTime": "time", "group": ""}.get(item.type, "words")


def _charts(item: Item) -> str:
    named = dict.fromkeys(fact for one in item.answer_option for fact in one.facts)
    return ", ".join(f"`{fact}`" for fact in ([item.fact] if item.fact else []) + list(named))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
