"""The sections of a credit report, from what its reader may see as of a day."""

from greenbridge.reports.rules.sections.adverse import legal_risk, operating_risk
from greenbridge.reports.rules.sections.associations import associations
from greenbridge.reports.rules.sections.evaluation import comparison, evaluations, queries
from greenbridge.reports.rules.sections.operation import operation
from greenbridge.reports.rules.sections.registration import registration
from greenbridge.reports.values import Material, Section

PARTS = (registration, associations, operation, legal_risk, operating_risk, evaluations, comparison, queries)


def all_sections(material: Material) -> tuple[Section, ...]:
    """Return the eight parts in their fixed order."""
    return tuple(part(material) for part in PARTS)


__all__ = ["all_sections"]
