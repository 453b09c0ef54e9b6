"""The page: everything in it, nothing loaded, nothing run, and text of the world never anything but text."""

import base64
import hashlib
import re
import time
from itertools import pairwise

import pytest
from tests.render.html.everything import everything
from tests.render.html.parsed import Page
from tests.render.html.timed import asked, asking, run_of
from tests.render.reports import AT, SCENARIOS, check, command, gate, ran, report, root_of

from coldstart.decisions import Accepted, ConditionItem, Decision, ReleaseItem
from coldstart.outcome import Exchange, Outcome, Report, Result, Severity
from coldstart.reads import HttpGet, SshLogin
from coldstart.reason import Reason
from coldstart.render.html import page
from coldstart.render.html.excerpts import Excerpts
from coldstart.replies import LoginReply

LOADS = ("src", "srcset", "data", "poster", "background", "action", "formaction", "ping", "manifest", "xlink:href")


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_page_loads_nothing_and_runs_nothing(name):
    made = Page(page.render(SCENARIOS[name]()))
    for tag, attributes in made.elements:
        assert tag not in ("script", "iframe", "object", "embed", "base", "form", "img", "image", "foreignObject")
        assert not any(key.startswith("on") or key == "style" or key in LOADS for key in attributes)
        target = attributes.get("href")
        assert target is None or target.startswith("#") or (tag, target) == ("link", "data:,")
    assert not re.search(r"url\(|@import|//", made.style)


def test_the_policy_allows_this_style_sheet_and_nothing_else():
    made = Page(page.render(SCENARIOS["all_green"]()))
    (policy,) = [meta["content"] for meta in made.all("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
    digest = base64.b64encode(hashlib.sha256(made.style.encode()).digest()).decode()
    assert (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'" == policy
    )


def test_the_policy_stands_before_all_that_it_is_for():
    tags = [tag for tag, _ in Page(page.render(SCENARIOS["all_green"]())).elements]
    assert ["html", "head", "meta", "meta"] == tags[:4]
    assert tags.index("style") > 3


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_same_report_gives_the_same_bytes(name, monkeypatch):
    made = SCENARIOS[name]()
    first = page.render(made)
    monkeypatch.setenv("TZ", "Asia/Taipei")
    time.tzset()
    try:
        assert first == page.render(Report.model_validate_json(made.model_dump_json()))
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_gate_and_every_check_is_in_it(name):
    made = SCENARIOS[name]()
    parsed = Page(page.render(made))
    checks = [one for gate_ in made.gates for check_ in gate_.checks for one in (check_, *check_.members)]
    assert len(checks) == len(parsed.classed("check"))
    assert len(made.gates) == len(parsed.classed("node"))
    for gate_ in made.gates:
        assert " ".join(gate_.title.split()) in parsed.words
    for one in checks:
        assert " ".join(one.claim.split()) in parsed.words


@pytest.mark.parametrize("name", SCENARIOS)
def test_what_somebody_must_act_on_stands_open_and_nothing_else(name):
    made = SCENARIOS[name]()
    checks = [one for gate_ in made.gates for check_ in gate_.checks for one in (check_, *check_.members)]
    opened = [at for _, at in Page(page.render(made)).classed("check") if "open" in at]
    assert sum(one.verdict in ("WARN", "BLOCKED") for one in checks) == len(opened)


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_id_is_there_once_and_every_link_leads_somewhere(name):
    made = Page(page.render(SCENARIOS[name]()))
    ids = [at["id"] for _, at in made.elements if "id" in at]
    assert len(ids) == len(set(ids))
    links = {at["href"][1:] for _, at in made.elements if (at.get("href") or "").startswith("#")}
    named = {name for _, at in made.elements for name in (at.get("aria-labelledby") or "").split()}
    assert set() == (links | named) - set(ids)


def test_headings_go_down_one_level_at_a_time_and_landmarks_are_there():
    made = Page(page.render(everything("word")))
    levels = [int(tag[1]) for tag, _ in made.elements if re.fullmatch("h[1-6]", tag)]
    assert 1 == levels[0] == levels.count(1)
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert (1, 1, 1) == (len(made.all("main")), len(made.all("nav")), len(made.all("title")) and 1)


def test_each_picture_has_a_name_and_says_in_words_what_it_shows():
    made = Page(page.render(SCENARIOS["blocked_at_data"]()))
    pictures = [at for at in made.all("svg") if at.get("role") == "img"]
    assert [["dag-title", "dag-desc"], ["chart-title", "chart-desc"]] == [
        at["aria-labelledby"].split() for at in pictures
    ]
    assert "P0-188-DATA: BLOCKED · 2 of 4, the first that is not good." in made.words
    assert all("aria-hidden" in at for at in made.all("svg") if "role" not in at)


def test_the_root_stands_first_with_all_that_is_to_be_known():
    words = Page(page.render(SCENARIOS["blocked_at_data"]())).words
    head = words[: words.index("Hosts, each with its boot")]
    for said in (
        "BLOCKED at P0-188-DATA on 188",
        "should hold PostgreSQL accepts connections",
        "expected accepting connections on localhost:5432",
        "observed no response on localhost:5432",
        "holds back P1-K3S",
        "hint Do not restart K3s",
        "SOP 4.3",
    ):
        assert said in head


def test_what_could_not_be_observed_is_never_called_observed():
    words = Page(page.render(SCENARIOS["not_observed_beside_observed"]())).words
    assert "NOT OBSERVED tool missing on the host: pg_isready: command not found" in words
    assert "BLOCKED, not observed" in words


@pytest.mark.parametrize("tier", ["BLOCK", "CRITICAL_HITL"])
def test_a_protected_service_asks_for_human_approval(tier):
    down = check("P0/pg", "188", "holds", Outcome.unmet(Reason.FAILED, "no"), tier=tier)
    root = root_of(down).model_copy(update={"tier": tier})
    made = report([gate("P0", "data", [down])], result=Result.BLOCKED, headline="no", root=root)
    assert 2 == Page(page.render(made)).words.count(f"{tier}: human approval")


def test_an_accepted_warning_says_who_took_it_and_why():
    accepted = Accepted(reason="known since May", by="wooo", until=1_800_000_000)
    warned = check(
        "P0/load", "188", "low", Outcome.unmet(Reason.OVER_LIMIT, "1.4"), severity=Severity.WARN, accepted=accepted
    )
    words = Page(page.render(report([gate("P0", "data", [warned])], result=Result.GREEN, headline="GREEN"))).words
    assert "WARN, accepted" in words
    assert "known since May (wooo), until 2027-01-15 08:00:00Z" in words


def test_a_huge_output_is_cut_and_says_so():
    huge = ran(command("188", "cat", "/huge"), "0123456789abcde\n" * 65536)
    made = report([gate("P0", "t", [check("P0/c", "188", "c", Outcome.met("y"), exchanges=(huge,))])],
                  result=Result.GREEN, headline="GREEN")  # fmt: skip
    html = page.render(made)
    assert len(html) < 60_000
    assert "cut here; the JSON report has all 1,048,576 bytes" in html


def test_a_cut_leaves_no_half_character():
    text = "數據" * 5000
    piece = Excerpts(most=1000).of_evidence([text])
    assert text.startswith(piece.text)
    assert 999 == len(piece.text.encode())


def test_two_thousand_reads_make_a_page_of_a_few_megabytes_in_seconds():
    gates = []
    for at in range(10):
        reads = [asked(f"{at}-{one}", at + one / 200, at + one / 200 + 0.1, str(one % 7)) for one in range(200)]
        full = [
            one.model_copy(update={"reply": one.reply.model_copy(update={"stdout": b"<&>\x00" * 4000})})
            for one in reads
        ]
        gates.append(asking(f"P{at}", *full, needs=[f"P{at - 1}"] if at else []))
    begun = time.monotonic()
    html = page.render(run_of(*gates, lasted=12))
    assert time.monotonic() - begun < 10
    assert len(html) < 6_000_000
    assert 2000 == len(re.findall(r"<rect class=\"k-command(?: on-path)?\" x=", html))


def test_the_address_of_a_read_is_text_and_no_link():
    read = HttpGet(url="https://evil.example/?a=1&b=<x>")
    made = report([gate("P0", "t", [check("P0/c", "188", "c", Outcome.met("y"), exchanges=(ran(read),))])],
                  result=Result.GREEN, headline="GREEN")  # fmt: skip
    parsed = Page(page.render(made))
    assert "https://evil.example/?a=1&b=<x>" in parsed.text
    assert not any("evil" in (at.get("href") or "") for _, at in parsed.elements)


def test_a_template_that_names_what_is_not_there_fails():
    with pytest.raises(Exception, match="undefined"):
        page._environment().from_string("{{ nowhere }}").render()


def test_what_all_releases_wait_for_is_said_once():
    both = ConditionItem(claim="PostgreSQL is ready", met=False, why="no response")
    own = ConditionItem(claim="somebody looked", met=None, by_hand="look at it")
    good = ConditionItem(claim="P0 is green", met=True, why="passed")
    releases = tuple(
        ReleaseItem(name=name, title=name.upper(), decision=Decision.HOLD, conditions=(good, both, *more))
        for name, more in (("crawlers", ()), ("runners", (own,)))
    )
    made = report([gate("P0", "data", [])], result=Result.BLOCKED, headline="no", releases=releases)
    words = Page(page.render(made)).words
    assert "none of 2 may go. All that are held wait for not met: PostgreSQL is ready no response" in words
    assert 1 == words.count("PostgreSQL is ready")
    assert "HOLD CRAWLERS crawlers waits for nothing of its own 1 condition met" in words
    assert "HOLD RUNNERS runners not known: somebody looked by hand: look at it" in words


def test_a_login_that_was_kept_from_an_earlier_attempt_is_not_shown_as_one_of_now():
    reply = LoginReply(
        started=AT, ended=AT, user="wooo", address="a", port=22, host_key="k", server="s", kept_since=AT - 60
    )
    login = check(
        "P0/login", "188", "c", Outcome.met("y"), exchanges=(Exchange(read=SshLogin(host="188"), reply=reply),)
    )
    words = Page(page.render(report([gate("P0", "t", [login])], result=Result.GREEN, headline="GREEN"))).words
    assert "logged in as wooo at a:22, host key k, on the connection of 2026-05-28 20:25:40Z" in words
