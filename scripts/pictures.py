"""Draw the pictures of README and docs from papers that a run wrote: first pages of papers, and the plan's charts.

    .venv/bin/python scripts/pictures.py out/documents docs
    .venv/bin/python scripts/pictures.py out/cases/documents docs bone-1 discharge_plan

The first folder is a run's `documents/`; without an encounter and papers, one payer summary of the example feed is
drawn. The patients are simulated. Charts go out as SVG: `<paper>_cost.svg`, `_waiting.svg`, `_stay.svg`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import plutoprint

ENCOUNTER = "enc-1d401801583a"
PAPERS = ("payer_summary",)
PIXELS_PER_UNIT = 1.6
CHART = re.compile(r'<svg [^>]*aria-labelledby="(\w+)-title.*?</svg>', re.DOTALL)


def main(documents: Path, into: Path, encounter: str = ENCOUNTER, *papers: str) -> None:
    """Draw the first page of each paper, and the charts it holds."""
    for paper in papers or PAPERS:
        html = (documents / f"{encounter}.{paper}.html").read_text("utf-8")
        page(html, into / f"{paper}.png")
        for found in CHART.finditer(html):
            svg = found[0].replace("<svg ", '<svg style="background:#fff" ', 1)
            (into / f"{paper}_{found[1]}.svg").write_text(svg + "\n", encoding="utf-8")


def page(html: str, out: Path, number: int = 0) -> None:
    """Render one page at the size of the print, on white."""
    book = plutoprint.Book(plutoprint.PAGE_SIZE_LETTER, media=plutoprint.MEDIA_TYPE_PRINT)
    book.load_html(html)
    size = book.get_page_size_at(number)
    width, height = round(size.width * PIXELS_PER_UNIT), round(size.height * PIXELS_PER_UNIT)
    canvas = plutoprint.ImageCanvas(width, height)
    canvas.clear_surface(1, 1, 1, 1)
    canvas.scale(PIXELS_PER_UNIT * plutoprint.UNITS_PX, PIXELS_PER_UNIT * plutoprint.UNITS_PX)
    book.render_page(canvas, number)
    canvas.write_to_png(str(out))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
