"""A safe with keys of its own, a firm, three banks' officers, a mortgage."""

from datetime import timedelta

import pytest

from greenbridge.accounts.values import Role
from greenbridge.collateral.gateway import Vault
from greenbridge.collateral.service import Safe
from greenbridge.collateral.values import AssetKind
from greenbridge.kit.keyring import KeyRing
from tests.builders import a_verified_firm, an_actor
from tests.collateral.assets import YUAN, pledged


@pytest.fixture
def box(tmp_path):
    return Safe(Vault(tmp_path / "keys" / "pledges"), KeyRing(tmp_path / "keys"))


@pytest.fixture
async def firm(session, now):
    actor, _ = await a_verified_firm(session, now)
    return actor


@pytest.fixture
async def officers(session, now):
    return [await an_actor(session, now, Role.OFFICER, code) for code in ("GB01", "GB02", "GB03")]


@pytest.fixture
async def mortgage(session, now, box, firm, officers):
    """A standing mortgage of the first bank."""
    terms = {"kind": AssetKind.REAL_ESTATE, "amount_fen": 600 * YUAN, "expires_on": now.date() + timedelta(days=900)}
    return await pledged(session, firm, officers[0], box, now, **terms)
