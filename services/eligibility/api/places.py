"""Places in a list, as they come in over HTTP."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64

from libs.common.kernel.errors import Refusal


def cursor_of(*parts: str) -> str:
    """A place in a list, opaque to the caller."""
    return urlsafe_b64encode("\x1f".join(parts).encode()).decode()


def parts_of(cursor: str, count: int) -> list[str]:
    """The inverse of `cursor_of`; Refusal `request_invalid` when it is none of ours."""
    try:
        parts = urlsafe_b64decode(cursor.encode()).decode().split("\x1f")
    except (NotBase64, UnicodeError):
        parts = []
    if len(parts) != count:
        raise bad_cursor()
    return parts


def bad_cursor() -> Refusal:
    return Refusal(
        "request_invalid",
        "Con trỏ trang không hợp lệ; hãy dùng next_cursor của trang trước.",
        "The page cursor is not valid; use next_cursor of the page before.",
    )
