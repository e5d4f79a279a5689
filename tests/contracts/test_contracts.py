"""The committed promises are those of the code, and the code keeps them."""

import json
from pathlib import Path

from contracts.topics import PUBLIC_PAYMENTS, TOPICS
from deploy.contracts import SERVICES, files

ROOT = Path(__file__).parents[2]


def test_committed_schemas_and_problem_pages_are_those_of_the_code() -> None:
    drifted = [
        str(path)
        for path, text in files().items()
        if not (ROOT / path).exists() or (ROOT / path).read_text() != text
    ]
    assert drifted == [], "run `make contracts` and look at what changed"


def test_every_service_describes_itself_in_openapi_3_1() -> None:
    for service in SERVICES:
        described = json.loads((ROOT / "contracts/schemas/openapi" / f"{service}.json").read_text())
        assert described["openapi"].startswith("3.1"), service
        assert any(path.startswith("/v1/") for path in described["paths"]), service


def test_asyncapi_names_every_topic_and_each_message_has_its_schema() -> None:
    described = json.loads((ROOT / "contracts/schemas/asyncapi.json").read_text())
    assert set(described["channels"]) == {topic.name for topic in (*TOPICS, PUBLIC_PAYMENTS)}
    for message in described["components"]["messages"].values():
        assert (ROOT / "contracts/schemas" / message["payload"]["$ref"]).exists()
