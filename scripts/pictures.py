"""Draw the README's picture: the first page of one payer summary of the example feed.

    .venv/bin/python scripts/pictures.py out/documents docs

The first folder is what `make run` wrote. The patient is simulated.
"""

from __future__ import annotations

import sys
from pathlib import Path

import plutoprint

ENCOUNTER = "enc-1d401801583a"
PIXELS_PER_UNIT = 1.6


def main(documents: Path, into: Path) -> None:
    """Render the page at the size of the print, on white."""
    book = plutoprint.Book(plutoprint.PAGE_SIZE_LETTER, media=plutoprint.MEDIA_TYPE_PRINT)
    book.load_html((documents / f"{ENCOUNTER}.payer_summary.html").read_text("utf-8"))
    size = book.get_page_size_at(0)
    width, height = round(size.width * PIXELS_PER_UNIT), round(size.height * PIXELS_PER_UNIT)
    canvas = plutoprint.ImageCanvas(width, height)
    canvas.clear_surface(1, 1, 1, 1)
    canvas.scale(PIXELS_PER_UNIT * plutoprint.UNITS_PX, PIXELS_PER_UNIT * plutoprint.UNITS_PX)
    book.render_page(canvas, 0)
    canvas.write_to_png(str(into / "payer_summary.png"))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
