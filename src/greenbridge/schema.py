"""Every table of every domain: one metadata for Alembic and the tests."""

from sqlmodel import SQLModel

from greenbridge.accounts import tables as accounts
from greenbridge.answers import tables as answers
from greenbridge.audit import tables as audit
from greenbridge.catalog import tables as catalog
from greenbridge.clients import tables as clients
from greenbridge.collateral import tables as collateral
from greenbridge.consents import tables as consents
from greenbridge.disputes import tables as disputes
from greenbridge.enterprises import tables as enterprises
from greenbridge.facts import tables as facts
from greenbridge.green import tables as green
from greenbridge.kit import idempotency, jobs, limits, outbox
from greenbridge.matching import tables as matching
from greenbridge.monitoring import tables as monitoring
from greenbridge.needs import tables as needs
from greenbridge.notices import tables as notices
from greenbridge.peers import tables as peers
from greenbridge.reference import tables as reference
from greenbridge.reports import tables as reports
from greenbridge.schemes import tables as schemes
from greenbridge.scoring import tables as scoring
from greenbridge.underwriting import tables as underwriting

DOMAINS = (
    accounts,
    answers,
    audit,
    catalog,
    collateral,
    clients,
    consents,
    disputes,
    enterprises,
    facts,
    green,
    idempotency,
    jobs,
    limits,
    matching,
    monitoring,
    needs,
    notices,
    outbox,
    peers,
    reference,
    reports,
    schemes,
    scoring,
    underwriting,
)
METADATA = SQLModel.metadata
