"""Rules and payers in force, in words, with versions and digests."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from discharge.api.auth.principal import Principal, needs
from discharge.api.pages.frame import shown
from discharge.api.pages.words import words
from discharge.api.routes.rules import Name
from discharge.api.state import Desk, OurDesk
from discharge.casework.editions import SwitchedOn, editions
from discharge.errors import NotFoundError
from discharge.packs import RuleFile
from discharge.packs.model import Pack
from discharge.payers import PayerProfile
from discharge.ruledocs.page import STAGES, file_page

router = APIRouter(include_in_schema=False)
Reader = Annotated[Principal, Depends(needs("rules:read"))]


@dataclass(frozen=True)
class PackRow:
    """A pack in force and how many files it has."""

    pack: Pack
    files: int


@dataclass(frozen=True)
class RulesPage:
    """What is in force, and the editions that were, the newest first."""

    packs: list[PackRow]
    profiles: list[PayerProfile]
    rules_digest: str
    payers_digest: str
    edition: str
    is_on_record: bool
    editions: list[SwitchedOn]


@dataclass(frozen=True)
class StageFiles:
    """The files of a pack that work in one stage."""

    title: str
    files: list[RuleFile]


@dataclass(frozen=True)
class PackPage:
    """A pack with its files, by stage."""

    pack: Pack
    stages: list[StageFiles]


@dataclass(frozen=True)
class FilePage:
    """A rule file in words."""

    pack: Pack
    file: RuleFile
    html: Markup


@dataclass(frozen=True)
class Line:
    """A value of a payer profile: how deep, its name, and what it says."""

    depth: int
    name: str
    value: str


@dataclass(frozen=True)
class ProfilePage:
    """A payer profile whole."""

    profile: PayerProfile
    parts: list[tuple[str, list[Line]]]


@router.get("/rules", name="page_rules")
def rules(request: Request, desk: OurDesk, who: Reader) -> Response:
    """Show the packs and payer profiles in force, and the editions on record."""
    library = desk.library
    with desk.store.read() as connection:
        on_record = editions(connection)
    page = RulesPage(
        packs=[
            PackRow(one, sum(file.pack == one.id for file in library.packs.files.values()))
            for one in library.packs.packs.values()
        ],
        profiles=list(library.payers.profiles.values()),
        rules_digest=library.packs.digest,
        payers_digest=library.payers.digest,
        edition=library.edition.edition,
        is_on_record=bool(on_record) and on_record[0].edition.edition == library.edition.edition,
        editions=on_record,
    )
    return shown(request, who, "admin/rules.html", page, title="Rules and payers", styles=("admin.css",))


@router.get("/rules/{pack}", name="page_rule_pack")
def rule_pack(pack: Name, request: Request, desk: OurDesk, who: Reader) -> Response:
    """Show a pack with its files."""
    found = _pack(desk, pack)
    files = [one for one in desk.library.packs.files.values() if one.pack == pack]
    stages = [
        StageFiles(title, sorted((one for one in files if one.stage == name), key=lambda one: one.title))
        for name, title in STAGES.items()
    ]
    page = PackPage(found, [one for one in stages if one.files])
    return shown(request, who, "admin/rule_pack.html", page, title=found.title, styles=("admin.css",))


@router.get("/rules/{pack}/{file}", name="page_rule_file")
def rule_file(pack: Name, file: Name, request: Request, desk: OurDesk, who: Reader) -> Response:
    """Show a rule file in words: what it asks, its sources, its values by day, its cases."""
    found = desk.library.packs.files.get(f"{pack}.{file}")
    if found is None:
        raise NotFoundError("this pack has no such file")
    text = file_page(desk.library.packs, found)
    page = FilePage(_pack(desk, pack), found, Markup(_html(text, pack)))
    return shown(request, who, "admin/rule_file.html", page, title=found.title, styles=("admin.css",))


@router.get("/payers/{payer}", name="page_payer_profile")
def payer_profile(payer: Name, request: Request, desk: OurDesk, who: Reader) -> Response:
    """Show a payer profile whole: deadlines, authorizations, benefits, contract, each dated and cited."""
    found = desk.library.payers.profiles.get(payer)
    if found is None:
        raise NotFoundError("no payer profile has this id")
    told = found.model_dump(mode="json", exclude=_TOLD_APART, exclude_none=True)
    short = {name: value for name, value in told.items() if not isinstance(value, (dict, list))}
    long = {name: value for name, value in told.items() if name not in short and value}
    parts = [("In short", list(_lines(short, 0)))]
    parts += [(words(name).capitalize(), list(_lines(value, 0))) for name, value in long.items()]
    page = ProfilePage(found, parts)
    return shown(request, who, "admin/payer_profile.html", page, title=found.title, styles=("admin.css",))


def _pack(desk: Desk, pack: str) -> Pack:
    found = desk.library.packs.packs.get(pack)
    if found is None:
        raise NotFoundError("no pack in force has this id")
    return found


_TOLD_APART = {"cases", "digest", "path", "id", "title", "fictional"}


def _lines(value: Any, depth: int) -> Sequence[Line]:
    """Return nested values as lines, one a leaf, with names above what they hold."""
    if isinstance(value, dict):
        found: list[Line] = []
        for name, one in value.items():
            if isinstance(one, (dict, list)) and one:
                found += [Line(depth, str(name), ""), *_lines(one, depth + 1)]
            elif one not in ({}, []):
                found.append(Line(depth, str(name), _leaf(one)))
        return found
    if isinstance(value, list) and any(isinstance(one, (dict, list)) for one in value):
        return [
            line
            for number, one in enumerate(value, 1)
            for line in (Line(depth, f"{number}.", ""), *_lines(one, depth + 1))
        ]
    return [Line(depth, "", _leaf(value))]


def _leaf(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)


_ANCHOR = re.compile(r'<a id="[A-Za-z0-9_.-]+">|</a>')
_PAGE = re.compile(r"(?:\.\./(?P<pack>[a-z0-9_]+)/)?(?P<file>[A-Za-z0-9_]+)\.md(?P<part>#.*)?")


@lru_cache(maxsize=64)
def _html(text: str, pack: str) -> str:
    """Return Markdown of ours as HTML. Of HTML in it, anchors are kept and all else is shown as it is written."""
    maker = MarkdownIt("commonmark", {"html": True}).enable("table")
    tokens = maker.parse(text)
    start = next((place + 1 for place, one in enumerate(tokens) if one.type == "heading_close"), 0)
    for token, following in pairwise(tokens[start:]):
        if token.type == "heading_open":  # as code hosts name it, so that links within the page lead there
            token.attrs["id"] = re.sub(r"[^a-z0-9-]", "", following.content.lower().replace(" ", "-"))
    for token in tokens[start:]:
        _tamed(token, pack)
    return str(maker.renderer.render(tokens[start:], maker.options, {}))


def _tamed(token: Token, pack: str) -> None:
    """Keep the content policy: no style, no HTML but anchors; links to files of ours lead to their pages."""
    if "style" in token.attrs:
        del token.attrs["style"]
    if token.type in ("html_inline", "html_block") and not _ANCHOR.fullmatch(token.content.strip()):
        token.type = "text"
    if token.type == "link_open":
        href = str(token.attrs.get("href", ""))
        if found := _PAGE.fullmatch(href):
            of, file, part = found["pack"] or pack, found["file"], found["part"] or ""
            token.attrs["href"] = f"/rules/{of}{part}" if file == "README" else f"/rules/{of}/{file}{part}"
        elif href.startswith("http"):
            token.attrs["rel"] = "noreferrer"
    for child in token.children or ():
        _tamed(child, pack)
