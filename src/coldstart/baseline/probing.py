"""From `probe:` and `with:` to a probe that is known to ask only for what may be asked (design.md section 5)."""

from collections.abc import Mapping, Sequence

from coldstart import shapes
from coldstart.baseline.complaints import filled
from coldstart.baseline.model import Host
from coldstart.baseline.nodes import Entries, Place, Scalar, broken
from coldstart.baseline.problems import Problems, shown
from coldstart.errors import ForbiddenCommand
from coldstart.probes import base, registry
from coldstart.reads import Command, HttpGet, Read
from coldstart.text import one_line


def build(node: Entries, problems: Problems) -> base.Probe | None:
    """Build the probe that a check names. None: it cannot be, and why was reported (or lies in the check's form)."""
    named = node.entries.get("probe")
    if not isinstance(named, Scalar) or named.value is None or named.broken:
        return None
    kind = str(named.value)
    if kind not in registry.kinds():
        problems.add(named.place, f"unknown probe {shown(kind)}: {problems.meant(kind, registry.kinds())}")
        return None
    try:
        probe_class = registry.probe_class(kind)
    except Exception as error:  # noqa: BLE001 - importing a module, of another package perhaps, may raise anything
        said = one_line(f"{type(error).__name__}: {error}")
        problems.add(named.place, f"probe {kind} cannot be loaded: {said}: mend the package that it comes from")
        return None
    parameters = node.entries.get("with") or Entries(node.place)
    if not isinstance(parameters, Entries):  # its form says so
        return None
    if broken(parameters):
        filled(probe_class, parameters, f"probe {kind}", problems)
        return None
    return filled(probe_class, parameters, f"probe {kind}", problems)


class Rehearsal:
    """Has every probe say what it would ask of every host, and refuses what must not be asked. Connects to nothing."""

    def __init__(self, hosts: Mapping[str, Host | None], problems: Problems) -> None:
        """Take the hosts; one that is None was declared, but not rightly: nothing is asked of it."""
        self._hosts, self._problems = hosts, problems
        self._allowed: set[tuple[tuple[str, ...], bool]] = set()

    def rehearse(self, probe: base.Probe, hosts: Sequence[str], *, timeout: float, sudo: bool, place: Place) -> None:
        """Report what the probe must not or cannot ask. One problem of a kind a check is enough."""
        places = [
            base.Place(name=name, address=host.address, port=host.port or 22)
            for name in hosts
            if (host := self._hosts[name])
        ]
        for aim in [tuple(places)] if probe.spans_hosts and places else [(one,) for one in places]:
            target = base.Target(hosts=aim, timeout=timeout, sudo=sudo)
            on = ", ".join(one.name for one in aim)
            try:
                reads = probe.reads(target)
                text = self._wrong(reads) if reads else "asks nothing: such a check could never be judged"
            except Exception as error:  # noqa: BLE001 - a bug in a probe is a problem of the check that uses it
                text = f"cannot say what to ask: {one_line(f'{type(error).__name__}: {error}')}"
            if text:
                self._problems.add(place, f"probe {probe.kind} on {one_line(on, 80)} {text}: change its parameters")
                return

    def _wrong(self, reads: Sequence[Read]) -> str:
        for read in reads:
            if isinstance(read, Command):
                key = (read.argv, read.sudo)
                if key not in self._allowed:
                    try:
                        shapes.require(read.argv, sudo=read.sudo)
                    except ForbiddenCommand as error:
                        return f"asks for what is not allowed: {error.detail}"
                    self._allowed.add(key)
            asker = read.via if isinstance(read, HttpGet) else getattr(read, "host", None)
            if asker is not None and asker not in self._hosts:
                return f"asks by way of an unknown host {shown(asker)}: {self._problems.meant(asker, self._hosts)}"
        return ""
