"""Reports with reads at given times, for what is drawn of time."""

from tests.render.reports import AT, check, command, gate, report

from coldstart.outcome import Exchange, Outcome, Result, Verdict
from coldstart.replies import CommandReply


def asked(name, start, end, host="188"):
    """A command on a host, sent and answered so many seconds after the start of the run."""
    reply = CommandReply(started=AT + start, ended=AT + end, exit_status=0, stdout=b"ok\n")
    return Exchange(read=command(host, "cat", f"/{name}"), reply=reply)


def asking(name, *exchanges, needs=(), **fields):
    """A gate with one check a read."""
    checks = [
        check(f"{name}/c{at}", "188", "holds", Outcome.met("yes"), exchanges=(exchange,))
        for at, exchange in enumerate(exchanges)
    ]
    made = gate(name, f"gate {name}", checks, **fields)
    return made.model_copy(update={"needs": dict.fromkeys(needs, Verdict.WARN)})


def run_of(*gates, lasted=10.0):
    made = report(gates, result=Result.GREEN, headline="GREEN")
    return made.model_copy(update={"ended": AT + lasted})


def names(steps):
    """What the reads of a path asked for: ``/a`` of ``cat /a``."""
    return [step.span.exchange.read.argv[-1] for step in steps]
