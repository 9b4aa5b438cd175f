"""Wire types of accounts."""

from datetime import datetime
from uuid import UUID

from greenbridge.accounts.values import Role, StaffFunction
from greenbridge.kit.wire import Closed


class Credentials(Closed):
    """A log-in and its password."""

    login: str
    password: str


class NewAccount(Credentials):
    """An account that an operator or a bank administrator opens."""

    role: Role
    organisation_code: str
    organisation_name: str | None = None
    function: StaffFunction | None = None


class AccountOut(Closed):
    """An account as its owner sees it."""

    id: UUID
    login: str
    role: Role
    organisation: str
    function: StaffFunction | None = None


class Token(Closed):
    """A bearer token; shown once."""

    token: str
    token_type: str = "Bearer"  # noqa: S105  the scheme's name
    expires_at: datetime
