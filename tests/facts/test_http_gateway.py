import asyncio
import json
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from http_message_signatures import ContentDigest, HTTPMessageSigner, MappingKeyResolver
from http_message_signatures.algorithms import ED25519

from greenbridge.facts.gateway import Feed, HttpGateway, Retries, Timeouts, frames
from greenbridge.kit.errors import Problem
from greenbridge.kit.exchange import COVERED, DIGEST, Key, PageHead
from greenbridge.kit.keys import public_pem
from greenbridge.sandbox.app import create_sandbox
from greenbridge.sandbox.faults import Faults
from greenbridge.sandbox.feeds import Folder, memory_feed
from tests.demonstration import sandboxed

STATED = datetime(2026, 3, 1, 1, 0, tzinfo=UTC)
NOW = STATED + timedelta(days=9)
KEY = Key(Ed25519PrivateKey.generate())
FAST = Retries(attempts=4, wait_initial=0.001, wait_max=0.002, wait_jitter=0.001, recovery_seconds=0.2)
ROWS = [{"uscc": f"9133{n:014d}", "开票金额": f"{n}.50", "说明": None if n % 3 else f"第 {n} 行，\u2028“{n}”"} for n in range(95)]
COLUMNS = ("uscc", "开票金额", "说明")
ITEM = "tax.vat_invoices"
FEED = Feed(ITEM, "http://tax.test", page_size=10, columns=COLUMNS)


@asynccontextmanager
async def asking(app, *, key=KEY, retries=FAST, timeouts=None):
    async with (
        httpx.AsyncClient(transport=httpx.ASGITransport(app), trust_env=False) as client,
        HttpGateway([FEED], key, client=client, retries=retries, timeouts=timeouts) as gateway,
    ):
        yield gateway


def sandbox(rows=ROWS, faults=None):
    return create_sandbox([memory_feed(ITEM, rows, stated_at=STATED, generated=True)], KEY.private.public_key(), faults)


def records(pulled):
    path = pulled.delivery.content
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pylist()
    return [json.loads(line) for line in path.read_bytes().split(b"\n") if line]


def as_set(rows):
    return sorted(json.dumps(row, sort_keys=True) for row in rows)


async def problem_of(gateway, feed, tmp_path, since=None):
    with pytest.raises(Problem) as caught:
        await gateway.pull(feed, since, tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert caught.value.detail.zh != caught.value.detail.en
    return caught.value


@pytest.mark.parametrize("file_format", ["jsonl", "parquet"])
async def test_a_clean_pull_is_the_file_with_all_that_is_known_of_it(tmp_path, file_format):
    feed = Feed(
        ITEM, FEED.url, {"direction": "output"}, {"开票金额": "net"}, {"a": "b"}, file_format, 10
    )  # no columns: the first page's  # fmt: skip
    async with asking(sandbox()) as gateway:
        pulled = await gateway.pull(feed, None, tmp_path)
        assert records(pulled) == ROWS
        assert (pulled.pages, pulled.retries) == (10, 0)
        delivery = pulled.delivery
        assert (delivery.item, delivery.generated, delivery.stated_at) == (ITEM, True, STATED)
        assert (delivery.constants, delivery.renames, delivery.subjects) == (feed.constants, feed.renames, feed.subjects)
        assert delivery.batch_key == f"{ITEM}@http://tax.test:..{pulled.next_cursor}"
        assert sum(map(len, frames(delivery.file_name, delivery.content))) == len(ROWS)
        assert await gateway.pull(feed, pulled.next_cursor, tmp_path) is None
        assert list(tmp_path.iterdir()) == [delivery.content]


@pytest.mark.parametrize("file_format", ["jsonl", "parquet"])
@pytest.mark.parametrize("kind", ["slow", "error", "truncate", "duplicate", "drift"])
async def test_each_fault_is_overcome(tmp_path, kind, file_format):
    app = sandbox(faults=Faults.of({kind: 1.0, "slow_seconds": 0.2}))
    feed = Feed(ITEM, FEED.url, format=file_format, page_size=30, columns=COLUMNS)
    async with asking(app, timeouts=Timeouts(page_seconds=0.1)) as gateway:
        pulled = await gateway.pull(feed, None, tmp_path)
    assert as_set(records(pulled)) == as_set(ROWS)
    assert pulled.retries == app.state.injector.injected[kind] == (6 if kind == "duplicate" else 8)  # nothing comes before the first


@pytest.mark.parametrize("seed", range(12))
async def test_all_faults_mixed_lose_nothing_and_double_nothing(tmp_path, seed):
    mixed = {"slow": 0.1, "error": 0.2, "truncate": 0.2, "duplicate": 0.2, "drift": 0.2, "slow_seconds": 0.1, "seed": seed}
    app = sandbox(faults=Faults.of(mixed))
    async with asking(app, timeouts=Timeouts(page_seconds=0.05)) as gateway:
        pulled = await gateway.pull(FEED, None, tmp_path)
    assert as_set(records(pulled)) == as_set(ROWS)
    assert pulled.retries == sum(app.state.injector.injected.values()) > 0


async def test_a_real_server_that_is_slow_cuts_and_fails_is_overcome(tmp_path):
    """Over loopback: here the read time-out is the client's own, and the body is cut on the wire."""
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "税务.发票 明细.jsonl").write_text("\n".join(json.dumps(row) for row in ROWS))
    (tmp_path / "key.pem").write_text(public_pem(KEY.private))
    faults = ["slow=0.2", "error=0.2", "truncate=0.2", "duplicate=0.2", "drift=0.1", "slow_seconds=30"]
    options = [word for fault in faults for word in ("--fault", fault)]
    given = ["--data", str(folder), "--public-key", str(tmp_path / "key.pem"), "--seed", "3", *options]
    with sandboxed(*given) as (url, _):
        async with (
            httpx.AsyncClient(trust_env=False) as client,
            HttpGateway([], KEY, client=client, retries=FAST, timeouts=Timeouts(read_seconds=0.5)) as gateway,
        ):
            pulled = await gateway.pull(Feed(ITEM, url, page_size=10, columns=COLUMNS, remote="税务.发票 明细"), None, tmp_path / "spool")
            injected = (await client.get(f"{url}/v1/faults")).json()["injected"]
            unsigned = await client.get(f"{url}/v1/items")
    assert as_set(records(pulled)) == as_set(ROWS)
    assert pulled.retries == sum(injected.values())
    assert injected["slow"] > 0
    assert injected["truncate"] > 0
    assert unsigned.status_code == 401


async def test_a_department_that_is_not_there_is_a_clear_problem(tmp_path):
    async with httpx.AsyncClient(trust_env=False) as client, HttpGateway([], KEY, client=client, retries=FAST) as gateway:
        problem = await problem_of(gateway, Feed(ITEM, "http://127.0.0.1:9"), tmp_path)
    assert (problem.code, problem.status) == ("department-failed", 502)


async def test_columns_that_have_changed_for_good_are_named_and_nothing_is_kept(tmp_path):
    app = sandbox(faults=Faults.of({"drift": "always"}))
    async with asking(app) as gateway:
        problem = await problem_of(gateway, FEED, tmp_path)
        assert problem.code == "schema-drift"
        old, new = app.state.injector.drift(ITEM, COLUMNS, "drift")
        assert old in problem.detail.zh
        assert new is None or new in problem.detail.en
        for _ in range(FAST.breaker_failures):  # the department answers: it is not left alone
            assert (await problem_of(gateway, FEED, tmp_path)).code == "schema-drift"


async def test_a_change_on_a_later_page_is_seen_without_expected_columns_and_a_new_column_is_let_through(tmp_path):
    changed = [{"uscc": "a", "amount": 1}], [{"uscc": "b", "sum": 2}]
    grown = [{"uscc": "a", "amount": 1}], [{"uscc": "b", "amount": "2", "note": "x"}]
    app = create_sandbox([memory_feed("a.changed", *changed, stated_at=STATED), memory_feed("a.grown", *grown, stated_at=STATED)])
    async with asking(app) as gateway:
        problem = await problem_of(gateway, Feed("a.changed", FEED.url), tmp_path)
        assert problem.code == "schema-drift"
        assert "missing amount; new sum" in problem.detail.en
        lines = await gateway.pull(Feed("a.grown", FEED.url), None, tmp_path)
        assert records(lines) == [*grown[0], *grown[1]]
        table = await gateway.pull(Feed("a.grown", FEED.url, format="parquet"), None, tmp_path)
    assert records(table) == [{"uscc": "a", "amount": "1", "note": None}, {"uscc": "b", "amount": "2", "note": "x"}]


async def test_parquet_pages_of_other_types_become_text_and_null_takes_the_type(tmp_path):
    parts = pa.table({"n": [1, 2], "m": pa.nulls(2)}), pa.table({"n": ["x"], "m": [4]})
    async with asking(create_sandbox([memory_feed(ITEM, *parts, stated_at=STATED)])) as gateway:
        pulled = await gateway.pull(Feed(ITEM, FEED.url, format="parquet"), None, tmp_path)
    assert records(pulled) == [{"n": "1", "m": None}, {"n": "2", "m": None}, {"n": "x", "m": 4}]
    assert list(tmp_path.iterdir()) == [pulled.delivery.content]


async def test_the_breaker_opens_and_recovers(tmp_path):
    app = sandbox(faults=Faults.of({"error": 1.0, "max_per_page": 1000}))
    async with asking(app) as gateway:
        for _ in range(FAST.breaker_failures):
            assert (await problem_of(gateway, FEED, tmp_path)).code == "department-failed"
        asked = app.state.injector.injected["error"]
        problem = await problem_of(gateway, FEED, tmp_path)
        assert (problem.code, problem.status) == ("department-unavailable", 503)
        assert app.state.injector.injected["error"] == asked == FAST.breaker_failures * FAST.attempts
        app.state.injector.set(Faults())
        await asyncio.sleep(FAST.recovery_seconds + 0.05)
        assert len(records(await gateway.pull(FEED, None, tmp_path))) == len(ROWS)


def signed(key, created, covered=COVERED, key_id="greenbridge"):
    request = httpx.Request("GET", f"http://tax.test/v1/items/{ITEM}/records?page_size=10&since=")
    signer = HTTPMessageSigner(signature_algorithm=ED25519, key_resolver=MappingKeyResolver(public_keys={}, private_keys={key_id: key}))
    signer.sign(request, key_id=key_id, created=created, covered_component_ids=covered)
    return request


async def test_only_fresh_signatures_of_a_known_key_over_the_whole_address_are_taken():
    now = datetime.now(UTC)
    stranger = Ed25519PrivateKey.generate()
    other_query = signed(KEY.private, now)
    other_query.url = other_query.url.copy_set_param("page_size", "99")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(sandbox())) as client:
        assert (await client.send(signed(KEY.private, now))).status_code == 200
        refused = [
            httpx.Request("GET", f"http://tax.test/v1/items/{ITEM}/records"),
            signed(stranger, now),
            signed(KEY.private, now, key_id="somebody"),
            signed(KEY.private, now - timedelta(minutes=6)),
            signed(KEY.private, now + timedelta(minutes=6)),
            signed(KEY.private, now, covered=("@method", "@authority", "@path")),
            other_query,
        ]
        for request in refused:
            answer = await client.send(request)
            assert answer.status_code == 401
            assert answer.headers["content-type"].startswith("application/problem+json")
            assert answer.json()["type"] == "urn:greenbridge:problem:bad-signature"


async def test_what_we_ask_wrongly_is_refused_at_once(tmp_path):
    app = sandbox(faults=Faults.of({"error": 0.0}))
    async with asking(app, key=Key(Ed25519PrivateKey.generate())) as stranger:
        problem = await problem_of(stranger, FEED, tmp_path)
        assert problem.code == "department-refused"
        assert "401" in problem.detail.en
    async with asking(app) as gateway:
        assert "404" in (await problem_of(gateway, Feed("a.missing", FEED.url), tmp_path)).detail.en
        for cursor in ("nonsense", "WyIwIiwgOTk5OV0="):
            problem = await problem_of(gateway, FEED, tmp_path, since=cursor)
            assert "400" in problem.detail.en
            assert "unknown-cursor" in problem.detail.en


async def test_a_cursor_gives_only_what_is_new(tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    first = folder / "power.usage.csv"
    first.write_text("编号,用电量\n甲,1\n乙,2\n", encoding="gb18030")
    app = create_sandbox(Folder(folder))
    feed = Feed("utilities.electricity", "http://power.test", remote="power.usage", page_size=1)
    async with asking(app) as gateway:
        before = await gateway.pull(feed, None, tmp_path)
        assert records(before) == [{"编号": "甲", "用电量": "1"}, {"编号": "乙", "用电量": "2"}]
        assert before.delivery.batch_key.startswith("power.usage@http://power.test:..")
        (folder / "power.usage.0.jsonl").write_text('{"编号": "丙", "用电量": 3}\n')  # sorts before, comes after
        after = await gateway.pull(feed, before.next_cursor, tmp_path)
        assert records(after) == [{"编号": "丙", "用电量": 3}]
        assert after.delivery.batch_key == f"power.usage@http://power.test:{before.next_cursor}..{after.next_cursor}"
        assert await gateway.pull(feed, after.next_cursor, tmp_path) is None
        assert await gateway.pull(feed, after.next_cursor, tmp_path) is None
        whole = await gateway.pull(feed, None, tmp_path)
        assert records(whole) == records(before) + records(after)
        first.unlink()
        assert (await gateway_problem(gateway, feed, before.next_cursor, tmp_path)).code == "department-refused"


async def gateway_problem(gateway, feed, since, tmp_path):
    with pytest.raises(Problem) as caught:
        await gateway.pull(feed, since, tmp_path / "spool")
    return caught.value


async def test_three_hundred_thousand_rows_travel_in_pages(tmp_path):
    count, page_size = 300_000, 20_000
    folder = tmp_path / "files"
    folder.mkdir()
    table = pa.table({"n": range(count), "text": [f"row {n % 977}" for n in range(count)]})
    pq.write_table(table, folder / f"{ITEM}.parquet", row_group_size=70_000)
    most = 0
    app = create_sandbox(Folder(folder))

    async def watched(scope, receive, send):
        async def measured(message):
            nonlocal most
            most = max(most, len(message.get("body", b"")))
            await send(message)

        await app(scope, receive, measured)

    async with asking(watched) as gateway:
        pulled = await gateway.pull(Feed(ITEM, FEED.url, format="parquet", page_size=page_size), None, tmp_path)
    assert pulled.pages == count / page_size
    assert most < (folder / f"{ITEM}.parquet").stat().st_size / 5
    assert pq.ParquetFile(pulled.delivery.content).num_row_groups == pulled.pages
    assert pq.read_table(pulled.delivery.content).equals(table)


GOOD = PageHead("", "c1", 1, ("a",), True, STATED, False)


@pytest.mark.parametrize(
    ("body", "changes", "said"),
    [
        (b'{"a": 1}\n', {}, None),
        (b"not json, for quarantine\n", {}, None),
        (b'{"a": 1}', {}, None),
        (b'{"a": 1}\n{"a": 2}\n', {}, "1 records were announced, 2 came"),
        (b'{"b": 1}\n', {}, "not announced: b"),
        (b'{"a": 1}\n', {DIGEST: ""}, "digest"),
        (b'{"a": 1}\n', {DIGEST: ContentDigest.create(b"other")}, "digest"),
        (b'{"a": 1}\n', {"content-type": "text/html"}, "format"),
        (b'{"a": 1}\n', {"Greenbridge-Last": "yes"}, "Greenbridge-Last"),
        (b'{"a": 1}\n', {"Greenbridge-Stated-At": "2026-03-01T00:00:00"}, "Greenbridge-Stated-At"),
        (b'{"a": 1}\n', {"Greenbridge-Since": "c0"}, "another page"),
        (b'{"a": 1}\n', {"Greenbridge-Next": ""}, "another page"),
        (b"", {"Greenbridge-Count": "0", "Greenbridge-Last": "?0"}, "empty page"),
    ],
)
async def test_a_page_is_kept_only_if_everything_about_it_is_right(tmp_path, body, changes, said):
    headers = {**GOOD.headers(), DIGEST: ContentDigest.create(body), "content-type": "application/jsonl", **changes}
    transport = httpx.MockTransport(lambda request: httpx.Response(200, headers=headers, stream=httpx.ByteStream(body)))
    async with httpx.AsyncClient(transport=transport) as client, HttpGateway([], KEY, client=client, retries=FAST) as gateway:
        if said is None:
            pulled = await gateway.pull(Feed(ITEM, FEED.url), None, tmp_path)
            assert pulled.delivery.content.read_bytes() == body.rstrip(b"\n") + b"\n"
        else:
            problem = await problem_of(gateway, Feed(ITEM, FEED.url), tmp_path)
            assert problem.code == "department-failed"
            assert said in problem.detail.en


async def test_a_page_without_end_is_cut_off(tmp_path):
    async def endless():
        while True:
            yield b"x" * 1000

    transport = httpx.MockTransport(lambda request: httpx.Response(200, content=endless()))
    async with httpx.AsyncClient(transport=transport) as client:
        gateway = HttpGateway([], KEY, client=client, retries=FAST, timeouts=Timeouts(page_bytes=5000))
        assert "too large" in (await problem_of(gateway, FEED, tmp_path)).detail.en


async def test_an_empty_last_page_ends_a_pull_and_says_nothing_of_its_time(tmp_path):
    def answer(request):
        since = request.url.params["since"]
        head = PageHead(since, "c1", 0, (), True, NOW, False) if since else PageHead("", "c1", 1, ("a",), False, STATED, False)
        body = b"" if since else b'{"a": 1}\n'
        headers = {**head.headers(), DIGEST: ContentDigest.create(body), "content-type": "application/jsonl"}
        return httpx.Response(200, headers=headers, stream=httpx.ByteStream(body))

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        pulled = await HttpGateway([], KEY, client=client, retries=FAST).pull(Feed(ITEM, FEED.url), None, tmp_path)
    assert (pulled.pages, pulled.next_cursor, pulled.delivery.stated_at) == (2, "c1", STATED)


@pytest.mark.real_data
async def test_real_departments_tables_travel_whole(tmp_path, real_data):
    """Tables as a city's departments delivered them, dirt and all: what is pulled reads like the file itself."""
    files = sorted((real_data / "jinan_sme_multisource").glob("*.parquet"), key=lambda path: path.stat().st_size)[:12]
    files += [real_data / "zhejiang_registry" / "huzhou_enterprises.parquet"]
    folder = tmp_path / "files"
    folder.mkdir()
    entries = [f"[[feed]]\nitem = {json.dumps(path.stem)}\nfile = {json.dumps(path.name)}\n" for path in files]
    (folder / "manifest.toml").write_text("\n".join(entries))
    for path in files:
        (folder / path.name).symlink_to(path)
    async with asking(create_sandbox(Folder(folder))) as gateway:
        for path in files:
            table = pq.read_table(path)
            pulled = await gateway.pull(Feed(path.stem, FEED.url, format="parquet", page_size=999), None, tmp_path)
            assert pq.read_table(pulled.delivery.content).to_pylist() == table.to_pylist(), path.name
            lines = await gateway.pull(Feed(path.stem, FEED.url, page_size=999), None, tmp_path)
            assert len(records(lines)) == table.num_rows, path.name
