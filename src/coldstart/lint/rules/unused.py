"""Rules about what is declared and never used."""

from collections.abc import Iterator

from coldstart.baseline.load import LoadedBaseline
from coldstart.lint.finding import Hit, warning
from coldstart.lint.subjects import asked_on, single


@warning("CS301", "unused-host")
def unused_host(loaded: LoadedBaseline) -> Iterator[Hit]:
    """No check is asked on a host, and nothing else names it.

    Why: a reader takes it for covered. An optional host is exempt: it may be there for the record only (SOP, 112).

    Example:
        hosts:
          "121": {address: 192.168.0.121}   # and every check says hosts: "120"

    Use instead:
        hosts:
          "121": {address: 192.168.0.121}   # and checks say hosts: all, or ["120", "121"]

    """
    baseline = loaded.baseline
    used = {name for _, check in single(baseline) for name in asked_on(check)}
    used.update(name for release in baseline.releases.values() for name in release.hosts)
    used.update(one.host for one in (baseline.monitor,) if one)
    if test := baseline.alert_test:
        used.update(via for via in (test.via, *(sight.via for sight in test.sights.values())) if via)
    for host in baseline.hosts.values():
        if host.name not in used and not host.optional:
            message = f"host {host.name} is asked nothing"
            yield Hit(host.line, message, "name it in a check, mark it optional: true, or remove it")


@warning("CS302", "unused-variable")
def unused_variable(loaded: LoadedBaseline) -> Iterator[Hit]:
    """Nothing refers to a variable.

    Why: whoever sets it with ``--set`` believes that it changes something.

    Example:
        variables: {momo_port: 5001}   # and nowhere ${momo_port}

    Use instead:
        variables: {momo_port: 5001}   # and url: "http://127.0.0.1:${momo_port}/health"

    """
    for name, line in loaded.unused_variables.items():
        yield Hit(line, f"variable {name} is used nowhere", f"write ${{{name}}} where it belongs, or remove it")
