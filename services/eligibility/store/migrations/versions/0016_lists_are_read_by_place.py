"""An office's lists are found by its place, coverage is read a page at a time in the order of an index.

Figures of whole provinces stand beside those of communes. The version that runs meanwhile adds the communes
up as before and writes no provinces; the next round does.
"""

from alembic import op

from libs.common.runtime import frame

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    _worklist()
    _coverage()


def _worklist() -> None:
    for table, where in (
        ("decision", "where status = 'proposed'"),
        ("case_file", "where state in ('received', 'checked', 'decided', 'unchanged')"),
        ("hold", "where kind = 'suspension' and until_month is null"),
        ("band_change", ""),
    ):
        op.execute(f"create index {table}_waits_at on {table} (province_code, commune_code) {where}")


def _coverage() -> None:
    op.execute(
        "create index coverage_count_by_commune on coverage_count (programme, province_code, commune_code)"
    )
    for place in ("commune_code", "province_code"):
        op.execute(f"create index coverage_gap_by_{place} on coverage_gap (programme, {place}, person_id)")
    op.execute(
        """
        create table coverage_of_province (
            shard smallint not null, programme text not null, province_code text not null,
            decided integer not null, in_process integer not null, without integer not null,
            primary key (programme, province_code, shard)
        )
        """
    )
    op.execute(
        "insert into coverage_of_province select shard, programme, province_code, sum(decided),"
        " sum(in_process), sum(without) from coverage_count group by 1, 2, 3"
    )
    frame.protect(op, "coverage_of_province")
    op.execute("grant select on coverage_of_province to eligibility_app")
    op.execute("grant select, insert, update, delete on coverage_of_province to eligibility_bulk")
