"""Bring the catalogues of patients' papers up to date: `python scripts/translations.py [--check]`.

Collects the English texts from `discharge/documents/patient_*.py` and `discharge/reference/education.yaml`, and puts
them into `templates/locale/LANGUAGE/discharge.po`: what was translated stays, what is new comes empty and marked for
review, what is gone is dropped. With `--check` nothing is written; exit 1 says that a catalogue is behind.

Exit codes: 0 done or nothing to do, 1 a catalogue is behind (--check).
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.plurals import get_plural
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "templates" / "locale"
TARGETS = ("es", "ja", "hi", "ca", "ko")
KEYWORDS: dict[str, tuple[int, ...] | None] = {"say": None, "msg": None, "count": (1, 2)}
MARK = "needs review by a qualified translator"
HEADER = """\
# {language} texts of the papers that patients get.
# Drafted without a qualified translator. Until one has checked every message, and put a name and a day into
# X-Reviewed-By, each page says that its translation is a draft that must be reviewed before it is given.
msgid ""
msgstr ""
"Project-Id-Version: discharge\\n"
"Language: {tag}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plural}\\n"
"X-Reviewed-By: {reviewed}\\n"

"""
REVIEWED = re.compile(r'^"X-Reviewed-By:\s*(.*?)\\n"', re.MULTILINE)


def texts() -> Iterator[str | tuple[str, str]]:
    """Yield every text for patients: those of the code, then those of the table, plural ones as pairs."""
    import discharge
    from discharge.plan.tables import education_table

    for path in sorted((Path(discharge.__file__).parent / "documents").glob("patient_*.py")):
        for _, message, _, _ in extract_from_file("python", path, keywords=KEYWORDS):
            yield message if isinstance(message, str) else (message[0], message[1])
    table = education_table()
    for topic in table.topics.values():
        yield from (*topic.urgent, *topic.signs)
    yield from (row.words for row in table.contacts.values())
    words = table.patient
    for place in words.places.values():
        yield from (place.title, place.about)
    for names in (words.needs, words.clinics, words.tests, words.routes, words.rides, words.readers):
        yield from names.values()


def updated(tag: str, before: str) -> str:
    """Return the catalogue of a language as it should be, from what it was."""
    from discharge.documents.language import LANGUAGES

    old = read_po(io.BytesIO(before.encode()), locale=tag) if before else Catalog(locale=tag)
    new = Catalog(locale=tag)
    for text in dict.fromkeys(texts()):
        held = old.get(text[0] if isinstance(text, tuple) else text)
        kept = held is not None and held.id == text and bool(held.string)
        said = (
            held.string
            if held is not None and kept
            else ""
            if isinstance(text, str)
            else ("",) * new.num_plurals
        )
        comments = list(held.user_comments) if held is not None and kept else [MARK]
        new.add(text, said, user_comments=comments)
    body = io.BytesIO()
    write_po(body, new, no_location=True, omit_header=True, width=110)
    found = REVIEWED.search(before)
    plural = get_plural(tag)
    header = HEADER.format(
        language=LANGUAGES[tag].english,
        tag=tag,
        plural=plural.plural_forms,
        reviewed=found[1] if found else "",
    )
    return header + body.getvalue().decode("utf-8").lstrip("\n")


def main() -> int:
    is_check = "--check" in sys.argv[1:]
    behind = []
    for tag in TARGETS:
        path = LOCALE / tag / "discharge.po"
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        after = updated(tag, before)
        if before != after:
            behind.append(tag)
            if not is_check:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(after, encoding="utf-8")
    if behind:
        print(f"{'behind' if is_check else 'brought up to date'}: {', '.join(behind)}", file=sys.stderr)
    return 1 if behind and is_check else 0


if __name__ == "__main__":
    raise SystemExit(main())
