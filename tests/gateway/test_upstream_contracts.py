"""What the gateway reads of each service is what that service promises in its OpenAPI."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from deploy.contracts import files
from gateway.clients import (
    campaigns,
    eligibility,
    facilities,
    gifts,
    occasions,
    overpayments,
    payments,
    registry,
    run_checks,
    suspense,
    worklist,
)

READ = [
    ("registry", "get", "/v1/people", registry.PeoplePage),
    ("registry", "get", "/v1/people/{shown_id}", registry.PersonRecord),
    ("registry", "get", "/v1/counts", registry.Counts),
    ("eligibility", "get", "/v1/simulations/{simulation_id}", eligibility.Simulation),
    ("eligibility", "post", "/v1/simulations", eligibility.SimulationStarted),
    ("facilities", "get", "/v1/facilities", facilities.FacilitiesPage),
    ("facilities", "get", "/v1/facilities/{shown_id}", facilities.Facility),
    ("facilities", "get", "/v1/occupancy", facilities.OccupancyAnswer),
    ("facilities", "get", "/v1/residences", facilities.ResidencesPage),
    ("eligibility", "get", "/v1/worklist", worklist.WorklistPage),
    ("eligibility", "get", "/v1/coverage", worklist.CoveragePage),
    ("eligibility", "get", "/v1/occasions/longevity", occasions.DueCounts),
    ("eligibility", "get", "/v1/occasions/longevity/people", occasions.DuePeople),
    ("payments", "get", "/v1/runs", payments.RunsPage),
    ("payments", "get", "/v1/runs/{run_id}", payments.Run),
    ("payments", "get", "/v1/campaigns", campaigns.CampaignsPage),
    ("payments", "get", "/v1/campaigns/{campaign_id}", campaigns.Campaign),
    ("payments", "get", "/v1/campaigns/{campaign_id}/progress", campaigns.ProgressPage),
    ("payments", "get", "/v1/gifts", gifts.GiftsPage),
    ("payments", "get", "/v1/donation-report", gifts.DonationReport),
    ("payments", "get", "/v1/totals", payments.TotalsPage),
    ("payments", "get", "/v1/people/{person_id}/payments", payments.PaymentsPage),
    ("payments", "get", "/v1/overpayments", overpayments.OverpaymentsPage),
    ("payments", "post", "/v1/overpayments/{overpayment_id}/recoveries", overpayments.Recovery),
    *(
        ("payments", "post", f"/v1/overpayments/recoveries/{{recovery_id}}/{step}", overpayments.Recovery)
        for step in ("approval", "withdrawal")
    ),
    ("payments", "get", "/v1/suspense", suspense.LinesPage),
    ("payments", "get", "/v1/suspense/summary", suspense.Summary),
    ("payments", "get", "/v1/runs/{run_id}/reconciliation", suspense.Reconciliation),
    ("payments", "post", "/v1/suspense/{suspense_id}/proposal", suspense.Line),
    ("payments", "post", "/v1/runs", payments.RunStarted),
    ("payments", "post", "/v1/runs/{run_id}/approval", payments.Run),
    ("payments", "post", "/v1/runs/{run_id}/withdrawal", payments.Run),
    ("payments", "get", "/v1/runs/{run_id}/checks", run_checks.Checks),
    ("payments", "get", "/v1/runs/{run_id}/findings", run_checks.FindingsPage),
    ("payments", "post", "/v1/runs/{run_id}/acceptances", run_checks.Checks),
    ("payments", "post", "/v1/campaigns", campaigns.Campaign),
    *(
        ("payments", "post", f"/v1/campaigns/{{campaign_id}}/{step}", campaigns.Campaign)
        for step in ("proposal", "approval", "withdrawal", "closing")
    ),
    ("payments", "post", "/v1/campaigns/{campaign_id}/runs", payments.RunStarted),
]


@lru_cache(maxsize=1)
def described() -> dict[Path, str]:
    return files()


def openapi(service: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(described()[Path(f"contracts/schemas/openapi/{service}.json")])
    return found


def missing(struct: type[msgspec.Struct], schema: dict[str, Any], whole: dict[str, Any]) -> list[str]:
    """Fields that the gateway can't do without and the service does not promise, items of lists too."""
    while "$ref" in schema:
        schema = whole["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    promised = schema["properties"]
    found = []
    for field in msgspec.structs.fields(struct):
        if field.name not in promised:
            found += [f"{struct.__name__}.{field.name}"] if field.required else []
            continue
        kind = msgspec.inspect.type_info(field.type)
        if isinstance(kind, msgspec.inspect.ListType) and isinstance(
            kind.item_type, msgspec.inspect.StructType
        ):
            found += missing(kind.item_type.cls, promised[field.name]["items"], whole)
    return found


@pytest.mark.parametrize(("service", "method", "path", "struct"), READ)
def test_every_field_that_is_read_is_promised(
    service: str, method: str, path: str, struct: type[msgspec.Struct]
) -> None:
    whole = openapi(service)
    answers = whole["paths"][path][method]["responses"]
    [schema] = [
        answer["content"]["application/json"]["schema"]
        for status, answer in answers.items()
        if status.startswith("2")
    ]
    assert missing(struct, schema, whole) == []


def test_a_field_that_is_not_promised_is_seen() -> None:
    class Wanted(msgspec.Struct):
        people: int
        horses: int

    whole = openapi("registry")
    schema = whole["paths"]["/v1/counts"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert missing(Wanted, schema, whole) == ["Wanted.horses"]
