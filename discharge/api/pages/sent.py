"""What a form sends: read once, before anything else, and turned back into the payload of an event."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, get_origin
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from fastapi import Request
from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from discharge.api.auth.principal import CSRF_ENTRY, FORM
from discharge.api.bodies import NOT_BY_HAND, sane
from discharge.api.pages.forms import plain
from discharge.api.problems import Refusal
from discharge.casework.events import KINDS
from discharge.errors import Fault, NotAllowedError

MEDIA_TYPE = "application/x-www-form-urlencoded"
_MOST_FIELDS = 1000
_FIRST_YEAR, _LAST_YEAR = 1900, 2199
_ASIDE = frozenset({CSRF_ENTRY, "kind", "version", "key", "back", "form", "occurred_at"})
_LOCAL = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?")


async def read_form(request: Request) -> None:
    """Keep the entries of a form with the request, for the CSRF check and for the route. Anything else is left alone.

    A NUL, which no text of a database takes, is refused here in addresses and forms of pages alike.

    Raises:
        Refusal: 422, it can't be read.
    """
    url = request.url
    if not url.path.startswith("/v1/") and ("\0" in request.scope["path"] or "%00" in url.query):
        raise Refusal(422, "invalid", "The address can't be read.")
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method != "POST" or media_type != MEDIA_TYPE:
        return
    try:
        text = (await request.body()).decode("ascii")
        found = parse_qs(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError:
        raise Refusal(422, "invalid", "The form can't be read.") from None
    if "%00" in text or "\0" in text:
        raise Refusal(422, "invalid", "The form holds a sign that no text has.")
    request.scope[FORM] = found


def sent_form(request: Request) -> Mapping[str, list[str]]:
    """Return all values of each entry of the form.

    Raises:
        Refusal: 415, no form was sent.
    """
    found: Mapping[str, list[str]] | None = request.scope.get(FORM)
    if found is None:
        raise Refusal(415, "unsupported-media-type", "Send the form of this page.")
    return found


def last(sent: Mapping[str, list[str]], name: str) -> str:
    """Return the last value of an entry without space around it; empty where there is none."""
    return sent.get(name, [""])[-1].strip()


def local(path: str, otherwise: str) -> str:
    """Return ``path`` if it is a page of ours, else ``otherwise``: nobody is sent to a stranger's."""
    is_ours = (
        path.startswith("/") and path[1:2] not in ("/", "\\") and path.isprintable() and "\\" not in path
    )
    return path if is_ours else otherwise


def payload_of(sent: Mapping[str, list[str]], zone: str) -> tuple[Any, list[Fault]]:
    """Return the payload that a form means, or what is wrong with which entry (``where`` is the entry's name).

    Empty entries are not there. Times without an offset are read in ``zone``.
    """
    model = KINDS.get(last(sent, "kind"))
    # What the program writes itself, and a release: by hand it could name any bytes that are kept here.
    if model is None or last(sent, "kind") in NOT_BY_HAND:
        return None, [Fault("kind", "no such kind of record", "one that a page offers")]
    given: dict[str, Any] = {}
    for name, values in sent.items():
        texts = [one.strip() for one in values if one.strip()]
        field, _, part = name.partition(".")
        if name not in _ASIDE and not texts and not part and _may_be_nothing(model, field):
            given[field] = None
        if name in _ASIDE or not texts:
            continue
        if field not in model.model_fields:
            return None, [Fault(name, "no such entry", "the entries of the form")]
        base, _ = plain(model.model_fields[field].annotation)
        if isinstance(given.get(field), dict) != bool(part) and given.get(field) is not None:
            return None, [Fault(name, "both whole and in parts", "one of the two")]
        if part:
            given[field] = {**(given.get(field) or {}), part: texts[-1]}
        elif get_origin(base) in (tuple, list):
            given[field] = [line.strip() for one in texts for line in one.splitlines() if line.strip()]
        else:
            given[field] = _moment(texts[-1], zone) if base is datetime else texts[-1]
    try:
        payload = model.model_validate(given)
    except ValidationError as error:
        return None, [fault_of(one) for one in error.errors()]
    return (None, strange) if (strange := _strange(payload)) else (payload, [])


def _strange(payload: Any) -> list[Fault]:
    """Return which fields hold what no database takes or no clock of ours reaches, as the API's bodies refuse it."""
    found = []
    for name, value in payload.model_dump().items():
        try:
            sane(value)
        except PydanticCustomError as error:
            found.append(Fault(name, "not a value that is taken here", error.message()))
    return found


def _may_be_nothing(model: Any, field: str) -> bool:
    """Tell whether a field has to be said, and may be said to be nothing."""
    one = model.model_fields.get(field)
    return one is not None and one.is_required() and plain(one.annotation)[1]


def happened_at(sent: Mapping[str, list[str]], zone: str) -> datetime | None:
    """Return when it happened, where the form says so; None: now.

    Raises:
        NotAllowedError: that is no moment.
    """
    text = last(sent, "occurred_at")
    try:
        found = datetime.fromisoformat(_moment(text, zone)) if text else None
    except ValueError:
        found = datetime.min
    if found is not None and (found.tzinfo is None or not _FIRST_YEAR < found.year < _LAST_YEAR):
        raise NotAllowedError([Fault("$.occurred_at", "not a date and time", "a day and a time of day")])
    return found


def _moment(text: str, zone: str) -> str:
    """Return a time of an entry `datetime-local` with the zone's offset; anything else as it is."""
    if not _LOCAL.fullmatch(text):
        return text
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).isoformat()
    except ValueError:
        return text


def fault_of(error: Any) -> Fault:
    """Return pydantic's fault in words for people, without the value."""
    where = ".".join(str(part) for part in error["loc"])
    kind = str(error["type"])
    plainly = {
        "missing": ("this is missing", "an entry"),
        "string_too_short": ("this is missing", "an entry"),
        "string_too_long": ("too long", f"at most {error.get('ctx', {}).get('max_length', 4000)} characters"),
        "literal_error": ("nothing is chosen", "one of the choices"),
    }
    if kind in plainly:
        return Fault(where, *plainly[kind])
    if kind.startswith(("datetime", "timezone")):
        return Fault(where, "not a date and time", "a day and a time of day")
    if kind.startswith("date"):
        return Fault(where, "not a date", "a day")
    if kind.startswith(("int", "float", "decimal")):
        return Fault(where, "not a number that is taken here", "a number")
    if kind.startswith(("greater", "less")):
        limits = error.get("ctx", {})
        told = ", ".join(f"{word} {limits[name]}" for name, word in _LIMITS.items() if name in limits)
        return Fault(where, "out of range", told)
    return Fault(where, "not right yet", "as the hint says")


_LIMITS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
