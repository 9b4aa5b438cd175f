"""The life of a need: more states, forms put aside, histories, requests to banks, deadlines, loans, ratings.

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

ROLE = "greenbridge_app"
BANK = "bank_id = (select greenbridge_bank())"
ENTERPRISE = "enterprise_id = (select greenbridge_enterprise())"
OF_NEED = "need_id in (select greenbridge_needs())"
# While a window is sealed, not even its own firm sees who has offered what.
OPENED = "need_id in (select greenbridge_opened_needs())"
LOOKING = """
create function greenbridge_opened_needs() returns setof uuid language sql stable security definer set search_path = pg_catalog
begin atomic
    select n.id from need n join enterprise e on e.id = n.enterprise_id
    where e.organisation_id = greenbridge_organisation() and (n.window_closes_at is null or n.opened_at is not null);
end
"""
GRANTS = {
    "need_draft": "select, insert, update, delete",
    "need_event": "select, insert",
    "answer_event": "select, insert",
    "bank_request": "select, insert, update (state, closed_at, reasons)",
    # The platform's clocks: whoever may see one may not turn it.
    "deadline": "select",
    "loan_payment": "select, insert",
    "bank_rating": "select, insert",
    "operator_answer": "select",
}
POLICIES = {
    ("need_draft", "all"): ENTERPRISE,
    ("need_event", "all"): ENTERPRISE,
    ("answer_event", "all"): f"{BANK} or {OPENED}",
    ("bank_request", "all"): f"{BANK} or {OF_NEED}",
    ("deadline", "select"): f"{BANK} or {OPENED}",
    ("loan_payment", "select"): f"{BANK} or {OPENED}",
    ("loan_payment", "insert"): BANK,
    ("bank_rating", "select"): f"{BANK} or {OF_NEED}",
    ("bank_rating", "insert"): OF_NEED,
    ("operator_answer", "select"): OF_NEED,
}
APPENDED = ("need_event", "answer_event", "loan_payment", "bank_rating", "operator_answer")
NEED_STATES = (
    "'published', 'in_answer', 'offer_accepted', 'partly_disbursed', 'disbursed', 'closed', 'withdrawn', 'expired', 'escalated', 'reopened'"
)
NEED_EVENTS = "'save', 'publish', 'claim', 'lose_answers', 'accept', 'fail', 'pay_part', 'pay_all', 'repay', 'escalate', 'reopen', 'withdraw', 'expire'"
ANSWER_STATES = (
    "'claimed', 'surveying', 'action_required', 'offered', 'chosen', 'approved', 'signed', 'disbursed', 'closed', 'not_chosen', 'declined',"
    " 'returned', 'expired'"
)
ANSWER_EVENTS = "'claim', 'contact', 'demand', 'supply', 'offer', 'choose', 'pass_over', 'approve', 'sign', 'pay_out', 'close', 'decline', 'return', 'expire'"
NEED_CHECKS = {
    "status": f"status in ({NEED_STATES})",
    "mode": "mode in ('grab', 'direct', 'sealed')",
    "slots_range": "slots between 1 and 20",
    "sealed_has_a_window": "(mode = 'sealed') = (window_closes_at is not null)",
    "only_a_window_opens": "opened_at is null or window_closes_at is not null",
}
ANSWER_CHECKS = {
    "status": f"status in ({ANSWER_STATES})",
    "repayment": "repayment in ('equal_instalments', 'equal_principal', 'interest_first', 'at_maturity', 'revolving')",
    "loan_state": "loan_state in ('performing', 'overdue', 'repaid', 'repaid_early')",
    "slot_range": "slot between 1 and 20",
    "offer_complete": ("status not in ('offered', 'chosen', 'approved', 'signed', 'disbursed', 'closed') or product_code is not null"),
    "decline_has_reason": "status not in ('declined', 'returned') or cardinality(reasons) > 0",
    "approved_has_an_amount": "status not in ('approved', 'signed', 'disbursed', 'closed') or approved_fen > 0",
    "approved_within_the_offer": "approved_fen is null or approved_fen <= amount_fen",
    "signed_has_a_number": "status not in ('signed', 'disbursed', 'closed') or contract_number is not null",
    "paid_within_the_approval": "disbursed_fen between 0 and coalesce(approved_fen, 0)",
    "repaid_within_what_was_paid": "repaid_fen between 0 and disbursed_fen",
    "paid_out_is_a_loan": "(loan_state is not null) = (disbursed_fen > 0)",
}
REPLACED = {"need": ("status",), "answer": ("status", "slot_range", "offer_complete", "decline_has_reason")}
HOLDS = "status not in ('declined', 'returned', 'expired')"
IS_LOAN = "status in ('chosen', 'approved', 'signed', 'disbursed', 'closed')"
OPEN = "status in ('published', 'in_answer', 'escalated', 'reopened')"


def upgrade() -> None:
    _need()
    _answer()
    _tables()
    op.execute(LOOKING)
    op.execute("revoke all on function greenbridge_opened_needs() from public")
    op.execute(f"grant execute on function greenbridge_opened_needs() to {ROLE}")
    op.execute("drop policy answer_all on answer")
    op.execute(f"create policy answer_all on answer for all to {ROLE} using ({BANK} or {OPENED}) with check ({BANK} or {OPENED})")
    for table, privileges in GRANTS.items():
        op.execute(f"grant {privileges} on {table} to {ROLE}")
        op.execute(f"alter table {table} enable row level security")
    for (table, command), condition in POLICIES.items():
        using = "" if command == "insert" else f" using ({condition})"
        check = "" if command == "select" else f" with check ({condition})"
        op.execute(f"create policy {table}_{command} on {table} for {command} to {ROLE}{using}{check}")
    op.execute("""
        create function refuse_change_of_history() returns trigger language plpgsql as $$
        begin raise exception 'what happened is append-only'; end $$
    """)
    for table in APPENDED:
        op.execute(f"create trigger appended before update or delete on {table} for each row execute function refuse_change_of_history()")


def _need() -> None:
    op.add_column("need", sa.Column("mode", sa.String(), nullable=False, server_default="grab"))
    op.add_column("need", sa.Column("pledges_purpose", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("need", sa.Column("slots", sa.Integer(), nullable=False, server_default="3"))
    op.add_column("need", sa.Column("profile", sa.String(), nullable=False, server_default="default"))
    op.add_column("need", sa.Column("window_closes_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("need", sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("need", sa.Column("findings", postgresql.JSONB(astext_type=sa.Text()), nullable=False, server_default="[]"))
    for name in ("mode", "pledges_purpose", "slots", "profile", "findings"):
        op.alter_column("need", name, server_default=None)
    _renew("need", NEED_CHECKS)
    op.drop_index("ix_need_open", table_name="need")
    op.create_index("ix_need_open", "need", ["published_at"], postgresql_where=OPEN)


def _answer() -> None:
    for column in (
        sa.Column("repayment", sa.String(), nullable=True),
        sa.Column("upfront_fee_fen", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("yearly_fee_bp", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("guarantee_yearly_bp", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("demands", postgresql.ARRAY(sa.Text()), nullable=False, server_default="{}"),
        sa.Column("approved_fen", sa.BigInteger(), nullable=True),
        sa.Column("approved_rate_bp", sa.Integer(), nullable=True),
        sa.Column("contract_number", sa.String(), nullable=True),
        sa.Column("disbursed_fen", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("first_paid_on", sa.Date(), nullable=True),
        sa.Column("repaid_fen", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("loan_state", sa.String(), nullable=True),
        sa.Column("overdue_fen", sa.BigInteger(), nullable=False, server_default="0"),
    ):
        op.add_column("answer", column)
        if column.server_default is not None:
            op.alter_column("answer", column.name, server_default=None)
    _renew("answer", ANSWER_CHECKS)
    op.drop_index("uq_answer_need_id_slot", table_name="answer")
    op.create_index("uq_answer_need_id_slot", "answer", ["need_id", "slot"], unique=True, postgresql_where=HOLDS)
    op.drop_index("uq_answer_need_id_chosen", table_name="answer")
    op.create_index("uq_answer_need_id_chosen", "answer", ["need_id"], unique=True, postgresql_where=IS_LOAN)


def _renew(table: str, checks: dict[str, str]) -> None:
    for name in REPLACED[table]:
        op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
    for name, condition in checks.items():
        op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)


def _fk(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}_{to}"))


def _instant(name: str, *, nullable: bool = False) -> sa.Column[sa.DateTime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _happened(table: str, events: str, states: str, *columns: sa.Column[sa.Uuid]) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        *columns,
        _instant("at"),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint(f"event in ({events})", name=op.f(f"ck_{table}_event")),
        sa.CheckConstraint(f"source in ({states})", name=op.f(f"ck_{table}_source")),
        sa.CheckConstraint(f"target in ({states})", name=op.f(f"ck_{table}_target")),
        _fk(table, "account_id", "account"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    ]


def _uuid(name: str, *, nullable: bool = False) -> sa.Column[sa.Uuid]:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _tables() -> None:
    op.create_table(
        "need_draft",
        _uuid("id"),
        _uuid("enterprise_id"),
        sa.Column("typed", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        _instant("saved_at"),
        _fk("need_draft", "enterprise_id", "enterprise"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_need_draft")),
    )
    op.create_index(op.f("ix_need_draft_enterprise_id"), "need_draft", ["enterprise_id"])
    op.create_table(
        "need_event",
        *_happened("need_event", NEED_EVENTS, f"'draft', {NEED_STATES}", _uuid("need_id"), _uuid("enterprise_id")),
        _fk("need_event", "enterprise_id", "enterprise"),
    )
    op.create_index("ix_need_event_need_id_id", "need_event", ["need_id", "id"])
    op.create_table(
        "answer_event",
        *_happened("answer_event", ANSWER_EVENTS, ANSWER_STATES, _uuid("answer_id"), _uuid("need_id"), _uuid("bank_id")),
        _fk("answer_event", "answer_id", "answer"),
        _fk("answer_event", "need_id", "need"),
        _fk("answer_event", "bank_id", "organisation"),
    )
    op.create_index(op.f("ix_answer_event_answer_id"), "answer_event", ["answer_id"])
    op.create_index("ix_answer_event_need_id_id", "answer_event", ["need_id", "id"])
    op.create_table(
        "bank_request",
        _uuid("id"),
        _uuid("need_id"),
        _uuid("bank_id"),
        sa.Column("product_code", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        _instant("asked_at"),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reasons", postgresql.ARRAY(sa.Text()), nullable=False),
        _instant("closed_at", nullable=True),
        sa.CheckConstraint("state in ('waiting', 'taken', 'refused', 'lapsed', 'void')", name=op.f("ck_bank_request_state")),
        sa.CheckConstraint("asked_by in ('firm', 'platform', 'operator')", name=op.f("ck_bank_request_asked_by")),
        sa.CheckConstraint("state <> 'refused' or cardinality(reasons) > 0", name=op.f("ck_bank_request_refused_has_reason")),
        sa.CheckConstraint("(state = 'waiting') = (closed_at is null)", name=op.f("ck_bank_request_closed_when_final")),
        _fk("bank_request", "need_id", "need"),
        _fk("bank_request", "bank_id", "organisation"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_request")),
    )
    op.create_index(op.f("ix_bank_request_bank_id"), "bank_request", ["bank_id"])
    op.create_index("uq_bank_request_need_id_bank_id", "bank_request", ["need_id", "bank_id"], unique=True)
    _deadline()
    _money()


def _deadline() -> None:
    op.create_table(
        "deadline",
        _uuid("id"),
        _uuid("need_id"),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        _uuid("bank_id", nullable=True),
        _uuid("answer_id", nullable=True),
        _uuid("request_id", nullable=True),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("remind_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        _instant("reminded_at", nullable=True),
        _instant("closed_at", nullable=True),
        sa.CheckConstraint("step in ('accept', 'contact', 'offer', 'supply', 'lend', 'operate')", name=op.f("ck_deadline_step")),
        sa.CheckConstraint("owner in ('bank', 'banks', 'firm', 'operator')", name=op.f("ck_deadline_owner")),
        sa.CheckConstraint("state in ('running', 'met', 'missed', 'void')", name=op.f("ck_deadline_state")),
        sa.CheckConstraint("started_on <= remind_on and remind_on <= due_on", name=op.f("ck_deadline_in_order")),
        sa.CheckConstraint("(owner = 'bank') = (bank_id is not null)", name=op.f("ck_deadline_a_bank_owes_it")),
        _fk("deadline", "need_id", "need"),
        _fk("deadline", "bank_id", "organisation"),
        _fk("deadline", "answer_id", "answer"),
        _fk("deadline", "request_id", "bank_request"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deadline")),
    )
    op.create_index(op.f("ix_deadline_bank_id"), "deadline", ["bank_id"])
    op.create_index("ix_deadline_need_id", "deadline", ["need_id"])
    op.create_index("ix_deadline_due", "deadline", ["due_on"], postgresql_where="state in ('running', 'missed')")
    op.create_index(
        "uq_deadline_running",
        "deadline",
        ["need_id", "step", "answer_id", "request_id"],
        unique=True,
        postgresql_where="state = 'running'",
        postgresql_nulls_not_distinct=True,
    )


def _money() -> None:
    op.create_table(
        "loan_payment",
        _uuid("id"),
        _uuid("answer_id"),
        _uuid("need_id"),
        _uuid("bank_id"),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("principal_fen", sa.BigInteger(), nullable=False),
        sa.Column("interest_fen", sa.BigInteger(), nullable=False),
        _instant("reported_at"),
        sa.CheckConstraint("kind in ('disbursed', 'repaid')", name=op.f("ck_loan_payment_kind")),
        sa.CheckConstraint(
            "principal_fen >= 0 and interest_fen >= 0 and principal_fen + interest_fen > 0", name=op.f("ck_loan_payment_something")
        ),
        sa.CheckConstraint("kind = 'repaid' or interest_fen = 0", name=op.f("ck_loan_payment_interest_is_paid_back")),
        _fk("loan_payment", "answer_id", "answer"),
        _fk("loan_payment", "need_id", "need"),
        _fk("loan_payment", "bank_id", "organisation"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loan_payment")),
    )
    op.create_index("ix_loan_payment_answer_id", "loan_payment", ["answer_id"])
    op.create_table(
        "bank_rating",
        _uuid("answer_id"),
        _uuid("need_id"),
        _uuid("bank_id"),
        sa.Column("stars", sa.Integer(), nullable=False),
        sa.Column("reasons", postgresql.ARRAY(sa.Text()), nullable=False),
        _instant("rated_at"),
        sa.CheckConstraint("stars between 1 and 5", name=op.f("ck_bank_rating_stars_range")),
        sa.CheckConstraint("cardinality(reasons) between 1 and 4", name=op.f("ck_bank_rating_has_reasons")),
        _fk("bank_rating", "answer_id", "answer"),
        _fk("bank_rating", "need_id", "need"),
        _fk("bank_rating", "bank_id", "organisation"),
        sa.PrimaryKeyConstraint("answer_id", name=op.f("pk_bank_rating")),
    )
    op.create_index("ix_bank_rating_bank_id", "bank_rating", ["bank_id"])
    op.create_table(
        "operator_answer",
        _uuid("id"),
        _uuid("need_id"),
        _uuid("account_id"),
        _instant("at"),
        sa.Column("text", sa.String(), nullable=False),
        sa.CheckConstraint("length(text) between 10 and 500", name=op.f("ck_operator_answer_bounded")),
        _fk("operator_answer", "need_id", "need"),
        _fk("operator_answer", "account_id", "account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator_answer")),
    )
    op.create_index("ix_operator_answer_need_id", "operator_answer", ["need_id"])


def downgrade() -> None:
    """Go back where no need or answer stands in a state, and no slot has a number, that the older schema does not know."""
    for table in ("operator_answer", "bank_rating", "loan_payment", "deadline", "bank_request", "answer_event", "need_event", "need_draft"):
        op.drop_table(table)
    op.execute("drop function refuse_change_of_history()")
    op.execute("drop policy answer_all on answer")
    of_need = f"{BANK} or {OF_NEED}"
    op.execute(f"create policy answer_all on answer for all to {ROLE} using ({of_need}) with check ({of_need})")
    op.execute("drop function greenbridge_opened_needs()")
    for index, table, columns, old in (
        ("uq_answer_need_id_chosen", "answer", ["need_id"], "status = 'chosen'"),
        ("uq_answer_need_id_slot", "answer", ["need_id", "slot"], "status not in ('declined', 'expired')"),
        ("ix_need_open", "need", ["published_at"], "status in ('published', 'in_answer')"),
    ):
        op.drop_index(index, table_name=table)
        op.create_index(index, table, columns, unique=index.startswith("uq"), postgresql_where=old)
    for table, checks in (("answer", ANSWER_CHECKS), ("need", NEED_CHECKS)):
        for name in checks:
            op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
    for table, name, condition in (
        ("answer", "status", "status in ('claimed', 'offered', 'chosen', 'not_chosen', 'declined', 'expired')"),
        ("answer", "slot_range", "slot between 1 and 3"),
        ("answer", "offer_complete", "status not in ('offered', 'chosen') or product_code is not null"),
        ("answer", "decline_has_reason", "status <> 'declined' or cardinality(reasons) > 0"),
        ("need", "status", "status in ('published', 'in_answer', 'offer_accepted', 'withdrawn', 'expired', 'closed')"),
    ):
        op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)
    for name in (
        "overdue_fen", "loan_state", "repaid_fen", "first_paid_on", "disbursed_fen", "contract_number", "approved_rate_bp", "approved_fen",
        "demands", "guarantee_yearly_bp", "yearly_fee_bp", "upfront_fee_fen", "repayment",
    ):  # fmt: skip
        op.drop_column("answer", name)
    for name in ("findings", "opened_at", "window_closes_at", "profile", "slots", "pledges_purpose", "mode"):
        op.drop_column("need", name)
