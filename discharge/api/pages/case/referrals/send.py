"""Several providers asked at once: one referral each, recorded together."""

from __future__ import annotations

import uuid

from fastapi import APIRouter, Request, Response

from discharge.api.bodies import CaseId
from discharge.api.pages.case.record import Writer, event_id_of, refused, write
from discharge.api.pages.sent import last, payload_of, sent_form
from discharge.api.state import OurDesk
from discharge.casework.accounts.rights import permission_to_write
from discharge.casework.events.planning import ReferralSent
from discharge.errors import Fault

router = APIRouter(include_in_schema=False)
_SPACE = uuid.UUID("2f1c7a52-6f0e-5a4b-9d53-7a0c1f4be6d1")
MOST = 30


@router.post("/cases/{case_id}/referrals/send", name="page_referrals_send")
def send(case_id: CaseId, request: Request, desk: OurDesk, who: Writer) -> Response:
    """Record a referral to each provider that is ticked; all or none."""
    sent = sent_form(request)
    who.require(permission_to_write("referral_sent"))
    known = {one.key: one for one in desk.library.directory.providers}
    keys = [one for one in dict.fromkeys(sent.get("ticked", [])) if one]
    if not keys or len(keys) > MOST or any(key not in known for key in keys):
        what = "nobody is ticked" if not keys else "a provider that the directory does not have, or too many"
        expected = f"tick those who were asked, at most {MOST}"
        return refused(request, who, [Fault("$", what, expected)])
    first = event_id_of(sent, who) or uuid.uuid4().hex
    payloads: list[ReferralSent] = []
    for number, key in enumerate(keys):
        made, faults = payload_of(
            {
                "kind": ["referral_sent"],
                "referral_id": [uuid.uuid5(_SPACE, f"{first}\n{number}").hex],
                "service": [last(sent, "service")],
                "provider": [known[key].name],
                "provider_id": [key],
                "answer_due_at": [last(sent, "answer_due_at")],
            },
            desk.settings.zone,
        )
        if faults:
            return refused(request, who, faults)
        payloads.append(made)
    return write(request, desk, who, case_id, payloads[0], more=payloads[1:])
