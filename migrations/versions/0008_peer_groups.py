"""Groups of firms that one firm is compared with: quantiles, appended. They are of no firm in particular, so that requests may read all.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ROLE = "greenbridge_app"


def upgrade() -> None:
    op.create_table(
        "peer_group",
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("size", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("metrics", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("kind in ('division_size', 'division', 'all')", name=op.f("ck_peer_group_kind")),
        sa.CheckConstraint("n >= 10", name=op.f("ck_peer_group_large_enough")),
        sa.PrimaryKeyConstraint("as_of", "made_at", "kind", "code", "size", name=op.f("pk_peer_group")),
    )
    op.execute(f"grant select on peer_group to {ROLE}")
    op.execute(f"create policy peer_group_select on peer_group for select to {ROLE} using (true)")
    op.execute("alter table peer_group enable row level security")


def downgrade() -> None:
    op.drop_table("peer_group")
