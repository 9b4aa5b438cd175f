"""Assets and pledges for the tests of collateral: valid by default, change one thing."""

from datetime import date

from greenbridge.collateral import service
from greenbridge.collateral.values import AssetKind, Draft, Stated
from greenbridge.kit.codes import generated_uscc

UNIT = "330502001001GB00001F00010001"
CERTIFICATE = "浙（2024）湖州市不动产权第0001234号"
UNTIL = date(2026, 9, 1)
YUAN = 100
FIELDS = {
    AssetKind.INVOICE: {"code": "033001900104", "number": "00012345", "issued_on": "2026-01-15"},
    AssetKind.ORDER: {"buyer": generated_uscc(77, "330502"), "number": "PO-2026-0012"},
    AssetKind.WAREHOUSE_RECEIPT: {"keeper": generated_uscc(78, "330502"), "number": "CD20260001"},
    AssetKind.REAL_ESTATE: {"unit_no": UNIT, "certificate_no": CERTIFICATE},
    AssetKind.EQUIPMENT: {"maker": "海天塑机集团有限公司", "serial": "HT-2024-0098"},
}


def stated(kind=AssetKind.INVOICE, whole_fen=1_000 * YUAN, **changes):
    return Stated(kind, {**FIELDS[kind], **changes}, whole_fen)


def a_pledge_draft(bank, kind=AssetKind.INVOICE, amount_fen=None, whole_fen=1_000 * YUAN, expires_on=UNTIL, **changes):
    return Draft(bank.organisation.id, stated(kind, whole_fen, **changes), whole_fen if amount_fen is None else amount_fen, expires_on)


async def pledged(session, firm, officer, box, now, **changes):
    """Offer to a bank and let it answer."""
    offered = await service.offer(session, firm, box, a_pledge_draft(officer, **changes), now)
    return await service.accept(session, officer, box, offered.id, now)
