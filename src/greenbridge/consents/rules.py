"""Whether a consent allows a read now."""

from collections.abc import Iterable
from datetime import date

from greenbridge.consents.values import Consent, Purpose

# A loan review is over in three months; whoever still reads then asks again.
LIFE_DAYS = {Purpose.LOAN_REVIEW: 90}


def allowing(consents: Iterable[Consent], purpose: Purpose, today: date) -> Consent | None:
    """Return a consent that allows the purpose today: the one that lasts longest."""
    good = [c for c in consents if c.purpose is purpose and c.withdrawn_at is None and c.expires_on >= today]
    return max(good, key=lambda c: c.expires_on, default=None)
