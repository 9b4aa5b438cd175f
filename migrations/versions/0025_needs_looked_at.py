"""When an open need was looked at last: what has changed since is looked at again, and what has not is left alone."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set lock_timeout = '5s'")
    op.add_column("need_fit", sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("update need_fit set checked_at = made_at")
    op.alter_column("need_fit", "checked_at", nullable=False)


def downgrade() -> None:
    op.execute("set lock_timeout = '5s'")
    op.drop_column("need_fit", "checked_at")
