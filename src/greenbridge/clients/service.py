"""Registering programs of a bank, giving them tokens, and finding whom a token stands for."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts import service as accounts
from greenbridge.accounts.values import Actor, Role
from greenbridge.audit import service as audit
from greenbridge.clients import gateway, rules, store
from greenbridge.clients.gateway import BadToken, Keys, scope_table
from greenbridge.clients.tables import ApiClientRow
from greenbridge.clients.values import Client, Issued, Proof, Registration, ScopeTable
from greenbridge.kit import database, outward
from greenbridge.kit.errors import Forbidden, Invalid, NotFound, NotSignedIn, Problem
from greenbridge.kit.web import Outdated

__all__ = [
    "Desk",
    "Keys",
    "Refused",
    "change",
    "fetched_keys",
    "forget_used",
    "issue",
    "of_bank",
    "one",
    "register",
    "revoke",
    "scope_table",
]
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SECRET_PREFIX = "gbs_demo_"  # noqa: S105  so that a leaked one is known for what it is


class Refused(Exception):
    """A token request that fails, in the words of RFC 6749, section 5.2."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error, self.description, self.status = error, description, status


def _must_administer(actor: Actor) -> None:
    if actor.role is not Role.BANK_ADMINISTRATOR:
        raise Forbidden("not-an-administrator", "只有银行管理员可以管理接口程序。", "Only a bank's administrator manages its programs.")


async def register(
    session: AsyncSession, actor: Actor, asked: Registration, scopes: ScopeTable, now: datetime, *, demonstration: bool = False
) -> tuple[Client, str | None]:
    """Register a program of the actor's bank; return it with its demonstration secret, told this once. Raises Invalid by field."""
    _must_administer(actor)
    _must_be_good(asked, scopes, demonstration=demonstration)
    client_id = uuid4()
    account = await accounts.open_account(
        session, actor, f"api-{client_id.hex[:12]}", secrets.token_urlsafe(48), Role.OFFICER, actor.organisation, now, asked.function
    )
    secret = SECRET_PREFIX + secrets.token_urlsafe(32) if asked.demo_secret else None
    client = await store.add(
        session,
        ApiClientRow(
            id=client_id,
            organisation_id=actor.organisation.id,
            account_id=account.account_id,
            name=asked.name.strip(),
            scopes=sorted(asked.scopes),
            method=(Proof.CLIENT_SECRET if secret else Proof.PRIVATE_KEY_JWT).value,
            secret_hash=accounts.hashed(secret) if secret else None,
            jwks=dict(asked.jwks) if asked.jwks is not None else None,
            jwks_uri=asked.jwks_uri,
            dpop_required=asked.dpop_required,
            created_at=now,
            created_by=actor.account_id,
            revoked_at=None,
            last_token_at=None,
        ),
    )
    await _record(session, actor, client, "registered", now, scopes=sorted(client.scopes))
    return client, secret


def _must_be_good(asked: Registration, scopes: ScopeTable, *, demonstration: bool) -> None:
    if found := rules.registration_problems(asked, scopes.scopes.keys()):
        raise Invalid("wrong-client", "请检查接口程序的登记内容。", "Check the program's registration.", fields=tuple(found))
    if asked.demo_secret and not demonstration:
        raise Invalid.at(
            "no-secrets", "demo_secret", "密码仅供演示环境使用；请登记公钥。", "Secrets are for demonstrations; register a key."
        )
    if asked.jwks is not None:
        gateway.must_be_readable(asked.jwks)
    if asked.jwks_uri is not None:
        outward.must_be_callable(asked.jwks_uri, "jwks_uri", allow_loopback=demonstration)


async def _record(session: AsyncSession, actor: Actor, client: Client, what: str, now: datetime, **detail: Any) -> None:
    await audit.record(session, f"api_client.{what}", f"api_client:{client.id}", now, account_id=actor.account_id, **detail)


async def of_bank(session: AsyncSession, actor: Actor, *, limit: int = 100, after: UUID | None = None) -> list[Client]:
    """Return the programs of the actor's bank, newest first, with those that were revoked; `after`: those behind that one."""
    _must_administer(actor)
    return await store.of_organisation(session, actor.organisation.id, limit, after)


async def one(session: AsyncSession, actor: Actor, client_id: UUID) -> Client:
    """Return a program of the actor's bank, also one that was revoked; raises NotFound."""
    return await _own(session, actor, client_id)


async def _own(session: AsyncSession, actor: Actor, client_id: UUID) -> Client:
    _must_administer(actor)
    found = await store.find(session, client_id)
    if found is None or found[0].organisation_id != actor.organisation.id:
        raise NotFound("no-client", "没有这个接口程序。", "There is no such program.")
    return found[0]


async def change(
    session: AsyncSession,
    actor: Actor,
    client_id: UUID,
    asked: Registration,
    revision: int | None,
    scopes: ScopeTable,
    now: datetime,
    *,
    demonstration: bool = False,
) -> Client:
    """Change a program's name, scopes, keys, binding, and staff function where one is said.

    A new key stands beside the old one until the bank takes that out.

    Raises Outdated when somebody changed it since `revision`. How it proves itself stays: a secret never becomes a key's equal.
    """
    client = await _own(session, actor, client_id)
    if client.revoked_at is not None:
        raise NotFound("no-client", "该接口程序已停用。", "This program was revoked.")
    if client.proof is Proof.CLIENT_SECRET:
        asked = replace(asked, demo_secret=True, jwks=None, jwks_uri=None)
    _must_be_good(asked, scopes, demonstration=demonstration)
    values = {
        "name": asked.name.strip(),
        "scopes": sorted(asked.scopes),
        "jwks": dict(asked.jwks) if asked.jwks is not None else None,
        "jwks_uri": asked.jwks_uri,
        "dpop_required": asked.dpop_required,
    }
    if asked.function is not None:
        await accounts.set_function(session, actor, client.account_id, asked.function)
    changed = await store.change(session, client.id, client.revision if revision is None else revision, **values)
    if changed is None:
        raise Outdated
    await _record(session, actor, changed, "changed", now, scopes=sorted(changed.scopes), keys=list(changed.key_ids))
    return changed


async def revoke(session: AsyncSession, actor: Actor, client_id: UUID, now: datetime) -> Client:
    """End a program: its tokens are worth nothing from now on. Doing it again changes nothing."""
    client = await _own(session, actor, client_id)
    if client.revoked_at is not None:
        return client
    revoked = await store.change(session, client.id, client.revision, revoked_at=now)
    if revoked is None:
        raise Outdated
    await _record(session, actor, revoked, "revoked", now)
    return revoked


async def forget_used(session: AsyncSession, now: datetime) -> int:
    """Remove ids of assertions and proofs that have expired; return how many."""
    return await store.forget_jtis(session, now)


@dataclass(frozen=True, slots=True)
class Desk:
    """Gives tokens and reads them. `issuer`: the public address of this installation, without a slash at its end.

    Clients' secrets are taken in a demonstration alone.
    """

    issuer: str
    keys: Keys
    scopes: ScopeTable
    demonstration: bool = False

    @property
    def token_endpoint(self) -> str:
        """Where tokens are asked for."""
        return f"{self.issuer}/oauth/token"

    def is_token(self, secret: str) -> bool:
        """Return whether a bearer's secret is a token of ours: a JWT has two dots, the secrets of people none."""
        return secret.count(".") == 2

    async def acting(
        self, session: AsyncSession, token: str, proof: str | None, scheme: str, method: str, path: str, template: str, now: datetime
    ) -> Actor:
        """Return whom a token stands for in this call, as the role that the call asks for.

        Raises NotSignedIn for a token that is not good (401), Forbidden where its scopes do not open the call (403).
        """
        try:
            claims = self.keys.own(token, now)
            if claims.get("iss") != self.issuer or claims.get("aud") != self.issuer or int(claims.get("exp", 0)) <= now.timestamp():
                raise BadToken("the token has expired or is for somebody else")  # noqa: TRY301  one way out for all that is wrong
            bound = (claims.get("cnf") or {}).get("jkt")
            await self._must_possess(session, token, bound, proof, scheme, method, self.issuer + path, now)
            found = await store.acting(session, UUID(claims["client_id"]))
        except (BadToken, KeyError, TypeError, ValueError) as error:
            raise _unauthorised(str(error), dpop=scheme == "dpop") from None
        if found is None or (found[2] and bound is None):
            raise _unauthorised("the client was revoked or must prove possession", dpop=False)
        actor, allowed, _ = found
        operation = self.scopes.operations.get(f"{method} {template}")
        if operation is None:
            raise Forbidden("not-for-programs", "此接口不对程序开放。", "This call is not open to programs.")
        # What was taken from the client since counts at once, not when the token ends.
        if operation.scope and operation.scope not in allowed & frozenset(str(claims.get("scope", "")).split()):
            raise _insufficient(operation.scope)
        return replace(actor, role=operation.role, function=actor.function if operation.role is Role.OFFICER else None)

    async def _must_possess(
        self, session: AsyncSession, token: str, bound: str | None, proof: str | None, scheme: str, method: str, url: str, now: datetime
    ) -> None:
        if bound is None:
            if scheme == "dpop":
                raise BadToken("the token is not bound to a key")
            return
        if scheme != "dpop" or proof is None:
            raise BadToken("the token is bound to a key: send it with the scheme DPoP and a proof")
        if await self._thumbprint(session, proof, method, url, now, gateway.token_hash(token)) != bound:
            raise BadToken("the proof is by another key")

    async def _thumbprint(self, session: AsyncSession, proof: str, method: str, url: str, now: datetime, ath: str | None) -> str:
        """Return the key of a good proof, whose id is used up by this. Raises BadToken."""
        claims, thumbprint = gateway.proof_of_possession(proof)
        if problem := rules.proof_problem(claims, method, url, int(now.timestamp()), ath):
            raise BadToken(f"the proof is wrong: {problem}")
        until = now + timedelta(seconds=2 * rules.PROOF_SECONDS)
        if not await store.use_jti(session, f"dpop:{thumbprint}", claims["jti"], until):
            raise BadToken("the proof was used before")
        return thumbprint


def _unauthorised(why: str, *, dpop: bool) -> NotSignedIn:
    problem = NotSignedIn("invalid-token", "访问令牌无效或已过期。", f"The access token is not valid: {why}.")
    problem.headers = {"www-authenticate": f'{"DPoP" if dpop else "Bearer"} error="invalid_token"'}
    return problem


def _insufficient(scope: str) -> Problem:
    problem = Forbidden("insufficient-scope", f"缺少权限 {scope}。", f"The scope {scope} is missing.")
    problem.headers = {"www-authenticate": f'Bearer error="insufficient_scope", scope="{scope}"'}
    return problem


async def fetched_keys(sessions: database.Sessions, desk: Desk, form: Mapping[str, str], now: datetime) -> Mapping[str, Any]:
    """Return the keys at the address of the client that an assertion names, before the request has a transaction; empty for none.

    A hanging address holds no connection of ours. Whether the client may have a token is asked afterwards, in `issue`.
    """
    assertion = form.get("client_assertion")
    try:
        client_id = UUID(str(gateway.unverified_claims(assertion or "").get("sub", "")))
        async with sessions.begin() as session:
            found = await store.find(session, client_id)
        if assertion is None or found is None or found[0].jwks_uri is None or found[0].revoked_at is not None:
            return {}
        return await desk.keys.fetched(found[0].jwks_uri, gateway.key_id(assertion), now)
    except (BadToken, ValueError):
        return {}


async def issue(
    session: AsyncSession,
    desk: Desk,
    form: Mapping[str, str],
    basic: tuple[str, str] | None,
    proof: str | None,
    now: datetime,
    fetched: Mapping[str, Any] | None = None,
) -> Issued:
    """Give a client its token (RFC 6749, section 4.4; RFC 7523; RFC 9449). `fetched`: the keys at its address. Raises Refused."""
    if form.get("grant_type") != "client_credentials":
        raise Refused("unsupported_grant_type", "grant_type must be client_credentials")
    async with database.as_platform(session):  # nobody is signed in yet: who asks is what is found out here
        client = await _proven(session, desk, form, basic, fetched or {}, now)
        scopes = rules.granted_scopes(form.get("scope"), client.scopes)
        if scopes is None:
            raise Refused("invalid_scope", "a scope was asked for that the client does not have")
        thumbprint = await _bound_to(session, desk, client, proof, now)
        await store.had_token(session, client.id, now)
    seconds = int(now.timestamp())
    claims: dict[str, Any] = {
        "iss": desk.issuer,
        "aud": desk.issuer,
        "sub": str(client.id),
        "client_id": str(client.id),
        "iat": seconds,
        "exp": seconds + rules.ACCESS_SECONDS,
        "jti": uuid4().hex,
        "scope": " ".join(sorted(scopes)),
    }
    if thumbprint:
        claims["cnf"] = {"jkt": thumbprint}
    return Issued(desk.keys.signed(claims, now), "DPoP" if thumbprint else "Bearer", rules.ACCESS_SECONDS, claims["scope"])


async def _bound_to(session: AsyncSession, desk: Desk, client: Client, proof: str | None, now: datetime) -> str | None:
    if proof is None:
        if client.dpop_required:
            raise Refused("invalid_dpop_proof", "this client's tokens are bound to a key: send a DPoP proof")
        return None
    try:
        return await desk._thumbprint(session, proof, "POST", desk.token_endpoint, now, None)  # noqa: SLF001  the same module
    except BadToken as error:
        raise Refused("invalid_dpop_proof", str(error)) from None


async def _proven(
    session: AsyncSession, desk: Desk, form: Mapping[str, str], basic: tuple[str, str] | None, fetched: Mapping[str, Any], now: datetime
) -> Client:
    """Return the client that proved who it is; raises Refused, with the same words whether it exists or not."""
    refused = Refused("invalid_client", "the client is unknown or did not prove who it is", 401)
    assertion = form.get("client_assertion")
    if assertion is not None:
        if form.get("client_assertion_type") != ASSERTION_TYPE or basic is not None:
            raise Refused("invalid_request", f"client_assertion_type must be {ASSERTION_TYPE}, and no other proof be given")
        return await _proven_by_key(session, desk, assertion, form.get("client_id"), fetched, refused, now)
    if not desk.demonstration:
        raise refused
    named, secret = basic or (form.get("client_id", ""), form.get("client_secret", ""))
    try:
        found = await store.find(session, UUID(named))
    except ValueError:
        found = None
    kept = (found[1] if found else None) or accounts.hashed("")
    right = hmac.compare_digest(hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest(), kept)
    if found is None or not right or not secret or found[0].proof is not Proof.CLIENT_SECRET or found[0].revoked_at is not None:
        raise refused
    return found[0]


async def _proven_by_key(
    session: AsyncSession,
    desk: Desk,
    assertion: str,
    named: str | None,
    fetched: Mapping[str, Any],
    refused: Refused,
    now: datetime,
) -> Client:
    try:
        client_id = str(gateway.unverified_claims(assertion).get("sub", ""))
        found = await store.find(session, UUID(client_id))
        if (
            found is None
            or found[0].proof is not Proof.PRIVATE_KEY_JWT
            or found[0].revoked_at is not None
            or named not in {None, client_id}
        ):
            raise refused
        claims = gateway.verified(assertion, fetched if found[0].jwks is None else found[0].jwks)
    except (BadToken, ValueError):
        raise refused from None
    audiences = (desk.issuer, desk.token_endpoint)
    if problem := rules.assertion_problem(claims, client_id, audiences, int(now.timestamp())):
        raise Refused("invalid_client", problem, 401)
    until = now + timedelta(seconds=rules.ASSERTION_SECONDS + 2 * rules.LEEWAY_SECONDS)
    if not await store.use_jti(session, f"client:{client_id}", claims["jti"], until):
        raise Refused("invalid_client", "the assertion was used before", 401)
    return found[0]
