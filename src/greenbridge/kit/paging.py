"""Pages of a list: a page begins after a line, not at a number, so that none is lost or comes twice while the list grows."""

from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar
from uuid import UUID

from litestar.params import QueryParameter

from greenbridge.kit.errors import Invalid

Limit = Annotated[int, QueryParameter(ge=1, le=200)]
After = Annotated[UUID | None, QueryParameter(description="`next_cursor` of the page before")]
Line = TypeVar("Line")
Key = TypeVar("Key")


def cut(found: Sequence[Line], limit: int, key: Callable[[Line], Key]) -> tuple[list[Line], Key | None]:
    """Return (the page, where the next one begins) of lines of which one more than the limit was asked for; None: there is no next."""
    page = list(found[:limit])
    return page, key(page[-1]) if len(found) > limit else None


def wrong_cursor() -> Invalid:
    """Return the problem of a cursor that no page of this list ended with."""
    zh, en = "翻页标记无效，请从第一页开始。", "No cursor of this list: begin at the first page."
    return Invalid.at("wrong-cursor", "cursor", zh, en)
