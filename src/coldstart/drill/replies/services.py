"""pg_isready(1) and redis-cli(1)."""

from collections.abc import Mapping, Sequence

from coldstart.drill.inventory import HOSTS
from coldstart.drill.state import Phase
from coldstart.drill.view import Said, View

_POSTGRESQL, _PORT = "188/postgresql", "5432"
_WORDS = ("accepting connections", "rejecting connections", "no response")
_REDIS_HOST, _REDIS_PORT = "188", "6380"
_LOADING = "LOADING Redis is loading the dataset in memory\n\n"
_MISCONF = (
    "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands that "
    "may modify the data set are disabled, because this instance is configured to report errors during writes if RDB "
    "snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB "
    "error.\n\n"
)
_OWN = ("localhost", "127.0.0.1")


def pg_isready(view: View, argv: Sequence[str]) -> Said:
    """Say whether the PostgreSQL of a host accepts connections: exit 0 it does, 1 it rejects them, 2 nobody answers."""
    options = _options(argv)
    name, port = options.get("-h", "localhost"), options.get("-p", _PORT)
    host = _reached(view, name)
    part = view.part(_POSTGRESQL)
    if host != part.spec.host or port != _PORT:
        status = 2
    elif part.phase is Phase.UP:
        if part.fault == "frozen":
            return Said(status=124)
        status = 0
    else:
        status = 1 if part.phase is Phase.STARTING else 2
    return Said(f"{name}:{port} - {_WORDS[status]}\n", status=status)


def redis_cli(view: View, argv: Sequence[str]) -> Said:
    """PING: 188's Redis is on port 6380, and nothing is on any other."""
    options = _options(argv)
    name, port = options.get("-h", "127.0.0.1"), options.get("-p", "6379")
    host = _reached(view, name)
    if host is None:
        return Said(stderr=f"Could not connect to Redis at {name}:{port}: No route to host\n", status=1)
    part = view.part(f"{_REDIS_HOST}/redis")
    if host != _REDIS_HOST or port != _REDIS_PORT or part.phase not in {Phase.STARTING, Phase.UP}:
        return Said(stderr=f"Could not connect to Redis at {name}:{port}: Connection refused\n", status=1)
    if part.fault == "frozen":
        return Said(status=124)
    if argv[-1].lower() != "ping":
        return Said(f"ERR unknown command '{argv[-1]}', with args beginning with: \n\n", status=1)
    if part.phase is Phase.STARTING:
        return Said(_LOADING)
    return Said(_MISCONF if part.fault == "failing" else "PONG\n")


def _reached(view: View, name: str) -> str | None:
    """The host that a name or an address leads to from here; None where nobody is there."""
    if name in _OWN or name == HOSTS[view.host].address:
        return view.host
    there = next((host for host, spec in HOSTS.items() if spec.address == name), None)
    return there if there is not None and view.state.cable and view.stack.pings(there) else None


def _options(argv: Sequence[str]) -> Mapping[str, str]:
    """Options of one letter, each with its value."""
    return {argv[at]: argv[at + 1] for at in range(1, len(argv) - 1) if len(argv[at]) == 2 and argv[at][0] == "-"}  # noqa: PLR2004 - a dash and a letter
