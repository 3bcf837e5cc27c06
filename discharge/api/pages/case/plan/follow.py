"""What a plan brings with it: needs, barriers, goals, visits, rides and the services that are watched."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from discharge.api.pages.case.file import CaseFile
from discharge.api.pages.case.plan.places import BarrierSeen, barriers_of
from discharge.api.pages.forms import Form, form
from discharge.casework.work.planning import (
    AppointmentView,
    GoalView,
    MonitoredView,
    PlanningView,
    RideView,
)
from discharge.costs.catalog import option_table
from discharge.facts import catalogue
from discharge.needs import EvidenceSeen, Need, NeedDetail, need_table
from discharge.reference import load_yaml
from discharge.review.model import Review
from discharge.wording import value

OWNERS = (
    ("case_manager", "Case manager"),
    ("physician", "Physician"),
    ("nurse", "Nurse"),
    ("payer", "Payer"),
    ("facility", "Receiving facility or agency"),
    ("pharmacy", "Pharmacy"),
    ("social_worker", "Social worker"),
    ("patient", "Patient or family"),
)


@dataclass(frozen=True)
class Evidence:
    """A fact of the chart behind a need."""

    title: str
    value: str
    at: datetime | None
    source: str | None


@dataclass(frozen=True)
class NeedSeen:
    """A need: what says so, what is known of it and what is not, and whether the place in view meets it."""

    title: str
    is_vital: bool
    is_met: bool | None
    evidence: tuple[Evidence, ...]
    known: tuple[tuple[str, str], ...]
    not_charted: tuple[str, ...]


@dataclass(frozen=True)
class OpenBarrier:
    """A barrier of the place in view, or one that a person opened; ``clear`` where it can be cleared."""

    seen: BarrierSeen
    place: str | None
    due_at: datetime | None
    clear: Form | None


@dataclass(frozen=True)
class GoalLine:
    view: GoalView
    settle: Form | None


@dataclass(frozen=True)
class RideLine:
    view: RideView
    confirm: Form | None


@dataclass(frozen=True)
class VisitLine:
    view: AppointmentView
    rides: tuple[RideLine, ...]
    settle: Form | None
    ride: Form | None


@dataclass(frozen=True)
class WantedVisit:
    """A visit that the plan asks for; the form books it."""

    title: str
    window: str
    because: str
    book: Form | None


@dataclass(frozen=True)
class WatchedLine:
    view: MonitoredView
    service: str
    settle: Form | None


@dataclass(frozen=True)
class Follow:
    """All of it; forms are None where nothing can be written."""

    needs: tuple[NeedSeen, ...]
    open_needs: tuple[str, ...]
    place: str | None
    barriers: tuple[OpenBarrier, ...]
    cleared: tuple[OpenBarrier, ...]
    open_barrier: Form | None
    goals: tuple[GoalLine, ...]
    goals_recorded: str
    set_goal: Form | None
    wanted: tuple[WantedVisit, ...]
    visits: tuple[VisitLine, ...]
    book: Form | None
    transport: str
    transport_why: str
    rides: tuple[RideLine, ...]
    arrange: Form | None
    watched: tuple[WatchedLine, ...]
    watch: Form | None


def follow(file: CaseFile, review: Review | None, planned: PlanningView, place: str | None) -> Follow:
    """Return what stands beside the plan; ``place`` is the option planned for, else the recommended one."""
    barriers = list(_barriers(file, review, place))
    titles = {name: row.title for name, row in option_table().options.items()}
    return Follow(
        needs=tuple(_need(review, one, place) for one in review.needs) if review is not None else (),
        open_needs=tuple(map(need_title, review.plan.open_needs)) if review is not None else (),
        place=titles.get(place, place) if place is not None else None,
        barriers=tuple(one for one in barriers if one.seen.cleared is None),
        cleared=tuple(one for one in barriers if one.seen.cleared is not None),
        open_barrier=_new(file, "barrier_opened", "barriers", choices=_barrier_choices(titles)),
        goals=tuple(GoalLine(one, _settle_goal(file, one)) for one in planned.goals),
        goals_recorded=review.plan.patient_goals.recorded if review is not None else "unknown",
        set_goal=_new(file, "goal_set", "goals"),
        wanted=tuple(_wanted(file, review)) if review is not None else (),
        visits=tuple(_visit(file, one) for one in planned.appointments),
        book=_new(file, "appointment_made", "visits"),
        transport=review.plan.transport.title if review is not None else "Not known yet",
        transport_why=review.plan.transport.why if review is not None else "the case has no review yet",
        rides=tuple(_ride(file, one) for one in planned.rides),
        arrange=_new(file, "transport_arranged", "rides"),
        watched=tuple(_watched(file, one) for one in planned.monitored),
        watch=_new(file, "service_monitored", "services", choices={"service": _services(planned)}),
    )


def short(name: str) -> str:
    """Return what stands for an id of the ledger in an id of the page: unlike others, and plain letters."""
    return hashlib.sha256(name.encode()).hexdigest()[:10]


def _new(
    file: CaseFile,
    kind: str,
    part: str,
    *,
    id: str | None = None,
    values: dict[str, object] | None = None,
    hide: Sequence[str] = (),
    choices: dict[str, list[tuple[str, str]]] | None = None,
) -> Form | None:
    """Return a form of this page; None where nothing can be written."""
    if not file.may_write:
        return None
    return form(
        kind,
        f"/cases/{file.case_id}/record",
        back=f"/cases/{file.case_id}/plan#{part}",
        version=file.version,
        values=values,
        hide=hide,
        choices=choices,
        id=id,
    )


# Needs and barriers ----------------------------------------------------------------------------------------------


def need_title(name: str) -> str:
    """Return a need in words."""
    row = need_table().needs.get(name)
    return row.title if row is not None else name.replace("_", " ")


def _need(review: Review, need: Need, place: str | None) -> NeedSeen:
    option = next((one for one in review.options if one.id == place), None)
    row = need_table().needs.get(need.need)
    latest = {one.fact: one for one in need.evidence}
    details = [
        one
        for one in need.details
        if one.is_known
        and one.value is not None
        and not latest.keys() >= {each.fact for each in one.evidence}
    ]
    return NeedSeen(
        title=need.title,
        is_vital=row is not None and row.vital,
        is_met=None if option is None else need.need in option.meets,
        evidence=tuple(filter(None, map(_evidence, latest.values()))),
        known=tuple((one.label, _detail(one)) for one in details),
        not_charted=tuple(one.label for one in need.details if not one.is_known),
    )


def _is_shown(one: NeedDetail, latest: Mapping[str, EvidenceSeen]) -> bool:
    """Tell whether the evidence of the need says it already."""
    return bool(one.evidence) and all(each.fact in latest for each in one.evidence)


def _detail(one: NeedDetail) -> str:
    """What is known of a need, in words."""
    text = one.value or ""
    if one.unit is None:
        return {"1": "yes", "0": "no"}.get(text, text)
    try:
        return value(float(text), one.unit)
    except ValueError:
        return text


def _evidence(seen: EvidenceSeen) -> Evidence | None:
    """A fact in words; None for a flag that says no, which is no evidence of a need."""
    fact = catalogue().get(seen.fact)
    if fact is None:
        return Evidence(seen.fact, seen.value, seen.at, seen.source)
    if fact.type == "flag":
        if seen.value in ("0", "no", "False"):
            return None
        said = "yes"
    elif fact.type == "number":
        said = value(float(seen.value), fact.unit)
    else:
        said = seen.value
    return Evidence(fact.title, said, seen.at, seen.source)


def _barriers(file: CaseFile, review: Review | None, place: str | None) -> Iterator[OpenBarrier]:
    """Yield the barriers of the place in view, then those that people opened."""
    option = next((one for one in review.options if one.id == place), None) if review is not None else None
    due = {}
    if review is not None:
        due = {f"{one.barrier.option}/{one.barrier.cause}": one.due_at for one in review.plan.barriers}
    if review is not None and option is not None:
        for one in barriers_of(file.state, review, option.barriers):
            yield OpenBarrier(one, option.title, due.get(one.id), _clear(file, one))
    titles = option_table().options
    names = load_yaml("barriers.yaml")["barriers"]
    for name, known in file.state.barriers.items():
        if known.opened is None:
            continue
        row = titles.get(known.option or "")
        seen = BarrierSeen(
            id=name,
            title=known.text or str(names.get(known.cause, known.cause or "not said")),
            who=known.owner,
            remedy=str(names[known.cause]) if known.cause in names else None,
            carc=None,
            rule=None,
            cleared=known.cleared,
            how=known.how,
        )
        yield OpenBarrier(seen, row.title if row is not None else None, known.due_at, _clear(file, seen))


def _clear(file: CaseFile, seen: BarrierSeen) -> Form | None:
    if seen.cleared is not None:
        return None
    id = f"clear-{short(seen.id)}"
    values: dict[str, object] = {"barrier_id": seen.id}
    return _new(file, "barrier_cleared", "barriers", id=id, values=values, hide=["barrier_id"])


def _barrier_choices(titles: dict[str, str]) -> dict[str, list[tuple[str, str]]]:
    causes = load_yaml("barriers.yaml")["barriers"]
    return {
        "cause": sorted(((str(name), str(said)) for name, said in causes.items()), key=lambda one: one[1]),
        "option": list(titles.items()),
        "owner": list(OWNERS),
    }


# Goals, visits, rides, services -----------------------------------------------------------------------------------


def _settle_goal(file: CaseFile, goal: GoalView) -> Form | None:
    if goal.outcome is not None:
        return None
    values: dict[str, object] = {"goal_id": goal.goal_id}
    id = f"settle-goal-{short(goal.goal_id)}"
    return _new(file, "goal_settled", "goals", id=id, values=values, hide=["goal_id"])


def _wanted(file: CaseFile, review: Review) -> Iterator[WantedVisit]:
    for number, one in enumerate(review.plan.appointments):
        if one.within_days is None:
            window = "time not stated"
        elif one.from_days is None:
            window = f"within {one.within_days} days after discharge"
        else:
            window = f"{one.from_days} to {one.within_days} days after discharge"
        values: dict[str, object] = {"purpose": one.title}
        book = _new(file, "appointment_made", "visits", id=f"book-{number}", values=values)
        yield WantedVisit(one.title, window, one.because, book)


def _visit(file: CaseFile, one: AppointmentView) -> VisitLine:
    name = short(one.appointment_id)
    values: dict[str, object] = {"appointment_id": one.appointment_id}
    settle = ride = None
    if one.is_open:
        settle = _new(
            file,
            "appointment_settled",
            "visits",
            id=f"settle-visit-{name}",
            values=values,
            hide=["appointment_id"],
        )
        ride = _new(file, "transport_arranged", "visits", id=f"ride-to-{name}", values=values)
    return VisitLine(one, tuple(_ride(file, each) for each in one.rides), settle, ride)


def _ride(file: CaseFile, one: RideView) -> RideLine:
    if one.is_confirmed or not file.may_write:
        return RideLine(one, None)
    said: dict[str, object] = one.model_dump() | {"is_confirmed": True}
    confirm = form(
        "transport_arranged",
        f"/cases/{file.case_id}/record",
        back=f"/cases/{file.case_id}/plan#rides",
        version=file.version,
        values={name: given for name, given in said.items() if given is not None},
        hide=list(said),
        id=f"confirm-ride-{short(one.transport_id)}",
        button="The ride is confirmed",
    )
    return RideLine(one, confirm)


def service_title(name: str) -> str:
    """Return a service in words: a place or a need by its title, another as it was written."""
    place = option_table().options.get(name)
    return place.title if place is not None else need_title(name)


def _services(planned: PlanningView) -> list[tuple[str, str]]:
    asked = [one.service for one in planned.referrals]
    names = dict.fromkeys([*asked, *need_table().needs])
    return [(name, service_title(name)) for name in names]


def _watched(file: CaseFile, one: MonitoredView) -> WatchedLine:
    settle = None
    if one.is_open:
        values: dict[str, object] = {"service": one.service, "settles": one.record_id}
        settle = _new(
            file,
            "service_monitored",
            "services",
            id=f"settle-{short(one.record_id)}",
            values=values,
            hide=["service"],
        )
    return WatchedLine(one, service_title(one.service), settle)
