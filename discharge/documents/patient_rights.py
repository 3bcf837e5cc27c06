"""The patient's page, the rest: what it may cost, rights, questions to ask, and what is not known yet."""

from __future__ import annotations

from collections.abc import Iterator

from discharge.costs.amounts import Range
from discharge.documents.language import Words
from discharge.documents.patient_words import Section, Table, msg, place_name
from discharge.options import Option
from discharge.review.model import Review

OTHERS_PRICED = 3
MEDICARE = ("medicare_ffs", "medicare_advantage", "dual")
NETWORK = ("medicare_advantage", "medicaid", "commercial", "dual")
QUESTIONS = (
    msg("Why am I in the hospital, and what did you find?"),
    msg("Why is this place right for me? What else can I choose?"),
    msg("Who will help me on the first day and night?"),
    msg("Which medicines are new, and which do I stop?"),
    msg("Which tests are still open, and who will tell me?"),
    msg("What can I eat and do? When can I drive or work?"),
    msg("What will I pay, and who can help if I cannot pay?"),
)


def rights_sections(review: Review, words: Words) -> list[Section]:
    """Return cost, rights, questions and open points."""
    open_points = list(_open(review, words))
    asked = [words.say(one) for one in QUESTIONS]
    made = [
        _cost(review, words),
        Section("rights", words.say("Your rights"), items=list(_rights(review, words))),
        Section("questions", words.say("Questions to ask"), items=asked),
    ]
    if open_points:
        lead = words.say("We will find these out with you:")
        made.append(Section("open", words.say("What we do not know yet"), text=[lead], items=open_points))
    return made


def _cost(review: Review, words: Words) -> Section:
    """What the patient may pay where the plan leads, and elsewhere."""
    heading = words.say("What it may cost you")
    chosen = next((one for one in review.options if one.id == review.plan.recommended), None)
    text = []
    if chosen is not None:
        text.append(_covered(review, chosen, words))
        asked = chosen.prior_authorization
        if asked is not None and asked.required and asked.approved != "met":
            text.append(words.say("Your health plan must say yes before you go."))
    amount = _amount(review.plan.patient_cost, words)
    if chosen is None or not amount:
        text.append(words.say("We do not know yet what you would pay. Ask us before you choose."))
    else:
        text.append(
            words.count(
                "You may pay {amount} for the care of {n} day.",
                "You may pay {amount} for the care of {n} days.",
                review.plan.horizon_days or 0,
                amount=amount,
            )
        )
        cost, is_open = review.plan.patient_cost, chosen.coverage.status == "unknown"
        if is_open and review.payer.matched and cost.low != cost.high:
            text.append(words.say("You may pay the high number if your health plan does not pay."))
    table = _elsewhere(review, words)
    after = [words.say("This is a guess, not a bill. What you pay in the end can be more or less.")]
    return Section("cost", heading, text=text, table=table, after=after if amount or table else [])


def _covered(review: Review, chosen: Option, words: Words) -> str:
    if review.payer.payer_class == "self_pay" or not review.payer.matched:
        return words.say("We found no health plan for you. Ask us who can help you pay.")
    said = {
        "met": msg("From what we know now, your health plan should pay its part."),
        "not_met": msg("From what we know now, your health plan does not pay for this."),
        "unknown": msg("We do not know yet if your health plan will pay."),
    }
    return words.say(said[chosen.coverage.status])


def _amount(cost: Range, words: Words) -> str:
    """A range in words; an empty text where nothing is known."""
    if cost.low is not None and cost.high is not None and cost.low != cost.high:
        low, high = words.money(cost.low), words.money(cost.high)
        return words.say("about {low} to {high}", low=low, high=high) if low != high else _about(low, words)
    return "" if cost.expected is None else _about(words.money(cost.expected), words)


def _about(amount: str, words: Words) -> str:
    return words.say("about {amount}", amount=amount)


def _elsewhere(review: Review, words: Words) -> Table | None:
    by_id = {option.id: option for option in review.options}
    rows = []
    for one in review.plan.alternatives:
        option = by_id.get(one)
        amount = _amount(option.cost.patient, words) if option is not None else ""
        if option is not None and amount:
            rows.append([place_name(words, option)[0], amount])
    if not rows:
        return None
    head = [words.say(msg("Other places")), words.say(msg("You may pay"))]
    return Table(head, rows[:OTHERS_PRICED])


def _rights(review: Review, words: Words) -> Iterator[str]:
    payer = review.payer.payer_class
    yield words.say("You choose who gives your care. We give you a list and show you how good each one is.")
    yield words.say("We must tell you if this hospital earns money from a name on the list.")
    if payer in NETWORK:
        yield words.say("Ask which names are in your plan's network. Others may cost you more.")
    if payer in MEDICARE and review.stay.status == "inpatient":
        yield words.say(
            "If you think you must leave too soon, you can appeal. Call the Quality Improvement Organization "
            "(QIO) no later than the day you are to leave."
        )
        yield words.say(
            "The phone number is on the paper called Important Message from Medicare. You must get that "
            "paper before you leave."
        )
        yield words.say(
            "If you call in time, you can stay while the QIO decides. You pay only your usual share."
        )
    if payer not in (None, "self_pay"):
        yield words.say("If your plan says no to care, you can appeal. Its letter tells you how and by when.")
    if payer in (None, "self_pay"):
        yield words.say("You can ask for the price in writing and for help with the bill.")
    yield words.say("You can have an interpreter for free.")
    yield words.say("You can say no to any part of this plan. Tell us what you want.")


def _open(review: Review, words: Words) -> Iterator[str]:
    """What the plan lacks, in the patient's words."""
    plan = review.plan
    if plan.goals != "met":
        yield words.say("What matters most to you. Please tell us.")
    if plan.recommended is None:
        yield words.say("Where you will go.")
    if plan.open_needs:
        yield words.say("What other help you will need.")
    if not any(line.status in ("discharge", "new", "changed") for line in plan.medications):
        yield words.say("Which medicines you take after you leave.")
    if plan.appointments_booked != "met":
        yield words.say("The day and time of your visits.")
    if plan.transport.mode is None:
        yield words.say("How you will travel.")
    if plan.education_done != "met":
        yield words.say("If you and your helper feel ready for the care at home.")
    if not review.payer.matched:
        yield words.say("Who pays for your care.")
    elif plan.patient_cost.expected is None:
        yield words.say("What you will pay.")
    if review.patient.language is None:
        yield words.say("Which language you like to read and speak.")
