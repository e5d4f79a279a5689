"""The registry's tables as SQLModel classes, for work on one person. Sets go by SQL (store/batches.py)."""

from datetime import date
from uuid import UUID

from sqlalchemy import ARRAY, Column, MetaData, Text
from sqlmodel import Field, SQLModel


class _Table(SQLModel):
    metadata = MetaData()


class HouseholdRow(_Table, table=True):
    """A household in its commune's list."""

    __tablename__ = "household"

    household_id: UUID = Field(primary_key=True)
    number: str
    commune_code: str
    province_code: str


class PersonRow(_Table, table=True):
    """A person; columns named `*_sealed` are encrypted by store/protection.py."""

    __tablename__ = "person"

    person_id: UUID = Field(primary_key=True)
    version: int
    household_id: UUID
    personal_id_index: bytes
    personal_id_sealed: bytes
    full_name: str
    search_key: str
    birth_date: date
    sex: str
    commune_code: str
    province_code: str
    former_province_code: str | None
    poverty_status: str
    area: str
    already_receiving: bool
    applied_for: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    application_received_on: date | None
    decision_signed_on: date | None
    facts_sealed: bytes


class PayoutAccountRow(_Table, table=True):
    """Where a person's money goes; `payee_id` is shared by all who are paid to the same payee."""

    __tablename__ = "payout_account"

    person_id: UUID = Field(primary_key=True)
    version: int
    payee_id: UUID
    channel: str
    agency_code: str
    commune_code: str
    province_code: str
    changed_on: date | None
    usable_from: date | None
    secret_sealed: bytes
