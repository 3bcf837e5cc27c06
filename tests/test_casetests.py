"""Running the cases beside rules, and the command that content writers use."""

from __future__ import annotations

from pathlib import Path

import pytest
from rulekit import write

from discharge.casetests import check, main, run_cases
from discharge.packs import load_packs

pytestmark = pytest.mark.content  # reads what the test itself writes: the wheel changes nothing

BODY = """
    citations: {k: {title: K, verified: false}}
    applies_to: {payer_class: [medicaid]}
    scores:
      s: {title: S, cite: k, items: [{name: alone, when: {fact: social.lives_alone, is: true}, points: 2}]}
    criteria:
      low: {fact: vitals.spo2_min_24h, op: "<", value: 90, unit: "%", cite: k}
      both: {all: [{criterion: low}, {fact: social.lives_alone, is: true}]}
    rules:
      - {when: {met: low}, then: {need: {need: oxygen}}}
    cases:
"""


def results(tmp_path: Path, *cases: str) -> list[tuple[str, str]]:
    body = BODY + "".join(f"      - {case}\n" for case in cases)
    packs = load_packs(write(tmp_path, {"a/a": body}))
    return [(one.name, one.detail) for one in run_cases(packs)]


def test_cases_that_hold(tmp_path: Path) -> None:
    assert results(
        tmp_path,
        "{name: low, as_of: 2026-02-10, given: {vitals.spo2_min_24h: 89, coverage.payer_class: medicaid}, "
        "expect: {low: met, applies: met, concludes: [need.oxygen]}}",
        "{name: not low, as_of: 2026-02-10, given: {vitals.spo2_min_24h: 90, coverage.payer_class: medicaid}, "
        "expect: {low: not_met, concludes: [], not_concludes: [need.oxygen]}}",
        "{name: other day, as_of: 2026-02-11T07:00, given: {coverage.payer_class: dual}, "
        "expect: {low: unknown, s: [0, 2], applies: not_met}, missing: [vitals.spo2_min_24h]}",
        "{name: alone, as_of: 2026-02-10, given: {social.lives_alone: true}, expect: {s: 2, both: unknown}}",
    ) == [("low", ""), ("not low", ""), ("other day", ""), ("alone", "")]


@pytest.mark.parametrize(
    ("case", "part"),
    [
        ("given: {vitals.spo2_min_24h: 90}, expect: {low: met}", "'low' is not_met, expected met"),
        ("given: {vitals.spo2_min_24h: 80}, expect: {low: met, concludes: [need.oxygen]}", "'need.oxygen' is not conc"),
        (
            "given: {vitals.spo2_min_24h: 80, coverage.payer_class: medicaid}, expect: {not_concludes: [need.oxygen]}",
            "'need.oxygen' is concluded",
        ),
        (
            "given: {vitals.spo2_min_24h: 80, coverage.payer_class: medicaid}, expect: {concludes: []}",
            "nothing should be concluded",
        ),
        ("given: {}, expect: {s: 2}", "score 's' is 0 to 2, expected 2 to 2"),
        ("given: {}, expect: {applies: met}", "'applies' is unknown"),
        ("given: {}, expect: {low: unknown}, missing: [social.lives_alone]", "what would: vitals.spo2_min_24h"),
        ("given: {vitals.spo2_min_24h: low}, expect: {low: met}", "given: "),
    ],
)  # fmt: skip
def test_a_case_that_does_not_hold_says_what_is(case: str, part: str, tmp_path: Path) -> None:
    ((_, said),) = results(tmp_path, f"{{name: x, as_of: 2026-02-10, {case}}}")
    assert part in said


def test_one_faulty_case_does_not_spoil_its_neighbours(tmp_path: Path) -> None:
    found = results(
        tmp_path,
        "{name: faulty, as_of: 2026-02-10, given: {vitals.spo2_min_24h: low}, expect: {low: met}}",
        "{name: sound, as_of: 2026-02-10, given: {vitals.spo2_min_24h: 80}, expect: {low: met}}",
    )
    assert [(name, bool(said)) for name, said in found] == [("faulty", True), ("sound", False)]


def test_the_command_runs_what_is_sound_and_prints_what_is_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = "{name: x, as_of: 2026-02-10, given: {}, expect: {low: met}}"
    broken = "criteria: {c: {known: vitals.sp02_last}}"
    leaning = "criteria: {d: {criterion: a.broken.c}}"
    rules = write(tmp_path, {"a/a": BODY + f"      - {case}\n", "a/broken": broken, "a/leaning": leaning})
    (tmp_path / "payers").mkdir()
    lines, count = check(rules, tmp_path / "payers")
    assert count == 1
    assert [line.split(": ")[0] for line in lines] == ["rules/a/broken.yaml:4", "rules/a/a.yaml:14"]
    assert main([str(rules), str(tmp_path / "payers")]) == 5
    assert "1 cases run, 2 things wrong" in capsys.readouterr().out
    assert main([str(rules), str(tmp_path / "payers"), str(rules / "a" / "leaning.yaml")]) == 0


SCORED = """
    citations: {k: {title: K, verified: false}}
    scores:
      s:
        title: S
        cite: k
        range: {min: 0, max: 3}
        valid_when: {fact: social.has_caregiver, is: true}
        items:
          - {name: alone, when: {fact: social.lives_alone, is: true}, points: 2}
          - {name: spo2, fact: vitals.spo2_min_24h, unit: "%", bands: [{below: 90, points: 1.5}]}
        bands: [{below: 2, name: low}, {from: 2, name: high}]
        band_sets: {two: {cite: k, bands: [{from: 0, name: all}]}}
    cases:
"""


@pytest.mark.parametrize(
    ("case", "part"),
    [
        (
            "given: {social.lives_alone: true}, expect: {s: [2, 3], band: {s: high}}, missing: [vitals.spo2_min_24h]",
            "",
        ),
        ("given: {}, expect: {a.a.s: [0, 3], band: {s: {two: all}}}", ""),
        ("given: {}, expect: {band: {s: unknown}}", ""),
        ("given: {social.has_caregiver: false}, expect: {s: not_valid}", ""),
        ("given: {}, expect: {s: not_valid}", "score 's' is 0 to 3, expected not_valid"),
        ("given: {social.has_caregiver: false}, expect: {s: 2}", "score 's' is not valid, expected 2"),
        (
            "given: {social.lives_alone: true}, expect: {band: {s: low}}",
            "the band of 's' is high, expected low",
        ),
        (
            "given: {social.lives_alone: true}, expect: {s: [2, 3]}, missing: [stay.service]",
            "is no input of s",
        ),
        ("given: {social.lives_alone: true}, expect: {s: [2, 3]}, missing: [social.lives_alone]", "is given"),
        (
            "given: {social.lives_alone: true, vitals.spo2_min_24h: 80}, expect: {s: 3.5}",
            "outside its published range 0 to 3",
        ),
    ],
)
def test_cases_of_scores(tmp_path: Path, case: str, part: str) -> None:
    packs = load_packs(write(tmp_path, {"a/a": f"{SCORED}      - {{name: n, as_of: 2026-02-10, {case}}}"}))
    (result,) = run_cases(packs)
    assert result.ok is (part == "")
    assert part in result.detail


@pytest.mark.parametrize(
    ("expect", "part"),
    [
        ("{band: {s: hihg}}", "no band 'hihg'"),
        ("{band: {s: {one: all}}}", "no set of bands 'one'"),
        ("{band: {t: high}}", "no score 't'"),
        ("{s: many}", "a total, [lowest, highest] or not_valid belongs here"),
    ],
)
def test_expectations_of_scores_that_can_not_be(tmp_path: Path, expect: str, part: str) -> None:
    body = f"{SCORED}      - {{name: n, as_of: 2026-02-10, given: {{}}, expect: {expect}}}"
    rules = write(tmp_path, {"a/a": body})
    lines, _ = check(rules, tmp_path / "none")
    assert any(part in line for line in lines), lines


def test_a_possible_total_outside_the_range_is_wrong(tmp_path: Path) -> None:
    body = f"{SCORED}      - {{name: n, as_of: 2026-02-10, given: {{}}, expect: {{band: {{s: unknown}}}}}}"
    lines, _ = check(write(tmp_path, {"a/a": body}), tmp_path / "none")
    assert lines == [
        "rules/a/a.yaml: scores.s.range: totals from 0 to 3.5 are possible, the range says 0 to 3"
        " (mend the items or the range, or clamp: true)"
    ]
