"""Can we log in, is it the machine that we mean, and does its clock agree with ours?"""

import re
import time
from typing import Any, ClassVar

from pydantic import Field

from coldstart.errors import Unparsable
from coldstart.outcome import Outcome
from coldstart.probes.base import Probe, Replies, Target
from coldstart.probes.params import Duration, HostAddress
from coldstart.reads import BootId, Command, Read, SshLogin
from coldstart.reason import Reason
from coldstart.replies import CommandReply
from coldstart.text import one_line

_HOSTNAME = r"([A-Za-z0-9][A-Za-z0-9._-]{0,253})\n"
_BOOT_ID = r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\n"
_SECONDS = r"([0-9]{1,12}\.[0-9]{9})\n"


class SshLoginProbe(Probe):
    """The host accepts our login, and is the machine that is meant.

    An open port 22 proves a kernel, not a login; after a power event an address can belong to another machine, and a
    clock that lost its battery spoils every age that is judged later.

    Asks: an SSH login (host key checked against known_hosts), then ``hostname``, the kernel's boot id and
    ``date +%s.%N``.

    Bad: another host name than `hostname` answers. A caution: the clock differs from this machine's by more than
    `max_clock_offset` and the half round trip within which it cannot be told.

    A watch keeps a healthy connection from one attempt to the next. The check then says since when it is open, and
    proves the same: a command is carried by it now (the boot id), known_hosts still has the host's key, and sshd greets
    a new connection to the same port, by the same way, with its identification string (RFC 4253, 4.2). A greeting that
    does not come is a login that does not come, with the same reason.

    Not observed: no login (each cause has its own reason), or an answer with anything else in it, like a banner that a
    shell's start-up file prints: such an answer is never picked apart.

    Example:
    ```yaml
    probe: ssh_login
    with:
      hostname: ollama-188
      max_clock_offset: 5s
    ```

    SOP section 3; hostname(1), proc(5), date(1), RFC 4253.

    """

    kind: ClassVar[str] = "ssh_login"

    hostname: HostAddress | None = Field(
        default=None,
        description="The host name that must answer. A short name matches a full one that begins with it.",
    )
    max_clock_offset: Duration = Field(
        default=5.0, description="How far the host's clock may be from this machine's before it is a caution."
    )

    def reads(self, target: Target) -> tuple[Read, ...]:
        return (SshLogin(host=target.host.name, timeout=target.timeout), *_commands(target))

    def judge(self, replies: Replies) -> Outcome:
        login = replies.login(SshLogin(host=replies.target.host.name))
        hostname, boot_id, date = (replies.command(command) for command in _commands(replies.target))
        name = _only(hostname, _HOSTNAME, "a host name")
        boot = _only(boot_id, _BOOT_ID, "a boot id")
        offset = float(_only(date, _SECONDS, "a time")) - (date.started + date.ended) / 2
        uncertainty = abs(date.ended - date.started) / 2
        kept = f": connection of {_clock_time(login.kept_since)} still open, sshd greets" if login.kept_since else ""
        common: dict[str, Any] = {
            "expected": f"login as {login.user}" + (f" to {self.hostname}" if self.hostname else ""),
            "evidence": (f"{login.server}, host key {login.host_key}", f"hostname {name}", f"boot id {boot}"),
            "facts": {
                "clock_offset": round(offset, 3),
                "clock_uncertainty": round(uncertainty, 3),
                "round_trip": round(date.ended - date.started, 3),
                "boot_id": boot,
                "hostname": name,
                **({"kept_since": round(login.kept_since, 3)} if login.kept_since else {}),
            },
        }
        said = f"logged in as {login.user} at {login.address}:{login.port} on {name}{kept}"
        if self.hostname and not _same_host(self.hostname, name):
            return Outcome.unmet(Reason.WRONG_HOST, f"{said}, not on {self.hostname}", **common)
        way = "ahead of" if offset > 0 else "behind"
        clock = f"clock is {abs(offset):.1f} s (±{uncertainty:.1f} s) {way} this machine's"
        if abs(offset) > self.max_clock_offset + uncertainty:
            return Outcome.caution(
                Reason.CLOCK_SKEW, f"{said}, but its {clock}: more than {self.max_clock_offset:g} s", **common
            )
        return Outcome.met(f"{said}; {clock}", **common)


def _commands(target: Target) -> tuple[Command, ...]:
    """Without sudo even where the check has it: nothing here needs a right."""
    argvs = (("hostname",), ("cat", BootId.PATH), ("date", "+%s.%N"))
    return tuple(target.command(*argv).model_copy(update={"sudo": False}) for argv in argvs)


def _clock_time(epoch: float) -> str:
    return time.strftime("%H:%M:%SZ", time.gmtime(epoch))


def _only(reply: CommandReply, pattern: str, what: str) -> str:
    """The one line that the answer must be. Raises `Unparsable` when anything else is in it."""
    text = reply.expect_exit().text
    match = re.fullmatch(pattern, text)
    if not match:
        raise Unparsable(f"not {what}: {one_line(text, 80)!r}", evidence=text)
    return match[1]


def _same_host(expected: str, answered: str) -> bool:
    expected, answered = expected.lower().rstrip("."), answered.lower()
    return expected == answered or answered.startswith(f"{expected}.") or expected.startswith(f"{answered}.")
