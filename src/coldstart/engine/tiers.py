"""What a hint may say is decided by the protection tier of what failed, not by who wrote the hint (SOP 10)."""

import re

_SAYS = {
    "BLOCK": "Needs human approval (BLOCK: no automatic destructive action).",
    "CRITICAL_HITL": "Needs human approval (CRITICAL_HITL: restart and repair with a human in the loop).",
    "AUTO": "Automation may restart it after verification (AUTO).",
}
_APPROVAL = re.compile(r"(?<!\bno )(?<!\bwithout )(?<!\bnot need )human approval", re.IGNORECASE)


def spoken(hint: str, tier: str) -> str:
    """Return the hint as it is shown: one for a tier that needs human approval says so, whatever its author wrote."""
    said = _SAYS.get(tier, "")
    if not said or (tier != "AUTO" and _APPROVAL.search(" ".join(hint.split()))):
        return hint
    return f"{hint} {said}".strip()
