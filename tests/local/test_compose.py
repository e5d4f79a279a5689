"""docker-compose.yml is what the Compose schema takes, and holds what the platform is made of.

It is not run here: these tests need no container engine.
"""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from deploy.local import compose_env
from deploy.local.keys import ROLES, SERVICES
from libs.common.runtime.settings import ServiceSettings

_ROOT = Path(__file__).parents[2]
_TEXT = (_ROOT / "docker-compose.yml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(_TEXT)
    return loaded


def test_it_is_what_the_compose_schema_takes(compose: dict[str, Any]) -> None:
    schema = json.loads((Path(__file__).parent / "compose" / "compose-spec.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(compose)


def test_it_asks_for_no_variable_that_compose_env_does_not_make() -> None:
    asked = set(re.findall(r"\$\{([A-Z_]+)", _TEXT))
    made = {line.split("=", 1)[0] for line in compose_env.lines()}
    assert asked <= made


def test_every_service_waits_for_its_one_migration(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for name in SERVICES:
        waits = services[name]["depends_on"]
        assert waits[f"migrate-{name}"]["condition"] == "service_completed_successfully"
        assert services[f"migrate-{name}"]["command"] == ["migrate"]
        assert services[f"migrate-{name}"]["restart"] == "no"


def test_every_service_gets_settings_that_it_accepts(compose: dict[str, Any]) -> None:
    for name in SERVICES:
        settings = ServiceSettings.from_environment(name, compose["services"][name]["environment"])
        assert settings.kafka_idempotent_producer
        assert settings.kafka_bootstrap == "kafka:9092"
        assert not settings.local


def test_no_service_is_told_the_password_or_key_of_another(compose: dict[str, Any]) -> None:
    for name in SERVICES:
        told = compose["services"][name]["environment"]
        for other in set(SERVICES) - {name}:
            assert f"PASSWORD_{other.upper()}" not in str(told)
            assert f"SEAL_PRIVATE_{other.upper()}" not in str(told)
            assert f"FIELD_KEY_{other.upper()}" not in str(told)


def test_servers_are_the_real_ones_and_are_watched(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert services["postgres"]["image"] == "postgres:18"
    assert services["kafka"]["image"].startswith("apache/kafka:4.")
    for name in ("postgres", "kafka", "keycloak"):
        assert services[name]["healthcheck"]["test"]
    assert "HEALTHCHECK" in (_ROOT / "deploy" / "images" / "Dockerfile").read_text()


def test_postgres_gets_every_roles_password(compose: dict[str, Any]) -> None:
    told = compose["services"]["postgres"]["environment"]
    for name in SERVICES:
        for role in ROLES:
            assert f"PASSWORD_{name}_{role}".upper() in told


def test_the_realm_knows_every_role() -> None:
    from libs.common.runtime.access import ROLES as KNOWN

    realm = json.loads((_ROOT / "deploy" / "images" / "keycloak-realm.json").read_text())
    assert {role["name"] for role in realm["roles"]["realm"]} == set(KNOWN)
