"""How good departments' data is, and where it falls short."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from litestar import Controller, get
from litestar.response import Template

from greenbridge.accounts.guards import Caller, only
from greenbridge.accounts.values import Role
from greenbridge.facts import service
from greenbridge.facts.values import Item, Quality
from greenbridge.kit.calendar import SHANGHAI
from greenbridge.kit.text import Text
from greenbridge.kit.web import Now, Session, page

TREND_DAYS = 31
# Measure -> its name, how it is reckoned, and why there may be none.
MEASURES: Mapping[str, tuple[Text, Text, Text]] = {
    "compliance": (
        Text("合规率", "Compliance"),
        Text(
            "既未被拒绝也不重复的行 ÷ 交付行（省级口径）。",
            "Rows neither refused nor repeated / rows delivered, as the province defines it.",
        ),
        Text("统计期内没有交付行。", "No row was delivered in the period."),
    ),
    "completeness": (
        Text("完整性", "Completeness"),
        Text("已填单元格 ÷ 全部单元格；占位符（如“无”“-”）不算已填。", "Filled cells / all cells; placeholders do not count as filled."),
        Text("统计期内没有交付行。", "No row was delivered in the period."),
    ),
    "validity": (
        Text("有效性", "Validity"),
        Text("未被任何检查拒绝的行 ÷ 交付行；重复行另计。", "Rows that no check refused / rows delivered; repeats are counted apart."),
        Text("统计期内没有交付行。", "No row was delivered in the period."),
    ),
    "timeliness": (
        Text("及时性", "Timeliness"),
        Text(
            "按期到达的 ÷ 应到达的：逐条记录按工作日时限，逐次交付按更新频率。",
            "What came in time / what was due: records by their working days, deliveries by the refresh rate.",
        ),
        Text("尚无到期的交付；首次交付为建账，不计时效。", "Nothing was due yet; a first delivery is a stock-taking and is never late."),
    ),
    "uniqueness": (
        Text("唯一性", "Uniqueness"),
        Text("不重复任何已有内容的行 ÷ 交付行。", "Rows that repeat nothing / rows delivered."),
        Text("统计期内没有交付行。", "No row was delivered in the period."),
    ),
    "consistency": (
        Text("一致性", "Consistency"),
        Text("与其他部门数据相符的记录 ÷ 可对照的记录。", "Records that agree with another department's / records compared."),
        Text("没有可对照的其他部门记录。", "No other department's records to compare with."),
    ),
}


@dataclass(frozen=True, slots=True)
class ItemQuality:
    """An item's newest measures and the days before it, oldest first."""

    item: Item
    newest: Quality
    days: Sequence[Quality]

    @property
    def points(self) -> list[tuple[int, float | None]]:
        """Return (days since the first one, compliance) of each measured day."""
        return [((quality.day - self.days[0].day).days, quality.compliance) for quality in self.days]


@dataclass(frozen=True, slots=True)
class DepartmentQuality:
    """A department's items; `total` holds each measure's mean by delivered rows, None where nothing was measured."""

    label: Text
    items: Sequence[ItemQuality]
    delivered: int
    total: Mapping[str, float | None]


def by_department(trends: Mapping[str, Sequence[Quality]]) -> list[DepartmentQuality]:
    """Return measured items grouped by department, in the catalogue's order."""
    known = service.catalogue()
    grouped: dict[str, list[ItemQuality]] = {}
    for code, days in trends.items():
        item = known.items[code]
        grouped.setdefault(item.department_code, []).append(ItemQuality(item, days[-1], days[-TREND_DAYS:]))
    order = list(known.items)
    return [
        DepartmentQuality(
            department.label,
            sorted(grouped[department.code], key=lambda row: order.index(row.item.code)),
            sum(row.newest.delivered for row in grouped[department.code]),
            {name: _mean(name, [row.newest for row in grouped[department.code]]) for name in MEASURES},
        )
        for department in known.departments
        if department.code in grouped
    ]


def _mean(measure: str, found: Sequence[Quality]) -> float | None:
    """Return a measure's mean over items, weighted by their rows: 0.9 of 100 and 1.0 of 300 are 0.975."""
    values = [(quality.delivered, getattr(quality, measure)) for quality in found]
    rows = sum(n for n, value in values if value is not None)
    return sum(n * value for n, value in values if value is not None) / rows if rows else None


class QualityPages(Controller):
    """How good departments' data is, and where it falls short."""

    path = "/operator/quality"
    include_in_schema = False
    guards = (only(Role.OPERATOR),)

    @get()
    async def board(self, request: Caller, session: Session, now: Now) -> Template:
        return page(
            request,
            "quality.html",
            departments=by_department(await service.trends(session, now)),
            alerts=await service.alerts(session),
            pulls=await service.pulls(session),
            known=service.catalogue().items,
            measures=MEASURES,
            period=service.PERIOD_DAYS,
            shanghai=SHANGHAI,
        )
