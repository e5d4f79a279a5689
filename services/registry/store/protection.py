"""Encryption of what stands in this database: the JSON forms of sealed columns."""

from datetime import date
from typing import Any

import orjson

from libs.common.kernel.ids import read
from libs.common.runtime.sealing import FieldCipher
from services.registry.domain.people import Carer, Payout, Person


class Protection:
    """Seals and opens the columns named `*_sealed`."""

    def __init__(self, cipher: FieldCipher) -> None:
        self._cipher = cipher

    def text(self, value: str) -> bytes:
        return self._cipher.encrypt(value.encode())

    def open_text(self, sealed: bytes) -> str:
        return self._cipher.decrypt(sealed).decode()

    def json(self, value: Any) -> bytes:
        return self._cipher.encrypt(orjson.dumps(value))

    def open_json(self, sealed: bytes) -> Any:
        return orjson.loads(self._cipher.decrypt(sealed))

    def piece(self, content: bytes) -> bytes:
        return self._cipher.encrypt(content)

    def open_piece(self, sealed: bytes) -> bytes:
        return self._cipher.decrypt(sealed)

    def payout(self, payout: Payout) -> bytes:
        return self.json(
            [
                payout.account_number,
                payout.account_name,
                payout.payee_name,
                payout.payee_personal_id,
                payout.payee_relation,
            ]
        )

    def person(self, row: Any) -> Person:
        """A row of person, its household's number and its payout_account, opened."""
        payout = None
        if row["channel"] is not None:
            number, holder, payee, payee_personal_id, relation = self.open_json(row["secret_sealed"])
            payout = Payout(
                row["channel"], row["agency_code"], number, holder, payee, payee_personal_id, relation
            )
        facts = self.open_json(row["facts_sealed"])
        certificate = facts.pop("disability_certificate_on", None)
        carer = facts.pop("carer", None)
        return Person(
            household_number=row["number"],
            personal_id=self.open_text(row["personal_id_sealed"]),
            full_name=row["full_name"],
            birth_date=row["birth_date"],
            sex=row["sex"],
            commune_code=row["commune_code"],
            province_code=row["province_code"],
            former_province_code=row["former_province_code"],
            poverty_status=row["poverty_status"],
            area=row["area"],
            already_receiving=row["already_receiving"],
            applied_for=tuple(row["applied_for"]),
            application_received_on=row["application_received_on"],
            decision_signed_on=row["decision_signed_on"],
            disability_certificate_on=date.fromisoformat(certificate) if certificate else None,
            facts=facts,
            carer=Carer(carer["relation"], None, read("per", carer["person_id"])) if carer else None,
            payout=payout,
        )
