"""``--explain CHECK``: one check from question to verdict, so that nobody has to believe it."""

import difflib
from collections.abc import Iterator, Sequence

from coldstart.errors import UsageError
from coldstart.outcome import CheckResult, Conclusion, Exchange, Outcome, Report
from coldstart.reads import OPERATOR
from coldstart.render.accepted import responsible
from coldstart.render.asked import question
from coldstart.render.page import Cell, Page
from coldstart.render.style import COLORS, QUIET, STRONG, UNSEEN, Marks, marks
from coldstart.render.words import NOT_OBSERVED, lasted, moment, seen, unseen
from coldstart.replies import CommandReply, DialReply, HttpReply, LoginReply, NeighbourReply, NoReply, PingReply
from coldstart.text import decoded, plural

_LABEL = len(NOT_OBSERVED)
_LINES_MOST = 40
_BYTES_MOST = 8192


def find(report: Report, name: str) -> tuple[CheckResult, ...]:
    """Return the results of ``GATE/check`` or ``GATE/check@host``, members of any-of groups among them.

    Raises `UsageError` with the nearest names when there is none.
    """
    every = [result for gate in report.gates for check in gate.checks for result in (check, *check.members)]
    found = tuple(result for result in every if name in (result.id, result.key))
    if found:
        return found
    known = sorted({result.id for result in every} | {result.key for result in every})
    close = difflib.get_close_matches(name, known, n=3)
    hint = f"did you mean {' or '.join(close)}?" if close else "see `coldstart plan` for every check"
    raise UsageError(f"--explain {name}: no such check in this run; {hint}")


def render(results: Sequence[CheckResult], *, width: int, color: bool, ascii: bool) -> str:  # noqa: A002 - the option's name
    """Return each result: what was asked, what came back, how it was judged, what it cost, where it is declared."""
    page = Page(width=width, color=color)
    explained = _Explained(page, marks(ascii_only=ascii))
    for result in results:
        page.blank()
        explained.result(result)
    return str(page)


class _Explained:
    def __init__(self, page: Page, signs: Marks) -> None:
        self._page, self._marks = page, signs

    def _detail(self, label: str, text: str, style: str = QUIET) -> None:
        if text:
            self._page.row(Cell(label, _LABEL, style), Cell(text), indent=2)

    def result(self, result: CheckResult) -> None:
        glyph = self._marks.glyph(result.verdict)
        self._page.paragraph(f"{glyph} {result.key}", COLORS[result.verdict])
        self._detail("claim", result.claim)
        self._detail("probe", result.probe or "one of its alternatives")
        self._detail("declared", result.source)
        if result.outcome is None:
            self._detail("not asked", _why_not(result))
        for exchange in result.exchanges:
            self._exchange(exchange)
        if result.outcome:
            self._page.blank()
            self._judged(result, result.outcome)
        self._detail("hint", result.hint)
        self._detail("SOP", result.sop)
        for member in result.members:
            self._page.blank()
            self.result(member)

    def _exchange(self, exchange: Exchange) -> None:
        read, reply = exchange.read, exchange.reply
        place = "this machine" if read.place == OPERATOR else f"host {read.place}"
        self._page.blank()
        self._page.row(Cell("asked", _LABEL, STRONG), question(read), indent=2)
        self._detail("from", f"{place} at {moment(reply.started)}, allowed {read.timeout:g} s")
        self._detail("came back", f"{summary(exchange)}, after {lasted(reply.ended - reply.started)}")
        for caution in reply.cautions:
            self._detail("caution", caution)
        for name, data in streams(exchange):
            self._stream(name, decoded(data))

    def _stream(self, name: str, text: str) -> None:
        """Show output as it is, line by line and not wrapped, behind a bar; the end is counted where it is cut."""
        lines = text[:_BYTES_MOST].rstrip("\n").split("\n")
        for at, line in enumerate(lines[:_LINES_MOST]):
            label = Cell(name if not at else "", _LABEL, QUIET)
            self._page.row(label, Cell("|", 1, QUIET, gap=1), Cell(line, keep="line"), indent=2)
        rest = len(text) - len("\n".join(lines[:_LINES_MOST]))
        if rest > 1:
            self._detail("", f"{self._marks.more} {plural(rest, 'more character')}; the JSON report has all of it")

    def _judged(self, result: CheckResult, outcome: Outcome) -> None:
        self._detail("expected", outcome.expected)
        failed = outcome.conclusion in (Conclusion.UNMET, Conclusion.UNOBSERVED)
        if failed and len(outcome.parts) > 1:
            self._detail("observed", f"of {len(outcome.parts)}, each judged alone:")
        elif unseen(outcome):
            self._detail(NOT_OBSERVED, seen(outcome), UNSEEN)
        else:
            self._detail("observed", outcome.observed)
        for part in outcome.parts:
            word = NOT_OBSERVED if part.conclusion is Conclusion.UNOBSERVED else part.conclusion.value
            self._detail("", f"{part.name}: {word}: {part.observed}")
        for at, (name, value) in enumerate(sorted(outcome.facts.items())):
            self._detail("facts" if not at else "", f"{name} = {value}")
        self._detail("reason", f"{outcome.reason.value} ({outcome.reason.says})")
        for text in outcome.evidence:
            self._stream("evidence", text)
        self._detail("verdict", _verdict(result, outcome))
        if result.accepted:
            self._detail("accepted", responsible(result.accepted))
        if result.downstream_of:
            self._detail("downstream", f"of {result.downstream_of}: it may be only its consequence")


def _why_not(result: CheckResult) -> str:
    if result.held_by:
        return f"held by {result.held_by}: a gate that this one needs is not good enough"
    return result.not_applicable or "nothing was asked"


def _verdict(result: CheckResult, outcome: Outcome) -> str:
    why = {
        Conclusion.MET: "it is as required",
        Conclusion.CAUTION: "as required, but a caution always costs a WARN",
        Conclusion.UNMET: f"it is not as required, and its severity is {result.severity.value!r}",
        Conclusion.UNOBSERVED: f"absence of evidence never passes, and its severity is {result.severity.value!r}",
    }
    return f"{result.verdict}: {why[outcome.conclusion]}"


def summary(exchange: Exchange) -> str:
    """Return how a read ended, in a few words."""
    reply = exchange.reply
    match reply:
        case NoReply():
            return f"no usable reply: {reply.reason.value}" + (f": {reply.detail}" if reply.detail else "")
        case CommandReply() | PingReply():
            return f"exit status {reply.exit_status}"
        case HttpReply():
            hops = f" after {plural(len(reply.redirects), 'redirect')}" if reply.redirects else ""
            return f"HTTP {reply.status} from {reply.url}{hops}"
        case LoginReply():
            kept = f", on the connection of {moment(reply.kept_since)}" if reply.kept_since is not None else ""
            return f"logged in as {reply.user} at {reply.address}:{reply.port}, host key {reply.host_key}{kept}"
        case DialReply():
            return f"{reply.address} accepted the connection"
        case NeighbourReply():
            return "a packet sent there was answered" if reply.answered else "no packet sent there was answered"


def streams(exchange: Exchange) -> Iterator[tuple[str, bytes]]:
    """Yield each output that came back and is not empty: its name, and its bytes as they came."""
    reply = exchange.reply
    found: dict[str, bytes] = {}
    match reply:
        case CommandReply() | PingReply():
            found = {"stdout": reply.stdout, "stderr": reply.stderr}
        case HttpReply():
            found = {"body": reply.body}
        case NeighbourReply():
            found = {"route": reply.route, "entry": reply.entry}
        case NoReply():
            found = {"evidence": reply.evidence.encode("utf-8", "backslashreplace")}
    yield from ((name, data) for name, data in found.items() if data)
