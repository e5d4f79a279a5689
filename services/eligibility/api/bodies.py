"""Bodies of requests that are read here and not by a parameter: cut off as soon as they are over a limit."""

from fastapi import Request

from libs.common.kernel.errors import Refusal


async def limited_body(request: Request, bytes_max: int) -> bytes:
    """The whole body. Refusal `body_too_large`."""
    read = bytearray()
    async for chunk in request.stream():
        read += chunk
        if len(read) > bytes_max:
            kib = bytes_max >> 10
            raise Refusal(
                "body_too_large",
                f"Nội dung gửi lên không được vượt quá {kib} KiB.",
                f"The body may not be over {kib} KiB.",
            )
    return bytes(read)
