"""Which host holds a virtual address: exactly one?"""

import ipaddress
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, NamedTuple, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from coldstart.errors import NoEvidence, ReadError, Unparsable
from coldstart.outcome import Conclusion, Outcome
from coldstart.probes import strict_json
from coldstart.probes.base import Place, Probe, Replies, Target
from coldstart.reads import Command
from coldstart.reason import Reason
from coldstart.replies import CommandReply
from coldstart.text import one_line, plural


def _address(value: str) -> str:
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        raise ValueError(f"{value!r} is not an IP address like 192.168.0.125") from None


class _Assigned(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    local: str = ""
    prefixlen: int = -1
    tentative: bool = False
    dadfailed: bool = False


class _Link(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    ifname: str
    flags: list[str]
    addr_info: list[_Assigned] = []


_LINKS = TypeAdapter(list[_Link])


_Finding: TypeAlias = tuple[Conclusion, Reason, str]


class _Held(NamedTuple):
    interface: str
    up: bool
    assigned: _Assigned

    @property
    def words(self) -> str:
        return f"on {one_line(self.interface, 40)}/{self.assigned.prefixlen}" + ("" if self.up else ", which is down")


class VipHolderProbe(Probe):
    """Exactly one of the hosts holds the virtual address.

    After a power cut both keepalived can become master while the switch between them is not up yet; then clients reach
    now the one, now the other. Asking one host can never show that.

    Asks ``ip -json address show`` on each of the check's hosts, and judges them together. The whole list is read and
    must have some address in it: so "not held" is a fact and not an empty answer.

    | found | is |
    |---|---|
    | one host holds it, all others answered and do not | as required; who |
    | two or more hold it | bad: split brain |
    | none holds it, and all answered | bad: absent |
    | a host could not be asked, and fewer than two others hold it | not observed: that host may hold it, too |
    | its interface is down; or IPv6 is still `tentative` | bad: it serves nobody there |
    | IPv6 `dadfailed`: the kernel saw another machine with it | bad: split brain |
    | one host alone was asked, and holds it | a caution: split brain would not be seen |
    | held by another host than `expect_on`, or with another `mask` | a caution |

    A machine that is not among the check's hosts is not seen. Name every host that keepalived runs on.

    Example:
    ```yaml
    probe: vip_holder
    with: {address: 192.168.0.125, expect_on: "120"}
    ```

    SOP sections 6.1, 6.2, 12.1 and 14; ip-address(8), keepalived(8).

    """

    kind: ClassVar[str] = "vip_holder"
    spans_hosts: ClassVar[bool] = True

    address: Annotated[str, AfterValidator(_address)] = Field(description="The virtual IP address.")
    mask: int | None = Field(default=None, ge=0, le=128, description="Length of the prefix that it must have, like 24.")
    expect_on: str | None = Field(
        default=None, min_length=1, description="Name of the host that holds it in normal times; another is a caution."
    )
    ignore_interfaces: tuple[Annotated[str, Field(pattern=r"^[^\s/]{1,15}$")], ...] = Field(
        default=(), max_length=8, description="Interfaces on which it does not count, like kube-ipvs0 of kube-proxy."
    )

    def reads(self, target: Target) -> tuple[Command, ...]:
        return tuple(self._ask(target, host) for host in target.hosts)

    def _ask(self, target: Target, host: Place) -> Command:
        return Command(
            host=host.name, argv=("ip", "-json", "address", "show"), sudo=target.sudo, timeout=target.timeout
        )

    def judge(self, replies: Replies) -> Outcome:
        target = replies.target
        held: dict[str, _Held] = {}
        lines: dict[str, str] = {}
        unseen: dict[str, Reason] = {}
        for host in target.hosts:
            try:
                found = self._held(replies.command(self._ask(target, host)))
            except ReadError as error:
                unseen[host.name] = error.reason
                lines[host.name] = f"could not be asked: {error.detail or error.reason.says}"
                continue
            if found:
                held[host.name] = found
            lines[host.name] = f"holds it {found.words}" if found else "does not hold it"
        conclusion, reason, observed = self._together(held, unseen, alone=len(target.hosts) == 1)
        return Outcome(
            conclusion=conclusion,
            reason=reason,
            expected=f"{self.address} on exactly one of {', '.join(lines)}",
            observed="; ".join((observed, *(f"{name} {lines[name]}" for name in unseen))),
            evidence=tuple(f"{name} {line}" for name, line in lines.items()),
            facts={"hosts": len(target.hosts), "hosts_answered": len(lines) - len(unseen), "holders": len(held)},
        )

    def _together(self, held: Mapping[str, _Held], unseen: Mapping[str, Reason], *, alone: bool) -> _Finding:
        where = "; ".join(f"{name} holds it {found.words}" for name, found in held.items())
        if len(held) > 1:
            return Conclusion.UNMET, Reason.SPLIT_BRAIN, f"{plural(len(held), 'host')} hold {self.address}: {where}"
        if any(found.assigned.dadfailed for found in held.values()):
            said = f"{where}, but the kernel saw another machine with it (dadfailed)"
            return Conclusion.UNMET, Reason.SPLIT_BRAIN, said
        if unseen:
            reason = next(iter(unseen.values()))
            reason = Reason.SERVICE_REFUSES if reason.observed else reason  # of the address, nothing was observed
            if held:
                said = f"{where}, but {', '.join(unseen)} may hold it, too: split brain cannot be excluded"
            else:
                said = f"no host that answered holds {self.address}; {', '.join(unseen)} may"
            return Conclusion.UNOBSERVED, reason, said
        if not held:
            return Conclusion.UNMET, Reason.ABSENT, f"no host holds {self.address}"
        ((name, found),) = held.items()
        finding = self._only_holder(name, found, where)
        if alone and finding[0] is Conclusion.MET:
            return (
                Conclusion.CAUTION,
                Reason.TOO_FEW,
                f"{where}; no other host was asked: split brain would not be seen",
            )
        return finding

    def _only_holder(self, name: str, found: _Held, where: str) -> _Finding:
        if not found.up:
            return Conclusion.UNMET, Reason.NOT_RUNNING, where
        if found.assigned.tentative:
            return Conclusion.UNMET, Reason.STARTING, f"{where}, but may not use it yet (tentative)"
        wrong = [f"expected on {self.expect_on}"] if self.expect_on not in (None, name) else []
        wrong += [f"expected with /{self.mask}"] if self.mask not in (None, found.assigned.prefixlen) else []
        if wrong:
            return Conclusion.CAUTION, Reason.WRONG_VALUE, f"{where}, {' and '.join(wrong)}"
        return Conclusion.MET, Reason.OK, where

    def _held(self, reply: CommandReply) -> _Held | None:
        """Where this host has the address, or None. Raises `Unparsable`, `NoEvidence` when it shows none at all."""
        links = _links(strict_json.parse(reply.expect_exit().text, "the list of addresses"))
        if not any(link.addr_info for link in links):
            raise NoEvidence("ip shows no address at all, not even of lo")
        wanted = ipaddress.ip_address(self.address)
        found = [
            _Held(link.ifname, "UP" in link.flags and "NO-CARRIER" not in link.flags, assigned)
            for link in links
            if link.ifname not in self.ignore_interfaces
            for assigned in link.addr_info
            if _parsed(assigned.local) == wanted
        ]
        return max(found, key=lambda one: one.up) if found else None


def _links(found: Any) -> list[_Link]:
    try:
        return _LINKS.validate_python(found)
    except ValidationError as error:
        raise Unparsable(f"not a list of addresses: {one_line(str(error), 200)}") from error


def _parsed(local: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """An address as it is printed, or None for one of another family (a MAC, an Infiniband port)."""
    try:
        return ipaddress.ip_address(local)
    except ValueError:
        return None
