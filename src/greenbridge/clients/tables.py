"""API clients, and the token ids that were used already."""

from sqlalchemy import CheckConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from greenbridge.clients.values import Proof
from greenbridge.kit.columns import UUID, JsonObject, datetime, instant, key, one_of, reference, texts


class ApiClientRow(SQLModel, table=True):
    """A bank's program; of a demonstration's secret only the SHA-256 is kept."""

    __tablename__ = "api_client"
    __table_args__ = (
        one_of("method", Proof),
        CheckConstraint(
            "(method = 'client_secret' and secret_hash is not null and jwks is null and jwks_uri is null)"
            " or (method = 'private_key_jwt' and secret_hash is null and (jwks is null) <> (jwks_uri is null))",
            name="one_proof",
        ),
    )
    id: UUID = key()
    organisation_id: UUID = reference("organisation.id")
    account_id: UUID = reference("account.id", index=False)
    name: str
    scopes: list[str] = texts()
    method: str
    secret_hash: str | None
    # Without keys there is NULL, not JSON's null, which is a value.
    jwks: JsonObject | None = Field(default=None, sa_type=JSONB(none_as_null=True), nullable=True)
    jwks_uri: str | None
    dpop_required: bool
    revision: int = 1
    created_at: datetime = instant()
    created_by: UUID = reference("account.id", index=False)
    revoked_at: datetime | None = instant(nullable=True)
    last_token_at: datetime | None = instant(nullable=True)


class UsedJtiRow(SQLModel, table=True):
    """An assertion's or a proof's id: it is taken once, until it would have expired anyway."""

    __tablename__ = "used_jti"
    owner: str = Field(primary_key=True)
    jti: str = Field(primary_key=True)
    expires_at: datetime = instant(index=True)
