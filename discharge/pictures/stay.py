"""Length of stay: the days so far against the geometric mean of the MS-DRG, and the expected discharge."""

from __future__ import annotations

from dataclasses import dataclass

from discharge import wording
from discharge.pictures.draw import Picture, Table
from discharge.pictures.sheet import Scale, Sheet
from discharge.review.model import Review

WIDTH, BAR_TOP, BAR_BOTTOM, SCALE_PX = 640, 20, 38, 76
LETTER_PX = 5.6  # of a small letter, about
TICKS = 16  # days with a number at most
PATTERNS = {"so far": "plain", "beyond": "hatched", "expected": "white"}
DAY_SECONDS = 86400
SHORTEST = 4  # days that the scale holds at least


@dataclass(frozen=True, slots=True)
class _Days:
    """Places on the day scale, counted from the start of the stay."""

    so_far: float
    name: str
    mean: float | None
    leaving: float | None
    leaving_said: str


def stay_picture(review: Review) -> Picture | None:
    """Return the day scale of a stay; None where its days aren't known."""
    days = _days(review)
    if days is None:
        return None
    title = "Days in hospital against the geometric mean of the MS-DRG"
    table = _table(review, days)
    said = f"{title}. " + "; ".join(f"{name}: {value}" for name, value in table.rows) + "."
    return Picture(lambda: _drawn(review, days).svg("stay", title, said), title, said, table)


def _days(review: Review) -> _Days | None:
    stay, leaving = review.plan.length_of_stay, review.plan.expected_discharge
    if stay.days is None or review.reference_time is None:
        return None
    now, ahead = float(stay.days), None
    if review.stay.discharged is None and leaving.at is not None:
        ahead = now + (leaving.at - review.reference_time).total_seconds() / DAY_SECONDS
    name = "today" if review.stay.discharged is None else "discharged"
    mean = None if stay.gmlos_days is None else float(stay.gmlos_days)
    passed = ahead is not None and ahead < 0
    said = wording.day(leaving.at, review.provenance.zone)
    return _Days(now, name, mean, None if passed else ahead, said)


def _drawn(review: Review, days: _Days) -> Sheet:
    """The bar, upright lines with their names, and the scale of days."""
    sheet = Sheet(PATTERNS)
    end = max(days.so_far, days.mean or 0, days.leaving or 0, SHORTEST) + 1
    scale = Scale(0, 0, WIDTH / end)
    usual = days.so_far if days.mean is None else min(days.so_far, days.mean)
    _part(sheet, scale, 0, usual, "so far")
    _part(sheet, scale, usual, days.so_far, "beyond")
    if days.leaving is not None:
        _part(sheet, scale, days.so_far, days.leaving, "expected")
    for day, said, top, bottom, text in _marks(review, days):
        x = scale.at(day)
        is_right = x > len(said) * LETTER_PX
        sheet.line(x, x, top, bottom)
        sheet.text(x - 3 if is_right else x + 3, text, said, side="right" if is_right else "left")
    sheet.line(0, WIDTH, SCALE_PX, SCALE_PX)
    step = int(end // TICKS) + 1
    for day in range(0, int(end) + 1, step):
        sheet.line(scale.at(day), scale.at(day), SCALE_PX, SCALE_PX + 4)
        sheet.text(
            scale.at(day),
            SCALE_PX + 11,
            f"day {day}" if day == 0 else str(day),
            side="left" if day == 0 else "center",
        )
    return sheet


def _part(sheet: Sheet, scale: Scale, start: float, end: float, kind: str) -> None:
    if end > start:
        sheet.area(scale.at(start), scale.at(end), BAR_TOP, BAR_BOTTOM, kind)


def _marks(review: Review, days: _Days) -> list[tuple[float, str, float, float, float]]:
    """Upright lines (day, name, top, bottom, height of the name): the mean above the bar, the others under it."""
    beyond = (
        ""
        if days.mean is None or days.so_far <= days.mean
        else f", {days.so_far - days.mean:.1f} beyond the mean"
    )
    found: list[tuple[float, str, float, float, float]] = [
        (days.so_far, f"{days.name}: day {days.so_far:.1f}{beyond}", BAR_TOP, 48.0, 53.0)
    ]
    if days.mean is not None:
        found.append((days.mean, _mean_words(review, days.mean), 14, BAR_BOTTOM, 8))
    if days.leaving is not None:
        passed = " (passed)" if days.leaving < days.so_far else ""
        said = f"expected discharge: {days.leaving_said}, day {days.leaving:.1f}{passed}"
        found.append((days.leaving, said, BAR_TOP, 62, 67))
    return found


def _mean_words(review: Review, mean: float) -> str:
    stay = review.plan.length_of_stay
    drg = "" if stay.ms_drg is None else f" ({'working ' if stay.is_working else ''}MS-DRG {stay.ms_drg})"
    return f"GMLOS {mean:g} d{drg}"


def _table(review: Review, days: _Days) -> Table:
    mean = wording.NOT_KNOWN if days.mean is None else _mean_words(review, days.mean)
    over = wording.NOT_KNOWN if days.mean is None else f"{max(0.0, days.so_far - days.mean):.1f}"
    name = "Days in hospital so far" if days.name == "today" else "Days in hospital"
    leaving = review.plan.expected_discharge
    rows = [
        [name, f"{days.so_far:.1f}"],
        ["Geometric mean", mean],
        ["Days beyond it", over],
        [
            "Expected discharge" if days.name == "today" else "Discharged",
            f"{days.leaving_said} ({leaving.basis})",
        ],
    ]
    return Table(["Length of stay", "Days"], rows)
