"""What the platform's white-box schemes say of the firm: grade, points of each dimension, how much of it is known."""

from collections.abc import Sequence
from datetime import date

from greenbridge.kit.calendar import add_months
from greenbridge.kit.text import Text
from greenbridge.reports.values import Freshness, Line, Material, Rated, Source, Table
from greenbridge.schemes.values import STATUS_NAMES, Rating

# How far back what counts against a firm is looked for: a reader who may not look that far sees no grade, which would be too good.
REACH = 24
PLATFORM = Text("绿桥平台计算", "Reckoned by Greenbridge")


def since(as_of: date) -> date:
    """Return the earliest day that a rating speaks of."""
    return add_months(as_of, -REACH)


def in_words(rated: Rated) -> Text:
    """Return a rating in a sentence: what is certified, then grade, points of how many, share known, and what may still come of it.

    `B（良好），812 分，满分 1000 分，已知指标 93%；全部补齐后最高可至A（重构，非官方文本）`.
    """
    rating, scheme, name = rated.rating, rated.rating.scheme, rated.rating.grade_name
    zh = f"{name.zh}，{rating.points:g} 分，满分 {scheme.total:g} 分，已知指标 {rating.coverage:.0%}"
    en = f"{name.en}, {rating.points:g} points of {scheme.total:g}, {rating.coverage:.0%} of the indicators known"
    best = scheme.grade_named(rating.possible_grade)
    if best and rating.possible_grade != rating.grade:
        zh, en = f"{zh}；全部补齐后最高可至{best.name.zh}", f"{en}; with all of it known at best {best.name.en}"
    status = STATUS_NAMES[scheme.status]
    held = rated.certified
    if held and held.grade:
        certified = scheme.grade_named(held.grade)
        grade = certified.name if certified else Text(held.grade, held.grade)
        zh = f"已认定{grade.zh}（证书 {held.certificate_number}，{held.valid_from} 至 {held.valid_to}）；仅按部门数据：{zh}"
        en = f"Certified {grade.en} ({held.certificate_number}, {held.valid_from} to {held.valid_to}); by departments' data alone: {en}"
    return Text(f"{zh}（{status.zh}）", f"{en} ({status.en})")


def lines(material: Material) -> list[Line]:
    """Return a line of each scheme; whose numbers it has stands in it."""
    begin, day = since(material.as_of), material.as_of
    when = Text(f"截至 {day}", f"as of {day}")
    return [
        Line(r.key, r.rating.scheme.name, in_words(r), "", r.reads, _source(material, r.rating), begin, period=when)
        for r in material.ratings
    ]


def _source(material: Material, rating: Rating) -> Source:
    generated = any(e.generated for line in rating.indicators for e in line.evidence)
    return Source(f"scheme:{rating.scheme.code}", PLATFORM, material.as_of, material.known_on, Freshness.FRESH, generated)


def tables(material: Material) -> list[Table]:
    """Return the dimensions of each scheme: points, of those that are known, of all."""
    return [_table(rated, material.as_of) for rated in material.ratings]


def _table(rated: Rated, as_of: date) -> Table:
    rating = rated.rating
    columns = (
        ("dimension", Text("维度", "Dimension"), ""),
        ("points", Text("得分", "Points"), "ratio"),
        ("known", Text("已知指标满分", "Points that known indicators carry"), "ratio"),
        ("max", Text("满分", "Full points"), "ratio"),
    )
    rows = [(d.dimension.name, d.points, d.known_max, d.max) for d in rating.dimensions]
    title = Text(f"{rating.scheme.name.zh}（{rating.scheme.version}）", f"{rating.scheme.name.en} ({rating.scheme.version})")
    days: Sequence[date] = [since(as_of)] * len(rows)
    reads = {key: rated.reads for key, _, _ in columns}
    return Table(f"{rated.key}_points", title, columns, rows, reads, None, days, every=rated.reads)
