"""Lengths, counts and times of signing in, from ``reference/sign_in.yaml``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from discharge.reference import load_yaml


@dataclass(frozen=True, slots=True)
class Limits:
    """The house's settings."""

    password_least: int
    password_most: int
    failures: int
    lock: timedelta
    tries_per_minute: int
    tries_per_minute_of_address: int
    session_idle: timedelta
    session_life: timedelta
    link_life: timedelta
    sign_on_life: timedelta
    token_life: timedelta


def _limits() -> Limits:
    table = load_yaml("sign_in.yaml")

    def number(name: str) -> int:
        return int(table[name]["value"])

    return Limits(
        password_least=number("password_least_characters"),
        password_most=number("password_most_characters"),
        failures=number("failures_before_lock"),
        lock=timedelta(minutes=number("lock_minutes")),
        tries_per_minute=number("tries_per_minute"),
        tries_per_minute_of_address=number("tries_per_minute_of_address"),
        session_idle=timedelta(minutes=number("session_idle_minutes")),
        session_life=timedelta(hours=number("session_hours")),
        link_life=timedelta(hours=number("setup_link_hours")),
        sign_on_life=timedelta(minutes=number("sign_on_minutes")),
        token_life=timedelta(days=number("token_days")),
    )


LIMITS = _limits()
