"""Who may do what: one table of roles, read by every door, and the declaration each route makes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import Depends, Request

from libs.common.kernel.errors import Refusal
from libs.common.runtime.postgres import NATION
from libs.common.runtime.tokens import TokenVerifier

#: Role to permissions. A permission that stands nowhere here is given to nobody.
ROLES: dict[str, frozenset[str]] = {
    "commune-officer": frozenset(
        {
            "registry.people.read",
            "registry.people.write",
            "registry.imports.write",
            "eligibility.decisions.read",
            "eligibility.cases.write",
            "facilities.read",
            "payments.read",
            "payments.campaigns.list",
        }
    ),
    "commune-chair": frozenset(
        {
            "registry.people.read",
            "eligibility.decisions.read",
            "eligibility.decisions.sign",
            "facilities.read",
        }
    ),
    "province-officer": frozenset(
        {
            "registry.people.read",
            "registry.people.write",
            "registry.imports.write",
            "eligibility.recalculations.ask",
            "eligibility.decisions.read",
            "eligibility.determinations.run",
            "eligibility.foreign_lists.write",
            "eligibility.simulations.run",
            "eligibility.cases.write",
            "facilities.read",
            "facilities.write",
            "payments.read",
            "payments.campaigns.list",
            "payments.ledger.read",
            "platform.positions.read",
        }
    ),
    "maker": frozenset(
        {
            "payments.read",
            "payments.ledger.read",
            "payments.vouchers.propose",
            "payments.donations.read",
            "payments.donations.write",
            "payments.partners.propose",
            "payments.runs.build",
            "payments.suspense.propose",
            "payments.recoveries.propose",
            "payments.campaigns.propose",
            "payments.campaigns.list",
            "eligibility.recalculations.ask",
            "eligibility.decisions.read",
        }
    ),
    "checker": frozenset(
        {
            "payments.read",
            "payments.ledger.read",
            "payments.vouchers.approve",
            "payments.donations.read",
            "payments.partners.approve",
            "payments.runs.approve",
            "payments.suspense.approve",
            "payments.recoveries.approve",
            "payments.campaigns.approve",
            "eligibility.recalculations.apply",
            "eligibility.decisions.read",
        }
    ),
    "partner": frozenset(
        {
            "payments.files.read",
            "payments.reports.write",
            "payments.collections.write",
            "payments.events.read",
            "payments.webhooks.write",
            "payments.sandbox.use",
        }
    ),
    "ministry": frozenset(
        {
            "registry.people.read",
            "registry.months.close",
            "eligibility.recalculations.ask",
            "eligibility.recalculations.apply",
            "eligibility.decisions.read",
            "eligibility.months.close",
            "eligibility.determinations.run",
            "eligibility.foreign_lists.write",
            "eligibility.simulations.run",
            "facilities.read",
            "facilities.months.close",
            "payments.read",
            "payments.ledger.read",
            "payments.events.read",
            "payments.webhooks.write",
        }
    ),
    "auditor": frozenset(
        {
            "registry.people.read",
            "eligibility.decisions.read",
            "facilities.read",
            "payments.read",
            "payments.ledger.read",
            "payments.donations.read",
            "payments.events.read",
            "platform.positions.read",
            "platform.verify",
        }
    ),
    "operator": frozenset({"platform.positions.read", "platform.repair"}),
}

PERMISSIONS = frozenset().union(*ROLES.values())


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is asking. `territory`: None = the nation, else a 2-digit province code; `agency`: a partner's.

    `scopes`: the permissions that the token is narrowed to; None where it is not.
    """

    sub: str
    roles: frozenset[str]
    territory: str | None
    agency: str | None
    token: str
    scopes: frozenset[str] | None = None

    def may(self, permission: str) -> bool:
        if self.scopes is not None and permission not in self.scopes:
            return False
        return any(permission in ROLES.get(role, frozenset()) for role in self.roles)


async def authenticate(verifier: TokenVerifier, authorization: str | None) -> Actor:
    """The actor of an `Authorization: Bearer` header; Refusal `token_missing` or `token_invalid`."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Refusal(
            "token_missing",
            "Cần đăng nhập: hãy gửi mã truy cập trong tiêu đề Authorization: Bearer.",
            "Sign in first: send an access token in the header Authorization: Bearer.",
        )
    claims = await verifier.claims(token)
    roles = claims.get("roles")
    return Actor(
        sub=str(claims["sub"]),
        roles=frozenset(roles if isinstance(roles, list) else ()),
        territory=_territory(claims.get("territory")),
        agency=None if claims.get("agency") is None else str(claims["agency"]),
        token=token,
        scopes=_scopes(claims.get("scope")),
    )


def _scopes(claim: object) -> frozenset[str] | None:
    """What a client asked for (RFC 9068). Scopes that name no permission, `openid` say, narrow nothing."""
    named = frozenset(claim.split() if isinstance(claim, str) else ()) & PERMISSIONS
    return named or None


def _territory(claim: object) -> str | None:
    """`*` is the nation, two digits a province; a token that says nothing of it opens nothing."""
    if claim == NATION:
        return None
    if isinstance(claim, str) and len(claim) == 2 and claim.isascii() and claim.isdigit():
        return claim
    raise Refusal(
        "token_invalid",
        "Mã truy cập không nói rõ địa bàn (territory): mã tỉnh 2 chữ số, hoặc * cho cả nước.",
        "The access token does not say its territory: a 2-digit province code, or * for the nation.",
    )


def require(actor: Actor, permission: str) -> Actor:
    """The actor, if one of its roles has the permission; Refusal `not_permitted` otherwise."""
    if not actor.may(permission):
        raise Refusal(
            "not_permitted",
            f"Tài khoản này không có quyền {permission}. Hãy liên hệ người quản trị của đơn vị.",
            f"This account lacks the permission {permission}. Ask your office's administrator.",
        )
    return actor


def requires(permission: str) -> Any:
    """Declares a route's access: `actor: Annotated[Actor, requires("payments.read")]`."""
    assert permission in PERMISSIONS, f"no role has {permission}"

    async def check(request: Request) -> Actor:
        verifier: TokenVerifier = request.app.state.verifier
        actor = await authenticate(verifier, request.headers.get("authorization"))
        return require(actor, permission)

    return Depends(declare(check, permission))


def open_to_all() -> Any:
    """Declares that a route asks for no token: `dependencies=[open_to_all()]`."""

    async def check() -> None:
        return None

    return Depends(declare(check, "open"))


def declare(check: Callable[..., Any], access: str) -> Callable[..., Any]:
    """Marks the dependency, so that a test can see that every route declares its access."""
    check.__dict__["declared_access"] = access
    return check
