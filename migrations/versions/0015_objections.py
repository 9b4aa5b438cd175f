"""Objections to records, the view of what is marked, and versions that a decision hides.

Revision ID: 0015
Revises: 0014
"""

# ruff: noqa: S608  all SQL is put together from constants of this file
import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

ROLE = "greenbridge_app"
OWN = "enterprise_id = (select greenbridge_enterprise())"
STANDING = "c.bank_id = (select greenbridge_bank()) and c.withdrawn_at is null and c.expires_on >= greenbridge_today()"
# Lists that are open to everybody: whoever sees the entry sees that it is disputed.
PUBLIC = "('courts.dishonesty', 'annual_report.severe_illegal_list', 'annual_report.abnormal_list')"
# A bank may know that a record is disputed and since when; the firm's words are the firm's and the operator's. Policies choose rows,
# not columns: so a view of the owner's, which says itself whose rows it has. The platform is not the role.
VIEW = f"""
create view disputed_record with (security_barrier) as
    select e.uscc, o.item, o.record_key, o.raised_at, o.closed_at from objection o join enterprise e on e.id = o.enterprise_id
    where current_user <> '{ROLE}' or o.item in {PUBLIC} or o.enterprise_id = (select greenbridge_enterprise())
        or exists (select 1 from consent c where c.enterprise_id = o.enterprise_id and {STANDING})
"""
# What was objected is what is answered, and nothing leaves a final state: for the platform too.
GUARD = """
create function guard_objection() returns trigger language plpgsql as $$
begin
    if old.state <> 'open' then
        raise exception 'nothing leaves a final state of an objection';
    end if;
    if (new.id, new.enterprise_id, new.item, new.record_key, new.digest, new.ground, new.text, new.policy, new.raised_at, new.raised_by)
        is distinct from
        (old.id, old.enterprise_id, old.item, old.record_key, old.digest, old.ground, old.text, old.policy, old.raised_at, old.raised_by) then
        raise exception 'what was objected does not change';
    end if;
    return new;
end $$;
create trigger guarded before update on objection for each row execute function guard_objection();
"""


def upgrade() -> None:
    op.create_table(
        "objection",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("record_key", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("ground", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("policy", sa.String(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("raised_by", sa.Uuid(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("last_on", sa.Date(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("escalation", sa.String(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.Column("corrected_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "ground in ('not_ours', 'wrong', 'incomplete', 'outdated', 'over', 'annulled', 'other')", name=op.f("ck_objection_ground")
        ),
        sa.CheckConstraint("state in ('open', 'upheld', 'rejected', 'withdrawn')", name=op.f("ck_objection_state")),
        sa.CheckConstraint(
            "outcome in ('deleted', 'corrected', 'completed', 'display_stopped', 'delisted', 'not_upheld')",
            name=op.f("ck_objection_outcome"),
        ),
        sa.CheckConstraint("escalation in ('late', 'overdue')", name=op.f("ck_objection_escalation")),
        sa.CheckConstraint("(state = 'open') = (closed_at is null)", name=op.f("ck_objection_closed_when_final")),
        sa.CheckConstraint("(state in ('upheld', 'rejected')) = (outcome is not null)", name=op.f("ck_objection_answered_with_an_outcome")),
        sa.CheckConstraint(
            "(state = 'rejected') = (outcome is not distinct from 'not_upheld')", name=op.f("ck_objection_rejected_is_not_upheld")
        ),
        sa.CheckConstraint("outcome is null or length(answer) >= 10", name=op.f("ck_objection_an_answer_says_why")),
        sa.CheckConstraint("length(text) between 10 and 500 and length(answer) <= 500", name=op.f("ck_objection_bounded")),
        sa.CheckConstraint("closed_at is null or closed_at >= raised_at", name=op.f("ck_objection_raised_before_closed")),
        sa.ForeignKeyConstraint(["closed_by"], ["account.id"], name=op.f("fk_objection_closed_by_account")),
        sa.ForeignKeyConstraint(["corrected_by"], ["batch.id"], name=op.f("fk_objection_corrected_by_batch")),
        sa.ForeignKeyConstraint(["enterprise_id"], ["enterprise.id"], name=op.f("fk_objection_enterprise_id_enterprise")),
        sa.ForeignKeyConstraint(["raised_by"], ["account.id"], name=op.f("fk_objection_raised_by_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objection")),
    )
    open_only = sa.text("state = 'open'")
    op.create_index(op.f("ix_objection_enterprise_id"), "objection", ["enterprise_id"])
    op.create_index("uq_objection_open", "objection", ["enterprise_id", "item", "record_key"], unique=True, postgresql_where=open_only)
    op.create_index("ix_objection_waiting", "objection", ["due_on"], postgresql_where=open_only)
    op.create_table(
        "hidden_version",
        sa.Column("uscc", sa.String(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("hidden_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("uscc", "item", "key", "digest", name=op.f("pk_hidden_version")),
    )
    # A firm raises its own, and may take back what is open; the answer is the platform's.
    op.execute(f"grant select, insert, update (state, closed_at, closed_by) on objection to {ROLE}")
    op.execute(f"create policy objection_select on objection for select to {ROLE} using ({OWN})")
    op.execute(f"create policy objection_insert on objection for insert to {ROLE} with check ({OWN} and state = 'open')")
    op.execute(
        f"create policy objection_update on objection for update to {ROLE} using ({OWN} and state = 'open')"
        f" with check ({OWN} and state = 'withdrawn')"
    )
    op.execute(GUARD)
    op.execute(VIEW)
    op.execute(f"grant select on disputed_record to {ROLE}")
    # Which versions are hidden is asked together with the facts, by whoever may see those.
    op.execute(f"grant select on hidden_version to {ROLE}")
    op.execute(f"""
        create policy hidden_version_select on hidden_version for select to {ROLE} using (
            uscc = (select greenbridge_uscc())
            or exists (select 1 from enterprise e where e.uscc = hidden_version.uscc and e.status = 'verified'))
    """)
    for table in ("objection", "hidden_version"):
        op.execute(f"alter table {table} enable row level security")


def downgrade() -> None:
    op.execute("drop view disputed_record")
    op.drop_table("hidden_version")
    op.drop_table("objection")
    op.execute("drop function guard_objection()")
