"""A firm's counterparties of a year in one row: a version is a row, not as many rows as the firm has customers."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
KEY = ("uscc", "direction", "valid_from", "recorded_at")


def _columns(*own: sa.Column[object]) -> list[sa.Column[object]]:
    return [
        sa.Column("uscc", sa.String(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        *own,
    ]


def upgrade() -> None:
    op.execute("alter table counterparty_year rename to counterparty_year_rows")
    op.execute("alter index pk_counterparty_year rename to pk_counterparty_year_rows")
    op.create_table(
        "counterparty_year",
        *_columns(
            sa.Column("counterparties", sa.ARRAY(sa.Text()), nullable=False),
            sa.Column("net_fen", sa.ARRAY(sa.BigInteger()), nullable=False),
            sa.Column("invoices", sa.ARRAY(sa.Integer()), nullable=False),
        ),
        sa.PrimaryKeyConstraint(*KEY, name=op.f("pk_counterparty_year")),
        sa.CheckConstraint(
            "cardinality(counterparties) = cardinality(net_fen) and cardinality(net_fen) = cardinality(invoices)",
            name=op.f("ck_counterparty_year_of_one_length"),
        ),
    )
    # A row without a counterparty said that nothing valid was left of the year.
    op.execute("""
        insert into counterparty_year (uscc, direction, valid_from, recorded_at, valid_to, batch_id, counterparties, net_fen, invoices)
        select uscc, direction, valid_from, recorded_at, min(valid_to), (array_agg(batch_id))[1],
            coalesce(array_agg(counterparty::text order by counterparty) filter (where counterparty <> ''), '{}'),
            coalesce(array_agg(net_fen order by counterparty) filter (where counterparty <> ''), '{}'),
            coalesce(array_agg(invoices order by counterparty) filter (where counterparty <> ''), '{}')
        from counterparty_year_rows group by uscc, direction, valid_from, recorded_at
    """)
    op.drop_table("counterparty_year_rows")


def downgrade() -> None:
    op.execute("alter table counterparty_year rename to counterparty_year_lists")
    op.execute("alter index pk_counterparty_year rename to pk_counterparty_year_lists")
    op.create_table(
        "counterparty_year",
        *_columns(
            sa.Column("counterparty", sa.String(), nullable=False),
            sa.Column("net_fen", sa.BigInteger(), nullable=False),
            sa.Column("invoices", sa.Integer(), nullable=False),
        ),
        sa.PrimaryKeyConstraint(*KEY, "counterparty", name=op.f("pk_counterparty_year")),
    )
    op.execute("""
        insert into counterparty_year (uscc, direction, valid_from, recorded_at, valid_to, batch_id, counterparty, net_fen, invoices)
        select uscc, direction, valid_from, recorded_at, valid_to, batch_id, coalesce(u.counterparty, ''), coalesce(u.net_fen, 0),
            coalesce(u.invoices, 0)
        from counterparty_year_lists l left join lateral unnest(l.counterparties, l.net_fen, l.invoices)
            as u (counterparty, net_fen, invoices) on true
    """)
    op.drop_table("counterparty_year_lists")
