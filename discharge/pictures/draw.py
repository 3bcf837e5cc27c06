"""From a chart described in Altair to an SVG that stands by itself, without a browser and without the network.

Each kind of picture is compiled to Vega once; a stay then only brings its rows. Areas are told apart by pattern, lines
by dash and mark, never by colour.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache, cached_property, lru_cache
from html import escape
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import altair as alt

FONT = "DejaVu Sans, Liberation Sans, Arial, sans-serif"
MEASURED_IN = (
    "Liberation Sans"  # text is measured in a font that the drawer brings along, and printed in FONT
)
INK = FRAME = "#111"
FIRST_WIDTH = re.compile(r"^<svg [^>]*?viewBox=\"0 0 ([0-9.]+) ([0-9.]+)\"[^>]*>")

Given: TypeAlias = Sequence[Mapping[str, object]] | Sequence[float] | float


@dataclass(frozen=True, slots=True)
class Table:
    """The picture's figures as a plain table; the first column heads its row."""

    header: list[str]
    rows: list[list[str]] = field(default_factory=list)


@dataclass(frozen=True)
class Picture:
    """An inline SVG with its title and description inside, and the same figures as a table.

    It is drawn when :attr:`svg` is first asked for, since drawing takes longer than all else: who wants a paper's
    title or the table alone does not wait for it.
    """

    drawn: Callable[[], str]
    title: str
    description: str
    table: Table

    @cached_property
    def svg(self) -> str:
        """Return the SVG."""
        return self.drawn()


# Patterns by name: size of the tile, its ground, and what is drawn on it.
PATTERNS: Mapping[str, tuple[int, str, str]] = {
    "solid": (8, "#3d3d3d", ""),
    "plain": (8, "#c9c9c9", ""),
    "white": (8, "#fff", ""),
    "hatched": (
        6,
        "#fff",
        '<path d="M0,6L6,0M-1.5,1.5L1.5,-1.5M4.5,7.5L7.5,4.5" stroke="#111" stroke-width="1.1"/>',
    ),
    "dotted": (5, "#fff", '<circle cx="2.5" cy="2.5" r="1.1" fill="#111"/>'),
    "crossed": (6, "#fff", '<path d="M0,0L6,6M0,6L6,0" stroke="#111" stroke-width=".8"/>'),
    "lined": (5, "#e8e8e8", '<path d="M0,2.5H5" stroke="#111" stroke-width="1"/>'),
}


def fill(kind: str, pattern: str) -> str:
    """Return the fill that names ``pattern`` in the picture of ``kind``."""
    return f"url(#{kind}-{pattern})"


def draw(
    kind: str, chart: Callable[[], alt.TopLevelMixin], data: Mapping[str, Given], title: str, text: str
) -> str:
    """Return the SVG of ``chart`` with ``data`` in its named sets and parameters.

    ``kind`` keeps ids apart where several pictures stand on one page; ``chart`` is called once per process.
    """
    _compiled_charts.setdefault(kind, chart)
    made = _svg(kind, json.dumps(data, sort_keys=True))
    return _told(kind, made, title, text)


_compiled_charts: dict[str, Callable[[], Any]] = {}


@cache
def _compiled(kind: str) -> dict[str, Any]:
    """The chart as Vega: compiling Vega-Lite takes longer than drawing."""
    import vl_convert

    spec = _compiled_charts[kind]().to_dict()
    compiled: dict[str, Any] = vl_convert.vegalite_to_vega(spec)
    return compiled


@lru_cache(maxsize=512)
def _svg(kind: str, data: str) -> str:
    import vl_convert

    given, spec = json.loads(data), _compiled(kind)
    sets = _filled(spec["data"], "values", given)
    signals = _filled(spec.get("signals", []), "value", given)
    made: str = vl_convert.vega_to_svg({**spec, "data": sets, "signals": signals}, allowed_base_urls=[])
    return made


def _filled(named: list[dict[str, Any]], key: str, given: Mapping[str, object]) -> list[dict[str, Any]]:
    return [{**one, key: given[one["name"]]} if one["name"] in given else one for one in named]


def _told(kind: str, svg: str, title: str, text: str) -> str:
    """Give the drawing its role, title, description and patterns, and let it shrink with the page."""
    found = FIRST_WIDTH.match(svg)
    if found is None:
        raise ValueError("the drawing has no size")
    width, height = found.groups()
    used = [name for name in PATTERNS if fill(kind, name) in svg]
    tiles = "".join(_tile(kind, name) for name in used)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="{kind}-title {kind}-desc"'
        f' width="{width}" height="{height}" viewBox="0 0 {width} {height}" font-family="{FONT}">'
        f'<title id="{kind}-title">{escape(title)}</title><desc id="{kind}-desc">{escape(text)}</desc>'
    )
    return (
        head
        + (f"<defs>{tiles}</defs>" if tiles else "")
        + svg[found.end() :].replace(f' font-family="{MEASURED_IN}"', "")
    )


def _tile(kind: str, name: str) -> str:
    size, ground, marks = PATTERNS[name]
    return (
        f'<pattern id="{kind}-{name}" width="{size}" height="{size}" patternUnits="userSpaceOnUse">'
        f'<rect width="{size}" height="{size}" fill="{ground}"/>{marks}</pattern>'
    )


def numbers(amount: Decimal | None) -> float | None:
    """Return an amount as Vega takes it."""
    return None if amount is None else float(amount)


def configured(chart: Any) -> Any:
    """Return ``chart`` in the house's dress: no frame, no colour, small text, no notes for screen readers per mark."""
    return (
        chart.configure(
            font=MEASURED_IN,
            background="transparent",
            aria=False,
            padding={"left": 2, "top": 2, "right": 20, "bottom": 2},
        )
        .configure_view(stroke=None)
        .configure_axis(
            labelFontSize=9,
            titleFontSize=9,
            titleFontWeight="normal",
            labelColor=INK,
            titleColor=INK,
            domainColor=INK,
            tickColor=INK,
            gridColor="#ddd",
        )
        .configure_title(fontSize=10, anchor="start", offset=4, color=INK)
        .configure_text(fontSize=9, color=INK)
    )
