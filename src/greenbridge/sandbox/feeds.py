"""Feeds: what a department offers of each item, page after page; from memory, or from a folder that may grow."""

import base64
import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any

import pyarrow as pa

from greenbridge.facts.values import Delivery
from greenbridge.kit.calendar import SHANGHAI
from greenbridge.kit.errors import Invalid, Problem
from greenbridge.sandbox.parts import Part, TablePart, read_part, records_part

MANIFEST = "manifest.toml"


@dataclass(frozen=True, slots=True)
class Source:
    """One part under its name, when the department stated it, and whether it is generated."""

    name: str
    part: Part
    stated_at: datetime
    generated: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """The rows of one page: all of one source. `last` when no row waits after them."""

    source: Source
    start: int
    stop: int
    next: str
    last: bool


@dataclass(frozen=True, slots=True)
class Feed:
    """What is offered of one item, oldest source first."""

    item: str
    sources: tuple[Source, ...] = field(default=())

    @property
    def format(self) -> str:
        """The format that suits the feed."""
        return "parquet" if any(source.part.columnar for source in self.sources) else "jsonl"

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns of all sources."""
        return tuple(dict.fromkeys(column for source in self.sources for column in source.part.columns))

    def span(self, since: str, page_size: int) -> Span:
        """Return the page after a cursor; raises Problem `unknown-cursor`. An empty page is the last one."""
        index, start = self._place(since)
        while start >= self.sources[index].part.count and index + 1 < len(self.sources):
            index, start = index + 1, 0
        source = self.sources[index]
        stop = min(start + page_size, source.part.count)
        waits = stop < source.part.count or any(later.part.count for later in self.sources[index + 1 :])
        return Span(source, start, stop, since if stop == start else _cursor(source.name, stop), last=not waits)

    def _place(self, since: str) -> tuple[int, int]:
        if not since:
            return 0, 0
        try:
            name, offset = json.loads(base64.urlsafe_b64decode(since))
            index = [source.name for source in self.sources].index(name)
            if isinstance(offset, int) and 0 <= offset <= self.sources[index].part.count:
                return index, offset
        except (ValueError, TypeError):
            pass
        raise Problem("unknown-cursor", "游标无效。", "The cursor is not one of this feed.")


def _cursor(name: str, offset: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([name, offset]).encode()).decode()


def memory_feed(item: str, *contents: Any, stated_at: datetime, generated: bool = False) -> Feed:
    """Return a feed of contents in memory, each a list of records or a table (Arrow, data frame, mapping of columns)."""
    parts: list[Part] = [records_part(content) if isinstance(content, list) else TablePart(content) for content in contents]
    return Feed(item, tuple(Source(str(n), part, stated_at, generated) for n, part in enumerate(parts)))


class Memory:
    """Feeds that are given and stay."""

    def __init__(self, feeds: Iterable[Feed]) -> None:
        self._feeds = {feed.item: feed for feed in feeds}

    def feeds(self) -> Mapping[str, Feed]:
        """Return the feeds by item."""
        return self._feeds


@dataclass(frozen=True, slots=True)
class _Entry:
    item: str
    path: Path
    generated: bool
    stated_at: datetime | None


class Folder:
    """The files of a folder. `manifest.toml` names them, or their names do: `tax.vat_invoices.parquet`, `tax.vat_invoices.2.parquet`.

    A file that is dropped later is served after those already there; names that start with a dot are left alone, so write
    under such a name and rename.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, Lock()
        self._known: dict[tuple[str, str], tuple[tuple[int, int], Source]] = {}
        if not self.feeds():
            raise Invalid.at("no-feed", "data", f"文件夹 {path} 中没有可提供的数据文件。", f"{path} holds no data file to serve.")

    def feeds(self) -> Mapping[str, Feed]:
        """Return the feeds by item as the folder is now; a file is read again only when it has changed."""
        with self._lock:
            entries = {(entry.item, entry.path.name): entry for entry in self._entries()}
            for key, entry in entries.items():
                stat = entry.path.stat()
                stamp = (stat.st_mtime_ns, stat.st_size)
                if key not in self._known or self._known[key][0] != stamp:
                    stated_at = entry.stated_at or datetime.fromtimestamp(stat.st_mtime, UTC)
                    self._known[key] = (stamp, Source(entry.path.name, read_part(entry.path), stated_at, entry.generated))
            by_item: dict[str, list[Source]] = {}
            for (item, name), (_, source) in self._known.items():
                if (item, name) in entries:
                    by_item.setdefault(item, []).append(source)
            return {item: Feed(item, tuple(sources)) for item, sources in by_item.items()}

    def _entries(self) -> Iterator[_Entry]:
        manifest = self._path / MANIFEST
        if manifest.is_file():
            yield from self._listed(manifest)
            return
        files = [path for path in self._path.glob("[!.]*.*.*") if path.is_file()]
        for path in sorted(files, key=lambda path: (path.stat().st_mtime_ns, path.name)):
            yield _Entry(".".join(path.name.split(".")[:2]), path, generated=False, stated_at=None)

    def _listed(self, manifest: Path) -> Iterator[_Entry]:
        try:
            for feed in tomllib.loads(manifest.read_text(encoding="utf-8"))["feed"]:
                stated_at = feed.get("stated_at")
                stated_at = datetime.fromisoformat(stated_at) if isinstance(stated_at, str) else stated_at
                if stated_at is not None and stated_at.tzinfo is None:
                    stated_at = stated_at.replace(tzinfo=SHANGHAI)
                for path in sorted(self._path.glob(feed["file"])):
                    yield _Entry(feed["item"], path, bool(feed.get("generated", False)), stated_at)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            reason = str(error)[:200]
            raise Invalid.at("bad-manifest", "manifest", f"{MANIFEST} 有误：{reason}", f"{MANIFEST} is wrong: {reason}") from None


def write_folder(folder: Path, deliveries: Iterable[Delivery], stated_at: datetime) -> None:
    """Write deliveries and their manifest into a folder, to be served from there; `stated_at` is for those that say none."""
    entries = []
    for delivery in deliveries:
        content = delivery.content if isinstance(delivery.content, bytes) else delivery.content.read_bytes()
        (folder / delivery.file_name).write_bytes(content)
        entries.append(
            f"[[feed]]\nitem = {json.dumps(delivery.item)}\nfile = {json.dumps(delivery.file_name, ensure_ascii=False)}\n"
            f"generated = {json.dumps(delivery.generated)}\nstated_at = {(delivery.stated_at or stated_at).isoformat()}\n"
        )
    (folder / MANIFEST).write_text("\n".join(entries), encoding="utf-8")


def page_table(span: Span, change: tuple[str, str | None] | None = None) -> pa.Table:
    """Return a page's rows, one column renamed or dropped."""
    table = span.source.part.table(span.start, span.stop)
    if change is None:
        return table
    kept = {name: change[1] if name == change[0] else name for name in table.column_names}
    return table.select([name for name, new in kept.items() if new]).rename_columns([new for new in kept.values() if new])


def page_lines(span: Span, change: tuple[str, str | None] | None = None) -> list[bytes]:
    """Return a page's rows as JSON lines, one column renamed or dropped."""
    lines = span.source.part.lines(span.start, span.stop)
    if change is None:
        return lines
    old, new = change
    records = [
        {(new or "") if name == old else name: value for name, value in json.loads(line).items() if name != old or new} for line in lines
    ]
    return [json.dumps(record, ensure_ascii=False).encode() for record in records]
