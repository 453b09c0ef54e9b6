"""The monitor as a systemd service and its timer, shut in as far as it can be (systemd.exec(5), systemd.timer(5))."""

import re
import shlex
from collections.abc import Sequence

from coldstart.render.monitor_job import Job
from coldstart.text import span

SERVICE, TIMER = "coldstart-monitor.service", "coldstart-monitor.timer"
DIRECTORY = "/etc/systemd/system"
_MINUTE, _HOUR, _DAY = 60, 60, 24 * 60
"""A minute in seconds; an hour and a day in minutes."""

_ALONE = """\
# Nothing of this machine but these directories can be written; keys and known_hosts can be read.
ProtectSystem=strict
ProtectHome=read-only
ReadWritePaths={writes}
PrivateTmp=yes
PrivateDevices=yes
ProtectProc=invisible
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
NoNewPrivileges=yes
# ping(8) needs a raw socket, and nothing here needs more.
CapabilityBoundingSet=CAP_NET_RAW
AmbientCapabilities=CAP_NET_RAW
# IPv4, IPv6, the agent's socket, and netlink for ip(8).
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
KeyringMode=private
RemoveIPC=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
"""
_NOT_ALONE = """\
# {hosts}: this machine itself. What is asked there (file systems, services, sudo) must be what is, and not what a
# sandbox shows; so there is none here.
"""


def render(job: Job, again: Sequence[str]) -> str:
    """Return both units, each below a comment with its path; `again` is the argument list that prints them."""
    return "\n".join((_how(job, again), _service(job), _timer(job)))


def _how(job: Job, again: Sequence[str]) -> str:
    split = f"""awk '$2 ~ "^{DIRECTORY}/" {{ file = $2 }} file {{ print > file }}'"""
    lines = (
        f"# A service and a timer: one read-only pass every {span(job.every)}, on {job.host} as {job.user} (SOP 13.3).",
        "# To install them, as root:",
        f"#   runuser -u {job.user} -- mkdir -p {shlex.join(str(path) for path in job.writes)}",
        f"#   {shlex.join(again)} | {split}",
        f"#   systemctl daemon-reload && systemctl enable --now {TIMER}",
        f"# To remove them: systemctl disable --now {TIMER}, then delete both files.",
    )
    return "\n".join(lines) + "\n"


def _service(job: Job) -> str:
    shut_in = (
        _NOT_ALONE.format(hosts=", ".join(job.local))
        if job.local
        else _ALONE.format(writes=" ".join(_word(str(path)) for path in job.writes))
    )
    return f"""\
# {DIRECTORY}/{SERVICE}
[Unit]
Description=coldstart: one read-only pass over every gate (SOP 13.3)
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
User={job.user}
ExecStart={" ".join(_word(word, in_command=True) for word in job.command)}
# DEGRADED (1) and BLOCKED (2) are what was found, and no failure of this unit. 3 is one.
SuccessExitStatus=1 2
Environment={" ".join(_word(word) for word in job.environment)}
# A run ends itself after {span(job.run_deadline)}.
TimeoutStartSec={job.limit}s
StandardInput=null
UMask=0077
MemoryMax=512M
TasksMax=128
Nice=5
{shut_in}"""


def _timer(job: Job) -> str:
    return f"""\
# {DIRECTORY}/{TIMER}
[Unit]
Description=coldstart: a pass over every gate every {span(job.every)} (SOP 13.3)

[Timer]
{_when(job)}AccuracySec=1s

[Install]
WantedBy=timers.target
"""


def _when(job: Job) -> str:
    """On the clock where a day has a whole number of runs: then one that was missed is made up for at boot."""
    minutes = round(job.every / _MINUTE)
    if _HOUR % minutes == 0:
        calendar = "*:00" if minutes == _HOUR else f"*:0/{minutes}"
    elif minutes % _HOUR == 0 and _DAY % minutes == 0:
        calendar = "00:00" if minutes == _DAY else f"0/{minutes // _HOUR}:00"
    else:
        return f"OnBootSec=2min\nOnUnitActiveSec={minutes}min\n"
    return f"OnCalendar={calendar}\nPersistent=true\nRandomizedDelaySec=15s\n"


def _word(text: str, *, in_command: bool = False) -> str:
    """Return one word of a unit: nothing in it is expanded (systemd.syntax(7), systemd.service(5))."""
    safe = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    if in_command:
        safe = safe.replace("$", "$$")
    return safe if re.fullmatch(r"[\w@%+=:,./$-]+", text) else f'"{safe}"'
