"""What the routes reach through the application: the use cases, as wiring.py built them."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import Depends, Query, Request

from libs.common.kernel import ids
from libs.common.kernel.clock import Clock
from libs.common.kernel.errors import FieldError, Refusal
from libs.common.runtime.problems import not_found
from services.registry.usecases.people import ChangePerson, FindPeople, RegisterPerson
from services.registry.usecases.ports import Imports

PAGE_MAX = 500
Limit = Annotated[int, Query(ge=1, le=PAGE_MAX)]
Cursor = Annotated[str | None, Query(max_length=400)]


@dataclass(frozen=True)
class Doors:
    find: FindPeople
    register: RegisterPerson
    change: ChangePerson
    imports: Imports
    clock: Clock
    csv_bytes_max: int
    xlsx_bytes_max: int


def _doors(request: Request) -> Doors:
    doors: Doors = request.app.state.doors
    return doors


Through = Annotated[Doors, Depends(_doors)]


def person_id(text: str) -> UUID:
    """Refusal `not_found` when it is no person id."""
    try:
        return ids.read("per", text)
    except ValueError:
        raise not_found("người này", "person") from None


def import_id(text: str) -> UUID:
    """Refusal `not_found` when it is no import id."""
    try:
        return ids.read("imp", text)
    except ValueError:
        raise not_found("lượt nhập này", "import") from None


def cursor_of(*key: int | str) -> str:
    """A place in a list, for the caller opaque."""
    return urlsafe_b64encode(orjson.dumps(key)).decode()


def key_of(cursor: str, *types: type) -> list[int | str]:
    """The inverse of `cursor_of`; Refusal `request_invalid` when it is none of ours."""
    try:
        key = orjson.loads(urlsafe_b64decode(cursor.encode()))
    except (NotBase64, orjson.JSONDecodeError, UnicodeEncodeError, ValueError):
        key = None
    if not isinstance(key, list) or [type(part) for part in key] != list(types):
        raise _no_cursor()
    return key


def person_after(cursor: str) -> UUID:
    """The person that a page of people ended with; Refusal `request_invalid`."""
    try:
        return UUID(str(key_of(cursor, str)[0]))
    except ValueError:
        raise _no_cursor() from None


def _no_cursor() -> Refusal:
    return Refusal(
        "request_invalid",
        "Con trỏ trang không hợp lệ; hãy dùng next_cursor của trang trước.",
        "The page cursor is not valid; use next_cursor of the page before.",
        (FieldError("cursor", "not_a_cursor", "Không phải con trỏ trang.", "Not a page cursor."),),
    )
