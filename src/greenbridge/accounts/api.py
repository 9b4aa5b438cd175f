"""JSON routes of accounts."""

from litestar import Controller, delete, get, post
from litestar.params import JSONBody

from greenbridge.accounts import service
from greenbridge.accounts.guards import Caller, only, signed_in
from greenbridge.accounts.schemas import AccountOut, Credentials, NewAccount, Token
from greenbridge.accounts.values import ORGANISATION_OF_ROLE, Actor, Role
from greenbridge.kit.errors import Forbidden, Invalid
from greenbridge.kit.web import Now, Session


def _out(actor: Actor) -> AccountOut:
    return AccountOut(
        id=actor.account_id, login=actor.login, role=actor.role, organisation=actor.organisation.name, function=actor.function
    )


class AccountsApi(Controller):
    """Opening accounts, tokens."""

    path = "/api/v1"
    tags = ("accounts",)

    @post("/accounts/sign-up")
    async def sign_up(self, data: JSONBody[Credentials], session: Session, now: Now) -> AccountOut:
        """Open an enterprise account; anyone may."""
        return _out(await service.sign_up(session, data.login, data.password, now))

    @post("/accounts", guards=[only(Role.OPERATOR, Role.BANK_ADMINISTRATOR)])
    async def open_account(self, data: JSONBody[NewAccount], request: Caller, session: Session, now: Now) -> AccountOut:
        """Open an account: an operator for anybody, a bank administrator for its own officers."""
        if request.user.role is not Role.OPERATOR and data.organisation_code != request.user.organisation.code:
            # Before the look-up: which codes there are is not told to whoever may open accounts at home only.
            raise Forbidden("may-not-open", "您不能开设此类账户。", "You may not open an account of this kind.")
        kind = ORGANISATION_OF_ROLE[data.role]
        if request.user.role is Role.OPERATOR and data.organisation_name:
            organisation = await service.organisation(session, kind, data.organisation_code, data.organisation_name)
        elif (found := await service.find_organisation(session, kind, data.organisation_code)) is not None:
            organisation = found
        else:
            raise Invalid.at("unknown-organisation", "organisation_code", "没有这个机构。", "There is no such organisation.")
        opened = await service.open_account(session, request.user, data.login, data.password, data.role, organisation, now, data.function)
        return _out(opened)

    @post("/tokens")
    async def token(self, data: JSONBody[Credentials], session: Session, now: Now) -> Token:
        """Exchange a log-in and password for a bearer token."""
        secret, _ = await service.sign_in(session, data.login, data.password, "token", now)
        return Token(token=secret, expires_at=now + service.LIFETIME["token"])

    @delete("/tokens/current", guards=[signed_in])
    async def end_token(self, request: Caller, session: Session) -> None:
        """End the token that this request carries."""
        await service.sign_out(session, str(request.auth))

    @get("/accounts/me", guards=[signed_in])
    async def me(self, request: Caller) -> AccountOut:
        """Tell whose token this is."""
        return _out(request.user)
