"""What is kept until the database tells of a change: real connections, real commits."""

import asyncio

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from greenbridge.kit.watch import Watch


async def until(condition):
    for _ in range(200):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("nothing came in four seconds")


async def the_sign_in(url):
    """A database with one sign-in; commits for real."""
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.execute(text("insert into organisation (id, kind, code, name) values (gen_random_uuid(), 'bank', 'GB01', 'A')"))
    return engine


async def test_a_commit_drops_what_was_kept_and_nothing_is_kept_while_nobody_listens(own_database):
    engine, watch, made = await the_sign_in(own_database), Watch(), []

    async def make():
        made.append(1)
        return "somebody"

    await watch.kept("sign_in", "k", make)
    await watch.kept("sign_in", "k", make)
    assert len(made) == 2  # nobody listens yet
    watch.start(own_database)
    try:
        await until(lambda: watch._live)
        await watch.kept("sign_in", "k", make)
        assert await watch.kept("sign_in", "k", make) == "somebody"
        assert len(made) == 3
        async with engine.begin() as connection:
            await connection.execute(text("update organisation set name = 'B'"))
            assert watch.found("sign_in", "k") == "somebody"  # not committed: nothing is told
        await until(lambda: watch.found("sign_in", "k") is None)
        await watch.kept("catalogue", "k", make)
        async with engine.begin() as connection:
            await connection.execute(text("delete from loan_product"))
        await until(lambda: watch.found("catalogue", "k") is None)
        await watch.kept("catalogue", "k", make)
        async with engine.connect() as connection:
            ended = "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query like 'listen %'"
            await connection.execute(text(ended))
        await until(lambda: watch.found("catalogue", "k") is None)  # the listener was cut off
        await until(lambda: watch._live)  # and came back
    finally:
        await watch.stop()
        await engine.dispose()
    assert not watch._live


async def test_what_a_change_overtakes_is_not_kept(own_database):
    watch = Watch()
    watch.start(own_database)
    try:
        await until(lambda: watch._live)

        async def overtaken():
            watch.changed("sign_in")
            return "old"

        assert await watch.kept("sign_in", "k", overtaken) == "old"
        assert watch.found("sign_in", "k") is None

        async def nobody():
            return None

        assert await watch.kept("sign_in", "k", nobody) is None
    finally:
        await watch.stop()
