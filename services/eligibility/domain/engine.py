"""The engine: a policy, and the packs it has been fixed to so far."""

from dataclasses import dataclass, field, replace
from functools import cached_property

from libs.common.kernel.months import Month
from services.eligibility.domain import determination
from services.eligibility.domain.determination import Determination
from services.eligibility.domain.facts import PersonFacts
from services.eligibility.domain.packs import Pack, Place, resolve
from services.eligibility.domain.policy import Policy
from services.eligibility.domain.starts import start_of_awards

_NOWHERE = Place()
#: Anybody may ask for any month and place, so the packs kept are few enough to forget and make again.
_PACKS_MAX = 1_000


@dataclass(frozen=True)
class Engine:
    """Decides by one policy. Deterministic; the cache holds a pack per month and place asked for."""

    policy: Policy
    _packs: dict[tuple[Month, Place, Month | None, Place | None], Pack] = field(
        default_factory=dict, repr=False, compare=False
    )

    def determine(
        self,
        facts: PersonFacts,
        month: Month,
        province: str | None = None,
        former_province: str | None = None,
    ) -> Determination:
        """What `month` grants to the person once a decision is in force, with every rule tried.

        A file that nobody has signed yet is determined like any other: `start_month` says from when it
        would be paid, None where that waits for the signature or where no start rule applies.
        Refusal `not_covered_yet` where the policy does not hold the law of the month.
        """
        found = determination.determine(self.pack_of(month, province, former_province), facts)
        if facts.governing_date is None or not found.awards:
            return found
        return replace(found, start_month=start_of_awards(self.policy, found.awards, facts))

    def pack_of(self, month: Month, province: str | None, former_province: str | None) -> Pack:
        """The pack that `determine` decides by."""
        place = Place(province, former_province) if province or former_province else _NOWHERE
        return self.pack(month, place)

    def pack(
        self, month: Month, place: Place, known_in: Month | None = None, pension_place: Place | None = None
    ) -> Pack:
        """The policy fixed to a month and place, as the law stood in `known_in` (None: all of it)."""
        key = (month, place, known_in, pension_place)
        pack = self._packs.get(key)
        if pack is None:
            if len(self._packs) >= _PACKS_MAX:
                self._packs.clear()
            pack = self._packs[key] = resolve(self.policy, month, place, known_in, pension_place)
        return pack

    @cached_property
    def releases(self) -> tuple[tuple[Month, Month], ...]:
        """Where the law reaches back: (first month it changed, month in which it became law)."""
        return self.policy.releases()

    def knowledge(self, month: Month, known_in: Month) -> Month | None:
        """The `known_in` to ask a pack of `month` with: None unless something came later, so that
        few packs are built."""
        for effect, released in self.releases:
            if effect <= month < released and known_in < released:
                return released - 1
        return None

    def back_pay(self, month: Month) -> bool:
        """Whether a suspension of `month` that ends with the conditions unchanged is paid back."""
        return self.policy.pick(self.policy.back_pay, month) is not None
