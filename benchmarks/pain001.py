"""A million payments to one bank as a stream: how fast, and in how much memory.

Our files have 10,000 payments at most; here one has all of them, so that nothing but the stream holds them.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

from benchmarks.bench import Line, Side, Target
from services.payments.clients.bank_files.pain001_writer import write_pain001
from services.payments.domain.partner_lines import FileHeader, PaymentOrder

_SIZE, _SIZE_QUICK = 1_000_000, 20_000
_MEMORY_MIB_MAX = 200
_BANK, _DAY, _AMOUNT = "970405", date(2024, 2, 5), 540_000


def lines(quick: bool) -> Iterator[Line]:
    size = _SIZE_QUICK if quick else _SIZE
    ours = Side(
        f"one pain.001.001.09 of {size:,} payments, by a process that may hold {_MEMORY_MIB_MAX} MiB in all",
        lambda: _in_a_process(size),
    )
    yield Line(f"pain.001, {size:,} payments", "payments", size, ours, target=Target(rate_min=20_000))


def peers() -> dict[str, str]:
    return {}


def _in_a_process(size: int) -> float:
    """Its seconds; AssertionError when it held more memory than it may."""
    asked = [sys.executable, "-m", "benchmarks.pain001", str(size)]
    found = json.loads(subprocess.run(asked, check=True, capture_output=True, text=True).stdout)
    assert found["memory_mib"] < _MEMORY_MIB_MAX, found
    return float(found["seconds"])


class _Nowhere:
    """A file that counts its bytes."""

    def __init__(self) -> None:
        self.size = 0

    def write(self, data: bytes) -> int:
        self.size += len(data)
        return len(data)


def _orders(size: int) -> Iterator[PaymentOrder]:
    for number in range(size):
        yield PaymentOrder(
            instruction_id=UUID(int=number),
            amount_dong=_AMOUNT,
            payee_name=f"Nguyễn Thử {number}",
            account_number=f"19{number:010d}",
            account_name=f"NGUYEN THU {number}",
            agency_code=_BANK,
            execution_date=_DAY,
            remittance="Tro cap xa hoi hang thang 01/2024",
        )


def _write(size: int) -> None:
    header = FileHeader(
        file_id=UUID(int=1),
        agency_code=_BANK,
        created_at=datetime(2024, 2, 5, tzinfo=UTC),
        execution_date=_DAY,
        instructions=size,
        control_sum_dong=size * _AMOUNT,
        debtor_name="Nguồn kinh phí trợ giúp xã hội",
        debtor_account="TGXH01",
        debtor_agency_code=_BANK,
        commune_code="",
    )
    target = _Nowhere()
    began = time.perf_counter()
    write_pain001(target, header, _orders(size))  # type: ignore[arg-type]
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "memory_mib": round(_held_mib(), 1), "bytes": target.size}))


def _held_mib() -> float:
    """The most that this process held. Of getrusage's ru_maxrss a child inherits what its parent held."""
    status = Path("/proc/self/status").read_text()
    kib = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(kib) / 1024


if __name__ == "__main__":
    _write(int(sys.argv[1]))
