"""Write docs/access-matrix.md and the examples of the API's description anew: `python -m tests.access.write`, from the root of the checkout."""

import asyncio
import tempfile
from pathlib import Path

from sqlalchemy.ext.asyncio import create_async_engine

from greenbridge.kit import database, logs, migrate
from greenbridge.scoring.gateway import load_current
from greenbridge.settings import Settings
from tests.access import matrix
from tests.access.walk import walk


async def write(url: str, settings: Settings) -> None:
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        await connection.begin()
        walked = await walk(connection, settings, url, load_current(settings.artifacts_dir))
        matrix.FILE.write_text(matrix.document(walked), encoding="utf-8")
        matrix.EXAMPLES.write_text(matrix.examples(walked), encoding="utf-8")
    await engine.dispose()


def main() -> None:
    logs.configure(quiet=True)
    with tempfile.TemporaryDirectory(prefix="greenbridge-") as folder, database.throw_away() as url:
        often = {"GREENBRIDGE_CALLS_PER_MINUTE": "1000000", "GREENBRIDGE_VISITS_PER_MINUTE": "1000000"}
        settings = Settings.from_environment(often, data_dir=Path(folder))
        migrate.upgrade(settings.migrations_dir, url)
        asyncio.run(write(url, settings))


if __name__ == "__main__":
    main()
