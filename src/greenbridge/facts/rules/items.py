"""The codes of items that code speaks of; the catalogue itself is data (facts/catalogue)."""

from greenbridge.kit.text import Text

VAT_INVOICES = "tax.vat_invoices"
TAX_GRADE = "tax.credit_grade"
TAX_PAID = "tax.paid"
TAX_ARREARS = "tax.arrears"
REGISTRATION = "registration.basic"
BRANCHES = "registration.branches"
SHAREHOLDERS = "registration.shareholders"
CHANGES = "registration.changes"
ABNORMAL_LIST = "annual_report.abnormal_list"
SEVERE_LIST = "annual_report.severe_illegal_list"
JUDGMENTS = "courts.judgments"
ENFORCEMENT = "courts.enforcement"
DISHONESTY = "courts.dishonesty"
PENALTIES = "penalties.administrative"
ELECTRICITY = "utilities.electricity"
SOCIAL_INSURANCE = "social_insurance.payments"

REASONS = {
    "missing_field": Text("缺少必填项", "A required field is empty"),
    "missing_identity": Text("没有可识别企业的代码或名称", "Nothing tells which firm it is"),
    "bad_code": Text("统一社会信用代码有误", "The social credit code is wrong"),
    "unknown_firm": Text("按名称或旧注册号找不到企业", "No firm of this name or old number is known"),
    "doubtful_identity": Text("企业身份存疑，等待运营确认", "Which firm it is is in doubt: the operator decides"),
    "bad_date": Text("日期无法识别", "A date cannot be read"),
    "later_than_today": Text("日期晚于业务日期", "A date lies after the business date"),
    "dates_reversed": Text("起止日期颠倒", "A period ends before it begins"),
    "bad_number": Text("数字或金额无法识别", "A number cannot be read"),
    "foreign_currency": Text("金额不是人民币", "The amount is not in yuan"),
    "under_minimum": Text("数值低于允许的最小值", "A number is under its minimum"),
    "over_maximum": Text("数值高于允许的最大值", "A number is over its maximum"),
    "bad_text": Text("含有不允许的字符", "A text holds a character that is not allowed"),
    "bad_choice": Text("取值不在代码表内", "A value is not in its code list"),
    "gross_mismatch": Text("金额加税额不等于价税合计", "Net plus tax is not gross"),
    "duplicate_row": Text("与已收到的记录完全重复", "The same record came before"),
    "conflicting_row": Text("同一文件内同一记录内容不一致", "The same file states the record differently before"),
    "superseded_row": Text("已有更新的状态", "A later state of the record is known already"),
}
