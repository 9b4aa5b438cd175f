"""Departments' data: versions with the time of their statement, invoices by month, identity, pulls, quality."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
IDENTITY = ("uscc", "direction", "issued_on", "invoice_no", "counterparty", "net_fen", "tax_fen")


def upgrade() -> None:
    op.add_column("batch", sa.Column("batch_key", sa.String(), nullable=True))
    op.add_column("batch", sa.Column("stated_at", INSTANT, nullable=True))
    op.add_column("batch", sa.Column("late_rows", sa.Integer(), nullable=True))
    for name in ("filled_cells", "cells"):
        op.add_column("batch", sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))
        op.alter_column("batch", name, server_default=None)
    op.create_unique_constraint(op.f("uq_batch_item_batch_key"), "batch", ["item", "batch_key"])
    # Delivered files are compressed already, or large: trying to compress them anew costs more than the copy.
    op.execute("alter table batch_part alter column content set storage external")
    op.add_column("quarantined_row", sa.Column("released_at", INSTANT, nullable=True))
    _roles("'enterprise', 'bank', 'platform', 'department'", "'enterprise', 'officer', 'bank_administrator', 'operator', 'department'")
    _facts()
    _invoices()
    _identity()
    _operation()


def _roles(kinds: str, roles: str) -> None:
    for table, column, choices in (("organisation", "kind", kinds), ("account", "role", roles)):
        op.drop_constraint(op.f(f"ck_{table}_{column}"), table)
        op.create_check_constraint(op.f(f"ck_{table}_{column}"), table, f"{column} in ({choices})")


def _facts() -> None:
    op.add_column("fact", sa.Column("state_from", sa.Date(), nullable=True))
    op.add_column("fact", sa.Column("stated_at", INSTANT, nullable=True))
    op.add_column("fact", sa.Column("withdrawn", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("fact", sa.Column("digest", sa.String(), nullable=True))
    op.execute("update fact set stated_at = recorded_at, digest = md5(concat_ws('|', valid_from, valid_to, values::text))")
    # Only the register was a state among the items that could be delivered until now. (Digests are of what is stored: a record that
    # is delivered again unchanged is stored once more, with the form of digest that all later ones have.)
    op.execute("update fact set state_from = valid_from where item = 'registration.basic'")
    # One item held judgments, enforcement and the dishonesty list; the catalogue tells them apart.
    op.execute("""
        update fact set item = case values->>'kind' when 'enforcement' then 'courts.enforcement' when 'dishonesty' then 'courts.dishonesty'
            else 'courts.judgments' end,
            key = split_part(key, '|', 1),
            values = (values - 'kind') || case values->>'kind'
                when 'enforcement' then jsonb_build_object('filed_on', values->'decided_on')
                when 'dishonesty' then jsonb_build_object('listed_on', values->'decided_on', 'removed_on', values->'closed_on')
                else '{}'::jsonb end
        where item = 'courts.cases'
    """)
    op.execute("update batch set item = 'courts.judgments' where item = 'courts.cases'")
    op.alter_column("fact", "stated_at", nullable=False)
    op.alter_column("fact", "digest", nullable=False)
    op.alter_column("fact", "withdrawn", server_default=None)
    op.create_index("ix_fact_item_recorded_at", "fact", ["item", "recorded_at"])


def _identity_columns() -> list[sa.Column]:
    kinds = (sa.String(), sa.String(), sa.Date(), sa.String(), sa.String(), sa.BigInteger(), sa.BigInteger())
    return [sa.Column(name, kind, nullable=False) for name, kind in zip(IDENTITY, kinds, strict=True)]


def _invoices() -> None:
    op.execute("alter table vat_invoice rename to vat_invoice_unpartitioned")
    op.execute("alter index pk_vat_invoice rename to pk_vat_invoice_unpartitioned")
    op.create_table(
        "vat_invoice",
        *_identity_columns(),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(*IDENTITY, name=op.f("pk_vat_invoice")),
        postgresql_partition_by="RANGE (issued_on)",
    )
    op.create_table(
        "vat_invoice_change",
        *_identity_columns(),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_vat_invoice_change_batch_id_batch")),
        sa.PrimaryKeyConstraint(*IDENTITY, "status", name=op.f("pk_vat_invoice_change")),
    )
    op.execute("""
        do $$ declare first date; begin
            for first in select distinct date_trunc('month', issued_on)::date from vat_invoice_unpartitioned loop
                execute format('create table %I partition of vat_invoice for values from (%L) to (%L)',
                    'vat_invoice_' || to_char(first, 'YYYY_MM'), first, (first + interval '1 month')::date);
            end loop;
        end $$
    """)
    op.execute(f"""
        insert into vat_invoice select distinct on ({", ".join(IDENTITY)}) {", ".join(IDENTITY)}, status, batch_id, row_no
        from vat_invoice_unpartitioned order by {", ".join(IDENTITY)}, status
    """)  # noqa: S608  constants of this file; 'valid' comes before 'void'
    op.execute(f"""
        insert into vat_invoice_change select {", ".join(IDENTITY)}, status, batch_id, row_no from vat_invoice_unpartitioned o
        where status = 'void' and exists (select 1 from vat_invoice v where v.status = 'valid'
            and ({", ".join(f"v.{c}" for c in IDENTITY)}) = ({", ".join(f"o.{c}" for c in IDENTITY)}))
    """)  # noqa: S608  constants of this file
    op.drop_table("vat_invoice_unpartitioned")
    for table in ("invoice_month", "counterparty_year"):
        op.drop_constraint(op.f(f"fk_{table}_batch_id_batch"), table)


def _identity() -> None:
    op.execute("create sequence masked_firm_number start 100000")
    op.create_table(
        "subject_alias",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("alias", sa.String(), nullable=False),
        sa.Column("uscc", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("source", "alias", name=op.f("pk_subject_alias")),
    )
    op.create_index(op.f("ix_subject_alias_uscc"), "subject_alias", ["uscc"])
    op.create_table(
        "firm_name",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("uscc", sa.String(), nullable=False),
        sa.Column("core", sa.String(), nullable=False),
        sa.Column("region_code", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", "uscc", name=op.f("pk_firm_name")),
    )
    op.create_index(op.f("ix_firm_name_core"), "firm_name", ["core"])
    op.create_table(
        "identity_question",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("given_name", sa.String(), nullable=False),
        sa.Column("region_code", sa.String(), nullable=True),
        sa.Column("candidates", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.Column("uscc", sa.String(), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_identity_question_batch_id_batch")),
        sa.PrimaryKeyConstraint("batch_id", "row_no", name=op.f("pk_identity_question")),
    )


def _operation() -> None:
    op.create_table(
        "pull_state",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("cursor", sa.String(), nullable=True),
        sa.Column("pulled_at", INSTANT, nullable=False),
        sa.Column("problem", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("source", "item", name=op.f("pk_pull_state")),
    )
    measures = ("completeness", "validity", "timeliness", "uniqueness", "consistency", "compliance")
    op.create_table(
        "quality_day",
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("delivered", sa.Integer(), nullable=False),
        *[sa.Column(name, sa.Float(), nullable=True) for name in measures],
        sa.PrimaryKeyConstraint("item", "day", name=op.f("pk_quality_day")),
    )
    op.create_table(
        "quality_alert",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("measure", sa.String(), nullable=False),
        sa.Column("threshold", sa.Float(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("closed_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quality_alert")),
    )
    op.create_index(op.f("ix_quality_alert_item"), "quality_alert", ["item"])


def downgrade() -> None:
    """Go back to one unpartitioned invoice table; versions keep their newest statement order only by `recorded_at`."""
    op.execute("delete from sign_in where account_id in (select id from account where role = 'department')")
    op.execute("delete from account where role = 'department'")
    op.execute("delete from organisation where kind = 'department'")
    _roles("'enterprise', 'bank', 'platform'", "'enterprise', 'officer', 'bank_administrator', 'operator'")
    for table in ("quality_alert", "quality_day", "pull_state", "identity_question", "firm_name", "subject_alias"):
        op.drop_table(table)
    op.execute("drop sequence masked_firm_number")
    for table in ("invoice_month", "counterparty_year"):
        op.create_foreign_key(op.f(f"fk_{table}_batch_id_batch"), table, "batch", ["batch_id"], ["id"])
    op.execute("alter table vat_invoice rename to vat_invoice_partitioned")
    op.execute("alter index pk_vat_invoice rename to pk_vat_invoice_partitioned")
    op.create_table(
        "vat_invoice",
        *_identity_columns(),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_vat_invoice_batch_id_batch")),
        sa.PrimaryKeyConstraint(*IDENTITY, "status", name=op.f("pk_vat_invoice")),
    )
    op.execute("insert into vat_invoice select * from vat_invoice_partitioned")
    op.execute("insert into vat_invoice select * from vat_invoice_change on conflict do nothing")
    op.drop_table("vat_invoice_change")
    op.drop_table("vat_invoice_partitioned")
    op.drop_index("ix_fact_item_recorded_at", table_name="fact")
    for name in ("digest", "withdrawn", "stated_at", "state_from"):
        op.drop_column("fact", name)
    op.drop_column("quarantined_row", "released_at")
    op.execute("alter table batch_part alter column content set storage extended")
    op.drop_constraint(op.f("uq_batch_item_batch_key"), "batch")
    for name in ("cells", "filled_cells", "late_rows", "stated_at", "batch_key"):
        op.drop_column("batch", name)
