"""Accounts, organisations, sign-ins."""

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from greenbridge.accounts.values import OrganisationKind, Role, StaffFunction
from greenbridge.kit.columns import UUID, datetime, instant, key, one_of, reference


class OrganisationRow(SQLModel, table=True):
    __tablename__ = "organisation"
    __table_args__ = (UniqueConstraint("kind", "code"), one_of("kind", OrganisationKind))
    id: UUID = key()
    kind: str
    code: str
    name: str


class AccountRow(SQLModel, table=True):
    __tablename__ = "account"
    __table_args__ = (
        one_of("role", Role),
        one_of("function", StaffFunction),
        CheckConstraint("(role = 'officer') = (function is not null)", name="officers_have_a_function"),
    )
    id: UUID = key()
    login: str = Field(unique=True)
    password_hash: str
    role: str
    function: str | None
    organisation_id: UUID = reference("organisation.id")
    opened_at: datetime = instant()


class SignInRow(SQLModel, table=True):
    """A cookie session or a bearer token; only the SHA-256 of its secret is kept."""

    __tablename__ = "sign_in"
    secret_hash: str = Field(primary_key=True)
    account_id: UUID = reference("account.id")
    kind: str
    expires_at: datetime = instant(index=True)
