"""The page of a report, in Debian's Chromium: nothing is refused, nothing is asked for, all of it can be seen."""

import re
import subprocess
import time

import pytest
from tests.render.html.everything import NASTY, everything
from tests.render.html.timed import asked, asking, run_of
from tests.render.reports import SCENARIOS
from tests.support.chromium import program, shades

from coldstart.render.html import page

pytestmark = pytest.mark.browser

OVERFLOW = "document.documentElement.scrollWidth - window.innerWidth"
LOOKED_AT = ("blocked_at_data", "unreachable_host", "any_of_groups", "chinese_hints", "many_parts", "hostile_text")


def thirty_gates():
    gates = []
    for at in range(30):
        needs = [f"P{up // 6}-A-GATE-OF-MANY-{up:02}" for up in range(at) if (at * 7 + up * 3) % 11 == 0]
        exchanges = [asked(f"{at}-{one}", at / 3, at / 3 + 0.2 + one / 10, str(one % 3)) for one in range(6)]
        gates.append(asking(f"P{at // 6}-A-GATE-OF-MANY-{at:02}", *exchanges, needs=needs))
    return run_of(*gates, lasted=12)


@pytest.mark.parametrize("name", LOOKED_AT)
def test_the_browser_has_nothing_to_complain_of_and_asks_for_nothing(tab, written, name):
    path = written(page.render(SCENARIOS[name]()))
    tab.open(path)
    assert [] == tab.complaints()
    assert [path.as_uri()] == tab.requested()


@pytest.mark.parametrize("text", NASTY)
def test_hostile_text_runs_nothing_and_asks_for_nothing(tab, written, text):
    path = written(page.render(everything(text)))
    tab.open(path)
    assert [] == tab.complaints()
    assert [path.as_uri()] == tab.requested()
    assert 0 == tab.value("document.scripts.length + document.images.length + document.forms.length")
    assert not [event for event in tab.events if event["method"] == "Page.javascriptDialogOpening"]


@pytest.mark.parametrize(
    "injected",
    [
        "<p style='color:red'>",
        "<style>p { color: red }</style>",
        "<img src='https://127.0.0.1:9/x.png'>",
        "<p><svg><image href='https://127.0.0.1:9/x.svg'></svg>",
        "<iframe src='https://127.0.0.1:9/'></iframe>",
        "<p onclick='1'>",
    ],
)
def test_what_somebody_got_into_the_page_all_the_same_would_be_refused(tab, written, injected):
    tab.open(written(page.render(SCENARIOS["all_green"]()).replace("</main>", f"{injected}</main>")))
    tab.value("document.querySelector('[onclick]')?.click()")
    assert [said for said in tab.complaints() if "ContentSecurityPolicy" in said]


@pytest.mark.parametrize("name", [*LOOKED_AT, "thirty"])
@pytest.mark.parametrize("width", [360, 768, 1280, 2200])
def test_the_page_is_never_wider_than_the_window(tab, written, name, width):
    made = thirty_gates() if name == "thirty" else SCENARIOS[name]()
    tab.open(written(page.render(made)), width=width)
    assert tab.value(OVERFLOW) <= 0


def test_a_word_without_an_end_does_not_widen_the_page(tab, written):
    tab.open(written(page.render(everything("W" * 2000))), width=360)
    assert tab.value(OVERFLOW) <= 0


def test_by_day_it_is_light_and_by_night_it_is_dark(tab, written):
    path = written(page.render(SCENARIOS["blocked_at_data"]()))
    tab.open(path, width=640, height=500)
    day = shades(tab.screenshot())
    tab.open(path, width=640, height=500, dark=True)
    night = shades(tab.screenshot())
    assert day["light"] > 0.8
    assert night["light"] < 0.25
    assert min(day["colours"], night["colours"]) > 100


def test_names_of_thirty_gates_can_be_read(tab, written):
    tab.open(written(page.render(thirty_gates())))
    sizes = "[...document.querySelectorAll('.node-name')].map(name => name.getBoundingClientRect().height)"
    assert 30 == len(tab.value(sizes))
    assert min(tab.value(sizes)) >= 10
    boxes = (
        "[...document.querySelectorAll('.node')].every(node => node.querySelector('.node-name')"
        ".getBoundingClientRect().right < node.querySelector('.box').getBoundingClientRect().right)"
    )
    assert tab.value(boxes)


def test_a_check_opens_by_the_keyboard(tab, written):
    tab.open(written(page.render(SCENARIOS["all_green"]())))
    assert not tab.value("document.querySelector('details.check').open")
    tab.value("document.querySelector('details.check > summary').focus()")
    for kind in ("keyDown", "keyUp"):
        tab.call("Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", text="\r", windowsVirtualKeyCode=13)
    assert tab.value("document.querySelector('details.check').open")


def test_a_link_of_the_table_leads_to_its_gate(tab, written):
    tab.open(written(page.render(SCENARIOS["blocked_at_data"]())), height=600)
    tab.value("document.querySelectorAll('table.gates tbody a')[2].click()")
    assert 0 <= tab.value("document.querySelector(':target').getBoundingClientRect().top") < 600


def test_on_paper_every_check_is_unfolded_and_nothing_is_dark(tab, written):
    tab.open(written(page.render(SCENARIOS["blocked_at_data"]())), width=640, height=500, dark=True)
    dark = [{"name": "prefers-color-scheme", "value": "dark"}]
    tab.call("Emulation.setEmulatedMedia", media="print", features=dark)
    # A folded body has a height all the same; only checkVisibility tells that it is not drawn.
    bodies = "[...document.querySelectorAll('details.check > .body')]"
    assert tab.value(f"{bodies}.length") > 10
    assert tab.value(f"{bodies}.every(body => body.checkVisibility())")
    assert shades(tab.screenshot())["light"] > 0.8


def test_the_paper_has_pages_with_all_that_was_found(tab, written, tmp_path):
    tab.open(written(page.render(SCENARIOS["blocked_at_data"]())))
    pdf = tmp_path / "run.pdf"
    pdf.write_bytes(tab.pdf())
    done = subprocess.run([program("pdftotext"), "-layout", pdf, "-"], capture_output=True, text=True, check=True)
    assert 2 <= done.stdout.count("\f") <= 12
    for said in ("BLOCKED at P0-188-DATA", "no response on localhost:5432", "exited (137) 12 minutes ago"):
        assert said in done.stdout
    gates = SCENARIOS["blocked_at_data"]().gates
    passed = [check for gate in gates for check in gate.checks if check.verdict == "PASS"]
    assert len(passed) == len(re.findall(r"observed +as expected", done.stdout))


def test_two_thousand_reads_open_quickly(tab, written):
    gates = []
    for at in range(10):
        exchanges = [asked(f"{at}-{one}", at + one / 200, at + one / 100, str(one % 7)) for one in range(200)]
        gates.append(asking(f"P{at}", *exchanges, needs=[f"P{at - 1}"] if at else []))
    path = written(page.render(run_of(*gates, lasted=12)))
    begun = time.monotonic()
    tab.open(path)
    assert 2000 == tab.value("document.querySelectorAll('details.check').length")
    assert time.monotonic() - begun < 10
