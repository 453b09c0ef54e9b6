"""How hard property tests look: quickly by default, at length with COLDSTART_THOROUGH=1 (CI does both)."""

import os

THOROUGH = os.environ.get("COLDSTART_THOROUGH") == "1"
_SHARE = 6


def examples(count: int) -> int:
    """The number of examples of a property test: all of `count`, or a share of it for the fast suite."""
    return count if THOROUGH else max(2, count // _SHARE)
