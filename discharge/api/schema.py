"""The OpenAPI description of the server, as it is served at ``/v1/openapi.json``."""

from __future__ import annotations

from threading import Lock
from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from discharge.api.problems import Problem, open_problems

_ABOUT = """Case work for utilization review and discharge planning.

Everything needs a sign-in but `/v1/health` and the sign-in itself: a session cookie (people) or
`Authorization: Bearer` with a token (machines). A resource of a case carries its version as ETag; a write to a case
names the version seen in If-Match and is refused with 412 when somebody else was first. A POST with an
Idempotency-Key may safely be sent again. Every error has one shape, `application/problem+json`.
The product advises people: it never denies and sends nothing by itself. `null` always means "not known".
"""


_MAKING = Lock()


def described(app: FastAPI) -> bytes:
    """Return the OpenAPI document of ``app`` as JSON; made once, which takes seconds, and kept."""
    with _MAKING:
        kept: bytes | None = getattr(app.state, "openapi", None)
        if kept is None:
            kept = app.state.openapi = orjson.dumps(_document(app))
    return kept


def _document(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            description=_ABOUT,
            routes=app.routes,
            separate_input_output_schemas=True,
        )
        _complete(document)
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(problem.pop("$defs", {}))
        schemas["Problem"] = problem
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        app.openapi_schema = document
    return app.openapi_schema


def _complete(document: dict[str, Any]) -> None:
    """Add what holds for every route: a body may be too large."""
    for methods in document["paths"].values():
        for operation in methods.values():
            if "requestBody" in operation:
                operation["responses"].setdefault("413", open_problems(413)[413])
