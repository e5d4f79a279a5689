"""A registry for tests: its real application on a real database, its worker stepped by hand."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
import httpx
import orjson
import xlsxwriter

from libs.common.kernel.errors import Refusal
from libs.common.runtime.sealing import Opener
from services.registry import wiring
from services.registry.domain.columns import COLUMNS
from services.registry.settings import RegistrySettings
from tests.support.postgres import ServiceDatabase

BUSINESS_DATE = "2023-12-01"
#: A commune of Hà Nội (01) and one of Ninh Bình (37), as they stood in 2023.
HA_NOI, NINH_BINH = "00001", "14323"
OFFICER, READER = "commune-officer", "commune-chair"


class Tokens:
    """Stands for the issuer: the token `role@territory` is somebody of that role and territory."""

    async def claims(self, token: str) -> dict[str, Any]:
        role, _, territory = token.partition("@")
        if not role:
            raise Refusal("token_invalid", "", "")
        return {"sub": f"test:{token}", "roles": [role], "territory": territory or "*"}


@dataclass
class Registry:
    """What a test holds: the application's client, the parts behind it, and a look into the database."""

    parts: wiring.Parts
    client: httpx.AsyncClient
    look: "asyncpg.Connection[asyncpg.Record]"
    openers: Mapping[str, Opener]
    environment: Mapping[str, str]

    async def work(self, steps_max: int = 1_000) -> int:
        """Let the import worker do what there is; the number of its steps."""
        for step in range(steps_max):
            if not await self.parts.take_imports.step():
                return step
        return steps_max

    async def upload(self, content: bytes, name: str = "people.csv", as_: str = OFFICER) -> httpx.Response:
        return await self.client.post("/v1/imports", files={"file": (name, content)}, headers=token(as_))

    async def taken(self, content: bytes, name: str = "people.csv", as_: str = OFFICER) -> dict[str, Any]:
        """Upload, work, and the import as its status shows it."""
        answer = await self.upload(content, name, as_)
        assert answer.status_code == 202, answer.text
        await self.work()
        shown = await self.client.get(f"/v1/imports/{answer.json()['import_id']}", headers=token(as_))
        return dict(shown.json())

    async def errors(self, import_id: str) -> list[tuple[int, str, str]]:
        answer = await self.client.get(f"/v1/imports/{import_id}/errors", headers=token(OFFICER))
        return [(one["row_number"], one["column"], one["code"]) for one in answer.json()["items"]]

    async def get(self, path: str, as_: str = OFFICER, **params: str) -> httpx.Response:
        return await self.client.get(path, params=params, headers=token(as_))

    async def events(self, type_: str) -> list[dict[str, Any]]:
        rows = await self.look.fetch("select data from outbox where type = $1 order by id", type_)
        return [orjson.loads(row["data"]) for row in rows]


def token(as_: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {as_}"}


async def open_registry(database: ServiceDatabase) -> Registry:
    environment = {**database.environment, "ANSINH_BUSINESS_DATE": BUSINESS_DATE}
    settings = RegistrySettings.from_environment("registry", environment)
    parts = wiring.parts(settings)
    application = wiring.service(parts)
    application.state.verifier = Tokens()
    await parts.database.open()
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(application), base_url="http://registry", timeout=60
    )
    return Registry(
        parts,
        client,
        await asyncpg.connect(database.url_superuser),
        {to: Opener(environment[f"ANSINH_SEAL_PRIVATE_{to.upper()}"]) for to in ("eligibility", "payments")},
        environment,
    )


async def close_registry(registry: Registry) -> None:
    await registry.client.aclose()
    await registry.look.close()
    await registry.parts.database.close()


def personal_id(number: int, born: str = "1940-05-06", sex: str = "male") -> str:
    """A valid number, obviously made up: place 001."""
    fourth = 1 if sex == "female" else 0
    return f"001{fourth}{born[2:4]}{number:06d}"


def person(number: int, **changed: str) -> dict[str, str]:
    """A valid row, different for every number."""
    row = dict.fromkeys(COLUMNS, "")
    row |= {
        "household_number": f"H{number // 2}",
        "personal_id": personal_id(number),
        "full_name": "Nguyễn Văn Thử",
        "birth_date": "1940-05-06",
        "sex": "male",
        "commune_code": HA_NOI,
        "poverty_status": "poor",
        "area": "other",
        "already_receiving": "true",
        "decision_signed_on": "2020-02-03",
        "channel": "bank_account",
        "agency_code": "970405",
        "account_number": f"9999{number:08d}",
        "account_name": "NGUYEN VAN THU",
        "payee_relation": "self",
    }
    return row | changed


def csv_file(rows: Sequence[Mapping[str, str]], columns: Sequence[str] = COLUMNS, bom: bool = False) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig" if bom else "utf-8")


def xlsx_file(rows: Sequence[Mapping[str, Any]], columns: Sequence[str] = COLUMNS) -> bytes:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, columns)
    for at, row in enumerate(rows, start=1):
        for column, name in enumerate(columns):
            value = row[name]
            if hasattr(value, "year"):
                sheet.write_datetime(at, column, value, day)
            elif value != "":
                sheet.write(at, column, value)
    book.close()
    return target.getvalue()
