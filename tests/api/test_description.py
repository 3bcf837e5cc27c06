"""schemathesis against the OpenAPI description, as the roles that may and one that may not: no 5xx, and no answer that
is not described."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from apikit import ROLES, Door, note
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from discharge.api import schema
from discharge.api.auth.policy import POLICY
from discharge.casework.accounts.rights import PERMISSIONS

pytestmark = pytest.mark.content  # judged once, in the checkout: packaging changes nothing here

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import schemathesis
    from schemathesis.checks import not_a_server_error
    from schemathesis.generation import GenerationMode
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_headers_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 2
BOUNDED = settings(
    max_examples=EXAMPLES,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    database=None,
    deadline=None,
)


def may(name: str) -> str | None:
    """A role that may call the route; None is nobody."""
    asked = POLICY[name]
    if asked == "open":
        return None
    return next(role for role in ROLES if asked == "signed-in" or asked in PERMISSIONS[role])


def operations(door: Door) -> Iterator[tuple[Any, str]]:
    document = door.get("/openapi.json", "auditor").json()
    for found in schemathesis.openapi.from_dict(document).get_all_operations():
        operation = found.ok()
        made = operation.definition.raw["operationId"]
        longest = sorted(POLICY, key=len, reverse=True)
        yield operation, next(one for one in longest if made.startswith(f"{one}_v1_"))


def called(door: Door, case: Any, bearer: dict[str, str]) -> Any:
    """Send what schemathesis made, byte for byte, through the client of the tests."""
    wire = requests.Request(
        **case.as_transport_kwargs(base_url="http://testserver", headers=bearer)
    ).prepare()
    headers = {name: value for name, value in wire.headers.items() if name.lower() != "content-length"}
    return door.client.request(wire.method or "", wire.url or "", headers=headers, content=wire.body)


def there(door: Door) -> dict[str, str]:
    """What there is, by the name that a path gives it; a release is made for it."""
    door.record(note())
    made = door.ask(
        "POST",
        f"/cases/{door.case()}/releases",
        headers={"If-Match": door.version()},
        json={"document": "payer_summary", "form": "html"},
    )
    return {
        "case_id": door.case(),
        "pack": "cms_medicare",
        "payer": "original_medicare",
        "release_id": made.json()["events"][0]["payload"]["release_id"],
        "document": "payer_summary",
        "digest": door.get(f"/cases/{door.case()}/reviews").json()["reviews"][0]["digest"],
    }


def real(door: Door, case: Any, found: dict[str, str], flips: list[bool]) -> None:
    """Put what there is in the place of what was made up, now and then, so that routes do more than refuse."""
    for name, value in found.items():
        if name in (case.path_parameters or {}) and flips[0]:
            case.path_parameters[name] = value
    if flips[1] and case.method == "POST" and "case_id" in (case.path_parameters or {}):
        case.headers["If-Match"] = door.version()


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.sweep)])
def test_nothing_answers_otherwise_than_described(open_door: Callable[..., Door], kind: str) -> None:
    door = open_door(kind)
    found = there(door)
    failures: list[str] = []
    count = 0
    modes = [GenerationMode.POSITIVE] + ([GenerationMode.NEGATIVE] if kind == "sqlite" else [])
    for operation, name in operations(door):
        others = ["payer" if may(name) != "payer" else "case_manager", None] if kind == "sqlite" else []
        for role in dict.fromkeys([may(name), *others]):  # who is let in does not hang on the database
            for mode in modes if role == may(name) else modes[:1]:
                count += _tried(door, operation, role, mode, found, failures)
    assert not failures, "\n\n".join(failures)
    assert count > (200 if kind == "sqlite" else 60)


def test_the_description_is_made_once(sqlite_door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    first = sqlite_door.get("/openapi.json", "auditor")
    assert first.headers["content-type"] == "application/json" and first.json()["openapi"]

    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("made again")

    monkeypatch.setattr(schema, "get_openapi", never)
    monkeypatch.setattr(schema.orjson, "dumps", never)
    assert sqlite_door.get("/openapi.json", "auditor").content == first.content


def _tried(
    door: Door,
    operation: Any,
    role: str | None,
    mode: GenerationMode,
    found: dict[str, str],
    failures: list[str],
) -> int:
    """Call one operation some times; returns how often, and adds what is wrong to ``failures``."""
    count = 0
    bearer = {} if role is None else {"Authorization": f"Bearer {door.seed.tokens[role]}"}

    @BOUNDED
    @given(operation.as_strategy(mode), st.lists(st.booleans(), min_size=2, max_size=2))
    def tried(case: Any, flips: list[bool]) -> None:
        nonlocal count
        count += 1
        case.headers = dict(case.headers or {})
        for name in [one for one in case.headers if one.lower() in ("authorization", "cookie")]:
            del case.headers[name]
        case.cookies = {}
        real(door, case, found, flips)
        case.validate_response(called(door, case, bearer), checks=CHECKS)

    try:
        tried()
    except BaseException as error:  # noqa: BLE001 - all failures are told at once
        told = [str(one) for one in getattr(error, "exceptions", [error])]
        failures.append(f"{operation.label} as {role} ({mode.value}): " + "\n".join(told)[:1500])
    return count
