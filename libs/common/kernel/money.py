"""Money and coefficients: whole đồng and exact hundredths, never a float."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import NewType

Dong = NewType("Dong", int)


@dataclass(frozen=True, order=True, slots=True)
class Coefficient:
    """A multiple of a standard (hệ số), held in hundredths: 1.5 is `Coefficient(150)`."""

    hundredths: int

    @classmethod
    def parse(cls, text: str | int) -> Coefficient:
        """From "1.5", "2" or 2. ValueError when it has more than two decimals or is no number."""
        try:
            scaled = Decimal(str(text)) * 100
        except InvalidOperation:
            raise ValueError(f"{text!r} is not a coefficient such as 1.5") from None
        if not scaled.is_finite() or scaled != scaled.to_integral_value() or scaled < 0:
            raise ValueError(f"{text!r} is not a coefficient: at most two decimals, not negative")
        return cls(int(scaled))

    def of(self, standard: Dong) -> Dong:
        """Coefficient times standard, which must come out in whole đồng."""
        amount, rest = divmod(standard * self.hundredths, 100)
        assert rest == 0, f"{self} x {standard} is not a whole number of đồng"
        return Dong(amount)

    def __add__(self, other: Coefficient) -> Coefficient:
        return Coefficient(self.hundredths + other.hundredths)

    def __str__(self) -> str:
        whole, rest = divmod(self.hundredths, 100)
        return f"{whole}.{rest:02d}".rstrip("0").rstrip(".") if rest else str(whole)


NOTHING = Dong(0)
