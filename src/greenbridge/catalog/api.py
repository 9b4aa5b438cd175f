"""JSON routes of the catalogue: banks list products here."""

from litestar import Controller, delete, get, post
from litestar.params import FromPath, JSONBody

from greenbridge.accounts.guards import Caller, only, signed_in
from greenbridge.accounts.values import Role
from greenbridge.catalog import service
from greenbridge.catalog.schemas import ProductFile, ProductOut
from greenbridge.kit.web import Now, Session


class ProductsApi(Controller):
    """Loan products."""

    path = "/api/v1/products"
    tags = ("products",)

    @get(guards=[signed_in])
    async def listed(self, request: Caller, session: Session) -> list[ProductOut]:
        """List products: a bank's people see their own bank's, everybody else all."""
        own_only = request.user.role in {Role.BANK_ADMINISTRATOR, Role.OFFICER}
        return await service.wire(session, request.user if own_only else None)

    @post(guards=[only(Role.BANK_ADMINISTRATOR)])
    async def list_product(self, data: JSONBody[ProductFile], request: Caller, session: Session, now: Now) -> ProductOut:
        """List a product of the caller's bank, or a new version of it; its cases must pass."""
        return await service.list_product(session, request.user, data, now)

    @delete("/{code:str}", guards=[only(Role.BANK_ADMINISTRATOR)])
    async def withdraw(self, code: FromPath[str], request: Caller, session: Session, now: Now) -> None:
        """Take a product of the caller's bank off the list."""
        await service.withdraw(session, request.user, code, now)
