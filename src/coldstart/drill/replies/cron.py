"""When cron(8) of a host last ran a job, and what the job found then: files outlive a power loss."""

from collections.abc import Iterator
from dataclasses import dataclass

from coldstart.drill.stack import Stack
from coldstart.drill.state import Boot, Phase
from coldstart.drill.view import View


@dataclass(frozen=True)
class _Span:
    """Up from `began` to `ended`, s of the scenario; `first`: by the boot, which is when it does its @reboot jobs."""

    began: float
    ended: float
    first: bool


def runs(view: View, every: float) -> Iterator[float]:
    """The moments, newest first, at which a job ran that is due every `every` s of the wall clock, and at boot."""
    for span in reversed(_up(view)):
        at = view.wall(span.ended) // every * every - view.epoch
        while at > span.began:
            yield at
            at -= every
        if span.first or at == span.began:
            yield span.began


def phase_then(stack: Stack, part: str, at: float) -> Phase:
    """The phase of a part at a moment of the past. Before the stack's own history everything was up."""
    phases = [change.phase for change in stack.history if change.part == part and change.at <= at]
    return phases[-1] if phases else Phase.UP


def fault_then(stack: Stack, part: str, at: float) -> str | None:
    """The fault of a part at a moment of the past."""
    faults = [fault for since, fault in stack.parts[part].faulted if since <= at]
    return faults[-1] if faults else None


def was_up(stack: Stack, part: str, at: float) -> bool:
    """Say whether a part served at a moment of the past, as `Stack.up` says of now."""
    return phase_then(stack, part, at) is Phase.UP and fault_then(stack, part, at) is None


def _up(view: View) -> list[_Span]:
    return [span for boot in view.state.boots for span in _up_in(view, boot)]


def _up_in(view: View, boot: Boot) -> Iterator[_Span]:
    part = view.part("cron")
    end = view.now if boot.ended is None else boot.ended
    if boot.ended is not None and boot is view.state.boots[0]:  # from before the stack's own history
        yield _Span(min(boot.at + part.spec.takes, end), end, first=True)
        return
    moments = {change.at for change in view.stack.history if change.part == part.spec.name}
    moments |= {at for at, _ in part.faulted}
    began: float | None = None
    first = True
    for at in sorted(at for at in moments if boot.at < at <= end):
        if was_up(view.stack, part.spec.name, at):
            began = at if began is None else began
        elif began is not None:
            yield _Span(began, at, first)
            began, first = None, False
    if began is not None:
        yield _Span(began, end, first)
