"""Lists of firms by a scheme that banks subscribe to: which firms let themselves be named, which banks want them, who stands on them."""

from sqlalchemy import Index, text
from sqlmodel import SQLModel

from greenbridge.kit.columns import UUID, datetime, instant, key, reference

_STANDING = text("ended_at is null")


class ListMemberRow(SQLModel, table=True):
    """That a firm lets itself be rated by a list's scheme and named to the banks that subscribe to it."""

    __tablename__ = "list_member"
    __table_args__ = (Index("uq_list_member_standing", "enterprise_id", "list_code", unique=True, postgresql_where=_STANDING),)
    id: UUID = key()
    enterprise_id: UUID = reference("enterprise.id", index=False)
    list_code: str
    since: datetime = instant()
    ended_at: datetime | None = instant(nullable=True)
    account_id: UUID = reference("account.id", index=False)


class ListSubscriptionRow(SQLModel, table=True):
    __tablename__ = "list_subscription"
    __table_args__ = (Index("uq_list_subscription_standing", "bank_id", "list_code", unique=True, postgresql_where=_STANDING),)
    id: UUID = key()
    bank_id: UUID = reference("organisation.id", index=False)
    list_code: str
    since: datetime = instant()
    ended_at: datetime | None = instant(nullable=True)
    account_id: UUID = reference("account.id", index=False)


class ListEntryRow(SQLModel, table=True):
    """A firm's stay on a list; `pushed`: to how many banks it was sent when it came on."""

    __tablename__ = "list_entry"
    __table_args__ = (Index("uq_list_entry_standing", "enterprise_id", "list_code", unique=True, postgresql_where=text("left_at is null")),)
    id: UUID = key()
    enterprise_id: UUID = reference("enterprise.id", index=False)
    list_code: str
    uscc: str
    name: str
    scheme_version: str
    points: float
    coverage: float
    entered_at: datetime = instant()
    left_at: datetime | None = instant(nullable=True)
    pushed: int
