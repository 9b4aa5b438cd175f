"""Wire types of clients."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from greenbridge.accounts.values import StaffFunction
from greenbridge.clients.values import Client, Proof, Registration
from greenbridge.kit.wire import Closed


class KeySetIn(Closed):
    """A set of public keys (RFC 7517), each with its kid: RSA of 2048 bits or more, EC P-256, OKP Ed25519."""

    keys: list[dict[str, Any]] = Field(min_length=1, max_length=10)


class ClientIn(Closed):
    """A program of the bank. One of `jwks`, `jwks_uri` and `demo_secret`; a secret is for demonstrations only."""

    name: str = Field(max_length=200)
    scopes: list[str] = Field(max_length=50)
    jwks: KeySetIn | None = None
    jwks_uri: str | None = None
    demo_secret: bool = False
    dpop_required: bool = False
    function: StaffFunction | None = Field(default=None, description="Whose view of firms it has; unsaid, it stays as it is")

    def registration(self) -> Registration:
        """Return the value."""
        jwks = self.jwks.model_dump() if self.jwks else None
        return Registration(self.name, frozenset(self.scopes), jwks, self.jwks_uri, self.demo_secret, self.dpop_required, self.function)


class ClientOut(Closed):
    """A program as its bank's administrator sees it. `client_secret` is told once, when it is made."""

    client_id: UUID
    name: str
    scopes: list[str]
    token_endpoint_auth_method: Proof
    key_ids: list[str]
    jwks_uri: str | None
    dpop_required: bool
    function: StaffFunction
    created_at: datetime
    revoked_at: datetime | None
    last_token_at: datetime | None
    client_secret: str | None = None

    @classmethod
    def of(cls, client: Client, secret: str | None = None) -> "ClientOut":
        """Return the wire form."""
        return cls(
            client_id=client.id,
            name=client.name,
            scopes=sorted(client.scopes),
            token_endpoint_auth_method=client.proof,
            key_ids=list(client.key_ids),
            jwks_uri=client.jwks_uri,
            dpop_required=client.dpop_required,
            function=client.function,
            created_at=client.created_at,
            revoked_at=client.revoked_at,
            last_token_at=client.last_token_at,
            client_secret=secret,
        )


class ClientPage(Closed):
    """A page of programs, newest first; `next_cursor` is null where there are no older ones."""

    items: list[ClientOut]
    next_cursor: str | None


class TokenOut(Closed):
    """An access token (RFC 6749, section 5.1). `expires_in` in seconds."""

    access_token: str
    token_type: str
    expires_in: int
    scope: str


class OAuthError(Closed):
    """Why no token is given (RFC 6749, section 5.2)."""

    error: str
    error_description: str
