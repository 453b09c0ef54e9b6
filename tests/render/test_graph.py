"""The DAG drawn: every gate once, within the width, and its names are text in every form."""

import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.render.reports import HOSTILE, SCENARIOS, gate, report

from coldstart.baseline.model import Baseline, Condition, Defaults, Gate, Release
from coldstart.engine.graph import PhaseGraph
from coldstart.outcome import Result, Verdict
from coldstart.render.graph import Drawing, mermaid, tree
from coldstart.render.wrap import width_of
from coldstart.text import visible

SOP = {
    "P0-NETWORK": ((), "All four hosts answer, and let us in"),
    "P0-188-DATA": (("P0-NETWORK",), "The data layer on 188 serves"),
    "P0-110-REGISTRY-OBSERVABILITY": (("P0-NETWORK",), "Registry and observability on 110 serve"),
    "P1-K3S": (("P0-188-DATA", "P0-110-REGISTRY-OBSERVABILITY"), "K3s on 120 and 121 is ready, with its virtual IP"),
    "P2-WORKLOAD-ALERTCHAIN": (("P1-K3S",), "AWOOOI API and web answer, and alerts arrive"),
    "P2-PUBLIC-ROUTES": (
        ("P2-WORKLOAD-ALERTCHAIN", "P0-188-DATA"),
        "對外路由：awoooi 與 mo 皆可由外部連線，憑證也都有效，不經轉址",
    ),
    "P2-SCHEDULES": (("P2-PUBLIC-ROUTES",), "Schedules run, backups are fresh"),
}
RELEASES = (
    Release(
        "crawlers", "momo-scheduler and crawlers", ("188",), tuple(SOP), (Condition("load", ("x",), hold_for=900),)
    ),
    Release("ai", "AI auto-remediation, limited execution", (), tuple(SOP), (Condition("asked", by_hand="ask"),)),
    Release("images", "image pulls", (), ("P0-110-REGISTRY-OBSERVABILITY", "P0-NETWORK"), ()),
)
GOLDEN = Path(__file__).parent / "golden_graph"
WIDTH = 80


def baseline(gates=SOP, releases=RELEASES, name="AWOOOI full-stack cold start", strict=()):
    made = {
        key: Gate(
            name=key,
            title=title,
            needs={one: Verdict.PASS if (key, one) in strict else Verdict.WARN for one in needs},
            checks=(),
        )
        for key, (needs, title) in gates.items()
    }
    return Baseline(name=name, defaults=Defaults(), hosts={}, gates=made, releases={one.name: one for one in releases})


def drawing(made=None, judged=None, notes=()):
    made = made or baseline(strict={("P2-SCHEDULES", "P2-PUBLIC-ROUTES")})
    order = PhaseGraph({name: one.needs for name, one in made.gates.items()}).order
    return Drawing(made, order, judged, notes)


def judged():
    verdicts = dict(zip(SOP, ("PASS", "BLOCKED", "WARN", "HELD", "HELD", "HELD", None), strict=True))
    gates = [
        gate(name, SOP[name][1], [], verdict=Verdict(verdict) if verdict else None,
             held_by="P0-188-DATA" if verdict == "HELD" else None)
        for name, verdict in verdicts.items()
    ]  # fmt: skip
    return report(gates, result=Result.BLOCKED, headline="BLOCKED at P0-188-DATA")


def drawn(made, **options):
    return tree(made, **{"width": WIDTH, "color": False, "ascii": False, **options})


CASES = {
    "plain": lambda: drawn(drawing()),
    "plain.ascii": lambda: drawn(drawing(), ascii=True),
    "judged": lambda: drawn(drawing(judged=judged(), notes=("verdicts of yesterday",))),
    "judged.ascii": lambda: drawn(drawing(judged=judged()), ascii=True),
    "mermaid": lambda: mermaid(drawing()),
    "mermaid.judged": lambda: mermaid(drawing(judged=judged())),
}


@pytest.mark.parametrize("case", CASES)
def test_a_drawing_is_what_its_golden_file_holds(case):
    path = GOLDEN / f"{case}.txt"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        path.write_text(CASES[case](), "utf-8")
    assert path.read_text("utf-8") == CASES[case](), "UPDATE_GOLDEN=1 pytest tests/render rewrites it; read the diff"


def test_ascii_is_ascii():
    made = drawing(baseline({name: (needs, "title") for name, (needs, _) in SOP.items()}), judged())
    assert drawn(made, ascii=True).isascii()


@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_line_is_wider_than_the_page_however_deep_the_gates_stand(width):
    deep = {f"G{at:03}-{'X' * 50}": ((f"G{at - 1:03}-{'X' * 50}",) if at else (), "a title " * 9) for at in range(60)}
    text = drawn(drawing(baseline(deep, ())), width=width)
    assert [] == [line for line in text.splitlines() if width_of(line) > width]
    assert all(f"G{at:03}" in text for at in range(60))


def test_thousands_of_gates_in_a_row_do_not_end_the_program():
    long = {f"G{at}": ((f"G{at - 1}",) if at else (), "t") for at in range(1200)}
    assert "G1199 " in drawn(drawing(baseline(long, ())))


def test_every_gate_is_drawn_once_below_the_last_that_it_needs():
    text = drawn(drawing())
    places = [text.index(f"{name} —") for name in SOP]
    assert sorted(places) == places
    assert "also needs P0-188-DATA" in text


def test_releases_say_what_they_wait_for():
    text = drawn(drawing(judged=judged()))
    assert "waits for P0-110-REGISTRY-OBSERVABILITY (WARN)" in " ".join(text.split())
    assert "P2-SCHEDULES (not asked)" in " ".join(text.split())


def test_gates_that_the_report_does_not_know_are_not_taken_for_good():
    text = drawn(drawing(judged=SCENARIOS["all_green"]()))
    assert "not in the report" in text
    assert "P2-SCHEDULES (not in the report)" in " ".join(text.split())


LINE = re.compile(
    r"flowchart TD|  [gr]\d+ (?:-->|-->\|PASS\||-\.->\|PASS\|) [gr]\d+|  classDef \w+ [\w:#,\- ]+|  class [g\d,]+ \w+"
    r'|  g\d+\["(?P<gate>[^"]*)"\]|  r\d+\(\["(?P<release>[^"]*)"\]\)'
)
LABEL = re.compile(r"(?:[^\"<>`\\%;#&|{}\[\]()\n]|#\d+;|<br/>)*")


def labels(text):
    found = []
    for line in text.splitlines():
        match = LINE.fullmatch(line)
        assert match, line
        found += [label for label in (match["gate"], match["release"]) if label is not None]
    return found


@pytest.mark.parametrize(
    "text", [HOSTILE, 'a"] --> b', "end", "%%{init: {}}%%", "<script>", "`**x**`", "a;b", "\n g9 --> g0"]
)
def test_a_name_cannot_leave_its_label(text):
    made = drawing(baseline({text: ((), text), "P1": ((text,), text)}, (Release(text, text, (), ("P1",)),)))
    found = labels(mermaid(made))
    assert 3 == len(found)
    assert all(LABEL.fullmatch(label) for label in found)


@given(st.text(min_size=1))
def test_no_text_at_all_leaves_its_label_or_reaches_a_terminal_raw(text):
    made = drawing(baseline({text: ((), text)}, (Release(text, text, (), (text,)),), name=text))
    assert all(LABEL.fullmatch(label) for label in labels(mermaid(made)))
    shown = drawn(made)
    assert visible(shown) == shown


def test_mermaid_labels_read_as_they_were_written():
    made = drawing(baseline({"P0": ((), '188: "PG" & <Redis> #1')}, ()))
    (label,) = labels(mermaid(made))
    plain = re.sub(r"#(\d+);", lambda match: chr(int(match[1])), label)
    assert 'P0<br/>188: "PG" & <Redis> #1' == plain
