"""Tokens and keys (OAuth 2.0), and the routes by which a bank's administrator manages its programs."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus
from uuid import UUID

from litestar import Controller, Response, delete, get, post, put
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody, URLEncodedBody

from greenbridge.accounts.guards import Caller, only
from greenbridge.accounts.values import Role
from greenbridge.clients import rules, service
from greenbridge.clients.schemas import ClientIn, ClientOut, ClientPage, OAuthError, TokenOut
from greenbridge.clients.values import Proof
from greenbridge.kit.paging import After, Limit, cut
from greenbridge.kit.web import AnyRequest, Deps, Session, must_match, tagged

_SECRETS = ("client_secret_basic", "client_secret_post")
_NO_STORE = {"cache-control": "no-store", "pragma": "no-cache"}


def _basic(header: str) -> tuple[str, str] | None:
    """Return (client_id, secret) of an Authorization header (RFC 6749, section 2.3.1), None where there is none."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return unquote_plus(name), unquote_plus(secret)


class TokensApi(Controller):
    """Tokens for programs, and what they need to know to ask for one."""

    tags = ("oauth",)
    opt = {"public": True}  # noqa: RUF012  read by the framework

    @post(
        "/oauth/token",
        status_code=200,
        responses={
            400: ResponseSpec(OAuthError, description="The request is wrong", generate_examples=False),
            401: ResponseSpec(OAuthError, description="The client did not prove who it is", generate_examples=False),
        },
    )
    async def token(self, data: URLEncodedBody[dict[str, str]], request: AnyRequest, session: Session, deps: Deps) -> Response[TokenOut]:
        """Give a program its access token: client credentials with private_key_jwt, bound to a key where a DPoP proof comes along."""
        proofs = request.headers.getall("dpop", [])
        try:
            if len(proofs) > 1:
                raise service.Refused("invalid_dpop_proof", "one proof at most")  # noqa: TRY301  one way out
            basic = _basic(request.headers.get("authorization", ""))
            # Before the request's session asks anything: while a client's address takes its time, nothing of ours is held.
            fetched = await service.fetched_keys(deps.sessions, deps.desk, data, deps.wall.now())
            issued = await service.issue(session, deps.desk, data, basic, next(iter(proofs), None), deps.wall.now(), fetched)
        except service.Refused as refused:
            # Returned, so it commits: an assertion that was read is used up, whatever came of it.
            told: Any = OAuthError(error=refused.error, error_description=refused.description)
            ask = {"www-authenticate": 'Basic realm="oauth"'} if refused.status == 401 else {}
            return Response(told, status_code=refused.status, headers=_NO_STORE | ask)
        out = TokenOut(access_token=issued.access_token, token_type=issued.token_type, expires_in=issued.expires_in, scope=issued.scope)
        return Response(out, headers=_NO_STORE)

    @get("/oauth/jwks")
    async def jwks(self, deps: Deps) -> dict[str, Any]:
        """Publish the keys that sign access tokens (RFC 7517)."""
        keys: dict[str, Any] = deps.desk.keys.published(deps.wall.now())
        return keys

    @get("/.well-known/oauth-authorization-server")
    async def metadata(self, deps: Deps) -> Mapping[str, Any]:
        """Describe the authorisation server (RFC 8414)."""
        desk: service.Desk = deps.desk
        return {
            "issuer": desk.issuer,
            "token_endpoint": desk.token_endpoint,
            "jwks_uri": f"{desk.issuer}/oauth/jwks",
            "scopes_supported": sorted(desk.scopes.scopes),
            "response_types_supported": [],
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported": [Proof.PRIVATE_KEY_JWT.value, *(_SECRETS if desk.demonstration else ())],
            "token_endpoint_auth_signing_alg_values_supported": list(rules.ALGORITHMS),
            "dpop_signing_alg_values_supported": list(rules.ALGORITHMS),
            "service_documentation": f"{desk.issuer}/schema",
        }


class ClientsApi(Controller):
    """A bank's programs; people manage them, programs do not."""

    path = "/api/v1/clients"
    tags = ("oauth",)
    guards = (only(Role.BANK_ADMINISTRATOR),)

    @get()
    async def listed(self, request: Caller, session: Session, limit: Limit = 50, cursor: After = None) -> ClientPage:
        """List the bank's programs, newest first."""
        found = await service.of_bank(session, request.user, limit=limit + 1, after=cursor)
        page, more = cut(found, limit, lambda client: str(client.id))
        return ClientPage(items=[ClientOut.of(client) for client in page], next_cursor=more)

    @post()
    async def register(self, data: JSONBody[ClientIn], request: Caller, session: Session, deps: Deps) -> Response[ClientOut]:
        """Register a program; a demonstration secret is told in this answer alone."""
        client, secret = await service.register(
            session,
            request.user,
            data.registration(),
            deps.desk.scopes,
            deps.wall.now(),
            demonstration=deps.settings.demonstration,
        )
        return tagged(ClientOut.of(client, secret), client.revision, status_code=201)

    @get("/{client_id:uuid}")
    async def one(self, client_id: FromPath[UUID], request: Caller, session: Session) -> Response[ClientOut]:
        """Return a program, with the ETag that its change needs."""
        found = await service.one(session, request.user, client_id)
        return tagged(ClientOut.of(found), found.revision)

    @put("/{client_id:uuid}")
    async def change(
        self, client_id: FromPath[UUID], data: JSONBody[ClientIn], request: Caller, session: Session, deps: Deps
    ) -> Response[ClientOut]:
        """Change a program: its scopes, and its keys; for a rotation register the new key beside the old one first."""
        changed = await service.change(
            session,
            request.user,
            client_id,
            data.registration(),
            must_match(request),
            deps.desk.scopes,
            deps.wall.now(),
            demonstration=deps.settings.demonstration,
        )
        return tagged(ClientOut.of(changed), changed.revision)

    @delete("/{client_id:uuid}")
    async def revoke(self, client_id: FromPath[UUID], request: Caller, session: Session, deps: Deps) -> None:
        """End a program: its tokens are worth nothing from now on."""
        await service.revoke(session, request.user, client_id, deps.wall.now())
