"""Questionnaires: the data, its strict loader, answers in part and resumed, and the FHIR shape."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from planningkit import DAY, HOUR, case, event

from discharge.casework.assessments import (
    UNKNOWN,
    Questionnaire,
    check_answers,
    enabled,
    facts_of,
    load_questionnaires,
    questionnaire_base,
    questionnaire_resource,
    questionnaires,
    response_resource,
    standing,
)
from discharge.casework.assessments.answers import misfit
from discharge.casework.assessments.page import page
from discharge.errors import FaultsError
from discharge.facts import catalogue

SAMPLE: dict[str, Any] = {
    "boolean": True, "integer": 4.0, "decimal": 4.0, "string": "words", "text": "words",
    "date": "2026-04-01", "dateTime": "2026-04-01T08:00:00-04:00",
}  # fmt: skip
WRONG: dict[str, Any] = {
    "boolean": "yes", "integer": 1.5, "decimal": "4", "string": True, "text": " ",
    "date": "2026-02-30", "dateTime": "2026-04-01T08:00:00", "choice": "nothing of the kind",
}  # fmt: skip


def sample(item: Any) -> Any:
    """An answer that fits."""
    if item.type == "choice":
        code = item.answer_option[0].code
        return [code] if item.repeats else code
    if item.type in ("integer", "decimal"):
        return float(item.least if item.least is not None else 1)
    return SAMPLE[item.type]


def whole(questionnaire: Questionnaire) -> dict[str, Any]:
    """Answers to every question that they leave open."""
    answers: dict[str, Any] = {}
    for item in questionnaire.questions:
        if item.link_id in enabled(questionnaire, answers):
            answers[item.link_id] = sample(item)
    return answers


def test_the_shipped_questionnaires_feed_facts() -> None:
    assert len(questionnaires()) >= 15
    fed = {fact for one in questionnaires().values() for fact in one.facts}
    can = {name for name, fact in catalogue().items() if fact.is_assessable}
    assert fed <= can
    for group, least in {
        "social": 0.9,
        "programme": 1,
        "safety": 1,
        "readiness": 0.7,
        "function": 0.7,
    }.items():
        mine = {name for name in can if name.startswith(f"{group}.")}
        assert len(fed & mine) >= least * len(mine), f"{group}: {sorted(mine - fed)}"
    assert len(fed) >= 270


def test_no_item_of_a_licensed_instrument_is_asked() -> None:
    """What may only be taken in as a total (reference/facts) has one question and no parts of it."""
    fed = {fact for one in questionnaires().values() for fact in one.facts}
    parts = (
        "function.barthel_",
        "condition.phq2_",
        "condition.ciwa_",
        "condition.pawss",
        "condition.four_at",
    )
    assert {fact for fact in fed if fact.startswith(parts)} == {
        "function.barthel_last",
        "condition.phq2_total",
    }


def test_what_points_to_abuse_is_confidential() -> None:
    for one in questionnaires().values():
        if any(fact.startswith("safety.") for fact in one.facts):
            assert one.sensitivity in ("confidential", "sensitive"), one.id
    assert questionnaires()["safety_screen"].sensitivity == "confidential"
    assert questionnaires()["hiv_follow_up"].sensitivity == "sensitive"


@pytest.mark.parametrize("name", list(questionnaires()))
def test_every_question_takes_what_it_asks_for(name: str) -> None:
    one = questionnaires()[name]
    answers = whole(one)
    assert check_answers(one, one.version, answers, is_complete=True) == []
    assert facts_of(one, answers).keys() <= one.facts
    for item in one.questions:
        assert misfit(item, sample(item)) is None
        assert all(misfit(item, unknown) is None for unknown in UNKNOWN)
        assert misfit(item, WRONG[item.type]) is not None, item.link_id
    unknown = dict.fromkeys((item.link_id for item in one.questions if item.required), UNKNOWN[0])
    assert facts_of(one, unknown) == {}


PLAN = """
id: trial
title: Trial
version: "1"
purpose: To try
licence: own
cite: [judgement]
respondents: [staff]
item:
"""
FINE = """
  - {linkId: a, text: A?, type: boolean, fact: social.lives_alone, required: true}
  - linkId: g
    text: Group
    type: group
    enableWhen: [{question: a, operator: "=", answer: true}]
    item:
      - {linkId: b, text: B?, type: integer, unit: h/d, least: 0, most: 24, required: true,
         fact: social.caregiver_hours_a_day}
      - linkId: c
        text: C?
        type: choice
        answerOption:
          - {code: x, display: X, facts: {social.is_homeless: true, social.homeless_kind: sheltered}}
          - {code: "06", display: Six}
      - linkId: d
        text: D?
        type: text
        enableBehavior: any
        enableWhen: [{question: b, operator: ">", answer: 2}, {question: c, operator: "=", answer: x}]
      - {linkId: e, text: E?, type: boolean, enableWhen: [{question: b, operator: exists, answer: false}]}
"""


def load(tmp_path: Path, items: str, head: str = PLAN) -> Questionnaire:
    path = tmp_path / "trial.yaml"
    path.write_text(head + items, encoding="utf-8")
    return load_questionnaires([path], questionnaire_base())["trial"]


def test_every_fault_of_a_file_comes_at_once(tmp_path: Path) -> None:
    items = """
  - {linkId: a, text: A?, type: boolean, fact: social.lives_alon}
  - {linkId: a, text: A?, type: boolean}
  - {linkId: b, text: B?, type: integer, fact: social.caregiver_hours_a_day, unit: d}
  - {linkId: c, text: C?, type: boolean, fact: social.caregiver_hours_a_day}
  - {linkId: d, text: D?, type: choice}
  - {linkId: e, text: E?, type: boolean, fact: stay.is_inpatient}
  - linkId: f
    text: F?
    type: choice
    answerOption: [{code: x, display: X, facts: {social.has_phone: "yes"}}, {code: x, display: Y}]
  - {linkId: h, text: H?, type: boolean, enableWhen: [{question: zz, operator: exists, answer: true}]}
  - linkId: i
    text: I?
    type: boolean
    enableWhen: [{question: f, operator: "=", answer: y}, {question: c, operator: ">", answer: true}]
  - {linkId: j, text: J?, type: boolean, enableWhen: [{question: k, operator: "=", answer: true}]}
  - {linkId: k, text: K?, type: boolean, repeats: true, cite: nowhere}
  - {linkId: l, text: L, type: group}
  - {linkId: m, text: M?, type: text, item: [{linkId: n, text: N?, type: boolean}]}
  - {linkId: o, text: O?, type: choice, answerList: gone}
  - {linkId: p, text: P, type: display, required: true}
"""
    with pytest.raises(FaultsError) as error:
        load(tmp_path, items, PLAN.replace("id: trial", "id: other").replace("licence: own", "licence: owm"))
    said = "\n".join(map(str, error.value.faults))
    for words in (
        "no licence 'owm'", "not the file's name", "no fact 'social.lives_alon'", "linkId 'a' stands twice",
        "the unit 'd'", "also charted by 'b'", "a boolean can't chart social.caregiver_hours_a_day",
        "a choice has answers to choose from", "stay.is_inpatient is worked out", "'yes' is no flag",
        "the answer 'x' stands twice", "no item 'zz'", "'= y' can't be asked of a choice",
        "'> True' can't be asked of a boolean", "no word on how they go together", "'k' is asked later",
        "only a choice can be answered several times", "no citation 'nowhere'", "a group without items",
        "a text with items under it", "no list of answers 'gone'", "a display takes no answer",
    ):  # fmt: skip
        assert words in said, words
    assert "trial.yaml:" in said and "did you mean 'social.lives_alone'?" in said


def test_a_misspelt_key_is_refused_with_the_nearest_right_one(tmp_path: Path) -> None:
    with pytest.raises(FaultsError, match="unknown key 'requird'"):
        load(tmp_path, "  - {linkId: a, text: A?, type: boolean, requird: true}\n")


def test_questions_open_and_close_with_the_answers(tmp_path: Path) -> None:
    one = load(tmp_path, FINE)
    assert enabled(one, {}) == {"a"}
    assert enabled(one, {"a": False}) == {"a"}
    assert enabled(one, {"a": UNKNOWN[0]}) == {"a"}
    assert enabled(one, {"a": True}) == {"a", "g", "b", "c", "e"}
    assert enabled(one, {"a": True, "b": 2.0}) == {"a", "g", "b", "c"}
    assert enabled(one, {"a": True, "b": 3.0}) == {"a", "g", "b", "c", "d"}
    assert enabled(one, {"a": True, "c": "x"}) == {"a", "g", "b", "c", "d", "e"}
    assert enabled(one, {"a": False, "c": "x", "b": 3.0}) == {"a"}, "what stands in a closed group is closed"


def test_answers_chart_facts(tmp_path: Path) -> None:
    one = load(tmp_path, FINE)
    answers = {"a": True, "b": 4.0, "c": "x"}
    assert facts_of(one, answers) == {
        "social.lives_alone": True, "social.caregiver_hours_a_day": 4.0, "social.is_homeless": True,
        "social.homeless_kind": "sheltered",
    }  # fmt: skip
    assert facts_of(one, answers | {"a": False}) == {"social.lives_alone": False}
    assert facts_of(one, answers | {"b": 25.0, "c": "06"}) == {"social.lives_alone": True}


CHECKED: list[tuple[str, dict[str, Any], dict[str, Any], bool, str]] = [
    ("a part may be answered", {"a": True}, {}, False, ""),
    ("and the rest later", {"b": 3.0, "d": "why"}, {"a": True}, False, ""),
    ("complete with what was there", {"b": 3.0}, {"a": True}, True, ""),
    ("complete where the group is closed", {"a": False}, {}, True, ""),
    ("unknown is an answer", {"a": "asked-unknown"}, {}, True, ""),
    ("an earlier answer is taken back", {"b": None}, {"a": True, "b": 3.0}, False, ""),
    ("taken back, and so not complete", {"b": None}, {"a": True, "b": 3.0}, True, "$.answers.b"),
    ("not complete", {"a": True}, {}, True, "$.answers.b"),
    ("nothing said", {}, {"a": True}, False, "$.answers"),
    ("no such question", {"z": True}, {}, False, "$.answers"),
    ("a group", {"g": True, "a": True}, {}, False, "$.answers.g"),
    ("a closed question", {"b": 3.0}, {"a": False}, False, "$.answers.b"),
    ("closed by an answer taken back", {"a": None, "b": 3.0}, {"a": True}, False, "$.answers.b"),
    ("a whole number", {"b": 2.5}, {"a": True}, False, "$.answers.b"),
    ("out of bounds", {"b": 25.0}, {"a": True}, False, "$.answers.b"),
    ("at the bound", {"b": 24.0}, {"a": True}, False, ""),
    ("no such answer", {"c": "y"}, {"a": True}, False, "$.answers.c"),
    ("a list where one is asked", {"c": ["x"]}, {"a": True}, False, "$.answers.c"),
    ("yes in words", {"a": "yes"}, {}, False, "$.answers.a"),
]


@pytest.mark.parametrize("row", CHECKED, ids=[row[0] for row in CHECKED])
def test_answers_are_checked(
    row: tuple[str, dict[str, Any], dict[str, Any], bool, str], tmp_path: Path
) -> None:
    _, answers, earlier, is_complete, where = row
    faults = check_answers(load(tmp_path, FINE), "1", answers, is_complete=is_complete, earlier=earlier)
    assert [fault.where for fault in faults] == ([where] if where else [])
    assert all(fault.expected for fault in faults if where != "$.answers" or answers == {})


def test_another_version_is_refused_before_anything_else(tmp_path: Path) -> None:
    faults = check_answers(load(tmp_path, FINE), "0", {"zz": 1.0}, is_complete=False)
    assert [fault.where for fault in faults] == ["$.version"]
    assert "version 1" in faults[0].expected


def test_no_answer_of_a_patient_stands_in_a_fault(tmp_path: Path) -> None:
    one = load(tmp_path, FINE)
    faults = check_answers(one, "1", {"a": "Secret Smith", "b": 99.0, "c": "Secret"}, is_complete=False)
    assert faults and not any("Secret" in str(fault) or "99" in str(fault) for fault in faults)


def test_a_case_shows_where_each_questionnaire_stands() -> None:
    said = {"questionnaire": "caregiver_interview", "version": "1.0"}
    begun = case(event("assessment_answered", DAY, **said, answers={"has_caregiver": True}))
    one = standing(begun)[0]
    assert (one.questionnaire, one.state, one.answered) == ("caregiver_interview", "in_progress", 1)
    assert one.required_open == ["willing", "able", "hours"]
    rest = {"willing": "yes", "able": "in_part", "hours": 6}
    ended = case(
        event("assessment_answered", DAY, **said, answers={"has_caregiver": True}),
        event(
            "assessment_answered", DAY + HOUR, **said, answers=rest, is_complete=True, respondent="caregiver"
        ),
    )
    one = next(one for one in standing(ended) if one.questionnaire == "caregiver_interview")
    assert (one.state, one.required_open, one.respondent) == ("complete", [], "caregiver")
    assert one.last_answer_at == DAY + HOUR
    others = [other for other in standing(begun) if other.questionnaire != "caregiver_interview"]
    assert {other.state for other in others} == {"not_started"}


@pytest.mark.parametrize("name", list(questionnaires()))
def test_a_questionnaire_is_fhir(name: str) -> None:
    """The rules of FHIR R4 on Questionnaire (que-1 to que-13) that can be told from the resource."""
    one = questionnaires()[name]
    made = json.loads(json.dumps(questionnaire_resource(one)))
    assert made["resourceType"] == "Questionnaire" and made["status"] == "active"
    assert made["url"].startswith("urn:") and "_" not in made["id"] and len(made["id"]) <= 64
    seen: list[str] = []
    for item in _items(made):
        assert item["type"] in {
            "group", "display", "boolean", "decimal", "integer", "date", "dateTime", "string", "text", "choice",
        }  # fmt: skip
        assert (item["type"] == "group") == ("item" in item)  # que-1
        assert item["linkId"] not in seen  # que-2
        if item["type"] == "display":
            assert not {"required", "repeats"} & item.keys()  # que-6, que-9
        if "answerOption" in item:
            assert item["type"] in ("choice", "integer", "date", "string")  # que-5
        for when in item.get("enableWhen", ()):
            answers = [key for key in when if key.startswith("answer")]
            assert len(answers) == 1 and when["question"] in seen  # earlier questions only
            if when["operator"] == "exists":
                assert isinstance(when["answerBoolean"], bool)  # que-7
        if len(item.get("enableWhen", ())) > 1:
            assert item["enableBehavior"] in ("all", "any")  # que-12
        assert "initial" not in item
        seen.append(item["linkId"])
    assert seen == list(one.flat)


def _items(resource: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for item in resource.get("item", ()):
        found += [item, *_items(item)]
    return found


@pytest.mark.parametrize("name", list(questionnaires()))
def test_a_response_is_fhir_and_holds_what_was_answered(name: str) -> None:
    one = questionnaires()[name]
    answers = whole(one)
    made = response_resource(one, answers, patient_id="p1", encounter_id="s1", authored=DAY, is_complete=True)
    made = json.loads(json.dumps(made))
    assert (
        made["status"] == "completed" and made["questionnaire"] == f"urn:discharge:questionnaire:{name}|1.0"
    )
    said = {item["linkId"]: item["answer"] for item in _items(made) if "answer" in item}
    assert said.keys() == answers.keys()
    for link_id, got in said.items():
        item = one.flat[link_id]
        values = [_plain(value) for value in got]
        expected = answers[link_id] if isinstance(answers[link_id], list) else [answers[link_id]]
        assert values == expected, item.link_id
        assert all(len(value) == 1 for value in got)


def _plain(value: dict[str, Any]) -> Any:
    [(key, found)] = value.items()
    return found["code"] if key == "valueCoding" else found


def test_unknown_is_said_as_fhir_says_it(tmp_path: Path) -> None:
    one = load(tmp_path, FINE)
    made = response_resource(
        one,
        {"a": "asked-declined", "b": 3.0},
        patient_id=None,
        encounter_id=None,
        authored=None,
        is_complete=False,
    )
    reason = {
        "url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
        "valueCode": "asked-declined",
    }
    assert made["item"] == [
        {"linkId": "a", "text": "A?", "answer": [{"_valueBoolean": {"extension": [reason]}}]}
    ]
    assert made["status"] == "in-progress"


PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "questionnaires.md"


@pytest.mark.skipif(not PAGE.is_file(), reason="the page is not part of this installation")
def test_the_page_of_questionnaires_is_what_they_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(questionnaires()), "run: python scripts/questionnaires.py"
