"""What a service is told at its start, and nothing else: read once from the environment, then frozen."""

import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class ServiceSettings(BaseModel):
    """Settings that every service has. A service adds its own in its settings.py.

    Environment names: `ANSINH_` and the field's name in capitals; for the fields listed in
    `of_service`, `_<SERVICE>` is part of the name, so that one environment can hold all services.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    service: str
    database_url: SecretStr = Field(description="postgresql:// URL of the app role (row-level security).")
    database_url_migrator: SecretStr = Field(description="URL of the role that owns the schema.")
    database_url_bulk: SecretStr = Field(description="URL of the role for workers, consumers, importers.")
    database_pool_max: int = 8
    kafka_bootstrap: str = "127.0.0.1:8111"
    kafka_idempotent_producer: bool = True
    kafka_replicas: int = Field(default=1, description="Replicas of a topic that we create.")
    oidc_issuer: str = Field(
        default="http://127.0.0.1:8105",
        description="OpenID Connect issuer: its discovery document leads to its keys.",
    )
    oidc_audience: str = "ansinh"
    data_dir: Path = Field(default=Path("var/data"), description="Uploads and other local files.")
    #: Holds the civil day still: for scenarios, refused unless `local` says this is no real office.
    business_date: date | None = None
    local: bool = False
    seal_private: SecretStr | None = Field(default=None, description="X25519 private key, base64url.")
    seal_public_eligibility: str | None = None
    seal_public_payments: str | None = None
    field_key: SecretStr | None = Field(default=None, description="AES-256 key of fields at rest, base64url.")
    blind_index_key: SecretStr | None = Field(default=None, description="HMAC key of blind indexes.")

    def model_post_init(self, _: object) -> None:
        if self.business_date and not self.local:
            raise ValueError("ANSINH_BUSINESS_DATE is for local scenarios only (ANSINH_LOCAL=true)")

    @classmethod
    def from_environment(cls, service: str, environment: Mapping[str, str] | None = None) -> Self:
        """Read `ANSINH_*`. pydantic.ValidationError names every missing or wrong variable."""
        environment = os.environ if environment is None else environment
        name = service.upper()
        of_service = {
            "database_url": f"ANSINH_DATABASE_URL_{name}",
            "database_url_migrator": f"ANSINH_DATABASE_URL_{name}_MIGRATOR",
            "database_url_bulk": f"ANSINH_DATABASE_URL_{name}_BULK",
            "seal_private": f"ANSINH_SEAL_PRIVATE_{name}",
            "field_key": f"ANSINH_FIELD_KEY_{name}",
            "blind_index_key": f"ANSINH_BLIND_INDEX_KEY_{name}",
        }
        values: dict[str, str] = {}
        for field in cls.model_fields:
            variable = of_service.get(field, f"ANSINH_{field.upper()}")
            if environment.get(variable):
                values[field] = environment[variable]
        return cls.model_validate({**values, "service": service})


def required(secret: SecretStr | str | None, name: str) -> str:
    """The value of a key that this service can't do without; ValueError that names it."""
    if secret is None:
        raise ValueError(f"{name} is not set")
    return secret.get_secret_value() if isinstance(secret, SecretStr) else secret
