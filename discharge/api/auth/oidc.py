"""Hospital sign-on by OpenID Connect: authorization code with PKCE, state and nonce.

httpx asks the provider, joserfc checks the ID token: signature by a key of the provider, issuer, audience, times,
nonce. What goes wrong is told without anything that the provider sent.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from discharge.api.auth.settings import OidcSettings, is_loopback
from discharge.errors import NotSignedInError

LOG = logging.getLogger("discharge.api.auth")
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA", "Ed25519")
"""Signatures with a key that only the provider has; never ``none``, never one by a shared secret."""
SCOPE = "openid email profile"
_LEEWAY_SECONDS = 60
_TIMEOUT_SECONDS = 10.0
_KNOWN_FOR = timedelta(hours=1)
_REFUSED = "the sign-on provider's answer was refused; start the sign-in again"


@dataclass(frozen=True)
class SignedOn:
    """Who signed on. ``subject`` is issuer and subject; ``email`` only where the provider has verified it."""

    subject: str
    email: str | None


@dataclass(frozen=True)
class _Provider:
    metadata: Mapping[str, Any]
    keys: KeySet
    read_at: datetime


class Oidc:
    """One provider, its description and keys kept for an hour."""

    def __init__(self, settings: OidcSettings) -> None:
        self._settings = settings
        self._known: _Provider | None = None
        self._lock = threading.Lock()

    def login_url(self, redirect_uri: str, state: str, nonce: str, verifier: str, *, now: datetime) -> str:
        """Return the address at the provider to which the browser is sent.

        Raises:
            NotSignedInError: the provider does not answer as it should.
        """
        endpoint = str(self._provider(now).metadata["authorization_endpoint"])
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": redirect_uri,
            "scope": SCOPE,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{urlencode(asked)}"

    def signed_on(
        self, redirect_uri: str, code: str, nonce: str, verifier: str, *, now: datetime
    ) -> SignedOn:
        """Change the code for an ID token, check it, and return who signed on.

        Raises:
            NotSignedInError: the provider refused the code, or the ID token does not hold.
        """
        metadata = self._provider(now).metadata
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        try:
            answer = self._asked_with_secret(metadata, form).raise_for_status().json()
            written = str(answer["id_token"])
        except (httpx.HTTPError, KeyError, TypeError, ValueError) as error:
            raise _refused("code", error) from None
        return self._checked(written, nonce, now)

    def _checked(self, written: str, nonce: str, now: datetime) -> SignedOn:
        try:
            claims = self._claims(written, now)
            self._registry(nonce, now).validate(claims)
            self._check_party(claims)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise _refused("id token", error) from None
        email = claims.get("email")
        # ASCII alone: logins are compared without regard to width and case, and other letters may look the same then.
        is_verified = claims.get("email_verified") is True and isinstance(email, str) and email.isascii()
        return SignedOn(f"{self._settings.issuer} {claims['sub']}", email if is_verified else None)

    def _claims(self, written: str, now: datetime) -> dict[str, Any]:
        """Return the claims of a token signed by the provider; its keys are read again once, it may have new ones."""
        for is_fresh in (False, True):
            try:
                keys = self._provider(now, is_fresh=is_fresh).keys
                return dict(jwt.decode(written, keys, algorithms=list(ALGORITHMS)).claims)
            except (JoseError, ValueError, KeyError):
                if is_fresh:
                    raise
        raise AssertionError

    def _registry(self, nonce: str, now: datetime) -> jwt.JWTClaimsRegistry:
        return jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=_LEEWAY_SECONDS,
            iss={"essential": True, "value": self._settings.issuer},
            aud={"essential": True, "value": self._settings.client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )

    def _check_party(self, claims: Mapping[str, Any]) -> None:
        """OpenID Connect Core 3.1.3.7: of several audiences, or where a party is named, it must be us."""
        party, audience = claims.get("azp"), claims["aud"]
        is_for_several = isinstance(audience, list) and len(audience) > 1
        if (party is not None or is_for_several) and party != self._settings.client_id:
            raise ValueError("azp")
        subject = claims["sub"]
        if not isinstance(subject, str) or not 0 < len(subject) <= 255 or not subject.isprintable():
            raise ValueError("sub")

    def _provider(self, now: datetime, *, is_fresh: bool = False) -> _Provider:
        with self._lock:
            known = self._known
            if known is None or is_fresh or not known.read_at <= now < known.read_at + _KNOWN_FOR:
                known = self._known = self._read(now)
            return known

    def _read(self, now: datetime) -> _Provider:
        issuer = self._settings.issuer
        try:
            with _client() as client:
                address = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
                metadata = client.get(address).raise_for_status().json()
                if metadata["issuer"] != issuer:
                    raise ValueError("issuer")
                for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                    _check_address(metadata[name])
                keys = client.get(metadata["jwks_uri"]).raise_for_status().json()
            return _Provider(metadata, KeySet.import_key_set(keys), now)
        except (httpx.HTTPError, httpx.InvalidURL, JoseError, ValueError, KeyError, TypeError) as error:
            LOG.warning("sign-on provider: %s", type(error).__name__)
            said = "the sign-on provider does not answer as it should; try again, or sign in with a password"
            raise NotSignedInError(said) from None

    def _asked_with_secret(self, metadata: Mapping[str, Any], form: dict[str, str]) -> httpx.Response:
        """Ask the token endpoint, as the client that we are: by basic authentication unless only a form is taken."""
        client_id, secret = self._settings.client_id, self._settings.client_secret
        ways = metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        authentication: httpx.Auth = httpx.Auth()  # none
        if secret is None:
            form = form | {"client_id": client_id}
        elif "client_secret_basic" in ways:  # RFC 6749, 2.3.1: both are written as in a form first
            authentication = httpx.BasicAuth(quote(client_id, safe=""), quote(secret, safe=""))
        else:
            form = form | {"client_id": client_id, "client_secret": secret}
        with _client() as client:
            return client.post(str(metadata["token_endpoint"]), data=form, auth=authentication)


@cache
def _trusted() -> ssl.SSLContext:
    """Reading the certificates takes longer than all else here, so it is done once."""
    return httpx.create_ssl_context()


def _client() -> httpx.Client:
    return httpx.Client(timeout=_TIMEOUT_SECONDS, verify=_trusted())


def _check_address(address: str) -> None:
    parts = urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
        raise ValueError("address")


def _refused(what: str, error: Exception) -> NotSignedInError:
    LOG.warning("sign-on refused: %s, %s", what, type(error).__name__)
    return NotSignedInError(_REFUSED)
