"""Small payer profiles for tests."""

from __future__ import annotations

import json
from typing import Any

from discharge import yaml
from discharge.payers import PayerProfile

_CASE = {"name": "a case", "as_of": "2026-01-01", "ask": "title", "expect": "x"}


def profile(payer_class: str = "medicare_ffs", **parts: Any) -> PayerProfile:
    """Make a profile from parts written as in a payer file (amounts quoted)."""
    written = {
        "id": "test_payer",
        "title": "Test payer",
        "payer_class": payer_class,
        "matches": {},
        "cases": [_CASE],
    }
    text = _as_yaml(written | parts)
    document: Any = yaml.load(text, where="test")
    return PayerProfile.model_validate({**document, "digest": text, "path": "test"})


def _as_yaml(value: Any) -> str:
    """Flow YAML; dates as keys and decimals stay as they are."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_as_yaml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_as_yaml, value)) + "]"
    if isinstance(value, str):
        return json.dumps(value)
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    return str(value)
