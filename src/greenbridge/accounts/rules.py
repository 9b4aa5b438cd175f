"""What a log-in may be, and who may open an account for whom."""

from greenbridge.accounts.values import Role
from greenbridge.kit.errors import FieldProblem
from greenbridge.kit.text import Text

MIN_PASSWORD, MAX_PASSWORD = 10, 200


def sign_up_problems(login: str, password: str) -> tuple[FieldProblem, ...]:
    """Return what is wrong with a new log-in. Length counts, not kinds of characters (NIST SP 800-63B)."""
    found = []
    if not (3 <= len(login) <= 100) or any(c.isspace() for c in login):
        found.append(FieldProblem("login", Text("登录名为 3 至 100 个字符，不含空格", "A log-in has 3 to 100 characters and no blanks")))
    if not (MIN_PASSWORD <= len(password) <= MAX_PASSWORD):
        found.append(FieldProblem("password", Text("密码至少 10 个字符", "A password has at least 10 characters")))
    if password and password.strip().lower() == login.strip().lower():
        found.append(FieldProblem("password", Text("密码不能与登录名相同", "The password must differ from the log-in")))
    return tuple(found)


def may_open(opener: Role, role: Role, *, same_organisation: bool) -> bool:
    """Return whether an account of `opener` may open one of `role`: an operator any, a bank administrator its own officers."""
    if opener is Role.OPERATOR:
        return True
    return opener is Role.BANK_ADMINISTRATOR and role is Role.OFFICER and same_organisation
