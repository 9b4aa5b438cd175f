"""What one answered page must fulfil before it is kept."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.parquet as pq
from http_message_signatures import ContentDigest, InvalidSignature

from greenbridge.kit.exchange import DIGEST, PARQUET, PageHead
from greenbridge.kit.text import Text


class Unusable(Exception):
    """An answer that cannot be used; another attempt may mend it."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.text = Text(zh, en)


class Drifted(Unusable):
    """Expected columns are missing."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The page that is asked for: the item, the cursor, the cursors gone through before, the columns expected (empty: any)."""

    item: str
    since: str
    expected: tuple[str, ...] = ()
    seen: frozenset[str] = frozenset()

    def after(self, head: PageHead) -> "Asked":
        """Return the next page to ask for: its columns are at least the first page's."""
        return replace(self, since=head.next, expected=self.expected or head.columns, seen=self.seen | {self.since})


@dataclass(frozen=True, slots=True)
class Page:
    """A page that passed: JSON lines as they came, or a table."""

    head: PageHead
    content: bytes | pa.Table


def checked(asked: Asked, media: str, headers: Mapping[str, str], body: bytes) -> Page:
    """Return the page if digest, format, cursor, count and columns are right; raises Unusable or Drifted."""
    try:
        ContentDigest.verify(headers.get(DIGEST, ""), body)
    except InvalidSignature as error:
        raise Unusable(f"内容与摘要不符（{error}）", f"content and digest do not agree ({error})") from None
    if not headers.get("content-type", "").startswith(media):
        raise Unusable("格式不是所要求的", f"the format is not {media}")
    try:
        head = PageHead.of(headers)
    except ValueError as error:
        raise Unusable(f"响应头 {error} 缺失或有误", f"the header {error} is missing or wrong") from None
    if head.since != asked.since or (head.count and head.next in asked.seen | {asked.since}):
        raise Unusable("返回的不是所请求的页", "it sent another page than the one asked for")
    if not head.count and not head.last:
        raise Unusable("返回了空页而未到末页", "it sent an empty page that is not the last")
    content, count, columns = _table(body) if media == PARQUET else _lines(body)
    if count != head.count:
        raise Unusable(f"应有 {head.count} 条，实有 {count} 条", f"{head.count} records were announced, {count} came")
    if head.count:
        _expect(asked, head, columns)
    return Page(head, content)


def _expect(asked: Asked, head: PageHead, columns: set[str]) -> None:
    if strange := columns - set(head.columns):
        names = "、".join(sorted(strange))
        raise Unusable(f"内容含未声明的列：{names}", f"the content has columns that were not announced: {names}")
    if missing := [column for column in asked.expected if column not in head.columns]:
        lost, new = "、".join(missing), "、".join(column for column in head.columns if column not in asked.expected) or "—"
        raise Drifted(
            f"{asked.item} 的字段有变：缺少 {lost}；新出现 {new}。", f"the columns of {asked.item} have changed: missing {lost}; new {new}."
        )


def _table(body: bytes) -> tuple[pa.Table, int, set[str]]:
    try:
        table = pq.read_table(io.BytesIO(body))
    except (pa.ArrowException, OSError) as error:
        raise Unusable(f"不是可读的 Parquet（{error}）", f"it is no readable Parquet ({error})") from None
    return table, table.num_rows, set(table.column_names)


def _lines(body: bytes) -> tuple[bytes, int, set[str]]:
    """Return the body, its number of lines and the columns met. A line that is no object is kept: quarantine will tell."""
    lines = [line for line in body.split(b"\n") if line.strip()]
    columns: set[str] = set()
    for line in lines:
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict):
            columns.update(record)
    return body, len(lines), columns
