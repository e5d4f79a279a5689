"""What stops a start, said so that the reader knows what to do."""

import socket
from dataclasses import dataclass

from deploy.local.places import HOST


@dataclass(eq=False)
class CannotStart(Exception):
    """The platform can't start or go on: what and what to do, in Vietnamese and English."""

    message_vi: str
    message_en: str

    def __str__(self) -> str:
        return f"{self.message_vi}\n{self.message_en}"


def require_free_port(port: int, name: str) -> None:
    """CannotStart when something listens there, or may not be bound."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise CannotStart(
                f"Cổng {port} ({name}) đang có chương trình khác dùng. Hãy dừng chương trình đó, "
                "hoặc đặt ANSINH_PORT_BASE sang số khác (ví dụ 9100).",
                f"Port {port} ({name}) is taken by another program. Stop that program, "
                "or set ANSINH_PORT_BASE to another number (such as 9100).",
            ) from error
