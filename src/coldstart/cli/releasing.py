"""`release`, given its options as a `Request`: which releases are meant, what is confirmed, and one whole run."""

import asyncio
import difflib
from collections.abc import Iterable, Sequence
from dataclasses import replace

from coldstart.baseline.model import Baseline
from coldstart.baseline.runbook import Release
from coldstart.cli.memory import Memory
from coldstart.cli.session import Request, Session, compiled, stopping_on_signals
from coldstart.cli.show import Show
from coldstart.clock import FixedClock, SystemClock
from coldstart.engine import reduce
from coldstart.engine.runner import Finished
from coldstart.errors import UsageError
from coldstart.render import as_json, releases
from coldstart.transport.detour import Detours
from coldstart.transport.replay import Replay

FORMATS = ("table", "short", "json")


def release(request: Request, names: Sequence[str], confirm: Sequence[str]) -> int:
    """Run once, show the releases of these names (none: all), and return the exit code of their decisions."""
    detours = Detours.parse(request.connect_to)
    program = compiled(request)
    wanted = named(program.loaded.baseline, names)
    request = replace(request, confirmed=claims(wanted, confirm))
    show = Show(request.output or ("table",), request.ascii, request.no_color, known=FORMATS)
    if request.replay and (request.send_alert_test or request.connect_to):
        also = "--send-alert-test" if request.send_alert_test else "--connect-to"
        raise UsageError(f"{also} and --replay exclude each other: a replay asks nothing and sends nothing")
    replay = Replay(request.replay) if request.replay else None
    clock = FixedClock(replay.meta.started) if replay else SystemClock()
    memory = None if replay else Memory(request.state_dir, clock, program.loaded.baseline.name, command="release")
    session = Session(request, program, clock, replay, detours, memory=memory)
    finished = asyncio.run(_once(session, show))
    if memory:
        memory.keep(finished.report)
        memory.close()
    decided = {item.name: item for item in finished.report.releases}
    report = finished.report.model_copy(update={"releases": tuple(decided[one.name] for one in wanted)})
    show.texts(
        {
            "json": lambda *_: as_json.render(report),
            "short": lambda *_: releases.short(report),
            "table": lambda width, color, ascii_only: releases.page(report, width=width, color=color, ascii=ascii_only),
        }
    )
    return reduce.release_exit_code(report.result, report.releases)


async def _once(session: Session, show: Show) -> Finished:
    with stopping_on_signals(session.stop), show.progress(session.program, quiet=session.request.quiet) as observer:
        return await session.once(observer)


def named(baseline: Baseline, names: Sequence[str]) -> tuple[Release, ...]:
    """The releases of these names, in the order of the baseline; all where none is named. Raises `UsageError`."""
    known = baseline.releases
    if not known:
        raise UsageError("the baseline declares no releases: add releases: to it")
    problems = []
    for name in dict.fromkeys(names):
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(known)}"
            problems.append(f"release {name}: the baseline has none of this name; {hint}")
    if problems:
        raise UsageError(*problems)
    return tuple(one for one in known.values() if not names or one.name in names)


def claims(wanted: Iterable[Release], confirm: Sequence[str]) -> frozenset[str]:
    """The claims that the operator confirms, each given whole or by a beginning that no other has.

    Only what no check can see can be confirmed, and only of the releases that are asked for. Raises `UsageError`.
    """
    by_hand = dict.fromkeys(one.claim for item in wanted for one in item.conditions if one.by_hand)
    found = [(text, _meant(text, by_hand)) for text in confirm]
    problems = []
    for text, meant in found:
        if len(meant) > 1:
            problems.append(f"--confirm {text!r} is the beginning of {_quoted(meant)}: write more of it")
        elif not meant:
            known = (
                f"those that a person must confirm are {_quoted(by_hand)}" if by_hand else "there is none to confirm"
            )
            problems.append(f"--confirm {text!r}: no condition of these releases begins like this; {known}")
    if problems:
        raise UsageError(*problems)
    return frozenset(claim for _, meant in found for claim in meant)


def _meant(text: str, known: Iterable[str]) -> list[str]:
    """The claim that is this text, else all that begin with it; letter case and spaces do not count."""
    begins = " ".join(text.split()).casefold()
    plain = {claim: " ".join(claim.split()).casefold() for claim in known}
    whole = [claim for claim, words in plain.items() if words == begins]
    return whole or [claim for claim, words in plain.items() if begins and words.startswith(begins)]


def _quoted(texts: Iterable[str]) -> str:
    return ", ".join(repr(text) for text in texts)
