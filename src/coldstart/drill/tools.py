"""Stand-ins for ping(8) and ip(8) of the operator's machine, because loopback cannot lose a host.

Two programs of the POSIX shell that say what is in files beside them, and nothing else: they send no packet, start
nothing but cat(1), and never fall back to the real tools. Whoever asks finds them first on PATH.
"""

from collections.abc import Mapping
from pathlib import Path

from coldstart.drill.view import Said

_ANSWERS = "answers"

_SHARED = r"""#!/bin/sh
# Of a drill: the real tool is not asked.

say() { # FILE: its first line has the exit status and the number of lines for stderr, the rest is for stdout
    {
        read -r status lines
        while [ "$lines" -gt 0 ]; do
            IFS= read -r line
            printf '%s\n' "$line" >&2
            lines=$((lines - 1))
        done
        cat
    } < "$1"
    exit "$status"
}

answer() { # KIND ADDRESS
    case $2 in
    '' | *[!0-9A-Fa-f.:]*) ;; # no address, so no file has that name
    *) if [ -r "${0%/*}/answers/$2.$1" ]; then say "${0%/*}/answers/$2.$1"; fi ;;
    esac
}

fail() { # STATUS WORDS
    printf '%s\n' "$2" >&2
    exit "$1"
}
"""

_PING = r"""
if [ "$#" -ne 6 ] || [ "$1 $2 $4" != '-n -c -W' ]; then
    fail 2 'ping: this is the ping of a drill: ping -n -c COUNT -W SECONDS ADDRESS'
fi
case $3 in
'' | *[!0-9]*) fail 1 "ping: invalid argument: '$3'" ;;
esac
answer "ping-$3" "$6"
fail 2 'ping: connect: Network is unreachable'
"""

_IP = r"""
case "$# $*" in
"4 -json route get $4")
    answer route "$4"
    fail 2 'RTNETLINK answers: Network is unreachable'
    ;;
"5 -json neighbour show to $5")
    answer neighbour "$5"
    printf '[ ]\n'
    ;;
*) fail 255 'ip: this is the ip of a drill: ip -json { route get | neighbour show to } ADDRESS' ;;
esac
"""


def write_tools(directory: Path) -> None:
    """Write ``ping`` and ``ip`` into `directory`, which is made unless it is there; anybody may execute them (0755)."""
    (directory / _ANSWERS).mkdir(parents=True, exist_ok=True)
    for name, script in (("ping", _PING), ("ip", _IP)):
        _replace(directory / name, _SHARED + script, 0o755)


def publish(directory: Path, address: str, *, ping: Mapping[int, Said], route: Said, neighbour: Said) -> None:
    """Have the tools in `directory` say this of `address` from now on; each answer is replaced as a whole.

    `ping`: by the number of packets (``-c``). What is not published is not known: the network is unreachable.
    """
    said = {**{f"ping-{count}": answer for count, answer in ping.items()}, "route": route, "neighbour": neighbour}
    for kind, answer in said.items():
        _replace(directory / _ANSWERS / f"{address}.{kind}", _file(answer), 0o644)


def _file(said: Said) -> str:
    errors = said.stderr.split("\n")
    if errors[-1] == "":
        errors.pop()
    return "".join((f"{said.status} {len(errors)}\n", *(f"{line}\n" for line in errors), said.stdout))


def _replace(path: Path, text: str, mode: int) -> None:
    """Nobody ever sees half of it (rename(2))."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(text, encoding="utf-8")
    beside.chmod(mode)
    beside.replace(path)
