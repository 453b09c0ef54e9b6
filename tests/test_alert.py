"""The alert test: one real POST, once, with a label of its own; and nothing else in the source that can send."""

import asyncio
from dataclasses import replace

import pytest
from tests.support.alerts import alert_test, webhook
from tests.support.scripted import BOOT, Script, baseline, check
from tests.support.servers import closed_port

from coldstart.alert import RUN_LABEL, AlertChain, accepted, payload
from coldstart.clock import FixedClock, SystemClock
from coldstart.engine.program import Selection, compile_program
from coldstart.engine.runner import Settings, run
from coldstart.outcome import Conclusion, Outcome, Result, Verdict
from coldstart.reason import Reason
from coldstart.transport.detour import Detours, Taken

NOW = 1_777_977_000.0


def test_the_payload_is_that_of_the_sop_with_times_of_now_and_the_label_of_the_run():
    body = payload(alert_test(), run="abc123", now=NOW)
    assert ("cold-start-test", "firing", "4") == (body["receiver"], body["status"], body["version"])
    (alert,) = body["alerts"]
    assert {"alertname": "ColdStartE2ETest", "severity": "info", RUN_LABEL: "abc123"} == alert["labels"]
    assert {"summary": "Cold start E2E test, ignore"} == alert["annotations"]
    assert ("2026-05-05T10:30:00Z", "2026-05-05T10:35:00Z") == (alert["startsAt"], alert["endsAt"])


async def test_an_accepted_alert_proves_the_chain_and_arrived_once():
    async with webhook() as hook:
        chain = AlertChain(SystemClock())
        outcome = await chain.prove(alert_test(hook.url))
        again = await chain.prove(alert_test(hook.url))
    assert (Conclusion.MET, outcome) == (outcome.conclusion, again)
    assert [chain.run] == [body["alerts"][0]["labels"][RUN_LABEL] for body in hook.bodies]
    assert hook.heads[0].startswith(b"POST /api/v1/webhooks/alertmanager HTTP/1.1\r\n")
    assert b"application/json" in hook.heads[0]


async def test_two_runs_have_two_labels():
    assert AlertChain(SystemClock()).run != AlertChain(SystemClock()).run


@pytest.mark.parametrize("status", [b"500 Internal Server Error", b"404 Not Found", b"302 Found"])
async def test_a_webhook_that_refuses_is_bad_and_is_not_asked_again(status):
    async with webhook(b"HTTP/1.1 " + status + b"\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n") as hook:
        chain = AlertChain(SystemClock())
        outcome = await chain.prove(alert_test(hook.url))
        await chain.prove(alert_test(hook.url))
    assert (Conclusion.UNMET, Reason.UNEXPECTED_STATUS, 1) == (outcome.conclusion, outcome.reason, len(hook.bodies))


@pytest.mark.fault(44)
async def test_a_time_out_may_have_been_delivered_and_is_never_sent_again():
    async with webhook(answer=None) as hook:
        chain = AlertChain(SystemClock())
        outcome = await chain.prove(alert_test(hook.url, timeout=0.3))
        again = await chain.prove(alert_test(hook.url, timeout=0.3))
        assert 1 == len(hook.bodies)
    assert (Conclusion.UNOBSERVED, Reason.MAYBE_DELIVERED) == (outcome.conclusion, outcome.reason)
    assert outcome == again
    assert f"{RUN_LABEL}={chain.run}" in outcome.observed


async def test_a_connection_that_dies_after_the_request_may_have_been_delivered():
    async with webhook(answer=b"") as hook:
        outcome = await AlertChain(SystemClock()).prove(alert_test(hook.url))
    assert Reason.MAYBE_DELIVERED is outcome.reason


async def test_an_alert_that_never_left_is_not_a_delivery_and_may_be_tried_again():
    chain = AlertChain(SystemClock())
    with closed_port() as port:
        outcome = await chain.prove(alert_test(f"http://127.0.0.1:{port}/hook"))
    assert (Conclusion.UNMET, Reason.PORT_CLOSED) == (outcome.conclusion, outcome.reason)
    assert outcome.observed.startswith("not sent: ")
    async with webhook() as hook:
        assert Conclusion.MET is (await chain.prove(alert_test(hook.url))).conclusion


async def test_a_report_that_rests_on_the_alert_of_an_earlier_attempt_names_the_detour_that_it_took():
    async with webhook() as hook:
        detours = Detours.parse([f"awoooi.example:80=127.0.0.1:{hook.port}"])
        chain, first, later = AlertChain(SystemClock()), Taken(detours), Taken(detours)
        for taken in (first, later):
            outcome = await chain.prove(alert_test("http://awoooi.example/hook"), taken=taken)
            assert Conclusion.MET is outcome.conclusion
    assert (f"connect-to: awoooi.example:80 was reached at 127.0.0.1:{hook.port}",) == first.notes == later.notes
    assert [True] == [b"\r\nhost: awoooi.example\r\n" in head.lower() for head in hook.heads]


async def test_an_alert_that_was_refused_on_its_detour_was_not_sent_and_may_be_tried_again():
    chain, test = AlertChain(SystemClock()), alert_test("http://awoooi.example/hook")
    with closed_port() as port:
        taken = Taken(Detours.parse([f"awoooi.example:80=127.0.0.1:{port}"]))
        outcome = await chain.prove(test, taken=taken)
    way = f"awoooi.example:80 (by --connect-to at 127.0.0.1:{port})"
    assert (Reason.PORT_CLOSED, f"not sent: {way}: connection refused") == (outcome.reason, outcome.observed)
    assert (f"connect-to: awoooi.example:80 was not reached at 127.0.0.1:{port}",) == taken.notes
    async with webhook() as hook:
        taken = Taken(Detours.parse([f"awoooi.example:80=127.0.0.1:{hook.port}"]))
        assert Conclusion.MET is (await chain.prove(test, taken=taken)).conclusion


@pytest.mark.parametrize(
    ("status", "wanted", "good"), [(202, ("2xx",), True), (200, ("204",), False), (503, ("2xx",), False)]
)
def test_which_statuses_are_an_acceptance(status, wanted, good):
    assert good is accepted(status, wanted)


GATES = {
    "P0": ((), (check("P0", "api"),)),
    "ALERT": (("P0",), (check("ALERT", "web"), alert_test())),
}


class Prover:
    """Counts how often the alert would have been sent."""

    def __init__(self, outcome=None):
        self.sent, self._outcome = 0, outcome or Outcome.met("accepted")

    async def __call__(self, _test, /, *, boots, ended):
        self.sent += 1
        self.boots, self.ended = boots, ended
        return self._outcome


async def judged(prove, answers=None, selection=Selection(), **settings):  # noqa: B008 - frozen
    program = compile_program(baseline(GATES), selection)
    report = (await run(program, Script(answers), FixedClock(NOW), settings=Settings(prove=prove, **settings))).report
    (found,) = [one for gate in report.gates for one in gate.checks if one.id == "ALERT/alert-test"]
    return report, found


async def test_when_all_else_is_good_it_is_sent_once_and_the_run_can_be_green():
    prove = Prover()
    report, found = await judged(prove)
    assert (Result.GREEN, Verdict.PASS, 1) == (report.result, found.verdict, prove.sent)


async def test_without_the_flag_the_run_is_degraded_and_says_why():
    report, found = await judged(None)
    assert (Result.DEGRADED, Verdict.WARN, Reason.ALERT_NOT_SENT) == (
        report.result,
        found.verdict,
        found.outcome.reason,
    )
    assert "--send-alert-test was not given" in found.outcome.observed


@pytest.mark.parametrize("bad", ["no", "maybe"])
async def test_it_is_not_sent_while_anything_else_in_its_gate_is_not_good(bad):
    prove = Prover()
    report, found = await judged(prove, {"web": bad})
    assert (0, Reason.ALERT_NOT_SENT) == (prove.sent, found.outcome.reason)
    assert Result.GREEN is not report.result


@pytest.mark.parametrize("keep_going", [False, True])
async def test_it_is_not_sent_below_a_blocked_gate(keep_going):
    prove = Prover()
    report, found = await judged(prove, {"api": "no"}, keep_going=keep_going)
    assert (0, "P0") == (prove.sent, found.held_by or found.downstream_of)
    assert Result.BLOCKED is report.result


async def test_a_read_only_monitor_neither_sends_nor_counts_it():
    prove = Prover()
    report, found = await judged(prove, selection=Selection(no_alert=True))
    assert (Result.GREEN, None, 0, ()) == (report.result, found.verdict, prove.sent, report.narrowed)
    assert "left out by --monitor-read-only" == found.not_applicable


async def test_a_refused_alert_costs_what_the_baseline_says():
    report, found = await judged(Prover(Outcome.unmet(Reason.UNEXPECTED_STATUS, "HTTP 500")))
    assert (Result.BLOCKED, Verdict.BLOCKED) == (report.result, found.verdict)


async def test_the_alert_is_sent_with_the_boot_ids_of_the_hosts_that_are_not_optional():
    prove = Prover()
    gates = {"ALERT": ((), (check("ALERT", "web", hosts=("a", "b")), alert_test()))}
    loaded = baseline(gates)
    hosts = {name: replace(host, optional=name == "b") for name, host in loaded.baseline.hosts.items()}
    loaded = replace(loaded, baseline=replace(loaded.baseline, hosts=hosts))
    await run(compile_program(loaded, Selection()), Script(), FixedClock(NOW), settings=Settings(prove=prove))
    assert {"a": BOOT} == prove.boots
    assert not prove.ended.is_set()


async def test_whoever_proves_is_told_when_the_run_must_end():
    stop = asyncio.Event()

    async def prove(_test, /, *, boots, ended):
        assert boots
        stop.set()
        async with asyncio.timeout(5):
            await ended.wait()
        return Outcome.met("accepted")

    report, found = await judged(prove, stop=stop)
    assert (Result.CHECK_FAILED, "accepted") == (report.result, found.outcome.observed)
