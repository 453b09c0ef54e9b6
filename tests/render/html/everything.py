"""A report in which every string that may be of the world is one text."""

from tests.render.reports import check, gate, ran, report, root_of

from coldstart.decisions import Accepted, AcceptItem, AcceptState, ConditionItem, Decision, ReleaseItem
from coldstart.outcome import DoneItem, HostFacts, Outcome, Part, Result
from coldstart.reads import Command
from coldstart.reason import Reason
from coldstart.text import visible

NASTY = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</pre></details></style></svg><h1>",
    "]]><!--x--><![CDATA[<b>",
    "{{ 7 * 7 }}{% raw %}{# x #}",
    "javascript:alert(1) http://evil.example/",
    "&lt;b&gt;&#60;&amp;",
    "\u202egnp.exe\u2066 \x1b[2J\x00\x9b\r\x08 \ufeff\u200b",
    "\ud800 half of a pair",
]


def everything(text, **fields):
    """A report in which every string that may be of the world is `text`."""
    parts = [Part(name=text, conclusion="unmet", reason=Reason.FAILED, observed=text)] * 2
    bad = Outcome.of_parts(parts, expected=text, evidence=(text,), facts={text: text})
    accepted = Accepted(reason=text, by=text, until=1.8e9, source=text)
    evil = ran(Command(host=text, argv=(text, text)), text.encode("utf-8", "replace").decode(), stderr="x")
    seen = evil.reply.model_copy(update={"stdout": text.encode("utf-8", "surrogatepass"), "cautions": (text,)})
    checks = [
        check(f"{text}/c", text, text, bad, hint=text, sop=text, tier=text, source=text, downstream_of=text, probe=text,
              exchanges=(evil.model_copy(update={"reply": seen}),)),
        check(f"{text}/d", None, text, Outcome.caution(Reason.EXPIRING, text), accepted=accepted,
              members=(check(text, None, text, not_applicable=text),)),
    ]  # fmt: skip
    gates = [gate(text, text, checks, held_by=text), gate("P1", text, [check("P1/x", None, text, not_applicable=text)])]
    made = report(
        gates,
        result=Result.BLOCKED,
        headline=text,
        root=root_of(checks[0], holds=(text,)).model_copy(update={"gate": text}),
        narrowed=(text,),
        notes=(text,),
        done=(DoneItem(id=text, claim=text, done=False, why=text, sop=text),),
        hosts=(HostFacts(name=text, address=text, boot_id=text, problem=text),),
        releases=(
            ReleaseItem(name=text, title=text, decision=Decision.HOLD, early=text, hint=text, sop=text,
                        conditions=(ConditionItem(claim=text, met=False, why=text, by_hand=text),)),
        ),
        accepts=(AcceptItem(check=text, state=AcceptState.VOID, says=text, accepted=accepted),),
        **fields,
    )  # fmt: skip
    return made.model_copy(update={"baseline_name": visible(text), "baseline": visible(text), "version": text})
