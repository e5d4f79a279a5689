"""The invariants, asked of every service, and those that hold between services: `ansinh verify`."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from contracts import topics
from deploy.local.keys import SERVICES

#: The JSON that a service answers to an auditor at a path: (service, path).
Ask = Callable[[str, str], Awaitable[Any]]
_ARRIVAL_SECONDS_MAX = 60.0
_ARRIVAL_PAUSE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Finding:
    """One promise as it stands: no violation is good. `number` as in the list of invariants."""

    number: int
    name: str
    where: str
    violations: int
    sample: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Counts:
    """Events over all topics; `expected` is published times consumers: outward topics have none of ours."""

    published: int
    consumed: int
    expected: int


async def verify(ask: Ask) -> tuple[list[Finding], Counts]:
    """Every invariant, and how many events there are. Waits up to a minute for events under way.

    Raises what `ask` raises.
    """
    positions = await arrived_positions(ask)
    answers = await asyncio.gather(*(ask(name, "/v1/invariants") for name in SERVICES))
    findings = between_services(positions)
    for service, answer in zip(SERVICES, answers, strict=True):
        findings += [
            Finding(item["number"], item["name"], service, item["violations"], tuple(item["sample"]))
            for item in answer["items"]
        ]
    return sorted(findings, key=lambda finding: (finding.number, finding.where)), counts(positions)


async def arrived_positions(ask: Ask) -> dict[str, Any]:
    """Each service's positions, once everything published has arrived, or as they stand after a minute."""
    loop = asyncio.get_running_loop()
    until = loop.time() + _ARRIVAL_SECONDS_MAX
    while True:
        answers = await asyncio.gather(*(ask(name, "/v1/positions") for name in SERVICES))
        positions = dict(zip(SERVICES, answers, strict=True))
        if loop.time() > until or not any(finding.violations for finding in between_services(positions)):
            return positions
        await asyncio.sleep(_ARRIVAL_PAUSE_SECONDS)


def between_services(positions: Mapping[str, Any]) -> list[Finding]:
    """What the log of a publisher and the inbox of each consumer say about one another.

    7: nothing published is missing there. 8: nothing is there that was not published. Equal counts with
    unequal digests break both.
    """
    findings = []
    for topic in topics.TOPICS:
        told = _position(positions, topic.publisher, "published", topic.name)
        for consumer in topic.consumers:
            taken = _position(positions, consumer, "applied", topic.name)
            way = f"{topic.name} → {consumer}"
            other = told["events"] == taken["events"] and told["digest"] != taken["digest"]
            missing = max(0, told["events"] - taken["events"]) or int(other)
            extra = max(0, taken["events"] - told["events"]) or int(other)
            findings.append(Finding(7, "every event reached its consumer", way, missing))
            findings.append(Finding(8, "no consumer saw an event that is not there", way, extra))
    for service in SERVICES:
        found = positions[service]
        findings.append(Finding(7, "nothing waits in the outbox", service, int(found["pending"])))
        findings.append(Finding(7, "no event was set aside", service, int(found["set_aside"])))
    return findings


def counts(positions: Mapping[str, Any]) -> Counts:
    published = {
        topic: _position(positions, topic.publisher, "published", topic.name)["events"]
        for topic in topics.TOPICS
    }
    outward = sum(
        entry["events"]
        for name, entry in positions[topics.PUBLIC_PAYMENTS.publisher]["published"].items()
        if name.startswith(topics.PUBLIC_PREFIX)
    )
    return Counts(
        published=sum(published.values()) + outward,
        consumed=sum(
            entry["events"] for service in SERVICES for entry in positions[service]["applied"].values()
        ),
        expected=sum(events * len(topic.consumers) for topic, events in published.items()),
    )


def _position(positions: Mapping[str, Any], service: str, side: str, topic: str) -> dict[str, Any]:
    found: dict[str, Any] = positions[service][side].get(topic, {"events": 0, "digest": "0"})
    return found
