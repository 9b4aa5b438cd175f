"""The facts that product rules may ask for, of the need, the firm or the branch; any other name is a clear error."""

from greenbridge.catalog.values import Authority, FactName, Subject, Unit
from greenbridge.kit.text import Text
from greenbridge.needs.values import Collateral, GuaranteeMode, Purpose

_NEED = Text("企业填写的需求", "the need as stated")
_TAX = Text("增值税发票数据", "VAT invoice data")
_REGISTRY = Text("市场监管登记数据", "the market regulator's data")
_COURT = Text("法院数据", "court data")
_PENALTY = Text("行政处罚数据", "penalty data")
_LISTS = Text("市场监管名录", "the market regulator's lists")
_TAX_OFFICE = Text("税务部门公告", "the tax office's announcements")
_PROFILE = Text("登记、社保、发票与年报数据", "register, insurance, invoice and annual report data")
_MODEL = Text("违约概率模型（需发票数据）", "the default model (needs invoices)")
_BRANCHES = Text("银行网点清单", "the bank's list of branches")
GREEN_NAMES = {
    "deep": Text("深绿", "deep green"),
    "mid": Text("中绿", "mid green"),
    "light": Text("浅绿", "light green"),
    "ordinary": Text("一般绿色", "ordinary green"),
    "non_green": Text("非绿", "non-green"),
}
GREEN_GRADES = tuple(GREEN_NAMES)  # best first
SIZES = ("large", "medium", "small", "micro")
TAX_GRADES = ("A", "B", "M", "C", "D")

FACTS = {
    fact.name: fact
    for fact in (
        FactName("amount_fen", Text("融资金额", "Amount"), Unit.FEN, _NEED, Subject.NEED),
        FactName("term_months", Text("期限", "Term"), Unit.MONTHS, _NEED, Subject.NEED),
        FactName("max_annual_rate_bp", Text("可接受年利率", "Highest yearly rate"), Unit.BASIS_POINTS, _NEED, Subject.NEED),
        FactName("purpose", Text("用途", "Purpose"), Unit.WORD, _NEED, Subject.NEED, tuple(Purpose)),
        FactName("guarantee_modes", Text("担保方式", "Guarantee modes"), Unit.WORDS, _NEED, Subject.NEED, tuple(GuaranteeMode)),
        FactName("collateral", Text("押品", "Collateral"), Unit.WORDS, _NEED, Subject.NEED, tuple(Collateral)),
        FactName("first_loan", Text("首次贷款", "First loan"), Unit.YES_NO, _NEED, Subject.NEED),
        FactName("region_code", Text("所在地区", "Region"), Unit.REGION, _REGISTRY),
        FactName("industry", Text("行业", "Industry"), Unit.INDUSTRY, _PROFILE),
        FactName("enterprise_size", Text("企业规模", "Size of the firm"), Unit.WORD, _PROFILE, words=SIZES),
        FactName("established_on", Text("成立日期", "Established on"), Unit.DATE, _REGISTRY),
        FactName("firm_age_months", Text("成立时间", "Age of the firm"), Unit.MONTHS, _REGISTRY),
        FactName(
            "legal_representative_unchanged_months",
            Text("法定代表人未变更时间", "Legal representative unchanged for"),
            Unit.MONTHS,
            _REGISTRY,
        ),
        FactName(
            "tax_grade",
            Text("纳税信用等级", "Tax credit grade"),
            Unit.WORD,
            Text("纳税信用评价结果", "the tax credit grade"),
            words=TAX_GRADES,
        ),
        FactName("revenue_12m_fen", Text("近 12 个月开票收入", "Invoiced revenue, 12 months"), Unit.FEN, _TAX),
        FactName("vat_12m_fen", Text("近 12 个月增值税（销项减进项）", "VAT, 12 months (output less input)"), Unit.FEN, _TAX),
        FactName("sales_active_months_12", Text("近 12 个月有开票月份", "Months with invoices, of 12"), Unit.MONTHS, _TAX),
        FactName("sales_zero_months_24", Text("近 24 个月零开票月份", "Months without invoices, of 24"), Unit.MONTHS, _TAX),
        FactName("invoice_history_months", Text("开票历史", "Invoice history"), Unit.MONTHS, _TAX),
        FactName("void_share_12m", Text("近 12 个月作废金额占比", "Void share, 12 months"), Unit.SHARE, _TAX),
        FactName("revenue_growth_12m", Text("开票收入同比", "Revenue growth, 12 months"), Unit.SHARE, _TAX),
        FactName("customer_top1_share", Text("第一大客户占比", "Largest customer's share"), Unit.SHARE, _TAX),
        FactName("customer_top5_share", Text("前五大客户占比", "Top five customers' share"), Unit.SHARE, _TAX),
        FactName("customer_kept_share", Text("老客户销售占比", "Sales to last year's customers"), Unit.SHARE, _TAX),
        FactName("amount_to_revenue", Text("融资金额与年开票收入之比", "Amount to yearly revenue"), Unit.TIMES, _TAX),
        FactName("amount_to_vat", Text("融资金额与年增值税之比", "Amount to yearly VAT"), Unit.TIMES, _TAX),
        FactName("defendant_cases_24m", Text("近 24 个月作为被告的案件", "Cases as defendant, 24 months"), Unit.COUNT, _COURT),
        FactName("open_enforcements", Text("未结被执行案件", "Open enforcement cases"), Unit.COUNT, _COURT),
        FactName("dishonesty_listed", Text("列入失信被执行人名单", "On the dishonesty list"), Unit.YES_NO, _COURT),
        FactName("penalties_24m", Text("近 24 个月行政处罚", "Penalties, 24 months"), Unit.COUNT, _PENALTY),
        FactName("tax_arrears_fen", Text("未结清欠税", "Open tax arrears"), Unit.FEN, _TAX_OFFICE),
        FactName("abnormal_listed", Text("列入经营异常名录", "On the abnormal operation list"), Unit.YES_NO, _LISTS),
        FactName("severe_listed", Text("列入严重违法失信名单", "On the severe illegality list"), Unit.YES_NO, _LISTS),
        FactName("insured_staff", Text("社保参保人数", "Insured staff"), Unit.COUNT, Text("社保缴费数据", "social insurance data")),
        FactName(
            "electricity_growth_12m",
            Text("用电量同比", "Electricity growth, 12 months"),
            Unit.SHARE,
            Text("用电数据", "electricity data"),
        ),
        FactName("default_probability", Text("违约概率", "Probability of default"), Unit.SHARE, _MODEL),
        FactName("green_grade", Text("绿色等级", "Green grade"), Unit.WORD, Text("绿色评级结果", "the green rating"), words=GREEN_GRADES),
        FactName(
            "branch_authority",
            Text("最近网点的辖区", "Reach of the nearest branch"),
            Unit.WORD,
            _BRANCHES,
            Subject.BRANCH,
            tuple(Authority),
        ),
        FactName(
            "branch_approval_fen", Text("最近网点的审批权限", "Approval limit of the nearest branch"), Unit.FEN, _BRANCHES, Subject.BRANCH
        ),
    )
}
NUMERIC_UNITS = frozenset({Unit.FEN, Unit.BASIS_POINTS, Unit.MONTHS, Unit.SHARE, Unit.COUNT, Unit.TIMES})
