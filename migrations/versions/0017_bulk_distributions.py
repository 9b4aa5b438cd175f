"""How a run's scores and features lie. Closed to the role of requests, as the runs are.

Revision ID: 0017
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set lock_timeout = '5s'")
    op.create_table(
        "bulk_distribution",
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("model_version", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("scored_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("edges", JSONB(), nullable=False),
        sa.Column("counts", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("as_of", "model_version", "name", name=op.f("pk_bulk_distribution")),
    )
    op.execute("alter table bulk_distribution enable row level security")


def downgrade() -> None:
    op.drop_table("bulk_distribution")
