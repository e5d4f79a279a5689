"""Cases over HTTP: opened, confirmed, prepared by one and signed by another, told to whom they concern."""

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, ConfigDict, Field

from libs.common.kernel.errors import FieldError, Refusal
from libs.common.kernel.ids import show
from libs.common.kernel.units import Units
from libs.common.runtime.access import Actor, requires
from libs.common.runtime.problems import not_found
from services.eligibility.api.decisions import required_id, shown
from services.eligibility.domain.casework import CaseFile
from services.eligibility.domain.decisions import Place
from services.eligibility.usecases.casework import By, CaseReads, Casework, Measure
from services.eligibility.usecases.receipts import Receipts

MayRead = Annotated[Actor, requires("eligibility.decisions.read")]
MayPrepare = Annotated[Actor, requires("eligibility.cases.write")]
MaySign = Annotated[Actor, requires("eligibility.decisions.sign")]

Programme = Literal[
    "monthly_allowance", "social_pension", "nurture_allowance", "care_allowance", "own_care_allowance"
]
Kind = Literal["application", "suspension", "resumption", "stop", "move"]
State = Literal["received", "checked", "decided", "unchanged", "notified", "withdrawn"]
Check = Literal["declaration", "identity", "residence", "conditions"]
_PAGE_MAX = 500


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Application(_Body):
    """What somebody asked for, on the day the office received it."""

    person_id: str
    programmes: list[Literal["monthly_allowance", "social_pension"]] = Field(min_length=1, max_length=2)
    received_on: date
    commune_code: str = Field(pattern=r"^\d{5}$")


class Checks(_Body):
    """What the caller confirms."""

    confirmed: list[Check] = Field(min_length=1, max_length=4)


class Prepared(_Body):
    """A measure on somebody who receives. `ground`: of the law of today (policy/case_life.yaml). `since`:
    of a suspension a day of its first month; of a stop the day on which the ground arose; of a resumption
    the day on which the conditions changed, none where they did not."""

    kind: Literal["suspension", "resumption", "stop"]
    person_id: str
    programme: Programme
    ground: str | None = Field(default=None, max_length=40)
    since: date | None = None


class Confirmed(BaseModel):
    check: str
    by_sub: str
    on: date


class CaseShown(BaseModel):
    case_id: str
    kind: Kind
    person_id: str
    programmes: list[str]
    state: State
    received_on: date
    due_on: date | None = Field(description="The last day of the term; null where the law names none.")
    ground: str | None
    from_month: str | None = Field(description="Of a measure: the first month of what it does.")
    commune_code: str
    province_code: str
    checks: list[Confirmed]
    prepared_by_sub: str | None = Field(description="Null where the registry's facts opened it.")
    decided_on: date | None
    signed_by_sub: str | None
    problem: str | None = Field(description="Of a signed measure: why it could not be carried out.")
    unchanged_decision_id: str | None = Field(
        description="Of an application that changes nothing: the decision that stands."
    )

    @classmethod
    def of(cls, case: CaseFile) -> "CaseShown":
        stands = case.unchanged_decision_id
        return cls.model_validate(
            {
                "case_id": show("cas", case.case_id),
                "kind": case.kind,
                "person_id": show("per", case.person_id),
                "programmes": list(case.programmes),
                "state": case.state,
                "received_on": case.received_on,
                "due_on": case.due_on,
                "ground": case.ground,
                "from_month": str(case.from_month) if case.from_month else None,
                "commune_code": case.place.commune_code,
                "province_code": case.place.province_code,
                "checks": [
                    {"check": check, "by_sub": said["by"], "on": said["on"]}
                    for check, said in sorted(case.checks.items())
                ],
                "prepared_by_sub": case.prepared_by_sub,
                "decided_on": case.decided_on,
                "signed_by_sub": case.signed_by_sub,
                "problem": case.problem,
                "unchanged_decision_id": show("dec", stands) if stands else None,
            }
        )


class CasesPage(BaseModel):
    items: list[CaseShown]
    next_cursor: str | None


def router(casework: Casework, reads: CaseReads, receipts: Receipts, units: Units) -> APIRouter:
    made = APIRouter(tags=["cases"])
    _reading(made, casework, reads, receipts)
    _writing(made, casework, units)
    return made


def _reading(made: APIRouter, casework: Casework, reads: CaseReads, receipts: Receipts) -> None:
    @made.get("/v1/cases")
    async def page(
        actor: MayRead,
        person_id: str | None = None,
        state: State | None = None,
        cursor: str | None = None,
        limit: Annotated[int, Query(ge=1, le=_PAGE_MAX)] = 100,
    ) -> CasesPage:
        """Cases in the caller's territory."""
        person = required_id("per", "person_id", person_id) if person_id else None
        after = required_id("cas", "cursor", cursor) if cursor else None
        found = await reads.page(actor.territory, person, state, after, limit + 1)
        items = [CaseShown.of(case) for case in found[:limit]]
        return CasesPage(items=items, next_cursor=items[-1].case_id if len(found) > limit else None)

    @made.get("/v1/cases/{case_id}")
    async def one(case_id: str, actor: MayRead) -> CaseShown:
        """A case as it stands."""
        found = await reads.one(actor.territory, required_id("cas", "case_id", case_id))
        if found is None:
            raise not_found("hồ sơ này", "case")
        return CaseShown.of(found)

    @made.get("/v1/cases/{case_id}/receipt")
    async def receipt(case_id: str, actor: MayRead) -> dict[str, Any]:
        """Of an application that changes nothing: the decision that stands, and each rule that was tried
        anew with its article."""
        found = await receipts.of_application(actor.territory, required_id("cas", "case_id", case_id))
        if found is None:
            raise not_found("hồ sơ này", "case")
        return shown(found)

    @made.get("/v1/cases/{case_id}/notice", response_class=PlainTextResponse)
    async def notice(case_id: str, actor: MayRead) -> PlainTextResponse:
        """The notice in Vietnamese: what, how much, from when, by which article, how to complain."""
        text = await casework.notice(required_id("cas", "case_id", case_id), _by(actor))
        return PlainTextResponse(text, headers={"Content-Language": "vi"})


def _writing(made: APIRouter, casework: Casework, units: Units) -> None:
    @made.post("/v1/applications", status_code=201)
    async def apply(body: Application, actor: MayPrepare) -> CaseShown:
        """An application over the counter, by post or by the portal. The same person and day are one case."""
        case = await casework.apply(
            required_id("per", "person_id", body.person_id),
            sorted(set(body.programmes)),
            body.received_on,
            _place(units, body, actor),
            _by(actor),
        )
        return CaseShown.of(case)

    @made.post("/v1/measures", status_code=201)
    async def prepare(body: Prepared, actor: MayPrepare) -> CaseShown:
        """Prepare a suspension, a resumption or a stop, for somebody else to sign."""
        wanted = Measure(
            body.kind,
            required_id("per", "person_id", body.person_id),
            body.programme,
            body.ground,
            body.since,
        )
        return CaseShown.of(await casework.prepare(wanted, _by(actor)))

    @made.post("/v1/cases/{case_id}/checks")
    async def confirm(case_id: str, body: Checks, actor: MayPrepare) -> CaseShown:
        """Confirm facts or documents. With the last of the four the case is checked."""
        case = required_id("cas", "case_id", case_id)
        return CaseShown.of(await casework.confirm(case, body.confirmed, _by(actor)))

    @made.post("/v1/cases/{case_id}/signature")
    async def sign(case_id: str, actor: MaySign) -> CaseShown:
        """Sign a measure, or have one carried out again that had a `problem`; 403 `same_identity` for whoever
        prepared it. Of an application: that it changes nothing, where `unchanged_decision_id` says so."""
        return CaseShown.of(await casework.sign(required_id("cas", "case_id", case_id), _by(actor)))

    @made.post("/v1/cases/{case_id}/withdrawal")
    async def withdraw(case_id: str, actor: MayPrepare) -> CaseShown:
        """Whoever asked asks no longer, or a measure is dropped before it is signed."""
        return CaseShown.of(await casework.withdraw(required_id("cas", "case_id", case_id), _by(actor)))

    @made.post("/v1/cases/{case_id}/notification")
    async def notify(case_id: str, actor: MayPrepare) -> CaseShown:
        """The notice has gone out: the case is closed."""
        return CaseShown.of(await casework.notify(required_id("cas", "case_id", case_id), _by(actor)))


def _by(actor: Actor) -> By:
    return By(actor.sub, actor.territory)


def _place(units: Units, body: Application, actor: Actor) -> Place:
    """Where the application was received. Refusal for a commune that is none, or is not the caller's."""
    found = units.location(body.commune_code, body.received_on)
    if found is None or actor.territory not in (None, found.province_code):
        vi, en = "Không có xã này trong địa bàn của bạn.", "There is no such commune in your territory."
        raise Refusal("request_invalid", vi, en, (FieldError("commune_code", "value_error", vi, en),))
    return Place(body.commune_code, found.province_code, found.former_province_code)
