"""ETag, If-None-Match and If-Match. The tag of every resource of a case is its version: ``"7"``."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import Header
from starlette.responses import Response

from discharge.api.problems import Refusal

_TAG = re.compile(r'(?:W/)?"([^"]*)"')
_VERSION = re.compile(r'"([0-9]{1,9})"')

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        description='The ETag that was seen last, e.g. "7". Required: 428 without it, 412 when the case has changed.',
        openapi_examples={"seen": {"summary": "version 7 was seen", "value": '"7"'}},
    ),
]
IfNoneMatch = Annotated[
    str | None,
    Header(alias="If-None-Match", description="An ETag held already; 304 where it is still the present one."),
]
ETAG_DOC = {"ETag": {"description": "the case's version in quotes", "schema": {"type": "string"}}}

TAGGED: dict[int | str, dict[str, Any]] = {200: {"description": "As it stands", "headers": ETAG_DOC}}
HELD: dict[int | str, dict[str, Any]] = {
    304: {"description": "The caller holds it already", "headers": ETAG_DOC}
}


def etag(version: int) -> str:
    """Return the ETag of a case's version.

    >>> etag(7)
    '"7"'
    """
    return f'"{version}"'


def is_held(if_none_match: str | None, tag: str) -> bool:
    """Tell whether the caller holds ``tag`` already (weak comparison, RFC 9110 13.1.2).

    >>> is_held('"6", W/"7"', '"7"'), is_held(None, '"7"')
    (True, False)
    """
    if if_none_match is None:
        return False
    return if_none_match.strip() == "*" or tag.strip('"') in _TAG.findall(if_none_match)


def not_modified(tag: str) -> Response:
    """Return the 304."""
    return Response(status_code=304, headers={"ETag": tag})


def expected_version(if_match: str | None) -> int:
    """Return the version that the caller has seen.

    Raises:
        Refusal: 428 without a tag (or with ``*``, which names no version); 412 with one that no version can have.
    """
    if if_match is None or not if_match.strip() or if_match.strip() == "*":
        detail = 'Give the ETag of the case that you have seen as If-Match, e.g. If-Match: "7".'
        raise Refusal(428, "precondition-required", detail)
    found = _VERSION.fullmatch(if_match.strip())
    if found is None:
        raise Refusal(412, "conflict", 'If-Match holds no version of a case; it looks like "7".')
    return int(found[1])
