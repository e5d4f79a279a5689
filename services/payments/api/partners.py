"""The register of partners, and the admission of their requests."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field, field_validator

from libs.common.kernel.errors import Refusal
from libs.common.runtime.access import Actor, requires
from libs.common.runtime.signatures import require_public_keys
from services.payments.api.doors import Doors, Limit, Through
from services.payments.domain.partners import Entry
from services.payments.usecases.partners import Proposal

router = APIRouter(tags=["partners"])
MayRead = Annotated[Actor, requires("payments.read")]
MayPropose = Annotated[Actor, requires("payments.partners.propose")]
MayApprove = Annotated[Actor, requires("payments.partners.approve")]
Channel = Literal["bank_account", "post_office", "home_delivery", "e_wallet"]
_Part = Annotated[str | None, Field(pattern=r"^[A-Za-z0-9_-]+$", max_length=1_400)]
Code = Annotated[str, Field(pattern=r"^[0-9A-Za-z]{1,12}$")]


def partner_requires(permission: str) -> Any:
    """As `requires`, for what partners use: not above the client's rate, and not while it is suspended."""

    async def check(request: Request, actor: Annotated[Actor, requires(permission)]) -> Actor:
        doors: Doors = request.app.state.doors
        await doors.admit(actor.sub, actor.agency)
        return actor

    return Depends(check)


class PublicKey(BaseModel):
    """A JWK (RFC 7517) without its private part: Ed25519 (OKP), P-256 (EC), or RSA of 2,048 bits and more."""

    model_config = ConfigDict(extra="forbid")

    kid: Annotated[str, Field(min_length=1, max_length=100)]
    kty: Literal["OKP", "EC", "RSA"]
    crv: Literal["Ed25519", "P-256"] | None = None
    x: _Part = None
    y: _Part = None
    n: _Part = None
    e: _Part = None


class PartnerWanted(BaseModel):
    """An entry as it should stand. A code that begins with SBX is a sandbox's: no money ever goes there."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "agency_code": "970405",
                    "name": "Ngân hàng Thử",
                    "contact_email": "chi-tra@bank.example",
                    "contact_phone": "02400000000",
                    "channels": ["bank_account"],
                }
            ]
        },
    )

    agency_code: Code
    name: Annotated[str, Field(min_length=1, max_length=200)]
    contact_email: Annotated[
        str, Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=200, description="An office's.")
    ]
    contact_phone: Annotated[str, Field(pattern=r"^\+?[0-9 ]{6,20}$", description="An office's.")]
    channels: Annotated[list[Channel], Field(min_length=1, max_length=4)]
    keys: Annotated[
        list[PublicKey] | None,
        Field(
            max_length=4,
            description="Where there are any, what it hands in is signed. Absent: as they are; []: none.",
        ),
    ] = None

    @field_validator("keys")
    @classmethod
    def _checked(cls, keys: list[PublicKey] | None) -> list[PublicKey] | None:
        require_public_keys([key.model_dump(exclude_none=True) for key in keys or ()])
        return keys


class PartnerApproval(BaseModel):
    """`version` as the checker saw it."""

    model_config = ConfigDict(extra="forbid")

    version: Annotated[int, Field(ge=1)]


class PartnerShown(BaseModel):
    """The newest version. `proposed`: it waits for a second identity; what was approved before holds.

    `suspended`: the partner was stopped, and nothing was approved since.
    """

    agency_code: str
    version: int
    name: str
    contact_email: str
    contact_phone: str
    channels: list[Channel]
    keys: list[PublicKey]
    sandbox: bool
    status: Literal["proposed", "active", "suspended"]
    proposed_at: datetime
    approved_at: datetime | None

    @classmethod
    def of(cls, entry: Entry) -> "PartnerShown":
        return cls.model_validate(
            {name: getattr(entry, name) for name in cls.model_fields}
            | {"channels": list(entry.channels), "keys": list(entry.keys)}
        )


class PartnersPage(BaseModel):
    items: list[PartnerShown]
    next_cursor: str | None


@router.post("/v1/partners", status_code=201)
async def propose(wanted: PartnerWanted, actor: MayPropose, doors: Through) -> PartnerShown:
    """A new entry, or a new version of one. It holds once another identity approves it."""
    _national(actor)
    proposal = Proposal(
        wanted.agency_code,
        wanted.name,
        wanted.contact_email,
        wanted.contact_phone,
        tuple(wanted.channels),
        None if wanted.keys is None else tuple(key.model_dump(exclude_none=True) for key in wanted.keys),
    )
    return PartnerShown.of(await doors.partners.propose(proposal, actor.sub))


@router.post("/v1/partners/{agency_code}/approval")
async def approve(
    agency_code: str, approval: PartnerApproval, actor: MayApprove, doors: Through
) -> PartnerShown:
    """Approve exactly that version. 403 `same_identity` for its maker. A suspension ends by it.

    409 `partner_changed` when it is not the newest, or was proposed before the partner was suspended.
    """
    _national(actor)
    return PartnerShown.of(await doors.partners.approve(agency_code, approval.version, actor.sub))


@router.post("/v1/partners/{agency_code}/suspension")
async def suspend(agency_code: str, actor: MayApprove, doors: Through) -> PartnerShown:
    """Stop the partner now. A newer version, proposed and approved, lets it in again."""
    _national(actor)
    return PartnerShown.of(await doors.partners.stop(agency_code, actor.sub))


@router.get("/v1/partners")
async def page(
    actor: MayRead,
    doors: Through,
    limit: Limit = 100,
    cursor: Annotated[str, Query(max_length=12)] = "",
) -> PartnersPage:
    """The register, by code."""
    found = await doors.partner_register.all(cursor, limit + 1)
    shown = [PartnerShown.of(entry) for entry in found[:limit]]
    return PartnersPage(items=shown, next_cursor=shown[-1].agency_code if len(found) > limit else None)


def _national(actor: Actor) -> None:
    if actor.territory is not None:
        raise Refusal(
            "not_permitted",
            "Đối tác dùng chung cả nước, nên chỉ tài khoản có địa bàn cả nước mới được thay đổi.",
            "A partner serves the whole nation, so only an account whose territory is the nation changes it.",
        )
