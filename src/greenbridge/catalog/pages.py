"""A bank's products."""

from litestar import Controller, get
from litestar.response import Template

from greenbridge.accounts.guards import Caller, only
from greenbridge.accounts.values import Role
from greenbridge.catalog import service
from greenbridge.catalog.rules.vocabulary import FACTS
from greenbridge.catalog.values import REPAYMENT_NAMES
from greenbridge.kit.web import Session, page
from greenbridge.needs.values import GUARANTEE_MODE_NAMES, PURPOSE_NAMES


class ProductPages(Controller):
    """What the bank sells."""

    include_in_schema = False
    guards = (only(Role.BANK_ADMINISTRATOR),)

    @get("/bank/products")
    async def products(self, request: Caller, session: Session) -> Template:
        return page(
            request,
            "bank_products.html",
            products=await service.listed(session, request.user),
            facts=FACTS,
            modes=GUARANTEE_MODE_NAMES,
            purposes=PURPOSE_NAMES,
            repayments=REPAYMENT_NAMES,
        )
