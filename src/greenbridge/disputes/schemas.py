"""Wire types of objections."""

from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from greenbridge.disputes.rules import MOST
from greenbridge.disputes.values import Answer, Draft, Escalation, Ground, Objection, Outcome, State
from greenbridge.kit.wire import Closed


class NewObjection(Closed):
    """An objection to a record of the caller's firm: its item and key as the list of facts gives them."""

    item: str
    key: str
    ground: Ground
    text: str = Field(max_length=10 * MOST)

    def draft(self) -> Draft:
        """Return the value."""
        return Draft(self.ground, self.text)


class AnswerIn(Closed):
    """The operator's answer."""

    outcome: Outcome
    text: str = Field(max_length=10 * MOST)

    def value(self) -> Answer:
        """Return the value."""
        return Answer(self.outcome, self.text)


class ObjectionOut(Closed):
    """An objection; `due_on` and `last_on` are null while the holidays of a year ahead are not known. `corrected_by`: a delivery."""

    id: UUID
    number: str
    enterprise_id: UUID
    item: str
    key: str
    ground: Ground
    text: str
    policy: str
    raised_at: datetime
    due_on: date | None
    last_on: date | None
    state: State
    escalation: Escalation | None
    outcome: Outcome | None
    answer: str | None
    closed_at: datetime | None
    corrected_by: UUID | None

    @classmethod
    def of(cls, o: Objection) -> "ObjectionOut":
        """Return the wire form."""
        return cls(
            id=o.id,
            number=o.number,
            enterprise_id=o.enterprise_id,
            item=o.item,
            key=o.key,
            ground=o.ground,
            text=o.text,
            policy=o.policy,
            raised_at=o.raised_at,
            due_on=o.deadlines.due_on,
            last_on=o.deadlines.last_on,
            state=o.state,
            escalation=o.escalation,
            outcome=o.outcome,
            answer=o.answer or None,
            closed_at=o.closed_at,
            corrected_by=o.corrected_by,
        )
