"""JSON text to a value, strictly: UTF-8, no key twice, no NaN; else Refusal `case_invalid`."""

import json
import re
from typing import Any, NoReturn

from libs.common.kernel.errors import FieldError, Refusal

#: An escape that may be half of a character; alone it could be read, and never written again.
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")


def parse(text: bytes) -> object:
    """The value of a JSON document. Refusal `case_invalid` (`not_json`, `duplicate_field`)."""
    try:
        value: object = json.loads(
            text.decode("utf-8-sig"), object_pairs_hook=_once, parse_constant=_no_constant
        )
        if _HALF.search(text):
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        raise _refused("", "not_json", "Đây không phải JSON hợp lệ.", "This is no valid JSON.") from None
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _refused(twice, "duplicate_field", "Trường này có hai lần.", "This field stands twice.")
    return found


def _no_constant(_: str) -> NoReturn:
    raise ValueError("no JSON number")


def _refused(path: str, code: str, vi: str, en: str) -> Refusal:
    return Refusal("case_invalid", vi, en, (FieldError(path, code, vi, en),))
