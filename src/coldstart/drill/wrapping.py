"""What coldstart puts around a command that it sends: env(1), sudo(8), timeout(1)."""

import re
from collections.abc import Sequence

_WRAPPING = {"env", "sudo", "-n", "--"}
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)s?")


def unwrapped(argv: Sequence[str]) -> Sequence[str]:
    """The command that env(1), sudo(8) and timeout(1) would end up running."""
    rest = list(argv)
    if rest[:1] == ["env"]:
        rest = rest[1:]
        while rest and "=" in rest[0]:
            rest = rest[1:]
    if rest[:3] == ["sudo", "-n", "--"]:
        rest = rest[3:]
    if rest[:1] == ["timeout"]:
        rest = rest[3:] if rest[1:2] and rest[1].startswith("--kill-after") else rest[2:]
    return rest


def limit_of(argv: Sequence[str]) -> float | None:
    """The seconds that a command is given by the timeout(1) around it; None: it is not within one."""
    for index, word in enumerate(argv):
        if word == "timeout":
            rest = [other for other in argv[index + 1 :] if not other.startswith("--kill-after=")][:1]
            match = _SECONDS.fullmatch(rest[0]) if rest else None
            return float(match[1]) if match else None
        if word not in _WRAPPING and "=" not in word:
            break
    return None
