"""The patient's page, the care: where to, which help, medicines, tests, visits, the way there, when to call whom."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from discharge.documents.language import Words
from discharge.documents.patient_words import (
    Section,
    Table,
    dose_shown,
    how_often,
    msg,
    need_names,
    place_name,
    shown_needs,
    window,
)
from discharge.options import Option
from discharge.plan import Service
from discharge.plan.model import MedicationStatus
from discharge.plan.tables import education_table
from discharge.review.model import Review

OTHERS_SHOWN = 3
HOSPITAL_DRUGS_SHOWN = 12
NOT_KNOWN = msg("not known yet")
HELP = (msg("What"), msg("How often"), msg("How long"), msg("First day"), msg("Who gives it"))
OPEN_HELP = msg("Ask us how often you get each kind of help, for how long, and from which day.")
OPEN_PROVIDER = msg("Who gives it is not chosen yet. You choose from a list that we give you.")
STATUS: dict[MedicationStatus, str] = {
    "home": msg("You took it at home. Ask if you keep on."),
    "discharge": msg("On your list to go home."),
    "new": msg("New for you."),
    "changed": msg("Not the same as you took at home."),
    "stopped": msg("Your chart says it was stopped. Ask why."),
    "unknown": msg("Tell us if you take it."),
    "inpatient": msg("Only in the hospital."),
}


def care_sections(review: Review, words: Words) -> list[Section]:
    """Return the parts about care, in the order in which people ask."""
    made = [
        _where(review, words),
        _help(review, words),
        _medicines(review, words),
        _tests(review, words),
        _visits(review, words),
        _ride(review, words),
        *_call(review, words),
        _contacts(review, words),
    ]
    return [section for section in made if section is not None]


def _chosen(review: Review) -> Option | None:
    return next((one for one in review.options if one.id == review.plan.recommended), None)


def _where(review: Review, words: Words) -> Section:
    """The place, why, when, and what else there is."""
    heading = words.say("Where you are going and why")
    chosen = _chosen(review)
    if chosen is None:
        text = [words.say("We do not know yet where you will go. We need to learn more first.")]
        return Section("where", heading, text=[*text, _when(review, words)])
    name, gloss = place_name(words, chosen)
    row = education_table().patient.places.get(chosen.id)
    text = [words.say(row.about)] if row is not None else []
    if any(need in chosen.meets for need in shown_needs(review)):
        text.append(words.say("Why: it can give you the care that is listed below."))
    left = [need for need in shown_needs(review) if need in chosen.leaves]
    if left:
        text.append(
            words.say(
                "It does not give you: {needs}. We must find that in some other way.",
                needs=need_names(words, left),
            )
        )
    if review.plan.stay_on == "met":
        text.append(words.say("You still need hospital care now. You go there after that."))
    text += [_when(review, words), *_others(review, words)]
    return Section("where", heading, strong=name, gloss=gloss, text=text)


def _when(review: Review, words: Words) -> str:
    leaving = review.plan.expected_discharge
    if leaving.at is None or leaving.at < review.as_of:
        return words.say("When: no day is set yet.")
    day = words.day(leaving.at.astimezone(ZoneInfo(review.provenance.zone)).date())
    if leaving.is_estimate:
        return words.say("When: stays like yours often end near {date}. No day is set yet.", date=day)
    return words.say("When: we expect {date}. This can change.", date=day)


def _others(review: Review, words: Words) -> list[str]:
    by_id = {option.id: option for option in review.options}
    names = [place_name(words, by_id[one])[0] for one in review.plan.alternatives if one in by_id]
    if not names:
        return []
    return [words.say("Other places to ask about: {places}.", places="; ".join(names[:OTHERS_SHOWN]))]


def _help(review: Review, words: Words) -> Section:
    heading = words.say("Help you will get")
    wanted = set(shown_needs(review)) - {"follow_up"}  # has a part of its own, as tests have
    wanted -= {"monitoring_labs"} if review.plan.monitoring else set()
    services = [service for service in review.plan.services if service.need in wanted]
    if not services:
        text = words.say("Your chart does not show yet that you need help after you leave.")
        return Section("help", heading, text=[text, words.say("Tell us if you think you will need help.")])
    rows = [_service(review, service, words) for service in services]
    heads = [words.say(one) for one in HELP]
    known = [place for place, _ in enumerate(heads) if place == 0 or any(row[place] for row in rows)]
    open_ = [words.say(OPEN_HELP)] if any(not cell for row in rows for cell in row[:-1]) else []
    open_ += [words.say(OPEN_PROVIDER)] if any(not row[-1] for row in rows) else []
    if known == [0]:
        return Section("help", heading, text=open_, items=[row[0] for row in rows])
    cells = [[row[place] or words.say(NOT_KNOWN) for place in known] for row in rows]
    return Section("help", heading, text=open_, table=Table([heads[place] for place in known], cells))


def _service(review: Review, service: Service, words: Words) -> list[str]:
    """What, how often, how long, from when, by whom; empty where the chart doesn't say."""
    known = education_table().patient.needs
    name = words.say(known[service.need]) if service.need in known else service.title
    often = (
        [words.count("{n} time a day", "{n} times a day", _whole(service.per_day))] if service.per_day else []
    )
    if service.per_week:
        often.append(words.count("{n} day a week", "{n} days a week", _whole(service.per_week)))
    if service.hours:
        often.append(words.count("{n} hour a day", "{n} hours a day", _whole(service.hours)))
    if service.hours_a_week:
        often.append(words.count("{n} hour a week", "{n} hours a week", _whole(service.hours_a_week)))
    long = words.count("{n} day", "{n} days", service.days) if service.days is not None else ""
    zone = ZoneInfo(review.provenance.zone)
    start = words.day(service.start.astimezone(zone).date()) if service.start is not None else ""
    return [name, ", ".join(often), long, start, service.provider or ""]


def _whole(number: float) -> int:
    return max(round(number), 1)


def _medicines(review: Review, words: Words) -> Section:
    """The lists side by side: to be gone through with a nurse, and no instruction."""
    heading = words.say("Your medicines")
    routes = education_table().patient.routes
    lines = [line for line in review.plan.medications if line.status != "inpatient"]
    rows = [
        [
            line.name,
            dose_shown(words, line.dose) or words.say(NOT_KNOWN),
            words.say(routes[line.route]) if line.route in routes else words.say(NOT_KNOWN),
            how_often(words, line),
            words.say(STATUS[line.status]),
        ]
        for line in lines
    ]
    text = [
        words.say(
            "Go over this list with your nurse before you leave. "
            "Do not start or stop a medicine because of this paper."
        )
    ]
    if not rows:
        text.append(words.say("We have no list of your own medicines yet. Tell us what you take at home."))
    heads = (msg("Medicine"), msg("How much"), msg("How"), msg("How often"), msg("What your chart says"))
    table = Table([words.say(one) for one in heads], rows) if rows else None
    return Section("medicines", heading, text=text, table=table, after=_hospital_drugs(review, words))


def _hospital_drugs(review: Review, words: Words) -> list[str]:
    drugs = [line.name for line in review.plan.medications if line.status == "inpatient"]
    if not drugs:
        return []
    named = words.listed(drugs[:HOSPITAL_DRUGS_SHOWN])
    more = len(drugs) - HOSPITAL_DRUGS_SHOWN + review.plan.medications_left_out
    lines = [words.say("In the hospital you also got: {drugs}.", drugs=named)]
    if len(drugs) > HOSPITAL_DRUGS_SHOWN:
        lines.append(words.count("{n} more is in your chart.", "{n} more are in your chart.", more))
    return [*lines, words.say("Ask which of these you need after you leave.")]


def _tests(review: Review, words: Words) -> Section | None:
    if not review.plan.monitoring:
        return None
    names, readers = education_table().patient.tests, education_table().patient.readers
    rows = []
    for line in review.plan.monitoring:
        often = window(words, line.from_days, line.within_days)
        if line.per_week is not None:
            low, high = line.per_week
            often = words.count("{n} time a week", "{n} times a week", high)
            if low != high:
                often = words.say("{low} or {high} times a week", low=low, high=high)
        name = words.say(names[line.test]) if line.test in names else line.title
        reader = words.say(readers[line.reader]) if line.reader in readers else line.reads
        rows.append([name, often or words.say("ask your doctor"), reader])
    head = [words.say(one) for one in (msg("Test"), msg("How often"), msg("Who should read it"))]
    after = [words.say("Ask for the name of the person who reads your tests.")]
    return Section("tests", words.say("Tests after you leave"), table=Table(head, rows), after=after)


def _visits(review: Review, words: Words) -> Section:
    heading = words.say("Visits after you leave")
    names = education_table().patient.clinics
    zone, leaving = ZoneInfo(review.provenance.zone), review.plan.expected_discharge
    rows = []
    for one in review.plan.appointments:
        when = window(words, one.from_days, one.within_days) or words.say("ask when")
        is_set = leaving.at is not None and not leaving.is_estimate and leaving.at >= review.as_of
        if is_set and leaving.at is not None and one.within_days is not None:
            last = leaving.at.astimezone(zone).date() + timedelta(days=one.within_days)
            when = words.say("{when} (by {date})", when=when, date=words.day(last))
        booked = words.day(one.at.astimezone(zone).date()) if one.at else words.say("no day is set yet")
        who = words.say(names[one.who]) if one.who in names else one.title
        rows.append([who, when, booked])
    if not rows:
        text = words.say("Your chart names no visit yet. Ask when you should see your doctor.")
        return Section("visits", heading, text=[text])
    head = [words.say(part) for part in (msg("With whom"), msg("When you should go"), msg("Day and time"))]
    after = [words.say("Ask us to set the day and time before you leave.")]
    return Section("visits", heading, table=Table(head, rows), after=after)


def _ride(review: Review, words: Words) -> Section:
    mode = review.plan.transport.mode
    if mode is None:
        text = words.say("We do not know yet how you will travel. Tell us who can take you.")
    else:
        text = words.say(education_table().patient.rides[mode])
    return Section("ride", words.say("How you will get there"), text=[text])


def _call(review: Review, words: Words) -> list[Section]:
    """Signs to call about and those to call the emergency number for, of every topic that is to be taught."""
    topics = [education_table().topics[one.topic] for one in review.plan.education]
    urgent = dict.fromkeys(sign for topic in topics for sign in topic.urgent)
    signs = dict.fromkeys(sign for topic in topics for sign in topic.signs)
    return [
        Section("emergency", words.say("Call 911 right away if"), items=[words.say(sign) for sign in urgent]),
        Section("call", words.say("Call your care team if"), items=[words.say(sign) for sign in signs]),
    ]


def _contacts(review: Review, words: Words) -> Section:
    rows = [
        [words.say(education_table().contacts[one.role].words), one.name or "", ""]
        for one in review.plan.contacts
    ]
    head = [words.say(part) for part in (msg("Person or place"), msg("Name"), msg("Phone"))]
    text = [words.say("Ask us to fill in the names and phone numbers before you leave.")]
    return Section("contacts", words.say("Who to call"), text=text, table=Table(head, rows))
