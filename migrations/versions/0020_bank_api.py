"""API clients of banks, kept answers, rate windows, drafts and capacity of products, webhooks, people's notices.

Revision ID: 0020
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

ROLE = "greenbridge_app"
OURS = "organisation_id = (select greenbridge_organisation())"
BANK = "bank_id = (select greenbridge_bank())"
MINE = "account_id in (select greenbridge_accounts())"
# table -> (grants, policy). What a request may do; the relay and the deliverer are the platform.
OPENED = {
    "api_client": ("select, insert, update", OURS),
    "product_draft": ("select, insert, update, delete", BANK),
    "webhook_endpoint": ("select, insert, update", OURS),
    "webhook_delivery": ("select, insert", OURS),
    "webhook_attempt": ("select", OURS),
    "notice": ("select, update (read_at)", MINE),
    "notice_preference": ("select, insert, update", MINE),
    "notice_contact": ("select, insert, update", MINE),
}
CLOSED = ("used_jti", "rate_window", "notice_message")
INSTANT = sa.DateTime(timezone=True)
JSONB = postgresql.JSONB(astext_type=sa.Text())
TEXTS = postgresql.ARRAY(sa.Text())


def foreign(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}_{to}"))


def numbered() -> sa.Column:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False)


def check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def primary(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns or ("id",), name=op.f(f"pk_{table}"))


def upgrade() -> None:
    op.execute("set lock_timeout = '5s'")
    _clients()
    _kept_answers()
    _products()
    _webhooks()
    _notices()
    for table, (grants, policy) in OPENED.items():
        op.execute(f"grant {grants} on {table} to {ROLE}")
        op.execute(f"create policy {table}_all on {table} to {ROLE} using ({policy}) with check ({policy})")
    # What a product may still lend stands in its description, which everybody reads; its bank writes it.
    op.execute(f"grant select, insert on product_capacity to {ROLE}")
    op.execute(f"create policy product_capacity_select on product_capacity for select to {ROLE} using (true)")
    op.execute(f"create policy product_capacity_insert on product_capacity for insert to {ROLE} with check ({BANK})")
    for table in (*OPENED, *CLOSED, "product_capacity"):
        op.execute(f"alter table {table} enable row level security")


def _clients() -> None:
    op.create_table(
        "api_client",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("scopes", TEXTS, nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("secret_hash", sa.String(), nullable=True),
        sa.Column("jwks", JSONB, nullable=True),
        sa.Column("jwks_uri", sa.String(), nullable=True),
        sa.Column("dpop_required", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.Column("last_token_at", INSTANT, nullable=True),
        check("api_client", "method", "method in ('private_key_jwt', 'client_secret')"),
        check(
            "api_client",
            "one_proof",
            "(method = 'client_secret' and secret_hash is not null and jwks is null and jwks_uri is null)"
            " or (method = 'private_key_jwt' and secret_hash is null and (jwks is null) <> (jwks_uri is null))",
        ),
        foreign("api_client", "account_id", "account"),
        foreign("api_client", "created_by", "account"),
        foreign("api_client", "organisation_id", "organisation"),
        primary("api_client"),
    )
    op.create_index(op.f("ix_api_client_organisation_id"), "api_client", ["organisation_id"])
    op.create_table(
        "used_jti",
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("jti", sa.String(), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        primary("used_jti", "owner", "jti"),
    )
    op.create_index(op.f("ix_used_jti_expires_at"), "used_jti", ["expires_at"])


def _kept_answers() -> None:
    op.add_column("idempotency_key", sa.Column("status", sa.Integer(), nullable=True))
    op.add_column("idempotency_key", sa.Column("content", sa.String(), nullable=True))
    op.execute("update idempotency_key set status = 201, content = answer::text where answer is not null")
    op.drop_column("idempotency_key", "answer")
    op.create_index(op.f("ix_idempotency_key_used_at"), "idempotency_key", ["used_at"])
    op.create_table(
        "rate_window",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        primary("rate_window", "key"),
        prefixes=["UNLOGGED"],  # a count of this minute: after a crash it begins anew
    )


def _products() -> None:
    op.create_table(
        "product_draft",
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("document", JSONB, nullable=False),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("saved_at", INSTANT, nullable=False),
        sa.Column("saved_by", sa.Uuid(), nullable=False),
        foreign("product_draft", "bank_id", "organisation"),
        foreign("product_draft", "saved_by", "account"),
        primary("product_draft", "bank_id", "code"),
    )
    op.create_table(
        "product_capacity",
        numbered(),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("left_fen", sa.BigInteger(), nullable=True),
        sa.Column("stated_at", INSTANT, nullable=False),
        sa.Column("stated_by", sa.Uuid(), nullable=False),
        check("product_capacity", "left", "left_fen >= 0"),
        foreign("product_capacity", "bank_id", "organisation"),
        foreign("product_capacity", "stated_by", "account"),
        primary("product_capacity"),
    )
    op.create_index("ix_product_capacity_code_id", "product_capacity", ["code", "id"])


def _webhooks() -> None:
    op.create_index("ix_outbox_event_waiting", "outbox_event", ["id"], postgresql_where=sa.text("taken_at is null"))
    op.create_table(
        "webhook_endpoint",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("topics", TEXTS, nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("former_secret", sa.String(), nullable=True),
        sa.Column("former_until", INSTANT, nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        check("webhook_endpoint", "state", "state in ('active', 'paused', 'gone', 'removed')"),
        foreign("webhook_endpoint", "created_by", "account"),
        foreign("webhook_endpoint", "organisation_id", "organisation"),
        primary("webhook_endpoint"),
    )
    op.create_index(op.f("ix_webhook_endpoint_organisation_id"), "webhook_endpoint", ["organisation_id"])
    op.create_table(
        "webhook_delivery",
        numbered(),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("ordered_by", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", INSTANT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("replay_of", sa.BigInteger(), nullable=True),
        check("webhook_delivery", "state", "state in ('pending', 'delivered', 'dead')"),
        check("webhook_delivery", "ended", "(state = 'pending') = (ended_at is null)"),
        foreign("webhook_delivery", "endpoint_id", "webhook_endpoint"),
        foreign("webhook_delivery", "organisation_id", "organisation"),
        foreign("webhook_delivery", "replay_of", "webhook_delivery"),
        primary("webhook_delivery"),
    )
    pending = sa.text("state = 'pending'")
    op.create_index("ix_webhook_delivery_endpoint_id_id", "webhook_delivery", ["endpoint_id", "id"])
    op.create_index("ix_webhook_delivery_due", "webhook_delivery", ["next_at", "id"], postgresql_where=pending)
    op.create_index("ix_webhook_delivery_order", "webhook_delivery", ["endpoint_id", "ordered_by", "id"], postgresql_where=pending)
    once = sa.text("replay_of is null")
    op.create_index("uq_webhook_delivery_once", "webhook_delivery", ["endpoint_id", "message_id"], unique=True, postgresql_where=once)
    op.create_table(
        "webhook_attempt",
        sa.Column("delivery_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("problem", sa.String(), nullable=False),
        sa.Column("took_ms", sa.Integer(), nullable=False),
        foreign("webhook_attempt", "delivery_id", "webhook_delivery"),
        foreign("webhook_attempt", "organisation_id", "organisation"),
        primary("webhook_attempt", "delivery_id", "number"),
    )


def _notices() -> None:
    op.create_table(
        "notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("payload", JSONB, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("read_at", INSTANT, nullable=True),
        foreign("notice", "account_id", "account"),
        primary("notice"),
    )
    op.create_index("uq_notice_account_id_event_id", "notice", ["account_id", "event_id"], unique=True)
    op.create_index("ix_notice_unread", "notice", ["account_id"], postgresql_where=sa.text("read_at is null"))
    op.create_table(
        "notice_preference",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("wanted", sa.Boolean(), nullable=False),
        check("notice_preference", "channel", "channel in ('email', 'sms')"),
        foreign("notice_preference", "account_id", "account"),
        primary("notice_preference", "account_id", "subject", "channel"),
    )
    op.create_table(
        "notice_contact",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        check("notice_contact", "language", "language in ('zh', 'en')"),
        foreign("notice_contact", "account_id", "account"),
        primary("notice_contact", "account_id"),
    )
    op.create_table(
        "notice_message",
        numbered(),
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", INSTANT, nullable=False),
        sa.Column("problem", sa.String(), nullable=False),
        check("notice_message", "channel", "channel in ('email', 'sms')"),
        check("notice_message", "state", "state in ('pending', 'sent', 'dead')"),
        foreign("notice_message", "notice_id", "notice"),
        primary("notice_message"),
    )
    op.create_index("ix_notice_message_due", "notice_message", ["next_at", "id"], postgresql_where=sa.text("state = 'pending'"))


def downgrade() -> None:
    for table in (
        "notice_message", "notice_contact", "notice_preference", "notice", "webhook_attempt", "webhook_delivery", "webhook_endpoint",
        "product_capacity", "product_draft", "rate_window", "used_jti", "api_client",
    ):  # fmt: skip
        op.drop_table(table)
    op.drop_index("ix_outbox_event_waiting", table_name="outbox_event")
    op.drop_index(op.f("ix_idempotency_key_used_at"), table_name="idempotency_key")
    op.add_column("idempotency_key", sa.Column("answer", JSONB, nullable=True))
    # A kept answer that is no JSON object cannot go back: it is forgotten, as after seven days.
    op.execute("update idempotency_key set answer = content::jsonb where content like '{%'")
    op.drop_column("idempotency_key", "content")
    op.drop_column("idempotency_key", "status")
