"""Problems: what a caller did that cannot be done, said so that it can be put right (RFC 9457)."""

from collections.abc import Mapping
from dataclasses import dataclass

from greenbridge.kit.text import Language, Text


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One field of the input and what is wrong with it."""

    field: str
    message: Text


class Problem(Exception):
    """Raised to refuse: rolls the transaction back and becomes problem+json, a page's message or exit code 2."""

    status = 400
    code = "bad-request"
    title = Text("请求有误", "Bad request")
    headers: Mapping[str, str] = {}

    def __init__(self, code: str, zh: str, en: str, *, fields: tuple[FieldProblem, ...] = ()) -> None:
        super().__init__(en)
        self.code = code
        self.detail = Text(zh, en)
        self.fields = fields

    def body(self, language: Language, instance: str | None = None) -> dict[str, object]:
        """Return the RFC 9457 members; `errors` lists fields with their messages."""
        body: dict[str, object] = {
            "type": f"urn:greenbridge:problem:{self.code}",
            "title": self.title.in_(language),
            "status": self.status,
            "detail": self.detail.in_(language),
        }
        if instance:
            body["instance"] = instance
        if self.fields:
            body["errors"] = [{"field": f.field, "message": f.message.in_(language)} for f in self.fields]
        return body


class Invalid(Problem):
    """The input was understood and is wrong."""

    status = 422
    title = Text("内容不符合要求", "Unprocessable content")

    @classmethod
    def at(cls, code: str, field: str, zh: str, en: str) -> "Invalid":
        """Return a problem of one field."""
        return cls(code, zh, en, fields=(FieldProblem(field, Text(zh, en)),))


class NotSignedIn(Problem):
    """Nobody is signed in."""

    status = 401
    title = Text("请先登录", "Not signed in")


class Forbidden(Problem):
    """Signed in, but not for this."""

    status = 403
    title = Text("无权操作", "Forbidden")


class NotFound(Problem):
    """No such thing, or none that this caller may know of."""

    status = 404
    title = Text("未找到", "Not found")


class Conflict(Problem):
    """The thing is in a state that does not allow this."""

    status = 409
    title = Text("与当前状态冲突", "Conflict")
