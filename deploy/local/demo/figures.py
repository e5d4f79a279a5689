"""The platform's own figures of a run, read at its doors, and whether they are what they must be."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from deploy.local.demo.stages import Journey
from deploy.local.verify import Counts, Finding
from scenarios.manifest import Manifest, Sum

COMMUNITY = ("MONTHLY_ALLOWANCE", "SOCIAL_PENSION")
NURTURE = "NURTURE_ALLOWANCE"
CARE = "CARE_ALLOWANCE"
_AMOUNTS = ("instructions", "lines", "instructed_dong", "settled_dong", "returned_dong", "pending_dong")
_MONEY = tuple(name for name in _AMOUNTS if name.endswith("_dong"))
_TOTALS = """
query Totals($run: ID!, $by: TotalsBy!, $programme: Programme, $after: String) {
  totals(runId: $run, by: $by, programme: $programme, after: $after) {
    nextCursor
    nodes { key name people instructions lines instructedDong settledDong returnedDong pendingDong }
  }
}
"""
_CAMPAIGN = """
query Campaign($id: ID!) {
  campaign(id: $id) { listed instructedDong settledDong returnedDong pendingDong }
  campaignProgress(id: $id, by: GROUP) { nodes { key listed instructedDong } }
}
"""
DEVIATION_MAX = 0.005
AVERAGE_MIN, AVERAGE_MAX = 1.2, 1.7
_NOT_ENTITLED_MIN = 0.05
#: From this size on a population stands for its report, and holds enough new applications.
_WHOLE_POPULATION, _PROPOSED_MIN = 20_000, 100
#: Outward, a health condition of fewer people than this is folded into `other`.
_FOLDED_BELOW = 10


@dataclass(frozen=True, slots=True)
class Group:
    """One line of a total: a category, a channel, a commune."""

    key: str
    name: str
    people: int
    instructed_dong: int
    amounts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class GiftFigures:
    """The campaign of a scenario as the gateway shows it, whole and by group."""

    listed: int
    amounts: dict[str, int]
    groups: dict[str, Sum]


@dataclass
class Figures:
    """What the platform says of itself; money and instructions of community programmes unless said."""

    people: int
    decided: int
    refused: int
    unsigned: int
    beneficiaries: int
    amounts: dict[str, int]
    standard_dong: int
    residents: int
    nurture_dong: int
    carers: int
    care_dong: int
    categories: list[Group]
    channels: list[Group]
    communes: list[Group]
    counts: Counts
    findings: list[Finding]
    gifts: GiftFigures | None = None
    #: What adds up otherwise by another way of asking.
    disagreements: list[str] = field(default_factory=list)

    @property
    def average_coefficient(self) -> float:
        return self.amounts["instructed_dong"] / self.standard_dong if self.standard_dong else 0.0

    @property
    def violations(self) -> int:
        return sum(finding.violations for finding in self.findings)


async def read(journey: Journey, counts: Counts, findings: list[Finding]) -> Figures:
    """Ask registry, eligibility, payments and the gateway."""
    client = journey.client
    counted = await client.get("auditor", "registry", "/v1/counts")
    month = journey.months[-1]
    determined = await client.get("auditor", "eligibility", f"/v1/determinations/{month}")
    run = await client.get("auditor", "payments", f"/v1/runs/{journey.run_id}")
    provinces = {part: await _totals(journey, "PROVINCE", part) for part in (*COMMUNITY, NURTURE, CARE)}
    community = [group for part in COMMUNITY for group in provinces[part]]
    amounts = {name: sum(group.amounts[name] for group in community) for name in _AMOUNTS}
    of_programmes = {item["programme"].upper(): item for item in run["by_programme"]}
    figures = Figures(
        people=counted["people"],
        decided=determined["decided"],
        refused=determined["refused"],
        unsigned=determined["proposed"],
        beneficiaries=sum(group.people for group in community),
        amounts=amounts,
        standard_dong=sum(
            of_programmes[part]["standard_dong"] for part in COMMUNITY if part in of_programmes
        ),
        residents=sum(group.people for group in provinces[NURTURE]),
        nurture_dong=sum(group.instructed_dong for group in provinces[NURTURE]),
        # A carer of several has one instruction.
        carers=sum(group.amounts["instructions"] for group in provinces[CARE]),
        care_dong=sum(group.instructed_dong for group in provinces[CARE]),
        categories=await _totals(journey, "CATEGORY", None),
        channels=[group for part in COMMUNITY for group in await _totals(journey, "CHANNEL", part)],
        communes=[group for part in COMMUNITY for group in await _totals(journey, "COMMUNE", part)],
        counts=counts,
        findings=findings,
        gifts=await _gifts(journey) if journey.manifest.gifts else None,
    )
    for name in _AMOUNTS:
        ledger = sum(of_programmes[part][name] for part in COMMUNITY if part in of_programmes)
        if ledger != amounts[name]:
            figures.disagreements.append(f"{name}: gateway {amounts[name]:,}, payments {ledger:,}")
    for by, groups in (("commune", figures.communes), ("channel", figures.channels)):
        # A payee of several communes is one instruction: only money adds up over groups.
        for name in _MONEY:
            total = sum(group.amounts[name] for group in groups)
            if total != amounts[name]:
                figures.disagreements.append(f"{name} by {by}: {total:,}, by province {amounts[name]:,}")
    return figures


async def _totals(journey: Journey, by: str, programme: str | None) -> list[Group]:
    groups: list[Group] = []
    after: str | None = None
    while True:
        asked = {"run": journey.run_id, "by": by, "programme": programme, "after": after}
        page = (await journey.client.query("auditor", _TOTALS, asked))["totals"]
        groups += [
            Group(
                key=node["key"],
                name=node["name"],
                people=node["people"],
                instructed_dong=int(node["instructedDong"]),
                amounts={name: int(node[_camel(name)]) for name in _AMOUNTS},
            )
            for node in page["nodes"]
        ]
        after = page["nextCursor"]
        if after is None:
            return groups


async def _gifts(journey: Journey) -> GiftFigures:
    found = await journey.client.query("auditor", _CAMPAIGN, {"id": journey.campaign_id})
    campaign, groups = found["campaign"], found["campaignProgress"]["nodes"]
    return GiftFigures(
        listed=campaign["listed"],
        amounts={name: int(campaign[_camel(name)]) for name in _MONEY},
        groups={one["key"]: Sum(one["listed"], int(one["instructedDong"])) for one in groups},
    )


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def summary(manifest: Manifest, figures: Figures, seconds: Mapping[str, Any]) -> dict[str, Any]:
    """var/demo/summary.json."""
    published = manifest.published
    amounts = figures.amounts
    return {
        "scenario": manifest.scenario,
        "people": figures.people,
        "decided": figures.decided,
        "beneficiaries": figures.beneficiaries,
        "instructions": amounts["instructions"],
        "instructed_dong": amounts["instructed_dong"],
        "settled_dong": amounts["settled_dong"],
        "returned_dong": amounts["returned_dong"],
        "pending_dong": amounts["pending_dong"],
        "residents": figures.residents,
        "nurture_dong": figures.nurture_dong,
        "published_beneficiaries": published.beneficiaries,
        "published_dong": published.dong,
        "published_nurture_dong": published.nurture_dong,
        "deviation_beneficiaries": deviation(figures.beneficiaries, published.beneficiaries),
        "deviation_dong": deviation(amounts["instructed_dong"], published.dong),
        "average_coefficient": round(figures.average_coefficient, 4),
        "events_published": figures.counts.published,
        "events_consumed": figures.counts.consumed,
        "events_expected": figures.counts.expected,
        "invariant_violations": figures.violations,
        "seconds": seconds,
        "carers": figures.carers,
        "care_dong": figures.care_dong,
        "gifts": _gift_summary(manifest, figures),
    }


def _gift_summary(manifest: Manifest, figures: Figures) -> dict[str, Any] | None:
    """Gifts apart: they stand in none of the figures of allowances."""
    expected, gifts = manifest.gifts, figures.gifts
    if expected is None or gifts is None:
        return None
    return {
        "recipients": gifts.listed,
        **gifts.amounts,
        "published_recipients": expected.published_recipients,
        "published_dong": expected.published_dong,
        "deviation_recipients": deviation(gifts.listed, expected.published_recipients),
        "deviation_dong": deviation(gifts.amounts["instructed_dong"], expected.published_dong),
    }


def deviation(ours: int, published: int | None) -> float | None:
    """(ours − published) / published, signed; None where the report is silent."""
    return None if published is None else (ours - published) / published


def problems(manifest: Manifest, figures: Figures) -> list[str]:
    """Everything that is off; an empty list is a good run. The scenario's own table is the judge of money."""
    return [
        *_deviations(manifest, figures),
        *_categories(manifest.expected.by_category, figures.categories),
        *_counts(manifest, figures),
        *_given(manifest, figures),
        *(f"figures differ: {line}" for line in figures.disagreements),
        *(
            f"invariant {finding.number} ({finding.name}, {finding.where}): {finding.violations} violations"
            for finding in figures.findings
            if finding.violations
        ),
    ]


def _deviations(manifest: Manifest, figures: Figures) -> Iterable[str]:
    compared = (
        ("beneficiaries", figures.beneficiaries, manifest.published.beneficiaries),
        ("dong", figures.amounts["instructed_dong"], manifest.published.dong),
        ("nurture dong", figures.nurture_dong, manifest.published.nurture_dong),
    )
    for name, ours, published in compared:
        off = deviation(ours, published)
        if off is not None and abs(off) > DEVIATION_MAX:
            yield f"{name}: {ours:,} is {off:+.3%} from the published {published:,}"


def _given(manifest: Manifest, figures: Figures) -> Iterable[str]:
    expected, gifts = manifest.gifts, figures.gifts
    if expected is None or gifts is None:
        return
    instructed = gifts.amounts["instructed_dong"]
    compared = (
        ("gifts", gifts.listed, expected.published_recipients),
        ("gift dong", instructed, expected.published_dong),
    )
    for name, ours, published in compared:
        off = deviation(ours, published)
        if off is not None and abs(off) > DEVIATION_MAX:
            yield f"{name}: {ours:,} is {off:+.3%} from the published {published:,}"
    if (gifts.groups, instructed) != (expected.by_group, expected.dong):
        yield f"gifts by group: {gifts.groups}; the scenario's table says {expected.by_group}"
    if gifts.amounts["settled_dong"] + gifts.amounts["returned_dong"] != instructed:
        yield f"gifts: {gifts.amounts['pending_dong']:,} đ are pending"


def _categories(expected: Mapping[str, Sum], found: Iterable[Group]) -> Iterable[str]:
    wanted: dict[str, Sum] = {}
    for category, one in expected.items():
        folded = category == "health_condition" and one.people < _FOLDED_BELOW
        key = "other" if folded else category
        known = wanted.get(key, Sum(0, 0))
        wanted[key] = Sum(known.people + one.people, known.dong + one.dong)
    ours = {group.key: Sum(group.people, group.instructed_dong) for group in found}
    for category in sorted(wanted.keys() | ours.keys()):
        want, have = wanted.get(category, Sum(0, 0)), ours.get(category, Sum(0, 0))
        if want != have:
            yield (
                f"category {category}: {have.people:,} people, {have.dong:,} đ; "
                f"the scenario's table says {want.people:,} people, {want.dong:,} đ"
            )


def _counts(manifest: Manifest, figures: Figures) -> Iterable[str]:
    expected, amounts = manifest.expected, figures.amounts
    parts = amounts["settled_dong"] + amounts["returned_dong"] + amounts["pending_dong"]
    equal = (
        ("people registered", figures.people, manifest.people),
        ("people decided", figures.decided, manifest.people),
        ("residents", figures.residents, expected.residents),
        ("nurture dong", figures.nurture_dong, expected.nurture_dong),
        ("carers", figures.carers, expected.carers),
        ("care dong", figures.care_dong, expected.care_dong),
        ("sum of the lines' standards", figures.standard_dong, expected.lines_standard_sum),
        ("settled + returned + pending", parts, amounts["instructed_dong"]),
        ("proposals left unsigned", figures.unsigned, 0),
        ("events consumed", figures.counts.consumed, figures.counts.expected),
    )
    for name, ours, wanted in equal:
        if ours != wanted:
            yield f"{name}: {ours:,}, must be {wanted:,}"
    if manifest.people >= _WHOLE_POPULATION and expected.proposed < _PROPOSED_MIN:
        yield f"only {expected.proposed:,} new applications were to be signed"
    if not AVERAGE_MIN <= figures.average_coefficient <= AVERAGE_MAX:
        yield f"average coefficient {figures.average_coefficient:.3f} is outside {AVERAGE_MIN}..{AVERAGE_MAX}"
    if figures.refused < _NOT_ENTITLED_MIN * figures.people:
        yield f"only {figures.refused:,} of {figures.people:,} people are not entitled"
