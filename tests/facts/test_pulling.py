"""Pulls from a department through HTTP: faults end in the same facts, cursors move with the facts, failures are noted."""

from datetime import UTC, date, datetime, timedelta

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from greenbridge import scheduler
from greenbridge.demo.town import Town
from greenbridge.facts import jobs, service
from greenbridge.facts.gateway import Feed, HttpGateway, Retries
from greenbridge.facts.gateway.sources import load_feeds
from greenbridge.kit.errors import Invalid, Problem
from greenbridge.kit.exchange import Key
from greenbridge.sandbox.app import create_sandbox
from greenbridge.sandbox.faults import Faults
from greenbridge.sandbox.feeds import Folder, memory_feed, write_folder
from tests.builders import USCC, an_invoice

TODAY = date(2026, 3, 10)
URL = "http://departments.test"
QUICK = Retries(attempts=8, wait_initial=0, wait_max=0, wait_jitter=0)
STATED = datetime(2026, 3, 10, 4, tzinfo=UTC)
FACTS = """
    select item, uscc, key, state_from::text, valid_from::text, valid_to::text, withdrawn, digest from fact
    union all select 'month', uscc, direction, null, valid_from::text, null, false,
        concat_ws('|', net_fen, tax_fen, void_fen, red_fen, invoices, void_invoices, partners) from invoice_month
    order by 1, 2, 3, 4, 5, 6, 8
"""


@pytest.fixture(scope="module")
def key():
    return Key(Ed25519PrivateKey.generate())


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    folder = tmp_path_factory.mktemp("departments")
    deliveries = list(Town(seed=3, count=10, today=TODAY).deliveries())
    write_folder(folder, deliveries, STATED)
    offered = Folder(folder).feeds()
    feeds = [Feed(d.item, URL, format=offered[d.item].format, page_size=100, columns=offered[d.item].columns) for d in deliveries]
    return folder, feeds


def gateway(app, feeds, key, retries=QUICK):
    return HttpGateway(feeds, key, client=httpx.AsyncClient(transport=httpx.ASGITransport(app)), retries=retries)


async def pull_all(sessions, app, feeds, key, clock):
    async with gateway(app, feeds, key) as asked:
        return [await jobs.pull(sessions, asked, feed, clock) for feed in feeds]


async def pulled(sessions, town, key, clock, faults=None):
    """The facts after pulling everything, and what was injected; nothing of it stays.

    A savepoint in SQL: the pulls commit sessions of their own on the same connection, which would release an ORM savepoint.
    """
    folder, feeds = town
    app = create_sandbox(Folder(folder), key.private.public_key(), faults)
    async with sessions() as session:
        await session.execute(text("savepoint before_the_pulls"))
        batches = await pull_all(sessions, app, feeds, key, clock)
        found = [tuple(row) for row in await session.execute(text(FACTS))]
        await session.execute(text("rollback to savepoint before_the_pulls"))
    return batches, found, app.state.injector.injected


async def test_a_pull_with_faults_ends_with_the_same_facts_as_a_clean_one(sessions, town, key, clock):
    clean, facts, _ = await pulled(sessions, town, key, clock)
    assert len(clean) == 40
    # What the town spoils on purpose is refused for just that reason, and nothing else is.
    assert {batch.item: dict(batch.reasons) for batch in clean} == {
        item: dict(sorted(bad.items())) for item, bad in Town(seed=3, count=10, today=TODAY).meant_bad().items()
    }
    assert len(facts) > 1000
    shares = {"error": "0.2", "truncate": "0.2", "duplicate": "0.2", "drift": "0.2", "slow": "0.1", "slow_seconds": "0.01", "seed": 5}
    faulty, same, injected = await pulled(sessions, town, key, clock, Faults.of(shares))
    assert all(injected[kind] for kind in ("error", "truncate", "duplicate", "drift", "slow"))
    assert same == facts
    assert [(b.item, b.delivered, b.accepted, b.reasons) for b in faulty] == [(b.item, b.delivered, b.accepted, b.reasons) for b in clean]


async def test_the_second_pull_brings_only_what_is_new_and_nothing_twice(sessions, key, clock):
    rows = [an_invoice(invoice_no=str(n)) for n in range(5)]
    feed = Feed("tax.vat_invoices", URL, page_size=2)
    one = create_sandbox([memory_feed("tax.vat_invoices", rows, stated_at=STATED)])
    async with gateway(one, [feed], key) as asked:
        first = await jobs.pull(sessions, asked, feed, clock)
        assert await jobs.pull(sessions, asked, feed, clock) is None
    more = create_sandbox([memory_feed("tax.vat_invoices", rows, [an_invoice(invoice_no="9")], stated_at=STATED)])
    async with gateway(more, [feed], key) as asked:
        second = await jobs.pull(sessions, asked, feed, clock)
    assert (first.delivered, second.delivered, second.accepted) == (5, 1, 1)


async def test_a_pull_that_fails_is_noted_moves_nothing_and_is_done_again(sessions, key, clock):
    rows = [an_invoice(invoice_no=str(n)) for n in range(5)]
    feed = Feed("tax.vat_invoices", URL, page_size=2, columns=tuple(rows[0]))
    drifted = create_sandbox([memory_feed("tax.vat_invoices", rows, stated_at=STATED)], None, Faults.of({"drift": "always"}))
    async with gateway(drifted, [feed], key) as asked:
        with pytest.raises(Problem) as raised:
            await jobs.pull(sessions, asked, feed, clock)
    assert raised.value.code == "schema-drift"
    async with sessions() as session:
        ((_, item, _, problem),) = await service.pulls(session)
        assert item == "tax.vat_invoices"
        assert "columns" in problem or "column" in problem
        assert await service.batches(session) == []
    whole = create_sandbox([memory_feed("tax.vat_invoices", rows, stated_at=STATED)])
    async with gateway(whole, [feed], key) as asked:
        assert (await jobs.pull(sessions, asked, feed, clock)).accepted == 5
    async with sessions() as session:
        assert (await service.pulls(session))[0][3] is None


async def test_what_cannot_be_taken_in_leaves_the_cursor_where_it_was(sessions, key, clock):
    feed = Feed("tax.vat_invoices", URL)
    wrong = create_sandbox([memory_feed("tax.vat_invoices", [{"uscc": USCC, "direction": "input"}], stated_at=STATED)])
    async with gateway(wrong, [feed], key) as asked:
        with pytest.raises(Invalid, match="lacks columns"):
            await jobs.pull(sessions, asked, feed, clock)
    async with sessions() as session:
        assert "lacks columns" in (await service.pulls(session))[0][3]
        assert await service.batches(session) == []


async def test_each_feed_is_pulled_once_a_slot_and_a_failed_slot_again(sessions, key, clock):
    rows = [an_invoice(invoice_no="1")]
    feed = Feed("tax.vat_invoices", URL)
    app = create_sandbox([memory_feed("tax.vat_invoices", rows, stated_at=STATED)])
    asked = gateway(app, [feed], key)
    (job,) = scheduler.pull_jobs(asked)
    assert job.every == timedelta(days=31)
    broken = scheduler.Job(job.name, job.every, _fails, again=job.again)
    with pytest.raises(RuntimeError):
        await scheduler.run(broken, sessions, clock)
    clock.instant += timedelta(hours=1)
    assert await scheduler.run(job, sessions, clock) == 1
    clock.instant += timedelta(hours=1)
    assert await scheduler.run(job, sessions, clock) is None
    clock.instant += timedelta(days=31)
    assert await scheduler.run(job, sessions, clock) == 0


async def _fails(sessions, clock):
    raise RuntimeError("the department is down")


def test_a_file_of_feeds_is_checked(tmp_path):
    path = tmp_path / "departments.toml"
    path.write_text('[[feed]]\nitem = "tax.paid"\nurl = "http://127.0.0.1:1"\nformat = "parquet"\n')
    assert load_feeds(path) == (Feed("tax.paid", "http://127.0.0.1:1", format="parquet"),)
    for wrong in (
        '[[feed]]\nitem = "tax.nothing"\nurl = "x"\n',
        '[[feed]]\nurl = "x"\n',
        '[[feed]]\nitem = "tax.paid"\nurl = "x"\nsecret = 1\n',
        "x",
    ):
        path.write_text(wrong)
        with pytest.raises(Invalid):
            load_feeds(path)


async def test_dropped_files_are_taken_and_unreadable_ones_set_apart_with_a_note(sessions, clock, tmp_path):
    inbox = tmp_path / "licences.licences"
    inbox.mkdir()
    header = "统一社会信用代码,许可证编号,许可名称,许可日期\n"
    (inbox / "a.csv").write_bytes((header + f"{USCC},1,食品经营许可,2025年6月1日\n").encode("gb18030"))
    (inbox / "b.csv").write_text("x,y\n1,2\n")
    (inbox / ".c.csv").write_text("still being written")
    (batch,) = await jobs.take_folder(sessions, tmp_path, clock)
    assert (batch.file_name, batch.accepted) == ("a.csv", 1)
    assert (tmp_path / "taken" / "licences.licences" / "a.csv").is_file()
    assert "lacks columns" in (tmp_path / "refused" / "licences.licences" / "b.csv.problem.txt").read_text()
    assert [path.name for path in inbox.iterdir()] == [".c.csv"]
    assert await jobs.take_folder(sessions, tmp_path, clock) == []


async def test_the_towns_late_and_corrected_round(sessions, clock):
    """A month later: late invoices count, void ones leave their months, the fine is the lower one, the judgment is gone."""
    town = Town(seed=3, count=12, today=TODAY)
    concerned = {"tax.vat_invoices", "penalties.administrative", "courts.judgments"}
    first = [delivery for delivery in town.deliveries() if delivery.item in concerned]
    later = clock.instant + timedelta(days=32)
    known = """
        select (select count(*) from vat_invoice), (select count(*) from vat_invoice_change where status = 'void'),
            (select count(*) from fact where item = 'courts.judgments' and withdrawn)
    """
    async with sessions() as session:
        for delivery in first:
            await service.receive(session, delivery, clock.instant)
        invoices, changed, withdrawn = (await session.execute(text(known))).one()
        assert (changed, withdrawn) == (0, 0)
        second = [await service.receive(session, delivery, later) for delivery in town.late_and_corrected()]
        assert all(batch.quarantined == 0 for batch in second)
        late, void, fine, judgment = (batch.accepted for batch in second)
        assert (await session.execute(text(known))).one() == (invoices + late, void, judgment)
        fines = "select values->>'amount_fen' from fact where item = 'penalties.administrative' and key = (select key from fact where batch_id = :b)"
        before, after = (await session.execute(text(fines + " order by stated_at"), {"b": second[2].id})).scalars()
        assert fine == 1
        assert int(after) < int(before)
