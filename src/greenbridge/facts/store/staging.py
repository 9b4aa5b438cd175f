"""Invoices of one delivery in a columnar engine (DuckDB): checked, told apart, summed by month, before they go to PostgreSQL.

Rows in plain form are checked here, column by column; every other row goes through `rules.cleaning`, which alone knows the dirty
forms and the reasons. DuckDB spills to its folder, so that memory stays within its limit whatever the file's size.
"""

import os
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import duckdb
import pyarrow as pa

from greenbridge.facts.rules.cells import EARLIEST, MAX_YUAN, NO_DAYS, PLACEHOLDER_PATTERN, PLACEHOLDERS
from greenbridge.facts.store.invoices import COLUMNS, IDENTITY, RANKS

MEMORY_LIMIT = "1GB"
FIELDS = ("uscc", "direction", "invoice_no", "issue_date", "counterparty_id", "amount_net", "tax", "amount_gross", "status")
_AMOUNTS = ("amount_net", "tax", "amount_gross")
_IDENTITY = ", ".join(IDENTITY)
_COLUMNS = {
    "uscc": "varchar",
    "direction": "varchar",
    "issued_on": "date",
    "invoice_no": "varchar",
    "counterparty": "varchar",
    "net_fen": "bigint",
    "tax_fen": "bigint",
    "status": "varchar",
}
_DECLARED = ", ".join(f"{name} {kind}" for name, kind in _COLUMNS.items())
_SAME = " and ".join(f"e.{name} = a.{name}" for name in IDENTITY)
_RANK = "case {0} " + " ".join(f"when '{status}' then {rank}" for status, rank in RANKS.items()) + " end"
# What firms sold to and bought from each counterparty in the years that changed. A year of which nothing valid is left has empty
# lists: without that version the one before would stand.
_YEARS = """
    select y.uscc, y.direction, y.valid_from, (y.valid_from + interval 1 year - interval 1 day)::date as valid_to,
        coalesce(c.counterparties, []::varchar[]) as counterparties, coalesce(c.net_fen, []::bigint[]) as net_fen,
        coalesce(c.invoices, []::integer[]) as invoices
    from (select distinct uscc, direction, date_trunc('year', issued_on)::date as valid_from from moved) y
    left join (
        select uscc, direction, valid_from, list(counterparty) as counterparties, list(net_fen) as net_fen, list(invoices) as invoices
        from (
            select uscc, direction, date_trunc('year', issued_on)::date as valid_from, counterparty,
                sum(net_fen)::bigint as net_fen, count(*)::int as invoices
            from present where status = 'valid' group by all
        ) summed group by all
    ) c using (uscc, direction, valid_from)
    order by y.uscc, y.direction, y.valid_from
"""
# Text that no cleaning would change: printable ASCII and Chinese characters, no blanks. (And no placeholder; see `_plain`.)
_PLAIN_TEXT = r"[!-~\x{4e00}-\x{9fff}]+"


class Staging:
    """The rows of one delivery. Closes its engine at the end of the block."""

    def __init__(self, folder: Path) -> None:
        self._engine = duckdb.connect(":memory:")
        self._engine.execute(f"set memory_limit = '{MEMORY_LIMIT}'; set temp_directory = '{folder}'; set preserve_insertion_order = false")
        self._engine.execute(f"set threads = {min(4, os.cpu_count() or 1)}")
        self._engine.execute("create table asked (delivered varchar)")
        self._engine.execute("create table good_code (delivered varchar, uscc varchar)")
        self._engine.execute(f"create table arriving (row_no integer, {_DECLARED})")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *ended: object) -> None:
        self._engine.close()

    def look_at_table(self, table: pa.Table) -> None:
        """Look at rows in memory; the table has FIELDS as delivered."""
        chosen = table.select(FIELDS)
        self._engine.register("given", chosen.append_column("position", pa.array(range(chosen.num_rows), pa.int32())))
        self._engine.execute("create or replace temp view chunk as select * from given")
        self._types = {name: str(kind) for name, kind in zip(FIELDS, chosen.schema.types, strict=True)}

    def look_at_parquet(self, path: Path, columns: Mapping[str, str], constants: Mapping[str, str], types: Mapping[str, str]) -> None:
        """Look at a whole Parquet file, read by the engine itself. `columns`: field -> the file's column; `types`: field -> Arrow type."""
        named = [
            f"'{_quoted(constants[f], chr(39))}' as {f}" if f in constants else f'"{_quoted(columns[f], chr(34))}" as {f}' for f in FIELDS
        ]
        source = f"read_parquet('{_quoted(str(path), chr(39))}', file_row_number = true, hive_partitioning = false)"
        listed = ", ".join(named)
        self._engine.execute(f"create or replace temp view chunk as select {listed}, file_row_number::integer as position from {source}")
        self._types = {name: types.get(name, "string") for name in FIELDS}

    def new_codes(self) -> list[str]:
        """Return the firms' codes in what is looked at, as delivered, that nothing before had."""
        self._engine.execute("create or replace temp table fresh as select distinct cast(uscc as varchar) as delivered from chunk")
        self._engine.execute("delete from fresh where delivered is null or delivered in (select delivered from asked)")
        self._engine.execute("insert into asked select delivered from fresh")
        return [row[0] for row in self._engine.execute("select delivered from fresh").fetchall()]

    def take_plain(self, start: int, today: date, codes: Mapping[str, str]) -> pa.Array:
        """Keep the rows looked at that are in plain form and right; return the positions of the others.

        The first row looked at is the file's row `start`. `codes`: what `new_codes` are known to mean.
        """
        engine = self._engine
        if codes:
            engine.register("learned", pa.table({"delivered": list(codes), "uscc": list(codes.values())}))
            engine.execute("insert into good_code select * from learned")
            engine.unregister("learned")
        engine.execute(
            f"""
            insert into arriving select position + {start}, code, direction, issued_on, invoice_no, counterparty, net_fen, tax_fen, status
            from ({_plain(self._types)}) typed where good and issued_on <= ?
            """,
            [today],
        )
        query = (
            "select position from chunk anti join (select row_no - ? as position from arriving) taken using (position) order by position"
        )
        return self._table(query, [start])["position"].combine_chunks()

    def take(self, rows: pa.Table) -> None:
        """Keep rows that `rules.cleaning` has cleaned; columns as in `arriving`."""
        if rows.num_rows:
            self._engine.register("cleaned", rows)
            self._engine.execute(f"insert into arriving by name select {', '.join(rows.column_names)} from cleaned")
            self._engine.unregister("cleaned")

    def months(self) -> list[date]:
        """Return the first days of the months that rows have, in order."""
        query = "select distinct date_trunc('month', issued_on)::date from arriving order by 1"
        return [row[0] for row in self._engine.execute(query).fetchall()]

    def touched(self) -> pa.Table:
        """Return (uscc, direction, first_day) of the years that rows have."""
        query = "select distinct uscc, direction, date_trunc('year', issued_on)::date as first_day from arriving"
        return self._table(query)

    def tell_apart(self, existing: Path | None) -> list[tuple[int, str]]:
        """Split the rows into new invoices, changes of state, and repeats; return (row number, reason) of the repeats.

        Of rows that are the same invoice the one of the highest state counts; then the first.
        """
        engine = self._engine
        engine.execute(f"create table existing ({_DECLARED})")
        if existing is not None:
            engine.execute(
                f"insert into existing select * from read_csv(?, header = false, quote = '\"', columns = {_COLUMNS})", [str(existing)]
            )
        # Equal 64-bit hashes are rare where nothing repeats: only those few rows are compared in full.
        engine.execute(f"create temp table hashed as select row_no, hash({_IDENTITY}) as h from arriving")
        engine.execute("create temp table twice as select h from hashed group by h having count(*) > 1")
        engine.execute(f"""
            create table lower as select row_no, reason from (
                select a.row_no,
                    row_number() over w as place,
                    case when {_RANK.format("a.status")} < max({_RANK.format("a.status")}) over (partition by {_IDENTITY})
                        then 'superseded_row' else 'duplicate_row' end as reason
                from arriving a join hashed using (row_no) semi join twice using (h)
                window w as (partition by {_IDENTITY} order by {_RANK.format("a.status")} desc, row_no)
            ) where place > 1
        """)
        engine.execute("delete from arriving where row_no in (select row_no from lower)")
        engine.execute(f"""
            create table met as select a.row_no, a.status, e.status as present,
                {_RANK.format("a.status")} > {_RANK.format("e.status")} as rises
            from arriving a join existing e on {_SAME}
        """)
        engine.execute("""
            insert into lower select row_no, case when status = present then 'duplicate_row' else 'superseded_row' end
            from met where not rises
        """)
        engine.execute("create table change as select a.* from arriving a join met using (row_no) where rises")
        engine.execute("delete from arriving where row_no in (select row_no from met)")
        return [(row[0], row[1]) for row in engine.execute("select row_no, reason from lower order by row_no").fetchall()]

    def count(self) -> tuple[int, int]:
        """Return (new invoices, changes of state)."""
        new, changed = self._row("select (select count(*) from arriving), (select count(*) from change)")
        return int(new), int(changed)

    def newest_day(self) -> date | None:
        """Return the newest issue date among new invoices and changes."""
        query = "select greatest((select max(issued_on) from arriving), (select max(issued_on) from change))"
        newest: date | None = self._row(query)[0]
        return newest

    def late(self, due: date) -> int:
        """Return how many new invoices came after their due day: issued on or before `due`."""
        return int(self._row("select count(*) from arriving where issued_on <= ?", [due])[0])

    def new_in(self, first: date, batch_id: UUID) -> Iterator[pa.RecordBatch]:
        """Yield a month's new invoices in the order of their key: its index is built of sorted rows, a firm is read from few pages."""
        month = f"issued_on >= '{first}' and issued_on < '{first}'::date + interval 1 month"
        yield from self._rows(f"arriving where {month} order by uscc, direction, issued_on, invoice_no", batch_id)

    def changes(self, batch_id: UUID) -> Iterator[pa.RecordBatch]:
        """Yield the changes of state."""
        yield from self._rows("change", batch_id)

    def _rows(self, source: str, batch_id: UUID) -> Iterator[pa.RecordBatch]:
        # A cursor is a connection of its own: two months are read at a time, in threads.
        reader: Any = self._engine.cursor().sql(f"select {_IDENTITY}, status, row_no from {source}").to_arrow_reader(100_000)
        for batch in reader:
            mark = pa.array([batch_id.bytes] * batch.num_rows, pa.binary(16))
            yield pa.RecordBatch.from_arrays([*batch.columns[:-1], mark, batch.columns[-1]], names=list(COLUMNS))

    def settle(self) -> None:
        """Make `present`: the invoices of all touched months as they stand now, existing ones with their changes and the new ones."""
        raised = f"select {_IDENTITY}, status from change"
        self._engine.execute(f"""
            create view present as
            select {_IDENTITY}, status from arriving
            union all
            select {", ".join(f"e.{name}" for name in IDENTITY)}, coalesce(a.status, e.status) as status
            from existing e left join ({raised}) a on {_SAME}
        """)
        self._engine.execute(
            "create view moved as select uscc, direction, issued_on from arriving union all select uscc, direction, issued_on from change"
        )

    def facts(self) -> tuple[pa.Table, pa.Table]:
        """Return the facts of the months and of the years that changed; columns of their tables without batch and instant."""
        touched = "select distinct uscc, direction, date_trunc('month', issued_on)::date as valid_from from moved"
        months = f"select m.* from ({month_query('present')}) m semi join ({touched}) t using (uscc, direction, valid_from) order by all"
        reader = self._engine.cursor()  # a connection of its own: months are read meanwhile
        return reader.sql(months).to_arrow_table(), reader.sql(_YEARS).to_arrow_table()

    def _row(self, query: str, parameters: list[Any] | None = None) -> Any:
        """Return a query's one row; all of it is fetched, or the engine would wait for the rest."""
        return self._engine.execute(query, parameters or []).fetchall()[0]

    def _table(self, query: str, parameters: list[Any] | None = None) -> pa.Table:
        return self._engine.sql(query, params=parameters).to_arrow_table() if parameters else self._engine.sql(query).to_arrow_table()


def _quoted(text: str, mark: str) -> str:
    """Return text as it stands between quotation marks in SQL."""
    return text.replace(mark, mark * 2)


def month_query(relation: str) -> str:
    """Return the SELECT of monthly facts over invoices (IDENTITY and status): the one definition of a firm's VAT month."""
    return f"""
        select uscc, direction, month::date as valid_from, (month + interval 1 month - interval 1 day)::date as valid_to,
            coalesce(sum(net_fen) filter (status = 'valid'), 0)::bigint as net_fen,
            coalesce(sum(tax_fen) filter (status = 'valid'), 0)::bigint as tax_fen,
            coalesce(sum(abs(net_fen)) filter (status = 'valid'), 0)::bigint as absolute_fen,
            coalesce(-sum(net_fen) filter (status = 'valid' and net_fen < 0), 0)::bigint as red_fen,
            abs(coalesce(sum(net_fen) filter (status = 'void'), 0))::bigint as void_fen,
            (count(*) filter (status = 'valid'))::int as invoices,
            (count(*) filter (status = 'void'))::int as void_invoices,
            (count(*) filter (status = 'valid' and net_fen < 0))::int as red_invoices,
            (count(distinct counterparty) filter (status = 'valid'))::int as partners
        from (select *, date_trunc('month', issued_on) as month from {relation}) dated group by uscc, direction, month
    """


def _plain(types: Mapping[str, str]) -> str:
    """Return the SELECT that types a chunk and says of each row whether it is plain and right (`good`)."""
    listed = ", ".join(f"'{p}'" for p in sorted(PLACEHOLDERS) if p)
    none = ", ".join(f"'{day}'" for day in NO_DAYS)
    # Amounts that come as text: the engine would also read 1_00 and hexadecimals.
    number = r"[+-]?\d+(\.\d+)?"
    amounts = {
        name: f'try_cast("{name}" as double)'
        if types[name].startswith(("double", "float", "int", "uint", "decimal"))
        else f"case when regexp_full_match(cast({name} as varchar), '{number}') then try_cast({name} as double) end"
        for name in _AMOUNTS
    }
    day = "issue_date"
    if not types[day].startswith(("date", "timestamp")):
        day = r"case when regexp_full_match(cast(issue_date as varchar), '\d{4}-\d{2}-\d{2}') then issue_date end"
    elif types[day].startswith("timestamp") and "tz=" in types[day]:
        day = "null"  # an instant: the cleaning knows its day in Shanghai
    texts = " and ".join(
        f"regexp_full_match({name}, '{_PLAIN_TEXT}') and {name} not in ({listed})"
        f" and not (starts_with({name}, 'field') and regexp_full_match({name}, '{PLACEHOLDER_PATTERN}'))"
        for name in ("invoice_no", "counterparty")
    )
    fen = "cast(round(round({0} * 100, 6)) as bigint)"
    bounded = " and ".join(f"isfinite({name}_yuan) and abs({name}_yuan) <= {MAX_YUAN}" for name in _AMOUNTS)
    return f"""
        select *, coalesce({texts} and abs(net_fen + tax_fen - gross_fen) <= 1 and direction in ('input', 'output')
            and status in ('valid', 'void') and issued_on >= '{EARLIEST}' and issued_on not in ({none}), false) as good
        from (
            select position, code, direction, try_cast({day} as date) as issued_on, invoice_no, counterparty, status,
                case when {bounded} then {fen.format("amount_net_yuan")} end as net_fen,
                case when {bounded} then {fen.format("tax_yuan")} end as tax_fen,
                case when {bounded} then {fen.format("amount_gross_yuan")} end as gross_fen
            from (
                select c.position, g.uscc as code, cast(c.direction as varchar) as direction, c.issue_date,
                    cast(c.invoice_no as varchar) as invoice_no, cast(c.counterparty_id as varchar) as counterparty,
                    cast(c.status as varchar) as status, {", ".join(f"{sql} as {name}_yuan" for name, sql in amounts.items())}
                from chunk c join good_code g on g.delivered = cast(c.uscc as varchar)
                union all
                select c.position, null, null, null, null, null, null, null, null, null from chunk c
                    anti join good_code g on g.delivered = cast(c.uscc as varchar)
            ) delivered
        ) typed
    """
