"""Files of providers: the shipped extract, CMS's columns in both generations, a hospital's own list, and bad rows."""

from __future__ import annotations

import csv
import hashlib
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from discharge.providers import KINDS, DirectoryError, load_directory, shipped_directory
from discharge.providers.care_compare import kind_of_ccn
from discharge.providers.directory import extract_source
from discharge.providers.own_list import COLUMNS
from discharge.resources import reference_file

pytestmark = pytest.mark.content  # judged once, in the checkout: packaging changes nothing here

NOW = (
    "CMS Certification Number (CCN),Provider Name,Provider Address,City/Town,State,ZIP Code,Telephone Number,"
)
NURSING = NOW + (
    "Number of Certified Beds,Provider Type,Overall Rating,Overall Rating Footnote,Health Inspection Rating,QM Rating,"
    "Staffing Rating,Latitude,Longitude,Processing Date\n"
    "225001,HILL HOUSE,1 Hill St,MEDFORD,MA,02155,7815550100,100,Medicare & Medicaid,4,,3,5,2,42.41,-71.10,2026-01-01\n"
    "015009,NEW HOME,2 Hill St,MEDFORD,MA,02155,7815550101,57,Medicare,,18,,,,42.42,-71.11,2026-01-01\n"
    "225A03,OLD FACILITY,3 Hill St,MEDFORD,MA,02155,7815550102,20,Medicaid,5,,5,5,5,42.43,-71.12,2026-01-01\n"
)
THEN = (
    "PROVNUM,PROVNAME,ADDRESS,CITY,STATE,ZIP,PHONE,BEDCERT,OVERALL_RATING,SURVEY_RATING,QUALITY_RATING,STAFFING_RATING,"
    "FILEDATE\n225001,HILL HOUSE,1 Hill St,MEDFORD,MA,2155,7815550100,100,4,3,5,2,2019-03-01\n"
)
SPENDING = (
    "How much Medicare spends on an episode of care at this agency, compared to Medicare spending across all agencies"
    " nationally"
)
HOME_HEALTH = (
    "State,CMS Certification Number (CCN),Provider Name,Address,City/Town,ZIP Code,Telephone Number,Type of Ownership,"
    f'Quality of patient care star rating,DTC Risk-Standardized Rate,PPR Risk-Standardized Rate,"{SPENDING}"\n'
    "MA,227001,GOOD VISITS,5 Low Rd,MEDFORD,02155,7815550103,PROPRIETARY,3.5,81.234,3.9,0.97\n"
    "MA,227002,NEW VISITS,6 Low Rd,MEDFORD,02155,7815550104,PROPRIETARY,-,Not Available,-,-\n"
)
REHABILITATION = (
    "CMS Certification Number (CCN),Provider Name,Address Line 1,Address Line 2,City/Town,State,ZIP Code,"
    "County/Parish,Telephone Number,CMS Region,Ownership Type,Certification Date\n"
    "223026,BAY REHABILITATION,1 Bay,,BOSTON,MA,02129,Suffolk,(617) 555-0105,1,For profit,01/01/1990\n"
    "22T071,CITY HOSPITAL UNIT,2 Bay,,BOSTON,MA,02118,Suffolk,(617) 555-0106,1,Non-profit,01/01/1990\n"
)
LONG_TERM = REHABILITATION.splitlines()[0] + (
    ",Total Number of Beds\n222007,LONG,1 Way,,BOSTON,MA,02131,Suffolk,(617) 555-0107,1,Non-profit,01/01/1990,80\n"
)
HOSPICE = (
    "CMS Certification Number (CCN),Facility Name,Address Line 1,Address Line 2,City/Town,State,ZIP Code,County/Parish,"
    "Telephone Number,CMS Region,Ownership Type,Certification Date\n"
    "221514,GENTLE HOSPICE,1 Road,,DANVERS,MA,01923,Essex,(978) 555-0108,1,Non-profit,01/01/1990\n"
)
MEASURES = (
    "CMS Certification Number (CCN),Provider Name,Measure Code,Score,Footnote,Start Date,End Date\n"
    "223026,BAY REHABILITATION,I_020_01_MSPB_SCORE,1.02,,10/01/2022,09/30/2024\n"
    "223026,BAY REHABILITATION,I_019_01_DTC_RS_RATE,67.14,,10/01/2022,09/30/2024\n"
    "223026,BAY REHABILITATION,I_017_01_PPR_PD_RSRR,Not Available,4,10/01/2022,09/30/2024\n"
    "999999,ELSEWHERE,I_020_01_MSPB_SCORE,0.5,,10/01/2022,09/30/2024\n"
)
SERVED = "State,CMS Certification Number (CCN),ZIP Code\nMA,227001,02155\nMA,227001,02144\nMA,,02144\n"
OWN = reference_file("providers/own_list.example.csv").read_text(encoding="utf-8")


def write(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def load(folder: Path, *texts: str, **more):
    files = [write(folder, f"part{n}.csv", text) for n, text in enumerate(texts)]
    return load_directory(files, with_shipped=False, **more)


def one(directory, key):
    return next(provider for provider in directory.providers if provider.key == key)


def figures(provider):
    return {figure.name: figure.value for figure in provider.quality}


def test_the_shipped_extract_is_what_its_source_says():
    about, found = extract_source(), shipped_directory()
    assert len(found.providers) == about.rows and not found.faults
    assert {provider.kind for provider in found.providers} == {"snf", "home_health", "ltch", "hospice"}
    assert {provider.state for provider in found.providers} == {about.region}
    assert about.as_of is None and about.placeholder and found.sources[0].is_placeholder
    assert (
        sum(provider.latitude is None for provider in found.providers) == about.left_out["position_blanked"]
    )
    for provider in found.providers:
        assert kind_of_ccn(str(provider.ccn)) == provider.kind
        if provider.latitude is not None:
            assert 41.2 < provider.latitude < 42.9 and -73.6 < provider.longitude < -69.9


def test_the_shipped_extract_is_loaded_once():
    assert shipped_directory() is shipped_directory()


def test_nursing_homes_with_their_stars_as_cms_publishes_them_now(tmp_path):
    directory = load(tmp_path, NURSING)
    home = one(directory, "225001")
    assert (home.kind, home.name, home.city, home.postal_code, home.beds) == (
        "snf",
        "HILL HOUSE",
        "MEDFORD",
        "02155",
        100,
    )
    assert figures(home) == {
        "Overall": "4 of 5", "Inspections": "3 of 5", "Quality measures": "5 of 5", "Staffing": "2 of 5"
    }  # fmt: skip
    assert {figure.published for figure in home.quality} == {date(2026, 1, 1)}
    assert directory.sources[0].as_of == date(2026, 1, 1)
    assert not directory.faults


def test_a_home_without_rating_has_none_and_one_that_medicaid_alone_pays_is_left_aside(tmp_path):
    directory = load(tmp_path, NURSING)
    assert one(directory, "015009").quality == ()
    assert len(directory.providers) == 2 and "1 that Medicaid alone pays" in directory.sources[0].note


def test_nursing_homes_in_the_older_columns_say_the_same(tmp_path):
    then, now = one(load(tmp_path, THEN), "225001"), one(load(tmp_path, NURSING), "225001")
    assert figures(then) == figures(now)
    assert (then.name, then.address, then.city, then.postal_code, then.beds) == (
        now.name, now.address, now.city, now.postal_code, now.beds
    )  # fmt: skip
    assert {figure.published for figure in then.quality} == {date(2019, 3, 1)}


def test_home_health_with_quality_and_use_of_resources(tmp_path):
    write(tmp_path, "HH_Provider_Jan2026.csv", HOME_HEALTH)
    directory = load_directory([tmp_path / "HH_Provider_Jan2026.csv"], with_shipped=False)
    agency = one(directory, "227001")
    assert agency.kind == "home_health"
    by_use = {figure.name: (figure.value, figure.use, figure.published) for figure in agency.quality}
    day = date(2026, 1, 1)
    assert by_use["Patient care"] == ("3.5 of 5", "quality", day)
    assert by_use["Back in the community"] == ("81.2%", "quality", day)
    assert by_use["Medicare spending"] == ("0.97", "resource", day)
    assert one(directory, "227002").quality == ()


@pytest.mark.parametrize(
    ("text", "kinds"),
    [(REHABILITATION, ["irf", "irf"]), (LONG_TERM, ["ltch"]), (HOSPICE, ["hospice"])],
)
def test_general_information_files_are_told_apart_by_the_number_of_the_provider(tmp_path, text, kinds):
    directory = load(tmp_path, text)
    assert [provider.kind for provider in directory.providers] == kinds and not directory.faults


def test_measures_join_the_providers_they_are_of_and_others_are_passed_by(tmp_path):
    directory = load(tmp_path, MEASURES, REHABILITATION)
    unit = one(directory, "223026")
    assert figures(unit) == {
        "Medicare spending": "1.02",
        "Back in the community": "67.1%",
    }
    assert unit.address == "1 Bay" and one(directory, "22T071").quality == ()
    assert len(directory.providers) == 2


def test_zip_codes_that_an_agency_serves(tmp_path):
    directory = load(tmp_path, SERVED, HOME_HEALTH)
    assert one(directory, "227001").serves == {"02155", "02144"}
    assert one(directory, "227002").serves is None
    assert [fault.where for fault in directory.faults] == ["part0.csv: line 4"]


def test_the_example_of_an_own_list_has_every_column_and_no_fault(tmp_path):
    directory = load(tmp_path, OWN)
    assert not directory.faults
    header = next(csv.reader(line for line in OWN.splitlines() if not line.startswith("#")))
    assert set(header) == set(COLUMNS)
    assert {provider.kind for provider in directory.providers} == set(KINDS) - {"ltch", "hospice"}
    assert directory.complete == {"irf", "medical_respite"} and directory.sources[0].as_of == date(
        2026, 6, 14
    )
    unit = one(directory, "22T999")
    assert unit.networks == {"example_ma_plan", "example_commercial_ppo"}
    assert unit.capabilities == {"iv": True, "wound": True, "dialysis": True, "bariatric": False}
    assert (unit.accepting, unit.beds_available, unit.has_financial_interest) == (True, 0, True)
    assert unit.reported_at.isoformat() == "2026-06-15T06:45:00-04:00"
    assert one(directory, "223098").networks == frozenset()
    assert one(directory, "res-1").networks is None and one(directory, "res-1").accepting is None


def test_an_own_list_says_last_and_adds_to_what_cms_says(tmp_path):
    own = "id,kind,name,ccn,phone,accepting,reported_at\nh1,snf,Hill House,225001,781-555-9999,yes,2026-06-15T06:00\n"
    for texts in ((NURSING, own), (own, NURSING)):
        home = one(load(tmp_path, *texts), "225001")
        assert (home.name, home.phone, home.own_id, home.accepting) == (
            "Hill House",
            "781-555-9999",
            "h1",
            True,
        )
        assert home.beds == 100 and figures(home)["Overall"] == "4 of 5"
        assert len(home.sources) == 2


def test_cms_goes_before_the_shipped_extract(tmp_path):
    ccn = next(provider.key for provider in shipped_directory().providers if provider.kind == "snf")
    path = write(tmp_path, "nh_2026-05.csv", NURSING.replace("225001", ccn))
    directory = load_directory([path])
    home = one(directory, ccn)
    assert home.name == "HILL HOUSE" and len(home.sources) == 2
    assert len(directory.providers) == len(shipped_directory().providers) + 1


BAD_OWN = """id,kind,name,ccn,zip,latitude,longitude,beds,capabilities,accepting,reported_at,financial_interest,phone
a1,snf,Good,225001,02155,42.4,-71.1,10,iv,yes,2026-06-15T06:00,no,1
a2,snff,Bad kind,,,,,,,,,,
,snf,No id,,,,,,,,,,
a3,snf,,,,,,,,,,,
a4,snf,Bad cells,22,021,142,71.1,ten,ivx; no iv; iv,maybe,yesterday,perhaps,2
a1,snf,Twice,,,,,,,,,,
a5,snf,Short
a6,snf,No time,,,,,,,yes,,,
a7,snf,Same number,225001,,,,,,,,,
"""


def test_every_fault_is_named_with_line_and_field_and_the_rest_goes_on(tmp_path):
    directory = load(tmp_path, BAD_OWN)
    assert sorted(provider.own_id for provider in directory.providers) == ["a1", "a4", "a6"]
    places = [fault.where.removeprefix("part0.csv: ") for fault in directory.faults]
    assert places == [
        "line 3: kind", "line 4: id", "line 5: name", "line 6: ccn", "line 6: latitude", "line 6: longitude",
        "line 6: accepting", "line 6: reported_at", "line 6: zip", "line 6: beds", "line 6: capabilities",
        "line 6: capabilities", "line 6: financial_interest", "line 7: id", "line 8", "line 9: reported_at",
        "line 10: ccn",
    ]  # fmt: skip
    assert "did you mean 'snf'?" in str(directory.faults[0])
    assert all(fault.expected for fault in directory.faults)
    kept = one(directory, "a4")
    assert kept.ccn is None and kept.latitude is None and kept.accepting is None and kept.capabilities == {}
    assert kept.phone == "2"


def test_messages_never_quote_what_stands_in_a_cell(tmp_path):
    secret = "Jane Q Public"
    text = BAD_OWN.replace("yesterday", secret).replace("perhaps", secret).replace("ten", secret)
    assert all(secret not in str(fault) for fault in load(tmp_path, text).faults)


def test_a_position_on_the_wrong_side_of_the_world_is_left_open(tmp_path):
    directory = load(tmp_path, NURSING.replace("-71.10", "71.10"))
    assert one(directory, "225001").latitude is None
    assert [fault.where for fault in directory.faults] == ["part0.csv: line 2: longitude"]


def test_a_misspelt_column_and_a_kind_of_which_nothing_is_known_are_named(tmp_path):
    directory = load(tmp_path, "# complete: snf, irff\nid,kind,name,telefone\na,snf,A,1\n")
    assert [fault.what for fault in directory.faults] == ["no column 'telefone'", "no kind 'irff'"]
    assert directory.faults[1].expected == "did you mean 'irf'?"
    assert directory.complete == {"snf"}


@pytest.mark.parametrize("text", ["", "\n\n", "a,b\n1,2\n", "id,kind\n1,snf\n", 'id,kind,name\n1,"snf'])
def test_a_file_of_no_known_form_is_refused_whole(tmp_path, text):
    with pytest.raises(DirectoryError) as refused:
        load(tmp_path, text)
    assert "part0.csv" in str(refused.value) and refused.value.exit_code == 2


def test_all_files_that_cannot_be_read_are_named_at_once(tmp_path):
    missing = tmp_path / "missing.csv"
    with pytest.raises(DirectoryError) as refused:
        load_directory([missing, write(tmp_path, "empty.csv", "")])
    assert {"missing.csv", "empty.csv"} <= {fault.where for fault in refused.value.faults}
    assert str(tmp_path) not in str(refused.value)


def test_an_old_file_in_cp1252_is_read(tmp_path):
    path = write(tmp_path, "old.csv", THEN.replace("HILL HOUSE", "CAFÉ HOUSE"), "cp1252")
    assert load_directory([path], with_shipped=False).providers[0].name == "CAFÉ HOUSE"


def test_the_digest_is_of_the_files_and_not_of_their_order(tmp_path):
    first, second = load(tmp_path, NURSING, OWN), load(tmp_path, OWN, NURSING)
    assert first.digest == second.digest != load(tmp_path, OWN).digest
    assert first.providers != () and [p.key for p in first.providers] == [p.key for p in second.providers]
    assert (
        shipped_directory().digest
        == hashlib.sha256(
            hashlib.sha256(reference_file("providers/shipped.csv").read_bytes()).hexdigest().encode()
        ).hexdigest()
    )


CELLS = st.text(alphabet=st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), max_size=12)
ROWS = st.lists(st.lists(CELLS, min_size=len(COLUMNS), max_size=len(COLUMNS)), max_size=6)
KNOWN = st.fixed_dictionaries(
    {"id": st.sampled_from(["a", "b", "c d", ""]), "kind": st.sampled_from([*KINDS, "", "x"]), "name": CELLS}
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, known=st.lists(KNOWN, min_size=6, max_size=6))
def test_whatever_stands_in_an_own_list_each_row_is_a_provider_or_a_fault(tmp_path, rows, known):
    path = tmp_path / "any.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for cells, given_ in zip(rows, known, strict=False):
            writer.writerow([given_.get(name, cell) for name, cell in zip(COLUMNS, cells, strict=True)])
    directory = load_directory([path], with_shipped=False)
    out = {fault.where.split(": ")[1] for fault in directory.faults if "left out" in fault.expected}
    written = sum(
        1
        for cells, given_ in zip(rows, known, strict=False)
        if not str(given_["id"]).lstrip().startswith("#")
        and any(str(given_.get(name, cell)).strip() for name, cell in zip(COLUMNS, cells, strict=True))
    )
    assert len(directory.providers) + len(out) == written


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_in_plain_words(tmp_path, content):
    path = tmp_path / "bytes.csv"
    path.write_bytes(content)
    try:
        load_directory([path], with_shipped=False)
    except DirectoryError as error:
        assert error.faults
