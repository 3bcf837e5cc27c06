"""Jinja2 -> HTML -> PDF. Templates hold no decision: they print what the views of this package give them."""

from __future__ import annotations

import hashlib
import io
import os
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from discharge.errors import OutputError
from discharge.resources import data_folder

if TYPE_CHECKING:
    from jinja2 import Environment

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
        OutputError: this machine has no font, or the page can't be laid out.
    """
    import plutoprint

    _need_fonts()
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
        raise OutputError(
            "a document could not be laid out as PDF; --documents html needs no layout"
        ) from None
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
        " dejavu-sans-fonts (Fedora), or ask for --documents html"
    )
