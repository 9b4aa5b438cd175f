"""The command line on pledges and the sandbox land registry, as a user runs them; what the demonstration leaves behind."""

import json
from collections import Counter

import httpx
import pytest

from tests.demonstration import _child, greenbridge, json_of


@pytest.fixture(scope="module")
def town(small_town):
    folder, _ = small_town
    return str(folder)


def test_the_demonstration_leaves_pledges_in_every_state(town):
    found = json_of("pledges", "list", "--json", "--data-dir", town)
    states = Counter(one["state"] for one in found)
    assert set(states) == {"offered", "active", "refused", "declined", "withdrawn", "lapsed", "released", "expired", "transferred"}
    assert "fields" not in found[0]
    shown = greenbridge("pledges", "list", "--data-dir", town)
    assert shown.returncode == 0
    assert "质押中" in shown.stdout


def test_a_new_key_keeps_every_pledge_and_destroys_the_former_one(town, small_town):
    keys = small_town[0] / "keys" / "pledges"
    (former,) = keys.glob("*.json")
    before = json_of("pledges", "list", "--json", "--data-dir", town)
    done = json_of("pledges", "rotate-key", "--json", "--data-dir", town)
    assert done == {"serial": 2, "pledges": len(before)}
    (new,) = keys.glob("*.json")
    assert new != former
    assert json_of("pledges", "list", "--json", "--data-dir", town) == before
    assert json_of("pledges", "rotate-key", "--json", "--data-dir", town)["serial"] == 3


def test_what_is_no_receipt_is_one_sentence_and_exit_code_2(town, tmp_path):
    (tmp_path / "no.json").write_text("{}")
    for name, said in (("no.json", "no pledge receipt"), ("none.json", "找不到文件")):
        run = greenbridge("pledges", "verify", str(tmp_path / name), "--data-dir", town)
        assert run.returncode == 2
        assert said in run.stderr
        assert "Traceback" not in run.stderr


def test_the_sandbox_registry_serves_a_towns_real_estate_and_says_its_keys(tmp_path):
    keys = tmp_path / "keys.json"
    arguments = ("--firms", "12", "--keys", str(keys), "--data-dir", str(tmp_path / "kept"), "--today", "2026-03-10", "--json")
    with _child("sandbox-registry", "/v1/keys", *arguments) as (url, _), httpx.Client(base_url=url, trust_env=False) as client:
        assert client.get("/v1/keys").json() == json.loads(keys.read_text())
        order = {"request_id": "1", "kind": "query", "certificate_no": "没有", "owner_uscc": "x"}
        assert client.post("/v1/mortgage-requests", json=order).status_code == 202
        assert client.get("/v1/mortgage-requests/1").json() == {"state": "pending"}
        assert client.get("/v1/mortgage-requests/1").json()["receipt"]["payload"]["granted"] is False
        assert client.post("/v1/mortgage-requests", content=b"[]").status_code == 422
        assert client.get("/v1/mortgage-requests/2").status_code == 404
