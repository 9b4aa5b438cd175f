"""What banks were shown against what they deserved."""

from collections import defaultdict

from litestar import Controller, get
from litestar.response import Template

from greenbridge.accounts.guards import Caller, only
from greenbridge.accounts.values import Role
from greenbridge.kit.calendar import business_date
from greenbridge.kit.web import Now, Session, page
from greenbridge.matching import service
from greenbridge.matching.values import Exposure


class ExposurePages(Controller):
    """The audit of what was shown."""

    include_in_schema = False

    @get("/operator/exposure", guards=[only(Role.OPERATOR)])
    async def exposure(self, request: Caller, session: Session, now: Now) -> Template:
        found = await service.audit(session)
        engine = await service.compiled(session, business_date(now))
        banks: defaultdict[str, list[Exposure]] = defaultdict(list)
        for one in found:
            banks[one.bank_code].append(one)
        sums = [
            Exposure("", bank, *(sum(getattr(e, k) for e in own) for k in ("shown", "attention", "deserved")))
            for bank, own in banks.items()
        ]
        return page(
            request,
            "exposure.html",
            banks=sums,
            products=banks,
            names={p.bank.code: p.bank.name for p in engine.edition.products},
            titles={p.code: p for p in engine.edition.products},
            total=sum(e.attention for e in sums),
            policy=engine.policy,
        )
