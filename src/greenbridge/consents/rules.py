"""Whether a consent may be granted, whether it allows a read now, and which fields it lets through."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from greenbridge.accounts.values import StaffFunction
from greenbridge.consents.values import (
    IDENTITY,
    WORK_STEP_NAMES,
    Access,
    Consent,
    DescribedItem,
    ItemInWords,
    Narrowing,
    Purpose,
    Refusal,
    Scope,
    Template,
    View,
    Withheld,
    WorkStep,
)
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import FieldProblem
from greenbridge.kit.text import Text

MAX_LEVEL = 5


def purpose_of(step: WorkStep) -> Purpose:
    """Return the purpose that a work step belongs to."""
    return Purpose.POST_LOAN if step is WorkStep.POST_LOAN else Purpose.LOAN_REVIEW


def standing(consents: Iterable[Consent], purpose: Purpose, today: date) -> Consent | None:
    """Return the consent to a purpose that stands today: the one granted last."""
    good = [c for c in consents if c.purpose is purpose and c.ended_at is None and c.expires_on >= today]
    return max(good, key=lambda c: c.granted_at, default=None)


def functions_of(template: Template) -> tuple[StaffFunction, ...]:
    """Return the staff functions that may read anything at all under a template."""
    found = {function for by_function in template.levels.values() for function in by_function}
    return tuple(function for function in StaffFunction if function in found)


def granted(template: Template, narrowing: Narrowing, today: date) -> tuple[Scope, tuple[StaffFunction, ...], int, date]:
    """Return (scope, functions, number of reads, last day) of a consent: the template's, narrowed."""
    highest = max(level for by_function in template.levels.values() for level in by_function.values())
    scope = Scope(_or(narrowing.max_level, highest), _or(narrowing.months, template.max_months), narrowing.withheld)
    functions = functions_of(template) if narrowing.functions is None else narrowing.functions
    days = _or(narrowing.days, template.max_days)
    return scope, functions, _or(narrowing.max_reads, template.max_reads), today + timedelta(days=min(days, 10_000))


def _or(given: int | None, usual: int) -> int:
    return usual if given is None else given


def meet(one: Scope, other: Scope) -> Scope:
    """Return what both scopes allow."""
    return Scope(min(one.max_level, other.max_level), min(one.months, other.months), one.withheld | other.withheld)


def grant_problems(
    template: Template, steps: Sequence[WorkStep], narrowing: Narrowing, known: Iterable[DescribedItem]
) -> tuple[FieldProblem, ...]:
    """Return what keeps a consent from being granted: what is above its template, or names nothing."""
    found: list[FieldProblem] = []

    def within(field: str, value: int | None, most: int, zh: str, en: str) -> None:
        if value is not None and not 1 <= value <= most:
            found.append(FieldProblem(field, Text(f"{zh}应为 1 至 {most}", f"{en} must be 1 to {most}")))

    within("max_level", narrowing.max_level, MAX_LEVEL, "敏感度", "The sensitivity")
    within("months", narrowing.months, template.max_months, "月数", "The number of months")
    within("days", narrowing.days, template.max_days, "天数", "The number of days")
    within("max_reads", narrowing.max_reads, template.max_reads, "查阅次数", "The number of reads")
    if wrong := [step for step in steps if step not in template.levels]:
        names = WORK_STEP_NAMES[wrong[0]]
        found.append(FieldProblem("steps", Text(f"该用途不含“{names.zh}”环节", f"This purpose has no step {names.en}")))
    if narrowing.functions is not None and not set(narrowing.functions) & set(functions_of(template)):
        found.append(FieldProblem("functions", Text("至少选择一个可查阅的岗位", "Choose at least one function that may read")))
    keys = {key for item in known for key in (item.code, *(f"{item.code}.{name}" for name, _, _ in item.fields))}
    if unknown := sorted(narrowing.withheld - keys):
        found.append(FieldProblem("withheld", Text(f"没有数据项或字段 {unknown[0]}", f"There is no item or field {unknown[0]}")))
    if narrowing.withheld & IDENTITY:
        found.append(
            FieldProblem("withheld", Text("企业名称和代码随授权告知，不能隐藏", "A consent tells name and code; they cannot be withheld"))
        )
    return tuple(found)


def refusal(
    consents: Sequence[Consent],
    purpose: Purpose,
    step: WorkStep,
    function: StaffFunction | None,
    template: Template,
    used: tuple[int, int],
    today: date,
) -> Refusal | None:
    """Return why nothing may be read now; `used`: reads under the standing consent in all and today.

    The template is asked again at each read: where it became narrower, an older consent allows no more than it does now.
    """
    of_purpose = [c for c in consents if c.purpose is purpose]
    consent = standing(of_purpose, purpose, today)
    if consent is None:
        return _no_standing(of_purpose, today)
    if step not in consent.steps:
        names = WORK_STEP_NAMES[step]
        return _refusal("step-not-agreed", f"企业授权不含“{names.zh}”环节。", f"The firm's consent does not cover the step: {names.en}.")
    if function is None or function not in consent.functions or function not in template.levels.get(step, {}):
        names = WORK_STEP_NAMES[step]
        zh, en = f"您的岗位在“{names.zh}”环节不能查阅。", f"Your staff function may not read at this step: {names.en}."
        return _refusal("function-not-agreed", zh, en)
    most = min(consent.max_reads, template.max_reads)
    if used[0] >= most:
        return _refusal("reads-used-up", f"授权的 {most} 次查阅已用完。", f"The {most} reads that were agreed are used up.")
    if used[1] >= template.max_reads_a_day:
        n = template.max_reads_a_day
        return _refusal(
            "reads-of-today-used-up", f"今日 {n} 次查阅已用完，请明日再试。", f"Today's {n} reads are used up; try again tomorrow."
        )
    return None


def _no_standing(consents: Sequence[Consent], today: date) -> Refusal:
    """Tell a bank that had a consent what became of it; whoever never had one learns nothing."""
    last = max((c for c in consents if c.replaced_by is None), key=lambda c: c.granted_at, default=None)
    if last and last.ended_at is not None:
        day = business_date(last.ended_at)
        return _refusal("consent-withdrawn", f"企业已于 {day} 撤回授权。", f"The firm withdrew its consent on {day}.")
    if last and last.expires_on < today:
        return _refusal("consent-over", f"授权已于 {last.expires_on} 到期。", f"The consent ended on {last.expires_on}.")
    return _refusal("no-consent", "企业尚未授权贵行查阅。", "The firm has not agreed that your bank reads it.")


def _refusal(code: str, zh: str, en: str) -> Refusal:
    return Refusal(code, Text(zh, en))


def access(consent: Consent, step: WorkStep, function: StaffFunction, template: Template, view: View | None) -> Access:
    """Return what a reader may see at a step: the narrowest of consent, template and the bank's own view."""
    scope = Scope(consent.scope.max_level, min(consent.scope.months, template.max_months), consent.scope.withheld)
    return Access(consent.id, consent.purpose, step, function, scope, template.levels[step][function], view)


def would_see(template: Template, step: WorkStep, function: StaffFunction, narrowing: Narrowing, view: View | None) -> Access:
    """Return what a reader would see under a consent that is narrowed so; one of whose functions it is none sees nothing."""
    scope, functions, _, _ = granted(template, narrowing, template.in_force_from)
    cap = template.levels[step][function] if function in functions else 0
    return Access(None, template.purpose, step, function, scope, cap, view)


def age(day: date | None, today: date) -> int:
    """Return how many calendar months back a day lies, of which the running one does not count; None speaks of now: 0.

    `age(date(2025, 2, 28), date(2026, 3, 10)) == 12`, the day after it is 11.
    """
    return 0 if day is None else max(0, (today.year - day.year) * 12 + today.month - day.month - 1)


def withheld(found: Access, key: str, level: int, months: int = 0) -> Withheld | None:
    """Return why a field (`tax.paid.paid`) is not shown, None where it is; `months`: how far back what is shown reaches.

    Name and code are always shown to a function that reads at all, also where their item is withheld.
    """
    if key in IDENTITY and found.step_level:
        return None
    item = key.rpartition(".")[0]
    scope = found.scope
    if level > scope.max_level or months > scope.months or key in scope.withheld or item in scope.withheld:
        return Withheld.BY_FIRM
    if level > found.step_level:
        return Withheld.BY_STEP
    if found.view and (level > found.view.max_level or key in found.view.hidden or item in found.view.hidden):
        return Withheld.BY_BANK
    return None


def hidden_fields(view: View, cap: int, known: Iterable[DescribedItem]) -> list[str]:
    """Return the fields that a bank hides from a function, of those that consents let it see (up to `cap`)."""
    return [
        key
        for item in known
        for name, _, level in item.fields
        if (key := f"{item.code}.{name}") not in IDENTITY
        and level <= cap
        and (level > view.max_level or key in view.hidden or item.code in view.hidden)
    ]


def by_category(known: Iterable[DescribedItem]) -> list[tuple[Text, list[DescribedItem]]]:
    """Return (category, its items) in the order of the catalogue."""
    groups: dict[str, tuple[Text, list[DescribedItem]]] = {}
    for item in known:
        groups.setdefault(item.category.en, (item.category, []))[1].append(item)
    return list(groups.values())


def in_words(found: Access, known: Iterable[DescribedItem]) -> list[tuple[Text, list[ItemInWords]]]:
    """Return (category, its items) with the labels of what is shown and what is withheld."""

    def item_in_words(item: DescribedItem) -> ItemInWords:
        parts: tuple[list[Text], list[Text]] = ([], [])
        for name, label, level in item.fields:
            parts[withheld(found, f"{item.code}.{name}", level) is not None].append(label)
        return ItemInWords(item.label, item.department, tuple(parts[0]), tuple(parts[1]))

    return [(category, [item_in_words(item) for item in group]) for category, group in by_category(known)]


def is_overdue(consent: Consent, today: date) -> bool:
    """Return whether the bank still owes the receipt of a withdrawal after its due day."""
    return consent.receipt_due_on is not None and consent.receipt_at is None and consent.receipt_due_on < today
