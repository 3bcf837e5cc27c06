"""References of FHIR: the same resource is named in many ways; here they become one key or one alias."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from discharge.feeds.lists import words


@lru_cache(maxsize=200_000)
def normal(reference: str) -> str:
    """Return ``Type/id`` of a relative, absolute or versioned reference; urn: and conditional ones as an alias.

    >>> normal("http://x.org/fhir/Patient/7/_history/2"), normal("Patient?identifier=urn:mrn%7C12")
    ('Patient/7', 'Patient?identifier=urn:mrn|12')
    >>> normal("urn:uuid:0-1")
    'urn:uuid:0-1'
    """
    text = reference.strip()
    if text.startswith("urn:"):
        return text.lower()
    if "?" in text:
        kind, _, query = text.partition("?")
        return f"{kind.rsplit('/', 1)[-1]}?{unquote(query).replace('=|', '=')}"
    parts = text.split("/_history/", 1)[0].rstrip("/").split("/")
    if len(parts) >= 2 and parts[-2] in words("fhir_types"):
        return f"{parts[-2]}/{parts[-1]}"
    return text


def by_identifier(kind: str, identifier: Any) -> str | None:
    """Return the alias of a logical identifier; None when it has no value."""
    if not isinstance(identifier, dict) or not identifier.get("value"):
        return None
    system = identifier.get("system")
    return (
        f"{kind}?identifier={system}|{identifier['value']}"
        if system
        else f"{kind}?identifier={identifier['value']}"
    )


def aliases(kind: str, key: str, resource: dict[str, Any], full_url: str | None) -> list[str]:
    """Return the other names under which ``resource`` (its key is ``key``) may be referred to."""
    found = []
    if full_url:
        name = normal(full_url)
        if name != key:
            found.append(name)
    for identifier in resource.get("identifier") or ():
        alias = by_identifier(kind, identifier)
        if alias:
            found.append(alias)
            if identifier.get("system"):
                found.append(f"{kind}?identifier={identifier['value']}")
    return found
