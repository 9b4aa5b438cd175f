from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from greenbridge.kit import migrate


def test_one_head(settings, url):
    assert len(ScriptDirectory.from_config(migrate.config(settings.migrations_dir, url)).get_heads()) == 1


async def test_tables_in_code_and_migrations_agree(settings, own_database):
    migrate.check(settings.migrations_dir, own_database)


async def test_one_step_down_and_up_again(settings, own_database):
    config = migrate.config(settings.migrations_dir, own_database)
    command.downgrade(config, "-1")
    command.upgrade(config, "head")
    migrate.check(settings.migrations_dir, own_database)


async def test_counterparties_of_a_year_go_through_the_old_form_and_back(settings, own_database):
    config = migrate.config(settings.migrations_dir, own_database)
    query = text("select * from counterparty_year order by valid_from")
    engine = create_async_engine(own_database)
    async with engine.begin() as connection:
        await connection.execute(
            text("""
            insert into counterparty_year (uscc, direction, valid_from, recorded_at, valid_to, batch_id, counterparties, net_fen, invoices)
            select 'x', 'output', y, now(), y, gen_random_uuid(), c, n, i from (values
                (date '2024-01-01', array['a', 'b'], array[3, 2], array[2, 1]), ('2025-01-01', '{}', '{}', '{}')) as v (y, c, n, i)
        """)
        )
        before = (await connection.execute(query)).all()
    command.downgrade(config, "0003")
    async with engine.begin() as connection:
        rows = await connection.execute(
            text("select counterparty, net_fen, invoices from counterparty_year order by valid_from, counterparty")
        )
        assert rows.all() == [("a", 3, 2), ("b", 2, 1), ("", 0, 0)]
    command.upgrade(config, "head")
    async with engine.begin() as connection:
        assert (await connection.execute(query)).all() == before
    await engine.dispose()


def test_migrations_never_import_sqlmodel(settings):
    for path in (settings.migrations_dir / "versions").glob("*.py"):
        assert "sqlmodel" not in path.read_text()
