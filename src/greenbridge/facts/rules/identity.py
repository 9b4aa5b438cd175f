"""Which firm a row speaks of: by code, by an old number, or by its name within its region; never merged on doubt."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

# From here on a match by name is taken; below it waits for the operator.
SURE = 0.9
_FORMS = (
    ("有限责任公司", "有限公司"),
    ("股份有限责任公司", "股份有限公司"),
    ("(集团)", "集团"),
    ("集团公司", "集团有限公司"),
)
_ENDINGS = (
    "股份有限公司",
    "集团有限公司",
    "有限公司",
    "合伙企业(有限合伙)",
    "合伙企业(普通合伙)",
    "专业合作社",
    "股份公司",
    "公司",
    "厂",
    "店",
)
# Marks between two digits tell names apart: 石油1-2 is not 石油12.
_NOISE = re.compile(r"[\s·•,，。、'\"“”‘’]+|(?<!\d)[.\-—_]+|[.\-—_]+(?!\d)")
_BRACKETS = str.maketrans("【】[]〔〕{}", "()()()()")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A known firm that a name may mean. `name` is normalised."""

    uscc: str
    name: str
    region_code: str


@dataclass(frozen=True, slots=True)
class Resolution:
    """The firm that a row means (None: not known), how sure that is in [0, 1], and by what."""

    uscc: str | None
    confidence: float
    by: str
    candidates: tuple[str, ...] = ()

    @property
    def sure(self) -> bool:
        """Return whether the row may be taken without asking anybody."""
        return self.uscc is not None and self.confidence >= SURE


def normalise_name(name: str) -> str:
    """Return a firm's name as it is compared: half width, one kind of brackets, one spelling of its legal form.

    `湖州ＡＢＣ（集团）有限责任公司` is `湖州ABC集团有限公司`.
    """
    text = _NOISE.sub("", unicodedata.normalize("NFKC", name).translate(_BRACKETS)).upper()
    for spelling, form in _FORMS:
        text = text.replace(spelling, form)
    return text


def core_name(name: str) -> str:
    """Return a normalised name without its legal form: what may be alike between two different firms."""
    text = normalise_name(name)
    for ending in _ENDINGS:
        if text.endswith(ending) and len(text) > len(ending) + 1:
            return text.removesuffix(ending)
    return text


def resolve_name(name: str, region_code: str | None, candidates: Sequence[Candidate]) -> Resolution:
    """Return which of the candidates a name means.

    The same normalised name in the same county: 0.98; in the same city 0.95; the only one of its name in the province, where the row
    names no more than that, 0.92; where it names no region 0.85; of another region 0.6; only the name without its legal form alike:
    0.5. Two that fit equally well: in doubt.
    """
    if not candidates:
        return Resolution(None, 0.0, "name")
    normal = normalise_name(name)
    graded = sorted(((_likeness(normal, region_code, c), c.uscc) for c in candidates), reverse=True)
    best, uscc = graded[0]
    everyone = tuple(dict.fromkeys(code for _, code in graded))
    rivals = {code for grade, code in graded if grade == best}
    if len(rivals) > 1:
        return Resolution(uscc, min(best, 1 / len(rivals)), "name", everyone)
    return Resolution(uscc, best, "name", everyone)


def _likeness(normal: str, region_code: str | None, candidate: Candidate) -> float:
    if candidate.name != normal:
        return 0.5 if not region_code or candidate.region_code[:4] == region_code[:4] else 0.3
    if not region_code:
        return 0.85
    if candidate.region_code == region_code:
        return 0.98
    if region_code.endswith("0000"):
        return 0.92 if candidate.region_code[:2] == region_code[:2] else 0.6
    return 0.95 if candidate.region_code[:4] == region_code[:4] else 0.6
