"""What it means for two decoded values to be the same, for every book whose values are typed.

What may live here: comparisons of plain values that no book's rules go into.
"""

from __future__ import annotations

import math
from typing import Any


def same(a: Any, b: Any) -> bool:
    """Tell whether two values are the same to the protocol, which keeps 1, 1.0 and true apart."""
    if type(a) is not type(b):
        return False
    if isinstance(a, float):
        return a == b or (math.isnan(a) and math.isnan(b))
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return len(a) == len(b) and all(
            any(same(key, other) and same(value, b[other]) for other in b)
            for key, value in a.items()
        )
    return bool(a == b)
