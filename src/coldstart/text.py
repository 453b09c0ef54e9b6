"""Text from the world is hostile: made visible once, where it enters an outcome (design.md section 6)."""

import re

# C0 without tab and newline, DEL, C1, bidi controls and isolates, zero-width and line/paragraph separators, BOM, lone
# surrogates, and the tag block: all that can move a cursor, hide text or reorder it.
_HOSTILE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
_LINE_BREAKS = {"\n": "\\n", "\t": "\\t"}


def _escape(match: re.Match[str]) -> str:
    point = ord(match.group())
    if point == ord("\r"):
        return "\\r"
    if point < 0x100:  # noqa: PLR2004 - two hexadecimal digits suffice
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"  # noqa: PLR2004 - the basic plane


def visible(text: str) -> str:
    """Return `text` with each control, bidi and invisible character as a visible escape; newline and tab stay."""
    return _HOSTILE.sub(_escape, text)


def one_line(text: str, limit: int = 300) -> str:
    """Return `text` visible, on one line, and at most `limit` characters long (a cut shows as …)."""
    flat = visible(text.strip())
    for raw, shown in _LINE_BREAKS.items():
        flat = flat.replace(raw, shown)
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


def decoded(data: bytes) -> str:
    r"""Return `data` as text for people: UTF-8 where it is, the other bytes as ``\xNN``, controls made visible."""
    return visible(data.decode("utf-8", errors="backslashreplace"))


def plural(count: int, word: str, words: str | None = None) -> str:
    """Return ``1 check`` or ``2 checks``."""
    return f"{count} {word}" if count == 1 else f"{count} {words or word + 's'}"


def span(seconds: float) -> str:
    """Return a length of time in its two largest units: ``4 s``, ``12 min``, ``3 h 20 min``, ``2 d 4 h``."""
    whole = max(0, round(seconds))
    if whole < 60:  # noqa: PLR2004 - a minute
        return f"{whole} s"
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if hours == 0:
        return f"{minutes} min"
    if days == 0:
        return f"{hours} h {minutes % 60} min" if minutes % 60 else f"{hours} h"
    return f"{days} d {hours % 24} h" if hours % 24 else f"{days} d"
