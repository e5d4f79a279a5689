"""Ids made by the million: derived of a key at half the cost, and counted on from a first one.

The same key has the same id as before. The version that runs meanwhile calls the one function and does not
know the other.
"""

from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    # UUIDv8 as before: its version (1000) and variant (10, and a 10 that it always had) are set bit by bit.
    bits = {52: 0, 53: 0, 54: 0, 55: 1, 68: 0, 69: 1, 70: 0, 71: 1}
    marked = "sha256(convert_to(key, 'UTF8'))"
    for place, value in bits.items():
        marked = f"set_bit({marked}, {place}, {value})"
    op.execute(
        "create or replace function derived_id(key text) returns uuid language sql immutable parallel safe"
        f" as $$ select encode(substr({marked}, 1, 16), 'hex')::uuid $$"
    )
    # Of a UUIDv7 the last 48 bits are chance: ids after it are as unique as it is, and in order.
    op.execute(
        """
        create function id_after(first uuid, nth bigint) returns uuid language sql immutable parallel safe
        as $$
            select (left(first::text, 24) || lpad(to_hex((('x' || right(first::text, 12))::bit(48)::bigint
                + nth) & x'ffffffffffff'::bigint), 12, '0'))::uuid
        $$
        """
    )
