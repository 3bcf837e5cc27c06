"""What follows the stay: tests and who reads them, visits with their window, teaching, the way to travel, contacts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from discharge.costs.opat import opat_labs, rows_for, weekly_tests
from discharge.drugs import classes_of
from discharge.needs import Need
from discharge.options import Option
from discharge.plan.model import (
    Appointment,
    Contact,
    EducationTopic,
    MedicationLine,
    MonitoringLine,
    Transport,
)
from discharge.plan.tables import ContactRow, Topic, Watched, education_table, monitoring_table
from discharge.stayview import StayView, status_of

GOING_HOME = ("home", "discharge", "new", "changed")
OPAT_READER = "infectious_disease"
_PACK = "conditions."


def monitoring(
    view: StayView,
    found_needs: Sequence[Need],
    medications: Sequence[MedicationLine],
    conditions: Sequence[str],
) -> list[MonitoringLine]:
    """Return tests after discharge: those of intravenous drugs that go on, then those of the table."""
    needed = {need.need for need in found_needs}
    lines = list(_infusion_tests(view)) if "iv_therapy" in needed else []
    names = {one.removeprefix(_PACK) for one in conditions}
    drugs = [line.drug for line in medications if line.status in GOING_HOME]
    seen = {line.test for line in lines}
    for row in monitoring_table().watched:
        called = row.need in needed or row.condition in names
        called = called or (row.drug is not None and any(row.drug in drug for drug in drugs))
        if called and row.test not in seen:
            seen.add(row.test)
            lines.append(_watched(row))
    return lines


def _watched(row: Watched) -> MonitoringLine:
    table = monitoring_table()
    return MonitoringLine(
        title=row.title,
        for_=(row.drug or row.need or row.condition or "").replace("_", " "),
        frequency=window_words(row.from_days, row.within_days),
        reads=table.readers[row.reads],
        is_reader_named="unknown",
        test=row.test,
        reader=row.reads,
        from_days=row.from_days,
        within_days=row.within_days,
        cite=table.citations[row.cite].title,
    )


def _infusion_tests(view: StayView) -> Iterator[MonitoringLine]:
    """The weekly tests that drugs given by vein ask for; none for drugs that the table doesn't know."""
    given = view.codes("treatment.iv_antibiotics") or view.codes("treatment.iv_drugs") or ()
    known = [drug for drug in given if rows_for(drug)]
    if not known:
        return
    table = opat_labs()
    for one in weekly_tests(known):
        rows = [table.drugs[name] for name in one.rows]
        yield MonitoringLine(
            title=table.tests[one.test].title,
            for_=", ".join(drug for drug in known if set(rows_for(drug)) & set(one.rows)),
            frequency=weekly_words(one.low, one.high),
            reads=monitoring_table().readers[OPAT_READER],
            is_reader_named=status_of(view.flag("documents.opat_monitor_named")),
            test=one.test,
            reader=OPAT_READER,
            per_week=(one.low, one.high),
            cite=table.citations[rows[0].cite].title,
            ask="; ".join(dict.fromkeys(row.ask for row in rows if row.ask)) or None,
        )


def weekly_words(low: int, high: int) -> str:
    """How often a week, in words.

    >>> weekly_words(1, 1), weekly_words(1, 2), weekly_words(2, 2)
    ('once a week', '1 to 2 times a week', '2 times a week')
    """
    if low == high:
        return "once a week" if low == 1 else f"{low} times a week"
    return f"{low} to {high} times a week"


def window_words(first: int | None, last: int | None) -> str | None:
    """A window after discharge in words; None where there is none.

    >>> window_words(7, 14), window_words(None, 7), window_words(None, None)
    ('7 to 14 days after discharge', 'within 7 days of discharge', None)
    """
    if last is None:
        return None
    return f"within {last} days of discharge" if first is None else f"{first} to {last} days after discharge"


def appointments(found_needs: Sequence[Need], conditions: Sequence[str]) -> list[Appointment]:
    """Return the visits that conditions ask for, the earliest first; of two with the same clinic the earlier one.

    Where a follow-up is needed and no condition says which, a visit without a window stands for it.
    """
    table, found = monitoring_table(), dict[str, Appointment]()
    wanted = [
        (visit, name)
        for name in (one.removeprefix(_PACK) for one in conditions)
        for visit in table.visits.get(name, [])
    ]
    for visit, name in sorted(wanted, key=lambda one: one[0].within_days):
        if visit.who not in found:
            found[visit.who] = Appointment(
                title=table.clinics[visit.who],
                who=visit.who,
                from_days=visit.from_days,
                within_days=visit.within_days,
                because=name.replace("_", " "),
                cite=f"{_PACK}{name}",
            )
    if not found and any(need.need == "follow_up" for need in found_needs):
        title = table.clinics["doctor"]
        return [
            Appointment(
                title=title,
                who="doctor",
                from_days=None,
                within_days=None,
                because="follow-up needed",
                cite=None,
            )
        ]
    return list(found.values())


def transport(view: StayView) -> Transport:
    """Return how the patient can travel, by the first row of the table whose facts are charted so."""
    ordered = status_of(view.flag("orders.ambulance_order"))
    for row in education_table().transport:
        for way in row.when:
            if all(view.flag(fact) is wanted for fact, wanted in way.items()):
                return Transport(
                    mode=row.mode, title=row.title, why=row.why, facts=list(way), ordered=ordered
                )
    why = "whether the patient can walk and sit is not charted"
    return Transport(mode=None, title="Not known yet", why=why, facts=[], ordered=ordered)


def education(
    found_needs: Sequence[Need],
    chosen: Option | None,
    medications: Sequence[MedicationLine],
    conditions: Sequence[str],
) -> list[EducationTopic]:
    """Return what is to be taught, each topic with what calls for it."""
    needed = [need.need for need in found_needs]
    names = [one.removeprefix(_PACK) for one in conditions]
    drugs = [line.drug for line in medications if line.status in GOING_HOME]
    found = []
    for key, topic in education_table().topics.items():
        because = _called(topic, needed, chosen.id if chosen else "", names, drugs)
        if because is not None:
            found.append(EducationTopic(topic=key, title=topic.title, for_=because))
    return found


def _called(
    topic: Topic, needed: Collection[str], option: str, conditions: Collection[str], drugs: Sequence[str]
) -> str | None:
    if topic.always:
        return "everybody"
    for one in (*topic.needs, *topic.options, *topic.conditions):
        if one in needed or one == option or one in conditions:
            return one.replace("_", " ")
    if topic.drug_class is not None:
        return next((drug for drug in drugs if topic.drug_class in classes_of(drug)), None)
    return None


def contacts(
    view: StayView, found_needs: Sequence[Need], chosen: Option | None, attending: str | None
) -> list[Contact]:
    """Return whom to call for what. A name stands only where the chart has it, which is the attending's.

    The discharge of an inpatient alone can be appealed to the QIO.
    """
    needed = {need.need for need in found_needs}
    option = chosen.id if chosen else None
    return [
        Contact(role=role, title=row.title, for_=row.for_, name=attending if role == "attending" else None)
        for role, row in education_table().contacts.items()
        if _matters(row, option, needed, view.payer_class)
        and (role != "qio" or view.flag("stay.is_inpatient") is not False)
    ]


def _matters(row: ContactRow, option: str | None, needed: Collection[str], payer: str | None) -> bool:
    if not (row.options or row.needs or row.payers):
        return True
    return option in row.options or bool(set(row.needs) & set(needed)) or payer in row.payers
