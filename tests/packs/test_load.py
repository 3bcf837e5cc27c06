"""Loading packs: what a sound pack holds, and every kind of fault in words."""

from __future__ import annotations

from pathlib import Path

import pytest
from rulekit import NAMES, faults_of, packs_of, write

from discharge.errors import RuleError
from discharge.packs import load_packs

pytestmark = pytest.mark.content  # reads what the test itself writes: the wheel changes nothing

SOUND = """
    title: Low oxygen
    stage: coverage
    applies_to: {payer_class: [medicare_ffs], condition: {value_set: pneumonia}}
    citations:
      ats: {title: ATS, verified: false}
      cfr: {title: 42 CFR, read_on: 2026-11-20, verified: true}
    parameters:
      least: {unit: "%", values: {2000-01-01: {value: 90, cite: ats}, 2026-01-01: {value: 92, cite: ats}}}
    scores:
      points:
        title: Points
        cite: ats
        items:
          - {name: alone, when: {fact: social.lives_alone, is: true}, points: 1}
          - {name: fast, fact: vitals.heart_rate, unit: /min, bands: [{below: 90, points: 0}, {from: 90, points: 2}]}
        bands: [{below: 2, name: low}, {from: 2, name: high}]
    criteria:
      hypoxaemia: {fact: vitals.spo2, op: "<", parameter: least}
      many: {score: points, op: ">=", value: 2, unit: "{score}", cite: ats}
      admission: {any: [{criterion: hypoxaemia}, {criterion: many}]}
    roles: {admission: admission}
    rules:
      - {when: {met: hypoxaemia}, then: {need: {need: oxygen}}, cite: cfr}
      - {when: {any: [{unknown: hypoxaemia}, {not_met: many}]}, then: {documentation_gap: {ask: vitals.spo2}}}
    explain: {met: "{vitals.spo2} is below {least}", unknown: "{missing} not charted"}
    cases:
      - {name: low, as_of: 2026-02-10, given: {vitals.spo2: 91}, expect: {hypoxaemia: met, points: [0, 3]}}
"""


def test_a_sound_file_is_read_whole(tmp_path: Path) -> None:
    packs = packs_of(tmp_path, {"a/low": SOUND})
    file = packs.files["a.low"]
    assert (file.pack, file.version, file.stage, file.is_condition) == ("a", "2026.1.0", "coverage", True)
    assert file.roles == {"admission": "a.low.admission"}
    assert packs.criterion("a.low.many").file_id == "a.low"
    assert [said.name for rule in file.rules for said in rule.then] == [
        "need.oxygen",
        "documentation_gap.vitals.spo2",
    ]
    assert file.scores["points"].band_of(2, 3) == "high"
    assert file.scores["points"].band_of(1, 3) is None
    assert file.cases[0].expect == {"hypoxaemia": "met", "points": [0, 3]}


def test_files_are_ordered_by_stage_then_id(tmp_path: Path) -> None:
    body = "criteria: {c: {known: vitals.spo2}}"
    packs = packs_of(tmp_path, {"a/z": body, "b/a": body, "a/late": "stage: clocks\n" + body})
    assert list(packs.files) == ["a.z", "b.a", "a.late"]


C = """citations: {k: {title: K, verified: false}}
criteria: {c: {fact: vitals.spo2, op: "<", value: 9, unit: "%", cite: k}}
"""
FLAG = "criteria: {c: {fact: social.lives_alone, is: true}}\n"

BAD = {
    "misspelt key": ("citatons: {}", ["a.yaml:4: citatons", "unknown key", "'citations'"]),
    "misspelt leaf key": (
        "criteria: {c: {fact: social.lives_alone, iss: true}}",
        ["criteria.c.iss", "did you mean 'is'"],
    ),
    "misspelt node": (
        "criteria: {c: {anny: [{known: vitals.spo2}]}}",
        ["neither a node nor a leaf", "'any'"],
    ),
    "unknown fact": ("criteria: {c: {known: vitals.sp02}}", ["no fact 'vitals.sp02'", "'vitals.spo2'"]),
    "wrong group": ("criteria: {c: {known: labs.spo2}}", ["'vitals.spo2'"]),
    "number without cite": (
        'criteria: {c: {any: [{fact: vitals.spo2, op: "<", value: 9, unit: "%"}]}}',
        ["criteria.c.any[0]: a number without citation"],
    ),
    "number without unit": (
        C.replace(', unit: "%"', ""),
        ["a number without unit", "unit: %"],
    ),
    "wrong unit": (C.replace('"%"', '"1"'), ["criteria.c.unit", "the unit '1' isn't that of the fact", "%"]),
    "quoted number": (C.replace("value: 9", 'value: "9"'), ["'9' where a number belongs", "quotes"]),
    "no value": (C.replace("value: 9, ", ""), ["the key 'value' (or 'parameter') is missing"]),
    "unknown citation": (C.replace("cite: k", "cite: kk"), ["no citation 'kk'", "never used"]),
    "citation never used": (FLAG + "citations: {k: {title: K, verified: false}}", ["'k' is never used"]),
    "citation without verified": (C.replace(", verified: false", ""), ["'verified' is missing"]),
    "citation with a misspelt key": (
        C.replace("verified: false", "verified: false, urll: x"),
        ["citations.k.urll", "did you mean 'url'"],
    ),
    "flag with op": (
        'criteria: {c: {fact: social.lives_alone, op: "==", value: true}}',
        ["flag", "is: true"],
    ),
    "flag as number": (
        "criteria: {c: {fact: social.lives_alone, is: 1}}",
        ["'1' where true or false belongs"],
    ),
    "text with below": ('criteria: {c: {fact: stay.service, op: "<", value: x}}', ["operator for text '<'"]),
    "time compared": ('criteria: {c: {fact: stay.admitted_at, op: "<", value: 1}}', ["elapsed"]),
    "codes compared": ('criteria: {c: {fact: diagnosis.codes, op: "==", value: J18}}', ["in_value_set"]),
    "number in a value set": ("criteria: {c: {fact: vitals.spo2, in_value_set: sepsis}}", ["is a number"]),
    "unknown value set": (
        "criteria: {c: {fact: diagnosis.codes, in_value_set: sepsiss}}",
        ["no value set 'sepsiss'", "'sepsis'"],
    ),
    "unknown operator": (C.replace('"<"', '"=<"'), ["no operator '=<'"]),
    "other in another unit": (
        'criteria: {c: {fact: vitals.spo2, op: "<", other: vitals.heart_rate}}',
        ["'vitals.heart_rate' is in /min"],
    ),
    "elapsed in minutes": (
        C.replace(
            'fact: vitals.spo2, op: "<", value: 9, unit: "%"',
            'elapsed: {from: stay.admitted_at, to: t}, op: "<", value: 9, unit: min',
        ),
        ["the unit 'min'", "h or d"],
    ),
    "at least more than there are": (
        "criteria: {c: {at_least: 2, of: [{known: vitals.spo2}]}}",
        ["2 of only 1"],
    ),
    "empty all": ("criteria: {c: {all: []}}", ["an empty list"]),
    "unknown criterion": ("criteria: {c: {criterion: cc}}", ["no criterion 'cc'", "'c'"]),
    "unknown criterion elsewhere": ("criteria: {c: {criterion: a.b.c}}", ["no criterion 'a.b.c'"]),
    "circle": (
        "criteria: {c: {criterion: d}, d: {not: {criterion: c}}}",
        ["a circle: a.a.c -> a.a.d -> a.a.c"],
    ),
    "unknown parameter": (C.replace('value: 9, unit: "%", cite: k', "parameter: p"), ["no parameter 'p'"]),
    "parameter never used": (
        FLAG + "citations: {k: {title: K, verified: false}}\n"
        'parameters: {p: {unit: "%", values: {2000-01-01: {value: 1, cite: k}}}}',
        ["the parameter 'p' is never used"],
    ),
    "parameter in another unit": (
        "citations: {k: {title: K, verified: false}}\n"
        "parameters: {p: {unit: d, values: {2000-01-01: {value: 1, cite: k}}}}\n"
        'criteria: {c: {fact: vitals.spo2, op: "<", parameter: p}}',
        ["the parameter 'p' is in d", "here the unit is %"],
    ),
    "parameter without cite": (
        "parameters: {p: {unit: d, values: {2000-01-01: {value: 1}}}}\n"
        'criteria: {c: {fact: stay.inpatient_days, op: "<", parameter: p}}',
        ["parameters.p.values.2000-01-01", "without citation"],
    ),
    "parameter by a number": (
        "citations: {k: {title: K, verified: false}}\n"
        "parameters: {p: {unit: d, by: vitals.spo2, values: {2000-01-01: {value: 1, cite: k}}}}\n"
        'criteria: {c: {fact: stay.inpatient_days, op: "<", parameter: p}}',
        ["parameters.p.by", "is a number, where a time belongs"],
    ),
    "unknown stage": ("stage: coverag\n" + FLAG, ["no stage 'coverag'", "'coverage'"]),
    "id of another place": ("id: a.b\n" + FLAG, ["the id 'a.b'", "id: a.a"]),
    "unknown payer class": (FLAG + "applies_to: {payer_class: [medicare]}", ["no payer class 'medicare'"]),
    "roles without condition": (FLAG + "roles: {admission: c}", ["generic: true"]),
    "not in when": (
        FLAG + "rules: [{when: {not: {met: c}}, then: {need: {need: pt}}}]",
        ["'not'", "not_met"],
    ),
    "when of no status": (
        FLAG + "rules: [{when: {mett: c}, then: {need: {need: pt}}}]",
        ["unknown key 'mett'", "'met'"],
    ),
    "never": (
        FLAG + "rules: [{when: {all: [{met: c}, {unknown: c}]}, then: {need: {need: pt}}}]",
        ["can never hold"],
    ),
    "unknown need": (FLAG + "rules: [{when: {met: c}, then: {need: {need: oxigen}}}]", ["'oxygen'"]),
    "unknown kind": (FLAG + "rules: [{when: {met: c}, then: {neeed: {need: pt}}}]", ["did you mean 'need'"]),
    "unknown option": (
        FLAG + "rules: [{when: {met: c}, then: {fit: {option: snff, status: met}}}]",
        ["then.fit.option", "'snf'"],
    ),
    "unquoted carc": (
        FLAG + "rules: [{when: {met: c}, then: {barrier: {option: snf, cause: x, carc: 197}}}]",
        ["barrier.carc", 'quote it: "197"'],
    ),
    "unknown cause": (
        FLAG + "rules: [{when: {met: c}, then: {denial_risk: {cause: no_auth, because: x}}}]",
        ["no cause 'no_auth'"],
    ),
    "unknown clock": (FLAG + "rules: [{when: {met: c}, then: {clock: {clock: moonn}}}]", ["'moon'"]),
    "task without unit": (
        FLAG + "rules: [{when: {met: c}, then: {task: {task: x, title: x, owner: x, due_in: 4}}}]",
        ["due_in needs unit"],
    ),
    "conclusion of the same stage": (
        FLAG + "rules:\n  - {when: {met: c}, then: {need: {need: pt}}}\n"
        "  - {when: {concluded: need.pt}, then: {need: {need: ot}}}",
        ["rules[1].when.concluded", "earlier stages"],
    ),
    "conclusion of nobody": (
        FLAG + "rules: [{when: {concluded: need.ptt}, then: {need: {need: pt}}}]",
        ["no rule concludes 'need.ptt'", "'need.pt'"],
    ),
    "explain of nothing": (FLAG + 'explain: {met: "{vitals.spo3}"}', ["no fact 'vitals.spo3'"]),
    "case with unknown fact": (
        FLAG + "cases: [{name: x, as_of: 2026-01-01, given: {social.lives: true}, expect: {c: met}}]",
        ["cases[0].given.social.lives"],
    ),
    "case with unknown criterion": (
        FLAG + "cases: [{name: x, as_of: 2026-01-01, given: {}, expect: {cc: met}}]",
        ["no criterion 'cc'"],
    ),
    "case with unknown status": (
        FLAG + "cases: [{name: x, as_of: 2026-01-01, given: {}, expect: {c: yes}}]",
        ["no status 'yes'"],
    ),
    "case without day": (FLAG + "cases: [{name: x, as_of: soon, given: {}, expect: {c: met}}]", ["'soon'"]),
    "overlapping bands": (
        "citations: {k: {title: K, verified: false}}\nscores: {s: {title: S, cite: k, items: "
        "[{name: i, fact: vitals.spo2, unit: '%', bands: [{below: 9, points: 1}, {from: 8, points: 2}]}]}}",
        ["two bands overlap"],
    ),
    "too many ways": (
        FLAG + "rules: [{when: {all: [" + ", ".join(["{any: [{met: c}, {unknown: c}]}"] * 6) + "]}, "
        "then: {need: {need: pt}}}]",
        ["64 ways to hold"],
    ),
    "too many rules": (
        FLAG + "rules:\n" + "  - {when: {met: c}, then: {need: {need: pt}}}\n" * 64,
        ["64 rules with 64 ways to hold, where the rules engine takes 63"],
    ),
    "an empty case list": (FLAG + "cases: []", ["an empty list of cases"]),
    "text cut at a comma": (
        "criteria: {c: {known: vitals.spo2, text: low, or so}}",
        ["quote a text that holds a comma"],
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_faulty_file_is_refused_in_words(name: str, tmp_path: Path) -> None:
    body, parts = BAD[name]
    said = faults_of(tmp_path, {"a/a": body})
    for part in parts:
        assert any(part in sentence for sentence in said), said
    assert all(sentence.startswith("rules/a/a.yaml") for sentence in said)


def test_every_fault_of_every_file_comes_at_once(tmp_path: Path) -> None:
    rules = write(tmp_path, {"a/one": BAD["unknown fact"][0], "a/two": BAD["flag with op"][0] + "\nbogus: 1"})
    (rules / "a" / "empty.yaml").write_text("# nothing\n", encoding="utf-8")
    (rules / "a" / "broken.yaml").write_text("a: [\n", encoding="utf-8")
    (rules / "a" / "stray.txt").write_text("x", encoding="utf-8")
    (rules / "b").mkdir()
    (rules / "loose.yaml").write_text("x: 1\n", encoding="utf-8")
    with pytest.raises(RuleError) as caught:
        load_packs(rules, names=NAMES)
    places = {fault.where.split(":")[0] for fault in caught.value.faults}
    assert places == {
        f"rules/{name}"
        for name in [
            "a/one.yaml",
            "a/two.yaml",
            "a/empty.yaml",
            "a/broken.yaml",
            "a/stray.txt",
            "b/pack.yaml",
            "loose.yaml",
        ]
    }
    assert caught.value.exit_code == 5


def test_no_folder_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="no such folder"):
        load_packs(tmp_path / "nowhere", names=NAMES)


def test_a_name_in_a_file_that_cannot_be_read_is_not_called_unknown(tmp_path: Path) -> None:
    rules = write(tmp_path, {"a/one": "criteria: {c: {criterion: a.two.c}}"})
    (rules / "a" / "two.yaml").write_text("a: [\n", encoding="utf-8")
    with pytest.raises(RuleError) as caught:
        load_packs(rules, names=NAMES)
    assert [fault.where for fault in caught.value.faults] == ["rules/a/two.yaml:2"]


CAUSE = """
    stage: denial
    citations: {k: {title: Judgement, verified: false}}
    criteria: {cause: {fact: social.lives_alone, is: true}}
    denial_cause:
      id: alone
      title: Lives alone
      carc: ["197"]
      group_code: CO
      likelihood: {any: {low: 0.5, high: 0.9, basis: judged, cite: k, placeholder: true}}
      when_unknown: 0.25
      exposure: stay_payment
      modifiable: true
      fix: ask
      owner: case_manager
      deadline: {hours: 24, from: stay.admitted_at}
"""


def test_a_denial_cause_is_read(tmp_path: Path) -> None:
    packs = packs_of(tmp_path, {"denials/alone": CAUSE})
    cause = packs.denial_causes["alone"].denial_cause
    assert cause is not None
    assert cause.carc == ["197"]
    assert cause.when_unknown.placeholder
    assert float(cause.likelihood["any"].high) == 0.9


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        (
            'carc: ["197"]',
            "carc: [197]",
            "denial_cause.carc[0]: '197' where text belongs (quote it: \"197\")",
        ),
        ('carc: ["197"]', 'carc: ["19Z7"]', "no claim adjustment reason code"),
        ("owner: case_manager", "owner: case_manger", "'case_manager'"),
        ("low: 0.5", "low: 0.95", "low is above high"),
        ("high: 0.9", 'high: "0.9"', "take the quotes away"),
        ("{any: {low", "{medicaid: {low", "an entry 'any'"),
        ("cite: k", "cite: kk", "no citation 'kk'"),
        ("from: stay.admitted_at", "from: vitals.spo2", "where a time belongs"),
        ("hours: 24, ", "", "a deadline is"),
        ("criteria: {cause:", "criteria: {causes:", "the criterion 'cause' is missing"),
        ("exposure: stay_payment", "exposures: stay_payment", "did you mean 'exposure'"),
    ],
)
def test_a_faulty_denial_cause_is_refused(old: str, new: str, part: str, tmp_path: Path) -> None:
    said = faults_of(tmp_path, {"denials/alone": CAUSE.replace(old, new)})
    assert any(part in sentence for sentence in said), said
