"""How a partner misbehaves, for those who try the platform against it. Every switch is off by default."""

from dataclasses import dataclass, fields
from typing import Any

from simulators.outcomes import draw


@dataclass(frozen=True, slots=True)
class Switches:
    """`delay_seconds`: a file rests so long before it is answered. `reject`: files are rejected (a bank).
    `duplicate`: what was booked is reported a second time under another name. `silent_per_10_000`: payments
    that are paid and not told of until the platform asks about them. `wrong_file`: a report on another file
    comes first. `late_return_per_10_000`: payments told as paid that come back afterwards (a bank, a wallet).
    `lost_answer`: a batch is taken, and the connection closed without a word (a wallet).
    """

    delay_seconds: float = 0.0
    reject: bool = False
    duplicate: bool = False
    silent_per_10_000: int = 0
    wrong_file: bool = False
    late_return_per_10_000: int = 0
    lost_answer: bool = False

    def is_silent_on(self, seed: int, payee: str) -> bool:
        return draw(seed, "silent", payee) < self.silent_per_10_000

    def comes_back(self, seed: int, payee: str) -> bool:
        return draw(seed, "late", payee) < self.late_return_per_10_000


OFF = Switches()


def read_switches(text: str) -> Switches:
    """`duplicate,silent_per_10_000=500`; ValueError for a name or value that there is none of."""
    names = [field.name for field in fields(Switches)]
    given: dict[str, Any] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = part.partition("=")
        if name not in names:
            raise ValueError(f"no switch is called {name}; there are {', '.join(names)}")
        given[name] = type(getattr(OFF, name))(float(value or 1))
    return Switches(**given)
