"""What each tool says of the stack, in the very formats that the lab recorded (tests/corpus). No I/O here."""

from collections.abc import Mapping, Sequence

from coldstart.drill.replies import docker, files, journal, kubectl, net, proc, psql, services, systemctl, times
from coldstart.drill.view import Answer, Said, View
from coldstart.drill.wrapping import unwrapped

TOOLS: Mapping[str, Answer] = {
    "cat": files.cat,
    "crontab": files.crontab,
    "date": times.date,
    "df": proc.df,
    "docker": docker.docker,
    "head": files.head,
    "hostname": times.hostname,
    "ip": net.ip,
    "journalctl": journal.journalctl,
    "kubectl": kubectl.kubectl,
    "last": times.last,
    "nproc": proc.nproc,
    "pg_isready": services.pg_isready,
    "psql": psql.psql,
    "redis-cli": services.redis_cli,
    "sha256sum": files.sha256sum,
    "stat": files.stat,
    "systemctl": systemctl.systemctl,
    "tail": files.tail,
    "timedatectl": times.timedatectl,
    "who": times.who,
}


def say(view: View, argv: Sequence[str]) -> Said:
    """What the host says to `argv`, with or without the wrapping of env(1), sudo(8) and timeout(1)."""
    plain = unwrapped(argv)
    answer = TOOLS.get(plain[0]) if plain else None
    if answer is None:
        name = plain[0] if plain else ""
        return Said(stderr=f"timeout: failed to run command ‘{name}’: No such file or directory\n", status=127)
    return answer(view, plain)
