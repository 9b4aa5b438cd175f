"""What workers keep is told apart from what changed: triggers notify. Needs that fit a product, subscriptions, green grades of the day."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

ROLE = "greenbridge_app"
# Table -> (what of it workers keep, which changes touch that).
WATCHED = {
    "sign_in": ("sign_in", "update or delete or truncate"),
    "account": ("sign_in", "update or delete or truncate"),
    "organisation": ("sign_in", "update or delete or truncate"),
    "loan_product": ("catalogue", "insert or update or delete or truncate"),
    "bank_behaviour": ("catalogue", "insert or update or delete or truncate"),
}
BOOKS = ("firm_green", "match_new_fit", "match_subscription", "need_fit")


def upgrade() -> None:
    op.execute("set lock_timeout = '5s'")
    op.execute("""
        create function tell_change() returns trigger language plpgsql as $$
        begin
            perform pg_notify('greenbridge_changed', tg_argv[0]);
            return null;
        end $$
    """)
    for table, (kind, changes) in WATCHED.items():
        op.execute(f"create trigger tell_change after {changes} on {table} for each statement execute function tell_change('{kind}')")
    op.add_column("match_run", sa.Column("green", JSONB(), nullable=True))
    op.add_column("bank_behaviour", sa.Column("well", sa.Integer(), nullable=False, server_default="0"))
    op.alter_column("bank_behaviour", "well", server_default=None)
    op.create_table(
        "need_fit",
        sa.Column("need_id", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("eligible", ARRAY(sa.Text()), nullable=False),
        sa.Column("conditional", ARRAY(sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["need_id"], ["need.id"], name=op.f("fk_need_fit_need_id_need")),
        sa.PrimaryKeyConstraint("need_id", name=op.f("pk_need_fit")),
    )
    op.create_index("ix_need_fit_eligible", "need_fit", ["eligible"], postgresql_using="gin")
    op.create_index("ix_need_fit_conditional", "need_fit", ["conditional"], postgresql_using="gin")
    op.create_table(
        "match_subscription",
        sa.Column("product_code", sa.String(), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("conditional", sa.Boolean(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["bank_id"], ["organisation.id"], name=op.f("fk_match_subscription_bank_id_organisation")),
        sa.PrimaryKeyConstraint("product_code", name=op.f("pk_match_subscription")),
    )
    op.create_index(op.f("ix_match_subscription_bank_id"), "match_subscription", ["bank_id"])
    op.create_table(
        "match_new_fit",
        sa.Column("need_id", sa.Uuid(), nullable=False),
        sa.Column("product_code", sa.String(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["need_id"], ["need.id"], name=op.f("fk_match_new_fit_need_id_need")),
        sa.PrimaryKeyConstraint("need_id", "product_code", name=op.f("pk_match_new_fit")),
    )
    op.create_table(
        "firm_green",
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("grade", sa.String(), nullable=True),
        sa.Column("possible", sa.String(), nullable=True),
        sa.Column("coverage", sa.Float(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("scheme", sa.String(), nullable=False),
        sa.Column("rated_on", sa.Date(), nullable=False),
        sa.CheckConstraint("basis in ('system', 'certified')", name=op.f("ck_firm_green_basis")),
        sa.ForeignKeyConstraint(["enterprise_id"], ["enterprise.id"], name=op.f("fk_firm_green_enterprise_id_enterprise")),
        sa.PrimaryKeyConstraint("enterprise_id", name=op.f("pk_firm_green")),
    )
    # The platform's own books: closed to requests, under the policies' protection all the same.
    for table in BOOKS:
        op.execute(f"alter table {table} enable row level security")


def downgrade() -> None:
    for table in BOOKS:
        op.drop_table(table)
    op.drop_column("bank_behaviour", "well")
    op.drop_column("match_run", "green")
    for table in WATCHED:
        op.execute(f"drop trigger tell_change on {table}")
    op.execute("drop function tell_change()")
