"""Every topic: who publishes it, who consumes it, and whether facts flow up on it (`feedback`)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Topic:
    name: str
    publisher: str
    consumers: tuple[str, ...]
    types: tuple[str, ...]
    #: Why this topic may run against the order registry > facilities > eligibility > payments.
    feedback: str | None = None


#: Every topic but feedback carries it, once a month and shard: the month's facts precede it in its shard.
MONTH_FACTS_CLOSED = "MonthFactsClosed"

PERSON = Topic("ansinh.registry.person.v1", "registry", ("facilities", "eligibility"), ("PersonRecorded",))
PAYOUT_ACCOUNT = Topic(
    "ansinh.registry.payout-account.v1", "registry", ("payments",), ("PayoutAccountRecorded",)
)
FACILITY = Topic("ansinh.facilities.facility.v1", "facilities", ("payments",), ("FacilityRecorded",))
RESIDENCE = Topic(
    "ansinh.facilities.residence.v1", "facilities", ("eligibility",), ("ResidenceStarted", "ResidenceEnded")
)
DECISION = Topic(
    "ansinh.eligibility.decision.v1", "eligibility", ("payments",), ("DecisionRecorded", "DecisionSigned")
)
CASE = Topic(
    "ansinh.eligibility.case.v1",
    "eligibility",
    (),
    ("CaseReceived", "CaseChecked", "CaseDecided", "CaseUnchanged", "CaseNotified", "CaseWithdrawn"),
)
DIFFERENCE = Topic("ansinh.eligibility.difference.v1", "eligibility", ("payments",), ("DifferenceRecorded",))
RUN = Topic(
    "ansinh.payments.run.v1",
    "payments",
    (),
    ("RunBuilt", "RunApproved", "RunInstructed", "RunReconciled", "RunWithdrawn"),
)
UNCOLLECTED = Topic(
    "ansinh.payments.uncollected.v1",
    "payments",
    ("eligibility",),
    ("PaymentUncollected",),
    feedback="the law that eligibility keeps suspends what nobody collects; payments alone sees it",
)

#: Outward, a topic for each paying agency, with an access rule of its own: the changes of its payments. No
#: service consumes it, and no month is closed on it.
PUBLIC_PAYMENTS = Topic(
    "ansinh.public.payments.{paying_agency}.v1",
    "payments",
    (),
    ("PaymentInstructed", "PaymentSettled", "PaymentReturned", "PaymentUnknown"),
)
PUBLIC_PREFIX = "ansinh.public."

#: A service's word to its own processes that there is work: no fact, in no log, and lost without harm.
DETERMINATION_PART = "ansinh.eligibility.determination-part.v1"
RUN_WORK = "ansinh.payments.run-work.v1"

TOPICS = (PERSON, PAYOUT_ACCOUNT, FACILITY, RESIDENCE, DECISION, CASE, DIFFERENCE, RUN, UNCOLLECTED)


def published_by(service: str) -> tuple[Topic, ...]:
    return tuple(topic for topic in TOPICS if topic.publisher == service)


def consumed_by(service: str) -> tuple[Topic, ...]:
    return tuple(topic for topic in TOPICS if service in topic.consumers)


def awaited_by(service: str) -> tuple[Topic, ...]:
    """Whose months must be closed before the service closes its own: feedback is of no month."""
    return tuple(topic for topic in consumed_by(service) if topic.feedback is None)


def public_payments(agency_code: str) -> str:
    """The topic of a paying agency."""
    return PUBLIC_PAYMENTS.name.format(paying_agency=agency_code)
