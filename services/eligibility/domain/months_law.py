"""The law of one month in every place, made ready for columns."""

from dataclasses import replace

from libs.common.kernel.errors import Refusal
from libs.common.kernel.months import Month
from services.eligibility.domain.engine import Engine
from services.eligibility.domain.packs import Pack, Place
from services.eligibility.domain.vectorised import VectorPack, compile_pack


class MonthsLaw:
    """An engine's packs of one month, made ready as places ask for them: one for all places whose law is the
    same, as it is in most provinces."""

    def __init__(self, engine: Engine, month: Month) -> None:
        self._engine = engine
        self.month = month
        self._packs: dict[Place, VectorPack | None] = {}
        self._alike: dict[Pack, VectorPack] = {}

    def pack_of(self, place: Place) -> VectorPack | None:
        """None where the policy does not hold the law of the month."""
        if place not in self._packs:
            try:
                pack = replace(self._engine.pack(self.month, place), place=Place())
            except Refusal:
                self._packs[place] = None
                return None
            if pack not in self._alike:
                self._alike[pack] = compile_pack(pack, self._engine.policy)
            self._packs[place] = self._alike[pack]
        return self._packs[place]


class MonthsLaws:
    """The laws of the last months that were asked for, at most `most`."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._laws: dict[tuple[str, Month], MonthsLaw] = {}

    def of(self, engine: Engine, month: Month) -> MonthsLaw:
        key = (engine.policy.hash, month)
        if key not in self._laws:
            if len(self._laws) >= self._most:
                self._laws.clear()
            self._laws[key] = MonthsLaw(engine, month)
        return self._laws[key]
