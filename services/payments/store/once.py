"""Answers that were given under an Idempotency-Key, encrypted: one may hold a secret."""

from datetime import datetime

from libs.common.runtime.postgres import Database
from libs.common.runtime.sealing import FieldCipher
from services.payments.usecases.once import Claimed

_CLAIM = """
    insert into idempotent_answer (sub, key, body_sha256, asked_at) values ($1, $2, $3, $4)
    on conflict (sub, key) do update set asked_at = $4
    where idempotent_answer.answer is null and idempotent_answer.asked_at < $5
      and idempotent_answer.body_sha256 = $3
    returning true
"""


class KeptAnswers:
    """Implements usecases.once.Answers."""

    def __init__(self, database: Database, cipher: FieldCipher) -> None:
        self._database = database
        self._cipher = cipher

    async def claim(
        self, sub: str, key: str, body_sha256: str, now: datetime, dead_before: datetime, old_before: datetime
    ) -> Claimed:
        async with self._database.writing(None) as connection:
            await connection.execute("delete from idempotent_answer where asked_at < $1", old_before)
            if await connection.fetchval(_CLAIM, sub, key, body_sha256, now, dead_before):
                return Claimed(True, body_sha256, None)
            row = await connection.fetchrow(
                "select body_sha256, answer from idempotent_answer where sub = $1 and key = $2", sub, key
            )
        if row is None:  # released between the two statements: as if under way
            return Claimed(False, body_sha256, None)
        answer = None if row["answer"] is None else self._cipher.decrypt(row["answer"])
        return Claimed(False, row["body_sha256"], answer)

    async def keep(self, sub: str, key: str, answer: bytes) -> None:
        async with self._database.writing(None) as connection:
            await connection.execute(
                "update idempotent_answer set answer = $3 where sub = $1 and key = $2",
                sub,
                key,
                self._cipher.encrypt(answer),
            )

    async def release(self, sub: str, key: str) -> None:
        async with self._database.writing(None) as connection:
            await connection.execute(
                "delete from idempotent_answer where sub = $1 and key = $2 and answer is null", sub, key
            )
