"""Screening a list: which severe lists a firm stands on, which grade a scheme gives it, which rows cannot be screened."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from greenbridge.facts.rules.identity import normalise_name
from greenbridge.facts.rules.items import REASONS, REGISTRATION
from greenbridge.facts.values import Fact
from greenbridge.kit.codes import is_uscc
from greenbridge.kit.text import Text
from greenbridge.schemes.rules.readers import ABNORMAL, DISHONESTY, SEVERE, TAX_MAJOR, Delivered, Records
from greenbridge.schemes.values import Rating, Scheme

ENVIRONMENT = "environment.credit"
# Lists that are open to everybody: item -> (its name, the field that ends an entry, the field that names it).
LISTS: Mapping[str, tuple[Text, str, str]] = {
    DISHONESTY: (Text("失信被执行人", "dishonest judgment debtor"), "removed_on", "case_no"),
    SEVERE: (Text("严重违法失信名单", "severe illegal and dishonest list"), "removed_on", "reason"),
    ABNORMAL: (Text("经营异常名录", "abnormal operation list"), "removed_on", "reason"),
    TAX_MAJOR: (Text("重大税收违法失信主体", "major tax illegality"), "removed_on", "document_no"),
}
COLOURS = {"black": Text("环境信用黑色", "environmental credit: black"), "red": Text("环境信用红色", "environmental credit: red")}
ENVIRONMENT_NAME = Text("环境信用黑色、红色", "environmental credit black or red")
ITEMS = (*LISTS, ENVIRONMENT)
AMBIGUOUS, REPEATED, OTHER_NAME = "ambiguous_name", "repeated_firm", "other_name"
NO_DATA, NO_NAME = "no_data", "no_such_name"
OWN_REASONS = {
    AMBIGUOUS: Text("这个名称对应多家企业，请补充统一社会信用代码", "Several firms have this name: give the social credit code"),
    REPEATED: Text("与前面的行是同一家企业", "The same firm as in an earlier row"),
    NO_DATA: Text("没有部门提供过这个代码的数据", "No department ever spoke of this code"),
    NO_NAME: Text("没有登记为这个名称的企业", "No firm is registered under this name"),
    OTHER_NAME: Text("名称与该代码登记的企业不符", "The code is registered under another name"),
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row of a list to screen, as it came."""

    row_no: int
    uscc: str
    name: str


@dataclass(frozen=True, slots=True)
class Hit:
    """Why a firm was found: the list or the scheme's grade, in words, with the record's day and reference."""

    code: str
    words: Text
    on: date | None = None
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Screened:
    """A firm of the list: hits (none: clear), its grade by the scheme if one was asked; `unchecked`: lists that no department delivered."""

    candidate: Candidate
    uscc: str
    name: str
    hits: tuple[Hit, ...]
    grade: str | None = None
    grade_name: Text | None = None
    points: float | None = None
    coverage: float | None = None
    possible_grade: str | None = None


@dataclass(frozen=True, slots=True)
class SetAside:
    """A row that could not be screened, and why."""

    candidate: Candidate
    reason: str


@dataclass(frozen=True, slots=True)
class Screening:
    """The answer to a list: every row is either screened or set aside. `unchecked`: lists that no department delivered."""

    as_of: date
    rows: int
    screened: Sequence[Screened]
    set_aside: Sequence[SetAside]
    unchecked: tuple[Text, ...]
    scheme: Scheme | None = None
    below: str | None = None

    @property
    def found(self) -> list[Screened]:
        """The firms with a hit, in the list's order."""
        return [s for s in self.screened if s.hits]


def words(reason: str) -> Text:
    """Return a quarantine reason in words."""
    return OWN_REASONS.get(reason) or REASONS.get(reason) or Text(reason, reason)


def tidy(code: str) -> str:
    """Return a code as the standard writes it: upper case, no blanks and hyphens."""
    return "".join(code.split()).replace("-", "").upper()


@dataclass(frozen=True, slots=True)
class Sorted:
    """Rows that name a firm, as (row, code), and those that do not."""

    meant: Sequence[tuple[Candidate, str]]
    set_aside: Sequence[SetAside]


def sort(rows: Iterable[Candidate], by_name: Mapping[str, Sequence[str]], names: Mapping[str, Sequence[str]]) -> Sorted:
    """Return which firm each row means. `by_name`: normalised name -> codes; `names`: known code -> its registered names, former too.

    A wrong code is not mended by the name beside it, and a name that the register has under another code is not taken: who is
    screened must be who was meant.
    """
    meant: list[tuple[Candidate, str]] = []
    aside: list[SetAside] = []
    seen: set[str] = set()
    for row in rows:
        reason, code = _meant(row, by_name, names)
        if not reason and code in seen:
            reason = REPEATED
        if reason:
            aside.append(SetAside(row, reason))
            continue
        seen.add(code)
        meant.append((row, code))
    return Sorted(meant, aside)


def _meant(row: Candidate, by_name: Mapping[str, Sequence[str]], names: Mapping[str, Sequence[str]]) -> tuple[str, str]:
    code, name = tidy(row.uscc), row.name.strip()
    if not code and not name:
        return "missing_identity", ""
    if code:
        if not is_uscc(code):
            return "bad_code", ""
        if code not in names:
            return NO_DATA, ""
        registered = names[code]
        if name and registered and normalise_name(name) not in {normalise_name(known) for known in registered}:
            return OTHER_NAME, ""
        return "", code
    found = by_name.get(normalise_name(name), ())
    return ("", found[0]) if len(found) == 1 else (AMBIGUOUS if found else NO_NAME, "")


def hits(facts: Sequence[Fact], delivered: Delivered, as_of: date) -> tuple[Hit, ...]:
    """Return the lists that a firm stands on on a day, newest entry first within a list."""
    records = Records(facts, delivered, as_of)
    found = []
    for item, (label, end, reference) in LISTS.items():
        found += [Hit(item, label, f.valid_from, str(f.values.get(reference) or "")) for f in records.open(item, end)]
    for fact in records.of(ENVIRONMENT)[:1]:
        if colour := COLOURS.get(fact.values["colour"]):
            found.append(Hit(ENVIRONMENT, colour, fact.valid_from, str(fact.values.get("year") or "")))
    return tuple(found)


def registered_name(facts: Iterable[Fact]) -> str:
    """Return the name in a firm's newest registration as it is written there; empty: no registration has one."""
    named = [fact for fact in facts if fact.item == REGISTRATION and fact.values.get("name")]
    return str(max(named, key=lambda fact: fact.stated_at).values["name"]) if named else ""


def grade_hit(rating: Rating, below: str) -> tuple[Hit, ...]:
    """Return a hit for a grade that lies below another one whatever is still unknown; what is not known accuses nobody."""
    scheme = rating.scheme
    if scheme.rank(rating.possible_grade) <= scheme.rank(below):
        return ()
    name, line, best = rating.grade_name, scheme.grade_named(below), scheme.grade_named(rating.possible_grade)
    assert line is not None
    assert best is not None
    share = f"{rating.coverage:.0%}"
    held = [bar.words for bar in rating.capped_by if bar.kind == "veto"]
    why = Text("；一票否决：" + "、".join(w.zh for w in held), "; veto: " + ", ".join(w.en for w in held)) if held else Text("", "")
    zh = f"{scheme.name.zh}：{name.zh}（{rating.points:g} 分，已知 {share}），补齐后最高为{best.name.zh}，低于{line.name.zh}{why.zh}"
    en = f"{scheme.name.en}: {name.en} ({rating.points:g} points, {share} known), at best {best.name.en}, below {line.name.en}{why.en}"
    return (Hit(f"scheme:{scheme.code}", Text(zh, en), rating.as_of, scheme.version),)


def unchecked(delivered: Iterable[str]) -> tuple[Text, ...]:
    """Return the lists of which nothing was delivered: a firm that is clear of them was not checked against them."""
    came = set(delivered)
    names = {**{item: label for item, (label, *_) in LISTS.items()}, ENVIRONMENT: ENVIRONMENT_NAME}
    return tuple(label for item, label in names.items() if item not in came)


HEADERS = (
    Text("行", "row"),
    Text("统一社会信用代码", "uscc"),
    Text("企业名称", "name"),
    Text("结果", "result"),
    Text("理由", "reasons"),
    Text("等级", "grade"),
    Text("得分", "points"),
    Text("已知比例", "coverage"),
)


def table(screening: Screening) -> list[list[str]]:
    """Return a screening as the rows of a table, in the list's order, Chinese; cells that a spreadsheet would run are quoted."""
    rows: list[tuple[int, list[str]]] = []
    for s in screening.screened:
        reasons = "；".join(f"{h.words.zh} {h.on or ''} {h.reference}".strip() for h in s.hits)
        result = "命中" if s.hits else "未命中"
        graded = [s.grade_name.zh if s.grade_name else "", "" if s.points is None else f"{s.points:g}"]
        share = "" if s.coverage is None else f"{s.coverage:.0%}"
        rows.append((s.candidate.row_no, [str(s.candidate.row_no), s.uscc, s.name, result, reasons, *graded, share]))
    for aside in screening.set_aside:
        c = aside.candidate
        rows.append((c.row_no, [str(c.row_no), c.uscc, c.name, "未筛查", words(aside.reason).zh, "", "", ""]))
    return [[_safe(cell) for cell in row] for _, row in sorted(rows, key=lambda pair: pair[0])]


def _safe(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell


def has_grade(scheme: Scheme, below: str) -> bool:
    """Return whether a scheme has a grade."""
    return scheme.grade_named(below) is not None
