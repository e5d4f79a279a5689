"""Who a token says it is: nothing is opened by what it leaves out."""

from typing import Any

import pytest

from libs.common.kernel.errors import Refusal
from libs.common.runtime.access import PERMISSIONS, ROLES, Actor, authenticate, require
from tests.support.issuer import HeldKeys, Signer


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer.new()


@pytest.fixture(scope="module")
def verifier(signer: Signer) -> HeldKeys:
    return signer.verifier()


@pytest.mark.parametrize(("claim", "territory"), [("*", None), ("56", "56")])
async def test_a_territory_is_the_nation_or_a_province(
    signer: Signer, verifier: HeldKeys, claim: str, territory: str | None
) -> None:
    actor = await authenticate(verifier, f"Bearer {signer.token(territory=claim)}")
    assert actor.territory == territory


@pytest.mark.parametrize("claim", [None, "", "5", "560", "**", "5a", 56, ["*"], "５６"])
async def test_a_token_that_says_nothing_good_of_its_territory_opens_nothing(
    signer: Signer, verifier: HeldKeys, claim: object
) -> None:
    with pytest.raises(Refusal, match="token_invalid"):
        await authenticate(verifier, f"Bearer {signer.token(territory=claim)}")


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "http://elsewhere"},
        {"aud": "another"},
        {"lives_seconds": -120},
        {"nbf": 4_000_000_000},
        {"sub": None},
    ],
    ids=lambda changed: next(iter(changed)),
)
async def test_a_token_of_another_issuer_audience_or_time_is_refused(
    signer: Signer, verifier: HeldKeys, changed: dict[str, Any]
) -> None:
    with pytest.raises(Refusal, match="token_invalid"):
        await authenticate(verifier, f"Bearer {signer.token(**changed)}")


async def test_a_token_signed_by_a_stranger_is_refused(verifier: HeldKeys) -> None:
    with pytest.raises(Refusal, match="token_invalid"):
        await authenticate(verifier, f"Bearer {Signer.new().token()}")


@pytest.mark.parametrize("header", [None, "", "Basic abc", "Bearer ", "Bearer not.a.token"])
async def test_no_token_is_no_sign_in(verifier: HeldKeys, header: str | None) -> None:
    with pytest.raises(Refusal, match=r"token_missing|token_invalid"):
        await authenticate(verifier, header)


def test_a_role_that_nobody_defined_may_nothing() -> None:
    stranger = Actor("x", frozenset({"administrator"}), None, None, "")
    for permission in frozenset().union(*ROLES.values()):
        with pytest.raises(Refusal, match="not_permitted"):
            require(stranger, permission)


def test_no_role_both_makes_and_approves_a_run() -> None:
    both = {"payments.runs.build", "payments.runs.approve"}
    assert [role for role, may in ROLES.items() if both <= may] == []


@pytest.mark.parametrize(
    ("scope", "may"),
    [
        ("payments.events.read", {"payments.events.read"}),
        ("openid payments.events.read payments.runs.approve", {"payments.events.read"}),
        ("openid profile", set(ROLES["partner"])),
        (None, set(ROLES["partner"])),
        (["payments.events.read"], set(ROLES["partner"])),
    ],
)
async def test_scopes_narrow_a_role_and_widen_none(
    signer: Signer, verifier: HeldKeys, scope: object, may: set[str]
) -> None:
    token = signer.token(roles=("partner",), agency="970405", scope=scope)
    actor = await authenticate(verifier, f"Bearer {token}")
    assert {permission for permission in PERMISSIONS if actor.may(permission)} == may
