"""Reports are signed, and their numbers follow from their content."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set lock_timeout = '5s'")
    for column in (sa.Column("head", JSONB()), sa.Column("seed", sa.String()), sa.Column("signature", JSONB())):
        op.add_column("credit_report", column)
    op.execute("drop sequence report_number")


def downgrade() -> None:
    op.execute("create sequence report_number")
    op.execute("grant usage on sequence report_number to greenbridge_app")
    for column in ("signature", "seed", "head"):
        op.drop_column("credit_report", column)
