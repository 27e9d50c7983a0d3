"""Asking the readers once more about the octets of a finding.

What may live here: that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wirebook.conformance.corpus import Finding
from wirebook.fuzz.differential import on_target
from wirebook.fuzz.differential.readers import in_process, judged, module_of
from wirebook.fuzz.lots import Lot


def replay(finding: Finding, target: Mapping[str, Any] | None = None) -> str:
    """Return how the readers still part over the octets of a finding, or nothing if they agree.

    The readers are the schema and the codec, or the schema and a target.
    """
    sent = bytes.fromhex(str(finding.steps[-1]["hex"]))
    data = module_of(finding.book).octets(finding.message, sent)
    if target is not None:
        lot = Lot(finding.book, finding.role, "differential", finding.seed, 1, target=target)
        return on_target.parting(lot, data)
    parted = judged(in_process(finding.book), finding.message, data)
    return parted.signature if parted else ""
