"""What eligibility tells: decisions and signatures, with the outward category only; the life of cases."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import orjson

from contracts import topics
from libs.common.kernel import id_columns
from libs.common.kernel.byte_rows import Bytes, beside, days, numerals, of_texts, put, repeated
from libs.common.kernel.ids import derived_id, show
from libs.common.kernel.months import Month
from libs.common.runtime.outbox import EventRows, OutgoingEvent
from services.eligibility.domain.alike import Alike
from services.eligibility.domain.casework import CaseFile
from services.eligibility.domain.decisions import Decision
from services.eligibility.usecases.ports import Recorded, SignedDecision


def decisions(recorded: Sequence[Recorded]) -> list[OutgoingEvent]:
    """DecisionRecorded of each, in the JSON of contracts.events.eligibility."""
    return [_decision(one.decision) for one in recorded]


def decided_elsewhere(made: Sequence[Decision]) -> list[OutgoingEvent]:
    """DecisionRecorded of each decision that another authority made."""
    return [_decision(one) for one in made]


def alike(group: Alike) -> EventRows:
    """DecisionRecorded of each of a group: the sample's JSON, with the others' values in its places."""
    sample, lines, shown = group.sample, group.changes.lines, id_columns.shown("dec", group.ids)
    told = _decision(sample)
    values: dict[str, Bytes] = {
        "decision_id": shown,
        "person_id": id_columns.shown("per", group.people),
        "version": numerals(group.changes.version),
        "coefficient_hundredths": numerals(lines.hundredths),
        "standard_dong": numerals(lines.standard),
        "amount_dong": numerals(lines.amount),
        "commune_code": of_texts(group.places.commune, len(sample.terms.place.commune_code)),
        "province_code": of_texts(group.places.province, 2),
        "decided_on": days(group.changes.decided_on),
    }
    if sample.terms.facility_id:
        values["facility_id"] = id_columns.shown("fac", lines.payee_id)
    if sample.terms.payee_person_id:
        values["payee_person_id"] = id_columns.shown("per", lines.payee_id)
    if group.former:
        values["former_province_code"] = of_texts(group.places.former, 2)
    data = repeated(told.data, len(group))
    for name, value in values.items():
        at = told.data.index(f'"{name}":'.encode()) + len(name) + 3
        at += told.data[at : at + 1] == b'"'
        put(data, at, value)
    event_ids = id_columns.derived(beside((f"{told.type}\x1f".encode(), shown), len(group)))
    return EventRows(told.topic, told.type, group.people, event_ids, data)


def _decision(decision: Decision) -> OutgoingEvent:
    terms, shown = decision.terms, show("dec", decision.decision_id)
    data = {
        "decision_id": shown,
        "person_id": show("per", decision.person_id),
        "version": decision.version,
        "programme": decision.programme,
        "outcome": terms.outcome,
        "status": decision.status,
        "effective_from": str(decision.effective_from),
        "pays_from": str(decision.pays_from),
        "category": terms.category,
        "coefficient_hundredths": terms.coefficient.hundredths,
        "standard_dong": terms.standard,
        "amount_dong": terms.amount,
        "payee": terms.payee,
        "facility_id": show("fac", terms.facility_id) if terms.facility_id else None,
        "payee_person_id": show("per", terms.payee_person_id) if terms.payee_person_id else None,
        "commune_code": terms.place.commune_code,
        "province_code": terms.place.province_code,
        "former_province_code": terms.place.former_province_code,
        "decided_on": decision.decided_on,
        "signed_by_sub": None,
    }
    return OutgoingEvent(
        topics.DECISION.name,
        decision.person_id,
        "DecisionRecorded",
        orjson.dumps(data),
        derived_id("DecisionRecorded", shown),
    )


def differences(applied: Sequence[Mapping[str, Any]]) -> list[OutgoingEvent]:
    """DifferenceRecorded of each row of an applied recalculation."""
    return [_difference(row) for row in applied]


def _difference(row: Mapping[str, Any]) -> OutgoingEvent:
    shown = show("dif", row["difference_id"])
    payee, facility, old = row["payee_person_id"], row["facility_id"], row["old_decision_id"]
    terms = orjson.loads(row["new_terms"])
    data = {
        "difference_id": shown,
        "recalculation_id": show("rec", row["recalculation_id"]),
        "person_id": show("per", row["person_id"]),
        "programme": row["programme"],
        "month": str(Month.of(row["month"])),
        "direction": "arrears" if row["dong"] > 0 else "recovery",
        "amount_dong": abs(row["dong"]),
        "due_dong": row["new_dong"],
        "category": terms["category"],
        "coefficient_hundredths": terms["coefficient_hundredths"],
        "standard_dong": terms["standard_dong"],
        "reason": row["reason"],
        "old_decision_id": show("dec", old) if old else None,
        "payee": row["payee"],
        "facility_id": show("fac", facility) if facility else None,
        "payee_person_id": show("per", payee) if payee else None,
        "commune_code": row["commune_code"],
        "province_code": row["province_code"],
        "applied_on": row["applied_on"],
        "applied_by_sub": row["applied_by_sub"],
    }
    return OutgoingEvent(
        topics.DIFFERENCE.name,
        row["person_id"],
        "DifferenceRecorded",
        orjson.dumps(data),
        derived_id("DifferenceRecorded", shown),
    )


def signatures(signed: Sequence[SignedDecision]) -> list[OutgoingEvent]:
    """DecisionSigned of each."""
    return [
        OutgoingEvent(
            topics.DECISION.name,
            one.person_id,
            "DecisionSigned",
            orjson.dumps(
                {
                    "decision_id": show("dec", one.decision_id),
                    "person_id": show("per", one.person_id),
                    "signed_on": one.signed_on,
                    "signed_by_sub": one.signed_by_sub,
                }
            ),
            derived_id("DecisionSigned", show("dec", one.decision_id)),
        )
        for one in signed
    ]


#: The day of each edge, as its event names it.
_DAYS = {
    "CaseChecked": "checked_on",
    "CaseDecided": "decided_on",
    "CaseUnchanged": "decided_on",
    "CaseNotified": "notified_on",
    "CaseWithdrawn": "withdrawn_on",
}


def case(fact: str, told: CaseFile, day: date) -> OutgoingEvent:
    """One edge of a case. Its ground stays inside: it may tell an illness or a prison."""
    shown = show("cas", told.case_id)
    data: dict[str, object] = {"case_id": shown, "person_id": show("per", told.person_id)}
    if fact == "CaseReceived":
        data |= {
            "kind": told.kind,
            "programmes": told.programmes,
            "received_on": told.received_on,
            "due_on": told.due_on,
            "commune_code": told.place.commune_code,
            "province_code": told.place.province_code,
            "former_province_code": told.place.former_province_code,
        }
    else:
        data[_DAYS[fact]] = day
    if fact in ("CaseDecided", "CaseUnchanged"):
        data["signed_by_sub"] = told.signed_by_sub
    if fact == "CaseUnchanged":
        assert told.unchanged_decision_id, "what stands is known"
        data["decision_id"] = show("dec", told.unchanged_decision_id)
    return OutgoingEvent(topics.CASE.name, told.case_id, fact, orjson.dumps(data), derived_id(fact, shown))
