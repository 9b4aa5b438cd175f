"""Row-level security: the role of requests reads its own organisation's rows, and those that a standing consent opens."""

# ruff: noqa: S608  all SQL is put together from constants of this file
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ROLE = "greenbridge_app"

# Nothing is granted by default: a table made later, or a month of `vat_invoice`, is closed to the role until a migration opens it.
GRANTS = {
    "answer": "select, insert, update",
    "audit_event": "select (number, hash), insert",
    "batch": "select (id, item, received_at, covers_to, generated)",
    # What was agreed never changes; that it ended, and that the bank said so, does.
    "consent": "select, insert, update (withdrawn_at, replaced_by, receipt_due_on, receipt_at, receipt_by)",
    "counterparty_year": "select",
    "credit_report": "select, insert",
    "data_read": "select, insert",
    "default_score": "select, insert",
    # Whether a firm is verified, and whose it is, the platform alone decides.
    "enterprise": "select, insert, update (name)",
    "fact": "select",
    "idempotency_key": "select, insert, update",
    "invoice_month": "select",
    "loan_product": "select, insert, update",
    "match": "select, insert",
    "need": "select, insert, update",
    "organisation": "select",
    "reference_row": "select",
    "staff_view": "select, insert",
}
SEQUENCES = ("need_number", "report_number", "consent_number")
# Under the policies' protection too, should somebody grant them one day.
CLOSED = (
    "account",
    "batch_part",
    "firm_name",
    "identity_question",
    "outbox_event",
    "quarantined_row",
    "sign_in",
    "subject_alias",
    "vat_invoice",
    "vat_invoice_change",
)

# Who asks. An empty setting is nobody: null equals nothing.
ASKING = """
create function greenbridge_organisation() returns uuid language sql stable
    return nullif(current_setting('greenbridge.organisation', true), '')::uuid;
create function greenbridge_today() returns date language sql stable
    return nullif(current_setting('greenbridge.today', true), '')::date;
"""
# They look past the policies, each for its own rows only: policies that ask each other's tables would go round for ever.
LOOKING = {
    "greenbridge_bank() returns uuid": "select id from organisation where id = greenbridge_organisation() and kind = 'bank'",
    "greenbridge_enterprise() returns uuid": "select id from enterprise where organisation_id = greenbridge_organisation()",
    "greenbridge_uscc() returns text": (
        "select uscc from enterprise where organisation_id = greenbridge_organisation() and status = 'verified'"
    ),
    "greenbridge_needs() returns setof uuid": (
        "select n.id from need n join enterprise e on e.id = n.enterprise_id where e.organisation_id = greenbridge_organisation()"
    ),
    "greenbridge_accounts() returns setof uuid": "select id from account where organisation_id = greenbridge_organisation()",
}

# Each function is asked once a statement, as a sub-select: not once a row.
BANK = "bank_id = (select greenbridge_bank())"
ENTERPRISE = "enterprise_id = (select greenbridge_enterprise())"
STANDING = "c.bank_id = (select greenbridge_bank()) and c.withdrawn_at is null and c.expires_on >= greenbridge_today()"
# The own code first, which costs nothing; of another firm the policies of `enterprise` decide.
OF_CODE = """
    uscc = (select greenbridge_uscc())
    or exists (select 1 from enterprise e where e.uscc = {table}.uscc and e.status = 'verified')
"""
OF_NEED = "need_id in (select greenbridge_needs())"
# (table, command): which rows it sees and leaves behind.
POLICIES = {
    ("answer", "all"): f"{BANK} or {OF_NEED}",
    ("consent", "all"): ENTERPRISE,
    ("consent", "select"): BANK,
    # A read locks the consent, which asks for this one; what may change in it says GUARD.
    ("consent", "update"): BANK,
    ("counterparty_year", "select"): OF_CODE,
    # A report holds what its reader might see, and a bank's projection withheld from nobody else: each reads its own.
    ("credit_report", "all"): ENTERPRISE,
    ("credit_report", "select"): "made_for in (select greenbridge_accounts())",
    ("credit_report", "insert"): f"exists (select 1 from consent c where c.enterprise_id = credit_report.enterprise_id and {STANDING})",
    # Who reads writes it down; the firm and the reader's organisation see it.
    ("data_read", "insert"): f"""
        organisation_id = greenbridge_organisation() and account_id in (select greenbridge_accounts()) and exists (
            select 1 from consent c where c.id = data_read.consent_id and c.enterprise_id = data_read.enterprise_id and {STANDING})
    """,
    ("data_read", "select"): f"{ENTERPRISE} or organisation_id = greenbridge_organisation()",
    ("default_score", "all"): ENTERPRISE,
    ("default_score", "insert"): f"exists (select 1 from consent c where c.enterprise_id = default_score.enterprise_id and {STANDING})",
    ("enterprise", "all"): "organisation_id = greenbridge_organisation()",
    ("enterprise", "select"): f"exists (select 1 from consent c where c.enterprise_id = enterprise.id and {STANDING})",
    ("fact", "select"): OF_CODE,
    ("idempotency_key", "all"): "account_id in (select greenbridge_accounts())",
    ("invoice_month", "select"): OF_CODE,
    ("loan_product", "all"): BANK,
    ("loan_product", "select"): "listed",
    ("match", "all"): OF_NEED,
    ("need", "all"): ENTERPRISE,
    ("need", "select"): """
        exists (select 1 from answer a where a.need_id = need.id and a.bank_id = (select greenbridge_bank()))
    """,
    ("staff_view", "all"): BANK,
    ("organisation", "select"): "kind <> 'enterprise' or id = greenbridge_organisation()",
}
# A policy sees the row before or after, not the change: a consent is ended once and by its firm, acknowledged once and by its bank.
GUARD = f"""
create function guard_consent() returns trigger language plpgsql as $$
begin
    if current_user <> '{ROLE}' then
        return new;
    end if;
    if (new.withdrawn_at, new.replaced_by, new.receipt_due_on) is distinct from (old.withdrawn_at, old.replaced_by, old.receipt_due_on)
        and (old.withdrawn_at is not null or old.enterprise_id is distinct from greenbridge_enterprise()) then
        raise insufficient_privilege using message = 'a consent is ended once, by its firm';
    end if;
    if (new.receipt_at, new.receipt_by) is distinct from (old.receipt_at, old.receipt_by)
        and (old.receipt_at is not null or old.receipt_due_on is null or old.bank_id is distinct from greenbridge_bank()) then
        raise insufficient_privilege using message = 'a receipt is given once, by its bank';
    end if;
    return new;
end $$;
create trigger guarded before update on consent for each row execute function guard_consent();
"""
GUARDED = sorted({*CLOSED, *(table for table, _ in POLICIES)})


def upgrade() -> None:
    _role()
    op.execute(ASKING)
    for head, body in LOOKING.items():
        op.execute(f"create function {head} language sql stable security definer set search_path = pg_catalog begin atomic {body}; end")
        op.execute(f"revoke all on function {head.partition(' ')[0]} from public")
        op.execute(f"grant execute on function {head.partition(' ')[0]} to {ROLE}")
    op.execute(f"do $$ begin execute format('grant usage on schema %I to {ROLE}', current_schema()); end $$")
    for table, privileges in GRANTS.items():
        op.execute(f"grant {privileges} on {table} to {ROLE}")
    op.execute(f"grant usage on sequence {', '.join(SEQUENCES)} to {ROLE}")
    for (table, command), rows in POLICIES.items():
        condition = rows.format(table=table)
        using = "" if command == "insert" else f" using ({condition})"
        check = "" if command == "select" else f" with check ({condition})"
        op.execute(f"create policy {table}_{command} on {table} for {command} to {ROLE}{using}{check}")
    op.execute(GUARD)
    # Not forced: the owner, which is the platform itself (command line, scheduler, operator), sees everything.
    for table in GUARDED:
        op.execute(f"alter table {table} enable row level security")


def _role() -> None:
    """Make the role, which all databases of a server share, and let this user become it."""
    op.execute(f"""
        do $$ begin
            if not exists (select from pg_roles where rolname = '{ROLE}') then
                begin
                    create role {ROLE} nologin;
                exception when duplicate_object or unique_violation then
                    null;  -- another database's migration was quicker
                end;
            end if;
            if not (select rolsuper from pg_roles where rolname = current_user) then
                begin
                    grant {ROLE} to current_user;
                exception when insufficient_privilege then
                    null;  -- an administrator granted it, or what follows fails
                end;
            end if;
            perform set_config('role', '{ROLE}', true), set_config('role', 'none', true);
        end $$
    """)


def downgrade() -> None:
    """Take everything back except the role: other databases of the server may use it."""
    for table in GUARDED:
        op.execute(f"alter table {table} disable row level security")
    for table, command in POLICIES:
        op.execute(f"drop policy {table}_{command} on {table}")
    op.execute(f"revoke usage on sequence {', '.join(SEQUENCES)} from {ROLE}")
    for table in GRANTS:
        op.execute(f"revoke all on {table} from {ROLE}")
    op.execute(f"do $$ begin execute format('revoke usage on schema %I from {ROLE}', current_schema()); end $$")
    op.execute("drop trigger guarded on consent; drop function guard_consent()")
    for head in LOOKING:
        op.execute(f"drop function {head.partition(' ')[0]}")
    op.execute("drop function greenbridge_today(); drop function greenbridge_organisation()")
