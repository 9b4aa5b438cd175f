"""The items that departments deliver (the 37-item catalogue grows from here)."""

from greenbridge.facts.values import Field, Item, Kind
from greenbridge.kit.text import Text

TAX = Text("税务局", "Tax bureau")
MARKET = Text("市场监督管理局", "Market regulator")
COURT = Text("人民法院", "Courts")
POWER = Text("供电公司", "Power utility")

VAT_INVOICES = "tax.vat_invoices"
TAX_GRADE = "tax.credit_grade"
REGISTRATION = "registration.basic"
COURT_CASES = "courts.cases"
PENALTIES = "penalties.administrative"
ELECTRICITY = "utilities.electricity"

_USCC = Field(
    "uscc",
    Kind.TEXT,
    Text("统一社会信用代码", "Social credit code"),
    required=True,
    names=("统一社会信用代码", "credit_code"),
)

ITEMS = {
    item.code: item
    for item in (
        Item(
            VAT_INVOICES,
            TAX,
            Text("增值税发票", "VAT invoices"),
            31,
            (
                _USCC,
                Field(
                    "direction",
                    Kind.CHOICE,
                    Text("进项或销项", "Input or output"),
                    required=True,
                    choices=("input", "output"),
                ),
                Field("invoice_no", Kind.TEXT, Text("发票号码", "Invoice number"), required=True, names=("发票号码",)),
                Field("issue_date", Kind.DATE, Text("开票日期", "Issue date"), required=True, names=("开票日期",)),
                Field(
                    "counterparty_id",
                    Kind.TEXT,
                    Text("对方单位", "Counterparty"),
                    required=True,
                    names=("购方单位代号", "销方单位代号"),
                ),
                Field("amount_net", Kind.YUAN, Text("金额", "Net amount"), required=True, names=("金额",)),
                Field("tax", Kind.YUAN, Text("税额", "Tax"), required=True, names=("税额",)),
                Field("amount_gross", Kind.YUAN, Text("价税合计", "Gross amount"), required=True, names=("价税合计",)),
                Field(
                    "status",
                    Kind.CHOICE,
                    Text("发票状态", "Status"),
                    required=True,
                    names=("发票状态",),
                    choices=("valid", "void"),
                ),
            ),
            key=("direction", "invoice_no", "issue_date", "counterparty_id", "amount_net", "tax", "status"),
        ),
        Item(
            TAX_GRADE,
            TAX,
            Text("纳税信用等级", "Tax credit grade"),
            400,
            (
                _USCC,
                Field("year", Kind.NUMBER, Text("评价年度", "Year"), required=True, minimum=2014),
                Field("grade", Kind.CHOICE, Text("等级", "Grade"), required=True, choices=("A", "B", "M", "C", "D")),
                Field("published_on", Kind.DATE, Text("公布日期", "Published on"), required=True),
            ),
            key=("year",),
            valid_from="published_on",
        ),
        Item(
            REGISTRATION,
            MARKET,
            Text("登记基本信息", "Basic registration"),
            31,
            (
                _USCC,
                Field("name", Kind.TEXT, Text("企业名称", "Name"), required=True, names=("企业名称",)),
                Field("established", Kind.DATE, Text("成立日期", "Established on"), names=("成立日期", "established_on")),
                Field("legal_form", Kind.TEXT, Text("企业类型", "Legal form")),
                Field("capital_raw", Kind.TEXT, Text("注册资本", "Registered capital")),
                Field("reg_region_code", Kind.TEXT, Text("登记地区划", "Region code"), names=("region_code",)),
                Field("address", Kind.TEXT, Text("住所", "Address")),
                Field("business_scope", Kind.TEXT, Text("经营范围", "Business scope")),
                Field("state", Kind.TEXT, Text("登记状态", "State")),
                Field(
                    "legal_representative_changed_on",
                    Kind.DATE,
                    Text("法定代表人最近变更", "Legal representative last changed on"),
                ),
            ),
            key=(),
            valid_from="established",
        ),
        Item(
            COURT_CASES,
            COURT,
            Text("司法案件", "Court cases"),
            7,
            (
                _USCC,
                Field("case_no", Kind.TEXT, Text("案号", "Case number"), required=True),
                Field(
                    "kind",
                    Kind.CHOICE,
                    Text("类别", "Kind"),
                    required=True,
                    choices=("judgment", "enforcement", "dishonesty"),
                ),
                Field("role", Kind.CHOICE, Text("诉讼地位", "Role"), required=True, choices=("plaintiff", "defendant")),
                Field("cause", Kind.TEXT, Text("案由", "Cause")),
                Field("amount", Kind.YUAN, Text("标的额", "Amount"), minimum=0),
                Field("decided_on", Kind.DATE, Text("裁判或立案日期", "Decided on"), required=True),
                Field("closed_on", Kind.DATE, Text("结案日期", "Closed on")),
            ),
            key=("case_no", "kind"),
            valid_from="decided_on",
        ),
        Item(
            PENALTIES,
            MARKET,
            Text("行政处罚", "Administrative penalties"),
            7,
            (
                _USCC,
                Field("document_no", Kind.TEXT, Text("决定书文号", "Document number"), required=True),
                Field("authority", Kind.TEXT, Text("处罚机关", "Authority"), required=True),
                Field("fact", Kind.TEXT, Text("违法事实", "What was done")),
                Field("amount", Kind.YUAN, Text("罚款金额", "Fine"), minimum=0),
                Field("decided_on", Kind.DATE, Text("处罚日期", "Decided on"), required=True),
                Field("shown_until", Kind.DATE, Text("公示截止", "Shown until")),
            ),
            key=("document_no",),
            valid_from="decided_on",
            valid_to="shown_until",
        ),
        Item(
            ELECTRICITY,
            POWER,
            Text("用电量", "Electricity"),
            45,
            (
                _USCC,
                Field("month", Kind.DATE, Text("月份", "Month"), required=True),
                Field("usage_kwh", Kind.NUMBER, Text("用电量（千瓦时）", "Usage, kWh"), required=True, minimum=0),
            ),
            key=("month",),
            valid_from="month",
        ),
    )
}

REASONS = {
    "missing_field": Text("缺少必填项", "A required field is empty"),
    "bad_code": Text("统一社会信用代码有误", "The social credit code is wrong"),
    "bad_date": Text("日期无法识别", "A date cannot be read"),
    "later_than_today": Text("日期晚于业务日期", "A date lies after the business date"),
    "bad_number": Text("数字或金额无法识别", "A number cannot be read"),
    "under_minimum": Text("数值低于允许的最小值", "A number is under its minimum"),
    "bad_text": Text("含有不允许的字符", "A text holds a character that is not allowed"),
    "bad_choice": Text("取值不在代码表内", "A value is not in its code list"),
    "gross_mismatch": Text("金额加税额不等于价税合计", "Net plus tax is not gross"),
    "duplicate_row": Text("与已收到的记录完全重复", "The same record came before"),
}
