"""A sign-on provider on loopback: real HTTP, codes, PKCE and signed ID tokens; it can be told to answer wrongly."""

from __future__ import annotations

import base64
import hashlib
import secrets
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, RedirectResponse
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

CLIENT_ID = "discharge@hospital"
CLIENT_SECRET = "s3cret of the/client: long enough to sign by mistake"


class Provider:
    """Who signs on is ``claims``; ``twisted`` claims are put into the ID token instead of the right ones."""

    def __init__(self, issuer: str, now: Callable[[], datetime]) -> None:
        self.issuer = issuer
        self.now = now
        self.rsa = RSAKey.generate_key(2048, {"kid": "rsa-1"})
        self.ec = ECKey.generate_key("P-256", {"kid": "ec-1"})
        self.reset()

    def reset(self) -> None:
        """Answer rightly again."""
        self.claims: dict[str, Any] = {"sub": "person-1", "email": "ana@example.org", "email_verified": True}
        self.twisted: dict[str, Any] = {}
        self.signing: tuple[str, Any, str] = ("RS256", self.rsa, "rsa-1")
        self.shown = [self.rsa, self.ec]
        self.secrets: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}

    def by_stranger(self) -> None:
        """Sign with a key of somebody else, under the name of the right one."""
        self.signing = ("RS256", RSAKey.generate_key(2048, {"kid": "rsa-1"}), "rsa-1")

    def by_secret(self) -> None:
        """Sign with the client's secret, which the client could do as well."""
        self.signing = ("HS256", OctKey.import_key(CLIENT_SECRET), "rsa-1")

    def by_new_key(self) -> None:
        """Change to a new key, and show it."""
        key = RSAKey.generate_key(2048, {"kid": "rsa-2"})
        self.signing, self.shown = ("RS256", key, "rsa-2"), [key]

    def app(self) -> FastAPI:
        """Return the provider's app."""
        app = FastAPI(openapi_url=None)

        @app.get("/.well-known/openid-configuration")
        def metadata() -> dict[str, Any]:
            return {
                "issuer": self.twisted.get("issuer_shown", self.issuer),
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
            }

        @app.get("/keys")
        def keys() -> dict[str, Any]:
            return {"keys": [one.as_dict(private=False) for one in self.shown]}

        @app.get("/authorize")
        def authorize(request: Request) -> RedirectResponse:
            asked = dict(request.query_params)
            assert asked["response_type"] == "code" and asked["client_id"] == CLIENT_ID
            assert asked["code_challenge_method"] == "S256" and "openid" in asked["scope"].split()
            code = secrets.token_urlsafe(16)
            self._codes[code] = asked
            self.secrets += [code, asked["nonce"], asked["state"]]
            back = urlencode({"code": code, "state": asked["state"]})
            return RedirectResponse(f"{asked['redirect_uri']}?{back}", 302)

        @app.post("/token")
        async def token(request: Request) -> JSONResponse:
            form = {name: one[0] for name, one in parse_qs((await request.body()).decode()).items()}
            return self._token(request.headers.get("authorization", ""), form)

        return app

    def _token(self, authorization: str, form: Mapping[str, str]) -> JSONResponse:
        asked = self._codes.pop(form.get("code", ""), None)
        basic = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        client = tuple(unquote(one) for one in basic.split(":"))
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        self.secrets.append(form.get("code_verifier", "-"))
        if (
            asked is None
            or client != (CLIENT_ID, CLIENT_SECRET)
            or asked["code_challenge"] != challenge
            or asked["redirect_uri"] != form.get("redirect_uri")
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        return JSONResponse(
            {
                "access_token": secrets.token_urlsafe(16),
                "token_type": "Bearer",
                "id_token": self._id_token(asked),
            }
        )

    def _id_token(self, asked: Mapping[str, str]) -> str:
        issued = int(self.now().timestamp())
        right = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "iat": issued,
            "exp": issued + 300,
            "nonce": asked["nonce"],
        }
        claims = {name: one for name, one in (right | self.claims | self.twisted).items() if one is not None}
        algorithm, key, name = self.signing
        written = jwt.encode({"alg": algorithm, "kid": name}, claims, key, algorithms=[algorithm])
        self.secrets.append(written)
        return written


@contextmanager
def serving(now: Callable[[], datetime]) -> Iterator[Provider]:
    """Run a provider on a free port of this machine."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    provider = Provider(f"http://127.0.0.1:{listening.getsockname()[1]}", now)
    server = uvicorn.Server(uvicorn.Config(provider.app(), log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.should_exit = True
        thread.join()
        listening.close()
