"""All pages: an index, one for each pack, one for each rule file."""

from __future__ import annotations

from pathlib import Path

from discharge import wording
from discharge.packs import Pack, Packs
from discharge.ruledocs.markdown import plain, sentence, table
from discharge.ruledocs.page import STAGES, file_page

INDEX = "README.md"
_READING = """\
These pages are written from the rule files by `scripts/rule_docs.py`; change the rules, never a page.

## How to read them

- **Met, not met, can't be told.** What is not charted is never taken for "no". A criterion whose answer hangs on
  something missing can't be told yet, and the review says what to chart.
- **On record** marks signs that charts seldom carry: silence leaves such a sign out, it does not hold the answer open.
- **Scores** with missing inputs are given from the lowest to the highest total that is still possible.
- **Numbers in brackets** lead to the sources. "Not checked against the original" means that somebody relied on a second
  hand or on memory: look the figure up before you rest a decision on it.
- **Cases** are tests: each is run whenever the rules are checked.

It is advice to people. It never denies care, and a rule is no substitute for the judgement of a clinician.
"""


def pages(packs: Packs) -> dict[str, str]:
    """Return every page by its path below the folder; the same for the same rules."""
    found = {INDEX: _index(packs)}
    for pack in sorted(packs.packs.values(), key=lambda one: one.id):
        found[f"{pack.id}/{INDEX}"] = _pack(packs, pack)
    for file in packs.files.values():
        found[f"{file.pack}/{file.id.partition('.')[2]}.md"] = file_page(packs, file)
    return found


def write(packs: Packs, folder: Path) -> tuple[int, int]:
    """Write all pages into ``folder`` and take away pages of rules that are gone; return how many changed, and all."""
    wanted = pages(packs)
    wrong = stale(packs, folder)
    for name in wrong:
        path = folder / name
        if name in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[name], encoding="utf-8")
        else:
            path.unlink()
    return len(wrong), len(wanted)


def stale(packs: Packs, folder: Path) -> list[str]:
    """Return the pages in ``folder`` that are missing, not as they should be, or of rules that are gone."""
    wanted = pages(packs)
    there = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*.md")}
    wrong = [
        name for name, text in wanted.items() if name not in there or there[name].read_text("utf-8") != text
    ]
    return sorted([*wrong, *(name for name in there if name not in wanted)])


def _index(packs: Packs) -> str:
    lines = ["# Rules in words", "", *_READING.splitlines(), "", "## Packs", ""]
    rows = []
    for pack in sorted(packs.packs.values(), key=lambda one: one.id):
        files = [file for file in packs.files.values() if file.pack == pack.id]
        cited = [one for file in files for one in file.citations.values()]
        rows.append(
            (
                f"[{plain(pack.title)}]({pack.id}/{INDEX})",
                pack.version,
                *(f"{count:,}" for count in (len(files), sum(len(file.criteria) for file in files))),
                *(
                    f"{count:,}"
                    for count in (sum(len(file.rules) for file in files), sum(len(f.cases) for f in files))
                ),
                f"{sum(one.verified for one in cited):,} of {len(cited):,}",
            )
        )
    heads = ["Pack", "Version", "Pages", "Criteria", "Rules", "Cases", "Sources read in the original"]
    return "\n".join([*lines, *table(heads, rows)]).rstrip("\n") + "\n"


def _pack(packs: Packs, pack: Pack) -> str:
    lines = [f"# {plain(pack.title)}", ""]
    if pack.note:
        lines += [sentence(plain(pack.note)), ""]
    if pack.is_confidential:
        lines += ["Confidential: what these rules find goes to a person only, never into a document.", ""]
    lines += [
        f"- Version {pack.version}, kept by {plain(pack.maintained_by)}, licence {plain(pack.licence)}",
        f"- [All packs, and how to read these pages](../{INDEX})",
        "",
    ]
    for stage, title in STAGES.items():
        files = [file for file in packs.files.values() if file.pack == pack.id and file.stage == stage]
        if files:
            lines += [f"## {title}", ""]
            rows = [
                (
                    f"[{plain(file.title)}]({file.id.partition('.')[2]}.md)",
                    sentence(plain(file.summary or "")),
                    wording.plural(len(file.cases), "case"),
                )
                for file in sorted(files, key=lambda one: one.title.casefold())
            ]
            lines += table(["Page", "What it is for", "Tested by"], rows)
    return "\n".join(lines).rstrip("\n") + "\n"
