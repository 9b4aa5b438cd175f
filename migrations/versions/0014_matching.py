"""Matching: runs with their facts instead of a row a product; exposure, behaviour, dry runs; rules in the language of version 1.

A match follows from facts and versions, so the old rows are not carried over: the first look at a need makes its run.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0014"
down_revision = "0012"
branch_labels = None
depends_on = None

ROLE = "greenbridge_app"
# Listed documents are written anew in the operators of the rule language; what they say stays the same.
RENAMED = """
update loan_product set document = jsonb_set(document, '{{rules}}', (
    select coalesce(jsonb_agg(case
        when rule->>'operator' in ({single}) then rule || jsonb_build_object('operator', '{to}',
            'limit', case when jsonb_typeof(rule->'limit') = 'array' then rule->'limit' else jsonb_build_array(rule->'limit') end)
        else rule end order by place), '[]'::jsonb)
    from jsonb_array_elements(document->'rules') with ordinality as r(rule, place)))
where document ? 'rules'
"""
BACK = """
update loan_product set document = jsonb_set(document, '{rules}', (
    select coalesce(jsonb_agg(case
        when rule->>'operator' = 'in' and jsonb_typeof(rule->'limit'->0) = 'boolean'
            then rule || jsonb_build_object('operator', 'is', 'limit', rule->'limit'->0)
        when rule->>'operator' = 'in' then rule || jsonb_build_object('operator', 'one_of')
        else rule end order by place), '[]'::jsonb)
    from jsonb_array_elements(document->'rules') with ordinality as r(rule, place)))
where document ? 'rules'
"""


def upgrade() -> None:
    op.execute("set lock_timeout = '5s'")
    op.execute(RENAMED.format(single="'one_of', 'is', 'includes_any', 'in_region'", to="in"))
    op.drop_table("match")
    op.create_table(
        "match_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("need_id", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("policy_version", sa.String(), nullable=False),
        sa.Column("model_version", sa.String(), nullable=False),
        sa.Column("catalogue", sa.String(), nullable=False),
        sa.Column("facts", JSONB(), nullable=False),
        sa.Column("places", JSONB(), nullable=False),
        sa.Column("eligible", sa.Integer(), nullable=False),
        sa.Column("conditional", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.CheckConstraint("reason in ('first', 'product', 'fact', 'policy')", name=op.f("ck_match_run_reason")),
        sa.ForeignKeyConstraint(["need_id"], ["need.id"], name=op.f("fk_match_run_need_id_need")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_match_run")),
    )
    op.create_index("ix_match_run_need_id_made_at", "match_run", ["need_id", "made_at"])
    op.create_table(
        "product_exposure",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("product_code", sa.String(), nullable=False),
        sa.Column("bank_code", sa.String(), nullable=False),
        sa.Column("shown", sa.Integer(), nullable=False),
        sa.Column("attention", sa.Float(), nullable=False),
        sa.Column("deserved", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("day", "product_code", name=op.f("pk_product_exposure")),
    )
    op.create_table(
        "bank_behaviour",
        sa.Column("bank_code", sa.String(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("measured_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("bank_code", name=op.f("pk_bank_behaviour")),
    )
    op.create_table(
        "product_dry_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("draft", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["bank_id"], ["organisation.id"], name=op.f("fk_product_dry_run_bank_id_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_dry_run")),
    )
    op.create_index(op.f("ix_product_dry_run_bank_id"), "product_dry_run", ["bank_id"])
    op.execute(f"grant select, insert on match_run to {ROLE}")
    own = "need_id in (select greenbridge_needs())"
    op.execute(f"create policy match_run_all on match_run for all to {ROLE} using ({own}) with check ({own})")
    # The others are the platform's own books: closed to requests, under the policies' protection all the same.
    for table in ("match_run", "product_exposure", "bank_behaviour", "product_dry_run"):
        op.execute(f"alter table {table} enable row level security")


def downgrade() -> None:
    for table in ("product_dry_run", "bank_behaviour", "product_exposure", "match_run"):
        op.drop_table(table)
    op.create_table(
        "match",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("need_id", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("policy_version", sa.String(), nullable=False),
        sa.Column("model_version", sa.String(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("product_code", sa.String(), nullable=False),
        sa.Column("product_version", sa.Integer(), nullable=False),
        sa.Column("eligibility", sa.String(), nullable=False),
        sa.Column("region_fit", sa.Float(), nullable=False),
        sa.Column("rule_fit", sa.Float(), nullable=False),
        sa.Column("risk_fit", sa.Float(), nullable=False),
        sa.Column("total_fit", sa.Float(), nullable=False),
        sa.Column("verdicts", JSONB(), nullable=False),
        sa.CheckConstraint("eligibility in ('eligible', 'conditional', 'not_eligible')", name=op.f("ck_match_eligibility")),
        sa.ForeignKeyConstraint(["need_id"], ["need.id"], name=op.f("fk_match_need_id_need")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_match")),
    )
    op.create_index("ix_match_need_id_made_at", "match", ["need_id", "made_at"])
    op.execute(f"grant select, insert on match to {ROLE}")
    own = "need_id in (select greenbridge_needs())"
    op.execute(f"create policy match_all on match for all to {ROLE} using ({own}) with check ({own})")
    op.execute("alter table match enable row level security")
    op.execute(BACK)
