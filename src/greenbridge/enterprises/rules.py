"""Whether what the firm says of itself agrees with the market regulator."""

import unicodedata

from greenbridge.enterprises.values import RegistryRecord
from greenbridge.kit.errors import FieldProblem
from greenbridge.kit.text import Text

NOT_OPERATING = ("注销", "吊销", "迁出", "停业", "撤销")


def comparable(name: str) -> str:
    """Return a name for comparison: full-width forms folded, blanks dropped. `（` equals `(`."""
    return "".join(unicodedata.normalize("NFKC", name).split()).casefold()


def name_problem(name: str) -> FieldProblem | None:
    """Return what is wrong with a firm's name as typed."""
    if not 2 <= len(name.strip()) <= 120:
        return FieldProblem("name", Text("企业名称为 2 至 120 个字符", "A firm's name has 2 to 120 characters"))
    return None


def mismatches(uscc: str, name: str, record: RegistryRecord | None) -> tuple[FieldProblem, ...]:
    """Return where the claim and the registry differ; empty means verified.

    The registry's own name is not repeated: a stranger with a code must not learn it here.
    """
    if record is None:
        zh, en = f"市场监管数据中没有统一社会信用代码 {uscc}", f"The market regulator has no code {uscc}"
        return (FieldProblem("uscc", Text(zh, en)),)
    found = []
    if comparable(name) != comparable(record.name):
        zh, en = (
            "名称与市场监管登记的不一致，请按营业执照填写",
            "The name differs from the registered one; type it as on the licence",
        )
        found.append(FieldProblem("name", Text(zh, en)))
    if record.state and any(word in record.state for word in NOT_OPERATING):
        found.append(FieldProblem("uscc", Text(f"登记状态为“{record.state}”，不能办理", f"The registered state is {record.state}")))
    return tuple(found)
