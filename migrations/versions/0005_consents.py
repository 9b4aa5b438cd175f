"""Consents by step, function, field and number of reads; banks' views; the ledger of reads; the outbox."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
TEXTS = postgresql.ARRAY(sa.Text())
FUNCTIONS = "function in ('relationship_manager', 'credit_reviewer', 'disbursement_officer', 'post_loan_manager')"
STEPS = "step in ('survey', 'approval', 'disbursement', 'post_loan')"


def upgrade() -> None:
    _functions_of_officers()
    _consents()
    _views()
    _ledger()
    op.create_table(
        "outbox_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("taken_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_outbox_event_organisation_id_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_event")),
    )
    op.create_index(op.f("ix_outbox_event_organisation_id"), "outbox_event", ["organisation_id"])
    op.add_column("need", sa.Column("agrees_to_report", sa.Boolean(), nullable=False, server_default="false"))
    op.alter_column("need", "agrees_to_report", server_default=None)


def _functions_of_officers() -> None:
    op.add_column("account", sa.Column("function", sa.String(), nullable=True))
    op.execute("update account set function = 'relationship_manager' where role = 'officer'")
    op.create_check_constraint(op.f("ck_account_function"), "account", FUNCTIONS)
    op.create_check_constraint(op.f("ck_account_officers_have_a_function"), "account", "(role = 'officer') = (function is not null)")


def _consents() -> None:
    op.execute("create sequence consent_number")
    everybody = "array['relationship_manager', 'credit_reviewer', 'disbursement_officer']"
    # A consent granted before named no step: it allowed a bank the whole report while it decided.
    columns = (
        (
            "number",
            sa.String(),
            "'C' || to_char(granted_at at time zone 'Asia/Shanghai', 'YYMMDD') || lpad(nextval('consent_number')::text, 6, '0')",
        ),
        ("steps", TEXTS, "array['survey', 'approval', 'disbursement']"),
        ("functions", TEXTS, everybody),
        ("max_level", sa.Integer(), "4"),
        ("months", sa.Integer(), "36"),
        ("withheld", TEXTS, "array[]::text[]"),
        ("max_reads", sa.Integer(), "200"),
        ("template_version", sa.String(), "'2026-1'"),
        ("basis", sa.String(), "''"),
    )
    for name, kind, value in columns:
        op.add_column("consent", sa.Column(name, kind, nullable=True))
        op.execute(f"update consent set {name} = {value}")  # noqa: S608  constants of this file
        op.alter_column("consent", name, nullable=False)
    op.add_column("consent", sa.Column("granted_by", sa.Uuid(), nullable=True))
    op.add_column("consent", sa.Column("replaced_by", sa.Uuid(), nullable=True))
    op.add_column("consent", sa.Column("receipt_due_on", sa.Date(), nullable=True))
    op.add_column("consent", sa.Column("receipt_at", INSTANT, nullable=True))
    op.add_column("consent", sa.Column("receipt_by", sa.Uuid(), nullable=True))
    for name in ("granted_by", "receipt_by"):
        op.create_foreign_key(op.f(f"fk_consent_{name}_account"), "consent", "account", [name], ["id"])
    # Of several that stood together, which an old race could leave, the newest stands.
    op.execute("""
        update consent c set withdrawn_at = now(), replaced_by = newer.id from consent newer
        where c.withdrawn_at is null and newer.withdrawn_at is null and c.enterprise_id = newer.enterprise_id
            and c.bank_id = newer.bank_id and c.purpose = newer.purpose and (c.granted_at, c.id) < (newer.granted_at, newer.id)
    """)
    op.create_index(
        "uq_consent_standing",
        "consent",
        ["enterprise_id", "bank_id", "purpose"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at is null"),
    )
    op.create_unique_constraint(op.f("uq_consent_number"), "consent", ["number"])
    op.drop_constraint(op.f("ck_consent_purpose"), "consent")
    op.create_check_constraint(op.f("ck_consent_purpose"), "consent", "purpose in ('loan_review', 'post_loan')")
    op.create_check_constraint(op.f("ck_consent_limits"), "consent", "max_level between 1 and 5 and months > 0 and max_reads > 0")
    op.create_check_constraint(op.f("ck_consent_replaced_is_ended"), "consent", "replaced_by is null or withdrawn_at is not null")
    op.create_check_constraint(op.f("ck_consent_receipt_was_owed"), "consent", "receipt_at is null or receipt_due_on is not null")


def _views() -> None:
    op.create_table(
        "staff_view",
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("function", sa.String(), nullable=False),
        sa.Column("set_at", INSTANT, nullable=False),
        sa.Column("set_by", sa.Uuid(), nullable=False),
        sa.Column("max_level", sa.Integer(), nullable=False),
        sa.Column("hidden", TEXTS, nullable=False),
        sa.CheckConstraint(STEPS, name=op.f("ck_staff_view_step")),
        sa.CheckConstraint(FUNCTIONS, name=op.f("ck_staff_view_function")),
        sa.CheckConstraint("max_level between 1 and 5", name=op.f("ck_staff_view_limits")),
        sa.ForeignKeyConstraint(["bank_id"], ["organisation.id"], name=op.f("fk_staff_view_bank_id_organisation")),
        sa.ForeignKeyConstraint(["set_by"], ["account.id"], name=op.f("fk_staff_view_set_by_account")),
        sa.PrimaryKeyConstraint("bank_id", "step", "function", "set_at", name=op.f("pk_staff_view")),
    )


def _ledger() -> None:
    op.create_table(
        "data_read",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("organisation_name", sa.String(), nullable=False),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("function", sa.String(), nullable=True),
        sa.Column("purpose", sa.String(), nullable=True),
        sa.Column("step", sa.String(), nullable=True),
        sa.Column("consent_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("report_number", sa.String(), nullable=True),
        sa.Column("fields", TEXTS, nullable=False),
        sa.CheckConstraint("kind in ('report', 'facts')", name=op.f("ck_data_read_kind")),
        sa.ForeignKeyConstraint(["enterprise_id"], ["enterprise.id"], name=op.f("fk_data_read_enterprise_id_enterprise")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_data_read_organisation_id_organisation")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_data_read_account_id_account")),
        sa.ForeignKeyConstraint(["consent_id"], ["consent.id"], name=op.f("fk_data_read_consent_id_consent")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_read")),
    )
    op.create_index("ix_data_read_enterprise_id_at", "data_read", ["enterprise_id", "at"])
    op.create_index("ix_data_read_consent_id_at", "data_read", ["consent_id", "at"])
    # Nobody changes what was read, not even the owner by mistake; what is past its keeping time (10 years) may go.
    op.execute("""
        create function refuse_change_of_ledger() returns trigger language plpgsql as $$
        begin
            if tg_op = 'DELETE' and old.at < now() - interval '10 years' then
                return old;
            end if;
            raise exception 'the ledger of reads is appended only';
        end $$
    """)
    op.execute("""
        create trigger appended_only before update or delete on data_read for each row execute function refuse_change_of_ledger()
    """)
    op.execute("create trigger not_truncated before truncate on data_read execute function refuse_change_of_ledger()")


def downgrade() -> None:
    op.drop_column("need", "agrees_to_report")
    op.drop_table("outbox_event")
    op.drop_table("data_read")
    op.execute("drop function refuse_change_of_ledger()")
    op.drop_table("staff_view")
    op.execute("delete from consent where purpose = 'post_loan'")
    op.drop_index("uq_consent_standing", table_name="consent")
    for name in ("receipt_was_owed", "replaced_is_ended", "limits", "purpose"):
        op.drop_constraint(op.f(f"ck_consent_{name}"), "consent")
    op.create_check_constraint(op.f("ck_consent_purpose"), "consent", "purpose in ('loan_review')")
    new = ("number", "steps", "functions", "max_level", "months", "withheld", "max_reads", "template_version", "basis", "granted_by")
    for name in (*new, "replaced_by", "receipt_due_on", "receipt_at", "receipt_by"):
        op.drop_column("consent", name)
    op.execute("drop sequence consent_number")
    op.drop_constraint(op.f("ck_account_officers_have_a_function"), "account")
    op.drop_constraint(op.f("ck_account_function"), "account")
    op.drop_column("account", "function")
