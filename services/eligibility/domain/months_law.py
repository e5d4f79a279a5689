"""The law of one month in every place, made ready for columns."""

from libs.common.kernel.errors import Refusal
from libs.common.kernel.months import Month
from services.eligibility.domain.engine import Engine
from services.eligibility.domain.packs import Place
from services.eligibility.domain.vectorised import VectorPack, compile_pack


class MonthsLaw:
    """An engine's packs of one month, made ready as places ask for them."""

    def __init__(self, engine: Engine, month: Month) -> None:
        self._engine = engine
        self.month = month
        self._packs: dict[Place, VectorPack | None] = {}

    def pack_of(self, place: Place) -> VectorPack | None:
        """None where the policy does not hold the law of the month."""
        if place not in self._packs:
            try:
                self._packs[place] = compile_pack(self._engine.pack(self.month, place), self._engine.policy)
            except Refusal:
                self._packs[place] = None
        return self._packs[place]
