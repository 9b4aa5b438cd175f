import json
import signal
import time
from datetime import UTC, datetime

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from greenbridge.demo.town import Town
from greenbridge.kit.errors import Invalid
from greenbridge.kit.keys import kept_key, public_pem, read_public_key
from greenbridge.sandbox.app import create_sandbox
from greenbridge.sandbox.faults import Faults, Injector
from greenbridge.sandbox.feeds import Folder, memory_feed, write_folder
from tests.demonstration import greenbridge, sandboxed

STATED = datetime(2026, 3, 1, 1, 0, tzinfo=UTC)


def client_of(app):
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


def lines(answer):
    return [json.loads(line) for line in answer.content.split(b"\n") if line]


def test_the_command_serves_a_generated_town_and_ends_at_once():
    with sandboxed("--firms", "10", "--seed", "5", "--json", "--fault", "slow=1", "--today", "2026-03-10") as (url, server):
        with httpx.Client(base_url=url, trust_env=False) as client:
            items = {item["item"]: item for item in client.get("/v1/items").json()}
            assert set(items) >= {"tax.vat_invoices", "registration.basic", "courts.judgments"}
            assert items["tax.vat_invoices"]["format"] == "parquet"
            assert "uscc" in items["tax.vat_invoices"]["columns"]
            assert all(item["generated"] for item in items.values())
            with pytest.raises(httpx.ReadTimeout):
                client.get("/v1/items/courts.judgments/records", timeout=0.3)
            assert client.get("/v1/faults").json()["injected"]["slow"] == 1
            assert client.put("/v1/faults", json={}).json()["slow"] == 0
            page = client.get("/v1/items/courts.judgments/records")
            assert page.headers["greenbridge-generated"] == "?1"
            assert page.headers["greenbridge-stated-at"].startswith("2026-03-10T")
            client.put("/v1/faults", json={"slow": 1, "slow_seconds": 60})
            with pytest.raises(httpx.ReadTimeout):
                client.get("/v1/items/courts.judgments/records", timeout=0.3)
        started = time.monotonic()
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=10) == 0
        assert time.monotonic() - started < 4
        assert json.loads(server.stdout.read())["url"] == url


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--fault", "slow"], "KIND=SHARE"),
        (["--fault", "fire=1"], "no fault fire"),
        (["--fault", "slow=2"], "fault slow"),
        (["--fault", "slow=0.6", "--fault", "error=0.6"], "at most 1"),
        (["--data", "."], "no data file"),
        (["--public-key", "LICENSE"], "public key"),
    ],
)
def test_wrong_input_is_one_sentence_and_exit_code_2(tmp_path, arguments, said):
    arguments = [str(tmp_path) if word == "." else word for word in arguments]
    run = greenbridge("sandbox", *arguments, "--data-dir", str(tmp_path / "kept"))
    assert run.returncode == 2
    assert said in run.stderr
    assert "Traceback" not in run.stderr


async def test_a_town_in_a_folder_is_served_as_it_was_delivered(tmp_path):
    deliveries = list(Town(seed=7, count=12, today=STATED.date()).deliveries())
    write_folder(tmp_path, deliveries, STATED)
    async with client_of(create_sandbox(Folder(tmp_path))) as client:
        penalties = await client.get("/v1/items/penalties.administrative/records")
        gb18030 = next(d for d in deliveries if d.item == "penalties.administrative").content.decode("gb18030")
        assert next(iter(lines(penalties)[0].values())) in gb18030
        assert len(lines(penalties)) == gb18030.count("\n") - 1
        courts = await client.get("/v1/items/courts.judgments/records")
        assert courts.content.strip() == next(d for d in deliveries if d.item == "courts.judgments").content
        accept = {"accept": "application/vnd.apache.parquet"}
        invoices = await client.get("/v1/items/tax.vat_invoices/records?page_size=7", headers=accept)
        delivered = pq.read_table(pa.BufferReader(next(d for d in deliveries if d.item == "tax.vat_invoices").content))
        assert pq.read_table(pa.BufferReader(invoices.content)).to_pylist() == delivered.slice(0, 7).to_pylist()
        again = await client.get(
            "/v1/items/tax.vat_invoices/records", params={"page_size": 7, "since": invoices.headers["greenbridge-next"]}
        )
        assert lines(again) == delivered.slice(7, 7).to_pylist()


async def test_a_manifest_says_item_time_and_origin_and_takes_patterns(tmp_path):
    (tmp_path / "b.csv").write_text("a,b\n1\n2,3,4\n")
    (tmp_path / "court1.jsonl").write_text('{"x": 1}\nbroken\n[2]\n')
    (tmp_path / "court2.jsonl").write_text('\ufeff{"x": 2}', encoding="utf-8")
    (tmp_path / "manifest.toml").write_text(
        '[[feed]]\nitem = "我的.item"\nfile = "b.csv"\ngenerated = true\nstated_at = 2025-01-02T03:04:05\n'
        '[[feed]]\nitem = "courts.judgments"\nfile = "court*.jsonl"\nstated_at = "2025-01-02"\n'
    )
    async with client_of(create_sandbox(Folder(tmp_path))) as client:
        odd = await client.get("/v1/items/我的.item/records")
        assert lines(odd) == [{"a": "1", "b": ""}, {"line": "2,3,4"}]  # what the header does not cover is kept whole
        assert odd.headers["greenbridge-columns"] == "a,b,line"
        assert odd.headers["greenbridge-generated"] == "?1"
        assert odd.headers["greenbridge-stated-at"] == "2025-01-02T03:04:05+08:00"
        first = await client.get("/v1/items/courts.judgments/records")
        assert lines(first) == [{"x": 1}, {"line": "broken"}, {"line": "[2]"}]
        assert first.headers["greenbridge-last"] == "?0"
        second = await client.get("/v1/items/courts.judgments/records", params={"since": first.headers["greenbridge-next"]})
        assert lines(second) == [{"x": 2}]
        assert second.headers["greenbridge-last"] == "?1"
        assert second.headers["greenbridge-since"] == first.headers["greenbridge-next"]
        end = await client.get("/v1/items/courts.judgments/records", params={"since": second.headers["greenbridge-next"]})
        assert (end.content, end.headers["greenbridge-count"], end.headers["greenbridge-last"]) == (b"", "0", "?1")
        assert end.headers["greenbridge-next"] == second.headers["greenbridge-next"]
        for wrong in ("?page_size=0", "?page_size=x", "?since=x"):
            answer = await client.get("/v1/items/courts.judgments/records" + wrong)
            assert answer.status_code == 400
            assert answer.headers["content-type"].startswith("application/problem+json")
        assert (await client.get("/v1/items/nothing/records")).status_code == 404
        assert (await client.get("/v2")).headers["content-type"].startswith("application/problem+json")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.b.xlsx", "x"),
        ("a.b.parquet", "x"),
        ("manifest.toml", "[[feed]]\nitem = 1"),
        ("manifest.toml", "feed = 3"),
        ("manifest.toml", "?"),
        ("manifest.toml", '[[feed]]\nitem = "a"\nfile = "missing.csv"'),
        ("alone.csv", "a\n1"),
    ],
)
def test_a_folder_that_cannot_be_served_is_refused(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    with pytest.raises(Invalid):
        Folder(tmp_path)


async def test_faults_can_be_switched_are_counted_and_bounded():
    app = create_sandbox([memory_feed("a.b", [{"x": 1}], stated_at=STATED)], faults=Faults.of({"error": "1", "max_per_page": "3"}))
    async with client_of(app) as client:
        asked = [(await client.get("/v1/items/a.b/records")).status_code for _ in range(5)]
        assert asked == [500, 500, 500, 200, 200]
        shown = (await client.get("/v1/faults")).json()
        assert (shown["error"], shown["injected"]["error"]) == (1.0, 3)
        switched = (await client.put("/v1/faults", json={"drift": "always", "seed": 2})).json()
        assert (switched["error"], switched["drift_always"], switched["injected"]["error"]) == (0.0, True, 0)
        drifted = [await client.get("/v1/items/a.b/records") for _ in range(3)]
        assert len({answer.headers["greenbridge-columns"] for answer in drifted} - {"x"}) == 1
        assert (await client.get("/v1/faults")).json()["injected"]["drift"] == 3
        wrong = await client.put("/v1/faults", json={"fire": 1})
        assert wrong.status_code == 422
        assert (await client.put("/v1/faults", json={"error": "much"})).status_code == 422


def test_the_same_seed_draws_the_same_faults_in_any_order():
    faults = Faults.of({"slow": 0.3, "error": 0.2, "truncate": 0.2, "duplicate": 0.2, "drift": 0.1})
    pages = [str(n) for n in range(200)]
    one, other = Injector(faults), Injector(faults)
    drawn = {page: one.draw("a", page) for page in pages}
    assert drawn == {page: other.draw("a", page) for page in reversed(pages)}
    assert {*drawn.values()} == {"slow", "error", "truncate", "drift", None}  # None: nothing came before, so nothing can come twice


def test_the_platforms_key_is_made_once_and_only_its_public_half_is_printed(tmp_path):
    first = greenbridge("departments", "key", "--data-dir", str(tmp_path))
    assert first.returncode == 0, first.stderr
    assert first.stdout == greenbridge("departments", "key", "--data-dir", str(tmp_path)).stdout == public_pem(kept_key(tmp_path))
    assert read_public_key(first.stdout.encode()) == kept_key(tmp_path).public_key()
    kept = tmp_path / "departments.key.pem"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert {path.name for path in tmp_path.iterdir()} == {kept.name, "secret"}
    kept.write_text(first.stdout)
    with pytest.raises(Invalid):
        kept_key(tmp_path)
