"""The pictures: their figures are the review's, they need no colour, no network and no sight, and never change."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from datetime import datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace as Stub
from zoneinfo import ZoneInfo

import pytest

from discharge.costs.amounts import Range
from discharge.costs.ledger import CostComponent, OptionCost
from discharge.costs.waiting import BreakEven, WaitingCost, WaitingPoint
from discharge.pictures import compared, cost_picture, marked, stay_picture, waiting_picture
from discharge.pictures.draw import PATTERNS

ZONE = "America/New_York"
NOW = datetime(2026, 6, 15, 7, 0, tzinfo=ZoneInfo(ZONE))
ALL = [cost_picture, waiting_picture, stay_picture]
SVG = "{http://www.w3.org/2000/svg}"


def part(purse, group, expected, low=None, high=None, name="a part"):
    low, high = low or expected, high or expected
    return CostComponent(name=name, purse=purse, group=group, low=low, expected=expected, high=high)


def cost(payer, patient, hospital, *parts):
    def of(amounts):
        return Range() if amounts is None else Range(low=amounts[0], expected=amounts[1], high=amounts[2])

    return OptionCost(
        payer=of(payer), payer_after_sequester=None, patient=of(patient), hospital=of(hospital), horizon_days=30,
        rates_since=NOW.date(), coverage="met", components=list(parts),
    )  # fmt: skip


def place(name, title, rank, costs, fit="met"):
    return Stub(id=name, title=title, rank=rank, fit=Stub(status=fit), cost=costs)


def waiting(payer_a_day="0", patient_known=True, broken=()):
    points = [
        WaitingPoint(
            day=day,
            payer=Decimal(payer_a_day) * day,
            patient=Decimal(0) if patient_known else None,
            hospital=Decimal("861.30") * day,
        )
        for day in range(15)
    ]
    return WaitingCost(
        points=points, avoidable_day={}, break_even=list(broken), sentence="One more day costs $861."
    )


def breaks(instead, day, purse="all"):
    return BreakEven(
        wait_for="snf", instead=instead, purse=purse, day=day, days=None if day is None else Decimal(day),
        sentence=f"Waiting stops paying for {instead}.",
    )  # fmt: skip


SNF = place("snf", "Skilled nursing <facility> & co", 1, cost(
    ("1000", "12147", "18398"), ("0", "128", "10650"), ("470", "861", "2506"),
    part("payer", "facility", "11000"), part("payer", "readmission", "1147"), part("patient", "transport", "128"),
    part("hospital", "hospital_days", "861", "470", "2506"),
))  # fmt: skip
INFUSION = place("home_infusion", "Home infusion", 2, cost(
    ("500", "2000", "3000"), None, ("-1200", "-1200", "-1200"),
    part("payer", "pharmacy", "700"), part("payer", "drug", "800"), part("payer", "visits", "500"),
    part("hospital", "payment", "-1200"),
))  # fmt: skip
STAY = place(
    "stay",
    "Stay in the hospital",
    3,
    cost(("0", "0", "0"), ("0", "0", "0"), ("470", "861", "1253")),
    "not_met",
)
LTCH = place("ltch", "Long-term hospital", 4, cost(None, None, None), "not_met")


def review(**changes):
    given = {
        "options": [SNF, INFUSION, STAY, LTCH],
        "waiting": waiting(),
        "reference_time": NOW,
        "plan": Stub(
            recommended="snf",
            length_of_stay=Stub(
                days=Decimal("5.3"),
                gmlos_days=Decimal("2.1"),
                ms_drg="603",
                is_working=True,
                over_days=Decimal("3.2"),
            ),
            expected_discharge=Stub(at=NOW + timedelta(days=2), basis="charted by the clinicians"),
        ),
        "stay": Stub(discharged=None),
        "provenance": Stub(zone=ZONE),
    }
    return Stub(**{**given, **changes})


def plan(**changes):
    return Stub(**{**vars(review().plan), **changes})


def texts(svg):
    return [" ".join(one.itertext()) for one in ET.fromstring(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize("picture", ALL)
def test_a_picture_tells_a_screen_reader_what_it_shows(picture):
    made = picture(review())
    root = ET.fromstring(made.svg)
    assert root.get("role") == "img"
    names = root.get("aria-labelledby").split()
    found = {one.get("id"): one.text for one in root if one.tag in (f"{SVG}title", f"{SVG}desc")}
    assert [found[name] for name in names] == [made.title, made.description]
    assert made.table.rows and all(len(row) == len(made.table.header) for row in made.table.rows)


@pytest.mark.parametrize("picture", ALL)
def test_a_picture_needs_nothing_from_outside_and_no_colour(picture):
    svg = picture(review()).svg
    assert not re.search(r"(href|src)=|<(script|style|image|foreignObject)|@import", svg)
    assert re.findall(r"https?://[^\"]*", svg) == ["http://www.w3.org/2000/svg"]
    for red, green, blue in re.findall(r"#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})\b", svg):
        assert red == green == blue, (red, green, blue)
    named = set(re.findall(r'(?:fill|stroke)="([^"]+)"', svg))
    assert all(one in ("none", "white", "transparent") or one.startswith(("#", "url(#")) for one in named), (
        named
    )
    assert "undefined" not in svg and "NaN" not in svg


@pytest.mark.parametrize("picture", ALL)
def test_a_picture_is_the_same_twice_and_does_not_share_ids_with_the_others(picture):
    first, again = picture(review()), picture(review())
    assert (first.svg, first.title, first.description, first.table) == (
        again.svg,
        again.title,
        again.description,
        again.table,
    )
    ids = [set(re.findall(r' id="([^"]+)"', one(review()).svg)) for one in ALL]
    assert len(set().union(*ids)) == sum(map(len, ids)) > 6


def test_the_bars_tell_their_parts_apart_by_pattern():
    svg = cost_picture(review()).svg
    used = re.findall(r'<pattern id="cost-(\w+)".*?</pattern>', svg)
    drawn = [PATTERNS[name] for name in used]
    assert len(used) == len(set(drawn)) == 6
    assert set(used) == set(re.findall(r"url\(#cost-(\w+)\)", svg))


def test_the_costs_are_the_reviews_own_and_what_is_not_known_is_not_zero():
    made = cost_picture(review())
    assert made.table.header == ["Place", "Payer pays", "Patient pays", "Hospital bears"]
    assert made.table.rows == [
        ["Skilled nursing <facility> & co (chosen)", "$12,147 ($1,000 to $18,398)", "$128 ($0 to $10,650)",
         "$861 ($470 to $2,506)"],
        ["Home infusion", "$2,000 ($500 to $3,000)", "not known", "\u2212$1,200"],
        ["Stay in the hospital (does not fit)", "$0", "$0", "$861 ($470 to $1,253)"],
    ]  # fmt: skip
    said = texts(made.svg)
    for row in made.table.rows:
        assert all(cell in said for cell in row[1:])
    assert "not known" in made.description and "over 30 days" in made.title


def test_bars_are_as_long_as_their_amounts():
    root = ET.fromstring(cost_picture(review()).svg)
    bars = [one for one in root.iter(f"{SVG}path") if "url(#cost-" in (one.get("fill") or "")]

    def width(one):
        return float(re.search(r"h(-?[0-9.]+)", one.get("d"))[1])

    long = [one for one in bars if one.get("fill") == "url(#cost-plain)" and width(one) > 12]
    back = [one for one in bars if one.get("fill") == "url(#cost-crossed)" and width(one) != 11]
    assert len(long) == len(back) == 1
    assert width(long[0]) / width(back[0]) == pytest.approx(11000 / 1147, rel=0.02)


def test_places_that_others_are_weighed_against_are_shown_though_they_do_not_fit():
    assert [one.id for one in compared(review())] == ["snf", "home_infusion", "stay"]
    weighed = review(waiting=waiting(broken=[breaks("ltch", 3)]))
    assert [one.id for one in compared(weighed)] == ["snf", "home_infusion", "stay", "ltch"]
    assert "Long-term hospital (does not fit)" in cost_picture(weighed).table.rows[3]
    many = [place(f"p{n}", f"Place {n}", n, SNF.cost) for n in range(12)]
    late = review(options=[*many, place("stay", "Stay", 20, STAY.cost)], plan=plan(recommended="p11"))
    assert [one.id for one in compared(late)] == ["p0", "p1", "p2", "p3", "p4", "p5", "p11", "stay"]
    assert cost_picture(review(options=[])) is None


def test_waiting_marks_break_even_days_with_numbers_that_the_text_explains():
    broken = [breaks("irf", 9), breaks("snf", None), breaks("home", 3), breaks("ltch", 9), breaks("far", 20)]
    found = waiting(broken=broken)
    made = waiting_picture(review(waiting=found))
    assert [one.instead for one in marked(found)] == ["home", "irf", "ltch"]
    assert {"1", "2,3"} <= set(texts(made.svg))
    assert "Mark 1, day 3: Waiting stops paying for home." in made.description
    assert made.table.rows[2] == [
        "Hospital",
        "$861",
        "$1,723",
        "$2,584",
        "$4,306",
        "$6,029",
        "$8,613",
        "$12,058",
    ]
    assert "Hospital $12,058" in texts(made.svg)


def test_a_purse_that_is_not_known_has_no_line_but_is_named():
    made = waiting_picture(review(waiting=waiting(patient_known=False)))
    assert "Patient not known" in texts(made.svg)
    assert made.table.rows[1][1:] == ["not known"] * 7
    shapes = set(re.findall(r"stroke-dasharray=\"([^\"]+)\"", waiting_picture(review()).svg))
    assert len(shapes) == 3  # one dash for each purse
    assert waiting_picture(review(waiting=None)) is None


def test_the_stay_is_drawn_against_the_mean_with_days_beyond_hatched():
    made = stay_picture(review())
    said = texts(made.svg)
    assert "GMLOS 2.1 d (working MS-DRG 603)" in said and "today: day 5.3, 3.2 beyond the mean" in said
    assert "expected discharge: 17 Jun 2026, day 7.3" in said
    assert "url(#stay-hatched)" in made.svg
    assert ["Days beyond it", "3.2"] in made.table.rows


def test_what_is_not_known_of_the_stay_is_said():
    bare = plan(
        length_of_stay=Stub(
            days=Decimal("1.0"), gmlos_days=None, ms_drg=None, is_working=True, over_days=None
        ),
        expected_discharge=Stub(at=None, basis="no expected discharge is charted"),
    )
    made = stay_picture(review(plan=bare))
    assert "url(#stay-hatched)" not in made.svg and "GMLOS" not in "".join(texts(made.svg))
    assert ["Geometric mean", "not known"] in made.table.rows
    assert made.table.rows[3] == ["Expected discharge", "not known (no expected discharge is charted)"]
    unknown = Stub(days=None, gmlos_days=None, ms_drg=None, is_working=True, over_days=None)
    assert stay_picture(review(plan=plan(length_of_stay=unknown))) is None


def test_an_expected_day_that_has_passed_is_marked_so():
    late = plan(expected_discharge=Stub(at=NOW - timedelta(days=2), basis="geometric mean"))
    assert any(one.endswith("day 3.3 (passed)") for one in texts(stay_picture(review(plan=late)).svg))


def test_names_are_escaped():
    assert "<facility>" not in cost_picture(review()).svg
