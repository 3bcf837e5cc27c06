"""The page of one rule file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from discharge import wording
from discharge.dated import Citation
from discharge.packs import Packs, RuleFile
from discharge.packs.model import Criterion
from discharge.rulecheck.walk import roots
from discharge.ruledocs.cases import case_line
from discharge.ruledocs.markdown import amount, code, day, human, listed, lower, plain, sentence, table
from discharge.ruledocs.rules import rule_lines, titled
from discharge.ruledocs.scores import score_lines
from discharge.ruledocs.trees import PAYERS, Teller, set_title, sets_in

STAGES = {
    "level_of_care": "Level of care",
    "continued_stay": "Continued stay",
    "coverage": "Coverage",
    "denial": "Denial risk",
    "needs": "Needs and options after the stay",
    "clocks": "Notices, deadlines and tasks",
}
_ROLES = {
    "admission": "Supports admission",
    "continued_stay": "Supports another day",
    "discharge_ready": "Ready to leave the hospital",
}
_CODES_SHOWN = 60


def file_page(packs: Packs, file: RuleFile) -> str:
    """Return the page of a file as Markdown."""
    teller = Teller(packs, file)
    lines = [f"# {plain(file.title)}", ""]
    if file.summary:
        lines += [sentence(plain(file.summary)), ""]
    lines += [*_head(teller), ""]
    for title, part in (
        ("What it answers", _roles(teller)),
        ("Expected course", _course(teller)),
        ("Denial cause", _cause(teller)),
        ("Criteria", _criteria(teller)),
        ("Scores", (line for score in file.scores.values() for line in score_lines(teller, score))),
        ("Rules", (line for rule in file.rules for line in rule_lines(teller, rule))),
        ("How a review says it", _explain(teller)),
        ("Values that change by day", _parameters(teller)),
        ("Lists of codes and drugs", _sets(teller)),
        ("Sources", _sources(teller)),
        ("Cases", (case_line(teller, file, case) for case in file.cases)),
    ):
        told = list(part)
        if told:
            lines += [f"## {title}", "", *told, *([""] if told[-1] else [])]
    return "\n".join(lines).rstrip("\n") + "\n"


def _head(teller: Teller) -> Iterator[str]:
    file = teller.file
    pack = teller.packs.packs[file.pack]
    yield f"- **Part of**: [{plain(pack.title)}](README.md), version {file.version};"
    yield f"  stage: {STAGES[file.stage].lower()}"
    yield f"- **Applies to**: {_applies(teller)}"
    verified = sum(one.verified for one in file.citations.values())
    known = wording.plural(len(file.citations), "source")
    yield f"- **Sources**: {known}, {verified} of them read in the original; see the notes under [Sources](#sources)"
    # A file that was loaded for work comes without its cases: then nothing is known of how many there are.
    tested = f", tested by {wording.plural(len(file.cases), 'case')}" if file.cases else ""
    yield f"- **File**: `{file.path}`{tested}"


def _applies(teller: Teller) -> str:
    applies = teller.file.applies
    parts = []
    if applies.condition is not None:
        title = plain(set_title(teller.packs, applies.condition))
        parts.append(
            f"stays whose principal diagnosis is in the list [{title}](#list-{applies.condition}) (where no principal"
            " diagnosis is charted, the admission diagnosis counts; without that, any diagnosis)"
        )
    if applies.payer_class is not None:
        parts.append(f"stays paid by {listed([PAYERS[one] for one in applies.payer_class])}")
    return "; ".join(parts) or "every stay"


def _roles(teller: Teller) -> Iterator[str]:
    for role, full_id in teller.file.roles.items():
        yield f"- **{_ROLES[role]}**: {teller.link(full_id)}"


def _course(teller: Teller) -> Iterator[str]:
    course = teller.file.course
    if course is None:
        return
    if course.days is not None:
        low, high = course.days.low, course.days.high
        span = amount(low, "d") if low == high else f"{low} to {amount(high, 'd')}"
        yield f"Usually {span} in the hospital{teller.cited([course.days.cite])}."
        yield ""
    if course.text:
        yield sentence(plain(course.text))
        yield ""
    yield from (f"- {sentence(plain(step))}" for step in course.steps)
    yield ""
    if course.usual_destinations:
        places = [lower(titled("options.yaml", "options", one)) for one in course.usual_destinations]
        yield f"Usual destinations: {listed(places)}."
    if course.typical_needs:
        needs = [lower(titled("needs.yaml", "needs", one)) for one in course.typical_needs]
        yield f"Typical needs afterwards: {listed(needs, 'and')}."
    if course.follow_up:
        yield f"Follow-up: {sentence(plain(course.follow_up))}"
    yield f"The course is for orientation; nothing is concluded from it.{teller.cited(course.cites)}"


def _cause(teller: Teller) -> Iterator[str]:
    cause = teller.file.denial_cause
    if cause is None:
        return
    codes = listed(list(cause.carc))
    yield f"**{plain(cause.title)}**. Claim adjustment reason code {codes}, group {cause.group_code}."
    yield ""
    yield f"- What prevents it: {sentence(plain(cause.fix))} Owner: {wording.who(cause.owner)}."
    yield f"- {'Can still be put right.' if cause.modifiable else 'Cannot be put right any more.'}"
    yield f"- At stake: {_EXPOSURES[cause.exposure]}."
    yield ""
    rows = []
    for name, one in cause.likelihood.items():
        who = "every other payer" if name == "any" else PAYERS[name]
        mark = " *(a placeholder, not a measured rate)*" if one.placeholder else ""
        rows.append(
            (who, f"{one.low:.0%} to {one.high:.0%}", f"{plain(one.basis)}{mark}{teller.cited([one.cite])}")
        )
    yield from table(["Payer", "Likelihood of a denial when the danger is there", "Basis"], rows)


_EXPOSURES = {
    "stay_payment": "the payment for the stay",
    "days_beyond": "the payment for the days beyond what was approved",
    "post_acute": "the cost of care after the stay",
    "rework": "the cost of working the claim again",
}


def _criteria(teller: Teller) -> Iterator[str]:
    for criterion in teller.file.criteria.values():
        yield f'### <a id="{criterion.name}"></a>{teller.title(criterion.id)}'
        yield ""
        yield from _criterion(teller, criterion)
        yield ""


def _criterion(teller: Teller, criterion: Criterion) -> Iterator[str]:
    yield f"`{criterion.name}`{teller.cited(criterion.tree.cites)}. Met when:"
    yield ""
    yield from teller.lines(criterion.tree, is_top=True)


def _explain(teller: Teller) -> Iterator[str]:
    words = {"met": "When met", "not_met": "When not met", "unknown": "When it can't be told"}
    for status, said in teller.file.explain.items():
        yield f"- {words[status]}: {plain(_PLACE.sub(lambda found: _filled(teller, found[1]), said))}"


_PLACE = re.compile(r"\{([^{}]*)\}")


def _filled(teller: Teller, name: str) -> str:
    """Return what stands in a review where a sentence has a name in braces."""
    if name in teller.packs.names.facts:
        return f"({lower(teller.packs.names.facts[name].title)})"
    return "(what is missing)" if name == "missing" else f"({human(name).lower()})"


def _parameters(teller: Teller) -> Iterator[str]:
    rows = []
    for name, dated in teller.file.parameters.items():
        title = _EXTREME.sub(lambda found: _EXTREMES[found[0]], plain(human(name)))
        if dated.by is not None:
            title += f", by the day of {lower(teller.fact(dated.by))}"
        for start, one in sorted(dated.values.items()):
            shown_value = "not known" if one.value is None else amount(one.value, dated.unit)  # type: ignore[arg-type]
            mark = " *(placeholder)*" if one.placeholder else ""
            rows.append(
                (
                    title,
                    day(start),
                    f"{shown_value}{mark}",
                    f"{plain(one.note or '')}{teller.cited([one.cite or ''])}",
                )
            )
            title = ""
    if rows:
        yield from table(["Value", "From", "Is", "Source"], rows)


_EXTREMES = {"Min": "Least", "Max": "Most"}
_EXTREME = re.compile(r"^(?:Min|Max)\b")


def _sets(teller: Teller) -> Iterator[str]:
    file = teller.file
    names = [file.applies.condition] if file.applies.condition is not None else []
    names += [name for _, tree in roots(file) for name in sets_in(tree)]
    for name in dict.fromkeys(names):
        one = teller.packs.names.value_sets[name]
        codes = [code(one) for one in getattr(one, "codes", ())]
        kind = "drugs" if getattr(one, "system", "") == "drug" else "ICD-10-CM codes that begin with"
        told = plain(wording.joined(codes, most=_CODES_SHOWN))
        yield f'- <a id="list-{name}"></a>**{plain(set_title(teller.packs, name))}** (`{name}`): {kind} {told}'


def _sources(teller: Teller) -> Iterator[str]:
    for key, citation in teller.file.citations.items():
        place = teller.numbers[key]
        title = f"[{plain(citation.title)}]({citation.url})" if citation.url else plain(citation.title)
        said = _TAG.sub("", citation.note or "")
        note = f" {sentence(plain(human(said)))}" if said else ""
        yield f'{place}. <a id="source-{place}"></a>{title}: {_state(citation)}.{note}'


_TAG = re.compile(
    r"(?:^|[;,] *)tags? [A-Z]+[0-9]?\b(?: and [A-Z]+[0-9]?\b)?[;,]? *"
)  # how authors mark what they read


def _state(citation: Citation) -> str:
    """Say how far a source was read."""
    if "judgement" in citation.title.casefold():
        return "a judgement, with no source to read"
    read = f"read on {day(citation.read_on)}" if citation.read_on else "no day says when it was read"
    return f"{read}, " + (
        "checked against the original" if citation.verified else "**not checked against the original**"
    )
