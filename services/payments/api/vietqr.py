"""VietQR codes for whoever pays a person: their account need not be typed."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from libs.common.runtime.access import Actor, requires
from services.payments.domain.vietqr import ACCOUNT_CHARACTERS_MAX, vietqr

router = APIRouter(tags=["vietqr"])
MayRead = Annotated[Actor, requires("payments.read")]


class QrWanted(BaseModel):
    """An account, and what is to be transferred to it; without an amount, whoever scans it types one."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "bank_code": "970405",
                    "account_number": "190000000001",
                    "amount_dong": 540_000,
                    "purpose": "Trợ cấp xã hội 02/2024",
                }
            ]
        },
    )

    bank_code: Annotated[str, Field(pattern=r"^[0-9]{6}$", description="The bank's BIN.")]
    account_number: Annotated[
        str, Field(pattern=r"^[A-Za-z0-9]+$", min_length=6, max_length=ACCOUNT_CHARACTERS_MAX)
    ]
    amount_dong: Annotated[int | None, Field(ge=1, le=10**12)] = None
    purpose: Annotated[str, Field(max_length=140, description="Cut to 25, without diacritics.")] = ""


class Qr(BaseModel):
    text: Annotated[str, Field(description="What the code holds; any QR library draws it.")]


@router.post("/v1/vietqr")
async def make(wanted: QrWanted, _: MayRead) -> Qr:
    """The text of a VietQR code. Nothing is kept; the account comes in the body, so that no log holds it."""
    text = vietqr(wanted.bank_code, wanted.account_number, wanted.amount_dong, wanted.purpose)
    return Qr(text=text)
