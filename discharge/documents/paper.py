"""A paper: who builds its page, and how Jinja2 makes HTML of it and plutoprint a PDF.

Templates hold no decision: they print what the builders of this package give them.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

from discharge.documents.language import missing_font
from discharge.errors import OutputError
from discharge.resources import data_folder

if TYPE_CHECKING:
    from jinja2 import Environment

    from discharge.payers import PayerProfile
    from discharge.providers import Directory, Place
    from discharge.review.model import Review

_FONT_FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "~/.fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
    "C:/Windows/Fonts",
)
_FONTS = {".ttf", ".otf", ".ttc"}


@dataclass(frozen=True, slots=True)
class PaperContext:
    """What a paper may need and a Review doesn't hold: the directory of providers, where the patient lives, the payer.

    All None where the run has none; ``place`` never goes to a log. ``payer`` is the profile that the review names.
    """

    directory: Directory | None = None
    place: Place | None = field(default=None, repr=False)
    payer: PayerProfile | None = None


class Page(Protocol):
    """What a template prints. Of several pages of one paper each has a ``suffix``, e.g. its language."""

    @property
    def title(self) -> str: ...


Pages: TypeAlias = Page | Sequence[Page] | None
"""None: the paper does not apply to this stay."""


@dataclass(frozen=True, slots=True)
class Paper:
    """One kind of paper: its name on the command line and in file names, its builder and its template.

    ``template`` lies in ``templates/documents/``, without ``.html``.
    """

    name: str
    build: Callable[[Review, PaperContext], Pages]
    template: str


def file_safe(encounter_id: str) -> str:
    """Return ``encounter_id`` as a file name; what had to be changed is kept apart by a digest.

    >>> file_safe("enc-1042")
    'enc-1042'
    >>> file_safe("a/b") == file_safe("a_b")
    False
    """
    safe = re.sub(r"[^A-Za-z0-9._-]", "_", encounter_id).lstrip(".")[:100]
    if safe == encounter_id:
        return safe
    return f"{safe or 'encounter'}-{hashlib.sha256(encounter_id.encode()).hexdigest()[:8]}"


@cache
def environment() -> Environment:
    """Return the templates: autoescaped, and an unknown name is an error, never an empty place."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(data_folder("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def to_html(template: str, page: object) -> str:
    """Return ``templates/documents/TEMPLATE.html`` filled from ``page``."""
    return environment().get_template(f"documents/{template}.html").render(page=page)


def to_pdf(html: str, *, title: str, made_at: str) -> bytes:
    """Return ``html`` as PDF, US letter. ``made_at`` (ISO) stands for the clock, so equal pages give equal bytes.

    Raises:
        OutputError: this machine has no font (or none for the page's language), or it can't be laid out.
    """
    import plutoprint

    _need_fonts()
    if missing := missing_font(html):
        raise OutputError(missing)
    book = plutoprint.Book(plutoprint.PAGE_SIZE_LETTER, media=plutoprint.MEDIA_TYPE_PRINT)
    stream = io.BytesIO()
    try:
        book.load_html(html)
        book.set_metadata(plutoprint.PDF_METADATA_TITLE, title)
        book.set_metadata(plutoprint.PDF_METADATA_CREATOR, "discharge")
        book.set_metadata(plutoprint.PDF_METADATA_CREATION_DATE, made_at)
        book.set_metadata(plutoprint.PDF_METADATA_MODIFICATION_DATE, made_at)
        book.write_to_pdf_stream(stream)
    except plutoprint.Error:
        raise OutputError("a document could not be laid out as PDF; HTML needs no layout") from None
    return stream.getvalue()


@cache
def _need_fonts() -> None:
    """A PDF made without any font would be blank."""
    folders = [Path(folder).expanduser() for folder in _FONT_FOLDERS]
    if own := os.environ.get("FONTCONFIG_PATH"):
        folders.append(Path(own))
    for folder in folders:
        for _, _, files in os.walk(folder):
            if any(Path(name).suffix.lower() in _FONTS for name in files):
                return
    raise OutputError(
        "PDF needs a font and this machine has none: install the package fonts-dejavu-core (Debian, Ubuntu) or"
        " dejavu-sans-fonts (Fedora), or ask for HTML"
    )
