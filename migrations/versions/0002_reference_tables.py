"""Imported entries of code lists"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "reference_row",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("parent", sa.String(), nullable=True),
        sa.Column("extra", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind in ('regions', 'industries', 'green-catalogue', 'banks', 'lpr')", name=op.f("ck_reference_row_kind")),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_reference_row_valid_period")),
        sa.PrimaryKeyConstraint("kind", "code", "valid_from", name=op.f("pk_reference_row")),
    )


def downgrade() -> None:
    op.drop_table("reference_row")
