"""The local issuer's tokens pass the check that production makes, and nobody gets one without the secret."""

import time
from pathlib import Path

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from deploy.local import issuer
from libs.common.runtime import access

_URL = "http://127.0.0.1:8105"


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> RSAKey:
    return issuer.load_or_make_key(tmp_path_factory.mktemp("issuer") / "key.json")


@pytest.fixture
def door(key: RSAKey) -> httpx.AsyncClient:
    app = issuer.build(_URL, key, "a secret of this machine")
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=_URL)


async def ask(
    door: httpx.AsyncClient, who: object, territory: object = None, secret: str = ""
) -> httpx.Response:
    body = {"as": who, "territory": territory, "secret": secret or "a secret of this machine"}
    return await door.post("/token", json=body)


async def test_a_token_says_who_for_where_and_until_when(door: httpx.AsyncClient) -> None:
    token = (await ask(door, "maker", "56")).json()["access_token"]
    keys = KeySet.import_key_set((await door.get("/jwks")).json())
    claims = jwt.decode(token, keys, algorithms=["RS256"]).claims
    assert claims["sub"] == "maker.56@local"
    assert claims["roles"] == ["maker"]
    assert claims["territory"] == "56"
    assert (claims["iss"], claims["aud"]) == (_URL, "ansinh")
    assert claims["exp"] - claims["iat"] == 3_600
    assert abs(claims["iat"] - time.time()) < 60


async def test_a_second_person_of_a_role_has_another_sub(door: httpx.AsyncClient) -> None:
    subs = set()
    for who in ("checker", "checker.2"):
        token = (await ask(door, who)).json()["access_token"]
        keys = KeySet.import_key_set((await door.get("/jwks")).json())
        subs.add(jwt.decode(token, keys, algorithms=["RS256"]).claims["sub"])
    assert len(subs) == 2


async def test_a_bank_is_a_partner_with_its_own_agency(door: httpx.AsyncClient) -> None:
    claims = issuer.identity("bank:970405", None)
    assert claims
    assert (claims["roles"], claims["agency"]) == (["partner"], "970405")
    assert (await ask(door, "bank:970405")).status_code == 200


@pytest.mark.parametrize(
    ("who", "territory"),
    [
        ("king", None),
        ("partner", None),
        ("", None),
        ("bank:", None),
        ("bank:97/../", None),
        ("maker.x", None),
        ("maker", "5"),
        ("maker", 56),
        (["maker"], None),
    ],
)
async def test_nobody_else_gets_a_token(door: httpx.AsyncClient, who: object, territory: object) -> None:
    assert (await ask(door, who, territory)).status_code == 400


async def test_without_the_secret_there_is_no_token(door: httpx.AsyncClient) -> None:
    assert (await ask(door, "maker", secret="guess")).status_code == 401


_SECRET = "a secret of this machine"


async def ask_as_client(door: httpx.AsyncClient, client_id: str, **form: str) -> httpx.Response:
    shown = {"client_id": client_id, "client_secret": issuer.client_secret(_SECRET, client_id)}
    return await door.post("/token", data={"grant_type": "client_credentials", **shown, **form})


async def test_a_partner_signs_in_by_client_credentials_with_the_scopes_it_asks_for(
    door: httpx.AsyncClient, key: RSAKey
) -> None:
    answer = (await ask_as_client(door, "bank-970405", scope="payments.events.read")).json()
    claims = jwt.decode(answer["access_token"], KeySet([key]), algorithms=["RS256"]).claims
    assert (claims["roles"], claims["agency"]) == (["partner"], "970405")
    assert claims["scope"] == answer["scope"] == "payments.events.read"
    whole = (await ask_as_client(door, "bank-970405")).json()["scope"].split()
    assert set(whole) == access.ROLES["partner"]
    basic = httpx.BasicAuth("bank-970405", issuer.client_secret(_SECRET, "bank-970405"))
    assert (
        await door.post("/token", data={"grant_type": "client_credentials"}, auth=basic)
    ).status_code == 200


@pytest.mark.parametrize(
    ("client_id", "form", "error"),
    [
        ("bank-970405", {"client_secret": "guess"}, "invalid_client"),
        ("bank-970405", {"client_secret": issuer.client_secret(_SECRET, "bank-970415")}, "invalid_client"),
        ("bank-", {}, "invalid_client"),
        ("maker", {}, "invalid_client"),
        ("bank-970405", {"grant_type": "password"}, "unsupported_grant_type"),
        ("bank-970405", {"scope": "payments.runs.approve"}, "invalid_scope"),
    ],
)
async def test_no_other_client_gets_a_token(
    door: httpx.AsyncClient, client_id: str, form: dict[str, str], error: str
) -> None:
    answer = await ask_as_client(door, client_id, **form)
    assert answer.json() == {"error": error}
    assert answer.status_code == (401 if error == "invalid_client" else 400)


async def test_the_private_key_stays(door: httpx.AsyncClient, key: RSAKey) -> None:
    assert "d" not in (await door.get("/jwks")).json()["keys"][0]


def test_the_key_is_its_owners_alone_and_outlives_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    first = issuer.load_or_make_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert issuer.load_or_make_key(path).kid == first.kid


def test_it_listens_on_this_machine_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSINH_ISSUER_HOST", "0.0.0.0")
    with pytest.raises(SystemExit, match=r"127\.0\.0\.1 only"):
        issuer.main()
