"""A bank's day statement is a report on no single file; what it says of a file's payments is a part of it.

The version that runs meanwhile gets none: it knows no way to hand one in.
"""

from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    for table, columns in (
        ("partner_report", ("file_id", "run_id")),
        ("report_line", ("run_id",)),
        ("suspense", ("run_id",)),
    ):
        for column in columns:
            op.execute(f"alter table {table} alter column {column} drop not null")
    op.execute(
        "alter table partner_report add column part_of uuid references partner_report,"
        " add check ((file_id is null) = (run_id is null)),"
        " add check (part_of is null or file_id is not null)"
    )
    op.execute("create index report_part on partner_report (part_of) where part_of is not null")
    op.execute(
        "create unique index one_statement on partner_report (agency_code, province_code, content_sha256)"
        " where file_id is null"
    )
