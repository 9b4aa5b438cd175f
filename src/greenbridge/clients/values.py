"""A bank's program, what it may do, and the tokens that say so."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from greenbridge.accounts.values import Role, StaffFunction
from greenbridge.kit.text import Text


class Proof(StrEnum):
    """How a client proves who it is. A secret is for demonstrations: it is shown as such."""

    PRIVATE_KEY_JWT = "private_key_jwt"
    CLIENT_SECRET = "client_secret"  # noqa: S105  the method's name


@dataclass(frozen=True, slots=True)
class Client:
    """A bank's program. It acts through an account of its own, as the role that the table of scopes names for the call."""

    id: UUID
    organisation_id: UUID
    account_id: UUID
    name: str
    scopes: frozenset[str]
    proof: Proof
    jwks: Mapping[str, Any] | None
    jwks_uri: str | None
    dpop_required: bool
    revision: int
    created_at: datetime
    revoked_at: datetime | None
    last_token_at: datetime | None
    function: StaffFunction

    @property
    def key_ids(self) -> tuple[str, ...]:
        """The ids of the registered keys; empty where they are fetched from `jwks_uri`."""
        return tuple(str(key.get("kid", "")) for key in (self.jwks or {}).get("keys", ()))


@dataclass(frozen=True, slots=True)
class Registration:
    """What a bank's administrator asks for. One of `jwks`, `jwks_uri`, `demo_secret`. Without a `function` it stays as it is; a new
    program is a relationship manager's.
    """

    name: str
    scopes: frozenset[str]
    jwks: Mapping[str, Any] | None = None
    jwks_uri: str | None = None
    demo_secret: bool = False
    dpop_required: bool = False
    function: StaffFunction | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One call of the API that clients may make: which scope opens it, and as which role of its bank the client makes it."""

    scope: str
    role: Role


@dataclass(frozen=True, slots=True)
class ScopeTable:
    """All scopes with their meaning, and `METHOD /path` -> operation. What is not in it is closed to clients."""

    scopes: Mapping[str, Text]
    operations: Mapping[str, Operation]


@dataclass(frozen=True, slots=True)
class Issued:
    """An access token. `expires_in` in seconds; `token_type` is Bearer or DPoP."""

    access_token: str
    token_type: str
    expires_in: int
    scope: str
