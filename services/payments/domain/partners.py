"""The register of partners: who pays out for us, proposed by one identity and approved by another.

An entry is a row of versions; the latest approved one is in force. Anybody who may change the register can
stop a partner at once; only a version that is proposed and approved after that lets it in again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

#: Codes of partners that only try things out. No payee's account names one, so no money goes there.
SANDBOX_PREFIX = "SBX"


@dataclass(frozen=True, slots=True)
class Entry:
    """A version of a partner's entry, as proposed. Contacts are an office's, no person's.

    `keys`: its public ones, as JWKs; where it has any, what it hands in is signed by one of them.
    `stopped_at`: the partner's last stop; None once any version was approved after it.
    """

    agency_code: str
    version: int
    name: str
    contact_email: str
    contact_phone: str
    channels: tuple[str, ...]
    maker: str
    proposed_at: datetime
    checker: str | None = None
    approved_at: datetime | None = None
    stopped_at: datetime | None = None
    keys: tuple[Mapping[str, str], ...] = ()

    @property
    def sandbox(self) -> bool:
        return is_sandbox(self.agency_code)

    @property
    def status(self) -> str:
        if self.stopped_at is not None:
            return "suspended"
        return "proposed" if self.approved_at is None else "active"


def is_sandbox(agency_code: str) -> bool:
    return agency_code.startswith(SANDBOX_PREFIX)
