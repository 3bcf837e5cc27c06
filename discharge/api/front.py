"""What stands before every route: request id, size limit, security headers, access line, and the last catch."""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import Awaitable, Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from discharge.api.problems import internal, problem_response

ACCESS = logging.getLogger("discharge.api.access")
SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class Front:
    """ASGI middleware, outermost. ``limit_of(method, path)`` is the largest body that a route reads, in bytes."""

    def __init__(self, app: ASGIApp, limit_of: Callable[[str, str], int]) -> None:
        self.app = app
        self.limit_of = limit_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(10)
        scope.setdefault("state", {})["request_id"] = request_id
        began = time.perf_counter()
        answer = _Answer(send, request_id, began)
        try:
            await self._served(scope, headers, receive, answer)
        finally:
            _log(scope, answer, time.perf_counter() - began)

    async def _served(self, scope: Scope, headers: Headers, receive: Receive, answer: _Answer) -> None:
        limit = self.limit_of(scope["method"], scope["path"])
        try:
            if _declared(headers) > limit:
                raise HTTPException(413)
            await self.app(scope, _counted(receive, limit), answer)
        except HTTPException:  # only the size limit comes so far; the rest is answered further in
            if answer.status is None:
                detail = f"The body is larger than the {limit:,} bytes that are read here."
                response = problem_response(Request(scope), 413, "too-large", detail)
                await response(scope, receive, answer)
        except Exception as error:  # noqa: BLE001 - the last place where a defect can be told in plain words
            response = internal(Request(scope), error)
            if answer.status is None:
                await response(scope, receive, answer)


class _Answer:
    """Sends the answer with the headers that all have, and remembers its status."""

    def __init__(self, send: Send, request_id: str, began: float) -> None:
        self.send = send
        self.request_id = request_id
        self.began = began
        self.status: int | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = self.request_id
            if self.status < 400:  # a refusal does not tell by its time why it was refused
                headers["Server-Timing"] = f"app;dur={(time.perf_counter() - self.began) * 1000:.1f}"
            for name, value in SECURITY.items():
                headers.setdefault(name, value)
        await self.send(message)


def _declared(headers: Headers) -> int:
    length = headers.get("content-length", "0")
    return int(length) if length.isascii() and length.isdigit() else 0


def _counted(receive: Receive, limit: int) -> Callable[[], Awaitable[Message]]:
    """Return ``receive`` that refuses a body which grows beyond ``limit`` without having said so."""
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            raise HTTPException(413)
        return message

    return counted


def _log(scope: Scope, answer: _Answer, seconds: float) -> None:
    """Write method, the route's name (never what was asked of whom), status and time."""
    route = getattr(scope.get("route"), "name", "-")
    told = (scope["method"], route, answer.status or "-", seconds * 1000, answer.request_id)
    ACCESS.info("%s %s %s %.0fms request=%s", *told)
