"""The rows of a gate: a pass is one line over all its hosts, a failure says expected, observed, asked, hint, SOP."""

from collections.abc import Sequence

from coldstart.outcome import CheckResult, Conclusion, Exchange, GateResult, Part, Verdict
from coldstart.render import style
from coldstart.render.accepted import responsible
from coldstart.render.asked import in_brief, most_telling, place_of
from coldstart.render.merge import Alike, Lost, alike, lost_hosts
from coldstart.render.page import Cell, Page, column
from coldstart.render.style import COLORS, QUIET, UNSEEN, Marks
from coldstart.render.words import COULD_NOT, NOT_OBSERVED, checks, name_of, seen, unseen

_INDENT = 2
_LABEL = len(NOT_OBSERVED)
_NAME_MOST = 24
_PARTS_MOST = 12
_ASKED_MOST = 3
_NAMES_MOST = 8
_DETAILS_MOST = 3
_GOOD = (Conclusion.MET, Conclusion.CAUTION)


class GateRows:
    """Writes the checks of one gate on a page, in columns of their own."""

    def __init__(self, page: Page, marks: Marks, gate: GateResult, *, verbose: bool) -> None:
        self._page, self._marks, self._verbose, self._gate = page, marks, verbose, gate
        self._lost = lost_hosts(gate.checks)
        gone = {id(check) for lost in self._lost for check in lost.checks}
        self._checks = alike([check for check in gate.checks if id(check) not in gone])
        downstream = {check.downstream_of for check in gate.checks if check.outcome}
        self._one_downstream = len(downstream) == 1
        self._glyph = column(list(marks.glyphs.values()), page.width)
        self._set_columns(gate.checks)
        self._start = self._body

    def _set_columns(self, results: Sequence[CheckResult]) -> None:
        names = [name_of(result) for result in results] + [lost.label for lost in self._lost]
        self._name = column(names, _NAME_MOST)
        self._body = _INDENT + self._glyph + 1
        room = self._page.width - self._body - self._name - 2
        hosts = column([" ".join(same.hosts) for group in self._checks for same in group], self._page.width)
        self._hosts = hosts if hosts <= room // 3 else 0
        texts = [_left_out(result) if result.verdict is None else result.claim for result in results]
        self._claim = min(column(texts, room), room - self._hosts - 2)

    def write(self) -> None:
        """In the order of the baseline; a lost host stands where the first check stands that it cost."""
        rows: list[tuple[int, Lost | tuple[Alike, ...]]] = [(self._place(lost.checks[0]), lost) for lost in self._lost]
        rows += [(self._place(group[0].first), group) for group in self._checks]
        for _, row in sorted(rows, key=lambda pair: pair[0]):
            if isinstance(row, Lost):
                self._host(row)
                continue
            advised = False
            for same in row:
                advised = self._result(same, advise=not advised) or advised

    def _place(self, result: CheckResult) -> int:
        return next(at for at, one in enumerate(self._gate.checks) if one is result)

    # ------------------------------------------------------------------------------------------------ rows of a check

    def _result(self, same: Alike, *, advise: bool) -> bool:
        """Write one result over its hosts; returns whether the hint was given (once a check is enough)."""
        first = same.first
        if first.verdict is None:
            self._row(same, _left_out(first), QUIET)
            return False
        self._row(same, first.claim)
        if first.verdict is Verdict.HELD or first.outcome is None:
            self._detail("held by", first.held_by or "")
            return False
        passed = first.verdict is Verdict.PASS
        if passed and self._verbose:
            self._what_passed(same)
        if not passed and not first.members:
            self._failure(same)
        self._members(same)
        if passed:
            return False
        if first.accepted:
            self._detail("accepted", responsible(first.accepted))
        if first.downstream_of and not self._one_downstream:
            self._detail("downstream", f"of {first.downstream_of}: may be only its consequence")
        if advise:
            self._detail("hint", first.hint)
            self._detail("SOP", first.sop)
        return advise

    def _row(self, same: Alike, text: str, text_style: str = "", *, indent: int = _INDENT, name: str = "") -> None:
        verdict = same.first.verdict
        shift = indent - _INDENT
        named = name or name_of(same.first)
        hosts = " ".join(same.hosts)
        glyph = Cell(self._marks.glyph(verdict), self._glyph, COLORS[verdict], gap=1)
        label = Cell(named, self._name - shift, keep="nothing")
        if self._hosts:
            claim = Cell(text, self._claim, text_style, keep="nothing")
            self._page.row(glyph, label, claim, Cell(hosts, style=QUIET), indent=indent)
            return
        self._page.row(glyph, label, Cell(text, style=text_style), indent=indent)
        if hosts:
            self._page.row(Cell(hosts, style=QUIET), indent=self._body + self._name + 2)

    def _what_passed(self, same: Alike) -> None:
        self._found(same, "observed", QUIET)

    def _found(self, same: Alike, label: str, label_style: str) -> None:
        """What was seen: once where all hosts agree, else a line for each wording with the hosts that it is from."""
        for at, (text, hosts) in enumerate(same.found):
            where = f"{' '.join(hosts)}: " if len(same.found) > 1 else ""
            self._detail(label if not at else "", where + text, label_style)

    def _failure(self, same: Alike) -> None:
        outcome = same.first.outcome
        if outcome is None:
            return
        self._detail("expected", same.expected)
        bad = [part for part in outcome.parts if part.conclusion is not Conclusion.MET]
        if bad:
            self._parts(bad, len(outcome.parts))
        elif unseen(outcome):
            self._found(same, NOT_OBSERVED, UNSEEN)
        else:
            self._found(same, "observed", QUIET)
        self._asked([exchange for result in same.results for exchange in result.exchanges])

    def _parts(self, bad: Sequence[Part], of: int) -> None:
        if of == 1:
            (part,) = bad
            lost = part.conclusion is Conclusion.UNOBSERVED
            label, label_style = (NOT_OBSERVED, UNSEEN) if lost else ("observed", QUIET)
            self._detail(label, f"{part.name}: {part.observed}", label_style)
            return
        blind = sum(part.conclusion is Conclusion.UNOBSERVED for part in bad)
        kinds = ((len(bad) - blind, "not as required"), (blind, "not observed"))
        self._detail("observed", f"of {of}, " + ", ".join(f"{count} {word}" for count, word in kinds if count) + ":")
        start = self._start + _LABEL + 2
        shown = bad[:_PARTS_MOST]
        width = column([part.name for part in shown], (self._page.width - start) // 2)
        for part in shown:
            text = part.observed or part.reason.says
            if part.conclusion is Conclusion.UNOBSERVED:
                text = f"{NOT_OBSERVED}: {text}"
            self._page.row(Cell(part.name, width, keep="nothing"), Cell(text), indent=start)
        if len(bad) > len(shown):
            rest = f"{self._marks.more} and {len(bad) - len(shown)} more"
            self._page.row(Cell(rest, style=QUIET), indent=start)

    def _asked(self, exchanges: Sequence[Exchange]) -> None:
        shown, left_out = most_telling(dict.fromkeys(exchanges), _ASKED_MOST)
        for at, exchange in enumerate(shown):
            self._asked_row("asked" if not at else "", exchange)
        if left_out:
            self._detail("", f"{self._marks.more} and {left_out} more")

    def _asked_row(self, label: str, exchange: Exchange) -> None:
        cells = [Cell(label, _LABEL, QUIET)]
        if place := place_of(exchange.read):
            cells.append(Cell(f"{place}:", column([f"{place}:"], self._page.width), gap=1))
        self._page.row(*cells, in_brief(exchange.read), indent=self._start)

    def _detail(self, label: str, text: str, label_style: str = QUIET) -> None:
        if text:
            self._page.row(Cell(label, _LABEL, label_style), Cell(text), indent=self._start)

    # ---------------------------------------------------------------------------------------- alternatives, lost hosts

    def _members(self, same: Alike) -> None:
        """The alternatives of an any-of group, indented below it. In a good group a failed one is no alarm: no mark."""
        members = [member for result in same.results for member in result.members]
        good_group = same.first.outcome is not None and same.first.outcome.conclusion in _GOOD
        for group in alike(members):
            for member in group:
                name = name_of(member.first).removeprefix(f"{name_of(same.first)}.")
                self._member(member, name, alarm=not good_group)

    def _member(self, member: Alike, name: str, *, alarm: bool) -> None:
        first = member.first
        failed = first.outcome is not None and first.outcome.conclusion not in _GOOD
        if failed and not alarm:
            quiet = Alike(first.model_copy(update={"verdict": None}), member.results)
            self._row(quiet, first.claim, QUIET, indent=self._body, name=name)
        else:
            text = _left_out(first) if first.verdict is None else first.claim
            self._row(member, text, indent=self._body, name=name)
        if not (failed and first.outcome):
            return
        self._start = self._body + self._glyph + 1
        if alarm:
            self._failure(member)
        else:
            self._detail(NOT_OBSERVED if unseen(first.outcome) else "observed", seen(first.outcome))
        self._start = self._body

    def _host(self, lost: Lost) -> None:
        """One line for a host that could not be asked, with what it cost, instead of one for each check."""
        why = lost.reason.says.removeprefix(COULD_NOT)
        text = f"{NOT_OBSERVED}: {why} ({checks(len(lost.checks))})"
        glyph = Cell(self._marks.glyph(lost.verdict), self._glyph, COLORS[lost.verdict], gap=1)
        self._page.row(glyph, Cell(lost.label, self._name, style.STRONG), Cell(text, style=UNSEEN), indent=_INDENT)
        told = dict.fromkeys(check.outcome.observed for check in lost.checks if check.outcome)
        news = [detail for detail in told if detail and detail != lost.reason.says]
        for at, detail in enumerate(news[:_DETAILS_MOST]):
            self._detail("seen" if not at else "", detail)
        names = lost.names[:_NAMES_MOST]
        more = f" and {len(lost.names) - len(names)} more" if len(lost.names) > len(names) else ""
        self._detail("checks lost", ", ".join(names) + more)
        self._detail("hint", next((check.hint for check in lost.checks if check.hint), ""))
        self._detail("SOP", next((check.sop for check in lost.checks if check.hint), lost.checks[0].sop))


def _left_out(check: CheckResult) -> str:
    reason = check.not_applicable or "nothing was asked"
    return reason if reason.startswith("left out") else f"not applicable: {reason}"
