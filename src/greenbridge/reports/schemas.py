"""Wire types of reports."""

from typing import Any

from greenbridge.kit.wire import Closed


class SignedReportOut(Closed):
    """A signed report. `head` is what is signed: number, root and count of the leaves; `seed` makes the leaves' salts, `leaf_hashes`
    let a check name what was changed; `content` follows docs/schema/credit-report-2.2.schema.json.
    """

    head: dict[str, Any]
    signature: dict[str, str]
    seed: str
    leaf_hashes: dict[str, str]
    content: dict[str, Any]
