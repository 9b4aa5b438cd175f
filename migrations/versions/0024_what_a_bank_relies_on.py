"""A mortgage refused before it was taken in, messages without a gateway, events that cannot be told, endpoints that rest.

Revision ID: 0024
Revises: 0023
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

ROLE = "greenbridge_app"
INSTANT = sa.DateTime(timezone=True)
# (table, name): (condition from now on, condition before)
CHECKS = {
    ("registry_order", "referenced"): (
        "case state when 'queued' then reference is null when 'rejected' then true else reference is not null end",
        "(state = 'queued') = (reference is null)",
    ),
    ("webhook_delivery", "state"): ("state in ('pending', 'delivered', 'dead', 'removed')", "state in ('pending', 'delivered', 'dead')"),
    ("notice_message", "state"): ("state in ('pending', 'sent', 'no_gateway', 'dead')", "state in ('pending', 'sent', 'dead')"),
}
# What 0021 allows, and a refusal of what was never taken in. Same as rules.registering.TRANSITIONS; a test compares.
FORMER_MOVES = (
    ("draft", "submitted"),
    ("draft", "discarded"),
    ("submitted", "accepted"),
    ("accepted", "registered"),
    ("accepted", "rejected"),
    ("registered", "cancellation_requested"),
    ("cancellation_requested", "registered"),
    ("cancellation_requested", "cancelled"),
)
REGISTRATION_MOVES = (*FORMER_MOVES, ("submitted", "rejected"))
DRAFTED = ("id", "pledge_id", "enterprise_id", "bank_id", "certificate_no", "unit_no", "secured_fen", "drafted_at", "drafted_by")


def _guard(moves: tuple[tuple[str, str], ...]) -> None:
    new, old = (", ".join(f"{row}.{name}" for name in DRAFTED) for row in ("new", "old"))
    op.execute(f"""
        create or replace function guard_mortgage_registration() returns trigger language plpgsql as $$
        begin
            if new.state is distinct from old.state
                and (old.state, new.state) not in ({", ".join(f"('{was}', '{is_}')" for was, is_ in moves)}) then
                raise exception using message = 'a registration does not go from ' || old.state || ' to ' || new.state;
            end if;
            if ({new}) is distinct from ({old}) then
                raise exception 'what was drafted as a registration does not change';
            end if;
            return new;
        end $$
    """)


def _checks(which: int) -> None:
    for (table, name), conditions in CHECKS.items():
        op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
        op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, conditions[which])


def upgrade() -> None:
    op.execute("set lock_timeout = '5s'")
    _checks(0)
    _guard(REGISTRATION_MOVES)
    # When the operator was told that a pledge is over while its mortgage is on the register.
    op.add_column("pledge", sa.Column("overdue_told_at", INSTANT, nullable=True))
    op.alter_column("product_capacity", "stated_by", nullable=True)  # what a product file states
    # Answers lay in clear, secrets among them; the keys stay, so that nothing is carried out twice.
    op.execute("update idempotency_key set content = null where key not like 'form:%'")
    _events()
    _endpoints()


def _events() -> None:
    op.add_column("outbox_event", sa.Column("attempts", sa.Integer(), server_default="0", nullable=False))
    op.add_column("outbox_event", sa.Column("next_at", INSTANT, nullable=True))
    op.add_column("outbox_event", sa.Column("dead_at", INSTANT, nullable=True))
    op.add_column("outbox_event", sa.Column("problem", sa.String(), server_default="", nullable=False))
    op.drop_index("ix_outbox_event_waiting", table_name="outbox_event")
    waiting, dead = sa.text("taken_at is null and dead_at is null"), sa.text("dead_at is not null")
    op.create_index("ix_outbox_event_waiting", "outbox_event", ["id"], postgresql_where=waiting)
    op.create_index("ix_outbox_event_dead", "outbox_event", ["id"], postgresql_where=dead)


def _endpoints() -> None:
    op.add_column("webhook_endpoint", sa.Column("failures", sa.Integer(), server_default="0", nullable=False))
    op.add_column("webhook_endpoint", sa.Column("rests_until", INSTANT, nullable=True))
    # Who removes an endpoint ends what waits for it.
    op.execute(f"grant update (state, ended_at) on webhook_delivery to {ROLE}")


def downgrade() -> None:
    op.execute("delete from product_capacity where stated_by is null")
    op.alter_column("product_capacity", "stated_by", nullable=False)
    op.execute("delete from idempotency_key where key not like 'form:%'")  # nobody could read what is sealed
    op.execute(f"revoke update (state, ended_at) on webhook_delivery from {ROLE}")
    op.execute("update registry_order set reference = '' where state = 'rejected' and reference is null")
    _guard(FORMER_MOVES)
    for table, column in (
        ("pledge", "overdue_told_at"), ("webhook_endpoint", "rests_until"), ("webhook_endpoint", "failures"),
    ):  # fmt: skip
        op.drop_column(table, column)
    op.drop_index("ix_outbox_event_dead", table_name="outbox_event")
    op.drop_index("ix_outbox_event_waiting", table_name="outbox_event")
    op.create_index("ix_outbox_event_waiting", "outbox_event", ["id"], postgresql_where=sa.text("taken_at is null"))
    for column in ("problem", "dead_at", "next_at", "attempts"):
        op.drop_column("outbox_event", column)
    op.execute("update webhook_delivery set state = 'dead' where state = 'removed'")
    op.execute("update notice_message set state = 'dead' where state = 'no_gateway'")
    _checks(1)
