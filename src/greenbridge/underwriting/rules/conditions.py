"""What has to be done before money flows, each with its reason."""

from collections.abc import Callable, Mapping, Sequence

from greenbridge.kit.text import Text
from greenbridge.needs.values import GuaranteeMode
from greenbridge.underwriting.rules import words
from greenbridge.underwriting.values import Cap, Condition, Evidence, Policy

# What answers a red flag that forbids nothing. Others are asked to be explained.
_ANSWERS: Mapping[str, Text] = {
    "void": Text("抽查作废发票，核对合同与收款", "Check void invoices against contracts and receipts"),
    "concentrated": Text("取得第一大客户的合同与回款记录", "See the contract and payments of the largest customer"),
    "fall": Text("取得在手订单，说明销售下降原因", "See the orders at hand and what made sales fall"),
    "silent": Text("实地走访，确认正常经营", "Visit the firm: does it operate"),
    "insurance": Text("补缴社保并提供凭证", "Pay the social insurance due, with receipts"),
    "utilities": Text("缴清水电气费并提供凭证", "Pay the utilities due, with receipts"),
    "representative": Text("了解法定代表人变更原因与实际控制人", "Learn why the representative changed and who controls the firm"),
    "seized": Text("查明查封原因与金额", "Find out why real estate is seized, and for how much"),
    "pledged": Text("查明股权出质的主债务", "Find out which debt the equity is pledged for"),
}
# What makes an unknown cap known.
_EVIDENCE: Mapping[str, Text] = {
    "tax": Text("近 12 个月增值税申报表与完税证明", "VAT returns and receipts of twelve months"),
    "sales": Text("近 12 个月开票明细", "Invoices of twelve months"),
    "cash_flow": Text("近 12 个月主要账户流水", "Statements of the main accounts of twelve months"),
    "probability": Text("授权查询发票数据，或近三年财务报表", "Consent to invoices, or accounts of three years"),
}


def conditions(known: Evidence, found: Sequence[Cap], mode: GuaranteeMode, limit_fen: int, policy: Policy) -> tuple[Condition, ...]:
    """Return what is asked for: the account, the security, missing evidence, answers to red flags."""
    return (*_account(mode), *_secured(mode, limit_fen, policy), *_missing(known, found), *_open(known, policy), *_answers(known, policy))


def _account(mode: GuaranteeMode) -> list[Condition]:
    if mode is not GuaranteeMode.CREDIT:
        return []
    text = Text("在本行开立结算账户，销售回款经该账户", "Open a settlement account here, through which sales are paid")
    return [Condition("account", text, Text("信用贷款，回款是第一还款来源", "Unsecured: what customers pay is what repays"))]


def _secured(mode: GuaranteeMode, limit_fen: int, policy: Policy) -> list[Condition]:
    limit = words.amount(limit_fen)

    def valued(zh: str, en: str) -> list[Condition]:
        rate = policy.security[mode].advance_rate or 1.0
        worth, part = words.amount(round(limit_fen / rate)), words.share(rate)
        reason = Text(f"额度 {limit.zh}，抵质押率 {part.zh}", f"Limit {limit.en}, advance rate {part.en}")
        return [Condition("security", Text(zh.format(worth.zh), en.format(worth.en)), reason)]

    def borne(zh: str, en: str) -> list[Condition]:
        lgd = words.share(policy.security[mode].loss_given_default)
        reason = Text(f"定价按违约损失率 {lgd.zh}", f"Priced with a loss given default of {lgd.en}")
        return [Condition("security", Text(zh.format(limit.zh), en.format(limit.en)), reason)]

    kinds: Mapping[GuaranteeMode, Callable[[], list[Condition]]] = {
        GuaranteeMode.MORTGAGE: lambda: valued(
            "抵押物评估值不低于 {}，办妥抵押登记", "Real estate or equipment valued at {} at least, mortgage registered"
        ),
        GuaranteeMode.PLEDGE: lambda: valued("质物价值不低于 {}，办妥出质登记", "Pledge worth {} at least, registered"),
        GuaranteeMode.GUARANTEE: lambda: borne("保证人对 {} 承担连带责任", "A guarantor answers jointly for {}"),
        GuaranteeMode.GUARANTEE_INSURANCE: lambda: borne("保证保险保额不低于 {}", "Guarantee insurance of {} at least"),
        GuaranteeMode.GOVERNMENT_GUARANTEE: lambda: borne(
            "政府性融资担保机构承保 {} 的约定比例", "A government-backed guarantor takes its agreed share of {}"
        ),
    }
    return kinds[mode]() if mode in kinds else []


def _missing(known: Evidence, found: Sequence[Cap]) -> list[Condition]:
    asked = [
        Condition(f"evidence_{cap.key}", _EVIDENCE[cap.key], Text(f"{cap.label.zh}：{cap.text.zh}", f"{cap.label.en}: {cap.text.en}"))
        for cap in found
        if not cap.known and cap.key in _EVIDENCE
    ]
    if known.debt_service_fen is None:
        text = Text("征信报告中的其他贷款与每月还款", "Other loans and their monthly service, from the credit bureau")
        reason = Text("其他还贷未知，现金流按无计", "Other debt service is unknown and taken as none in the cash flow")
        asked.append(Condition("bureau", text, reason))
    return asked


def open_vetoes(known: Evidence, policy: Policy, *, withheld: bool) -> list[Text]:
    """Return the vetoes of which the reader cannot know whether they stand: withheld from him, or never delivered."""
    return [flag.label for flag in known.open_flags if flag.key in policy.vetoes and flag.withheld is withheld]


def _open(known: Evidence, policy: Policy) -> list[Condition]:
    """Return that what would forbid the loan is looked up elsewhere where the report cannot tell."""
    asked = []
    for withheld, zh, en in ((True, "企业未授权查阅", "The firm withholds it"), (False, "部门尚未交付", "Not delivered by the department")):
        if labels := open_vetoes(known, policy, withheld=withheld):
            names = "、".join(label.zh for label in labels), ", ".join(label.en.lower() for label in labels)
            text = Text(f"另行核查：{names[0]}", f"Look up elsewhere: {names[1]}")
            asked.append(Condition("withheld_vetoes" if withheld else "unknown_vetoes", text, Text(f"一票否决项，{zh}", f"Vetoes. {en}")))
    return asked


def _answers(known: Evidence, policy: Policy) -> list[Condition]:
    explain = Text("由企业书面说明并提供凭证", "The firm explains it in writing, with proof")
    return [
        Condition(f"flag_{flag.key}", _ANSWERS.get(flag.key, explain), flag.text) for flag in known.flags if flag.key not in policy.vetoes
    ]
