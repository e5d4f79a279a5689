"""The scalar evaluator and the vectorised one on the same people, and where they differ."""

import random
from dataclasses import asdict
from typing import Any

from libs.common.kernel.errors import Refusal
from services.eligibility.domain.cases import Case, Member
from services.eligibility.domain.columns import columns_of
from services.eligibility.domain.determination import Determination
from services.eligibility.domain.engine import Engine
from services.eligibility.domain.entitlement import Timeline
from services.eligibility.domain.facts import PersonFacts
from services.eligibility.domain.packs import Pack
from services.eligibility.domain.traces import trace_of
from services.eligibility.domain.vectorised import (
    NO_RULE,
    Outcomes,
    VectorPack,
    award_starts,
    compile_pack,
    evaluate,
    month_at,
)
from tests.policy.support import packaged, under
from tests.support.people import PLACES, some_month, somebody


def difference(chance: random.Random, people: int) -> dict[str, Any] | None:
    """The first of some random people, of one month, place and reading of the law, on whom the two differ."""
    switches = packaged().policy.switches
    engine = under(tuple((name, chance.choice(switch.options)) for name, switch in sorted(switches.items())))
    first_known = engine.policy.coverage.from_month
    month, place = max(some_month(chance), first_known), chance.choice(PLACES)
    facts = [somebody(chance, month) for _ in range(people)]
    columns = columns_of(facts)
    pack = engine.pack(month, place)
    vector_pack = compile_pack(pack, engine.policy)
    for started_only in (False, True):
        outcomes = evaluate(vector_pack, columns, started_only=started_only)
        starts = award_starts(vector_pack, columns, outcomes)
        for at, person in enumerate(facts):
            scalar = _scalar(engine, pack, person, started_only)
            vector = _vector(vector_pack, outcomes, at)
            if not started_only and "awards" in vector:
                start = month_at(int(starts[at]))
                vector["start_month"] = str(start) if start else None
            if scalar != vector:
                return {
                    "month": str(month),
                    "place": asdict(place),
                    "switches": {name: one.chosen for name, one in engine.policy.switches.items()},
                    "started_only": started_only,
                    "facts": asdict(person),
                    "scalar": scalar,
                    "vectorised": vector,
                }
    return None


def _scalar(engine: Engine, pack: Pack, person: PersonFacts, started_only: bool) -> dict[str, Any]:
    month, place = pack.month, pack.place
    try:
        if started_only:
            case = Case("", month, month.last_day, place, (Member(person),))
            found = Timeline(engine, case, person).determine(month)
        else:
            found = engine.determine(person, month, place.province, place.former_province)
    except Refusal as refusal:
        return {"undetermined": refusal.errors[0].path}
    said = {"awards": _awards(found), "amount": found.amount, "trace": trace_of(found, pack).hex()}
    if not started_only:
        said["start_month"] = str(found.start_month) if found.start_month else None
    return said


def _awards(found: Determination) -> list[tuple[str, int, int]]:
    return [(one.rule, one.coefficient.hundredths, one.amount) for one in found.awards + found.care]


def _vector(pack: VectorPack, outcomes: Outcomes, at: int) -> dict[str, Any]:
    if outcomes.undetermined[at]:
        assert not outcomes.trace[at].any() and not outcomes.amount[:, at].any()
        return {"undetermined": "month"}
    return {
        "awards": [
            (pack.rules[rule].code, int(outcomes.hundredths[slot, at]), int(outcomes.amount[slot, at]))
            for slot, rule in enumerate(outcomes.rule[:, at])
            if rule != NO_RULE
        ],
        "amount": int(outcomes.allowance[at]),
        "trace": outcomes.trace[at].tobytes().hex(),
    }
