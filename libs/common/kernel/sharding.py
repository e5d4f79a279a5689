"""One rule for where a key belongs: Kafka partition, work shard and month marker all follow it."""

from uuid import UUID

#: Shards of every topic, and so its Kafka partitions.
SHARDS = 4


def shard_of(key: UUID) -> int:
    """0 to SHARDS - 1, from the id's last bits (random in UUIDv7 and UUIDv5)."""
    return key.int % SHARDS
