"""Services by code, ambulance, equipment and drugs: figures worked by hand."""

from datetime import date
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discharge.costs.ambulance import ambulance_trip
from discharge.costs.dme import pump_days, rental
from discharge.costs.drugprices import drug_course, drug_day, drug_prices, drug_rates
from discharge.costs.outpatient import outpatient_service
from discharge.costs.partb import Locality, RelativeValue, infusion_codes, relative_value_fee, service_fees
from discharge.drugs import drugs

pytestmark = pytest.mark.content  # arithmetic: the wheel changes nothing

CY2025, CY2026, CY2027 = date(2025, 12, 31), date(2026, 1, 1), date(2027, 1, 1)


def usd(found):
    assert found is not None
    return str(found.amount)


PLACES = {
    "Manhattan": ("1.065", "1.166", "1.656", "67.46"),
    "Alabama": ("1", "0.869", "0.575", "50.82"),
    "Chicago": ("1.007", "1.023", "2.018", "60.41"),
}


@pytest.mark.parametrize("place", sorted(PLACES))
def test_local_fee(place):
    *indexes, fee = PLACES[place]
    locality = Locality(*(D(index) for index in indexes))
    value = RelativeValue(D("0.21"), D("1.54"), D("0.04"))
    assert usd(relative_value_fee(CY2025, value, locality=locality)) == fee
    assert usd(service_fees(CY2025, ["96365"], locality=locality)) == fee


def test_national_fees():
    assert usd(service_fees(CY2025, infusion_codes(4))) == "116.13"
    assert usd(service_fees(CY2025, infusion_codes(2), setting="hospital")) == "256.83"
    assert usd(service_fees(CY2025, ["36573"])) == "355.16"
    assert usd(service_fees(CY2025, ["36573"], setting="facility")) == "79.57"
    assert service_fees(CY2026, ["96365"]) is None
    with pytest.raises(ValueError, match="no '11111'"):
        service_fees(CY2025, ["11111"])


def test_a_local_fee_needs_relative_values():
    assert service_fees(CY2025, ["96366"], locality=Locality(D("1.1"), D("1.1"), D("1.1"))) is None


def test_conversion_factors():
    one = RelativeValue(D(1), D(0), D(0))
    assert usd(relative_value_fee(CY2026, one)) == "33.40"
    assert usd(relative_value_fee(CY2026, one, is_apm=True)) == "33.57"
    assert relative_value_fee(CY2027, one) is None
    assert usd(outpatient_service(CY2026, D("29.2310"))) == "2672.15"
    assert outpatient_service(CY2027, D(1)) is None


def test_ambulance():
    assert usd(ambulance_trip(CY2026, "A0428", area="none")) == "284.56"
    # ALS1 emergency 1.90 x 284.56 x (0.7 x 1.1 + 0.3) = 578.51, x 1.02 = 590.08; 12 miles 109.80 x 1.02 = 112.00
    assert usd(ambulance_trip(CY2026, "A0427", practice_index=D("1.1"), miles=D(12))) == "702.08"
    assert usd(ambulance_trip(CY2026, "A0428", area="super_rural", miles=D(10))) == "440.37"  # 348.87 + 91.50
    given_factors = {"conversion_factor": D(300), "mileage": D(10)}
    assert usd(ambulance_trip(CY2025, "A0428", area="none", miles=D(2), **given_factors)) == "320.00"
    assert ambulance_trip(CY2025, "A0428") is None  # the factor of 2025 was not found
    with pytest.raises(ValueError, match="A0428"):
        ambulance_trip(CY2026, "A0001")


@given(st.integers(0, 100), st.integers(0, 100))
def test_a_longer_ride_never_costs_less(one, other):
    low, high = (ambulance_trip(CY2026, "A0429", miles=D(miles)) for miles in sorted((one, other)))
    assert low is not None
    assert high is not None
    assert low.amount <= high.amount


def test_equipment():
    assert usd(rental(CY2026, "oxygen", 3)) == "279.78"
    assert usd(pump_days(CY2026, 7)) == "63.00"


# Drugs


def test_drugs_have_the_names_of_the_drug_table():
    book = drug_prices()
    assert set(book.day) | set(book.course) <= set(drugs())
    assert not set(book.day) & set(book.course)


def test_drug_prices_are_marked_and_cited():
    book = drug_prices()
    cited = set()
    for name, dated in [*book.day.items(), *book.course.items()]:
        for price in dated.values.values():
            assert price.placeholder, name
            assert 0 < price.low <= price.high, name
            cited.add(price.cite)
    assert cited == set(book.citations)
    assert not any(one.verified for one in book.citations.values())


@pytest.mark.parametrize(
    "name",
    [
        *("cefazolin", "ceftriaxone", "ertapenem", "daptomycin", "vancomycin", "piperacillin / tazobactam"),
        *("cefepime", "meropenem", "oxacillin", "nafcillin", "penicillin g", "ampicillin", "linezolid"),
        *("sulfamethoxazole / trimethoprim", "levofloxacin", "amoxicillin / clavulanate"),
    ],
)
def test_common_antibiotics_are_priced_by_the_day(name):
    assert drug_day(name, CY2026) is not None
    assert drug_course(name, CY2026) is None


@pytest.mark.parametrize("name", ["dalbavancin", "oritavancin"])
def test_long_acting_drugs_are_priced_by_the_course(name):
    assert drug_day(name, CY2026) is None
    assert drug_course(name, CY2026) is not None


def test_a_drug_without_a_price_is_unknown():
    assert drug_day("colistimethate", CY2026) is None
    assert drug_rates("colistimethate", CY2026) is None
    assert drug_day("cefazolin", date(2023, 12, 31)) is None


def test_drug_rates_say_where_they_come_from():
    found = drug_rates("ertapenem", CY2026)
    assert found is not None
    assert [one.value for one in found] == list(drug_day("ertapenem", CY2026) or ())
    assert all(one.placeholder and one.citation and not one.verified for one in found)
    assert {one.unit for one in found} == {"USD/d"}
    course = drug_rates("dalbavancin", CY2026)
    assert course is not None
    assert {one.unit for one in course} == {"USD"}
