"""What must never get into the corpus: keys, tokens, passwords, and paths of the machine that recorded."""

import re
from collections.abc import Iterable

SHAPES = {
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY|b3BlbnNzaC1rZXktdjE",
    "a bearer token": r"(?i)\bbearer\s+[A-Za-z0-9._~+/-]{12,}",
    "a JSON web token": r"\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.",
    "a K3s token": r"\bK10[0-9a-f]{32,}",
    "a key of AWS": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a token of a Git forge or of Slack": r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|glpat-[\w-]{16,}|xox[abprs]-[\w-]{10,})",
    "a token of Telegram": r"\b\d{8,10}:[A-Za-z0-9_-]{35}\b",
    "a password or token beside its name": r"(?i)(?:password|passwd|secret|token|api[_-]?key)[\"']?\s*"
    r"(?:=\s*[\"']?[^\s\"',;\[\](){}<>]{3}|:\s*[\"']?(?=\S*\d)[^\s\"',;\[\](){}<>]{6})",
    "a password in a URL": r"://[^\s/:@]+:[^\s/:@]+@",
    "the hash of a password": r"\$(?:1|2[aby]|5|6|y)\$[./A-Za-z0-9$]{16,}",
}  # fmt: skip
"""By what it is, how it looks."""


def found(text: str, known: Iterable[str] = ()) -> list[str]:
    """Name every kind of secret in `text`: by its shape, or because it is one of the `known`. Never prints it."""
    named = [name for name, shape in SHAPES.items() if re.search(shape, text)]
    return named + ["a secret of this lab"] * any(secret in text for secret in known)
