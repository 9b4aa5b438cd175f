"""A mortgage refused before it was taken in, messages without a gateway, events that cannot be told, endpoints that rest.

Revision ID: 0024
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0021"
branch_labels = None
depends_on = None

ROLE = "greenbridge_app"
INSTANT = sa.DateTime(timezone=True)
# (table, name): (condition from now on, condition before)
CHECKS = {
    ("webhook_delivery", "state"): ("state in ('pending', 'delivered', 'dead', 'removed')", "state in ('pending', 'delivered', 'dead')"),
    ("notice_message", "state"): ("state in ('pending', 'sent', 'no_gateway', 'dead')", "state in ('pending', 'sent', 'dead')"),
}


def _checks(which: int) -> None:
    for (table, name), conditions in CHECKS.items():
        op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
        op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, conditions[which])


def upgrade() -> None:
    op.execute("set lock_timeout = '5s'")
    _checks(0)
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
    op.execute(f"revoke update (state, ended_at) on webhook_delivery from {ROLE}")
    for table, column in (
        ("webhook_endpoint", "rests_until"), ("webhook_endpoint", "failures"),
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
