"""Text of the hosts that no state changes, as the lab recorded it (package data)."""

from functools import cache
from importlib import resources


@cache
def host_text(name: str) -> str:
    """The text of ``recorded/host_NAME``."""
    return (resources.files("coldstart.drill") / "recorded" / f"host_{name}").read_text("utf-8")
