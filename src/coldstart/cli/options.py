"""Options that mean the same wherever they appear, declared once."""

from pathlib import Path
from typing import Annotated

import typer

BASELINE_VARIABLE = "COLDSTART_BASELINE"

_BASELINE = "Baseline"
_SELECT = "Narrow the run (a narrowed run never says GREEN)"
_ACCEPT = "Accepting warnings (they stay warnings, and are shown)"
_REACH = "Reaching the hosts"
_SHOW = "Output"

Baseline = Annotated[
    Path | None,
    typer.Option(
        "--baseline",
        "-b",
        metavar="FILE",
        help=f"The baseline. Else ${BASELINE_VARIABLE}, else ./coldstart.yml, else the one that ships with coldstart.",
        rich_help_panel=_BASELINE,
    ),
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Set a variable of the baseline.", rich_help_panel=_BASELINE),
]
Vars = Annotated[
    list[Path] | None,
    typer.Option(
        "--vars", metavar="FILE", help="Set variables from a YAML file of NAME: VALUE.", rich_help_panel=_BASELINE
    ),
]
Only = Annotated[
    list[str] | None, typer.Option("--only", metavar="GATE", help="Ask this gate alone.", rich_help_panel=_SELECT)
]
Until = Annotated[
    str | None,
    typer.Option("--until", metavar="GATE", help="Ask this gate and all that it stands on.", rich_help_panel=_SELECT),
]
Hosts = Annotated[
    list[str] | None, typer.Option("--host", metavar="NAME", help="Ask this host alone.", rich_help_panel=_SELECT)
]
Skip = Annotated[
    list[str] | None,
    typer.Option("--skip", metavar="GATE/CHECK", help="Leave this check out.", rich_help_panel=_SELECT),
]
Accepts = Annotated[
    list[Path] | None,
    typer.Option(
        "--accepts",
        metavar="FILE",
        help="Accept the warnings that a YAML file names, beside the baseline's; '-o accepts' writes such a file.",
        rich_help_panel=_ACCEPT,
    ),
]
Accept = Annotated[
    list[str] | None,
    typer.Option(
        "--accept",
        metavar="GATE/CHECK[@HOST]=REASON",
        help="Accept a warning for this command, as it is when it is first seen; void when it gets worse (SOP 13.5.3).",
        rich_help_panel=_ACCEPT,
    ),
]
KeepGoing = Annotated[
    bool,
    typer.Option("--keep-going", "-k", help="Ask below a blocked gate too, and mark what is downstream of it."),
]
Record = Annotated[
    Path | None, typer.Option("--record", metavar="DIR", help="Keep every reply in a new directory (mode 0700).")
]
Replay = Annotated[
    Path | None,
    typer.Option("--replay", metavar="DIR", help="Judge the replies of a recording; connect to nothing."),
]
StateDir = Annotated[
    Path | None,
    typer.Option(
        "--state-dir",
        metavar="DIR",
        envvar="COLDSTART_STATE_DIR",
        help="Where earlier runs are kept. [default: ~/.local/state/coldstart]",
    ),
]
Explain = Annotated[
    str | None,
    typer.Option(
        "--explain",
        metavar="GATE/CHECK[@HOST]",
        help="Show what was asked for one check, what came back, and how it was judged.",
        rich_help_panel=_SHOW,
    ),
]
Output = Annotated[
    list[str] | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FORMAT[=FILE]",
        help="table, short, json, junit, markdown, html or accepts; several times for several files: "
        "-o table -o html=run.html",
        rich_help_panel=_SHOW,
    ),
]
SendAlertTest = Annotated[
    bool,
    typer.Option(
        "--send-alert-test",
        help="Send one real alert when the rest of its gate is good: proof of the alert chain (SOP 8).",
    ),
]
AskReceived = Annotated[
    bool,
    typer.Option(
        "--ask-received",
        help="At the end, ask on the terminal whether Telegram showed the alert, for 5 minutes at most.",
    ),
]
MonitorReadOnly = Annotated[
    bool,
    typer.Option("--monitor-read-only", help="Neither send the alert test nor count it: for a monitor (SOP 13.3)."),
]
Ascii = Annotated[bool, typer.Option("--ascii", help="No glyphs beyond ASCII.", rich_help_panel=_SHOW)]
NoColour = Annotated[
    bool,
    typer.Option("--no-color", help="No colour (also: NO_COLOR, or not a terminal).", rich_help_panel=_SHOW),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress while it runs.", rich_help_panel=_SHOW)]
SshConfig = Annotated[
    Path | None,
    typer.Option(
        "--ssh-config", "-F", metavar="FILE", help="Instead of ~/.ssh/config ('none': no file).", rich_help_panel=_REACH
    ),
]
KnownHosts = Annotated[
    Path | None,
    typer.Option("--known-hosts", metavar="FILE", help="The only file of host keys to trust.", rich_help_panel=_REACH),
]
Identity = Annotated[
    list[Path] | None,
    typer.Option("--identity", "-i", metavar="FILE", help="The only private keys to offer.", rich_help_panel=_REACH),
]
ConnectTo = Annotated[
    list[str] | None,
    typer.Option(
        "--connect-to",
        metavar="HOST:PORT=HOST:PORT",
        help="Open TCP connections meant for the left at the right; names, certificates and texts stay the left's.",
        rich_help_panel=_REACH,
    ),
]
TrustSshConfig = Annotated[
    bool,
    typer.Option(
        "--trust-ssh-config",
        help="Run what 'Match exec' and 'ProxyCommand' of the ssh config name.",
        rich_help_panel=_REACH,
    ),
]
