"""A partner's own key: made once, kept for its owner alone; its public part lies beside, to be registered."""

import json
import os
from pathlib import Path

from libs.common.runtime.signatures import Signer, new_signing_keys


def load_or_make(folder: Path, agency_code: str) -> Signer:
    """`<agency_code>.json` holds the key, `<agency_code>.public.json` what the platform may know of it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{agency_code}.json"
    if not path.exists():
        fresh = path.with_suffix(".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(new_signing_keys())
        fresh.replace(path)
    signer = Signer(path.read_text(encoding="utf-8"))
    (folder / f"{agency_code}.public.json").write_text(json.dumps(signer.public()), encoding="utf-8")
    return signer
