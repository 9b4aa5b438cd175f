"""Which branch of a product serves a region, and what it may decide."""

from collections.abc import Sequence

from greenbridge.catalog.values import Authority, Branch, Value

_NEAREST = (Authority.DISTRICT, Authority.CITY, Authority.PROVINCE, Authority.NATIONAL)


def authority(branch_region: str, region_code: str) -> Authority | None:
    """Return how far a branch reaches that serves a region, None when it does not: 330500 serves 330502 as a city's branch."""
    if branch_region == "000000":
        return Authority.NATIONAL
    if branch_region[2:] == "0000":
        return Authority.PROVINCE if branch_region[:2] == region_code[:2] else None
    if branch_region[4:] == "00":
        return Authority.CITY if branch_region[:4] == region_code[:4] else None
    return Authority.DISTRICT if branch_region == region_code else None


def serving(branches: Sequence[Branch], region_code: str) -> tuple[tuple[Authority, Branch], ...]:
    """Return the branches that serve a region with their authority, the nearest first, of equally near ones the larger limit."""
    found = [(authority(branch.region_code, region_code), branch) for branch in branches]
    served = [(level, branch) for level, branch in found if level is not None]
    return tuple(sorted(served, key=lambda pair: (_NEAREST.index(pair[0]), -pair[1].approval_limit_fen, pair[1].region_code)))


def branch_facts(branches: Sequence[Branch], region_code: Value | None) -> dict[str, Value | None]:
    """Return the facts of the nearest branch; unknown where the product states no branches or the firm's region is unknown."""
    if not branches or not isinstance(region_code, str):
        return {"branch_authority": None, "branch_approval_fen": None}
    served = serving(branches, region_code)
    if not served:
        return {"branch_authority": Authority.NONE.value, "branch_approval_fen": 0}
    level, branch = served[0]
    return {"branch_authority": level.value, "branch_approval_fen": branch.approval_limit_fen}
