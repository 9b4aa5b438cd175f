"""A need's place in the list of open needs, anew when it is opened again; who was not chosen holds no slot; a revolving loan is drawn again.

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

ROLE = "greenbridge_app"
HOLDS = "status not in ('not_chosen', 'declined', 'returned', 'expired')"
HELD_BEFORE = "status not in ('declined', 'returned', 'expired')"
PAID = "disbursed_fen between 0 and coalesce(approved_fen, 0)"
AND_AGAIN = " + case when repayment = 'revolving' then repaid_fen else 0 end"
OPEN = "status in ('published', 'in_answer', 'escalated', 'reopened')"


def upgrade() -> None:
    op.execute("set lock_timeout = '5s'")
    op.execute("create sequence need_listing")
    op.execute(f"grant usage on sequence need_listing to {ROLE}")
    op.add_column("need", sa.Column("listed_no", sa.BigInteger(), nullable=True))
    op.execute("""
        update need set listed_no = places.place
        from (select id, row_number() over (order by published_at, number) as place from need) as places where places.id = need.id
    """)
    op.execute("select setval('need_listing', (select count(*) + 1 from need), false)")
    op.create_index("ix_need_listed", "need", ["listed_no"], postgresql_where=OPEN)
    _slots(HOLDS)
    _paid(PAID + AND_AGAIN)


def _slots(holds: str) -> None:
    op.drop_index("uq_answer_need_id_slot", table_name="answer")
    op.create_index("uq_answer_need_id_slot", "answer", ["need_id", "slot"], unique=True, postgresql_where=holds)


def _paid(condition: str) -> None:
    name = op.f("ck_answer_paid_within_the_approval")
    op.drop_constraint(name, "answer", type_="check")
    op.create_check_constraint(name, "answer", condition)


def downgrade() -> None:
    """Go back where no need was opened again and taken by others, beside whose answers the not chosen ones would hold a slot, and no
    revolving loan was drawn again.
    """
    _paid(PAID)
    _slots(HELD_BEFORE)
    op.drop_index("ix_need_listed", table_name="need")
    op.drop_column("need", "listed_no")
    op.execute("drop sequence need_listing")
