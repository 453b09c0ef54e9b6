"""How docker(1) writes times and states."""

from datetime import UTC, datetime

from coldstart.drill.replies.containers import Life

_MINUTE, _HOUR, _YEAR = 60, 3600, 365 * 24 * 3600
_LONG = ((48, 1, "hours"), (14 * 24, 24, "days"), (60 * 24, 7 * 24, "weeks"), (730 * 24, 30 * 24, "months"))
"""Up to so many hours, in units of so many hours."""


def age(seconds: float) -> str:
    """How long something is ago (docker/go-units, HumanDuration): cut to whole units, but hours are rounded."""
    whole, hours = int(seconds), int(seconds / _HOUR + 0.5)
    if whole < _MINUTE:
        return "Less than a second" if whole < 1 else "1 second" if whole == 1 else f"{whole} seconds"
    if whole < _HOUR:
        return "About a minute" if whole < 2 * _MINUTE else f"{whole // _MINUTE} minutes"
    if hours == 1:
        return "About an hour"
    for limit, unit, name in _LONG:
        if hours < limit:
            return f"{hours // unit} {name}"
    return f"{whole // _YEAR} years"


def status(now: float, found: Life) -> str:
    """The status of ``docker ps`` (moby/moby, container/state.go, State.String)."""
    match found.state:
        case "restarting":
            return f"Restarting ({found.exit_code}) {age(now - found.finished)} ago"
        case "exited":
            return f"Exited ({found.exit_code}) {age(now - found.finished)} ago"
        case "running":
            health = "health: starting" if found.health == "starting" else found.health
            return f"Up {age(now - found.started)}" + (f" ({health})" if health else "")


def rfc3339(wall: float) -> str:
    """A time, s since 1970, as docker writes it: nanoseconds, without the zeros at their end."""
    nanoseconds = f"{wall % 1:.9f}"[2:].rstrip("0")
    return f"{datetime.fromtimestamp(wall // 1, tz=UTC):%Y-%m-%dT%H:%M:%S}" + (
        f".{nanoseconds}Z" if nanoseconds else "Z"
    )
