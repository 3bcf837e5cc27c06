"""Passwords: argon2id with the parameters of argon2-cffi, hashed again when those change.

Hashing takes about 0.05 s and 64 MiB on purpose. Do it outside of transactions.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from discharge.casework.accounts.limits import LIMITS
from discharge.errors import Fault, NotAllowedError

HASHER = PasswordHasher()
# 64 MiB each: many sign-ins at once must not take all memory.
_FEW = threading.BoundedSemaphore(4)


def hashed(password: str) -> str:
    """Return what is kept of a new password.

    Raises:
        NotAllowedError: shorter or longer than the house allows. The message holds nothing of it.
    """
    least, most = LIMITS.password_least, LIMITS.password_most
    if not least <= len(password) <= most:
        expected = f"{least} to {most} characters; a few words are easy to keep in mind"
        raise NotAllowedError(
            [Fault("password", "too short" if len(password) < least else "too long", expected)]
        )
    with _FEW:
        return HASHER.hash(normal(password))


def is_right(password: str, kept: str | None) -> bool:
    """Tell whether ``password`` is the one of which ``kept`` is kept. It takes as long where there is none."""
    if len(password) > LIMITS.password_most:
        password, kept = "", None
    with _FEW:
        try:
            HASHER.verify(kept or _decoy(), normal(password))
        except (VerificationError, InvalidHashError):
            return False
    return kept is not None


def is_outdated(kept: str) -> bool:
    """Tell whether ``kept`` was made with other parameters than are used now."""
    return HASHER.check_needs_rehash(kept)


def new_secret() -> str:
    """Return 256 random bits as text for URLs, cookies and headers."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """Return what is kept of a random secret: SHA-256. It needs no salt and no slow hash, being long and random."""
    return hashlib.sha256(secret.encode()).hexdigest()


def normal(password: str) -> str:
    """Return a password in one spelling: two keyboards may write the same letter in two ways."""
    return unicodedata.normalize("NFKC", password)


_DECOYS: dict[str, str] = {}


def _decoy() -> str:
    """Return the hash of a password that nobody has, made with the parameters used now."""
    parameters = f"{HASHER.type}{HASHER.time_cost}/{HASHER.memory_cost}/{HASHER.parallelism}"
    if parameters not in _DECOYS:
        _DECOYS[parameters] = HASHER.hash(new_secret())
    return _DECOYS[parameters]
