"""What signing in is set to. Times and counts come from ``reference/sign_in.yaml`` unless said otherwise."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

from discharge.casework.accounts.limits import LIMITS
from discharge.errors import UsageError

_NAMES = {"issuer": "DISCHARGE_OIDC_ISSUER", "client_id": "DISCHARGE_OIDC_CLIENT_ID"}
_SECRET = "DISCHARGE_OIDC_CLIENT_SECRET"


@dataclass(frozen=True)
class OidcSettings:
    """The hospital's sign-on provider. ``client_secret`` never stands in a file of ours."""

    issuer: str
    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    title: str = "Hospital sign-on"


@dataclass(frozen=True)
class AuthSettings:
    """Times of sessions, tries per minute, and the sign-on provider (None: local accounts alone)."""

    session_idle: timedelta = LIMITS.session_idle
    session_life: timedelta = LIMITS.session_life
    tries_per_minute: int = LIMITS.tries_per_minute
    tries_per_minute_of_address: int = LIMITS.tries_per_minute_of_address
    oidc: OidcSettings | None = None
    public_url: str = "http://127.0.0.1:8400"
    """How people reach the server; the sign-on provider sends them back there."""


def auth_settings(public_url: str, environment: Mapping[str, str] | None = None) -> AuthSettings:
    """Return the settings for a server that people reach at ``public_url``, with the provider of the environment.

    Raises:
        UsageError: only a part of the provider is named, or its address is not https.
    """
    found = os.environ if environment is None else environment
    given = {name: found.get(variable, "").strip() for name, variable in _NAMES.items()}
    if not any(given.values()):
        return AuthSettings(public_url=public_url)
    for name, variable in _NAMES.items():
        if not given[name]:
            raise UsageError(f"{variable} is not set; a sign-on provider needs {', '.join(_NAMES.values())}")
    issuer = urlsplit(given["issuer"])
    if issuer.scheme != "https" and not (issuer.scheme == "http" and is_loopback(issuer.hostname)):
        raise UsageError(f"{_NAMES['issuer']} must start with https://")
    provider = OidcSettings(**given, client_secret=found.get(_SECRET) or None)
    return AuthSettings(oidc=provider, public_url=public_url)


def is_loopback(host: str | None) -> bool:
    """Tell whether a host name is this machine."""
    if host is None:
        return False
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
