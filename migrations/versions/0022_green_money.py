"""Certificates may end again, and earlier; forged evidence is found after a case has ended; money is clawed back a second time.

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

ROLE = "greenbridge_app"
OVER = "'rejected', 'withdrawn', 'annulled', 'superseded', 'expired', 'removed', 'forged'"
SPENT = "'recovered', 'rejected', 'withdrawn'"
GUARD_GREEN = """
create or replace function guard_green_event() returns trigger language plpgsql as $$
declare last record;
begin
    select seq, state into last from green_event where case_id = new.case_id order by seq desc limit 1;
    if last.state in ({over}) {unless} then
        raise exception 'nothing leaves a final state of a green case';
    end if;
    if new.seq <> coalesce(last.seq, 0) + 1 then
        raise unique_violation using message = 'a case has moved on meanwhile';
    end if;
    return new;
end $$;
"""
GUARD_SUBSIDY = """
create or replace function guard_subsidy_event() returns trigger language plpgsql as $$
declare last record;
begin
    select seq, state into last from subsidy_event where claim_id = new.claim_id order by seq desc limit 1;
    if last.state in ({spent}) {unless} then
        raise exception 'nothing leaves a final state of a claim';
    end if;
    if new.seq <> coalesce(last.seq, 0) + 1 then
        raise unique_violation using message = 'a claim has moved on meanwhile';
    end if;
    return new;
end $$;
"""
# What comes to light later: a certificate that had run its time may have stood on forged papers, money that came back in part was more.
FORGED_LATER = "and not (last.state in ('superseded', 'expired', 'removed') and new.event = 'find_forgery' and new.state = 'forged')"
MORE_TO_COME = "and not (last.state = 'recovered' and new.event = 'claw_back' and new.state = 'clawed_back')"
_ENDED_ONCE = "left join green_certificate_end d on d.number = c.number"
_ENDED = (
    "left join lateral (select ended_on, reason from green_certificate_end where number = c.number order by ended_on limit 1) d on true"
)
VIEW = """
create or replace view green_public with (security_barrier) as
    select g.id as case_id, g.number, g.uscc, g.name, g.subject, g.project->>'title' as title, g.generated, e.state, e.at as changed_at,
        r.grade as rated_grade, r.scheme_version, r.scheme_status, g.catalogue_version,
        z.number as certificate_number, z.grade, z.valid_from, z.valid_to, z.ended_on, z.end_reason
    from green_case g
    join lateral (select state, at, rating_id from green_event where case_id = g.id order by seq desc limit 1) e on true
    left join green_rating r on r.id = {rated}
    left join lateral (
        select c.number, c.grade, c.valid_from, c.valid_to, d.ended_on, d.reason as end_reason from green_certificate c
        {ended} where c.case_id = g.id order by c.recorded_at desc, c.number desc limit 1
    ) z on true
    where e.state in ('published', 'objected') or z.number is not null
"""
# An objection and its answer carry no rating: the one before them stands.
_RATED_LAST = "e.rating_id"
_RATED = "(select rating_id from green_event where case_id = g.id and rating_id is not null order by seq desc limit 1)"
KEY = "pk_green_certificate_end"


def _key(*columns: str) -> None:
    op.drop_constraint(op.f(KEY), "green_certificate_end", type_="primary")
    op.create_primary_key(op.f(KEY), "green_certificate_end", list(columns))


def _one_claim_a_loan(*columns: str, **form: bool) -> None:
    op.drop_index("uq_subsidy_claim_loan", "subsidy_claim")
    op.create_index("uq_subsidy_claim_loan", "subsidy_claim", list(columns), unique=True, postgresql_where=sa.text("live"), **form)


def upgrade() -> None:
    op.execute("set lock_timeout = '5s'")
    _key("number", "ended_on")
    op.execute(GUARD_GREEN.format(over=OVER, unless=FORGED_LATER))
    op.execute(GUARD_SUBSIDY.format(spent=SPENT, unless=MORE_TO_COME))
    op.execute(VIEW.format(ended=_ENDED, rated=_RATED))
    op.create_table(
        "green_peer",
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("section", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("steps", JSONB(), nullable=False),
        sa.CheckConstraint("n >= 10", name=op.f("ck_green_peer_large_enough")),
        sa.PrimaryKeyConstraint("as_of", "made_at", "section", "name", name=op.f("pk_green_peer")),
    )
    op.execute(f"grant select on green_peer to {ROLE}")
    op.execute(f"create policy green_peer_select on green_peer for select to {ROLE} using (true)")
    op.execute("alter table green_peer enable row level security")
    # Claims from before name no bank: among themselves a reference still stands once.
    op.add_column("subsidy_claim", sa.Column("bank_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_subsidy_claim_bank_id_organisation"), "subsidy_claim", "organisation", ["bank_id"], ["id"])
    # Whose certificates a claim stands on: a project's, or (null) the firm's own.
    op.add_column("subsidy_claim", sa.Column("project_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_subsidy_claim_project_id_green_case"), "subsidy_claim", "green_case", ["project_id"], ["id"])
    _one_claim_a_loan("bank_id", "loan_reference", postgresql_nulls_not_distinct=True)


def downgrade() -> None:
    op.drop_table("green_peer")
    _one_claim_a_loan("loan_reference")
    op.drop_column("subsidy_claim", "project_id")
    op.drop_column("subsidy_claim", "bank_id")
    op.execute(VIEW.format(ended=_ENDED_ONCE, rated=_RATED_LAST))
    op.execute(GUARD_SUBSIDY.format(spent=SPENT, unless=""))
    op.execute(GUARD_GREEN.format(over=OVER, unless=""))
    # Of several ends the earliest stands.
    op.execute("alter table green_certificate_end disable trigger appended")
    op.execute(
        sa.text("delete from green_certificate_end d using green_certificate_end e where e.number = d.number and e.ended_on < d.ended_on")
    )
    op.execute("alter table green_certificate_end enable trigger appended")
    _key("number")
