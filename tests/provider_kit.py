"""Small directories for tests, made from files as a hospital would give them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from discharge.providers import Directory, Provider, load_directory

HOME = (42.4184, -71.1062)
ZIP = "02155"


def anchor() -> Provider:
    """A provider that says where the patient's ZIP lies; of a kind that no test asks for."""
    return provider("anchor", "hospice", ccn="221500", miles=0.0)


def provider(key: str, kind: str = "snf", *, miles: float | None = 1.0, **more: Any) -> Provider:
    """Make a provider so many miles north of the middle of the patient's ZIP."""
    place = {} if miles is None else {"latitude": HOME[0] + miles / 69.09, "longitude": HOME[1]}
    zip_ = {"postal_code": ZIP} if miles == 0 else {}
    return Provider(
        **{"key": key, "kind": kind, "name": f"Provider {key}", "state": "MA", **place, **zip_, **more}
    )


def directory(*providers: Provider, complete: tuple[str, ...] = ()) -> Directory:
    return Directory((anchor(), *providers), complete=frozenset(complete))


def payer(payer_class: str = "medicare_advantage", network: dict[str, list[str]] | None = None) -> Any:
    """What these rooms read of a payer profile."""
    return SimpleNamespace(id="plan_a", digest=str(network), payer_class=payer_class, network=network or {})


def from_text(folder: Path, text: str) -> Directory:
    path = folder / "ours.csv"
    path.write_text(text, encoding="utf-8")
    return load_directory([path], with_shipped=False)
