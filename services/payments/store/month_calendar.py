"""The payment calendar as policy/terms.yaml holds it; eligibility holds that file to its form."""

from pathlib import Path

import yaml

from libs.common.kernel.months import Month
from services.payments.domain.month_calendar import CalendarTerms


def read_calendar(terms: Path) -> tuple[CalendarTerms, ...]:
    """Its terms in the order of time."""
    cycle = yaml.safe_load(terms.read_text(encoding="utf-8"))["payment_cycle"]
    return tuple(
        CalendarTerms(Month.parse(str(item["from"])), int(item["list_before"]), int(item["return_before"]))
        for item in cycle
    )
