"""Catalogues: complete, with the same places for values, marked for review, and none behind the code."""

from __future__ import annotations

import importlib.util
import re
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest
from reading_grade import grade, syllables

from discharge.costs.catalog import option_table
from discharge.documents import language
from discharge.documents.language import LANGUAGES, missing_font, words_in
from discharge.errors import OutputError
from discharge.needs import need_table
from discharge.plan.tables import education_table, monitoring_table
from discharge.resources import data_folder

pytestmark = pytest.mark.content  # judged once, in the checkout: packaging changes nothing here

OTHERS = [tag for tag in LANGUAGES if tag != "en"]
SCRIPTS = {"ja": r"[\u3040-\u30ff\u4e00-\u9fff]", "ko": r"[\uac00-\ud7a3]", "hi": r"[\u0900-\u097f]"}
MOST = 8.0


def script(name="translations"):
    path = Path(__file__).parent.parent.parent / "scripts" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def texts():
    return list(dict.fromkeys(script().texts()))


def places(text):
    return Counter(re.findall(r"\{\w+\}", text))


def catalogue(tag):
    return (data_folder("templates") / "locale" / tag / "discharge.po").read_text("utf-8")


@pytest.mark.parametrize("tag", OTHERS)
def test_every_text_has_a_translation_with_the_same_places(tag, texts):
    words = words_in(tag)
    forms = 1 if tag in ("ja", "ko") else 2
    for text in texts:
        key = text[0] if isinstance(text, tuple) else text
        said = words.texts.get(key)
        assert said is not None, f"{tag}: no translation of {key!r}"
        assert len(said) == (forms if isinstance(text, tuple) else 1), key
        for form in said:
            assert places(form) == places(key), f"{tag}: {key!r}"
            assert form == form.strip() and form


@pytest.mark.parametrize("tag", sorted(SCRIPTS))
def test_translations_are_written_in_their_own_script(tag):
    for text, forms in words_in(tag).texts.items():
        if re.sub(r"\{\w+\}|[^A-Za-z]", "", text).lower() not in ("", "by"):
            assert all(re.search(SCRIPTS[tag], form) for form in forms), f"{tag}: {text!r}"


@pytest.mark.parametrize("tag", ["es", "ca"])
def test_few_translations_equal_the_english(tag):
    same = [text for text, forms in words_in(tag).texts.items() if text in forms]
    assert same == []


@pytest.mark.parametrize("tag", OTHERS)
def test_no_catalogue_is_behind_the_code(tag):
    before = catalogue(tag)
    assert script().updated(tag, before) == before, "run: python scripts/translations.py"


@pytest.mark.parametrize("tag", OTHERS)
def test_every_message_waits_for_a_qualified_translator(tag, texts):
    assert words_in(tag).needs_review
    assert catalogue(tag).count("# needs review by a qualified translator") == len(texts)


def test_a_name_in_the_header_ends_the_wait(monkeypatch, tmp_path):
    (tmp_path / "locale" / "es").mkdir(parents=True)
    signed = catalogue("es").replace('"X-Reviewed-By: \\n"', '"X-Reviewed-By: A. Translator, 2026-11-22\\n"')
    (tmp_path / "locale" / "es" / "discharge.po").write_text(signed, "utf-8")
    monkeypatch.setattr(language, "data_folder", lambda name: tmp_path)
    words = language._catalogue(LANGUAGES["es"])
    assert (words.needs_review, words.reviewed_by) == (False, "A. Translator, 2026-11-22")
    assert not words_in("en").needs_review


def test_new_texts_come_empty_and_marked_and_old_ones_go(monkeypatch):
    translations = script()
    monkeypatch.setattr(
        translations, "texts", lambda: iter(["Your home", "Something new", ("{n} cat", "{n} cats")])
    )
    after = translations.updated("es", catalogue("es"))
    assert 'msgid "Your home"\nmsgstr "Su casa"' in after
    assert 'msgid "Something new"\nmsgstr ""' in after
    assert after.count("needs review") == 3 and "Blood tests" not in after


def test_dates_numbers_and_money_follow_the_language():
    day = date(2026, 6, 17)
    said = {tag: words_in(tag).day(day) for tag in LANGUAGES}
    assert said == {
        "en": "June 17, 2026",
        "es": "17 de junio de 2026",
        "ca": "17 de juny del 2026",
        "ja": "2026年6月17日",
        "ko": "2026년 6월 17일",
        "hi": "17 जून 2026",
    }
    assert words_in("en").money(Decimal("1234.50")) == "$1,234"
    assert words_in("ca").money(Decimal("1234.50")) == "$1.234"
    assert words_in("hi").money(Decimal("123456")) == "$123,456"


@pytest.mark.parametrize(
    ("tag", "one", "many"),
    [
        ("en", "1 day", "3 days"),
        ("es", "1 día", "3 días"),
        ("ja", "1日間", "3日間"),
        ("hi", "1 दिन", "3 दिन"),
    ],
)
def test_plurals(tag, one, many):
    words = words_in(tag)
    assert words.count("{n} day", "{n} days", 1) == one
    assert words.count("{n} day", "{n} days", 3) == many


def test_a_language_without_a_catalogue_is_an_error_with_the_names_there_are():
    with pytest.raises(OutputError, match="en, es, ca, ja, ko, hi"):
        words_in("so")


def test_a_page_in_a_language_without_a_font_says_what_to_install(monkeypatch):
    assert missing_font('<!DOCTYPE html>\n<html lang="en">') is None
    assert missing_font("<p>no language</p>") is None
    language.has_font.cache_clear()
    monkeypatch.setattr(language, "_drawn", lambda one, sign: b"box" if one.tag == "hi" else sign.encode())
    try:
        assert "fonts-lohit-deva" in missing_font('<html lang="hi">')
        assert missing_font('<html lang="ja">') is None
    finally:
        language.has_font.cache_clear()


def test_a_letter_that_no_font_has_is_seen_as_missing():
    nobody = language.Language("qq", "en_US", "", '"DejaVu Sans"', ("\U000e0100a"[0], "\U000f0000"))
    assert language._drawn(LANGUAGES["en"], "a") != language._drawn(LANGUAGES["en"], "b")
    assert language._drawn(nobody, "\U000f0000") == language._drawn(nobody, "\U000f0001")


def test_every_sentence_for_patients_reads_at_grade_eight_at_most(texts):
    flat = [form for text in texts for form in (text if isinstance(text, tuple) else (text,))]
    sentences = [text for text in flat if text.endswith((".", "?"))]
    assert len(sentences) > 100
    hard = {text: grade(text) for text in sentences if grade(text) > MOST}
    assert hard == {}
    labels = " ".join(f"{text}." for text in flat if text not in sentences)
    assert grade(labels) <= MOST


def test_the_measure_can_fail():
    assert syllables("medicine") == 3 and syllables("nurse") == 1
    hard = "Utilization of outpatient parenteral antimicrobial therapy necessitates longitudinal monitoring."
    assert grade(hard) > MOST


def test_every_place_need_clinic_and_test_has_the_patients_words():
    words = education_table().patient
    assert set(words.places) == set(option_table().options)
    assert set(words.needs) == set(need_table().needs)
    assert set(words.clinics) == set(monitoring_table().clinics)
    assert set(words.readers) == set(monitoring_table().readers)


def test_the_set_up_knows_every_language_that_needs_a_font_of_its_own():
    fonts = script("prepare").LANGUAGE_FONTS
    wanted = {
        one.english: ("".join(one.signs), one.package) for one in LANGUAGES.values() if one.tag in SCRIPTS
    }
    assert fonts == wanted


def test_the_set_up_goes_on_without_a_font_and_says_which_language_is_lost(monkeypatch, capsys):
    prepare = script("prepare")
    answer = SimpleNamespace(returncode=0, stdout="Japanese\nKorean\n", stderr="")
    monkeypatch.setattr(prepare.subprocess, "run", lambda *given, **more: answer)
    monkeypatch.setattr(prepare.os, "geteuid", lambda: 1000)
    prepare.offer(prepare.check_languages)
    said = capsys.readouterr().err
    assert "no font is installed for Japanese and Korean" in said
    assert "apt-get install -y fonts-noto-cjk\n" in said
    answer.stdout = ""
    prepare.offer(prepare.check_languages)
    assert capsys.readouterr().err == ""
