"""`python -m deploy.local.compose_env > .env`: passwords and keys for docker-compose.yml, made anew."""

import secrets

from deploy.local.keys import generate


def lines() -> list[str]:
    """`NAME=value` lines, each of which docker-compose.yml asks for."""
    made = generate()
    return [
        f"POSTGRES_PASSWORD={made.superuser_password}",
        f"KEYCLOAK_ADMIN_PASSWORD={secrets.token_urlsafe(24)}",
        *(f"PASSWORD_{role.upper()}={password}" for role, password in made.passwords.items()),
        *(f"SEAL_PRIVATE_{name.upper()}={key}" for name, key in made.seal_private.items()),
        *(f"SEAL_PUBLIC_{name.upper()}={key}" for name, key in made.seal_public.items()),
        *(f"FIELD_KEY_{name.upper()}={key}" for name, key in made.field_key.items()),
        *(f"BLIND_INDEX_KEY_{name.upper()}={key}" for name, key in made.blind_index_key.items()),
        f"SIGNING_KEYS={made.signing_keys}",
    ]


if __name__ == "__main__":
    print("\n".join(lines()))
