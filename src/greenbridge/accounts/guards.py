"""Who is calling, and whether that role may call here at all."""

from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult
from litestar.types import Guard

from greenbridge.accounts import service
from greenbridge.accounts.values import Actor, Role, SignIn
from greenbridge.kit.errors import Forbidden, NotSignedIn

SESSION_COOKIE = "gb_session"
Caller = Request[Actor, str | None, Any]


class Authentication(AbstractAuthenticationMiddleware):
    """Finds the actor: a bearer token under /api/, the session cookie elsewhere, so that no page's cookie opens the API."""

    async def authenticate_request(self, connection: ASGIConnection[Any, Any, Any, Any]) -> AuthenticationResult:
        """Return the actor and the secret, or (None, None)."""
        if connection.scope["path"].startswith("/api/"):
            scheme, _, secret = connection.headers.get("authorization", "").partition(" ")
            secret, kind = (secret.strip() if scheme.lower() == "bearer" else ""), "token"
        else:
            secret, kind = connection.cookies.get(SESSION_COOKIE, ""), "session"
        if not secret:
            return AuthenticationResult(user=None, auth=None)
        state, now = connection.app.state, connection.app.state.clock.now()
        key = service.hashed(secret), kind

        async def ask() -> SignIn | None:
            # Committed, though it only reads: a rollback would make the driver forget every statement that it has prepared.
            async with state.sessions.begin() as session:
                return await service.sign_in_of(session, secret, "token" if kind == "token" else "session", now)

        # Kept until the sign-in, its account or its organisation changes, in whichever process (kit/watch.py).
        found: SignIn | None = await state.watch.kept("sign_in", key, ask)
        actor = found.actor if found and now < found.expires_at else None
        return AuthenticationResult(user=actor, auth=secret if actor else None)


# Guards are coroutines: Litestar sends a plain function to a thread and waits, 0.3 ms of every request.
async def signed_in(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Refuse callers who are not signed in."""
    if connection.user is None:
        raise NotSignedIn("not-signed-in", "请先登录。", "Sign in first.")


def only(*roles: Role) -> Guard:
    """Return a guard that lets these roles pass."""

    async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        await signed_in(connection, handler)
        if connection.user.role not in roles:
            raise Forbidden("wrong-role", "您的角色不能使用此功能。", "Your role may not use this.")

    return guard
