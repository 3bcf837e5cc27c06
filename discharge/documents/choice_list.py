"""The choice list of 42 CFR 482.43: post-acute providers to choose from, for the patient, and the record of giving it.

It is made for places that fit what is charted, never for others. Nobody is recommended on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from discharge import wording
from discharge.documents.common import Line, Note, footer
from discharge.documents.paper import PaperContext
from discharge.documents.provider_words import language_name, written_day
from discharge.providers import NOWHERE, ChoiceList, Kind, Listed, choices
from discharge.providers.table import finding_table
from discharge.review.model import Review

COMPARE = "medicare.gov/care-compare"
NO_RATING = "none"
MARK = "◆"


@dataclass(frozen=True, slots=True)
class Row:
    """A provider as a line of the list."""

    name: str
    is_marked: bool
    address: str
    phone: str
    miles: str
    network: str
    capacity: str
    ratings: list[str]
    languages: str


@dataclass(frozen=True, slots=True)
class KindList:
    """The providers of one kind; ``notes`` say how the list was made and who is not on it."""

    title: str
    near: str
    rows: list[Row]
    notes: list[str]
    shows_network: bool
    shows_capacity: bool
    ratings_width: int


@dataclass(frozen=True, slots=True)
class ChoicePage:
    """Everything that ``choice_list.html`` prints."""

    title: str
    encounter_id: str
    footer: str
    line: str
    banner: list[Note]
    patient: list[Line]
    freedom: list[str]
    plan: str
    order: str
    lists: list[KindList]
    interest: str
    quality: str
    sources: list[str]
    record: list[str] = field(default_factory=list)


def choice_list(review: Review, context: PaperContext) -> ChoicePage | None:
    """Return the list for a stay; None without a directory, or where no such place fits what is charted."""
    kinds = indicated_kinds(review)
    if not kinds or context.directory is None or not context.directory.providers:
        return None
    table = finding_table()
    most = min(int(table.list_size.value), int(table.list_size_together.value) // len(kinds))
    lists = [
        choices(
            context.directory,
            context.payer,
            context.place or NOWHERE,
            kind,
            [need.need for need in review.needs],
            review.as_of.date(),
            stay_id=review.encounter_id,
            now=review.as_of,
            most=most,
        )
        for kind in kinds
    ]
    return ChoicePage(
        title="Care after the hospital: your choice of providers",
        encounter_id=review.encounter_id,
        footer=footer(review),
        line=f"Made on {wording.day(review.as_of, review.provenance.zone)} for you and the people who help you",
        banner=list(_banner(review, lists)),
        patient=_patient(review),
        freedom=_freedom(),
        plan=_plan(review, lists),
        order=f"Order of each list: {lists[0].order_words}.",
        lists=[_kind_list(one) for one in lists],
        interest=_interest(lists),
        quality=_quality(lists),
        sources=_sources(lists),
        record=[
            "Given to (patient or representative)",
            "Given by (name, role)",
            "Date and time",
            "Read aloud or translated (language)",
            "First choice",
            "Second choice",
            "No choice made, or another provider named",
            "Signature of patient or representative",
        ],
    )


def indicated_kinds(review: Review) -> list[Kind]:
    """Return the kinds that need a list: those of options that fit, the best option first."""
    table = finding_table()
    found: dict[Kind, None] = {}
    for option in sorted(review.options, key=lambda one: one.rank):
        for kind in (*(table.options.get(option.id) or []), *table.also.get(option.id, [])):
            if option.fit.status == "met" and table.kinds[kind].choice:
                found[kind] = None
    return list(found)


def _banner(review: Review, lists: list[ChoiceList]) -> Iterator[Note]:
    yield Note("Draft for the case manager to check before it is given.", strong=True)
    if review.plan.choice_list_given == "met":
        yield Note("The chart says that a list was given already.")
    if any(source.is_placeholder for one in lists for source in one.sources):
        yield Note(
            "Part of the list comes from an extract of unknown year: check name, address and telephone of each"
            " provider first."
        )


def _patient(review: Review) -> list[Line]:
    patient = review.patient
    born = written_day(patient.birth_date)
    return [Line("Name", patient.name or wording.NOT_KNOWN), Line("Date of birth", born)]


def _freedom() -> list[str]:
    return [
        "The choice is yours. You can choose any provider on this list, or one that is not on it. It should take"
        " part in Medicare and be able to care for you.",
        "The hospital follows your wishes where it can. It must not limit your choice. Your care here stays the same,"
        " whatever you choose.",
        "Ask for a list for another area, such as near your family. Ask for this list in your language.",
    ]


def _plan(review: Review, lists: list[ChoiceList]) -> str:
    """What the patient has to know of networks."""
    title = review.payer.title
    if not review.payer.matched or title is None:
        return "The hospital does not know your insurance yet. If you are in a plan, ask it who is in its network."
    if review.payer.payer_class == "self_pay":
        return "You pay for your care yourself. Ask each provider for its price before you choose."
    if not any(one.is_managed for one in lists):
        return f"Your insurance: {title}. It has no network: a provider that takes part in Medicare can take you."
    known = (
        "The list shows what the hospital knows of the network."
        if any(one.network_known for one in lists)
        else "The hospital has no list of your plan's network."
    )
    return (
        f"Your insurance: {title}. {known} Check with your plan that the provider you choose is in its network:"
        " the number is on your member card."
    )


def _kind_list(one: ChoiceList) -> KindList:
    near = f"within {one.radius_miles} miles of the middle of your ZIP code"
    notes = []
    if one.more:
        rest = "those of your plan's network and the nearest" if one.is_managed else "the nearest"
        more = wording.plural(one.more, "more is", "more are")
        notes.append(
            f"Shown are {rest}; {more} in the area. Ask for the full list: you may choose any of them."
        )
    if one.kind == "home_health":
        notes.append(
            "Home health agencies are listed when they ask the hospital. Ask each if it comes to your home."
        )
    notes += [f"{said}." for said in one.left_out]
    if not one.providers:
        notes.append(f"The hospital knows of none here. Look at {COMPARE} with your case manager.")
    return KindList(
        title=one.title,
        near=near if one.providers else "",
        rows=[_row(provider) for provider in one.providers],
        notes=notes,
        shows_network=one.is_managed and one.network_known,
        shows_capacity=any(provider.can_accept is not None for provider in one.providers),
        ratings_width=_width(max((len(provider.figures) for provider in one.providers), default=0)),
    )


def _width(figures: int) -> int:
    """How much of the page ratings take, in percent; 0 where there are none."""
    return 0 if figures == 0 else 17 if figures == 1 else 32


def _row(one: Listed) -> Row:
    in_network = {True: "yes", False: "no", None: "ask"}[one.in_network]
    said = {True: "yes", False: "full", None: "ask"}[one.can_accept]
    return Row(
        name=one.name,
        is_marked=one.has_financial_interest is True,
        address=one.address,
        phone=one.phone or "no number known",
        miles="ask" if one.miles is None else f"{one.miles}",
        network=in_network,
        capacity=said,
        ratings=[f"{figure.name} {figure.value.removesuffix(' of 5')}" for figure in one.figures]
        or [NO_RATING],
        languages=", ".join(language_name(code) for code in one.languages if not code.startswith("en")),
    )


def _interest(lists: list[ChoiceList]) -> str:
    """The disclosure of financial interests: who has one, and for whom that isn't on record."""
    listed = [provider for one in lists for provider in one.providers]
    marked = [provider.name for provider in listed if provider.has_financial_interest is True]
    open_ = sum(provider.has_financial_interest is None for provider in listed)
    words = (
        f"The hospital has a financial interest in {', '.join(marked)}, or they in the hospital (marked {MARK})."
        if marked
        else "No provider on this list is marked as having a financial interest with the hospital."
    )
    if open_:
        many = f"all {open_}" if open_ == len(listed) else f"{open_} of the {len(listed)}"
        words += f" For {many} listed the hospital has not noted if there is one: ask."
    return words


def _quality(lists: list[ChoiceList]) -> str:
    figures = [figure for one in lists for provider in one.providers for figure in provider.figures]
    if not figures:
        return f"No ratings were loaded. See {COMPARE}, or look with your case manager. Ratings do not set the order."
    days = sorted({figure.published for figure in figures if figure.published is not None})
    dated = " and ".join(written_day(day) for day in (days[:1] + days[1:][-1:])) or "a day not stated"
    use = (
        " Medicare spending of 1.00 is the national figure; below it is less."
        if any(figure.use == "resource" for figure in figures)
        else " Figures of Medicare spending were not loaded."
    )
    return f"Ratings are Medicare's, 5 is the best; files of {dated}.{use} They do not set the order. More: {COMPARE}."


def _sources(lists: list[ChoiceList]) -> list[str]:
    found = {}
    for source in (source for one in lists for source in one.sources):
        dated = "day not stated" if source.as_of is None else written_day(source.as_of)
        found[source.title] = f"{source.title}, {dated}"
    return list(found.values())
