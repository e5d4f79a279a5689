"""The trace of a determination: a bit for each check and each rule, the same from either evaluator.

With the facts and the policy it stands for all reasons: whoever has the three can tell every rule that was
tried, what it looked at and how it ended.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from services.eligibility.domain.determination import Determination
from services.eligibility.domain.packs import FixedRule, Pack


@dataclass(frozen=True, slots=True)
class TraceLayout:
    """Where a rule's bits begin: one for each of its checks, in their order, then one for `held`.

    Bit n is bit n % 8, counted from the lowest, of byte n // 8; what is left of the last byte is 0.
    """

    first_bit: dict[str, int]
    bits: int

    @property
    def width(self) -> int:
        """Bytes of a trace."""
        return -(-self.bits // 8)


def rules_of(pack: Pack) -> tuple[FixedRule, ...]:
    """Every rule of the pack in the order of traces and outcomes."""
    return pack.allowances + pack.pensions + pack.care + pack.nurture


def trace_layout(pack: Pack) -> TraceLayout:
    first_bit, bits = {}, 0
    for rule in rules_of(pack):
        first_bit[rule.code] = bits
        bits += len(rule.checks) + 1
    return TraceLayout(first_bit, bits)


def trace_of(determination: Determination, pack: Pack) -> bytes:
    """The trace of what was determined by this pack; rules that were not tried have no bit."""
    layout = trace_layout(pack)
    trace = sum(1 << bit for bit in _bits(determination, layout))
    return trace.to_bytes(layout.width, "little")


def _bits(determination: Determination, layout: TraceLayout) -> Iterator[int]:
    for tried in determination.reasons:
        bit = layout.first_bit[tried.rule.code]
        yield from (at for at, met in enumerate((*tried.met, tried.held), bit) if met)
