"""Criteria: what was looked at, as trees; with the evidence, the sources, and what people say of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from discharge.api.pages.case.conclusions import ScoreLine, Why, score_lines, whys
from discharge.api.pages.case.file import CaseFile, OurCase
from discharge.api.pages.case.header import base
from discharge.api.pages.case.shell import case_page
from discharge.api.pages.case.tree import Node, Trees, below
from discharge.api.pages.forms import Form, form
from discharge.api.pages.frame import is_htmx, shown
from discharge.casework.state.model import Note
from discharge.packs import Packs
from discharge.review.model import Review

router = APIRouter(include_in_schema=False)

ABOUT = "criterion:"
CARE, WHY, SCORES = "care", "why", "scores"
Show = Literal["all", "unknown", "not_met"]
_SHOWN: tuple[tuple[Show, str], ...] = (("all", "All"), ("unknown", "Not known"), ("not_met", "Not met"))
_ORDER = ("level_of_care", "conditions", "denials", "cms_medicare", "status", "needs", "options", "social")


@dataclass(frozen=True)
class Area:
    """A part of what was looked at, with how many criteria of it stand how. One is shown at a time."""

    name: str
    title: str
    count: int
    unknown: int
    not_met: int
    path: str
    is_here: bool


@dataclass(frozen=True)
class Group:
    """Trees of one role or one rule file."""

    title: str
    file: str
    is_open: bool
    nodes: tuple[Node, ...]
    count: int


@dataclass(frozen=True)
class CriteriaPage:
    """What the page prints. ``files`` gives title, version and address of each rule file."""

    statement: str
    areas: tuple[Area, ...]
    area: str
    area_title: str
    shows: tuple[tuple[str, str, str, bool], ...]
    show: str
    show_words: str
    groups: tuple[Group, ...]
    left_out: int
    count: int
    whys: tuple[Why, ...]
    scores: tuple[ScoreLine, ...]
    way: Mapping[str, str]
    files: Mapping[str, tuple[str, str, str | None]]
    comments: Mapping[str, list[Note]]
    may_comment: bool
    here: str
    not_applying: frozenset[str]
    opened: frozenset[str]
    comment_form: Form | None
    comment_on: str | None


@router.get("/cases/{case_id}/criteria", name="page_criteria")
def criteria(
    file: OurCase,
    area: Annotated[str, Query(max_length=40)] = CARE,
    show: Show = "all",
    open: Annotated[str | None, Query(max_length=200)] = None,
    comment: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """Show one area of the criteria; ``open`` is a criterion to unfold, ``comment`` one to say something of."""
    review = file.review
    if review is None:
        return case_page(file, "criteria", "criteria.html", None)
    names = {one.criterion for one in review.findings}
    commented = comment if comment in names and file.may_write else None
    if commented is not None and is_htmx(file.request):
        asked = comment_form(file, commented, area)
        return shown(file.request, file.who, "case/criteria_comment.html", asked, title="Comment")
    page = _page(file, review, area, show, open if open in names else commented)
    if commented is not None:
        page = replace(page, comment_form=comment_form(file, commented, page.area), comment_on=commented)
    return case_page(file, "criteria", "criteria.html", page)


def criterion_path(file: CaseFile, criterion: str, areas: Mapping[str, str]) -> str:
    """Return the address of a criterion in its tree; ``areas`` gives the area of each (:func:`areas_of`)."""
    return _way(file, criterion, areas.get(criterion, CARE))


def _way(file: CaseFile, criterion: str, area: str) -> str:
    return f"{_path(file, area)}&open={criterion}#c-{criterion}"


def areas_of(review: Review) -> dict[str, str]:
    """Return the area of each criterion: level of care for what the review's first questions rest on, else its pack."""
    care = below(review, (one.criterion for one in review.findings if one.role is not None))
    files = review.provenance.files
    return {
        one.criterion: CARE if one.criterion in care else files[one.rule_file].pack for one in review.findings
    }


def comments_of(notes: Iterable[Note]) -> dict[str, list[Note]]:
    """Return what was said of each criterion, the first first."""
    found: dict[str, list[Note]] = {}
    for one in notes:
        if one.about is not None and one.about.startswith(ABOUT):
            found.setdefault(one.about.removeprefix(ABOUT), []).append(one)
    return found


def comment_form(file: CaseFile, criterion: str, area: str) -> Form:
    """Return the form that says something of a criterion."""
    back = f"{base(file)}/criteria?area={area}&open={criterion}#c-{criterion}"
    return form(
        "note_added",
        f"{base(file)}/record",
        back=back,
        version=file.version,
        values={"about": ABOUT + criterion},
        hide=("about",),
        id="comment",
        button="Record the comment",
    )


# --- one area ---------------------------------------------------------------------------------------------------


def _page(file: CaseFile, review: Review, area: str, show: Show, opened: str | None) -> CriteriaPage:
    packs = file.desk.library.packs
    areas = areas_of(review)
    found = _areas(file, review, areas, packs, area)
    here = next((one for one in found if one.is_here), found[0])
    groups = _groups(review, packs, areas, here.name) if here.name not in (WHY, SCORES) else ()
    count = sum(one.count for one in groups)
    kept = groups if show == "all" else tuple(_filtered(groups, show))
    comments = comments_of(file.state.notes)
    return CriteriaPage(
        statement=review.level_of_care.statement,
        areas=found,
        area=here.name,
        area_title=here.title,
        shows=tuple((name, title, _path(file, here.name, name), name == show) for name, title in _SHOWN),
        show=show,
        show_words=next(title.lower() for name, title in _SHOWN if name == show),
        groups=kept,
        left_out=count - sum(one.count for one in kept),
        count=count,
        whys=whys(review, areas) if here.name == WHY else (),
        scores=score_lines(review) if here.name == SCORES else (),
        way={name: _way(file, name, its) for name, its in areas.items()},
        files=_files(file, review),
        comments=comments,
        may_comment=file.may_write,
        here=_path(file, here.name, show),
        not_applying=frozenset(
            one.criterion for one in review.findings if one.role in review.level_of_care.does_not_apply
        ),
        opened=_above(review, opened),
        comment_form=None,
        comment_on=None,
    )


def _path(file: CaseFile, area: str, show: str = "all") -> str:
    path = file.path("criteria")
    joint = "&" if "?" in path else "?"
    more = "" if show == "all" else f"&show={show}"
    return f"{path}{joint}area={area}{more}"


def _areas(
    file: CaseFile, review: Review, areas: Mapping[str, str], packs: Packs, wanted: str
) -> tuple[Area, ...]:
    counts = Counter(areas.values())
    stands = Counter((areas[one.criterion], one.status) for one in review.findings)
    names = [CARE, *(one for one in _ORDER if one in counts), *sorted(set(counts) - {CARE, *_ORDER})]
    here = wanted if wanted in (*names, WHY, SCORES) else CARE
    found = [
        Area(
            name,
            _area_title(name, packs),
            counts[name],
            stands[name, "unknown"],
            stands[name, "not_met"],
            _path(file, name),
            name == here,
        )
        for name in names
    ]
    found.append(Area(SCORES, "Scores", len(review.scores), 0, 0, _path(file, SCORES), here == SCORES))
    found.append(
        Area(WHY, "Conclusions and why", len(review.conclusions), 0, 0, _path(file, WHY), here == WHY)
    )
    return tuple(found)


_TITLES = {
    CARE: "Level of care",
    "level_of_care": "Leaving and delays",
    "conditions": "Conditions, the rest",
    "denials": "Denial causes",
    "cms_medicare": "Medicare coverage",
    "status": "Status and notices",
    "needs": "Needs afterwards",
    "options": "Places and services",
    "social": "Social codes",
    "programmes": "Programmes",
    "instruments": "Instruments",
}


def _area_title(name: str, packs: Packs) -> str:
    known = packs.packs.get(name)
    return _TITLES.get(name) or (known.title if known is not None else name.replace("_", " "))


def _groups(review: Review, packs: Packs, areas: Mapping[str, str], area: str) -> tuple[Group, ...]:
    """The questions of a review each with its tree; elsewhere the trees of each rule file."""
    trees = Trees(review, packs)
    within = frozenset(name for name, its in areas.items() if its == area)
    if area == CARE:
        asked = [one.criterion for one in review.findings if one.role is not None]
        tops = set(asked) - _parts_of(review, within)
        roots = [one for one in asked if one in tops] or asked
        return tuple(_group(review, trees, [one], within, is_question=True) for one in roots)
    parts = _parts_of(review, within)
    by_file: dict[str, list[str]] = {}
    for one in review.findings:
        if one.criterion in within and one.criterion not in parts:
            by_file.setdefault(one.rule_file, []).append(one.criterion)
    return tuple(_group(review, trees, names, within) for _, names in sorted(by_file.items()))


def _parts_of(review: Review, within: frozenset[str]) -> set[str]:
    return {part for one in review.findings if one.criterion in within for part in one.parts}


def _group(
    review: Review,
    trees: Trees,
    names: list[str],
    within: frozenset[str],
    *,
    is_question: bool = False,
) -> Group:
    first = trees.findings[names[0]]
    file = review.provenance.files[first.rule_file]
    nodes = trees.roots(names, within)
    is_settled = all(one.status == "met" for one in nodes)
    return Group(
        title=first.title if is_question else file.title,
        file=first.rule_file,
        is_open=is_question or not is_settled,
        nodes=nodes,
        count=sum(one.count() for one in nodes),
    )


# --- filters ----------------------------------------------------------------------------------------------------


def _filtered(groups: Iterable[Group], show: str) -> Iterable[Group]:
    """Keep criteria of a status, and the way down to them."""
    for group in groups:
        nodes = tuple(one for one in (_kept(node, show) for node in group.nodes) if one is not None)
        if nodes:
            yield replace(group, nodes=nodes, is_open=True, count=sum(one.count() for one in nodes))


def _kept(node: Node, show: str) -> Node | None:
    parts = tuple(one for one in (_kept(part, show) for part in node.parts) if one is not None)
    if node.status != show and not parts:
        return None
    return replace(node, parts=parts, is_open=bool(parts) or node.status == show)


def _above(review: Review, name: str | None) -> frozenset[str]:
    """Return a criterion and all that rest on it, which are unfolded to show it."""
    if name is None:
        return frozenset()
    found, waiting = {name}, [name]
    while waiting:
        here = waiting.pop()
        above = [one.criterion for one in review.findings if here in one.parts and one.criterion not in found]
        found.update(above)
        waiting += above
    return frozenset(found)


def _files(file: CaseFile, review: Review) -> dict[str, tuple[str, str, str | None]]:
    """Return title, version and address of each rule file; no address for those who may not read rules."""
    may_read = file.who.may("rules:read")
    return {
        name: (
            one.title,
            f"{one.pack} {one.version}",
            f"/rules/{one.pack}/{name.partition('.')[2]}" if may_read else None,
        )
        for name, one in review.provenance.files.items()
    }
