"""A picture laid out in pixels: patterned areas, lines, and texts. Drawn as three layers, which is quick."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from discharge.pictures.draw import FRAME, configured, draw, fill

Side: TypeAlias = Literal["left", "right", "center"]


@dataclass(slots=True)
class Sheet:
    """What is drawn; ``patterns`` gives the pattern of each kind of area."""

    patterns: Mapping[str, str]
    areas: list[dict[str, object]] = field(default_factory=list)
    lines: list[dict[str, object]] = field(default_factory=list)
    texts: list[dict[str, object]] = field(default_factory=list)

    def area(self, x: float, x2: float, y: float, y2: float, kind: str) -> None:
        self.areas.append({"x": x, "x2": x2, "y": y, "y2": y2, "kind": kind})

    def line(self, x: float, x2: float, y: float, y2: float) -> None:
        self.lines.append({"x": x, "x2": x2, "y": y, "y2": y2})

    def text(self, x: float, y: float, said: str, *, bold: bool = False, side: Side = "left") -> None:
        self.texts.append({"x": x, "y": y, "said": said, "bold": bold, "side": side})

    def svg(self, kind: str, title: str, text: str) -> str:
        """Return the drawing; ``kind`` keeps ids apart on one page."""
        data = {"areas": self.areas, "lines": self.lines, "texts": self.texts}
        return draw(kind, lambda: _chart(kind, self.patterns), data, title, text)


@dataclass(frozen=True, slots=True)
class Scale:
    """From amounts or days to pixels."""

    left: float
    start: float
    per_unit: float

    def at(self, amount: float) -> float:
        return round(self.left + (amount - self.start) * self.per_unit, 2)


def _chart(kind: str, patterns: Mapping[str, str]) -> Any:
    """The description in Altair: areas, lines and texts where the rows say."""
    import altair as alt

    x, y = alt.X("x:Q", scale=None, axis=None), alt.Y("y:Q", scale=None, axis=None)
    fills = alt.Scale(domain=list(patterns), range=[fill(kind, one) for one in patterns.values()])
    areas = alt.Chart(alt.NamedData("areas")).mark_rect(stroke=FRAME, strokeWidth=0.8)
    lines = alt.Chart(alt.NamedData("lines")).mark_rule(stroke=FRAME, strokeWidth=1.2)
    texts = alt.Chart(alt.NamedData("texts")).mark_text(
        align=alt.ExprRef("datum.side"),
        baseline="middle",
        lineBreak="\n",
        lineHeight=11,
        fontWeight=alt.ExprRef("datum.bold ? 'bold' : 'normal'"),
    )
    drawn = alt.layer(
        areas.encode(x=x, x2="x2:Q", y=y, y2="y2:Q", fill=alt.Fill("kind:N", scale=fills, legend=None)),
        lines.encode(x=x, x2="x2:Q", y=y, y2="y2:Q"),
        texts.encode(x=x, y=y, text="said:N"),
    )
    return configured(drawn)
