"""The people that facilities know of: an id and where they are registered, nothing else."""

from collections.abc import Sequence
from uuid import UUID

from libs.common.runtime.postgres import Connection


async def learn(connection: Connection, people: Sequence[tuple[UUID, int, str]]) -> None:
    """(person id, version, province code) of each, in any order: the newest version stays."""
    newest: dict[UUID, tuple[int, str]] = {}
    for person_id, version, province_code in people:
        if person_id not in newest or newest[person_id][0] < version:
            newest[person_id] = (version, province_code)
    await connection.execute(
        "insert into known_person (person_id, version, registered_in)"
        " select * from unnest($1::uuid[], $2::int[], $3::text[])"
        " on conflict (person_id) do update"
        " set version = excluded.version, registered_in = excluded.registered_in"
        " where known_person.version < excluded.version",
        list(newest),
        [version for version, _ in newest.values()],
        [province_code for _, province_code in newest.values()],
    )
