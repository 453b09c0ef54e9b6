"""Proof of one boot: each host's boot id, first and last, and the passes that a reboot in between voids."""

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence

from coldstart.baseline.model import Host
from coldstart.engine import reduce
from coldstart.engine.pool import ReadPool
from coldstart.outcome import CheckResult, Conclusion, GateResult, HostFacts, Outcome
from coldstart.reads import OPERATOR, BootId, Read
from coldstart.reason import Reason
from coldstart.replies import CommandReply, NoReply, Reply

_INTERRUPTED = "the run was interrupted before its boot was confirmed"
_BOOT_ID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def first(host: str) -> BootId:
    """The boot id that is read with the first command on a host."""
    return BootId(host=host, moment="start")


def has_boot(read: Read) -> bool:
    """Whether a read goes through a host, and so is bound to that host's boot."""
    return read.place != OPERATOR


def places(reads: Iterable[Read]) -> tuple[str, ...]:
    """Every host through which `reads` go."""
    return tuple(dict.fromkeys(read.place for read in reads if has_boot(read)))


def same(earlier: Reply | None, now: Reply) -> bool:
    """Whether two boot id replies are both good, and equal."""
    return earlier is not None and boot_id(earlier) is not None and boot_id(earlier) == boot_id(now)


def boot_id(reply: Reply) -> str | None:
    """The boot id that a reply holds; None: it holds none."""
    if isinstance(reply, CommandReply) and reply.exit_status == 0:
        line = reply.stdout.strip()
        if _BOOT_ID.fullmatch(line):
            return line.decode("ascii")
    return None


def known(replies: Mapping[Read, Reply], hosts: Mapping[str, Host]) -> dict[str, str]:
    """The boot ids that were read so far, by host; an optional host may come and go, and is left out."""
    starts = ((name, replies.get(first(name))) for name, host in hosts.items() if not host.optional)
    return {name: boot for name, reply in starts if reply and (boot := boot_id(reply))}


async def confirm(pool: ReadPool, hosts: Mapping[str, Host]) -> tuple[HostFacts, ...]:
    """Read the boot id of every host that was asked anything once more, and say which boot the run was judged on."""
    asked = [name for name in pool.places if name in hosts]
    starts = dict(zip(asked, await asyncio.gather(*(pool.ask(first(name)).task for name in asked)), strict=True))
    alive = [name for name in asked if boot_id(starts[name]) is not None]
    ends = [BootId(host=name, moment="end") for name in alive]
    replies = dict(zip(alive, await asyncio.gather(*(pool.ask(read).task for read in ends)), strict=True))
    facts = (_facts(name, host.address, starts.get(name), replies.get(name)) for name, host in hosts.items())
    if not pool.interrupted:
        return tuple(facts)
    return tuple(host.model_copy(update={"problem": _INTERRUPTED}) if host.problem else host for host in facts)


def _facts(name: str, address: str, start: Reply | None, end: Reply | None) -> HostFacts:
    if start is None:
        return HostFacts(name=name, address=address)
    boot = boot_id(start)
    if boot is None:
        return HostFacts(name=name, address=address, problem=_why(start))
    if end is None or (now := boot_id(end)) is None:
        why = _why(end) if end else "not read again"
        return HostFacts(name=name, address=address, boot_id=boot, problem=f"at the end of the run: {why}")
    if now != boot:
        return HostFacts(name=name, address=address, boot_id=now, problem=f"rebooted: boot id was {boot}, is {now}")
    return HostFacts(name=name, address=address, boot_id=boot)


def _why(reply: Reply) -> str:
    if isinstance(reply, NoReply):
        return f"{reply.reason.says}{': ' + reply.detail if reply.detail else ''}"
    return "the boot id is not readable"


def void_passes(gates: Sequence[GateResult], hosts: Sequence[HostFacts]) -> tuple[GateResult, ...]:
    """Turn every good outcome on a host without one proven boot into "could not observe"; what was bad stays bad.

    An interrupted run has no end to be proven at; it has no verdict either, and keeps what it saw.
    """
    broken = {host.name: host for host in hosts if host.problem not in ("", _INTERRUPTED)}
    return tuple(
        gate.model_copy(update={"checks": tuple(_voided(check, broken) for check in gate.checks)}) for gate in gates
    )


def _moved(host: HostFacts, check: CheckResult) -> bool:
    """Whether a check asked the host from outside (ping, HTTP), and the boot that answered may be gone."""
    return check.host == host.name and host.boot_id is not None


def _voided(check: CheckResult, broken: Mapping[str, HostFacts]) -> CheckResult:
    if check.members:
        members = tuple(_voided(member, broken) for member in check.members)
        if members == check.members:
            return check
        verdict, outcome = reduce.any_of(check.severity, [member for member in members if member.verdict])
        return check.model_copy(update={"members": members, "verdict": verdict, "outcome": outcome})
    if check.outcome is None or check.outcome.conclusion not in (Conclusion.MET, Conclusion.CAUTION):
        return check
    through = places(exchange.read for exchange in check.exchanges)
    host = next((broken[name] for name in sorted(broken) if name in through or _moved(broken[name], check)), None)
    if host is None:
        return check
    rebooted = host.problem.startswith("rebooted")
    outcome = Outcome.unobserved(
        Reason.BOOT_CHANGED if rebooted else Reason.BOOT_UNKNOWN,
        f"{host.name} {host.problem}; what was seen before ({check.outcome.observed}) no longer counts",
        expected=check.outcome.expected,
        evidence=check.outcome.evidence,
        facts=check.outcome.facts,
        parts=check.outcome.parts,
    )
    return check.model_copy(update={"outcome": outcome, "verdict": reduce.check_verdict(check.severity, outcome)})
