"""The strict YAML loader: what is typed, what stays text, what is refused."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discharge.errors import FaultsError
from discharge.yaml import load, read

pytestmark = pytest.mark.content  # judged once, in the checkout: packaging changes nothing here


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("0", 0),
        ("7", 7),
        ("-12", -12),
        ("0.5", Decimal("0.5")),
        ("-0.10", Decimal("-0.10")),
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("2026-02-28", date(2026, 2, 28)),
    ],
)
def test_canonical_scalars_are_typed(written: str, value: object) -> None:
    found = load(f"a: {written}", where="f")
    assert found == {"a": value}
    assert isinstance(found, dict)
    assert type(found["a"]) is type(value)


@pytest.mark.parametrize(
    "written",
    [
        "01",
        "0120",
        "16:00",
        "NO",
        "no",
        "yes",
        "on",
        "True",
        "TRUE",
        "Null",
        "1e5",
        "0x10",
        "0o7",
        "1_000",
        "+3",
        "-0",
        ".5",
        "5.",
        ".inf",
        ".nan",
        "2026-02-28T07:00",
        "2026-2-8",
        "=",
        "J189",
        "1,000",
    ],
)
def test_all_else_stays_text(written: str) -> None:
    assert load(f"a: {written}", where="f") == {"a": written}


@pytest.mark.parametrize("written", ["'3'", '"true"', '"2026-01-01"', "'~'", '""'])
def test_what_is_quoted_is_text(written: str) -> None:
    assert load(f"a: {written}", where="f") == {"a": written[1:-1]}


def test_days_and_numbers_as_keys() -> None:
    assert load("{2026-01-01: a, 3: b}", where="f") == {date(2026, 1, 1): "a", 3: "b"}


def test_all_faults_come_at_once_with_file_and_line() -> None:
    text = "a: 1\nb:\n  c: 1\n  c: 2\na: 3\nd: !!int 3\ne: &x [1]\nf: *x\ng: 2026-02-30\n<<: {}\ntrue: 1\n"
    with pytest.raises(FaultsError) as caught:
        load(text, where="rules/x.yaml")
    said = [str(fault) for fault in caught.value.faults]
    parts = [
        ("rules/x.yaml:4: b.c", "'c' stands twice", "first on line 3"),
        ("rules/x.yaml:5: a", "'a' stands twice", "first on line 1"),
        ("rules/x.yaml:6: d", "tag"),
        ("rules/x.yaml:8: f", "anchor"),
        ("rules/x.yaml:9: g", "no day of the calendar"),
        ("rules/x.yaml:10", "merge key"),
        ("rules/x.yaml:11", "a key must be text"),
    ]
    assert len(said) == len(parts)
    for sentence, wanted in zip(said, parts, strict=True):
        assert all(part in sentence for part in wanted), sentence


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("a: [", "f:2: not YAML"),
        ("a: b: c", "f:1: not YAML"),
        ("a: 1\n---\nb: 2\n", "another document"),
        (b"a: 1\nb: \xff\n", "f:2: not UTF-8"),
        ("a: \x00", "not YAML"),
        ("[" * 5000 + "]" * 5000, "nested too deeply"),
        ("a: &a [*a]", "anchor"),
    ],
)
def test_broken_files_are_named_not_raised(text: str | bytes, part: str) -> None:
    document = read(text, where="f")
    assert any(part in str(fault) for fault in document.faults), document.faults


def test_lines_are_remembered_by_path() -> None:
    document = read("a:\n  - b: 1\n    c: 2\n", where="f")
    assert document.line_of(("a", 0, "c")) == 3
    assert document.line_of(("a", 0, "not there")) == 2
    assert document.place(("a", 0, "c")) == "f:3: a[0].c"


def test_a_byte_order_mark_is_no_part_of_the_first_key() -> None:
    assert load("\ufeffa: 1".encode(), where="f") == {"a": 1}


@given(st.text(max_size=60))
def test_any_text_is_read_or_named_as_a_fault(text: str) -> None:
    document = read(text, where="f")
    assert document.value is None or not any("not YAML" in fault.what for fault in document.faults)


@given(st.integers(-(10**17), 10**17), st.decimals(-1000, 1000, places=3))
def test_numbers_keep_every_digit(whole: int, share: Decimal) -> None:
    assert load(f"{{a: {whole}, b: {share:f}}}", where="f") == {"a": whole, "b": share}
