"""Hospital sign-on against a real provider on loopback: what lets somebody in, and all that does not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from authkit import BASE, Clock, account, client_of, hearing, ledger_text, new_store, small_app, told
from fastapi import FastAPI
from oidckit import CLIENT_ID, CLIENT_SECRET, Provider, serving
from starlette.testclient import TestClient

from discharge.api import auth
from discharge.casework.accounts import people
from discharge.casework.accounts.people import OPERATOR
from discharge.casework.storage.engine import Store
from discharge.errors import UsageError

pytestmark = pytest.mark.content  # judged once, in the checkout: packaging changes nothing here

CASE = "/v1/cases/c1"
_CLOCK: list[Clock] = [Clock()]


@pytest.fixture(scope="module")
def served() -> Iterator[Provider]:
    def now() -> datetime:
        return _CLOCK[0]()

    with serving(now) as provider:
        yield provider


@pytest.fixture
def provider(served: Provider) -> Provider:
    served.reset()
    return served


@pytest.fixture
def clock() -> Clock:
    _CLOCK[0] = Clock()
    return _CLOCK[0]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with new_store(tmp_path) as opened:
        yield opened


@pytest.fixture
def app(store: Store, clock: Clock, provider: Provider) -> FastAPI:
    environment = {
        "DISCHARGE_OIDC_ISSUER": provider.issuer,
        "DISCHARGE_OIDC_CLIENT_ID": CLIENT_ID,
        "DISCHARGE_OIDC_CLIENT_SECRET": CLIENT_SECRET,
    }
    return small_app(store, clock, auth.auth_settings(BASE, environment))


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with client_of(app) as opened:
        yield opened


def begun(client: TestClient, **query: str) -> str:
    """Begin at us, sign on at the provider, and return the address at which we are called back."""
    sent = client.get("/v1/oidc/login", params=query)
    assert sent.status_code == 303, sent.text
    with httpx.Client(verify=False) as browser:
        back = browser.get(sent.headers["location"]).headers["location"]
    assert back.startswith(f"{BASE}/v1/oidc/callback?")
    return str(back.removeprefix(BASE))


def refused(client: TestClient, back: str) -> str:
    answer = client.get(back)
    assert answer.status_code == 401 and answer.headers["content-type"] == "application/problem+json"
    assert "discharge_session" not in client.cookies
    assert client.get(CASE).status_code == 401
    return str(answer.json()["detail"])


def test_an_account_with_the_verified_address_is_signed_in_and_tied(
    client: TestClient, store: Store, clock: Clock, provider: Provider
) -> None:
    ana = account(store, clock, "ana@example.org", "case_manager")
    answer = client.get(begun(client, next="/worklist?unit=5W"))
    assert answer.status_code == 303 and answer.headers["location"] == "/worklist?unit=5W"
    assert "discharge_oidc" not in client.cookies
    assert client.get(CASE).json()["by"] == ana.id
    assert client.get("/v1/session").json()["csrf_token"]
    with store.read() as connection:
        assert people.get(connection, ana.id).oidc_subject == f"{provider.issuer} person-1"
    assert told(store) == ["user_added", "user_changed"]
    provider.claims = {"sub": "person-1"}  # from now on the subject counts, whatever the address
    client.cookies.clear()
    assert client.get(begun(client)).headers["location"] == "/"
    assert client.get(CASE).json()["by"] == ana.id


def test_an_address_of_another_person_at_the_provider_does_not_take_over(
    client: TestClient, store: Store, clock: Clock, provider: Provider
) -> None:
    account(store, clock, "ana@example.org", "case_manager")
    assert client.get(begun(client)).status_code == 303
    client.cookies.clear()
    provider.claims = provider.claims | {"sub": "person-2"}
    assert "no account here is yours" in refused(client, begun(client))


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "person-9"},
        {"email": "nobody@example.org"},
        {"email_verified": False},
        {"email_verified": None},
        {"email_verified": "true"},
        {"email": None},
    ],
)
def test_whoever_has_no_account_gets_none(
    client: TestClient, store: Store, clock: Clock, provider: Provider, claims: dict[str, object]
) -> None:
    account(store, clock, "ana@example.org", "case_manager")
    if "sub" in claims:
        provider.claims = {}
    provider.claims = provider.claims | claims
    assert "ask an administrator" in refused(client, begun(client))
    assert told(store) == ["user_added"]


def test_a_disabled_account_is_not_let_in(client: TestClient, store: Store, clock: Clock) -> None:
    ana = account(store, clock, "ana@example.org", "case_manager")
    assert client.get(begun(client)).status_code == 303
    with store.write() as connection:
        people.disable(connection, ana.id, by=OPERATOR, now=clock())
    client.cookies.clear()
    refused(client, begun(client))


@pytest.mark.parametrize(
    "twisted",
    [
        {"nonce": "of-another-sign-on"},
        {"nonce": None},
        {"aud": "another-client"},
        {"aud": None},
        {"aud": [CLIENT_ID, "another-client"]},
        {"azp": "another-client"},
        {"iss": "https://login.example.org"},
        {"exp": 1},
        {"exp": None},
        {"iat": None},
        {"iat": 4_000_000_000},
        {"sub": None},
        {"sub": ""},
    ],
    ids=str,
)
def test_an_id_token_that_says_the_wrong_thing_is_refused(
    client: TestClient, store: Store, clock: Clock, provider: Provider, twisted: dict[str, object]
) -> None:
    account(store, clock, "ana@example.org", "case_manager")
    provider.twisted = twisted
    assert "was refused" in refused(client, begun(client))


def test_an_id_token_expires(client: TestClient, store: Store, clock: Clock, provider: Provider) -> None:
    account(store, clock, "ana@example.org", "case_manager")
    now = int(clock().timestamp())
    provider.twisted = {"exp": now - 61}  # a minute of difference between clocks is allowed
    refused(client, begun(client))
    provider.twisted = {"exp": now - 59}
    assert client.get(begun(client)).status_code == 303


@pytest.mark.parametrize("way", ["by_stranger", "by_secret"])
def test_a_signature_by_another_key_is_refused(
    client: TestClient, store: Store, clock: Clock, provider: Provider, way: str
) -> None:
    account(store, clock, "ana@example.org", "case_manager")
    getattr(provider, way)()
    assert "was refused" in refused(client, begun(client))


def test_the_provider_may_change_its_key_and_use_another_kind(
    client: TestClient, store: Store, clock: Clock, provider: Provider
) -> None:
    account(store, clock, "ana@example.org", "case_manager")
    provider.signing = ("ES256", provider.ec, "ec-1")
    assert client.get(begun(client)).status_code == 303
    provider.by_new_key()
    client.cookies.clear()
    assert client.get(begun(client)).status_code == 303


def test_a_state_is_used_once_in_its_browser_and_in_time(
    client: TestClient, app: FastAPI, store: Store, clock: Clock
) -> None:
    account(store, clock, "ana@example.org", "case_manager")
    back = begun(client)
    with client_of(app) as other:  # a link sent by somebody else
        assert "not begun in this browser" in refused(other, back)
    cookies = dict(client.cookies)
    assert client.get(back).status_code == 303
    client.cookies.clear()
    client.cookies.update(cookies)
    assert "used before" in refused(client, back)
    client.cookies.clear()
    back = begun(client)
    clock.go(minutes=10)
    assert "took too long" in refused(client, back)


def test_a_forged_or_missing_state_or_code_is_refused(client: TestClient, store: Store, clock: Clock) -> None:
    account(store, clock, "ana@example.org", "case_manager")
    back = begun(client)
    query = {name: one[0] for name, one in parse_qs(urlsplit(back).query).items()}
    for changed in ({"state": "x" * 43}, {"code": ""}, {"state": ""}):
        assert client.get("/v1/oidc/callback", params=query | changed).status_code == 401
    refused(client, "/v1/oidc/callback")
    refused(client, "/v1/oidc/callback?error=access_denied&state=" + query["state"])
    spent = client.get("/v1/oidc/callback", params=query | {"code": "guessed"})
    assert spent.status_code == 401 and "was refused" in spent.json()["detail"]


def test_a_code_with_the_verifier_of_another_sign_on_is_refused(
    client: TestClient, app: FastAPI, store: Store, clock: Clock
) -> None:
    account(store, clock, "ana@example.org", "case_manager")
    with client_of(app) as other:
        stolen = parse_qs(urlsplit(begun(other)).query)["code"][0]
    own = parse_qs(urlsplit(begun(client)).query)["state"][0]
    assert "was refused" in refused(client, f"/v1/oidc/callback?code={stolen}&state={own}")


@pytest.mark.parametrize(
    "page", ["//evil.example", "https://evil.example", "/\\evil.example", "", "evil", "/a\tb"]
)
def test_nobody_is_sent_to_a_strangers_page(
    client: TestClient, store: Store, clock: Clock, page: str
) -> None:
    account(store, clock, "ana@example.org", "case_manager")
    assert client.get(begun(client, next=page)).headers["location"] == "/"


def test_a_provider_that_gives_itself_out_for_another_or_is_away_lets_nobody_in(
    client: TestClient, store: Store, clock: Clock, provider: Provider
) -> None:
    provider.twisted = {"issuer_shown": "https://login.example.org"}
    assert client.get("/v1/oidc/login").status_code == 401
    gone = auth.AuthSettings(oidc=auth.OidcSettings("http://127.0.0.1:9", CLIENT_ID), public_url=BASE)
    with client_of(small_app(store, clock, gone)) as other:
        answer = other.get("/v1/oidc/login")
        assert answer.status_code == 401 and "sign in with a password" in answer.json()["detail"]


def test_without_a_provider_there_is_no_hospital_sign_on(store: Store, clock: Clock) -> None:
    with client_of(small_app(store, clock)) as client:
        assert client.get("/v1/oidc/login").status_code == 404
        assert client.get("/v1/oidc/callback?state=x&code=y").status_code == 404


def test_no_code_token_or_secret_is_logged_recorded_or_answered(
    client: TestClient, store: Store, clock: Clock, provider: Provider
) -> None:
    account(store, clock, "ana@example.org", "case_manager")
    bodies = []
    with hearing() as heard:
        assert client.get(begun(client)).status_code == 303
        secret = client.cookies["discharge_session"]
        client.cookies.clear()
        provider.twisted = {"nonce": "wrong"}
        bodies.append(client.get(begun(client)).text)
        provider.by_stranger()
        bodies.append(client.get(begun(client)).text)
    # The test's own browser tells the addresses it goes to; ours is what the app itself says.
    ours = [
        one for one in heard.lines if not one.startswith(("HTTP Request: GET", "receive_response_headers"))
    ]
    everywhere = "\n".join([*ours, *bodies, ledger_text(store)])
    assert len(provider.secrets) > 6 and "sign-on refused" in everywhere
    assert [one for one in [*provider.secrets, secret, CLIENT_SECRET] if one in everywhere] == []


def test_the_environment_names_the_provider_whole_or_not_at_all() -> None:
    assert auth.auth_settings(BASE, {}).oidc is None
    issuer = {"DISCHARGE_OIDC_ISSUER": "https://login.example.org"}
    with pytest.raises(UsageError, match="DISCHARGE_OIDC_CLIENT_ID is not set"):
        auth.auth_settings(BASE, issuer)
    with pytest.raises(UsageError, match="https"):
        auth.auth_settings(
            BASE, {"DISCHARGE_OIDC_ISSUER": "http://login.example.org", "DISCHARGE_OIDC_CLIENT_ID": "x"}
        )
    found = auth.auth_settings(
        BASE, issuer | {"DISCHARGE_OIDC_CLIENT_ID": "x", "DISCHARGE_OIDC_CLIENT_SECRET": "hid"}
    )
    assert found.oidc is not None and "hid" not in repr(found)
