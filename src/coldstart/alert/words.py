"""Times as the alert test writes them."""

from datetime import UTC, datetime


def rfc3339(epoch: float) -> str:
    """``2026-05-05T10:30:00Z`` (RFC 3339), as Alertmanager takes it."""
    return datetime.fromtimestamp(epoch, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def hour(epoch: float) -> str:
    """``10:30:00Z``: a moment of the same day, for people."""
    return datetime.fromtimestamp(epoch, tz=UTC).strftime("%H:%M:%SZ")
