"""The keys at hand: what commits, seals and signs; which of them is in use, and changing it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts import service as accounts
from greenbridge.audit import service as audit
from greenbridge.collateral.gateway import Vault
from greenbridge.collateral.gateway.vault import Key
from greenbridge.collateral.rules.identity import canonical, encoded
from greenbridge.collateral.store import keys as store
from greenbridge.collateral.store import pledges as pledge_store
from greenbridge.collateral.values import AssetKind, Pledge, PledgeView, Stated
from greenbridge.kit import database
from greenbridge.kit.canonical import canonical as canonical_json
from greenbridge.kit.keyring import KeyRing
from greenbridge.settings import Settings


@dataclass(frozen=True, slots=True)
class Safe:
    """The vault of secret keys and the ring that signs receipts."""

    vault: Vault
    ring: KeyRing


def safe(settings: Settings) -> Safe:
    """Return the safe of an installation; nothing is made yet."""
    return Safe(Vault(settings.signing_keys / "pledges"), KeyRing(settings.signing_keys))


async def in_use(session: AsyncSession, box: Safe, now: datetime) -> Key:
    """Return the key in use, the first one made if there is none; it stays in use until the transaction ends."""
    async with database.as_platform(session):  # which key there is, is nobody's business
        if await store.current(session) is None:
            await store.lock(session, alone=True)
            if await store.current(session) is None:
                await store.set_current(session, 1, box.vault.make(now).id, now)
        await store.lock(session, alone=False)
        found = await store.current(session)
    assert found is not None
    return box.vault.key(found[1])


def sealed(key: Key, about: str, stated: Stated) -> bytes:
    """Return what was stated, encrypted for one pledge."""
    return key.seal(canonical_json({"fields": dict(stated.fields), "whole_fen": stated.whole_fen}), about)


def opened(key: Key, pledge: Pledge) -> Stated:
    """Return what was stated in a pledge, for who may read it."""
    return _stated(key.open(pledge.sealed, str(pledge.id)), pledge.kind)


def _stated(plain: bytes, kind: AssetKind) -> Stated:
    found = json.loads(plain)
    return Stated(kind, found["fields"], found["whole_fen"])


async def rotate(session: AsyncSession, box: Safe, now: datetime) -> tuple[int, int, str | None]:
    """Put everything under a new key: return (its serial, how many pledges, the former key's id, to be destroyed after the commit).

    Nobody commits meanwhile. What was committed under the former key is committed anew from what was stated, ended pledges too: an
    asset stays the same asset.
    """
    await store.lock(session, alone=True)
    former = await store.current(session)
    new = box.vault.make(now)
    serial = former[0] + 1 if former else 1
    old = box.vault.key(former[1]) if former else new
    assets, count = {}, 0
    for pledge_id, asset_id, kind, hidden, _ in await store.sealed(session):
        stated = _stated(old.open(hidden, str(pledge_id)), AssetKind(kind))
        about = canonical(stated)
        await store.put(session, pledge_id, sealed(new, str(pledge_id), stated), new.commit(encoded(about.kind, about.full)))
        if asset_id:
            assets[asset_id] = new.commit(encoded(about.kind, about.key))
        count += 1
    for asset_id, commitment in assets.items():
        await store.put_asset(session, asset_id, commitment)
    await store.set_current(session, serial, new.id, now)
    await audit.record(session, "pledge_key.rotated", f"pledge_key:{serial}", now, pledges=count)
    return serial, count, former[1] if former else None


async def views(session: AsyncSession, box: Safe, pledges: Sequence[Pledge], now: datetime) -> list[PledgeView]:
    """Return pledges with what was stated and what happened, for a caller that may read them."""
    if not pledges:
        return []
    key = await in_use(session, box, now)
    names = {bank.id: bank.name for bank in await accounts.banks(session)}
    past = await pledge_store.history(session, [pledge.id for pledge in pledges])
    return [PledgeView(pledge, names[pledge.bank_id], opened(key, pledge), past[pledge.id]) for pledge in pledges]
