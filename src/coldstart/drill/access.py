"""How somebody else asks the stack: a command that brings all options along, and lines for ssh and curl."""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

_MODE = 0o755


def write_command(path: Path, options: Sequence[str], ssh_config: Path, tools: Path) -> None:
    """Write a command that runs ``coldstart COMMAND`` with `options`, finding the tools in `tools` first.

    A plan connects to nothing, and takes no ``--ssh-config`` therefore.
    """
    words = " \\\n    ".join(shlex.quote(word) for word in options)
    path.write_text(
        "#!/bin/sh\n"
        "# coldstart, pointed at the drill: check, watch or plan, and further options.\n"
        f'PATH={shlex.quote(str(tools))}:"$PATH"; export PATH\n'
        "command=${1:-check}; [ $# -eq 0 ] || shift\n"
        f'[ "$command" = plan ] || set -- --ssh-config {shlex.quote(str(ssh_config))} "$@"\n'
        f'exec {shlex.quote(sys.executable)} -m coldstart "$command" \\\n    {words} "$@"\n',
        "utf-8",
    )
    path.chmod(_MODE)


def lines(command: Path, ssh_config: Path, ca_file: Path, connect_to: Sequence[str]) -> str:
    """What to type in another terminal. `connect_to` is as ``--connect-to`` takes it."""
    led = dict(one.split("=", 1) for one in connect_to)
    call, config, trust = (shlex.quote(str(path)) for path in (command, ssh_config, ca_file))
    asks = [
        f"{call} check",
        f"{call} check --only P0-188-DATA -o short",
        f"{call} watch --interval 60 --send-alert-test",
        f"{call} plan",
        f"ssh -F {config} 188 pg_isready -h localhost",
        f"ssh -F {config} 120 kubectl get namespaces --output=name",
        _curl(led, "192.168.0.125", 32334, "http://192.168.0.125:32334/api/v1/health"),
        _curl(led, "awoooi.wooo.work", 443, "https://awoooi.wooo.work/api/v1/health", f"--cacert {trust} "),
    ]
    return "\n".join(f"  {line}" for line in asks)


def _curl(led: dict[str, str], host: str, port: int, url: str, options: str = "") -> str:
    return f"curl {options}--connect-to {host}:{port}:{led[f'{host}:{port}']} {url}"
