"""What a child is told: its own, the caller's choice of servers, and nothing of its neighbours."""

from pathlib import Path

import pytest

from deploy.local import environment, keys, plan
from deploy.local.environment import APACHE, Choice
from deploy.local.places import Places
from libs.common.runtime.settings import ServiceSettings

_PLACES = Places(Path("/tmp/ansinh-elsewhere"), 9_000)


@pytest.fixture(scope="module")
def secrets() -> keys.Secrets:
    return keys.generate()


def test_every_service_accepts_what_it_is_told(secrets: keys.Secrets) -> None:
    everything = environment.of_services(_PLACES, secrets, Choice(business_date="2019-12-20"))
    for service in keys.SERVICES:
        settings = ServiceSettings.from_environment(service, environment.of_one(service, everything))
        assert f"{service}_app" in settings.database_url.get_secret_value()
        assert settings.kafka_bootstrap == "127.0.0.1:9011"
        assert settings.oidc_issuer == "http://127.0.0.1:9005"
        assert not settings.kafka_idempotent_producer
        assert settings.field_key and settings.blind_index_key


def test_a_child_is_told_no_other_services_password_or_private_key(secrets: keys.Secrets) -> None:
    everything = environment.of_services(_PLACES, secrets, Choice())
    for child in (*keys.SERVICES, "gateway", "simulators"):
        told = set(environment.of_one(child, everything).values())
        for other in set(keys.SERVICES) - {child}:
            assert not any(
                secrets.passwords[f"{other}_{role}"] in value for role in keys.ROLES for value in told
            )
            assert secrets.field_key[other] not in told
            assert secrets.seal_private.get(other) not in told
        assert (secrets.issuer_secret in told) == (child == "simulators")


def test_more_workers_are_told_what_their_service_is(secrets: keys.Secrets) -> None:
    made = plan.make(_PLACES, secrets, Choice(workers=2))
    commands = {child.name: child.make() for child in made.services}
    names = [f"{service}-worker-{number}" for service in ("eligibility", "payments") for number in (1, 2)]
    assert [name for name in commands if "worker" in name] == names
    for name in names:
        service = name.split("-", 1)[0]
        assert commands[name].argv[-1] == f"services.{service}.wiring"
        assert commands[name].environment == commands[service].environment
    assert not set(names) & made.ports.keys()


def test_the_callers_servers_are_used_instead(secrets: keys.Secrets, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSINH_KAFKA_BOOTSTRAP", "kafka.example:9092")
    for role in keys.ROLES:
        monkeypatch.setenv(
            environment.database_variable("payments", role), f"postgresql://{role}@db.example/x"
        )
    told = environment.of_services(_PLACES, secrets, Choice())
    assert told["ANSINH_KAFKA_BOOTSTRAP"] == "kafka.example:9092"
    assert told["ANSINH_DATABASE_URL_PAYMENTS_BULK"] == "postgresql://bulk@db.example/x"
    assert "ANSINH_KAFKA_IDEMPOTENT_PRODUCER" not in told
    assert environment.kafka_kind(Choice(APACHE)) == environment.ELSEWHERE
    assert environment.embedded_services() == ("registry", "eligibility", "facilities")


def test_a_callers_folder_or_day_does_not_lead_children_astray(
    secrets: keys.Secrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANSINH_VAR", "/somewhere")
    monkeypatch.setenv("ANSINH_PORT_BASE", "1234")
    monkeypatch.setenv("ANSINH_BUSINESS_DATE", "1999-01-01")
    told = environment.of_services(_PLACES, secrets, Choice(business_date="2019-12-20"))
    assert told["ANSINH_VAR"] == str(_PLACES.var)
    assert told["ANSINH_PORT_BASE"] == "9000"
    assert told["ANSINH_BUSINESS_DATE"] == "2019-12-20"


def test_apache_kafka_gets_an_idempotent_producer(secrets: keys.Secrets) -> None:
    told = environment.of_services(_PLACES, secrets, Choice(APACHE))
    assert told["ANSINH_KAFKA_IDEMPOTENT_PRODUCER"] == "true"


@pytest.mark.parametrize("base", ["80", "70000", "x"])
def test_a_port_base_that_cannot_be_is_refused(base: str) -> None:
    with pytest.raises(ValueError, match=r"ANSINH_PORT_BASE|invalid literal"):
        Places.from_environment({"ANSINH_PORT_BASE": base})
