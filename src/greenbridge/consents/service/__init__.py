"""Consents: granted and withdrawn, read through, shown to a bank's own staff."""

from greenbridge.consents.service.bank import preview, set_view, view_revisions, views
from greenbridge.consents.service.granting import (
    acknowledge,
    grant,
    of_bank,
    of_firm,
    overdue_receipts,
    standing,
    template,
    withdraw,
    withdrawn_since,
)
from greenbridge.consents.service.reading import (
    Reading,
    forget_old_reads,
    named,
    reading,
    reads_of,
    record_operators,
    report_reads,
)

__all__ = [
    "Reading",
    "acknowledge",
    "forget_old_reads",
    "grant",
    "named",
    "of_bank",
    "of_firm",
    "overdue_receipts",
    "preview",
    "reading",
    "reads_of",
    "record_operators",
    "report_reads",
    "set_view",
    "standing",
    "template",
    "view_revisions",
    "views",
    "withdraw",
    "withdrawn_since",
]
