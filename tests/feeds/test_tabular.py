"""Tabular feeds: every format gives the same chart; what is broken is a reject with its line."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from discharge.chart import TABLES
from discharge.errors import FaultsError, FeedEmptyError, FeedError
from discharge.feeds import Spool, check_feed, feed_schema

pytestmark = pytest.mark.content  # reads what the test itself writes: the wheel changes nothing

Feed = Callable[..., Spool]
PATIENTS = "patient_id,family,birth_date\n0017,Müller,1950-02-03\n"
ENCOUNTERS = "encounter_id,patient_id,class_code,start,end,unit\ne1,0017,IMP,2025-06-10T08:00:00Z,,4E\n"
VITALS = (
    "encounter_id,code,system,value,unit,effective_at\n"
    "e1,8310-5,http://loinc.org,100.4,°F,2025-06-10 09:00:00Z\n"
    "e1,8867-4,loinc,80,bpm,2025-06-10 10:00:00Z\n"
)
SOUND = {"patients": PATIENTS, "encounters": ENCOUNTERS, "observations": VITALS}


def write(folder: Path, encoding: str = "utf-8", **tables: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in tables.items():
        (folder / f"{name}.csv").write_bytes(text.encode(encoding))
    return folder


def chart_of(spool: Spool) -> dict[str, pd.DataFrame]:
    return {table: frame.drop(columns="source") for table, frame in spool.chart(0).tables.items()}


def same(left: dict[str, pd.DataFrame], right: dict[str, pd.DataFrame]) -> None:
    for table in TABLES:
        # Rows without a row_id are named after their cells, which one format writes otherwise than another.
        hidden = [] if table in ("patients", "encounters") else ["row_id"]
        order = [column for column in ("code", "encounter_id") if column in left[table]] or ["row_id"]
        frames = [f[table].sort_values(order, ignore_index=True).drop(columns=hidden) for f in (left, right)]
        pd.testing.assert_frame_equal(*frames)


def test_a_csv_feed_is_read_with_its_units_and_leading_zeros(feed: Feed, tmp_path: Path) -> None:
    spool = feed(
        paths=[write(tmp_path / "feed", patients=PATIENTS, encounters=ENCOUNTERS, observations=VITALS)]
    )
    assert (spool.account.records_used, spool.encounters_read) == (4, 1)
    chart = spool.chart(0)
    assert chart["patients"]["patient_id"].tolist() == ["0017"]
    assert chart["observations"].sort_values("concept")["value"].tolist() == [80.0, 38.0]
    assert chart["observations"]["stay_id"].tolist() == ["e1", "e1"]


@pytest.fixture(scope="module")
def plain(feed_of_module: Feed, tmp_path_factory: pytest.TempPathFactory) -> dict[str, pd.DataFrame]:
    """What the tables give as plain CSV."""
    folder = write(tmp_path_factory.mktemp("plain"), **SOUND)
    return chart_of(feed_of_module(paths=[folder]))


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_the_delimiter_is_detected(
    delimiter: str, feed: Feed, tmp_path: Path, plain: dict[str, pd.DataFrame]
) -> None:
    other = write(tmp_path / "other", **{name: text.replace(",", delimiter) for name, text in SOUND.items()})
    same(plain, chart_of(feed(paths=[other])))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_the_encoding_is_detected_or_given(encoding: str, feed: Feed, tmp_path: Path) -> None:
    text = (
        "patient_id,family\n"
        + "".join(f"{n},Müller-Lüdenscheidt Größe {n}\n" for n in range(40))
        + "0017,Müller\n"
    )
    folder = write(tmp_path / encoding, encoding, patients=text)
    (folder / "encounters.csv").write_text(ENCOUNTERS)
    for options in ({}, {"encoding": encoding}) if encoding == "cp1252" else ({},):
        names = feed(paths=[folder], **options).chart(0)["patients"].set_index("patient_id")["family"]
        assert names["0017"] == "Müller"


def test_parquet_and_csv_give_the_same_chart(
    feed: Feed, tmp_path: Path, plain: dict[str, pd.DataFrame]
) -> None:
    folder = write(tmp_path / "csv", **SOUND)
    other = tmp_path / "parquet"
    other.mkdir()
    for path in folder.iterdir():
        frame = pd.read_csv(path, dtype={"patient_id": "str"})
        for column in ("start", "effective_at"):
            if column in frame:
                frame[column] = pd.to_datetime(frame[column], utc=True)
        frame.to_parquet(other / f"{path.stem}.parquet", index=False)
    same(plain, chart_of(feed(paths=[other])))


def test_excel_and_csv_give_the_same_chart(
    feed: Feed, tmp_path: Path, plain: dict[str, pd.DataFrame]
) -> None:
    same(plain, chart_of(feed(paths=[excel(tmp_path / "feed.xlsx", SOUND)])))


_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACK = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def excel(path: Path, tables: dict[str, str]) -> Path:
    """Write a workbook with a sheet per table; numbers as numbers, all else as text."""
    numbers = range(1, len(tables) + 1)
    sheets = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>' for n, name in enumerate(tables, 1))
    target = "worksheets/s"
    links = "".join(_link(f"r{n}", "worksheet", f"{target}{n}.xml") for n in numbers)
    kinds = "".join(_kind(f"/xl/{target}{n}.xml", "worksheet") for n in numbers) + _kind(
        "/xl/workbook.xml", "sheet.main"
    )
    rels = "application/vnd.openxmlformats-package.relationships+xml"
    default = f'<Default Extension="rels" ContentType="{rels}"/>'
    root = _link("r", "officeDocument", "xl/workbook.xml")
    with zipfile.ZipFile(path, "w") as book:
        book.writestr(
            "[Content_Types].xml", f'{_HEAD}<Types xmlns="{_PACK}/content-types">{default}{kinds}</Types>'
        )
        book.writestr("_rels/.rels", _links(root))
        names = f'<workbook xmlns="{_MAIN}" xmlns:r="{_REL}"><sheets>{sheets}</sheets></workbook>'
        book.writestr("xl/workbook.xml", _HEAD + names)
        book.writestr("xl/_rels/workbook.xml.rels", _links(links))
        for n, text in enumerate(tables.values(), 1):
            rows = "".join(f"<row>{''.join(map(_cell, line.split(',')))}</row>" for line in text.splitlines())
            sheet = f'<worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData></worksheet>'
            book.writestr(f"xl/{target}{n}.xml", _HEAD + sheet)
    return path


def _cell(text: str) -> str:
    is_number = text.replace(".", "", 1).isdigit() and not text.startswith("0")
    return f"<c><v>{text}</v></c>" if is_number else f'<c t="inlineStr"><is><t>{text}</t></is></c>'


def _link(name: str, kind: str, target: str) -> str:
    return f'<Relationship Id="{name}" Type="{_REL}/{kind}" Target="{target}"/>'


def _links(links: str) -> str:
    return f'{_HEAD}<Relationships xmlns="{_PACK}/relationships">{links}</Relationships>'


def _kind(part: str, kind: str) -> str:
    return f'<Override PartName="{part}" ContentType="{_TYPE}.{kind}+xml"/>'


MAPPING = """
time_format: "%m/%d/%Y %H:%M"
tables:
  patients: {file: adt_export, columns: {patient_id: MRN}}
  encounters:
    file: adt_export
    columns: {encounter_id: VISIT_NO, patient_id: MRN, start: ADMIT_DT, class_code: PT_CLASS, bed: BED}
    values: {class_code: {X: IMP}}
    constants: {facility: General Hospital}
"""


def test_a_mapping_names_files_columns_and_values(feed: Feed, tmp_path: Path) -> None:
    folder = write(tmp_path / "feed", adt_export="MRN,VISIT_NO,ADMIT_DT,PT_CLASS\n7,v1,06/10/2025 08:00,X\n")
    (tmp_path / "map.yaml").write_text(MAPPING.replace(", bed: BED", ""))
    row = feed(paths=[folder], mapping=tmp_path / "map.yaml", zone="America/New_York").chart(0).stays.iloc[0]
    assert row[["encounter_id", "patient_id", "class_code", "facility"]].tolist() == [
        "v1",
        "7",
        "IMP",
        "General Hospital",
    ]
    assert row["start"] == pd.Timestamp("2025-06-10T12:00Z")


def test_a_mapping_names_all_its_faults_at_once(feed: Feed, tmp_path: Path) -> None:
    folder = write(
        tmp_path / "feed", adt_export="MRN,VISIT_NO,ADMIT_DT,PT_CLASS,BEDD\n7,v1,06/10/2025 08:00,X,1\n"
    )
    (tmp_path / "map.yaml").write_text(MAPPING)
    with pytest.raises(FaultsError, match="did you mean BEDD"):
        feed(paths=[folder], mapping=tmp_path / "map.yaml")
    (tmp_path / "map.yaml").write_text("tables: {encounter: {}, patients: {colums: {}, columns: {mnr: X}}}")
    with pytest.raises(FaultsError) as caught:
        feed(paths=[folder], mapping=tmp_path / "map.yaml")
    for near in ("encounters", "columns", "mrn"):
        assert f"did you mean {near}?" in str(caught.value)


def test_a_missing_required_column_is_named_with_the_nearest(feed: Feed, tmp_path: Path) -> None:
    folder = write(
        tmp_path / "feed", patients=PATIENTS, encounters=ENCOUNTERS.replace("encounter_id", "encounterid")
    )
    with pytest.raises(FeedError, match=r"encounter_id.*required.*encounterid"):
        feed(paths=[folder])


ROWS: dict[str, tuple[str, str, str]] = {
    "wrong_columns": ("encounters", "e2,0017", "encounters"),
    "encounter_without_period": ("encounters", "e3,0017,IMP,,,", "encounters.start"),
    "missing_required_value": ("encounters", "e4,,IMP,2025-06-10,,", "encounters.patient_id"),
    "bad_date": ("encounters", "e5,0017,IMP,10.6.25,,", "encounters.start"),
    "future_date": ("encounters", "e6,0017,IMP,2199-01-01,,", "encounters.start"),
    "end_before_start": ("encounters", "e7,0017,IMP,2025-06-10,2025-06-09,", "encounters.end"),
    "unknown_patient": ("encounters", "e8,18,IMP,2025-06-10,,", "Encounter.subject"),
    "duplicate_conflict": ("patients", "0018,A,1950-01-01\n0018,B,1950-01-01", ""),
    "unknown_encounter": ("observations", "e9,8867-4,loinc,80,/min,2025-06-10", "encounter"),
    "value_not_numeric": ("observations", "e1,8867-4,loinc,pending,/min,2025-06-10", "observations.value"),
    "observation_without_unit": ("observations", "e1,8867-4,loinc,80,,2025-06-10", "observations.value"),
    "unit_not_convertible": ("observations", "e1,8867-4,loinc,80,kg,2025-06-10", "observations.value"),
    "implausible_value": ("observations", "e1,8867-4,loinc,8000,/min,2025-06-10", "observations.value"),
}


@pytest.fixture(scope="module")
def spoilt(feed_of_module: Feed, tmp_path_factory: pytest.TempPathFactory) -> Spool:
    """One row of each bad kind after the good ones of its table."""
    tables = dict(SOUND)
    for table, row, _ in ROWS.values():
        tables[table] += row + "\n"
    return feed_of_module(paths=[write(tmp_path_factory.mktemp("spoilt"), **tables)])


@pytest.mark.parametrize("code", ROWS)
def test_a_broken_row_is_rejected_with_its_line(code: str, spoilt: Spool) -> None:
    table, row, field = ROWS[code]
    before = [one for name, one, _ in list(ROWS.values())[: list(ROWS).index(code)] if name == table]
    first = len(SOUND[table].splitlines()) + len("\n".join(before).splitlines()) + 1
    rejects = spoilt.rejects()
    there = rejects[rejects["code"] == code].sort_values("line")
    assert set(there["source"]) == {f"{table}.csv"}
    assert there["line"].tolist() == [first + place for place in range(row.count("\n") + 1)]
    assert set(there["field"]) == {field}


def test_no_other_row_is_rejected(spoilt: Spool) -> None:
    assert len(spoilt.rejects()) == sum(row.count("\n") + 1 for _, row, _ in ROWS.values())
    assert spoilt.account.records_used == 4


def test_a_quote_never_closed_costs_its_own_line(feed: Feed, tmp_path: Path) -> None:
    text = 'patient_id,family\n1,"open\n2,fine\n3,"two\nlines"\n0017,x\n'
    spool = feed(paths=[write(tmp_path / "feed", patients=text, encounters=ENCOUNTERS)])
    assert "0017" in spool.chart(0)["patients"]["patient_id"].tolist()
    assert spool.account.records_rejected >= 1


def test_a_line_that_is_not_utf8_is_rejected_where_the_file_is(feed: Feed, tmp_path: Path) -> None:
    folder = write(tmp_path / "feed", encounters=ENCOUNTERS)
    (folder / "patients.csv").write_bytes(PATIENTS.encode() + b"0018,M\xfcller,1950-01-01\n")
    spool = feed(paths=[folder])
    assert spool.rejects()[["code", "line"]].values.tolist() == [["not_utf8", 3]]


def test_files_of_other_names_are_rejected_beside_tables_and_refused_alone(
    feed: Feed, tmp_path: Path
) -> None:
    folder = write(tmp_path / "feed", patients=PATIENTS, encounters=ENCOUNTERS, observation=VITALS)
    rejects = feed(paths=[folder]).rejects()
    assert rejects["code"].tolist() == ["unknown_table"]
    assert "did you mean observations?" in rejects["message"].iloc[0]
    with pytest.raises(FeedError, match="did you mean observations"):
        feed(paths=[folder / "observation.csv"])


def test_no_patients_table_means_patients_by_id_alone(feed: Feed, tmp_path: Path) -> None:
    spool = feed(paths=[write(tmp_path / "feed", encounters=ENCOUNTERS)])
    assert spool.chart(0)["patients"]["patient_id"].tolist() == ["0017"]


def test_an_empty_table_is_a_reject_and_an_empty_feed_an_error(feed: Feed, tmp_path: Path) -> None:
    folder = write(tmp_path / "feed", patients=PATIENTS, encounters=ENCOUNTERS, orders="")
    assert feed(paths=[folder]).rejects()["code"].tolist() == ["empty_file"]
    with pytest.raises(FeedEmptyError):
        feed(paths=[folder / "orders.csv"])


def test_the_schema_names_every_table_and_reject_code() -> None:
    schema: Any = feed_schema()
    assert set(schema["tables"]) == set(TABLES)
    assert schema["tables"]["encounters"]["start"]["required"] is True
    assert "duplicate_conflict" in schema["reject_codes"]


def test_the_check_report_counts_and_shows_no_value(feed: Feed, tmp_path: Path) -> None:
    vitals = VITALS + "e1,XYZ,local,7,mg,2025-06-10\ne1,8867-4,loinc,pending,/min,2025-06-10\n"
    spool = feed(
        paths=[write(tmp_path / "feed", patients=PATIENTS, encounters=ENCOUNTERS, observations=vitals)]
    )
    report = check_feed(spool).to_json()
    assert report["stays"] == 1
    assert report["unrecognised"] == [{"system": "local", "code": "XYZ", "count": 1}]
    assert [row["code"] for row in report["rejects"]] == ["value_not_numeric"]
    assert {row["concept"] for row in report["units"]} == {"temperature", "heart_rate"}
    assert "Müller" not in str(report)
