"""Gifts at an age, in a campaign and on a visit, out of occasions.yaml and the files of provinces."""

from services.eligibility.domain.occasions import (
    GIVERS,
    NOTHING,
    RECEIVERS,
    Campaign,
    DatedMilestone,
    Gift,
    Milestone,
    OccasionRules,
    VisitGift,
)
from services.eligibility.domain.policy import Dated
from services.eligibility.store.policy_node import Node
from services.eligibility.store.policy_rules import CITED, CITED_OPTIONAL, Reader

_GIFT = "in_kind_dong in_kind"


def occasions(node: Node, reader: Reader) -> OccasionRules:
    longevity = node.at("longevity").fields("title milestones amounts")
    ages = longevity.at("milestones").fields(f"ages {CITED}", CITED_OPTIONAL)
    campaigns = [
        reader.findings.attempt(_campaign, code, item, reader) for code, item in node.at("campaigns").pairs()
    ]
    return OccasionRules(
        longevity.at("title").text(),
        frozenset(item.years() for item in ages.at("ages").items()),
        reader.citation(ages),
        milestones(longevity.at("amounts"), reader),
        tuple(campaign for campaign in campaigns if campaign is not None),
    )


def milestones(node: Node, reader: Reader) -> tuple[DatedMilestone, ...]:
    """Gifts at ages; several hold in the same months, each for its own ages."""
    keys = f"{_GIFT} ages from_age until_age"
    attempt = reader.findings.attempt
    read = [(item, attempt(reader.dated, item, "dong", _milestone, keys)) for item in node.items()]
    found: list[DatedMilestone] = []
    for item, value in read:
        if value is None:
            continue
        one = DatedMilestone(value.value, value.from_month, value.until, value.citation)
        if any(_meet(one, other) for other in found):
            attempt(item.refuse, "tuổi này đã có mức cùng thời gian", "the age has an amount in these months")
        found.append(one)
    return tuple(found)


def visits(node: Node, reader: Reader) -> tuple[Dated[VisitGift], ...]:
    return tuple(reader.dated(item, "giver receiver dong", _visit, _GIFT) for item in node.items())


def _meet(one: DatedMilestone, other: DatedMilestone) -> bool:
    apart = (one.until is not None and one.until < other.from_month) or (
        other.until is not None and other.until < one.from_month
    )
    ages = one.milestone.ages | {one.milestone.from_age or 0}
    others = other.milestone.ages | {other.milestone.from_age or 0}
    return not apart and (
        any(other.milestone.at(age) for age in ages) or any(one.milestone.at(age) for age in others)
    )


def _milestone(node: Node) -> Milestone:
    if node.has("ages") == node.has("from_age"):
        raise node.wrong("cần đúng một trong ages, from_age", "exactly one of ages, from_age is needed")
    if node.has("ages"):
        return Milestone(_gift(node), frozenset(item.years() for item in node.at("ages").items()))
    until = node.at("until_age").years() if node.has("until_age") else None
    return Milestone(_gift(node), from_age=node.at("from_age").years(), until_age=until)


def _campaign(code: str, node: Node, reader: Reader) -> Campaign:
    node.fields(f"title open_from pay_by members dong {CITED}", f"{CITED_OPTIONAL} {_GIFT}")
    found = Campaign(
        code,
        node.at("title").text(),
        node.at("open_from").date(),
        node.at("pay_by").date(),
        frozenset(item.text() for item in node.at("members").items()),
        _gift(node),
        reader.citation(node),
    )
    reader.after_its_instrument(node.at("open_from"), found.citation, found.open_from)
    if found.pay_by < found.open_from:
        raise node.at("pay_by").wrong("trước ngày mở", "it lies before `open_from`")
    return found


def _visit(node: Node) -> VisitGift:
    return VisitGift(node.at("giver").one_of(*GIVERS), node.at("receiver").one_of(*RECEIVERS), _gift(node))


def _gift(node: Node) -> Gift:
    return Gift(
        node.at("dong").dong(),
        node.at("in_kind_dong").dong() if node.has("in_kind_dong") else NOTHING,
        node.at("in_kind").text() if node.has("in_kind") else None,
    )
