from alembic import command
from alembic.script import ScriptDirectory

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


def test_migrations_never_import_sqlmodel(settings):
    for path in (settings.migrations_dir / "versions").glob("*.py"):
        assert "sqlmodel" not in path.read_text()
