"""What workers keep is told apart from what changed: triggers notify. Needs that fit a product, subscriptions, green grades of the day."""

from alembic import op

revision = "0018"
down_revision = "0015"
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


def downgrade() -> None:
    for table in WATCHED:
        op.execute(f"drop trigger tell_change on {table}")
    op.execute("drop function tell_change()")
