"""Errors as ``application/problem+json`` (RFC 9457): one shape for all, and never a patient's value in it."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeAlias

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from discharge.errors import ConflictError, DischargeError, Fault, FaultsError, OutputError

Responses: TypeAlias = dict[int | str, dict[str, Any]]
MEDIA_TYPE = "application/problem+json"
URN = "urn:discharge:problem:"
LOG = logging.getLogger("discharge.api")
FAULTS_SHOWN = 50

STATUSES: Mapping[str, int] = {
    "usage": 422,
    "feed-unreadable": 422,
    "feed-not-found": 422,
    "feed-empty": 422,
    "rules-invalid": 422,
    "payer-invalid": 422,
    "facts-invalid": 422,
    "not-found": 404,
    "conflict": 412,
    "not-allowed": 409,
    "not-signed-in": 401,
    "forbidden": 403,
    "store-failed": 503,
    "output-failed": 503,
}
"""HTTP status of each problem of :mod:`discharge.errors`; those not named are a 500."""

TITLES: Mapping[str, str] = {
    "usage": "Something in the request is not understood",
    "feed-unreadable": "The feed can't be read",
    "feed-not-found": "The feed can't be read",
    "feed-empty": "Nothing in the feed can be reviewed",
    "rules-invalid": "A rule is malformed",
    "payer-invalid": "A payer profile is malformed",
    "facts-invalid": "A named fact is wrong",
    "not-found": "There is no such thing, or it is not yours to see",
    "conflict": "Somebody else changed the case first",
    "not-allowed": "The case's state or the law does not let this happen",
    "not-signed-in": "Sign in first",
    "forbidden": "You may not do this",
    "store-failed": "The database does not answer",
    "output-failed": "This machine can't make or write it as it is set up",
    "invalid": "The request does not fit its description",
    "method-not-allowed": "There is no such method here",
    "precondition-required": "Say which version of the case you have seen",
    "too-large": "The request is too large",
    "unsupported-media-type": "This kind of content is not read here",
    "key-reused": "The idempotency key was used for another request",
    "too-many": "Too many tries",
    "internal": "This is our fault",
}
_OF_STATUS = {
    400: "invalid",
    401: "not-signed-in",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    413: "too-large",
    415: "unsupported-media-type",
    422: "invalid",
    428: "precondition-required",
    429: "too-many",
    503: "store-failed",
}


def _writable(text: str) -> str:
    """Return a text that can be sent: a name that the caller made up may hold half of a surrogate pair."""
    return text.encode(errors="replace").decode()


_Told: TypeAlias = Annotated[str, BeforeValidator(_writable)]


class ProblemFault(BaseModel):
    """One thing wrong: where, what, and what would be right."""

    where: _Told = Field(
        description="place in the request (body.payloads.0.days) or the rule that forbids it"
    )
    what: _Told
    expected: _Told = ""


class Problem(BaseModel):
    """What went wrong, in one shape for every error."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": f"{URN}not-allowed",
                    "title": TITLES["not-allowed"],
                    "status": 409,
                    "detail": "1 fault",
                    "instance": "urn:discharge:request:5f0c6b6e7f1c4a2c8d3e",
                    "faults": [
                        {
                            "where": "payloads.0.decision",
                            "what": "an adverse decision names no clinician",
                            "expected": "the name and credentials of the physician who decided",
                        }
                    ],
                }
            ]
        }
    )

    type: str = Field(description="urn:discharge:problem:<name>; the name does not change between versions")
    title: str
    status: int
    detail: _Told
    instance: str | None = Field(default=None, description="this request, as in X-Request-Id")
    faults: list[ProblemFault] | None = Field(default=None, description="every fault, not the first alone")
    changed: list[dict[str, str]] | None = Field(
        default=None, description="of a conflict: the events that came between"
    )


class Refusal(Exception):
    """A refusal that only the HTTP door has (428, 413, a reused key, ...)."""

    def __init__(self, status: int, problem: str, detail: str, faults: Sequence[Fault] = ()) -> None:
        self.status = status
        self.problem = problem
        self.detail = detail
        self.faults = tuple(faults)
        super().__init__(detail)


def problem_response(
    request: Request,
    status: int,
    name: str,
    detail: str,
    *,
    faults: Sequence[ProblemFault] = (),
    changed: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return the answer that tells a problem."""
    request_id = request_id_of(request)
    if (page := _page(request, status, name, detail, faults)) is not None:
        page.headers.update(headers or {})
        return page
    body = Problem(
        type=URN + name,
        title=TITLES.get(name, "The request was refused"),
        status=status,
        detail=detail,
        instance=f"urn:discharge:request:{request_id}" if request_id else None,
        faults=list(faults) or None,
        changed=[dict(one) for one in changed] or None,
    )
    answer = dict(headers or {})
    if status == 401:
        answer.setdefault("WWW-Authenticate", 'Bearer realm="discharge"')
    return Response(body.model_dump_json(exclude_none=True), status, answer, MEDIA_TYPE)


def _page(
    request: Request, status: int, name: str, detail: str, faults: Sequence[ProblemFault]
) -> Response | None:
    """Return the problem as a page for a person with a browser; None for a program, or if no page can be made."""
    from discharge.api.pages.problems import is_page, problem_page

    if not is_page(request):
        return None
    try:
        heading = TITLES.get(name, "The request was refused")
        return problem_page(request, status, name, heading, detail, list(faults))
    except Exception as error:  # noqa: BLE001 - the page itself may be what is broken; JSON needs no template
        LOG.error("no page for a problem: %s request=%s", place_of(error), request_id_of(request))
        return None


def request_id_of(request: Request) -> str | None:
    """Return the id that :mod:`discharge.api.front` gave the request."""
    found: str | None = getattr(request.state, "request_id", None)
    return found


def add_problems(app: FastAPI) -> None:
    """Make every error of ``app`` a problem. What is not expected is caught by :mod:`discharge.api.front`."""
    app.add_exception_handler(DischargeError, _ours)
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


def internal(request: Request, error: BaseException) -> Response:
    """Log the kind and place of a defect, never its message (it may quote a chart), and own up to it."""
    LOG.error("defect %s request=%s", place_of(error), request_id_of(request))
    detail = "This is our fault, and it is in the server's log under this request. Nothing was half written."
    return problem_response(request, 500, "internal", detail)


def place_of(error: BaseException) -> str:
    """Return the kind of ``error`` and the innermost line of our code that it went through."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "discharge" in frame.filename]
    where = f"{frames[-1].filename.rpartition('discharge')[2]}:{frames[-1].lineno}" if frames else "elsewhere"
    return f"{type(error).__name__} at discharge{where}" if frames else f"{type(error).__name__} elsewhere"


def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, DischargeError)
    status = STATUSES.get(error.problem, 500)
    if status == 500:
        return internal(request, error)
    if status == 503:
        LOG.error("%s %s request=%s", error.problem, place_of(error), request_id_of(request))
    faults = shown(error.faults) if isinstance(error, FaultsError) else []
    changed = error.changed if isinstance(error, ConflictError) else ()
    detail = _counted(len(error.faults)) if isinstance(error, FaultsError) else str(error)
    if isinstance(
        error, OutputError
    ):  # its own words name folders of the machine; papers say theirs themselves
        detail = "The server's disk is full or can't be written. Free some space there and send it again."
    return problem_response(request, status, error.problem, detail, faults=faults, changed=changed)


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    faults = shown(error.faults)
    return problem_response(request, error.status, error.problem, error.detail, faults=faults)


def _invalid(request: Request, error: Exception) -> Response:
    """A request that does not fit: where and what, but never the value that was sent."""
    assert isinstance(error, RequestValidationError)
    return invalid(request, error.errors())


def invalid(request: Request, errors: Sequence[Mapping[str, Any]]) -> Response:
    """Return the 422 for pydantic's ``errors``. Their ``input``, ``ctx`` and ``url`` are left out."""
    faults = [
        ProblemFault(where=_where(one.get("loc", ())), what=_what(one)) for one in errors[:FAULTS_SHOWN]
    ]
    return problem_response(request, 422, "invalid", _counted(len(errors)), faults=faults)


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = 422 if error.status_code == 400 else error.status_code
    name = _OF_STATUS.get(status, "internal")
    detail = _DETAILS.get(status, TITLES.get(name, ""))
    return problem_response(request, status, name, detail, headers=error.headers)


_DETAILS = {
    404: "There is nothing at this address.",
    405: "This address does not take this method; the header Allow names those it takes.",
    413: "The body is larger than this server reads.",
    422: "The body can't be read; it has to be JSON in UTF-8.",
}


def shown(faults: Sequence[Fault]) -> list[ProblemFault]:
    """Return faults as the answer shows them; the detail tells how many there are."""
    return [
        ProblemFault(where=one.where, what=one.what, expected=one.expected) for one in faults[:FAULTS_SHOWN]
    ]


def _counted(count: int) -> str:
    return "1 fault" if count == 1 else f"{count} faults"


def _where(loc: Sequence[object]) -> str:
    """Names of our own fields, and at most the beginning of names that the caller made up."""
    return ".".join(str(part)[:60] for part in loc)


def _what(error: Mapping[str, Any]) -> str:
    """Return pydantic's message. Those of custom checks may quote the value, so only their kind is told."""
    kind = str(error.get("type", ""))
    if kind == "json_invalid":
        return "not JSON"
    if kind == "union_tag_invalid":
        return f"not one of {error.get('ctx', {}).get('expected_tags', 'the kinds there are')}"
    if kind in ("value_error", "assertion_error"):
        return "not a value that is taken here"
    return str(error.get("msg", "not valid"))


_SHOWN_SCHEMA = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
_MEANINGS = {
    401: "Not signed in, or the sign-in has ended",
    403: "Signed in, but this role or scope may not",
    404: "No such thing, or not yours to see",
    405: "No such method here",
    406: "Not to be had in this form",
    409: "The case's state or the law does not let this happen; every fault is named",
    412: "The case has changed since the version named in If-Match; `changed` says what",
    413: "The body is too large",
    415: "This kind of content is not read here",
    422: "The request does not fit its description; every fault is named",
    428: "If-Match is missing",
    429: "Too many tries; Retry-After says when",
    500: "A defect of ours",
    503: "The database does not answer, or the machine lacks a font or room; the detail says what to do",
}


def answered(status: int, description: str, **rest: Any) -> Responses:
    """Return the ``responses`` of a route for one status; ``rest`` is its ``model``, ``headers`` or ``content``."""
    return {status: {"description": description, **rest}}


def problems(*statuses: int) -> Responses:
    """Return the ``responses`` of a route: these statuses, and those every route behind the sign-in may give."""
    wanted = sorted({401, 403, 422, 500, 503, *statuses})
    return {status: {"description": _MEANINGS[status], "content": _SHOWN_SCHEMA} for status in wanted}


def open_problems(*statuses: int) -> Responses:
    """Return the ``responses`` of a route that needs no sign-in."""
    return {
        status: {"description": _MEANINGS[status], "content": _SHOWN_SCHEMA}
        for status in sorted({500, 503, *statuses})
    }
