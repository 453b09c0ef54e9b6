"""How far an alert is seen to get behind the webhook: real servers show it at once, late, never, or not at all."""

import asyncio

import pytest
from tests.support.alerts import SteppingClock, alert_test, counter, in_turn, page, says, vector, webhook
from tests.support.servers import answer, closed_port

from coldstart.alert import RUN_LABEL, AlertChain
from coldstart.outcome import Conclusion
from coldstart.reason import Reason
from coldstart.transport.detour import Detours, Taken

RUN = "abc123def456"
NOW = 1_777_977_000.0
SENT, QUEUED = says({"state": "sent"}), says({"state": "queued"})


def made():
    clock = SteppingClock(NOW)
    return AlertChain(clock, RUN), clock


def at(served, path=""):
    return f"http://127.0.0.1:{served.port}{path}"


async def proven(sent=None, received=None, hook_says=None, **given):
    """One chain, asked once against a webhook that accepts."""
    chain, clock = made()
    async with webhook(**({"answer": hook_says} if hook_says else {})) as hook:
        outcome = await chain.prove(alert_test(hook.url, sent=sent, received=received), **given)
    return outcome, clock, hook


# ------------------------------------------------------------------------------------------------------------- a page


async def test_an_alert_that_is_seen_at_once_is_a_pass_that_says_what_was_seen():
    async with in_turn(SENT) as shows:
        outcome, clock, hook = await proven(page(at(shows, "/alerts/{run}")))
    assert (Conclusion.MET, "sent", True) == (
        outcome.conclusion,
        outcome.facts["level"],
        outcome.facts["sent_seen"],
    )
    assert ([], 1, 1) == (clock.slept, len(hook.bodies), shows.connections)
    assert outcome.observed.endswith('seen as sent at 10:30:00Z: state is "sent"')
    assert shows.heads[0].startswith(f"GET /alerts/{RUN} HTTP/1.1\r\n".encode())


async def test_every_level_has_a_part_and_the_label_of_the_run_is_in_the_evidence():
    async with in_turn(SENT) as shows:
        outcome, _, _ = await proven(page(at(shows, "/{run}")))
    assert [("accepted", Conclusion.MET), ("sent", Conclusion.MET)] == [
        (part.name, part.conclusion) for part in outcome.parts
    ]
    assert f"{RUN_LABEL}={RUN}" in outcome.evidence


async def test_an_alert_that_is_seen_on_the_second_look_is_a_pass_with_the_time_of_that_look():
    async with in_turn(QUEUED, SENT) as shows:
        outcome, clock, _ = await proven(page(at(shows, "/{run}")))
    assert (Conclusion.MET, [2.0], NOW + 2) == (outcome.conclusion, clock.slept, outcome.facts["sent_looked_at"])


async def test_an_alert_that_is_never_seen_is_a_caution_that_says_for_how_long_it_was_looked_for():
    async with in_turn(QUEUED) as shows:
        outcome, clock, _ = await proven(page(at(shows, "/{run}"), within=7.0))
    assert (Conclusion.CAUTION, Reason.ALERT_NOT_SEEN, "accepted", False) == (
        outcome.conclusion,
        outcome.reason,
        outcome.facts["level"],
        outcome.facts["sent_seen"],
    )
    assert ([2.0, 2.0, 2.0, 1.0], 5) == (clock.slept, shows.connections)
    assert outcome.observed.startswith(
        'accepted, but not seen as sent within 7 s: state is "queued", expected "sent"; HTTP 200 for ColdStartE2ETest'
    )


async def test_a_page_that_does_not_know_the_alert_yet_is_looked_at_again():
    async with in_turn(answer(b"not found", "404 Not Found"), SENT) as shows:
        outcome, _, _ = await proven(page(at(shows, "/{run}")))
    assert (Conclusion.MET, 2) == (outcome.conclusion, shows.connections)


@pytest.mark.parametrize(
    ("said", "reason", "words"),
    [
        (answer(b'{"state": "se'), Reason.UNPARSABLE, "the answer is not JSON"),
        (answer(b'{"state": "sent"', length=40), Reason.PROTOCOL, "without sending complete message body"),
        (answer(b'{"state":"sent","state":"sent"}'), Reason.UNPARSABLE, "stands twice"),
        (answer(b'{"state": "\xff"}'), Reason.NOT_UTF8, ""),
        (answer(b"{}", "503 Service Unavailable"), Reason.UNEXPECTED_STATUS, "HTTP 503"),
        (answer(b"", "302 Found", ("Location: /login",)), Reason.UNEXPECTED_STATUS, "HTTP 302, redirected to /login"),
    ],
)
async def test_a_page_that_cannot_be_judged_is_a_caution_worded_as_not_observed(said, reason, words):
    async with in_turn(said) as shows:
        outcome, _, _ = await proven(page(at(shows, "/{run}"), within=1.0))
    assert (Conclusion.CAUTION, reason, None) == (outcome.conclusion, outcome.reason, outcome.facts["sent_seen"])
    assert "but whether it was sent could not be observed" in outcome.observed
    assert words in outcome.observed


async def test_a_page_that_nobody_serves_is_a_caution_worded_as_not_observed():
    with closed_port() as port:
        outcome, _, _ = await proven(page(f"http://127.0.0.1:{port}/{{run}}", within=1.0))
    assert (Conclusion.CAUTION, Reason.PORT_CLOSED) == (outcome.conclusion, outcome.reason)
    assert "whether it was sent could not be observed" in outcome.observed


async def test_nothing_of_a_page_but_the_value_that_is_judged_gets_into_the_outcome():
    other = says({"state": "queued", "token": "canary-1", "items": ["canary-2"]})
    broken = answer(b'{"token": "canary-3')
    for said in (other, broken):
        async with in_turn(said) as shows:
            outcome, _, _ = await proven(page(at(shows, "/{run}"), within=1.0))
        assert "canary" not in outcome.model_dump_json()


async def test_a_hostile_value_is_shown_with_escapes_and_cut():
    async with in_turn(says({"state": "\x1b[2J\r\u202e" + "x" * 5000})) as shows:
        outcome, _, _ = await proven(page(at(shows, "/{run}"), within=1.0))
    dumped = outcome.observed + "".join(outcome.evidence)
    assert not {"\x1b", "\r", "\u202e"} & set(dumped)
    assert len(outcome.observed) < 600


# ------------------------------------------------------------------------------------------------------- two levels


async def test_both_levels_seen_is_a_pass_at_the_last_of_them():
    async with in_turn(SENT) as shows:
        show = page(at(shows, "/{run}"))
        outcome, _, _ = await proven(show, show)
    assert (Conclusion.MET, "received") == (outcome.conclusion, outcome.facts["level"])


async def test_an_alert_that_was_received_was_sent_although_that_was_not_seen():
    async with in_turn(QUEUED) as queue, in_turn(SENT) as telegram:
        outcome, _, _ = await proven(page(at(queue, "/{run}"), within=1.0), page(at(telegram, "/{run}")))
    assert (Conclusion.MET, "received", False) == (
        outcome.conclusion,
        outcome.facts["level"],
        outcome.facts["sent_seen"],
    )
    assert "sent, since it was received" in outcome.observed


async def test_sent_and_not_received_is_a_caution_about_the_second():
    async with in_turn(SENT) as queue, in_turn(QUEUED) as telegram:
        outcome, _, _ = await proven(page(at(queue, "/{run}")), page(at(telegram, "/{run}"), within=1.0))
    assert (Conclusion.CAUTION, "sent") == (outcome.conclusion, outcome.facts["level"])
    assert "seen as sent at" in outcome.observed
    assert "but not seen as received within" in outcome.observed


# ---------------------------------------------------------------------------------------------------------- counters


def counts(clock, *values):
    """Answers of Prometheus, one a query, each evaluated at the moment of its query."""
    return tuple(lambda value=value: vector(clock.wall(), *([] if value is None else [value])) for value in values)


async def counted(*values, query="alerts_sent_total", within=3.0):
    chain, clock = made()
    async with webhook() as hook, in_turn(*counts(clock, *values)) as prometheus:
        outcome = await chain.prove(alert_test(hook.url, sent=counter(at(prometheus), query, within=within)))
    return outcome, prometheus


async def test_a_counter_that_is_greater_after_the_alert_than_before_it_is_seen():
    outcome, prometheus = await counted("41", "41", "42")
    assert (Conclusion.MET, "sent", 3) == (outcome.conclusion, outcome.facts["level"], prometheus.connections)
    assert "the counter rose from 41 to 42" in outcome.observed


async def test_a_counter_that_does_not_rise_is_a_caution():
    outcome, _ = await counted("41", "41")
    assert (Conclusion.CAUTION, Reason.ALERT_NOT_SEEN) == (outcome.conclusion, outcome.reason)
    assert "not seen as sent within 3 s: still 41" in outcome.observed


async def test_a_counter_that_was_reset_is_not_seen_even_where_it_rises_beyond_the_old_value_later():
    outcome, prometheus = await counted("41", "1", "99")
    assert Conclusion.CAUTION is outcome.conclusion
    assert "the counter went back from 41 to 1" in outcome.observed
    assert 2 == prometheus.connections


async def test_a_series_that_was_not_there_before_tells_no_rise():
    outcome, _ = await counted(None, "1")
    assert (Conclusion.CAUTION, Reason.ALERT_NOT_SEEN) == (outcome.conclusion, outcome.reason)
    assert "there was no series before the alert" in outcome.observed


async def test_a_series_with_the_label_of_this_run_can_only_be_its_alert_and_need_not_have_been_there():
    outcome, prometheus = await counted(None, "1", query='alerts_sent_total{run="{run}"}')
    assert Conclusion.MET is outcome.conclusion
    assert f"run%3D%22{RUN}%22".encode() in prometheus.heads[0]


async def test_a_series_that_is_gone_after_the_alert_is_not_seen():
    outcome, _ = await counted("41", None)
    assert Conclusion.CAUTION is outcome.conclusion
    assert "the counter is no longer there" in outcome.observed


async def test_a_query_that_gives_several_series_is_not_observed():
    chain, clock = made()
    async with webhook() as hook, in_turn(lambda: vector(clock.wall(), "1", "2")) as prometheus:
        outcome = await chain.prove(alert_test(hook.url, sent=counter(at(prometheus), within=1.0)))
    assert None is outcome.facts["sent_seen"]
    assert "2 series, not one" in outcome.observed


async def test_a_counter_that_could_not_be_read_before_does_not_keep_the_alert_from_being_sent():
    with closed_port() as port:
        outcome, clock, hook = await proven(counter(f"http://127.0.0.1:{port}", within=5.0))
    assert (1, Conclusion.CAUTION, Reason.PORT_CLOSED) == (len(hook.bodies), outcome.conclusion, outcome.reason)
    assert "could not be read before the alert was sent" in outcome.observed
    assert [2.0, 2.0, 1.0] == clock.slept, "before the alert; after it there is nothing to wait for"


async def test_a_counter_that_can_be_read_on_the_second_try_is_compared_with_that():
    chain, clock = made()
    told = (answer(b"", "502 Bad Gateway"), *counts(clock, "41", "42"))
    async with webhook() as hook, in_turn(*told) as prometheus:
        outcome = await chain.prove(alert_test(hook.url, sent=counter(at(prometheus))))
    assert Conclusion.MET is outcome.conclusion


# ------------------------------------------------------------------------------------------------- attempts of a watch


async def test_a_level_that_was_not_seen_is_looked_at_again_later_and_the_alert_is_not_sent_again():
    chain, clock = made()
    async with webhook() as hook, in_turn(QUEUED, QUEUED, QUEUED, SENT) as shows:
        test = alert_test(hook.url, sent=page(at(shows, "/{run}"), within=1.0))
        outcomes = [await chain.prove(test) for _ in range(4)]
    assert [Conclusion.CAUTION, Conclusion.CAUTION, Conclusion.MET, Conclusion.MET] == [
        outcome.conclusion for outcome in outcomes
    ]
    assert (1, 4, [1.0]) == (len(hook.bodies), shows.connections, clock.slept)


async def test_a_later_attempt_names_the_detour_by_which_a_level_was_seen():
    chain, _ = made()
    async with webhook() as hook, in_turn(SENT) as shows:
        detours = Detours.parse([f"api.example:80=127.0.0.1:{shows.port}"])
        test = alert_test(hook.url, sent=page("http://api.example/{run}"))
        first, later = Taken(detours), Taken(detours)
        for taken in (first, later):
            assert Conclusion.MET is (await chain.prove(test, taken=taken)).conclusion
    assert (f"connect-to: api.example:80 was reached at 127.0.0.1:{shows.port}",) == first.notes == later.notes


async def test_a_refused_alert_is_not_looked_for():
    async with in_turn(SENT) as shows:
        refused = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
        outcome, _, _ = await proven(page(at(shows, "/{run}")), hook_says=refused)
    assert (Conclusion.UNMET, 0) == (outcome.conclusion, shows.connections)


async def test_an_alert_that_never_left_is_not_looked_for_and_may_be_sent_later():
    chain, _ = made()
    async with in_turn(SENT) as shows:
        sight = page(at(shows, "/{run}"))
        with closed_port() as port:
            outcome = await chain.prove(alert_test(f"http://127.0.0.1:{port}/", sent=sight))
        assert (Conclusion.UNMET, 0, None) == (outcome.conclusion, shows.connections, chain.proof)
        async with webhook() as hook:
            assert Conclusion.MET is (await chain.prove(alert_test(hook.url, sent=sight))).conclusion


@pytest.mark.fault(44)
async def test_an_alert_without_an_answer_that_is_seen_by_its_label_got_through_and_is_never_a_pass():
    chain, _ = made()
    async with webhook(answer=None) as hook, in_turn(SENT) as shows:
        outcome = await chain.prove(alert_test(hook.url, timeout=0.3, sent=page(at(shows, "/{run}"))))
        again = await chain.prove(alert_test(hook.url, timeout=0.3, sent=page(at(shows, "/{run}"))))
        assert (1, 1) == (len(hook.bodies), shows.connections)
    assert (Conclusion.CAUTION, Reason.ALERT_UNANSWERED, "sent") == (
        outcome.conclusion,
        outcome.reason,
        outcome.facts["level"],
    )
    assert outcome == again


@pytest.mark.fault(44)
async def test_an_alert_without_an_answer_that_is_not_seen_may_still_have_been_delivered():
    chain, _ = made()
    async with webhook(answer=None) as hook, in_turn(QUEUED, QUEUED, SENT) as shows:
        test = alert_test(hook.url, timeout=0.3, sent=page(at(shows, "/{run}"), within=1.0))
        outcome = await chain.prove(test)
        assert (Conclusion.UNOBSERVED, Reason.MAYBE_DELIVERED) == (outcome.conclusion, outcome.reason)
        assert "not seen as sent" in outcome.observed
        assert Reason.ALERT_UNANSWERED is (await chain.prove(test)).reason, "seen later"


@pytest.mark.fault(44)
async def test_a_counter_that_any_alert_raises_does_not_prove_an_alert_without_an_answer():
    chain, clock = made()
    async with webhook(answer=None) as hook, in_turn(*counts(clock, "41", "42")) as prometheus:
        outcome = await chain.prove(alert_test(hook.url, timeout=0.3, sent=counter(at(prometheus))))
    assert (Conclusion.UNOBSERVED, Reason.MAYBE_DELIVERED) == (outcome.conclusion, outcome.reason)


# ------------------------------------------------------------------------------------------------------------ reboots


async def test_a_proof_is_outdated_for_good_once_a_host_has_rebooted_and_nothing_is_sent_again():
    chain, clock = made()
    async with webhook() as hook:
        test = alert_test(hook.url)
        first = await chain.prove(test, boots={"120": "boot-a", "188": "boot-b"})
        same = await chain.prove(test, boots={"120": "boot-a"})
        clock.now += 60
        rebooted = await chain.prove(test, boots={"120": "boot-c", "188": "boot-b"})
        after = await chain.prove(test, boots={})
    assert (Conclusion.MET, first) == (first.conclusion, same)
    assert (Conclusion.CAUTION, Reason.ALERT_OUTDATED) == (rebooted.conclusion, rebooted.reason)
    assert rebooted.observed.startswith(
        "proven before host 120 rebooted between 2026-05-05T10:30:00Z and 2026-05-05T10:31:00Z "
        "(boot id was boot-a, is boot-c)"
    )
    assert "watch again for a new proof" in rebooted.observed
    assert (rebooted, 1) == (after, len(hook.bodies))


async def test_a_reboot_ends_the_search_for_a_level():
    chain, _ = made()
    async with webhook() as hook, in_turn(QUEUED) as shows:
        test = alert_test(hook.url, sent=page(at(shows, "/{run}"), within=1.0))
        await chain.prove(test, boots={"120": "boot-a"})
        outcome = await chain.prove(test, boots={"120": "boot-c"})
    assert (Reason.ALERT_OUTDATED, 2) == (outcome.reason, shows.connections)


async def test_a_refusal_stays_a_refusal_whatever_reboots():
    chain, _ = made()
    async with webhook(b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n") as hook:
        await chain.prove(alert_test(hook.url), boots={"120": "boot-a"})
        outcome = await chain.prove(alert_test(hook.url), boots={"120": "boot-c"})
    assert Conclusion.UNMET is outcome.conclusion


# ------------------------------------------------------------------------------------------------------------- the end


async def test_looking_ends_at_once_when_the_run_must_end():
    chain, ended = made()[0], asyncio.Event()

    def shown():
        ended.set()
        return QUEUED

    async with webhook() as hook, in_turn(shown, None) as shows:
        test = alert_test(hook.url, timeout=60.0, sent=page(at(shows, "/{run}"), within=600.0))
        async with asyncio.timeout(5):
            outcome = await chain.prove(test, ended=ended)
    assert Conclusion.CAUTION is outcome.conclusion


async def test_nothing_is_sent_when_the_run_ended_while_a_counter_was_read():
    chain, ended = made()[0], asyncio.Event()

    def shown():
        ended.set()
        return vector(NOW, "41")

    async with webhook() as hook, in_turn(shown) as prometheus:
        outcome = await chain.prove(alert_test(hook.url, sent=counter(at(prometheus))), ended=ended)
    assert (Reason.ALERT_NOT_SENT, 0, None) == (outcome.reason, len(hook.bodies), chain.proof)


async def test_an_alert_whose_sending_was_cancelled_may_have_been_delivered_and_is_never_sent_again():
    chain, _ = made()
    async with webhook(answer=None) as hook:
        sending = asyncio.create_task(chain.prove(alert_test(hook.url, timeout=60.0)))
        await hook.arrived.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        outcome = await chain.prove(alert_test(hook.url))
        assert (Reason.MAYBE_DELIVERED, 1) == (outcome.reason, len(hook.bodies))
