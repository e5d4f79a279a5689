"""Policies that decided anything, kept whole: the content of every file, by the hash of all of it."""

from collections.abc import Mapping

import orjson
import yaml

from libs.common.runtime.postgres import Database
from services.eligibility.domain.policy import Policy
from services.eligibility.store.policy_files import parse_yaml, policy_of


def to_texts(files: Mapping[str, object]) -> dict[str, str]:
    """Each file as YAML of its content alone, from which the same content is read."""
    return {
        name: yaml.dump(content, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False)
        for name, content in files.items()
    }


def from_texts(texts: Mapping[str, str]) -> Policy:
    """Refusal `policy_invalid` where the content is no policy."""
    return policy_of({name: parse_yaml(text, name) for name, text in texts.items()}, archived=True)


class PolicyArchive:
    """Implements the use cases' Policies."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, policy: Policy, files: Mapping[str, object]) -> None:
        """Keep the policy that `files` hold, if it is not there yet."""
        async with self._database.bulk() as connection:
            if await connection.fetchval("select 1 from policy where policy_hash = $1", policy.hash):
                return
            await connection.execute(
                "insert into policy (policy_hash, version, files) values ($1, $2, $3) on conflict do nothing",
                policy.hash,
                policy.version,
                orjson.dumps(to_texts(files)).decode(),
            )

    async def of_hash(self, policy_hash: str) -> Policy:
        async with self._database.bulk() as connection:
            kept = await connection.fetchval("select files from policy where policy_hash = $1", policy_hash)
        assert kept is not None, f"the policy {policy_hash} decided something and was not kept"
        policy = from_texts(orjson.loads(kept))
        assert policy.hash == policy_hash, f"the kept policy {policy_hash} now reads as {policy.hash}"
        return policy
