"""Reviewers; green cases, statements, files, ratings, certificates; subsidies with their ledger; lists that firms are pushed on.

Revision ID: 0016
Revises: 0015
"""

# ruff: noqa: S608  all SQL is put together from constants of this file
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

ROLE = "greenbridge_app"
ROLES = ("enterprise", "officer", "bank_administrator", "operator", "department")
KINDS = ("enterprise", "bank", "platform", "department")
STATES = (
    "draft", "rated", "in_review", "published", "objected", "certified", "rejected", "withdrawn", "annulled", "superseded", "expired",
    "removed", "forged",
)  # fmt: skip
EVENTS = (
    "open", "submit", "revise", "request_review", "confirm", "change", "reject", "object", "dismiss", "uphold", "certify", "downgrade",
    "remove", "expire", "supersede", "find_forgery", "withdraw",
)  # fmt: skip
CLAIM_STATES = ("claimed", "checked", "approved", "paid", "clawed_back", "recovered", "rejected", "withdrawn")
CLAIM_EVENTS = ("claim", "check", "approve", "pay", "claw_back", "recover", "reject", "withdraw")
ACCOUNTS = ("budget", "payable", "paid", "receivable")
OWN = "enterprise_id = (select greenbridge_enterprise())"
STANDING = "c.bank_id = (select greenbridge_bank()) and c.withdrawn_at is null and c.expires_on >= greenbridge_today()"
AGREED = "exists (select 1 from consent c where c.enterprise_id = {table}.enterprise_id and " + STANDING + ")"
CASES = "case_id in (select greenbridge_green_cases())"
# Whoever may see a case may see what became of it.
SEEN = "exists (select 1 from green_case g where g.id = {table}.case_id)"
CLAIMS = "claim_id in (select s.id from subsidy_claim s where s." + OWN + ")"
# (table, command) -> rows.
POLICIES = {
    ("green_case", "all"): OWN,
    ("green_case", "select"): "reviewer_id = (select greenbridge_reviewer()) or " + AGREED,
    ("green_event", "select"): SEEN,
    ("green_event", "insert"): CASES,
    ("green_statement", "all"): CASES,
    ("green_file", "all"): CASES,
    ("green_rating", "all"): CASES,
    ("green_certificate", "select"): f"{OWN} or {AGREED}",
    ("green_certificate_end", "select"): "exists (select 1 from green_certificate z where z.number = green_certificate_end.number)",
    ("subsidy_claim", "all"): OWN,
    ("subsidy_event", "all"): CLAIMS,
    ("list_member", "all"): OWN,
    ("list_subscription", "all"): "bank_id = (select greenbridge_bank())",
    ("list_entry", "select"): (
        f"{OWN} or exists (select 1 from list_subscription s where s.list_code = list_entry.list_code"
        " and s.bank_id = (select greenbridge_bank()) and s.ended_at is null)"
    ),
}
GRANTS = {
    "green_case": "select, insert, update (business_class, project, catalogue_code, catalogue_name, catalogue_version, reviewer_id)",
    "green_event": "select, insert",
    "green_statement": "select, insert",
    "green_file": "select, insert",
    "green_rating": "select, insert",
    "green_certificate": "select",
    "green_certificate_end": "select",
    "subsidy_claim": "select, insert, update (live)",
    "subsidy_event": "select, insert",
    "list_member": "select, insert, update (ended_at)",
    "list_subscription": "select, insert, update (ended_at)",
    "list_entry": "select",
}
APPENDED = (
    "green_event", "green_statement", "green_file", "green_rating", "green_certificate", "green_certificate_end", "subsidy_event",
    "subsidy_posting",
)  # fmt: skip
TABLES = (
    "list_entry", "list_subscription", "list_member", "subsidy_posting", "subsidy_event", "subsidy_claim", "green_certificate_end",
    "green_certificate", "green_statement", "green_file", "green_event", "green_rating", "green_case",
)  # fmt: skip
SEQUENCES = ("green_case_number", "green_certificate_number", "subsidy_claim_number")
# They look past the policies, each at the caller's own rows only.
LOOKING = {
    "greenbridge_reviewer() returns uuid": "select id from organisation where id = greenbridge_organisation() and kind = 'reviewer'",
    "greenbridge_green_cases() returns setof uuid": (
        "select g.id from green_case g where g.enterprise_id = greenbridge_enterprise() or g.reviewer_id = greenbridge_reviewer()"
    ),
}
GUARDS = """
create function guard_appended() returns trigger language plpgsql as $$
begin
    raise exception 'what is kept of % is appended and never changed', tg_table_name;
end $$;
create function guard_green_event() returns trigger language plpgsql as $$
declare last record;
begin
    select seq, state into last from green_event where case_id = new.case_id order by seq desc limit 1;
    if last.state in ('rejected', 'withdrawn', 'annulled', 'superseded', 'expired', 'removed', 'forged') then
        raise exception 'nothing leaves a final state of a green case';
    end if;
    if new.seq <> coalesce(last.seq, 0) + 1 then
        raise unique_violation using message = 'a case has moved on meanwhile';
    end if;
    return new;
end $$;
create trigger guarded before insert on green_event for each row execute function guard_green_event();
create function guard_subsidy_event() returns trigger language plpgsql as $$
declare last record;
begin
    select seq, state into last from subsidy_event where claim_id = new.claim_id order by seq desc limit 1;
    if last.state in ('recovered', 'rejected', 'withdrawn') then
        raise exception 'nothing leaves a final state of a claim';
    end if;
    if new.seq <> coalesce(last.seq, 0) + 1 then
        raise unique_violation using message = 'a claim has moved on meanwhile';
    end if;
    return new;
end $$;
create trigger guarded before insert on subsidy_event for each row execute function guard_subsidy_event();
"""
# Publicity is for everybody: who is to be certified, and who was. No points, no evidence; a view of the owner's.
VIEW = """
create view green_public with (security_barrier) as
    select g.id as case_id, g.number, g.uscc, g.name, g.subject, g.project->>'title' as title, g.generated, e.state, e.at as changed_at,
        r.grade as rated_grade, r.scheme_version, r.scheme_status, g.catalogue_version,
        z.number as certificate_number, z.grade, z.valid_from, z.valid_to, z.ended_on, z.end_reason
    from green_case g
    join lateral (select state, at, rating_id from green_event where case_id = g.id order by seq desc limit 1) e on true
    left join green_rating r on r.id = e.rating_id
    left join lateral (
        select c.number, c.grade, c.valid_from, c.valid_to, d.ended_on, d.reason as end_reason from green_certificate c
        left join green_certificate_end d on d.number = c.number where c.case_id = g.id order by c.recorded_at desc, c.number desc limit 1
    ) z on true
    where e.state in ('published', 'objected') or z.number is not null
"""


def _choice(column: str, table: str, values: tuple[str, ...]) -> sa.CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} in ({listed})", name=op.f(f"ck_{table}_{column}"))


def _fk(table: str, column: str, to: str, key: str = "id") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.{key}"], name=op.f(f"fk_{table}_{column}_{to}"))


def _instant(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _widen(roles: tuple[str, ...], kinds: tuple[str, ...]) -> None:
    for table, column, values in (("account", "role", roles), ("organisation", "kind", kinds)):
        listed = ", ".join(f"'{value}'" for value in values)
        op.drop_constraint(op.f(f"ck_{table}_{column}"), table, type_="check")
        op.create_check_constraint(op.f(f"ck_{table}_{column}"), table, f"{column} in ({listed})")


def upgrade() -> None:
    op.execute("set lock_timeout = '5s'")
    _widen((*ROLES, "reviewer"), (*KINDS, "reviewer"))
    _cases()
    _evidence()
    _certificates()
    _subsidies()
    _lists()
    for sequence in SEQUENCES:
        op.execute(f"create sequence {sequence}")
    op.execute(f"grant usage on sequence green_case_number, subsidy_claim_number to {ROLE}")
    for head, body in LOOKING.items():
        op.execute(f"create function {head} language sql stable security definer set search_path = pg_catalog begin atomic {body}; end")
        op.execute(f"revoke all on function {head.partition(' ')[0]} from public")
        op.execute(f"grant execute on function {head.partition(' ')[0]} to {ROLE}")
    for table, privileges in GRANTS.items():
        op.execute(f"grant {privileges} on {table} to {ROLE}")
    for (table, command), rows in POLICIES.items():
        using = rows.format(table=table)
        clause = (
            f"with check ({using})" if command == "insert" else f"using ({using})" + (f" with check ({using})" if command == "all" else "")
        )
        op.execute(f"create policy {table}_{command} on {table} for {command} to {ROLE} {clause}")
    for table in TABLES:
        op.execute(f"alter table {table} enable row level security")
    op.execute(GUARDS)
    for table in APPENDED:
        op.execute(f"create trigger appended before update or delete on {table} for each row execute function guard_appended()")
    op.execute(VIEW)
    op.execute(f"grant select on green_public to {ROLE}")


def _cases() -> None:
    op.create_table(
        "green_case",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("uscc", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("business_class", sa.String(), nullable=False),
        sa.Column("project", JSONB(), nullable=False),
        sa.Column("catalogue_code", sa.String(), nullable=True),
        sa.Column("catalogue_name", sa.String(), nullable=True),
        sa.Column("catalogue_version", sa.String(), nullable=True),
        sa.Column("reviewer_id", sa.Uuid(), nullable=True),
        sa.Column("renews", sa.Uuid(), nullable=True),
        sa.Column("generated", sa.Boolean(), nullable=False),
        _instant("opened_at"),
        _choice("subject", "green_case", ("enterprise", "project")),
        sa.CheckConstraint("(subject = 'project') = (project ? 'title')", name=op.f("ck_green_case_projects_have_a_title")),
        _fk("green_case", "enterprise_id", "enterprise"),
        _fk("green_case", "reviewer_id", "organisation"),
        _fk("green_case", "renews", "green_case"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_green_case")),
        sa.UniqueConstraint("number", name=op.f("uq_green_case_number")),
    )
    op.create_index(op.f("ix_green_case_enterprise_id"), "green_case", ["enterprise_id"])
    op.create_index(op.f("ix_green_case_reviewer_id"), "green_case", ["reviewer_id"])
    op.create_table(
        "green_rating",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("scheme", sa.String(), nullable=False),
        sa.Column("scheme_version", sa.String(), nullable=False),
        sa.Column("scheme_status", sa.String(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        _instant("rated_at"),
        sa.Column("grade", sa.String(), nullable=False),
        sa.Column("points", sa.Float(), nullable=False),
        sa.Column("coverage", sa.Float(), nullable=False),
        sa.Column("content", JSONB(), nullable=False),
        sa.Column("inputs", JSONB(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.CheckConstraint("coverage between 0 and 1", name=op.f("ck_green_rating_coverage")),
        _fk("green_rating", "case_id", "green_case"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_green_rating")),
    )
    op.create_index(op.f("ix_green_rating_case_id"), "green_rating", ["case_id"])
    op.create_table(
        "green_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        _instant("at"),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("detail", JSONB(), nullable=False),
        sa.Column("rating_id", sa.Uuid(), nullable=True),
        _choice("event", "green_event", EVENTS),
        _choice("state", "green_event", STATES),
        _fk("green_event", "case_id", "green_case"),
        _fk("green_event", "account_id", "account"),
        _fk("green_event", "rating_id", "green_rating"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_green_event")),
        sa.UniqueConstraint("case_id", "seq", name=op.f("uq_green_event_case_id_seq")),
    )


def _evidence() -> None:
    op.create_table(
        "green_file",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        _choice("place", "green_file", ("database", "s3")),
        sa.CheckConstraint("(place = 'database') = (content is not null)", name=op.f("ck_green_file_kept_in_one_place")),
        sa.CheckConstraint("length(sha256) = 64 and size > 0", name=op.f("ck_green_file_hashed")),
        _fk("green_file", "case_id", "green_case"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_green_file")),
    )
    op.create_index(op.f("ix_green_file_case_id"), "green_file", ["case_id"])
    op.create_table(
        "green_statement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", JSONB(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        _instant("at"),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("pledge", sa.String(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=True),
        sa.Column("generated", sa.Boolean(), nullable=False),
        _choice("author", "green_statement", ("firm", "reviewer")),
        sa.CheckConstraint("author <> 'reviewer' or length(reason) >= 10", name=op.f("ck_green_statement_a_reviewer_says_why")),
        sa.CheckConstraint("author <> 'firm' or value = 'null'::jsonb or pledge <> ''", name=op.f("ck_green_statement_a_firm_pledges")),
        _fk("green_statement", "case_id", "green_case"),
        _fk("green_statement", "account_id", "account"),
        _fk("green_statement", "file_id", "green_file"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_green_statement")),
    )
    op.create_index(op.f("ix_green_statement_case_id"), "green_statement", ["case_id"])


def _certificates() -> None:
    op.create_table(
        "green_certificate",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("rating_id", sa.Uuid(), nullable=False),
        sa.Column("grade", sa.String(), nullable=False),
        sa.Column("points", sa.Float(), nullable=False),
        sa.Column("coverage", sa.Float(), nullable=False),
        sa.Column("scheme", sa.String(), nullable=False),
        sa.Column("scheme_version", sa.String(), nullable=False),
        sa.Column("scheme_status", sa.String(), nullable=False),
        sa.Column("catalogue_version", sa.String(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("content", JSONB(), nullable=False),
        sa.Column("head", JSONB(), nullable=False),
        sa.Column("seed", sa.String(), nullable=False),
        sa.Column("signature", JSONB(), nullable=False),
        _instant("recorded_at"),
        _choice("subject", "green_certificate", ("enterprise", "project")),
        sa.CheckConstraint("valid_from <= valid_to", name=op.f("ck_green_certificate_validity")),
        _fk("green_certificate", "case_id", "green_case"),
        _fk("green_certificate", "enterprise_id", "enterprise"),
        _fk("green_certificate", "rating_id", "green_rating"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_green_certificate")),
    )
    op.create_index(op.f("ix_green_certificate_case_id"), "green_certificate", ["case_id"])
    op.create_index(op.f("ix_green_certificate_enterprise_id"), "green_certificate", ["enterprise_id"])
    op.create_table(
        "green_certificate_end",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        _instant("recorded_at"),
        _fk("green_certificate_end", "number", "green_certificate", "number"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_green_certificate_end")),
    )


def _subsidies() -> None:
    op.create_table(
        "subsidy_claim",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("uscc", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("loan_reference", sa.String(), nullable=False),
        sa.Column("principal_fen", sa.BigInteger(), nullable=False),
        sa.Column("drawn_on", sa.Date(), nullable=False),
        sa.Column("repaid_on", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("policy", sa.String(), nullable=False),
        sa.Column("base_rate_bp", sa.Integer(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("segments", JSONB(), nullable=False),
        sa.Column("generated", sa.Boolean(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        _instant("claimed_at"),
        sa.CheckConstraint("principal_fen > 0 and amount_fen >= 0", name=op.f("ck_subsidy_claim_amounts")),
        _fk("subsidy_claim", "enterprise_id", "enterprise"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subsidy_claim")),
        sa.UniqueConstraint("number", name=op.f("uq_subsidy_claim_number")),
    )
    op.create_index(op.f("ix_subsidy_claim_enterprise_id"), "subsidy_claim", ["enterprise_id"])
    op.create_index("uq_subsidy_claim_loan", "subsidy_claim", ["loan_reference"], unique=True, postgresql_where=sa.text("live"))
    op.create_table(
        "subsidy_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        _instant("at"),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        _choice("event", "subsidy_event", CLAIM_EVENTS),
        _choice("state", "subsidy_event", CLAIM_STATES),
        _fk("subsidy_event", "claim_id", "subsidy_claim"),
        _fk("subsidy_event", "account_id", "account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subsidy_event")),
        sa.UniqueConstraint("claim_id", "seq", name=op.f("uq_subsidy_event_claim_id_seq")),
    )
    op.create_table(
        "subsidy_posting",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("credit", sa.String(), nullable=False),
        sa.Column("debit", sa.String(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        _instant("at"),
        _choice("credit", "subsidy_posting", ACCOUNTS),
        _choice("debit", "subsidy_posting", ACCOUNTS),
        sa.CheckConstraint("amount_fen > 0 and credit <> debit", name=op.f("ck_subsidy_posting_moves_money")),
        _fk("subsidy_posting", "claim_id", "subsidy_claim"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subsidy_posting")),
        sa.UniqueConstraint("claim_id", "seq", name=op.f("uq_subsidy_posting_claim_id_seq")),
    )


def _lists() -> None:
    op.create_table(
        "list_member",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("list_code", sa.String(), nullable=False),
        _instant("since"),
        _instant("ended_at", nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        _fk("list_member", "enterprise_id", "enterprise"),
        _fk("list_member", "account_id", "account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_member")),
    )
    ended = sa.text("ended_at is null")
    op.create_index("uq_list_member_standing", "list_member", ["enterprise_id", "list_code"], unique=True, postgresql_where=ended)
    op.create_table(
        "list_subscription",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("list_code", sa.String(), nullable=False),
        _instant("since"),
        _instant("ended_at", nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        _fk("list_subscription", "bank_id", "organisation"),
        _fk("list_subscription", "account_id", "account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_subscription")),
    )
    op.create_index("uq_list_subscription_standing", "list_subscription", ["bank_id", "list_code"], unique=True, postgresql_where=ended)
    op.create_table(
        "list_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("list_code", sa.String(), nullable=False),
        sa.Column("uscc", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("scheme_version", sa.String(), nullable=False),
        sa.Column("points", sa.Float(), nullable=False),
        sa.Column("coverage", sa.Float(), nullable=False),
        _instant("entered_at"),
        _instant("left_at", nullable=True),
        sa.Column("pushed", sa.Integer(), nullable=False),
        _fk("list_entry", "enterprise_id", "enterprise"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_entry")),
    )
    left = sa.text("left_at is null")
    op.create_index("uq_list_entry_standing", "list_entry", ["enterprise_id", "list_code"], unique=True, postgresql_where=left)


def downgrade() -> None:
    op.execute("drop view green_public")
    # A policy that looks through a function goes with its table, the function after it.
    for table in TABLES:
        op.drop_table(table) if table != "green_case" else op.execute("drop table green_case cascade")
    for head in LOOKING:
        op.execute(f"drop function if exists {head.partition(' ')[0]}")
    for function in ("guard_appended", "guard_green_event", "guard_subsidy_event"):
        op.execute(f"drop function {function}()")
    for sequence in SEQUENCES:
        op.execute(f"drop sequence {sequence}")
    op.execute("delete from sign_in where account_id in (select id from account where role = 'reviewer')")
    op.execute("delete from account where role = 'reviewer'")
    op.execute("delete from organisation where kind = 'reviewer'")
    _widen(ROLES, KINDS)
