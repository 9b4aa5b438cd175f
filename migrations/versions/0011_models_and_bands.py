"""Ten bands with points; the register of models with its events; scores of whole runs.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ROLE = "greenbridge_app"
STATES = "'draft', 'challenger', 'champion', 'retired'"
ACTS = "'register', 'challenge', 'promote', 'displace', 'retire', 'withdraw', 'reinstate'"


def upgrade() -> None:
    op.execute("set lock_timeout = '5s'")
    op.alter_column("default_score", "band", type_=sa.String(8), existing_type=sa.String(1))
    op.add_column("default_score", sa.Column("points", sa.Integer(), nullable=True))
    op.add_column("default_score", sa.Column("band_policy", sa.String(), nullable=True))
    op.create_table(
        "model_version",
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.CheckConstraint(f"state in ({STATES})", name=op.f("ck_model_version_state")),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_model_version")),
    )
    op.create_index("uq_model_version_champion", "model_version", ["kind"], unique=True, postgresql_where=sa.text("state = 'champion'"))
    op.create_table(
        "model_event",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("before", sa.String(), nullable=True),
        sa.Column("after", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.CheckConstraint(f"act in ({ACTS})", name=op.f("ck_model_event_act")),
        sa.CheckConstraint(f"after in ({STATES})", name=op.f("ck_model_event_after")),
        sa.ForeignKeyConstraint(["version"], ["model_version.version"], name=op.f("fk_model_event_version_model_version")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_model_event")),
    )
    op.create_index(op.f("ix_model_event_version"), "model_event", ["version"])
    op.create_table(
        "bulk_score",
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("model_version", sa.String(), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("scored_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("default_probability", sa.Float(), nullable=False),
        sa.Column("known_share", sa.Float(), nullable=False),
        sa.CheckConstraint("default_probability between 0 and 1", name=op.f("ck_bulk_score_probability")),
        sa.CheckConstraint("state in ('challenger', 'champion')", name=op.f("ck_bulk_score_state")),
        sa.ForeignKeyConstraint(["enterprise_id"], ["enterprise.id"], name=op.f("fk_bulk_score_enterprise_id_enterprise")),
        sa.PrimaryKeyConstraint("as_of", "model_version", "enterprise_id", name=op.f("pk_bulk_score")),
    )
    # Which model stands where is of no firm in particular: a request asks for the champion. Whole runs are the platform's alone.
    for table in ("model_version", "model_event"):
        columns = "(version, sha256, state)" if table == "model_version" else "(number, version, after, at)"
        op.execute(f"grant select {columns} on {table} to {ROLE}")
        op.execute(f"create policy {table}_select on {table} for select to {ROLE} using (true)")
    for table in ("model_version", "model_event", "bulk_score"):
        op.execute(f"alter table {table} enable row level security")


def downgrade() -> None:
    op.drop_table("bulk_score")
    op.drop_table("model_event")
    op.drop_table("model_version")
    op.drop_column("default_score", "band_policy")
    op.drop_column("default_score", "points")
    # Ten bands do not fit into one letter: the nearest of the five that were.
    op.execute("""
        update default_score set band = case
            when default_probability < 0.05 then 'A' when default_probability < 0.1 then 'B' when default_probability < 0.2 then 'C'
            when default_probability < 0.4 then 'D' else 'E' end where length(band) > 1
    """)
    op.alter_column("default_score", "band", type_=sa.String(1), existing_type=sa.String(8))
