"""Pledges under commitments, mortgage registrations, orders to the land registry.

Revision ID: 0021
Revises: 0015
"""

# ruff: noqa: S608  all SQL is put together from constants of this file
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

ROLE = "greenbridge_app"
BANK = "bank_id = (select greenbridge_bank())"
ENTERPRISE = "enterprise_id = (select greenbridge_enterprise())"
STANDING = "c.bank_id = (select greenbridge_bank()) and c.withdrawn_at is null and c.expires_on >= greenbridge_today()"
# (from, to): the same as rules.pledging.TRANSITIONS and rules.registering.TRANSITIONS; a test compares.
PLEDGE_MOVES = (
    ("offered", "active"),
    ("offered", "refused"),
    ("offered", "declined"),
    ("offered", "withdrawn"),
    ("offered", "lapsed"),
    ("active", "released"),
    ("active", "expired"),
    ("active", "transferred"),
)
REGISTRATION_MOVES = (
    ("draft", "submitted"),
    ("draft", "discarded"),
    ("submitted", "accepted"),
    ("accepted", "registered"),
    ("accepted", "rejected"),
    ("registered", "cancellation_requested"),
    ("cancellation_requested", "registered"),
    ("cancellation_requested", "cancelled"),
)


def _listed(moves: tuple[tuple[str, str], ...]) -> str:
    return ", ".join(f"('{old}', '{new}')" for old, new in moves)


# The key may be changed under a row (rotation: `sealed`, `statement`), never what it is about.
_OFFERED = (
    "id, kind, enterprise_id, bank_id, pledgor_uscc, pledgor_name, amount_fen, whole_fen, exclusive, evidence, offered_at, offered_by,"
    " offer_until, expires_on, succeeds"
)
_DRAFTED = "id, pledge_id, enterprise_id, bank_id, certificate_no, unit_no, secured_fen, drafted_at, drafted_by"


def _fields(row: str, names: str) -> str:
    return ", ".join(f"{row}.{name.strip()}" for name in names.split(","))


GUARDS = f"""
create function guard_pledge() returns trigger language plpgsql as $$
declare
    taken bigint;
    least_whole bigint;
begin
    if new.state is distinct from old.state and (old.state, new.state) not in ({_listed(PLEDGE_MOVES)}) then
        raise exception using message = 'a pledge does not go from ' || old.state || ' to ' || new.state;
    end if;
    if ({_fields("new", _OFFERED)}) is distinct from ({_fields("old", _OFFERED)}) then
        raise exception 'what was offered as a pledge does not change';
    end if;
    if old.accepted_at is not null and (new.accepted_at, new.asset_id, new.rank) is distinct from (old.accepted_at, old.asset_id, old.rank) then
        raise exception 'what was accepted as a pledge does not change';
    end if;
    if new.state = 'active' and old.state = 'offered' then
        perform 1 from pledged_asset where id = new.asset_id for update;
        select coalesce(sum(amount_fen), 0), min(whole_fen) into taken, least_whole
            from pledge where asset_id = new.asset_id and state = 'active' and id <> new.id;
        if taken + new.amount_fen > least(least_whole, new.whole_fen) then
            raise exception 'an asset is not pledged beyond its whole';
        end if;
    end if;
    return new;
end $$;
create trigger guarded before update on pledge for each row execute function guard_pledge();

create function guard_mortgage_registration() returns trigger language plpgsql as $$
begin
    if new.state is distinct from old.state and (old.state, new.state) not in ({_listed(REGISTRATION_MOVES)}) then
        raise exception using message = 'a registration does not go from ' || old.state || ' to ' || new.state;
    end if;
    if ({_fields("new", _DRAFTED)}) is distinct from ({_fields("old", _DRAFTED)}) then
        raise exception 'what was drafted as a registration does not change';
    end if;
    return new;
end $$;
create trigger guarded before update on mortgage_registration for each row execute function guard_mortgage_registration();

create function refuse_change_of_pledges() returns trigger language plpgsql as $$
begin
    raise exception 'events and checks of pledges are appended only';
end $$;
create trigger appended before update or delete on pledge_event for each row execute function refuse_change_of_pledges();
create trigger appended before update or delete on pledge_check for each row execute function refuse_change_of_pledges();
create trigger kept before truncate on pledge_event execute function refuse_change_of_pledges();
create trigger kept before truncate on pledge_check execute function refuse_change_of_pledges();
"""
OF_PLEDGE = "exists (select 1 from pledge p where p.id = pledge_event.pledge_id)"
GRANTS = {
    "pledge": "select, insert, update (state, ended_at, note)",
    "pledge_event": "select, insert",
    "mortgage_registration": "select, insert, update (state, submitted_at, ended_at)",
    "registry_order": "select, insert",
}
# (table, name): (command, rows it sees, rows it may leave behind). Acceptance looks at other banks' pledges: it is the platform's.
POLICIES = {
    ("pledge", "select"): ("select", f"{ENTERPRISE} or {BANK}", None),
    ("pledge", "insert"): ("insert", None, f"{ENTERPRISE} and state = 'offered' and succeeds is null"),
    ("pledge", "by_firm"): ("update", f"{ENTERPRISE} and state = 'offered' and succeeds is null", f"{ENTERPRISE} and state = 'withdrawn'"),
    ("pledge", "by_bank"): ("update", f"{BANK} and state in ('offered', 'active')", f"{BANK} and state in ('declined', 'released')"),
    ("pledge_event", "select"): ("select", OF_PLEDGE, None),
    ("pledge_event", "insert"): ("insert", None, f"{OF_PLEDGE} and account_id in (select greenbridge_accounts())"),
    ("mortgage_registration", "select"): ("select", f"{ENTERPRISE} or {BANK}", None),
    ("mortgage_registration", "insert"): (
        "insert",
        None,
        f"{BANK} and state = 'draft' and exists (select 1 from pledge p where p.id = pledge_id and p.state = 'active'"
        " and p.bank_id = mortgage_registration.bank_id and p.enterprise_id = mortgage_registration.enterprise_id)",
    ),
    ("mortgage_registration", "update"): (
        "update",
        f"{BANK} and state in ('draft', 'registered')",
        f"{BANK} and state in ('submitted', 'discarded', 'cancellation_requested')",
    ),
    ("registry_order", "select"): ("select", BANK, None),
    ("registry_order", "insert"): (
        "insert",
        None,
        f"{BANK} and state = 'queued' and (registration_id is not null"
        f" or exists (select 1 from consent c where c.enterprise_id = registry_order.enterprise_id and {STANDING}))",
    ),
}
CLOSED = ("pledge_key", "pledged_asset", "pledge_check")


def upgrade() -> None:
    op.execute("set lock_timeout = '5s'")
    op.create_table(
        "pledge_key",
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=True),
        sa.CheckConstraint("current is distinct from false", name=op.f("ck_pledge_key_current")),
        sa.PrimaryKeyConstraint("serial", name=op.f("pk_pledge_key")),
        sa.UniqueConstraint("current", name=op.f("uq_pledge_key_current")),
        sa.UniqueConstraint("key_id", name=op.f("uq_pledge_key_key_id")),
    )
    op.create_table(
        "pledged_asset",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("commitment", sa.String(), nullable=False),
        sa.CheckConstraint(
            "kind in ('invoice', 'order', 'warehouse_receipt', 'real_estate', 'equipment')", name=op.f("ck_pledged_asset_kind")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pledged_asset")),
        sa.UniqueConstraint("commitment", name=op.f("uq_pledged_asset_commitment")),
    )
    op.create_table(
        "pledge",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=True),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("pledgor_uscc", sa.String(), nullable=False),
        sa.Column("pledgor_name", sa.String(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("whole_fen", sa.BigInteger(), nullable=False),
        sa.Column("exclusive", sa.Boolean(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("offered_by", sa.Uuid(), nullable=False),
        sa.Column("offer_until", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("succeeds", sa.Uuid(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("statement", sa.String(), nullable=False),
        sa.CheckConstraint(
            "(state in ('active', 'released', 'expired', 'transferred')) = (accepted_at is not null and asset_id is not null)",
            name=op.f("ck_pledge_accepted"),
        ),
        sa.CheckConstraint("(state in ('offered', 'active')) = (ended_at is null)", name=op.f("ck_pledge_ended_when_final")),
        sa.CheckConstraint("evidence in ('confirmed', 'contradicted', 'unknown')", name=op.f("ck_pledge_evidence")),
        sa.CheckConstraint("kind in ('invoice', 'order', 'warehouse_receipt', 'real_estate', 'equipment')", name=op.f("ck_pledge_kind")),
        sa.CheckConstraint(
            "state in ('offered', 'active', 'refused', 'declined', 'withdrawn', 'lapsed', 'released', 'expired', 'transferred')",
            name=op.f("ck_pledge_state"),
        ),
        sa.CheckConstraint("(rank is null) = (accepted_at is null) and rank > 0", name=op.f("ck_pledge_rank")),
        sa.CheckConstraint("amount_fen > 0 and amount_fen <= whole_fen", name=op.f("ck_pledge_amount")),
        sa.CheckConstraint("length(note) <= 500", name=op.f("ck_pledge_bounded")),
        sa.ForeignKeyConstraint(["asset_id"], ["pledged_asset.id"], name=op.f("fk_pledge_asset_id_pledged_asset")),
        sa.ForeignKeyConstraint(["bank_id"], ["organisation.id"], name=op.f("fk_pledge_bank_id_organisation")),
        sa.ForeignKeyConstraint(["enterprise_id"], ["enterprise.id"], name=op.f("fk_pledge_enterprise_id_enterprise")),
        sa.ForeignKeyConstraint(["offered_by"], ["account.id"], name=op.f("fk_pledge_offered_by_account")),
        sa.ForeignKeyConstraint(["succeeds"], ["pledge.id"], name=op.f("fk_pledge_succeeds_pledge")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pledge")),
    )
    op.create_index(op.f("ix_pledge_asset_id"), "pledge", ["asset_id"])
    op.create_index(op.f("ix_pledge_bank_id"), "pledge", ["bank_id"])
    op.create_index(op.f("ix_pledge_enterprise_id"), "pledge", ["enterprise_id"])
    op.create_index("ix_pledge_open", "pledge", ["state", "expires_on"], postgresql_where=sa.text("state in ('offered', 'active')"))
    op.create_index("ix_pledge_statement", "pledge", ["statement"], postgresql_where=sa.text("state = 'active'"))
    op.create_index("uq_pledge_exclusive", "pledge", ["asset_id"], unique=True, postgresql_where=sa.text("state = 'active' and exclusive"))
    op.create_index("uq_pledge_rank", "pledge", ["asset_id", "rank"], unique=True, postgresql_where=sa.text("state = 'active'"))
    op.create_index("uq_pledge_successor", "pledge", ["succeeds"], unique=True, postgresql_where=sa.text("state in ('offered', 'active')"))
    op.create_table(
        "pledge_check",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("pledged", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "kind in ('invoice', 'order', 'warehouse_receipt', 'real_estate', 'equipment')", name=op.f("ck_pledge_check_kind")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_pledge_check_account_id_account")),
        sa.ForeignKeyConstraint(["bank_id"], ["organisation.id"], name=op.f("fk_pledge_check_bank_id_organisation")),
        sa.ForeignKeyConstraint(["enterprise_id"], ["enterprise.id"], name=op.f("fk_pledge_check_enterprise_id_enterprise")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pledge_check")),
    )
    op.create_index("ix_pledge_check_bank_id_at", "pledge_check", ["bank_id", "at"])
    op.create_index(op.f("ix_pledge_check_enterprise_id"), "pledge_check", ["enterprise_id"])
    op.create_table(
        "mortgage_registration",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("pledge_id", sa.Uuid(), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("certificate_no", sa.String(), nullable=False),
        sa.Column("unit_no", sa.String(), nullable=False),
        sa.Column("secured_fen", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("drafted_by", sa.Uuid(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reference", sa.String(), nullable=True),
        sa.Column("registry_number", sa.String(), nullable=True),
        sa.Column("registry_rank", sa.Integer(), nullable=True),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reasons", ARRAY(sa.Text()), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("receipts", JSONB(), nullable=False),
        sa.CheckConstraint(
            "(registry_number is not null) = (state in ('registered', 'cancellation_requested', 'cancelled'))",
            name=op.f("ck_mortgage_registration_numbered"),
        ),
        sa.CheckConstraint(
            "(state in ('discarded', 'rejected', 'cancelled')) = (ended_at is not null)",
            name=op.f("ck_mortgage_registration_ended_when_final"),
        ),
        sa.CheckConstraint("state <> 'rejected' or cardinality(reasons) > 0", name=op.f("ck_mortgage_registration_rejected_with_reasons")),
        sa.CheckConstraint(
            "state in ('draft', 'submitted', 'accepted', 'registered', 'cancellation_requested', 'discarded', 'rejected', 'cancelled')",
            name=op.f("ck_mortgage_registration_state"),
        ),
        sa.CheckConstraint("secured_fen > 0", name=op.f("ck_mortgage_registration_secured")),
        sa.ForeignKeyConstraint(["bank_id"], ["organisation.id"], name=op.f("fk_mortgage_registration_bank_id_organisation")),
        sa.ForeignKeyConstraint(["drafted_by"], ["account.id"], name=op.f("fk_mortgage_registration_drafted_by_account")),
        sa.ForeignKeyConstraint(["enterprise_id"], ["enterprise.id"], name=op.f("fk_mortgage_registration_enterprise_id_enterprise")),
        sa.ForeignKeyConstraint(["pledge_id"], ["pledge.id"], name=op.f("fk_mortgage_registration_pledge_id_pledge")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mortgage_registration")),
    )
    op.create_index(op.f("ix_mortgage_registration_bank_id"), "mortgage_registration", ["bank_id"])
    op.create_index(op.f("ix_mortgage_registration_enterprise_id"), "mortgage_registration", ["enterprise_id"])
    op.create_index(op.f("ix_mortgage_registration_pledge_id"), "mortgage_registration", ["pledge_id"])
    op.create_index(
        "uq_mortgage_registration_open",
        "mortgage_registration",
        ["pledge_id"],
        unique=True,
        postgresql_where=sa.text("state not in ('discarded', 'rejected', 'cancelled')"),
    )
    op.create_table(
        "pledge_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("pledge_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("receipt", JSONB(), nullable=True),
        sa.CheckConstraint(
            "event in ('offer', 'accept', 'refuse', 'decline', 'withdraw', 'lapse', 'release', 'expire', 'transfer')",
            name=op.f("ck_pledge_event_event"),
        ),
        sa.CheckConstraint(
            "state in ('offered', 'active', 'refused', 'declined', 'withdrawn', 'lapsed', 'released', 'expired', 'transferred')",
            name=op.f("ck_pledge_event_state"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_pledge_event_account_id_account")),
        sa.ForeignKeyConstraint(["pledge_id"], ["pledge.id"], name=op.f("fk_pledge_event_pledge_id_pledge")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pledge_event")),
    )
    op.create_index(op.f("ix_pledge_event_pledge_id"), "pledge_event", ["pledge_id"])
    op.create_table(
        "registry_order",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=True),
        sa.Column("body", JSONB(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reference", sa.String(), nullable=True),
        sa.Column("answer", JSONB(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_problem", sa.String(), nullable=False),
        sa.CheckConstraint("(kind = 'query') = (registration_id is null)", name=op.f("ck_registry_order_of_a_registration")),
        sa.CheckConstraint("(state = 'queued') = (reference is null)", name=op.f("ck_registry_order_referenced")),
        sa.CheckConstraint(
            "(state in ('answered', 'rejected')) = (answered_at is not null and answer is not null)",
            name=op.f("ck_registry_order_answered"),
        ),
        sa.CheckConstraint("kind in ('query', 'registration', 'cancellation')", name=op.f("ck_registry_order_kind")),
        sa.CheckConstraint("state in ('queued', 'acknowledged', 'answered', 'rejected')", name=op.f("ck_registry_order_state")),
        sa.ForeignKeyConstraint(["bank_id"], ["organisation.id"], name=op.f("fk_registry_order_bank_id_organisation")),
        sa.ForeignKeyConstraint(["enterprise_id"], ["enterprise.id"], name=op.f("fk_registry_order_enterprise_id_enterprise")),
        sa.ForeignKeyConstraint(["made_by"], ["account.id"], name=op.f("fk_registry_order_made_by_account")),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["mortgage_registration.id"], name=op.f("fk_registry_order_registration_id_mortgage_registration")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registry_order")),
    )
    op.create_index(op.f("ix_registry_order_bank_id"), "registry_order", ["bank_id"])
    op.create_index("ix_registry_order_due", "registry_order", ["due_at"], postgresql_where=sa.text("state in ('queued', 'acknowledged')"))
    op.create_index(op.f("ix_registry_order_enterprise_id"), "registry_order", ["enterprise_id"])
    op.create_index(op.f("ix_registry_order_registration_id"), "registry_order", ["registration_id"])

    op.execute(GUARDS)
    for table, privileges in GRANTS.items():
        op.execute(f"grant {privileges} on {table} to {ROLE}")
    for (table, name), (command, rows, left) in POLICIES.items():
        using = f" using ({rows})" if rows else ""
        check = f" with check ({left})" if left else ""
        op.execute(f"create policy {table}_{name} on {table} for {command} to {ROLE}{using}{check}")
    for table in (*GRANTS, *CLOSED):
        op.execute(f"alter table {table} enable row level security")


def downgrade() -> None:
    for table in ("registry_order", "mortgage_registration", "pledge_event", "pledge_check", "pledge", "pledged_asset", "pledge_key"):
        op.drop_table(table)
    op.execute("drop function guard_pledge(); drop function guard_mortgage_registration(); drop function refuse_change_of_pledges()")
