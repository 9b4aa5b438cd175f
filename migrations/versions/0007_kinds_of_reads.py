"""The ledger of reads knows two kinds more: a firm's name told with a need, rows of a delivery on the operator's pages.

Revision ID: 0007
Revises: 0006
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint(op.f("ck_data_read_kind"), "data_read")
    op.create_check_constraint(op.f("ck_data_read_kind"), "data_read", "kind in ('report', 'facts', 'named', 'delivery')")


def downgrade() -> None:
    """Leave the wider constraint: rows of the ledger are never removed."""
