"""Where in the product a firm takes the steps of a plan."""

from urllib.parse import urlencode
from uuid import UUID

from greenbridge.kit.text import Text
from greenbridge.matching.values import Plan, Step, StepKind

OF_THE_NEED = {StepKind.AMOUNT, StepKind.TERM, StepKind.RATE, StepKind.GUARANTEE, StepKind.COLLATERAL}
RECORDS = {StepKind.PAY_ARREARS, StepKind.LEAVE_LIST}
AGAIN, SAY = Text("按此条件新建需求", "New need on these terms"), Text("补充说明并新建需求", "Say it in a new need")
EVIDENCE = Text("上传绿色佐证材料", "Upload green evidence")
RECORD = Text("查看记录，有误可提异议", "See the record, object if it is wrong")


def places(plan: Plan, need_id: UUID) -> list[tuple[str, Text]]:
    """Return (address, what the link says) for the steps that have a place; waiting for time or a department has none."""
    found = []
    terms = [step for step in plan.steps if step.kind in OF_THE_NEED]
    if terms or any(step.kind is StepKind.STATE for step in plan.steps):
        asked = urlencode({"like": str(need_id), **{step.fact: _typed(step) for step in terms}})
        found.append((f"/enterprise/needs/new?{asked}", AGAIN if terms else SAY))
    if any(step.kind is StepKind.EVIDENCE for step in plan.steps):
        found.append(("/enterprise/green", EVIDENCE))
    if any(step.kind in RECORDS for step in plan.steps):
        found.append(("/enterprise/records", RECORD))
    return found


def _typed(step: Step) -> str:
    return ",".join(step.after) if isinstance(step.after, tuple) else str(step.after)
