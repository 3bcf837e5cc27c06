"""Peer-to-peer calls and appeals: the clocks that an adverse decision starts, on both sides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from discharge.casework.state.model import Appeal, CaseState, Denial
from discharge.casework.work.answers import is_adverse
from discharge.casework.work.conventions import AppealLevel, conventions
from discharge.casework.work.counted import CaseClock, due_by_row, made, restated, row_of
from discharge.clocks import clock_table, clocks
from discharge.clocks.table import midnight
from discharge.payers import PayerProfile
from discharge.stayview import StayView

_SECTIONS = ("claim_appeal", "payer_appeals")
_UNHELD = ("not_held", "withdrawn")
_LOST = ("upheld", "partly_overturned")
_FORWARDS = "MA-IRE"


@dataclass(frozen=True)
class Adverse:
    """A decision against the hospital or patient: a denial on record, or a payer's decision without one."""

    subject: str
    authorization_id: str | None
    notice_at: datetime
    received_at: datetime
    is_documented: bool
    of: str
    amount_usd: float | None
    is_settled: bool = False
    appeals: list[Appeal] = field(default_factory=list)


def open_decisions(state: CaseState) -> list[Adverse]:
    """Return adverse decisions of payers that have no denial on record."""
    denied = {one.authorization_id for one in state.denials.values()}
    found = []
    for authorization_id, one in state.authorizations.items():
        if is_adverse(one) and authorization_id not in denied:
            said = one.decisions[-1].made.at
            found.append(Adverse(authorization_id, authorization_id, said, said, False, "service", None))
    return found


def adverse(state: CaseState) -> list[Adverse]:
    """Return everything that can be appealed: denials on record, and adverse decisions without one."""
    found = []
    for denial_id, one in state.denials.items():
        filed = [appeal for appeal in state.appeals.values() if appeal.denial_id == denial_id]
        found.append(
            Adverse(
                subject=denial_id,
                authorization_id=one.authorization_id,
                notice_at=one.notice_at,
                received_at=one.received.at,
                is_documented=one.is_receipt_documented,
                of=one.of,
                amount_usd=float(one.amount_usd) if one.amount_usd is not None else None,
                is_settled=_is_settled(state, one),
                appeals=sorted(filed, key=lambda appeal: appeal.filed.at),
            )
        )
    return [*found, *open_decisions(state)]


def _is_settled(state: CaseState, denial: Denial) -> bool:
    """Whether the payer approved in full what it had denied."""
    about = state.authorizations.get(denial.authorization_id or "")
    if about is None or denial.of == "claim" or about.status != "approved":
        return False
    return about.decisions[-1].made.at > denial.received.at


def peer_clocks(state: CaseState, profile: PayerProfile | None, now: datetime) -> Iterator[CaseClock]:
    """Yield the time in which the payer takes a peer-to-peer call. A call does not stop an appeal's clock."""
    everything = adverse(state)
    for one in everything:
        start = min(one.notice_at, one.received_at).astimezone(now.tzinfo)
        due = due_by_row("P2P", start, profile)
        if due is None or one.of == "claim":
            continue
        about = {one.authorization_id} if len(everything) > 1 else {one.authorization_id, None}
        mine = [call for call in state.calls.values() if call.authorization_id in about]
        is_won = any(appeal.outcome == "overturned" for appeal in one.appeals)
        held = [
            call.held.at
            for call in mine
            if call.held is not None and call.outcome not in _UNHELD and call.held.at >= start
        ]
        planned = [call.at for call in mine if call.held is None and call.at is not None]
        yield made(
            row_of("P2P"),
            one.subject,
            opens_at=start,
            due_at=due,
            at=now,
            met_at=min(held).astimezone(now.tzinfo) if held else None,
            is_stopped=one.is_settled or is_won,
            notes=[
                f"Planned for {min(planned).astimezone(now.tzinfo):%a %d %b %Y %H:%M}." if planned else None,
                "The payer has approved since." if one.is_settled else None,
                "The appeal was won." if is_won else None,
            ],
        )


def appeal_clocks(
    state: CaseState, profile: PayerProfile | None, payer_class: str | None, now: datetime
) -> Iterator[CaseClock]:
    """Yield the clocks of every level of appeal reached: time to file (hospital), time to decide (payer)."""
    steps = conventions().levels.get(payer_class or "")
    if steps is None:
        return
    for one in adverse(state):
        yield from _rounds(state, one, steps, profile, payer_class or "", now)


def _rounds(
    state: CaseState,
    one: Adverse,
    steps: dict[str, AppealLevel],
    profile: PayerProfile | None,
    payer_class: str,
    now: datetime,
) -> Iterator[CaseClock]:
    """Walk up the levels: what was appealed and lost opens the next one."""
    against, dated, received, documented = "initial", one.notice_at, one.received_at, one.is_documented
    for level, step in steps.items():
        if step.against != against:
            continue
        appeal = next(
            (filed for filed in reversed(one.appeals) if filed.level.strip().lower() == level), None
        )
        facts = _facts(one, against, dated, received, documented, appeal, payer_class, now)
        yield from _counted(state, one, appeal, facts, profile, now)
        if appeal is not None and appeal.outcome == "dismissed" and appeal.decided is not None:
            made_at = appeal.decided.at
            last = _facts(one, "dismissal", made_at, made_at, True, None, payer_class, now)
            yield from _counted(state, one, None, last, profile, now)
            return
        decided = appeal.decided if appeal is not None and appeal.outcome in _LOST else None
        if decided is None or step.leaves is None:
            return
        against, dated, received, documented = step.leaves, decided.at, decided.at, True


def _facts(
    one: Adverse,
    against: str,
    dated: datetime,
    received: datetime,
    documented: bool,
    appeal: Appeal | None,
    payer_class: str,
    now: datetime,
) -> dict[str, Any]:
    kind = "post_service" if one.of == "claim" else "pre_service"
    if appeal is not None and appeal.is_expedited:
        kind = "urgent"
    facts: dict[str, Any] = {
        "coverage.payer_class": payer_class,
        "appeals.level": against,
        "appeals.kind": kind,
        "appeals.notice_dated_at": dated,
        "appeals.notice_received_at": received if documented else None,
        "appeals.amount_usd": one.amount_usd,
    }
    if not documented:
        facts |= _undocumented(against, payer_class, dated, received, now)
    if appeal is not None:
        facts["appeals.filed_at"] = appeal.filed.at
        facts["appeals.decided_at"] = appeal.decided.at if appeal.decided is not None else None
    return {name: value for name, value in facts.items() if value is not None}


def _undocumented(
    against: str, payer_class: str, dated: datetime, received: datetime, now: datetime
) -> dict[str, Any]:
    """Receipt that only somebody's word shows counts where it was sooner than presumed, or where none is presumed."""
    for rule in clock_table().clocks.values():
        mine = payer_class in (rule.payer_classes or ()) and rule.section in _SECTIONS
        if mine and against in rule.among.get("appeals.level", ()) and rule.presumed is not None:
            notice = dated.astimezone(now.tzinfo)
            presumed = midnight(notice.date() + timedelta(days=rule.presumed.days), notice)
            return {} if received >= presumed else {"appeals.notice_received_at": received}
    return {"appeals.notice_received_at": received}


def _counted(
    state: CaseState,
    one: Adverse,
    appeal: Appeal | None,
    facts: dict[str, Any],
    profile: PayerProfile | None,
    now: datetime,
) -> Iterator[CaseClock]:
    rules = clock_table().clocks
    for clock in clocks(_view(facts, profile, now)):
        rule = rules[clock.clock_id]
        if rule.section not in _SECTIONS or clock.due_at is None or clock.opens_at is None:
            continue
        if clock.clock_id == _FORWARDS and appeal is not None and appeal.outcome == "overturned":
            continue
        name = f"{clock.clock_id}/{one.subject}"
        kinds = rule.extension.only_for if rule.extension is not None else None
        may_extend = kinds is None or facts["appeals.kind"] in kinds
        said = restated(
            clock, rule, at=now, met_at=None, is_kept=clock.clock_id != _FORWARDS,
            pauses=state.pauses.get(name, ()) if may_extend else (),
        )  # fmt: skip
        note = said.note
        stops = one.is_settled and said.met_at is None
        if stops:
            note = " ".join(filter(None, (note, "The payer has approved since.")))
        yield said.model_copy(
            update={
                "clock": name,
                "subject_id": one.subject,
                "note": note,
                "status": "stopped" if stops else said.status,
            }
        )


def _view(facts: dict[str, Any], profile: PayerProfile | None, now: datetime) -> StayView:
    """A view with nothing but these facts, on which the table's own counting works."""
    moment = pd.Timestamp(now).tz_convert("UTC")
    given = {
        name: pd.Timestamp(value).tz_convert("UTC") if isinstance(value, datetime) else value
        for name, value in facts.items()
    }
    return StayView(
        stay_id="",
        facts=given,
        conclusions=(),
        findings=lambda _: "unknown",
        payer=profile,
        t=moment,
        as_of=moment,
        zone=str(now.tzinfo),
    )


def levels_of(payer_class: str | None) -> Sequence[str]:
    """Return the names of levels of appeal that a payer's class knows; of all classes where it isn't known."""
    known = conventions().levels
    rows = [known[payer_class]] if payer_class in known else list(known.values())
    names = [name for steps in rows for name in steps]
    return list(dict.fromkeys([*names, *conventions().of_the_patient]))


__all__ = ["Adverse", "adverse", "appeal_clocks", "levels_of", "open_decisions", "peer_clocks"]
