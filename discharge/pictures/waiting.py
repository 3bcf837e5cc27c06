"""Waiting: what further days cost each purse, and the days on which waiting for a place stops paying."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from discharge.costs.ledger import PURSES, Purse
from discharge.costs.waiting import BreakEven, WaitingCost, WaitingPoint
from discharge.pictures.draw import FRAME, Given, Picture, Table, configured, draw, numbers
from discharge.pictures.words import dollars
from discharge.review.model import Review
from discharge.wording import NOT_KNOWN

WIDTH, HEIGHT, LABEL_PX = 490, 130, 12
MARKED = 6
TABLE_DAYS = frozenset({1, 2, 3, 5, 7, 10, 14})
NAMES = {"payer": "Payer", "patient": "Patient", "hospital": "Hospital"}
DASHES: dict[Purse, list[int]] = {"payer": [1, 0], "patient": [6, 3], "hospital": [2, 2]}
SHAPES: dict[Purse, str] = {"payer": "circle", "patient": "square", "hospital": "triangle-up"}


def waiting_picture(review: Review) -> Picture | None:
    """Return the cost of staying on, day by day; None for a patient who has left or where no purse can be told."""
    waiting = review.waiting
    if waiting is None or len(waiting.points) < 2 or not _known(waiting.points):
        return None
    last = waiting.points[-1]
    title = f"What up to {last.day} further hospital days cost each purse"
    marks = marked(waiting)
    data: dict[str, Given] = {
        "lines": _lines(waiting.points),
        "ends": _ends(waiting.points),
        "marks": _marks(marks),
        "top": float(_top(waiting.points)),
    }
    said = _said(title, waiting, marks)
    return Picture(lambda: draw("waiting", _chart, data, title, said), title, said, _table(waiting.points))


def marked(waiting: WaitingCost) -> list[BreakEven]:
    """Return the break-even days that the picture marks, by day; the number of a mark is its place here, from 1."""
    last = waiting.points[-1].day if waiting.points else 0
    found = [one for one in waiting.break_even if one.day is not None and one.day <= last]
    return sorted(found, key=lambda one: (one.day or 0, one.instead, one.purse))[:MARKED]


def _known(points: Sequence[WaitingPoint]) -> list[Purse]:
    """The purses of which every day can be told."""
    return [purse for purse in PURSES if all(_amount(point, purse) is not None for point in points)]


def _amount(point: WaitingPoint, purse: Purse) -> Decimal | None:
    found: Decimal | None = getattr(point, purse)
    return found


def _top(points: Sequence[WaitingPoint]) -> Decimal:
    amounts = [_amount(point, purse) or Decimal(0) for point in points for purse in _known(points)]
    return max(Decimal(100), *amounts)


def _lines(points: Sequence[WaitingPoint]) -> list[dict[str, object]]:
    return [
        {"purse": purse, "day": point.day, "usd": numbers(_amount(point, purse))}
        for purse in _known(points)
        for point in points
    ]


def _ends(points: Sequence[WaitingPoint]) -> list[dict[str, object]]:
    """The name of each purse at the end of its line, pushed apart where lines meet; those not known stand last."""
    known, last, top = _known(points), points[-1], _top(points)
    amounts = {purse: _amount(last, purse) or Decimal(0) for purse in known}
    rows: list[dict[str, object]] = []
    floor = float(HEIGHT)
    for purse in sorted(known, key=lambda one: (amounts[one], one)):
        y = min(HEIGHT * (1 - float(amounts[purse] / top)), floor)
        floor = y - LABEL_PX
        rows.append({"y": y, "said": f"{NAMES[purse]} {dollars(amounts[purse])}"})
    unknown = [NAMES[purse] for purse in PURSES if purse not in known]
    return rows + [
        {"y": HEIGHT + LABEL_PX * (i + 1.0), "said": f"{name} {NOT_KNOWN}"} for i, name in enumerate(unknown)
    ]


def _marks(marks: Sequence[BreakEven]) -> list[dict[str, object]]:
    """One line for each day, with the numbers of all marks that fall on it."""
    days: dict[int, list[str]] = {}
    for number, one in enumerate(marks, 1):
        days.setdefault(one.day or 0, []).append(str(number))
    return [{"day": day, "said": ",".join(names)} for day, names in days.items()]


def _said(title: str, waiting: WaitingCost, marks: Sequence[BreakEven]) -> str:
    last = waiting.points[-1]
    ends = ", ".join(f"{purse} {dollars(_amount(last, purse))}" for purse in PURSES)
    broken = " ".join(f"Mark {number}, day {one.day}: {one.sentence}" for number, one in enumerate(marks, 1))
    return f"{title}. After {last.day} days: {ends}. {waiting.sentence} {broken}".strip()


def _table(points: Sequence[WaitingPoint]) -> Table:
    shown = [point for point in points if point.day in TABLE_DAYS]
    rows = [[NAMES[purse], *(dollars(_amount(point, purse)) for point in shown)] for purse in PURSES]
    return Table(["Further days", *(str(point.day) for point in shown)], rows)


def _chart() -> Any:
    """The description in Altair: a line for each purse with its name at its end, and numbered upright lines."""
    import altair as alt

    across = alt.X("day:Q", title="further days in hospital", axis=alt.Axis(grid=False, tickMinStep=1))
    money = alt.Scale(domain=alt.ExprRef("[0, top]"), nice=False)
    up = alt.Y("usd:Q", scale=money, title=None, axis=alt.Axis(format="$~s", tickCount=4))
    lines = alt.Chart(alt.NamedData("lines"), width=WIDTH, height=HEIGHT)
    dash = alt.StrokeDash(
        "purse:N", scale=alt.Scale(domain=list(DASHES), range=list(DASHES.values())), legend=None
    )
    shape = alt.Shape(
        "purse:N", scale=alt.Scale(domain=list(SHAPES), range=list(SHAPES.values())), legend=None
    )
    ends = alt.Chart(alt.NamedData("ends")).mark_text(align="left", baseline="middle")
    pixels = alt.Y("y:Q", scale=None, axis=None)
    marks = alt.Chart(alt.NamedData("marks"))
    line = lines.mark_line(stroke=FRAME, strokeWidth=1.4)
    point = lines.mark_point(fill="#fff", stroke=FRAME, size=22, opacity=1)
    rule = marks.mark_rule(stroke=FRAME, strokeWidth=1)
    number = marks.mark_text(fontWeight="bold")
    curves = alt.layer(
        line.encode(x=across, y=up, strokeDash=dash, detail="purse:N"),
        point.encode(x=across, y=up, shape=shape),
    )
    drawn = alt.layer(
        curves,
        rule.encode(x="day:Q", y=alt.value(-4), y2=alt.value(HEIGHT)),
        number.encode(x="day:Q", y=alt.value(-11), text="said:N"),
        ends.encode(x=alt.value(WIDTH + 8), y=pixels, text="said:N"),
    ).resolve_scale(y="independent")
    return configured(drawn.add_params(alt.param(name="top", value=100)))
