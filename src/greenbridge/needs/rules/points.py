"""The five points before publishing: each passes, fails or is unknown, with what was found and what is missing."""

from collections.abc import Sequence

from greenbridge.kit.money import in_wan
from greenbridge.kit.text import Text
from greenbridge.needs.values import Finding, Known, NeedDraft, Point, Publishing, Verdict

STATES = {"deregistered": Text("注销", "deregistered"), "revoked": Text("吊销", "revoked"), "moved_out": Text("迁出", "moved out")}


def findings(known: Known, draft: NeedDraft, policy: Publishing) -> tuple[Finding, ...]:
    """Return the five points in their order."""
    return (_operation(known, policy), _premises(known), _real_need(known, draft, policy), _good_credit(known, policy), _purpose(draft))


def barred(found: Sequence[Finding]) -> bool:
    """Return whether a need may not be published."""
    return any(finding.bars for finding in found)


def _answer(point: Point, bad: list[Text], missing: list[Text], good: list[Text], *, bars: bool = False) -> Finding:
    """Return a point's finding: what speaks against it first, then what is missing, then what speaks for it."""
    if bad:
        return Finding(point, Verdict.FAIL, tuple(bad), bars)
    return Finding(point, Verdict.UNKNOWN, tuple(missing)) if missing else Finding(point, Verdict.PASS, tuple(good))


def _gaps(*gaps: tuple[object, str, str]) -> list[Text]:
    """Return what is missing, of (value, what it is in Chinese, in English): what nobody has delivered speaks for nothing."""
    return [Text(f"未知：缺少{zh}", f"Unknown: {en} missing") for value, zh, en in gaps if value is None]


def _operation(known: Known, policy: Publishing) -> Finding:
    bad, good, bars = [], [], False
    missing = _gaps(
        (known.state, "登记状态", "the register's state is"),
        (known.age_months, "成立日期", "the day of its founding is"),
        (known.severe_entries, "严重违法失信名单", "the list of serious violators is"),
        (known.abnormal_entries, "经营异常名录", "the list of abnormal operation is"),
        (known.silent_months, "开票数据", "invoices are"),
    )
    if known.state is not None and known.state not in policy.active_states:
        bars = True
        word = STATES.get(known.state, Text(known.state, known.state))
        bad.append(Text(f"登记状态为“{word.zh}”", f"The register says: {word.en}"))
    if known.severe_entries:
        bars = True
        bad.append(Text("在严重违法失信名单内", "On the list of serious violators"))
    if known.abnormal_entries:
        bad.append(Text("在经营异常名录内", "On the list of abnormal operation"))
    if known.age_months is not None and known.age_months < policy.least_age_months:
        months = policy.least_age_months
        bad.append(Text(f"成立 {known.age_months} 个月，不足 {months} 个月", f"{known.age_months} months old, under {months}"))
    if known.silent_months is not None and known.silent_months > policy.most_silent_months:
        bad.append(Text(f"已连续 {known.silent_months} 个月没有开票", f"No invoice for {known.silent_months} months"))
    good.append(Text("存续，持续开票，不在名录内", "Registered, invoicing, on no list"))
    return _answer(Point.OPERATION, bad, missing, good, bars=bars)


def _premises(known: Known) -> Finding:
    good = []
    if known.owns_premises:
        good.append(Text("有不动产权登记", "Owns registered real estate"))
    if known.metered:
        good.append(Text("有用电或用水记录", "Electricity or water is metered"))
    if good:
        return _answer(Point.PREMISES, [], [], good)
    if known.address:
        missing = Text("未知：只有登记地址，缺少不动产和水电数据", "Unknown: a registered address alone; no property, no meter")
    else:
        missing = Text("未知：缺少经营场所数据", "Unknown: nothing tells of premises")
    return _answer(Point.PREMISES, [], [missing], good)


def _real_need(known: Known, draft: NeedDraft, policy: Publishing) -> Finding:
    if known.sales_12m_fen is None:
        return _answer(Point.REAL_NEED, [], [Text("未知：缺少近 12 个月开票金额", "Unknown: invoices of 12 months are missing")], [])
    limit, asked = known.sales_12m_fen * policy.most_share_of_sales, draft.amount_fen + known.open_needs_fen
    zh = f"连同未结需求共 {in_wan(asked)} 万元，近 12 个月开票 {in_wan(known.sales_12m_fen)} 万元"
    en = f"With open needs {in_wan(asked)} x10k yuan; invoices of 12 months {in_wan(known.sales_12m_fen)} x10k yuan"
    if asked > limit:
        share = round(policy.most_share_of_sales * 100)
        return _answer(Point.REAL_NEED, [Text(f"{zh}，超过 {share} %", f"{en}: more than {share} %")], [], [])
    return _answer(Point.REAL_NEED, [], [], [Text(zh, en)])


def _good_credit(known: Known, policy: Publishing) -> Finding:
    bad = []
    for count, zh, en in (
        (known.dishonesty_entries, "被列为失信被执行人", "On the list of dishonest judgment debtors"),
        (known.open_enforcements, "有未结执行案件", "An enforcement case is open"),
        (known.open_arrears, "有未清欠税", "Tax arrears are open"),
    ):
        if count:
            bad.append(Text(zh, en))
    if known.tax_grade in policy.bad_tax_grades:
        bad.append(Text(f"纳税信用 {known.tax_grade} 级", f"Tax credit grade {known.tax_grade}"))
    missing = _gaps(
        (known.dishonesty_entries, "法院失信名单", "the courts' list is"),
        (known.open_enforcements, "法院执行数据", "the courts' enforcement data are"),
        (known.open_arrears, "欠税数据", "tax arrears are"),
        (known.tax_grade, "纳税信用等级", "the tax credit grade is"),
    )
    return _answer(Point.GOOD_CREDIT, bad, missing, [Text("无失信、执行和欠税记录", "No dishonesty, enforcement or arrears")])


def _purpose(draft: NeedDraft) -> Finding:
    if draft.pledges_purpose:
        good = Text("企业已承诺按申报用途使用资金", "The firm has pledged to use the money as stated")
        return _answer(Point.LAWFUL_PURPOSE, [], [], [good])
    return _answer(Point.LAWFUL_PURPOSE, [], [Text("未知：尚未作出用途承诺", "Unknown: no pledge of its use yet")], [])
