"""Contagion runs with their firms, checks of the model, its alerts. Closed to the role of requests: paths name third parties.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TABLES = ("contagion_run", "contagion_risk", "model_check", "model_alert")


def upgrade() -> None:
    op.execute("set lock_timeout = '5s'")
    op.create_table(
        "contagion_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("policy_version", sa.String(), nullable=False),
        sa.Column("period", sa.Integer(), nullable=True),
        sa.Column("firms", sa.Integer(), nullable=False),
        sa.Column("edges", sa.Integer(), nullable=False),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.Column("bound", sa.Float(), nullable=False),
        sa.Column("error", sa.Float(), nullable=False),
        sa.Column("known_share", sa.Float(), nullable=True),
        sa.Column("kept", sa.Integer(), nullable=False),
        sa.CheckConstraint("bound < 1", name=op.f("ck_contagion_run_converges")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contagion_run")),
    )
    op.create_index("ix_contagion_run_as_of_made_at", "contagion_run", ["as_of", "made_at"])
    op.create_table(
        "contagion_risk",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("uscc", sa.String(), nullable=False),
        sa.Column("own_risk", sa.Float(), nullable=True),
        sa.Column("reached", sa.Float(), nullable=False),
        sa.Column("known_share", sa.Float(), nullable=True),
        sa.Column("exposures", sa.Integer(), nullable=False),
        sa.Column("paths", JSONB(), nullable=False),
        sa.CheckConstraint("reached between 0 and 1", name=op.f("ck_contagion_risk_reached")),
        sa.CheckConstraint("own_risk between 0 and 1", name=op.f("ck_contagion_risk_own")),
        sa.ForeignKeyConstraint(["run_id"], ["contagion_run.id"], name=op.f("fk_contagion_risk_run_id_contagion_run")),
        sa.PrimaryKeyConstraint("run_id", "uscc", name=op.f("pk_contagion_risk")),
    )
    op.create_index(op.f("ix_contagion_risk_uscc"), "contagion_risk", ["uscc"])
    op.create_table(
        "model_check",
        sa.Column("model_version", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("policy_version", sa.String(), nullable=False),
        sa.Column("found", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("model_version", "made_at", name=op.f("pk_model_check")),
    )
    op.create_table(
        "model_alert",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("model_version", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("limit", sa.Float(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind in ('score_drift', 'feature_drift', 'calibration', 'discrimination')", name=op.f("ck_model_alert_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_alert")),
    )
    op.create_index(
        "uq_model_alert_open",
        "model_alert",
        ["model_version", "kind", "subject"],
        unique=True,
        postgresql_where=sa.text("closed_at is null"),
    )
    for table in TABLES:
        op.execute(f"alter table {table} enable row level security")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
