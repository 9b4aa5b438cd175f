"""A safe with keys of its own, a firm, three banks' officers."""

import pytest

from greenbridge.accounts.values import Role
from greenbridge.collateral.gateway import Vault
from greenbridge.collateral.service import Safe
from greenbridge.kit.keyring import KeyRing
from tests.builders import a_verified_firm, an_actor


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
