"""Matching against the engines that one would otherwise take. Equal answers are asserted before anything is timed.

- One need x 5,000 products: our bit rows against GoRules zen, PostgreSQL, Polars.
- 10,000 needs x 5,000 products against DuckDB.
- One product x 2.8 m firms against Polars.
- The whole answer of the real application over HTTP, signed in, ranked, with explanations of the top 20, against FastAPI with zen
  (`matching_peers`), at 700 and at 5,000 products.
"""

import asyncio
import json
import statistics
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import psycopg
import pytest
import zen
from sqlalchemy import text
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from greenbridge.accounts import service as accounts
from greenbridge.accounts.values import OrganisationKind
from greenbridge.app import create_app
from greenbridge.catalog.values import Edition, LoanProduct, Rule
from greenbridge.kit import database, logs, migrate
from greenbridge.matching import gateway, service
from greenbridge.matching.rules import ranking
from greenbridge.matching.rules.bits import places_of
from greenbridge.matching.rules.columns import Columns
from greenbridge.matching.rules.engine import Compiled
from greenbridge.matching.rules.explainer import Explainer
from greenbridge.matching.rules.population import Population
from greenbridge.matching.service.adhoc import stated
from greenbridge.matching.service.engines import Engine, _engine
from greenbridge.scoring.gateway import load_current
from greenbridge.settings import Settings, home
from tests.bench.interleave import interleave
from tests.bench.matching_peers import zen_app
from tests.bench.matching_worlds import DISTRICTS, MODES, NUMBERS, WAN, WORDS, World, applicants, facts_of, zen_of
from tests.bench.record import record
from tests.builders import PASSWORD
from tests.conftest import FixedClock

NOW = datetime(2026, 3, 10, 2, tzinfo=UTC)
PATH = "/api/v1/matches"
FIRMS = 2_800_000
MANY = 10_000
NEEDS = 20
SLACK = 0.8  # a gate stands at four fifths of its goal, for the noise of a shared machine
POLICY = gateway.policy(date(2026, 1, 1))


@pytest.fixture(scope="module")
def world() -> World:
    return World(5_000)


def engine_of(world: World) -> Engine:
    return _engine(Edition("bench", tuple(world.products)), POLICY.version)


def conditions(fact: Callable[[str], Any], limit: Callable[[str], Any]) -> list[Any]:
    """The fourteen criteria as comparisons of columns; words are bit masks."""
    found = [fact(name) >= limit(f"{name}_{end}") if end == "least" else fact(name) <= limit(f"{name}_{end}") for name, end, _ in NUMBERS]
    return [*found, *[(limit(word) // fact(f"{word}_bit")) % 2 == 1 for word in WORDS]]


def with_bits(table: pl.DataFrame) -> pl.DataFrame:
    return table.with_columns([(2 ** pl.col(word)).cast(pl.Int64).alias(f"{word}_bit") for word in WORDS])


def sql(product: str, need: Callable[[str], str]) -> str:
    parts = [f"{need(name)} {'>=' if end == 'least' else '<='} {product}.{name}_{end}" for name, end, _ in NUMBERS]
    return " and ".join([*parts, *[f"({product}.{word} & {need(f'{word}_bit')}) <> 0" for word in WORDS]])


def test_one_need_against_zen_postgresql_and_polars(world: World, tmp_path_factory: pytest.TempPathFactory) -> None:
    compiled, frame = engine_of(world).compiled, world.frame()
    rows = with_bits(applicants(NEEDS)).to_dicts()
    facts, zens = [facts_of(row) for row in rows], [zen_of(row) for row in rows]
    decision = zen.ZenEngine().create_decision(world.decision_table())
    settings = Settings.from_environment({}, data_dir=tmp_path_factory.mktemp("bench") / "data")
    url = database.database_url(settings).replace("postgresql+psycopg", "postgresql")
    with psycopg.connect(url, autocommit=True) as connection:
        numbers = ", ".join(f"{name} double precision" for name in frame.columns if name not in {"code", *WORDS})
        connection.execute(f"create table product (code text, {numbers}, {', '.join(f'{word} bigint' for word in WORDS)})")
        with connection.cursor().copy(f"copy product ({', '.join(frame.columns)}) from stdin") as copy:
            for row in frame.iter_rows():
                copy.write_row(row)
        connection.execute("analyze product")
        query = f"select array_agg(code) from product p where {sql('p', lambda name: f'%({name})s')}"

        def by_postgresql(i: int) -> list[str]:
            found = connection.execute(query, rows[i], prepare=True).fetchone()
            return (found and found[0]) or []

        def by_polars(i: int) -> list[str]:
            one = rows[i]
            return frame.lazy().filter(conditions(lambda name: pl.lit(one[name]), pl.col)).select("code").collect()["code"].to_list()

        def by_zen(i: int) -> list[str]:
            return [found["code"] for found in decision.evaluate(zens[i])["result"]]

        codes = [product.code for product in world.products]

        def by_rows(i: int) -> list[str]:
            return [codes[place] for place in places_of(compiled.decide(facts[i]).eligible, compiled.n)]

        found = [len(by_rows(i)) for i in range(NEEDS)]
        assert sum(found) > NEEDS
        for i in range(NEEDS):
            assert sorted(by_rows(i)) == sorted(by_polars(i)) == sorted(by_postgresql(i)) == sorted(by_zen(i))

        def all_of(one: Callable[[int], object]) -> Callable[[], None]:
            return lambda: [one(i) for i in range(NEEDS)] and None

        timed = interleave(
            {"ours": all_of(by_rows), "zen": all_of(by_zen), "PostgreSQL": all_of(by_postgresql), "Polars": all_of(by_polars)},
            reference="ours", rounds=7, budget_seconds=60,
        )  # fmt: skip
    print(f"\none need x 5,000: ours {timed['ours'].median_seconds / NEEDS * 1e6:.1f} us, {sum(found) / NEEDS:.0f} products fit")
    goals = {"zen": 300, "PostgreSQL": 10, "Polars": 10}
    for peer, goal in goals.items():
        record("one need x 5,000 products", peer, timed[peer].ratio, goal)
    assert all(timed[peer].ratio >= goal * SLACK for peer, goal in goals.items())


def columns_of(table: pl.DataFrame) -> Columns:
    numbers = {name: table[name].to_numpy().astype(float) for name in {fact for fact, *_ in NUMBERS}}
    words: dict[str, Any] = {}
    named = {"city": "region_code", "purpose": "purpose", "guarantee_mode": "guarantee_modes", "tax_grade": "tax_grade"}
    for word, fact in named.items():
        values = [(str(one),) if options is MODES else str(one) for options in [WORDS[word]] for one in options]
        if fact == "region_code":
            values = [DISTRICTS[str(value)] for value in values]
        words[fact] = table[word].to_numpy().astype(np.int32), values
    return Columns(len(table), numbers, words)


def test_many_needs_against_duckdb(world: World) -> None:
    compiled, table = engine_of(world).compiled, with_bits(applicants(MANY))
    of = columns_of(table)
    base = duckdb.connect(config={"threads": 2})
    base.register("product_frame", world.frame())
    base.register("need_frame", table.with_row_index("id"))
    base.execute("create table product as select * from product_frame; create table need as select * from need_frame")
    query = f"select n.id, count(*) from need n join product p on {sql('p', lambda name: f'n.{name}')} group by n.id"

    def by_duckdb() -> dict[int, int]:
        return dict(base.execute(query).fetchall())

    def by_rows() -> np.ndarray:
        passable, unknown = compiled.decide_many(of)
        return np.bitwise_count(passable & ~unknown).sum(axis=1)

    counts, theirs = by_rows(), by_duckdb()
    assert {i: int(n) for i, n in enumerate(counts) if n} == theirs
    timed = interleave({"ours": by_rows, "DuckDB": by_duckdb}, reference="ours", rounds=5, budget_seconds=60)
    print(f"\n10,000 x 5,000: ours {timed['ours'].median_seconds * 1e3:.1f} ms, DuckDB {timed['DuckDB'].median_seconds * 1e3:.0f} ms")
    record("10,000 needs x 5,000 products", "DuckDB", timed["DuckDB"].ratio, 50)
    assert timed["DuckDB"].ratio >= 50 * SLACK


def test_one_product_against_millions_of_firms(world: World) -> None:
    table = with_bits(applicants(FIRMS, seed=11))
    population = Population(columns_of(table))
    frame, products = world.frame(), world.products[:6]

    def by_polars(i: int) -> int:
        one = frame.row(i, named=True)
        return int(table.lazy().filter(conditions(pl.col, lambda name: pl.lit(one[name]))).select(pl.len()).collect().item())

    def warm() -> list[int]:
        return [population.reach(product).eligible for product in products]

    def cold() -> list[int]:
        population._kept.clear()
        return warm()

    assert warm() == [by_polars(i) for i in range(len(products))]
    assert sum(warm()) > 0
    calls = {"ours": warm, "ours, rules never asked before": cold, "Polars": lambda: [by_polars(i) for i in range(len(products))]}
    timed = interleave(calls, reference="ours", rounds=5, budget_seconds=60)
    per = {name: one.median_seconds / len(products) * 1e3 for name, one in timed.items()}
    print("\none product x 2.8 m firms, ms: " + ", ".join(f"{name} {ms:.2f}" for name, ms in per.items()))
    record("one product x 2.8 m firms, compiled rules", "Polars", timed["Polars"].ratio, 1 / 1.3)
    fresh = timed["Polars"].median_seconds / timed["ours, rules never asked before"].median_seconds
    record("one product x 2.8 m firms, rules never asked before", "Polars", fresh, None)
    assert timed["Polars"].ratio >= SLACK / 1.3


class Counter:
    """The real application on a database of its own with the catalogue of a world listed, somebody signed in, and the peer beside it."""

    def __init__(self, folder: Path, world: World) -> None:
        self.world, self.settings = world, Settings.from_environment({}, data_dir=folder)
        self.url = database.database_url(self.settings)
        migrate.upgrade(self.settings.migrations_dir, self.url)

    async def open(self) -> None:
        self.ours = create_app(self.settings, url=self.url, model=load_current(home() / "ml" / "artifacts"), clock=FixedClock(NOW))
        sessions = self.ours.state.sessions
        async with sessions.begin() as session:
            await session.execute(text("delete from loan_product"))
            banks = {p.bank.code: p.bank.name for p in self.world.products}
            ids = {code: (await accounts.organisation(session, OrganisationKind.BANK, code, name)).id for code, name in banks.items()}
            rows = [{"code": p.code, "bank": ids[p.bank.code], "now": NOW, "document": document(p)} for p in self.world.products]
            await session.execute(text("insert into loan_product values (:code, 1, :bank, true, :now, cast(:document as jsonb))"), rows)
            if not (await session.execute(text("select 1 from account where login = 'asker'"))).first():
                await accounts.sign_up(session, "asker", PASSWORD, NOW)
        async with sessions.begin() as session:
            secret, _ = await accounts.sign_in(session, "asker", PASSWORD, "token", NOW)
        self.headers = [(b"authorization", b"Bearer " + secret.encode())]
        self.peers_engine = create_async_engine(self.url)
        self.theirs = zen_app(self.world, async_sessionmaker(self.peers_engine), NOW)
        self.ours.state.watch.start(self.url)
        await asyncio.sleep(0.5)

    async def close(self) -> None:
        await self.ours.state.watch.stop()
        await self.ours.state.engine.dispose()
        await self.peers_engine.dispose()

    async def asked(self, app: Any, body: bytes) -> bytes:
        """Send one request as a server hands it over; no client stands between."""
        pieces: list[bytes] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            assert message.get("status", 200) == 200, message
            pieces.append(message.get("body", b""))

        given = [(b"host", b"bench"), (b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
                 "path": PATH, "raw_path": PATH.encode(), "query_string": b"", "root_path": "", "headers": [*given, *self.headers],
                 "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "state": {}}  # fmt: skip
        await app(scope, receive, send)
        return b"".join(pieces)


def document(p: LoanProduct) -> str:
    """A product of the world as its bank lists it."""
    rules = [{"fact": r.fact, "operator": r.operator, "limit": r.limit} for r in p.entry_rules if isinstance(r, Rule)]
    return json.dumps({
        "code": p.code, "version": p.version, "name": p.name, "name_en": p.name_en, "bank": p.bank.code, "summary": p.summary,
        "effective_from": p.effective_from.isoformat(), "amount_wan": {"min": p.min_amount_fen / WAN, "max": p.max_amount_fen / WAN},
        "annual_rate_percent": {"min": p.min_annual_rate_bp / 100, "max": p.max_annual_rate_bp / 100},
        "term_months": {"min": p.min_term_months, "max": p.max_term_months}, "repayment": p.repayment,
        "guarantee_modes": p.guarantee_modes, "purposes": p.purposes, "regions": p.regions, "rules": rules,
        "max_default_probability": p.max_default_probability, "decision_working_days": p.decision_working_days,
        "cases": [{"name": "none", "expect": "eligible"}],
    })  # fmt: skip


# `kept` is what is reached on a busy machine and must not be lost; it is below the goals, see decision 24 for where the time goes.
@pytest.mark.parametrize(("products", "goal", "kept"), [(700, 15, 8), (5_000, 100, 15)])
def test_the_whole_answer_over_http_against_fastapi_with_zen(
    products: int, goal: int, kept: int, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(products)
    decided = engine_of(world).compiled
    rows = [row for row in applicants(400, seed=3).to_dicts() if decided.decide(facts_of(row)).eligible.bit_count() >= 20][:NEEDS]
    assert len(rows) == NEEDS
    bodies = [json.dumps({"facts": facts_of(row), "limit": 20}).encode() for row in rows]
    log = (tmp_path_factory.mktemp("log") / "stderr").open("w")
    monkeypatch.setattr("sys.stderr", log)
    logs.configure("json")  # as the service runs: a line a request
    counter = Counter(tmp_path_factory.mktemp("http") / "data", world)
    with asyncio.Runner() as runner:
        runner.run(counter.open())

        def through(app: Any) -> list[dict[str, Any]]:
            return [json.loads(runner.run(counter.asked(app, body))) for body in bodies]

        mine, others = through(counter.ours), through(counter.theirs)
        for row, one, other in zip(rows, mine, others, strict=True):
            must_say_the_same(decided, facts_of(row), one["matches"], other["matches"])

        async def all_of(app: Any) -> None:
            for body in bodies:
                await counter.asked(app, body)

        calls = {
            "ours": lambda: runner.run(all_of(counter.ours)),
            "FastAPI + zen": lambda: runner.run(all_of(counter.theirs)),
        }
        timed = interleave(calls, reference="ours", rounds=9, budget_seconds=90)
        spent = {name: statistics.median(cpu(call) for _ in range(5)) / NEEDS * 1e3 for name, call in calls.items()}
        runner.run(counter.close())
    log.close()
    ms = timed["ours"].median_seconds / NEEDS * 1e3
    print(f"\nHTTP answer at {products} products: ours {ms:.2f} ms, {timed['FastAPI + zen'].median_seconds / NEEDS * 1e3:.1f} ms")
    print("  processor time, ms: " + ", ".join(f"{name} {one:.2f}" for name, one in spent.items()))
    record(f"whole HTTP match answer, {products:,} products", "FastAPI + zen", timed["FastAPI + zen"].ratio, goal)
    assert timed["FastAPI + zen"].ratio >= kept * SLACK


@pytest.mark.parametrize("products", [700, 5_000])
def test_where_the_time_of_an_answer_goes(products: int, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table of stages and no gate: what matching itself costs of an answer, and what is left to the framework, the sign-in, the log."""
    world = World(products)
    engine = engine_of(world)
    rows = [row for row in applicants(400, seed=3).to_dicts() if engine.compiled.decide(facts_of(row)).eligible.bit_count() >= 20][:NEEDS]
    bodies = [json.dumps({"facts": facts_of(row), "limit": 20}).encode() for row in rows]
    log = (tmp_path_factory.mktemp("log") / "stderr").open("w")
    monkeypatch.setattr("sys.stderr", log)
    logs.configure("json")
    behaviour: dict[str, float] = {}
    facts = [stated(json.loads(body)["facts"]) for body in bodies]
    ranked = [ranking.ranked(engine.compiled, engine.scorer, one, behaviour, most=20, refused=0) for one in facts]
    counter = Counter(tmp_path_factory.mktemp("stages") / "data", world)
    with asyncio.Runner() as runner:
        runner.run(counter.open())

        async def all_of() -> None:
            for body in bodies:
                await counter.asked(counter.ours, body)

        stages: dict[str, Callable[[], object]] = {
            "the whole answer": lambda: runner.run(all_of()),
            "facts checked": lambda: [stated(json.loads(body)["facts"]) for body in bodies],
            "decided": lambda: [engine.compiled.decide(one) for one in facts],
            "decided, scored, ordered": lambda: [
                ranking.ranked(engine.compiled, engine.scorer, one, behaviour, most=20, refused=0) for one in facts
            ],
            "put into words and JSON": lambda: [engine.explainer.encoded(r, one, "zh") for r, one in zip(ranked, facts, strict=True)],
        }
        spent = {name: statistics.median(cpu(call) for _ in range(15)) / NEEDS * 1e6 for name, call in stages.items()}
        # In a loop of its own a stage runs from warm caches; taken out of the answer it shows what it costs there.
        left = {}
        monkeypatch.setattr(Explainer, "encoded", lambda *_: b"[]")
        left["without words and JSON"] = statistics.median(cpu(stages["the whole answer"]) for _ in range(15)) / NEEDS * 1e6
        monkeypatch.setattr(service, "ranked", lambda *_, **__: [])
        left["without ranking either"] = statistics.median(cpu(stages["the whole answer"]) for _ in range(15)) / NEEDS * 1e6
        runner.run(counter.close())
    log.close()
    whole = spent["the whole answer"]
    rest = whole - sum(spent[name] for name in ("facts checked", "decided, scored, ordered", "put into words and JSON"))
    print(f"\n{products} products, processor time of an answer:")
    for name, us in [*spent.items(), ("framework, sign-in, log", rest), *left.items()]:
        print(f"  {name:28} {us:7.0f} us  {us / whole:6.1%}")


def cpu(call: Callable[[], object]) -> float:
    """Seconds of this process's processor: on a shared machine the clock says more of the neighbours."""
    began = time.process_time()
    call()
    return time.process_time() - began


def must_say_the_same(decided: Compiled, facts: dict[str, Any], mine: list[dict[str, Any]], other: list[dict[str, Any]]) -> None:
    """Both show twenty of the products that fit, and whatever both explain they explain in the same words and numbers."""
    eligible = {decided.products[i].code for i in places_of(decided.decide(facts).eligible, decided.n)}
    by_code = {m["product_code"]: m for m in other}
    assert len(mine) == len(by_code) == 20
    assert {m["product_code"] for m in (*mine, *other)} <= eligible
    for match in mine:
        assert all(v["outcome"] == "pass" and v["text"] for v in match["verdicts"])
        if match["product_code"] in by_code:
            assert match["verdicts"] == by_code[match["product_code"]]["verdicts"]
    shared = {m["product_code"] for m in mine} & set(by_code)
    assert shared or len(eligible) >= 40


def test_the_record_is_a_list_of_goals(tmp_path: Path) -> None:
    record("a", "b", 2.0, 1, file=tmp_path / "bench.json")
    record("a", "b", 3.0, 1, file=tmp_path / "bench.json")
    (one,) = json.loads((tmp_path / "bench.json").read_text())
    assert set(one) == {"name", "peer", "ratio", "goal", "machine", "date"}
    assert one["ratio"] == 3.0
