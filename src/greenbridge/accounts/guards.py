"""Who is calling, and whether that role may call here at all."""

from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.handlers import BaseRouteHandler
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult
from litestar.types import Guard

from greenbridge.accounts import service
from greenbridge.accounts.values import Actor, Role
from greenbridge.kit import limits
from greenbridge.kit.errors import Forbidden, NotSignedIn

SESSION_COOKIE = "gb_session"
# Here programs call, with tokens; a page's cookie opens nothing.
PROGRAMS = ("/api/", "/oauth/")
Caller = Request[Actor, str | None, Any]


class Authentication(AbstractAuthenticationMiddleware):
    """Finds the actor: a bearer token under /api/, the session cookie elsewhere, so that no page's cookie opens the API."""

    async def authenticate_request(self, connection: ASGIConnection[Any, Any, Any, Any]) -> AuthenticationResult:
        """Return the actor and the secret, or (None, None)."""
        state = connection.app.state
        if connection.url.path.startswith(PROGRAMS):
            return await _of_program(connection, state)
        secret = connection.cookies.get(SESSION_COOKIE, "")
        if not secret:
            return AuthenticationResult(user=None, auth=None)
        async with state.sessions() as session:
            actor = await service.who(session, secret, "session", state.clock.now())
        return AuthenticationResult(user=actor, auth=secret if actor else None)


async def _of_program(connection: ASGIConnection[Any, Any, Any, Any], state: State) -> AuthenticationResult:
    """Return who calls the API: the person of a bearer token, or a bank's program (state.desk reads its token). Calls are counted."""
    scheme, _, secret = connection.headers.get("authorization", "").partition(" ")
    scheme, secret, wall = scheme.lower(), secret.strip(), state.wall.now()
    actor: Actor | None = None
    async with state.sessions.begin() as session:
        if scheme in {"bearer", "dpop"} and connection.url.path.startswith("/api/"):
            if state.desk.is_token(secret):
                asked = (str(connection.scope.get("method", "")), connection.url.path, connection.scope["path_template"])
                actor = await state.desk.acting(session, secret, connection.headers.get("dpop"), scheme, *asked, wall)
            elif scheme == "bearer" and secret:
                actor = await service.who(session, secret, "token", state.clock.now())
        who, name = (str(actor.account_id), "caller") if actor else (connection.client.host if connection.client else "", "address")
        quota = state.settings.calls_per_minute if actor else state.settings.visits_per_minute
        limit = await limits.count(session, name, who, quota, wall)
    connection.scope["state"]["headers"] = limit.headers
    limits.must_be_within(limit)
    return AuthenticationResult(user=actor, auth=secret if actor else None)


def signed_in(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Refuse callers who are not signed in."""
    if connection.user is None:
        problem = NotSignedIn("not-signed-in", "请先登录。", "Sign in first.")
        problem.headers = {"www-authenticate": "Bearer, DPoP"} if connection.url.path.startswith(PROGRAMS) else {}
        raise problem


def only(*roles: Role) -> Guard:
    """Return a guard that lets these roles pass."""

    def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        signed_in(connection, handler)
        if connection.user.role not in roles:
            raise Forbidden("wrong-role", "您的角色不能使用此功能。", "Your role may not use this.")

    return guard
