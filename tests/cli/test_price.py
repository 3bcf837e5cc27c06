"""`discharge price`: the worked examples through the command, its steps and sources, and what it refuses."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest

from discharge.cli import main, price
from discharge.cli.pricing.after import AFTER_KINDS
from discharge.cli.pricing.hospital import HOSPITAL_KINDS
from discharge.costs.rates import rate_book
from discharge.dated import Dated, DatedValue

pytestmark = pytest.mark.content  # judged once, in the checkout: packaging changes nothing here

KINDS = {**HOSPITAL_KINDS, **AFTER_KINDS}
FY2025, FY2026, FY2027 = "2025-09-30", "2025-10-01", "2026-10-01"
CY2025, CY2026 = "2025-12-31", "2026-01-01"

EXAMPLES = [
    ("W1", FY2026, "ipps weight=1", "7276.76"),
    ("W2", FY2027, "ipps weight=1", "7388.03"),
    ("W3", FY2026, "ipps drg=291 wage_index=1.0369", "9569.92"),
    ("W4", FY2026, "ipps drg=871 wage_index=0.90", "13250.99"),
    ("W5", FY2027, "ipps weight=1.9425 wage_index=0.90", "13453.50"),
    ("W6 a", FY2026, "transfer drg=481 los=1 to=snf", "11165.68"),
    ("W6 b", FY2026, "transfer drg=481 los=2 to=snf", "12936.71"),
    ("W6 c", FY2026, "transfer drg=481 los=3 to=snf", "14709.26"),
    ("W6 d", FY2026, "transfer drg=481 los=4 to=snf", "15241.17"),
    ("W7 a", FY2026, "transfer drg=871 los=1 to=snf", "5890.10"),
    ("W7 b", FY2026, "transfer drg=871 los=2 to=snf", "8834.44"),
    ("W7 c", FY2026, "transfer drg=871 los=3 to=snf", "11778.78"),
    ("W7 d", FY2026, "transfer drg=871 los=4 to=snf", "14135.10"),
    ("W8", FY2026, "transfer drg=65 los=1 to=irf", "5251.33"),
    ("W9", FY2026, "transfer drg=470 los=1 to=home_health home_health_days=1", "14036.14"),
    ("W10 normal", FY2026, "transfer full=14000 gmlos=7 los=3 to=snf listed=yes special=no", "7999.60"),
    ("W10 special", FY2026, "transfer full=14000 gmlos=7 los=3 to=snf listed=yes special=yes", "10999.80"),
    (
        "W11",
        FY2026,
        "outlier drg=871 charges=310000 ccr_operating=0.22 ccr_capital=0.02 uncompensated_care=450",
        "15534.32",
    ),
    ("W12", CY2026, "snf hipps=FAPE1 days=25", "15924.88"),
    ("W12 day 21", CY2026, "snf hipps=FAPE1 days=1 first_day=21", "611.70"),
    ("W13", CY2026, "snf therapy=TF speech=SA nursing=CBC1 ancillary=NE days=25 wage_index=0.95", "15352.37"),
    ("W14", CY2026, "snf hipps=JAPB1 days=42 area=rural", "32871.86"),
    ("W15", CY2026, "snf therapy=TK speech=SA nursing=CBC1 ancillary=NB days=1 hiv=yes", "1260.16"),
    (
        "W15 later",
        CY2026,
        "snf therapy=TK speech=SA nursing=CBC1 ancillary=NB days=1 first_day=4 hiv=yes",
        "784.12",
    ),
    ("W16", FY2027, "snf therapy=TN speech=SD nursing=HBC1 ancillary=ND days=1", "994.17"),
    ("W18", CY2026, "home-health weight=1.15 wage_index=0.92", "2203.50"),
    ("W18, 2025", CY2025, "home-health weight=1.15 wage_index=0.92", "2224.18"),
    ("W19", CY2026, "lupa visits=sn,sn,sn", "658.29"),
    ("W20", CY2026, "lupa visits=pt,pt,sn", "684.20"),
    ("W21", FY2026, "irf weight=1.60 wage_index=0.95", "29840.64"),
    ("W21, 2025", FY2025, "irf weight=1.60 wage_index=0.95", "29125.86"),
    ("W22", FY2026, "irf weight=2.10 wage_index=1.08", "43100.32"),
    ("W23", FY2026, "hospice days=75", "16578.90"),
    ("W24", FY2025, "hospice days=1 wage_index=0.90", "209.80"),
    ("W25", FY2026, "hospice level=continuous hours=10", "697.62"),
    ("W26", CY2025, "home-infusion category=1 visits=6 deductible_left=0", "1157.22"),
    ("W27", CY2026, "observation", "2672.15"),
    ("W28", CY2026, "observation wage_index=0.92", "2543.89"),
    ("W29", CY2026, "inpatient-days days=75", "8246.00"),
    ("W30", CY2026, "inpatient-days days=95", "19096.00"),
    ("W31", CY2026, "snf-days days=60", "8680.00"),
    ("W32", FY2026, "ltch weight=1.1 wage_index=0.95", "53869.15"),
    ("W33", CY2025, "physician-fee codes=96365,96366x3", "116.13"),
    (
        "96365 in Manhattan",
        CY2025,
        "physician-fee codes=96365 gpci_work=1.065 gpci_practice=1.166 gpci_malpractice=1.656",
        "67.46",
    ),
    (
        "short long-term stay",
        FY2026,
        "ltch weight=1.1 los=10 mean_stay=26 acute_weight=1.9425 acute_gmlos=4.8",
        "19519.93",
    ),
    (
        "site neutral",
        FY2026,
        "ltch site_neutral=yes los=3 cost=20000 acute_weight=1.9425 acute_gmlos=4.8",
        "7998.22",
    ),
    ("rehabilitation outlier", FY2026, "irf weight=1.6 charges=100000 ccr=0.5", "38149.12"),
    ("home health outlier", CY2026, "home-health weight=1 units=sn:60", "2648.33"),
    ("ambulance", CY2026, "ambulance area=none miles=10", "376.06"),
    ("nursing facility across October", "2026-09-15", "snf hipps=FAPE1 days=60", "37514.52"),
    ("hospice across October", "2026-09-15", "hospice days=60", "14083.44"),
    ("nursing facility days across the year", "2025-12-15", "snf-days days=60", "8680.00"),
    ("hospital days across the year", "2025-12-15", "inpatient-days days=80", "10356.00"),
    ("hospital days later in the period", "2026-02-01", "inpatient-days days=10 used_days=60", "4340.00"),
    (
        "deductible still due",
        "2026-02-01",
        "inpatient-days days=10 used_days=60 deductible_met=no",
        "6076.00",
    ),
    ("reserve days left now", "2026-02-01", "inpatient-days days=5 used_days=120 reserve_left=5", "4340.00"),
    ("no model's factor yet", CY2025, "physician-fee work=1 practice=1 malpractice=1 apm=yes", "97.04"),
    ("capital X", CY2025, "physician-fee codes=96365,96366X3", "116.13"),
    ("units add up", CY2026, "home-health weight=1 units=sn:24,sn:36", "2648.33"),
    ("fraction to four decimals", FY2026, "ipps weight=1.9425 fraction=0.41666666", "5890.10"),
    ("home health that can lose nothing", FY2026, "transfer drg=871 los=4 to=home_health", "14135.10"),
    ("an acute transfer asks for no list", FY2026, "transfer weight=1 gmlos=4 los=1 to=acute", "3638.39"),
    ("a cancer hospital", FY2026, "transfer drg=481 los=1 to=05", "11165.68"),
    ("a swing bed", FY2026, "transfer drg=481 los=1 to=61", "15241.17"),
]


@pytest.fixture
def told(capsys):
    def run(words: str, day: str) -> dict:
        assert main(["price", *words.split(), "--on", day, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    return run


@pytest.fixture
def refused(capsys):
    def run(words: str, day: str = CY2026) -> str:
        assert main(["price", *words.split(), "--on", day]) == 2
        shown = capsys.readouterr()
        assert not shown.out
        return shown.err

    return run


@pytest.mark.parametrize(("name", "day", "words", "amount"), EXAMPLES, ids=[row[0] for row in EXAMPLES])
def test_worked_examples(told, name, day, words, amount):
    answer = told(words, day)
    assert answer["amount_usd"] == amount
    assert answer["on"] == day
    assert answer["steps"]
    assert Decimal(amount) in {Decimal(step["value"]) for step in answer["steps"]}
    for one in answer["rates"]:
        assert one["since"] <= day or "across" in name
        assert one["source"]
        assert one["verified"] in (True, False)


def test_what_follows_from_the_amount(told):
    assert told("snf hipps=FAPE1 days=25", CY2026)["also_usd"] == {
        "patient": "1085.00",
        "Medicare": "14839.88",
        "Medicare, after the sequester": "14543.08",
    }
    assert told("home-infusion visits=6 deductible_left=0", CY2025)["also_usd"]["patient"] == "231.44"
    assert told("observation", CY2026)["also_usd"]["patient"] == "760.83"
    assert told("observation deductible_left=0", CY2026)["also_usd"]["patient"] == "534.43"
    moved = told("transfer drg=871 los=1 to=snf", FY2026)["also_usd"]
    assert moved == {"full payment": "14135.10", "lost to the transfer": "8245.00"}
    outlier = told("outlier drg=871 charges=310000 ccr_operating=0.22 ccr_capital=0.02", FY2026)
    assert outlier["also_usd"]["payment before outlier"] == "14135.10"


def test_days_beyond_the_benefit_are_not_medicares(told):
    answer = told("snf hipps=FAPE1 days=120", "2026-02-01")
    assert answer["also_usd"]["Medicare"] == "42590.09"
    assert answer["also_usd"]["patient"] == "17360.00"
    assert sum(
        Decimal(answer["also_usd"][name]) for name in ("patient", "not covered", "Medicare")
    ) == Decimal(answer["amount_usd"])
    assert any("20 of the days lie beyond the benefit" in note for note in answer["notes"])
    assert "not covered" not in told("snf hipps=FAPE1 days=100", "2026-02-01")["also_usd"]
    later = told("snf hipps=FAPE1 days=5 first_day=101", "2026-02-01")["also_usd"]
    assert (later["patient"], later["Medicare"]) == ("0.00", "0.00")


def test_the_next_years_placeholder_is_flagged(told):
    assert any("proposed" in one for one in told("snf hipps=FAPE1 days=60", "2026-09-15")["placeholders"])
    assert told("snf hipps=FAPE1 days=16", "2026-09-15")["placeholders"] == []


def test_the_deductible_is_named_only_where_it_is_due(told):
    def names(words):
        return [one["name"] for one in told(f"inpatient-days {words}", CY2026)["steps"]]

    assert names("days=65") == ["deductible", "days in full", "coinsurance days", "together"]
    assert names("days=10 used_days=60") == ["coinsurance days", "together"]
    assert names("days=3 deductible_met=yes") == ["days in full", "together"]
    assert any("earlier day" in one for one in told("inpatient-days days=1 used_days=1", CY2026)["notes"])


def test_the_assessment_of_a_hipps_code_is_kept(told):
    assert told("snf hipps=fape0 days=3", CY2026)["notes"] == ["HIPPS FAPE0 (interim assessment)"]
    assert told("snf hipps=FAPE6 days=3", CY2026)["notes"] == ["HIPPS FAPE6 (not a PPS assessment)"]


def test_a_fee_by_relative_values_is_shared_like_one_by_code(told):
    words = "physician-fee work=1 practice=1 malpractice=1 deductible_left=0"
    assert told(words, CY2025)["also_usd"]["patient"] == "19.41"


def test_the_greatest_figures_are_priced_and_greater_ones_refused(told, refused):
    for kind in ("ipps", "outlier", "irf", "ltch", "home-health", "ambulance", "physician-fee", "transfer"):
        keys = {one.name: one for one in KINDS[kind].keys}
        numbers = [f"{name}={one.greatest}" for name, one in keys.items() if one.kind == "number"]
        left_out = {
            "irf": ("mean_stay",),
            "ltch": ("acute_weight", "acute_gmlos", "mean_stay"),
            "transfer": ("weight", "wage_index", "cola", "ime", "dsh", "ime_capital", "dsh_capital"),
        }.get(kind, ())
        kept = [pair for pair in numbers if pair.partition("=")[0] not in left_out]
        more = "los=3 to=acute" if kind == "transfer" else ""
        assert Decimal(told(f"{kind} {' '.join(kept)} {more}", CY2026)["amount_usd"]) > 0
        for pair in kept:
            name = pair.partition("=")[0]
            assert f"{name}=1e30: write a number" in refused(f"{kind} {name}=1e30")
    assert "days=3651: write a whole number from 0 to 3650" in refused("snf-days days=3651")


def test_placeholders_are_said(told):
    assert told("ipps weight=1", FY2027)["placeholders"] == []
    assert any("proposed" in one for one in told("irf weight=1", FY2027)["placeholders"])
    assert any("estimate" in one for one in told("home-infusion visits=1", CY2026)["placeholders"])
    assert any("another fiscal year" in one for one in told("ipps drg=291", FY2027)["placeholders"])
    assert told("ipps drg=291", FY2026)["placeholders"] == []


def test_the_answer_for_people(capsys):
    assert main(["price", "irf", "weight=1", "--on", FY2027]) == 0
    shown = capsys.readouterr().out
    assert "Inpatient rehabilitation facility, 2026-10-01: $19,881.00" in shown
    assert "stands on placeholders" in shown
    assert "PLACEHOLDER" in shown
    assert "not yet checked against the source" in shown
    assert max(len(line) for line in shown.splitlines()) <= 100


def test_a_patients_part_that_is_not_known_is_said(told):
    answer = told("snf hipps=FAPE1 days=25", "2027-01-02")
    assert answer["also_usd"] == {}
    assert any("patient's part is not known" in note for note in answer["notes"])


def test_without_a_kind_the_kinds_and_keys_are_listed(capsys):
    assert main(["price"]) == 0
    shown = capsys.readouterr().out
    kinds = [
        line.partition(":")[0] for line in shown.splitlines() if line and not line.startswith((" ", "`"))
    ]
    expected = "ipps transfer outlier irf ltch snf home-health lupa hospice home-infusion observation"
    assert kinds == [*expected.split(), "physician-fee", "inpatient-days", "snf-days", "ambulance"]
    assert main(["price", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [one["kind"] for one in listed] == kinds
    assert {
        "key": "weight",
        "told": "case-mix group weight: a number (required)",
        "required": True,
    } in listed[3]["keys"]


def test_all_faults_come_at_once(refused):
    said = refused("irf wieght=1.2 wage_index=high rural=perhaps los=2.5 ccr")
    assert "no key 'wieght'; did you mean 'weight'?" in said
    assert "weight is missing" in said
    assert "wage_index=high" in said
    assert "rural=perhaps: yes or no" in said
    assert "los=2.5: write a whole number" in said
    assert "'ccr' is not key=value" in said
    assert "keys of irf: weight, wage_index" in said


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("ipss weight=1", "did you mean 'ipps'?"),
        ("ipps", "give drg, or weight"),
        ("ipps drg=998", "Table 5"),
        ("ipps weight=1 weight=2", "weight is given twice"),
        ("ipps weight=-1", "from 0"),
        ("ipps weight=nan", "write a number"),
        ("ipps weight=1,2", "no thousands sign"),
        ("snf days=3", "give hipps"),
        ("snf hipps=ZZZZZ days=3", "character 1"),
        ("snf therapy=TZ speech=SA nursing=CBC1 ancillary=NE days=3", "therapy=TZ: one of TA"),
        ("transfer drg=871 los=2 to=home_health", "home_health_days is missing"),
        ("transfer weight=1 los=2 to=snf", "give gmlos"),
        ("transfer drg=871 los=2 to=nursing_home", "one of home, acute, snf"),
        ("lupa visits=sn,nurse", "one of sn, pt"),
        ("ltch site_neutral=yes los=3", "needs los, cost, acute_weight"),
        ("ltch los=3", "needs weight"),
        ("irf weight=1 transfer=yes", "mean stay"),
        ("hospice level=continuous hours=10 days=2", "one day"),
        ("inpatient-days days=200", "beyond the benefit period"),
        ("outlier weight=1 charges=1 ccr_operating=0 ccr_capital=0", "both be 0"),
        ("physician-fee", "give codes"),
        ("physician-fee codes=96366xx", "96366x3"),
        ("home-health weight=1 units=sn", "sn:24"),
        ("ambulance level=A0001", "A0428"),
        ("observation --on", "requires an argument"),
        ("ipps weight=0", "from 0.0001"),
        ("ipps weight=1 fraction=0", "from 0.0001"),
        ("physician-fee codes=96366x0", "1 to 999"),
        ("physician-fee codes=96366x1000", "1 to 999"),
        ("physician-fee work=1", "practice, malpractice missing"),
        ("transfer weight=1 gmlos=4 los=1 to=snf", "listed is missing"),
        ("transfer weight=1 gmlos=4 los=1 to=snf listed=yes", "special is missing"),
        ("transfer drg=871 los=2 to=99", "to=99: no destination or discharge status; write one of home"),
        ("snf hipps=ZZZZZ days=3", "character 5 is one of"),
        # keys without effect
        ("snf hipps=FAPE1 days=3 nursing=PA1", "hipps names the groups"),
        ("transfer full=1000 gmlos=4 los=1 to=acute wage_index=0.9", "full is the whole payment"),
        ("transfer full=1000 weight=2 gmlos=4 los=1 to=acute", "full is the whole payment"),
        ("transfer drg=871 los=1 to=snf home_health_days=2", "only home health"),
        ("transfer drg=871 los=1 to=snf condition_codes=42", "only home health"),
        ("irf weight=1 los=3", "give transfer=yes"),
        ("irf weight=1 ccr=0.4", "give charges"),
        ("ltch site_neutral=yes los=3 cost=1 acute_weight=1 acute_gmlos=4 weight=1", "site neutral rate"),
        ("ltch weight=1 los=3", "needs both"),
        ("ltch weight=1 acute_weight=1", "only a short stay"),
        ("hospice hours=3", "give level=continuous"),
        ("physician-fee codes=96365 work=1", "not both"),
        ("physician-fee codes=96365 apm=yes", "ordinary ones"),
        ("physician-fee work=1 practice=1 malpractice=1 setting=facility", "one setting"),
        ("physician-fee codes=96365 setting=hospital gpci_work=1.1", "no local index"),
    ],
)
def test_what_cannot_be_priced_is_refused(capsys, words, fault):
    day = [] if words.endswith("--on") else ["--on", CY2026]
    assert main(["price", *words.split(), *day]) == 2
    assert fault in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "day", "known"),
    [
        ("ipps weight=1", "2024-09-30", "ipps.operating (known from 2024-10-01 to 2027-09-30)"),
        ("ipps weight=1", "2027-10-01", "ipps.operating"),
        ("home-health weight=1", "2027-01-01", "home_health.period (known from 2025-01-01 to 2026-12-31)"),
        ("snf hipps=FAPE1 days=1", "2027-10-01", "snf.urban"),
        ("inpatient-days days=3", "2027-01-01", "part_a.deductible"),
        ("hospice days=1", "2024-09-30", "hospice.daily"),
        ("physician-fee codes=96365", "2026-01-01", "pfs.fee_office"),
        ("irf weight=1 charges=10000", "2026-10-01", "irf.ccr_urban"),
        ("snf hipps=FAPE1 days=2", "2027-09-30", "not known here for 2027-10-01"),
        ("snf-days days=2 used_days=20", "2026-12-31", "not known here for 2027-01-01"),
        ("ambulance", "2025-12-31", "ambulance.conversion_factor"),
    ],
)
def test_a_day_without_a_rate_is_said(refused, words, day, known):
    said = refused(words, day)
    assert "not known here for" in said
    assert known in said


def test_a_wrong_day_is_refused_together_with_wrong_keys(refused):
    said = refused("irf wieght=1 rural=perhaps", "2026-13-01")
    for fault in ("--on: '2026-13-01' is not a day", "no key 'wieght'", "weight is missing", "rural=perhaps"):
        assert fault in said
    assert "is not a day" in refused("observation", "2026-13-01")


def test_a_code_of_another_setting_is_told_which(refused):
    assert "try setting=facility" in refused("physician-fee codes=99223", CY2025)


def test_gaps_between_known_days_are_said(refused, monkeypatch):
    one, none = DatedValue(value=Decimal(1)), DatedValue(value=None)
    days = {date(2024, 1, 1): one, date(2024, 6, 1): one, date(2025, 1, 1): none, date(2026, 1, 1): one}
    values = {**days, date(2027, 1, 1): none}
    monkeypatch.setitem(rate_book().rates, "gap", Dated(unit="USD", values=values))
    assert price._known_days("gap") == (
        "gap (known from 2024-01-01 to 2024-12-31 and from 2026-01-01 to 2026-12-31)"
    )


def test_a_table_keeps_its_sources_for_every_row(told):
    rows = told("snf hipps=FAPE1 days=1", CY2026)["rates"]
    names = {one["name"] for one in rows}
    assert {"snf.urban, pt", "snf.index.pt, TF", "snf.urban, ncm", "snf.labor_share"} <= names
