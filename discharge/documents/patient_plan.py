"""The patient's own version of the plan: plain words, in the patient's language, for someone still in the hospital.

It never says more than the chart and the rules do. What is not known is said to be not known. Nothing of rule files
marked sensitive, no denial risk and no cost of the hospital stands on it. A page in another language comes with the
English page beside it, so that staff can see what is handed over.
"""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from discharge.documents.language import Words, english_name, language_of, words_in
from discharge.documents.paper import PaperContext
from discharge.documents.patient_care import care_sections
from discharge.documents.patient_rights import rights_sections
from discharge.documents.patient_words import Section, msg, spoken_name
from discharge.review.model import Review

TITLE = msg("Your plan for leaving the hospital")
DRAFT = msg("This is a draft. Your care team will go over it with you. It does not start or stop any care.")
TRANSLATED = msg(
    "A computer made this translation. A trained translator must check it before it is given to you."
)
PRIVATE = msg("This paper has private facts about your health. Keep it safe.")


@dataclass(frozen=True, slots=True)
class PatientPlan:
    """Everything that ``patient_plan.html`` prints. ``suffix`` is the language, and stands in the file's name."""

    title: str
    suffix: str
    encounter_id: str
    footer: str
    lines: list[str]
    banner: list[str]
    banner_english: list[str]
    sections: list[Section]


def patient_plans(review: Review, context: PaperContext | None = None) -> list[PatientPlan] | None:
    """Return the page in the patient's language and in English; None for someone who has left or died."""
    if review.stay.discharged is not None or not review.options:
        return None
    language = language_of(review.patient.language)
    english = patient_plan(review, words_in("en"))
    if language is None or language.tag == "en":
        return [english]
    return [patient_plan(review, words_in(language.tag)), english]


def patient_plan(review: Review, words: Words) -> PatientPlan:
    """Return the page of one stay in one language."""
    zone = ZoneInfo(review.provenance.zone)
    name = review.patient.name
    lines = [words.say("For {name}", name=spoken_name(name))] if name else []
    lines.append(words.say("Made on {date}", date=words.day(review.as_of.astimezone(zone).date())))
    return PatientPlan(
        title=words.say(TITLE),
        suffix=words.language.tag,
        encounter_id=review.encounter_id,
        footer="".join(char for char in review.encounter_id if char.isalnum() or char in "-_. "),
        lines=lines,
        banner=_banner(review, words),
        banner_english=[TRANSLATED] if words.needs_review else [],
        sections=[*care_sections(review, words), *rights_sections(review, words)],
    )


def _banner(review: Review, words: Words) -> list[str]:
    """What the paper is; that its translation isn't checked; or that there is none."""
    notes = [words.say(DRAFT)]
    if words.needs_review:
        notes.append(words.say(TRANSLATED))
    spoken = review.patient.language
    if spoken is not None and language_of(spoken) is None:
        notes.append(
            words.say(
                "Your chart says that you speak {language}. We do not have this paper in it. "
                "Ask for a free interpreter.",
                language=english_name(spoken),
            )
        )
    notes.append(words.say(PRIVATE))
    return notes
