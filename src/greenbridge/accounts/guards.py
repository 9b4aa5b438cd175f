"""Who is calling, and whether that role may call here at all."""

from typing import Any, Literal

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.handlers import BaseRouteHandler
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult
from litestar.types import Guard

from greenbridge.accounts import service
from greenbridge.accounts.values import Actor, Role, SignIn
from greenbridge.kit import limits
from greenbridge.kit.errors import Forbidden, NotSignedIn, Problem

SESSION_COOKIE = "gb_session"
# Here programs call, with tokens; a page's cookie opens nothing.
PROGRAMS = ("/api/", "/oauth/")
Caller = Request[Actor, str | None, Any]


class Authentication(AbstractAuthenticationMiddleware):
    """Finds the actor: a bearer token under /api/, the session cookie elsewhere, so that no page's cookie opens the API."""

    async def authenticate_request(self, connection: ASGIConnection[Any, Any, Any, Any]) -> AuthenticationResult:
        """Return the actor and the secret, or (None, None)."""
        state = connection.app.state
        if connection.scope["path"].startswith(PROGRAMS):
            return await _of_program(connection, state)
        secret = connection.cookies.get(SESSION_COOKIE, "")
        actor = await _signed(state, secret, "session") if secret else None
        return AuthenticationResult(user=actor, auth=secret if actor else None)


async def _signed(state: State, secret: str, kind: Literal["session", "token"]) -> Actor | None:
    """Return whose session or token it is. Kept until the sign-in, its account or its organisation changes, in whichever process."""
    now = state.clock.now()

    async def ask() -> SignIn | None:
        # Committed, though it only reads: a rollback would make the driver forget every statement that it has prepared.
        async with state.sessions.begin() as session:
            return await service.sign_in_of(session, secret, kind, now)

    found: SignIn | None = await state.watch.kept("sign_in", (service.hashed(secret), kind), ask)
    return found.actor if found and now < found.expires_at else None


async def _of_program(connection: ASGIConnection[Any, Any, Any, Any], state: State) -> AuthenticationResult:
    """Return who calls the API: the person of a bearer token, or a bank's program (state.desk reads its token). Calls are counted."""
    scheme, _, secret = connection.headers.get("authorization", "").partition(" ")
    scheme, secret, wall, path = scheme.lower(), secret.strip(), state.wall.now(), connection.scope["path"]
    actor: Actor | None = None
    refused: Problem | None = None
    if scheme in {"bearer", "dpop"} and path.startswith("/api/"):
        if state.desk.is_token(secret):
            asked = (str(connection.scope.get("method", "")), path, connection.scope["path_template"])
            try:
                async with state.sessions.begin() as session:
                    actor = await state.desk.acting(session, secret, connection.headers.get("dpop"), scheme, *asked, wall)
            except Problem as problem:  # counted like any other call, of the address that it came from
                refused = problem
        elif scheme == "bearer" and secret:
            actor = await _signed(state, secret, "token")
    who, name = (str(actor.account_id), "caller") if actor else (connection.client.host if connection.client else "", "address")
    quota = state.settings.calls_per_minute if actor else state.settings.visits_per_minute
    limit = await state.calls.count(state.sessions, name, who, quota, wall)
    connection.scope["state"]["headers"] = limit.headers
    limits.must_be_within(limit)
    if refused is not None:
        raise refused
    return AuthenticationResult(user=actor, auth=secret if actor else None)


# Guards are coroutines: Litestar sends a plain function to a thread and waits, 0.3 ms of every request.
async def signed_in(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Refuse callers who are not signed in."""
    if connection.user is None:
        problem = NotSignedIn("not-signed-in", "请先登录。", "Sign in first.")
        problem.headers = {"www-authenticate": "Bearer, DPoP"} if connection.url.path.startswith(PROGRAMS) else {}
        raise problem


def only(*roles: Role) -> Guard:
    """Return a guard that lets these roles pass."""

    async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        await signed_in(connection, handler)
        if connection.user.role not in roles:
            raise Forbidden("wrong-role", "您的角色不能使用此功能。", "Your role may not use this.")

    return guard
