"""kill -9 in the middle of a load, then the same load again: no row lost, none doubled."""

import json
import os
import signal
import subprocess
import sys
import time

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from greenbridge.kit import database
from greenbridge.kit.codes import generated_uscc
from greenbridge.settings import Settings
from tests.demonstration import LEFT_OUT

ROWS = 300_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("killed")
    yield made
    # The embedded server goes with the last process that uses it, but counts the killed ones as living: it is stopped here.
    if (pid_file := made / "data" / "postgres" / "postmaster.pid").exists():
        os.kill(int(pid_file.read_text().split()[0]), signal.SIGINT)


@pytest.fixture(scope="module")
def file(folder):
    codes = [generated_uscc(n, "330500") for n in range(50)]
    path = folder / "invoices.parquet"
    pq.write_table(
        pa.table(
            {
                "uscc": [codes[n % 50] for n in range(ROWS)],
                "direction": ["output"] * ROWS,
                "invoice_no": [str(n) for n in range(ROWS)],
                "issue_date": [f"2025-{1 + n % 12:02d}-15" for n in range(ROWS)],
                "counterparty_id": [f"K{n % 97}" for n in range(ROWS)],
                "amount_net": [100.0] * ROWS,
                "tax": [13.0] * ROWS,
                "amount_gross": [113.0 if n % 1000 else 1.0 for n in range(ROWS)],
                "status": ["valid"] * ROWS,
            }
        ),
        path,
    )
    return path


def test_a_killed_load_leaves_nothing_and_is_done_again(folder, file):
    import os

    data_dir = folder / "data"
    settings = Settings.from_environment({}, data_dir=data_dir)
    url = database.database_url(settings).replace("+psycopg", "")  # the server outlives the killed commands
    command = [sys.executable, "-m", "greenbridge", "ingest", "tax.vat_invoices", str(file), "--json", "--data-dir", str(data_dir)]
    environment = {name: value for name, value in os.environ.items() if name not in LEFT_OUT}
    loading = 0
    for wait in (0.0, 0.3, 0.6):
        with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
            assert reached(url, child, wait), "the load ended before it could be killed"
            loading += 1
            child.send_signal(signal.SIGKILL)
            assert child.wait() == -signal.SIGKILL
        assert settled(url) == (0, 0, 0)
    assert loading == 3
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=True)
    first = json.loads(done.stdout)
    assert (first["delivered"], first["accepted"], first["quarantined"], first["reasons"]) == (
        ROWS,
        ROWS - 300,
        300,
        {"gross_mismatch": 300},
    )
    assert settled(url) == (1, ROWS - 300, 300)
    again = json.loads(subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=True).stdout)
    assert again["repeated"]
    assert settled(url) == (1, ROWS - 300, 300)
    with psycopg.connect(url) as connection:
        assert connection.execute("select sum(invoices), sum(net_fen) from invoice_month").fetchone() == (ROWS - 300, (ROWS - 300) * 10_000)


def reached(url, child, wait):
    """Wait until the child's load is inside its transaction on the server, and a moment longer."""
    end = time.monotonic() + 120
    query = (
        "select count(*) from pg_stat_activity where pid <> pg_backend_pid() and xact_start is not null and backend_type = 'client backend'"
    )
    with psycopg.connect(url, autocommit=True) as watcher:
        while time.monotonic() < end and child.poll() is None:
            busy = watcher.execute(
                query + " and (query ilike '%batch_part%' or query ilike 'copy%' or query ilike '%vat_invoice%')"
            ).fetchone()[0]
            if busy:
                time.sleep(wait)
                return child.poll() is None
            time.sleep(0.01)
    return False


def settled(url):
    """Batches, invoices, quarantined rows, once the server has noticed that its client is gone."""
    with psycopg.connect(url, autocommit=True) as connection:
        end = time.monotonic() + 60
        others = "select count(*) from pg_stat_activity where pid <> pg_backend_pid() and xact_start is not null and backend_type = 'client backend'"
        while connection.execute(others).fetchone()[0] and time.monotonic() < end:
            time.sleep(0.05)
        if connection.execute("select to_regclass('vat_invoice')").fetchone()[0] is None:
            return (0, 0, 0)
        counts = "select (select count(*) from batch), (select count(*) from vat_invoice), (select count(*) from quarantined_row)"
        return connection.execute(counts).fetchone()
