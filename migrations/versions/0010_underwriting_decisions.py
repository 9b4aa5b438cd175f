"""Officers' decisions on proposals, appended: a bank sees its own, and adds one of a firm that agreed and a need that it answered.

Revision ID: 0010
Revises: 0009
"""

# ruff: noqa: S608  all SQL is put together from constants of this file
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ROLE = "greenbridge_app"
TABLE = "underwriting_decision"
OWN = "bank_id = (select greenbridge_bank())"
ADDS = f"""
    {OWN} and decided_by in (select greenbridge_accounts())
    and exists (select 1 from answer a where a.need_id = {TABLE}.need_id and a.bank_id = (select greenbridge_bank()))
    and exists (select 1 from consent c where c.enterprise_id = {TABLE}.enterprise_id and c.bank_id = (select greenbridge_bank())
        and c.withdrawn_at is null and c.expires_on >= greenbridge_today())
"""


def upgrade() -> None:
    op.execute("set lock_timeout = '5s'")
    op.create_table(
        TABLE,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("need_id", sa.Uuid(), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("choice", sa.String(), nullable=False),
        sa.Column("reasons", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("annual_rate_bp", sa.Integer(), nullable=True),
        sa.Column("term_months", sa.Integer(), nullable=True),
        sa.Column("report_number", sa.String(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("model_version", sa.String(), nullable=False),
        sa.Column("policy_version", sa.String(), nullable=False),
        sa.Column("product_code", sa.String(), nullable=False),
        sa.Column("product_version", sa.Integer(), nullable=False),
        sa.Column("proposal", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("choice in ('accepted', 'overridden')", name=op.f(f"ck_{TABLE}_choice")),
        sa.CheckConstraint("amount_fen >= 0", name=op.f(f"ck_{TABLE}_amount")),
        sa.CheckConstraint("(amount_fen = 0) = (annual_rate_bp is null and term_months is null)", name=op.f(f"ck_{TABLE}_terms_complete")),
        sa.CheckConstraint(
            "choice <> 'overridden' or (cardinality(reasons) > 0 and length(note) >= 5)", name=op.f(f"ck_{TABLE}_override_has_reason")
        ),
        sa.ForeignKeyConstraint(["bank_id"], ["organisation.id"], name=op.f(f"fk_{TABLE}_bank_id_organisation")),
        sa.ForeignKeyConstraint(["decided_by"], ["account.id"], name=op.f(f"fk_{TABLE}_decided_by_account")),
        sa.ForeignKeyConstraint(["enterprise_id"], ["enterprise.id"], name=op.f(f"fk_{TABLE}_enterprise_id_enterprise")),
        sa.ForeignKeyConstraint(["need_id"], ["need.id"], name=op.f(f"fk_{TABLE}_need_id_need")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
    )
    op.create_index(f"ix_{TABLE}_need_id_bank_id_decided_at", TABLE, ["need_id", "bank_id", "decided_at"])
    op.create_index(op.f(f"ix_{TABLE}_enterprise_id"), TABLE, ["enterprise_id"])
    op.execute(f"grant select, insert on {TABLE} to {ROLE}")
    op.execute(f"create policy {TABLE}_select on {TABLE} for select to {ROLE} using ({OWN})")
    op.execute(f"create policy {TABLE}_insert on {TABLE} for insert to {ROLE} with check ({ADDS})")
    op.execute(f"alter table {TABLE} enable row level security")
    op.execute(
        "create function refuse_change_of_decision() returns trigger language plpgsql as"
        " $$ begin raise exception 'decisions are appended only'; end $$"
    )
    op.execute(
        f"create trigger appended_only before update or delete or truncate on {TABLE} for each statement"
        " execute function refuse_change_of_decision()"
    )


def downgrade() -> None:
    op.drop_table(TABLE)
    op.execute("drop function refuse_change_of_decision()")
