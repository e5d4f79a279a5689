"""Passwords and keys of a local platform: made once, kept in var/secrets.json for its owner alone."""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from deploy.local.failures import CannotStart
from libs.common.runtime.sealing import new_key, new_key_pair
from libs.common.runtime.signatures import new_signing_keys

SERVICES = ("registry", "eligibility", "payments", "facilities")
#: The suffix of a database role, and of the name of its URL in the environment.
ROLES = ("migrator", "app", "bulk")
_SEALED_TO = ("eligibility", "payments", "facilities")


@dataclass(frozen=True)
class Secrets:
    """`passwords`: by database role; key dicts: by service; all texts as the settings take them."""

    superuser_password: str
    passwords: dict[str, str]
    seal_private: dict[str, str]
    seal_public: dict[str, str]
    field_key: dict[str, str]
    blind_index_key: dict[str, str]
    #: What a caller on this machine shows the local issuer.
    issuer_secret: str
    #: Of payments; a platform that was made before signs nothing.
    signing_keys: str = ""


def generate() -> Secrets:
    pairs = {service: new_key_pair() for service in _SEALED_TO}
    return Secrets(
        superuser_password=secrets.token_urlsafe(24),
        passwords={f"{service}_{role}": secrets.token_urlsafe(24) for service in SERVICES for role in ROLES},
        seal_private={service: pair[0] for service, pair in pairs.items()},
        seal_public={service: pair[1] for service, pair in pairs.items()},
        field_key={service: new_key() for service in SERVICES},
        blind_index_key={service: new_key() for service in SERVICES},
        issuer_secret=secrets.token_urlsafe(24),
        signing_keys=new_signing_keys(),
    )


def load_or_make(var: Path) -> Secrets:
    """The secrets of this data folder. CannotStart when data is there and its keys are not, or broken."""
    path = var / "secrets.json"
    if path.exists():
        return _load(path)
    if (var / "postgres" / "PG_VERSION").exists():
        raise _lost(path)
    made = generate()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(made), file, indent=1)
    return made


def load(var: Path) -> Secrets:
    """The secrets of a platform that was started here; FileNotFoundError when none was."""
    return _load(var / "secrets.json")


def _load(path: Path) -> Secrets:
    try:
        return Secrets(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise _lost(path) from error


def _lost(path: Path) -> CannotStart:
    data = path.parent / "postgres"
    return CannotStart(
        f"Không đọc được khóa của dữ liệu cũ ({path}). Hãy khôi phục tệp này, hoặc xóa {data} và {path} "
        "để bắt đầu lại với dữ liệu trống.",
        f"The keys of the data that is here can't be read ({path}). Restore that file, or delete {data} "
        f"and {path} to begin again with no data.",
    )
