"""The first schema"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("create sequence need_number")
    op.execute("create sequence report_number")
    op.create_table(
        "batch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivered", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("quarantined", sa.Integer(), nullable=False),
        sa.Column("covers_to", sa.Date(), nullable=True),
        sa.Column("generated", sa.Boolean(), nullable=False),
        sa.Column("reasons", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("read_with", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("accepted + quarantined = delivered", name=op.f("ck_batch_nothing_lost")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_batch_fingerprint")),
    )
    op.create_index(op.f("ix_batch_item"), "batch", ["item"], unique=False)
    op.create_table(
        "job_run",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("slot", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("name", "slot", name=op.f("pk_job_run")),
    )
    op.create_table(
        "organisation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.CheckConstraint("kind in ('enterprise', 'bank', 'platform')", name=op.f("ck_organisation_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
        sa.UniqueConstraint("kind", "code", name=op.f("uq_organisation_kind_code")),
    )
    op.create_table(
        "account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("role in ('enterprise', 'officer', 'bank_administrator', 'operator')", name=op.f("ck_account_role")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_account_organisation_id_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("login", name=op.f("uq_account_login")),
    )
    op.create_index(op.f("ix_account_organisation_id"), "account", ["organisation_id"], unique=False)
    op.create_table(
        "batch_part",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_batch_part_batch_id_batch")),
        sa.PrimaryKeyConstraint("batch_id", "part", name=op.f("pk_batch_part")),
    )
    op.create_table(
        "counterparty_year",
        sa.Column("uscc", sa.String(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counterparty", sa.String(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("net_fen", sa.BigInteger(), nullable=False),
        sa.Column("invoices", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_counterparty_year_batch_id_batch")),
        sa.PrimaryKeyConstraint("uscc", "direction", "valid_from", "recorded_at", "counterparty", name=op.f("pk_counterparty_year")),
    )
    op.create_table(
        "enterprise",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("uscc", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("region_code", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verified_batch_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("(status = 'verified') = (verified_at is not null)", name=op.f("ck_enterprise_verified_has_time")),
        sa.CheckConstraint("origin in ('declared', 'generated')", name=op.f("ck_enterprise_origin")),
        sa.CheckConstraint("status in ('registered', 'verified')", name=op.f("ck_enterprise_status")),
        sa.CheckConstraint("length(uscc) = 18", name=op.f("ck_enterprise_uscc_length")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_enterprise_organisation_id_organisation")),
        sa.ForeignKeyConstraint(["verified_batch_id"], ["batch.id"], name=op.f("fk_enterprise_verified_batch_id_batch")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enterprise")),
        sa.UniqueConstraint("organisation_id", name=op.f("uq_enterprise_organisation_id")),
        sa.UniqueConstraint("uscc", name=op.f("uq_enterprise_uscc")),
    )
    op.create_index(op.f("ix_enterprise_region_code"), "enterprise", ["region_code"], unique=False)
    op.create_table(
        "fact",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("uscc", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("values", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_fact_batch_id_batch")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fact")),
    )
    op.create_index(op.f("ix_fact_batch_id"), "fact", ["batch_id"], unique=False)
    op.create_index("ix_fact_uscc_item_key_recorded_at", "fact", ["uscc", "item", "key", "recorded_at"], unique=False)
    op.create_table(
        "invoice_month",
        sa.Column("uscc", sa.String(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("net_fen", sa.BigInteger(), nullable=False),
        sa.Column("tax_fen", sa.BigInteger(), nullable=False),
        sa.Column("absolute_fen", sa.BigInteger(), nullable=False),
        sa.Column("red_fen", sa.BigInteger(), nullable=False),
        sa.Column("void_fen", sa.BigInteger(), nullable=False),
        sa.Column("invoices", sa.Integer(), nullable=False),
        sa.Column("void_invoices", sa.Integer(), nullable=False),
        sa.Column("red_invoices", sa.Integer(), nullable=False),
        sa.Column("partners", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_invoice_month_batch_id_batch")),
        sa.PrimaryKeyConstraint("uscc", "direction", "valid_from", "recorded_at", name=op.f("pk_invoice_month")),
    )
    op.create_table(
        "loan_product",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.Column("listed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["bank_id"], ["organisation.id"], name=op.f("fk_loan_product_bank_id_organisation")),
        sa.PrimaryKeyConstraint("code", "version", name=op.f("pk_loan_product")),
    )
    op.create_index(op.f("ix_loan_product_bank_id"), "loan_product", ["bank_id"], unique=False)
    op.create_table(
        "quarantined_row",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("raw", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_quarantined_row_batch_id_batch")),
        sa.PrimaryKeyConstraint("batch_id", "row_no", name=op.f("pk_quarantined_row")),
    )
    op.create_table(
        "vat_invoice",
        sa.Column("uscc", sa.String(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("invoice_no", sa.String(), nullable=False),
        sa.Column("counterparty", sa.String(), nullable=False),
        sa.Column("net_fen", sa.BigInteger(), nullable=False),
        sa.Column("tax_fen", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_vat_invoice_batch_id_batch")),
        sa.PrimaryKeyConstraint(
            "uscc", "direction", "issued_on", "invoice_no", "counterparty", "net_fen", "tax_fen", "status", name=op.f("pk_vat_invoice")
        ),
    )
    op.create_table(
        "audit_event",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("previous_hash", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_audit_event_account_id_account")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_event")),
    )
    op.create_index(op.f("ix_audit_event_subject"), "audit_event", ["subject"], unique=False)
    op.create_table(
        "consent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("purpose in ('loan_review')", name=op.f("ck_consent_purpose")),
        sa.ForeignKeyConstraint(["bank_id"], ["organisation.id"], name=op.f("fk_consent_bank_id_organisation")),
        sa.ForeignKeyConstraint(["enterprise_id"], ["enterprise.id"], name=op.f("fk_consent_enterprise_id_enterprise")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    op.create_index(op.f("ix_consent_bank_id"), "consent", ["bank_id"], unique=False)
    op.create_index(op.f("ix_consent_enterprise_id"), "consent", ["enterprise_id"], unique=False)
    op.create_table(
        "default_score",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("scored_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("model_version", sa.String(), nullable=False),
        sa.Column("default_probability", sa.Float(), nullable=False),
        sa.Column("band", sa.String(length=1), nullable=False),
        sa.Column("known_share", sa.Float(), nullable=False),
        sa.Column("reasons", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("features", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("default_probability between 0 and 1", name=op.f("ck_default_score_probability")),
        sa.ForeignKeyConstraint(["enterprise_id"], ["enterprise.id"], name=op.f("fk_default_score_enterprise_id_enterprise")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_default_score")),
    )
    op.create_index(op.f("ix_default_score_enterprise_id"), "default_score", ["enterprise_id"], unique=False)
    op.create_table(
        "idempotency_key",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("body_hash", sa.String(), nullable=False),
        sa.Column("answer", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_idempotency_key_account_id_account")),
        sa.PrimaryKeyConstraint("account_id", "key", name=op.f("pk_idempotency_key")),
    )
    op.create_table(
        "need",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("max_annual_rate_bp", sa.Integer(), nullable=False),
        sa.Column("term_months", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("guarantee_modes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("collateral", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("first_loan", sa.Boolean(), nullable=True),
        sa.Column("region_code", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("open_until", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "purpose in ('working_capital', 'fixed_assets', 'green_project', 'photovoltaic', 'agriculture', 'supply_chain', 'technology')",
            name=op.f("ck_need_purpose"),
        ),
        sa.CheckConstraint(
            "status in ('published', 'in_answer', 'offer_accepted', 'withdrawn', 'expired', 'closed')", name=op.f("ck_need_status")
        ),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_need_amount_positive")),
        sa.CheckConstraint("max_annual_rate_bp between 1 and 2400", name=op.f("ck_need_rate_range")),
        sa.CheckConstraint("term_months between 1 and 360", name=op.f("ck_need_term_range")),
        sa.ForeignKeyConstraint(["enterprise_id"], ["enterprise.id"], name=op.f("fk_need_enterprise_id_enterprise")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_need")),
        sa.UniqueConstraint("number", name=op.f("uq_need_number")),
    )
    op.create_index(op.f("ix_need_enterprise_id"), "need", ["enterprise_id"], unique=False)
    op.create_index("ix_need_open", "need", ["published_at"], unique=False, postgresql_where="status in ('published', 'in_answer')")
    op.create_table(
        "sign_in",
        sa.Column("secret_hash", sa.String(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_sign_in_account_id_account")),
        sa.PrimaryKeyConstraint("secret_hash", name=op.f("pk_sign_in")),
    )
    op.create_index(op.f("ix_sign_in_account_id"), "sign_in", ["account_id"], unique=False)
    op.create_index(op.f("ix_sign_in_expires_at"), "sign_in", ["expires_at"], unique=False)
    op.create_table(
        "answer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("need_id", sa.Uuid(), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("act_by", sa.Date(), nullable=False),
        sa.Column("product_code", sa.String(), nullable=True),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("annual_rate_bp", sa.Integer(), nullable=True),
        sa.Column("term_months", sa.Integer(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("reasons", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status <> 'declined' or cardinality(reasons) > 0", name=op.f("ck_answer_decline_has_reason")),
        sa.CheckConstraint(
            "status in ('claimed', 'offered', 'chosen', 'not_chosen', 'declined', 'expired')", name=op.f("ck_answer_status")
        ),
        sa.CheckConstraint("status not in ('offered', 'chosen') or product_code is not null", name=op.f("ck_answer_offer_complete")),
        sa.CheckConstraint("slot between 1 and 3", name=op.f("ck_answer_slot_range")),
        sa.ForeignKeyConstraint(["bank_id"], ["organisation.id"], name=op.f("fk_answer_bank_id_organisation")),
        sa.ForeignKeyConstraint(["need_id"], ["need.id"], name=op.f("fk_answer_need_id_need")),
        sa.ForeignKeyConstraint(["officer_id"], ["account.id"], name=op.f("fk_answer_officer_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer")),
    )
    op.create_index(op.f("ix_answer_bank_id"), "answer", ["bank_id"], unique=False)
    op.create_index("uq_answer_need_id_bank_id", "answer", ["need_id", "bank_id"], unique=True)
    op.create_index("uq_answer_need_id_chosen", "answer", ["need_id"], unique=True, postgresql_where="status = 'chosen'")
    op.create_index(
        "uq_answer_need_id_slot", "answer", ["need_id", "slot"], unique=True, postgresql_where="status not in ('declined', 'expired')"
    )
    op.create_table(
        "credit_report",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_for", sa.Uuid(), nullable=True),
        sa.Column("score_id", sa.Uuid(), nullable=True),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["enterprise_id"], ["enterprise.id"], name=op.f("fk_credit_report_enterprise_id_enterprise")),
        sa.ForeignKeyConstraint(["made_for"], ["account.id"], name=op.f("fk_credit_report_made_for_account")),
        sa.ForeignKeyConstraint(["score_id"], ["default_score.id"], name=op.f("fk_credit_report_score_id_default_score")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_report")),
        sa.UniqueConstraint("number", name=op.f("uq_credit_report_number")),
    )
    op.create_index(op.f("ix_credit_report_enterprise_id"), "credit_report", ["enterprise_id"], unique=False)
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
        sa.Column("verdicts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("eligibility in ('eligible', 'conditional', 'not_eligible')", name=op.f("ck_match_eligibility")),
        sa.ForeignKeyConstraint(["need_id"], ["need.id"], name=op.f("fk_match_need_id_need")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_match")),
    )
    op.create_index("ix_match_need_id_made_at", "match", ["need_id", "made_at"], unique=False)
    op.execute(
        "create function refuse_change() returns trigger language plpgsql as"
        " $$ begin raise exception 'the audit record is append-only'; end $$"
    )
    op.execute(
        "create trigger audit_event_append_only before update or delete or truncate on audit_event"
        " for each statement execute function refuse_change()"
    )


def downgrade() -> None:
    op.execute("drop trigger audit_event_append_only on audit_event")
    op.execute("drop function refuse_change()")
    op.drop_index("ix_match_need_id_made_at", table_name="match")
    op.drop_table("match")
    op.drop_index(op.f("ix_credit_report_enterprise_id"), table_name="credit_report")
    op.drop_table("credit_report")
    op.drop_index("uq_answer_need_id_slot", table_name="answer", postgresql_where="status not in ('declined', 'expired')")
    op.drop_index("uq_answer_need_id_chosen", table_name="answer", postgresql_where="status = 'chosen'")
    op.drop_index("uq_answer_need_id_bank_id", table_name="answer")
    op.drop_index(op.f("ix_answer_bank_id"), table_name="answer")
    op.drop_table("answer")
    op.drop_index(op.f("ix_sign_in_expires_at"), table_name="sign_in")
    op.drop_index(op.f("ix_sign_in_account_id"), table_name="sign_in")
    op.drop_table("sign_in")
    op.drop_index("ix_need_open", table_name="need", postgresql_where="status in ('published', 'in_answer')")
    op.drop_index(op.f("ix_need_enterprise_id"), table_name="need")
    op.drop_table("need")
    op.drop_table("idempotency_key")
    op.drop_index(op.f("ix_default_score_enterprise_id"), table_name="default_score")
    op.drop_table("default_score")
    op.drop_index(op.f("ix_consent_enterprise_id"), table_name="consent")
    op.drop_index(op.f("ix_consent_bank_id"), table_name="consent")
    op.drop_table("consent")
    op.drop_index(op.f("ix_audit_event_subject"), table_name="audit_event")
    op.drop_table("audit_event")
    op.drop_table("vat_invoice")
    op.drop_table("quarantined_row")
    op.drop_index(op.f("ix_loan_product_bank_id"), table_name="loan_product")
    op.drop_table("loan_product")
    op.drop_table("invoice_month")
    op.drop_index("ix_fact_uscc_item_key_recorded_at", table_name="fact")
    op.drop_index(op.f("ix_fact_batch_id"), table_name="fact")
    op.drop_table("fact")
    op.drop_index(op.f("ix_enterprise_region_code"), table_name="enterprise")
    op.drop_table("enterprise")
    op.drop_table("counterparty_year")
    op.drop_table("batch_part")
    op.drop_index(op.f("ix_account_organisation_id"), table_name="account")
    op.drop_table("account")
    op.drop_table("organisation")
    op.drop_table("job_run")
    op.drop_index(op.f("ix_batch_item"), table_name="batch")
    op.drop_table("batch")
    op.execute("drop sequence report_number")
    op.execute("drop sequence need_number")
