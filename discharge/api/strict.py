"""Query parameters that a route does not know are refused: a filter that is misspelt must not show everything."""

from __future__ import annotations

from fastapi import Request, params
from fastapi.dependencies.utils import get_flat_params
from fastapi.routing import APIRoute

from discharge.api.problems import Refusal
from discharge.errors import Fault


def no_strays(request: Request) -> None:
    """Refuse a program's request with a query parameter that its route does not take; pages don't mind.

    Raises:
        Refusal: 422, with what there is.
    """
    route = request.scope.get("route")
    if not request.url.path.startswith("/v1/") or not request.query_params or not isinstance(route, APIRoute):
        return
    found = get_flat_params(route.dependant)
    known = {one.alias for one in found if isinstance(one.field_info, params.Query)}
    strays = [name for name in request.query_params if name not in known]
    if strays:
        there_are = ", ".join(sorted(known)) or "this route takes none"
        faults = [Fault(f"query.{name[:60]}", "no such parameter here", there_are) for name in strays]
        raise Refusal(422, "invalid", "1 fault" if len(faults) == 1 else f"{len(faults)} faults", faults)
