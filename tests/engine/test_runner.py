"""The engine: gates in order and at once, reads asked once, held gates not at all, failures as reasons."""

import asyncio

import pytest
from tests.support.scripted import BOOT, OTHER_BOOT, Script, any_of, baseline, check, said

from coldstart import errors
from coldstart.clock import FixedClock
from coldstart.engine.pool import Limits
from coldstart.engine.program import Selection, compile_program
from coldstart.engine.runner import Settings, run
from coldstart.outcome import Conclusion, Result, Severity, Verdict
from coldstart.reason import Reason

CHAIN = {
    "NET": ((), (check("NET", "net", hosts=("a", "b")),)),
    "DATA": (("NET",), (check("DATA", "db", hosts=("a",)),)),
    "REG": (("NET",), (check("REG", "registry", hosts=("b",)),)),
    "K3S": (("DATA", "REG"), (check("K3S", "nodes", hosts=("c",)),)),
}


async def judge(loaded, script, selection=Selection(), **settings):  # noqa: B008 - frozen
    program = compile_program(loaded, selection)
    return (await run(program, script, FixedClock(5000.0), settings=Settings(**settings))).report


def verdicts(report):
    return {gate.name: gate.verdict and gate.verdict.value for gate in report.gates}


def only(report, id_, host=None):
    (found,) = [
        one for gate in report.gates for one in gate.checks if one.id == id_ and (host is None or one.host == host)
    ]
    return found


async def test_a_run_in_which_everything_is_good_is_green():
    report = await judge(baseline(CHAIN), Script())
    assert (Result.GREEN, 0) == (report.result, report.exit_code)
    assert {"NET": "PASS", "DATA": "PASS", "REG": "PASS", "K3S": "PASS"} == verdicts(report)
    assert "GREEN: 5 checks of 4 gates passed, each on one boot of its host" == report.headline


async def test_gates_below_a_blocked_one_are_held_and_none_of_their_reads_are_sent():
    script = Script({"db": "no"})
    report = await judge(baseline(CHAIN), script)
    assert {"NET": "PASS", "DATA": "BLOCKED", "REG": "PASS", "K3S": "HELD"} == verdicts(report)
    assert "nodes@c" not in script.words
    assert "DATA" == only(report, "K3S/nodes").held_by
    assert ("DATA", ("K3S",), 2) == (report.root.gate, report.root.holds, report.exit_code)


async def test_a_gate_below_a_held_one_names_the_gate_that_is_to_blame():
    report = await judge(baseline(CHAIN), Script({"net@a": "no"}))
    assert {"NET": "BLOCKED", "DATA": "HELD", "REG": "HELD", "K3S": "HELD"} == verdicts(report)
    assert "NET" == only(report, "K3S/nodes").held_by
    assert ("DATA", "REG", "K3S") == report.root.holds


async def test_keep_going_asks_below_and_marks_what_is_downstream():
    report = await judge(baseline(CHAIN), Script({"db": "no", "nodes": "no"}), keep_going=True)
    assert {"NET": "PASS", "DATA": "BLOCKED", "REG": "PASS", "K3S": "BLOCKED"} == verdicts(report)
    assert "DATA" == only(report, "K3S/nodes").downstream_of
    assert None is only(report, "DATA/db").downstream_of
    assert "DATA" == report.root.gate


async def test_keep_going_does_not_make_green_what_stands_on_a_blocked_gate():
    report = await judge(baseline(CHAIN), Script({"db": "no"}), keep_going=True)
    assert (Result.BLOCKED, "DATA") == (report.result, only(report, "K3S/nodes").downstream_of)


async def test_a_warning_parent_suffices_unless_the_gate_needs_a_pass():
    warned = check("A", "a", severity=Severity.WARN)
    lenient = baseline({"A": ((), (warned,)), "B": (("A",), (check("B", "b"),))})
    strict = baseline({"A": ((), (warned,)), "B": ({"A": Verdict.PASS}, (check("B", "b"),))})
    assert {"A": "WARN", "B": "PASS"} == verdicts(await judge(lenient, Script({"a": "no"})))
    report = await judge(strict, Script({"a": "no"}))
    assert {"A": "WARN", "B": "HELD"} == verdicts(report)
    assert (Result.DEGRADED, 1, "A") == (report.result, report.exit_code, report.root.gate)


async def test_gates_whose_needs_are_met_run_at_once():
    meet = asyncio.Barrier(2)

    def wait(_read):
        async def both():
            await meet.wait()
            return said("yes")

        return asyncio.ensure_future(both())

    report = await judge(baseline(CHAIN), Script({"db": wait, "registry": wait}))
    assert Result.GREEN is report.result


async def test_the_same_read_is_sent_once_however_many_checks_ask_it():
    script = Script()
    gates = {
        "A": ((), (check("A", "one", "w", "x"), check("A", "two", "w", timeout=9.0))),
        "B": (("A",), (check("B", "three", "w"),)),
    }
    await judge(baseline(gates), script)
    assert ["w@a", "x@a"] == sorted(script.words)
    assert [9.0] == [read.timeout for read in script.sent if getattr(read, "argv", ()) == ("ask", "w")]


async def test_no_more_reads_are_in_flight_on_a_host_than_its_channels():
    script = Script()
    await judge(
        baseline({"A": ((), (check("A", "many", *(f"w{i}" for i in range(40)), hosts=("a", "b")),))}),
        script,
        limits=Limits(channels=3),
    )
    assert {"a": 3, "b": 3} == script.most_in_flight


async def test_no_more_hosts_are_busy_at_once_than_allowed():
    script, most = Script(), 0

    def watch(_read):
        nonlocal most
        most = max(most, sum(count > 0 for count in script.now_in_flight.values()))
        return said("yes")

    script.answers["w"] = watch
    report = await judge(
        baseline({"A": ((), (check("A", "w", hosts=("a", "b", "c")),))}), script, limits=Limits(hosts=1)
    )
    assert (Result.GREEN, 1) == (report.result, most)


@pytest.mark.parametrize(
    ("answer", "conclusion", "reason"),
    [
        (errors.ConnectTimedOut("no answer in 5 s"), Conclusion.UNOBSERVED, Reason.CONNECT_TIMEOUT),
        (errors.ConnectRefused("10.0.0.1:22"), Conclusion.UNMET, Reason.PORT_CLOSED),
        (errors.NoExitStatus("cut"), Conclusion.UNOBSERVED, Reason.NO_EXIT_STATUS),
        (ZeroDivisionError("a bug in a transport"), Conclusion.UNOBSERVED, Reason.INTERNAL),
        ("bug", Conclusion.UNOBSERVED, Reason.INTERNAL),
    ],
)
async def test_every_failure_of_a_read_or_a_probe_is_an_outcome_and_the_others_go_on(answer, conclusion, reason):
    report = await judge(baseline({"A": ((), (check("A", "x"), check("A", "y")))}), Script({"x": answer}))
    failed = only(report, "A/x")
    assert (conclusion, reason, Verdict.BLOCKED) == (failed.outcome.conclusion, failed.outcome.reason, failed.verdict)
    assert Verdict.PASS is only(report, "A/y").verdict


async def test_a_bug_in_a_probe_keeps_its_traceback_as_evidence():
    report = await judge(baseline({"A": ((), (check("A", "x"),))}), Script({"x": "bug"}))
    assert "ZeroDivisionError" in only(report, "A/x").outcome.evidence[0]


async def test_a_check_that_misses_its_deadline_is_not_observed_and_does_not_hold_up_the_others():
    never = asyncio.get_running_loop().create_future()
    gates = {"A": ((), (check("A", "slow", deadline=0.05), check("A", "quick")))}
    report = await judge(baseline(gates), Script({"slow": lambda _: never}))
    slow = only(report, "A/slow")
    assert (Reason.DEADLINE, Verdict.BLOCKED) == (slow.outcome.reason, slow.verdict)
    assert Verdict.PASS is only(report, "A/quick").verdict


@pytest.mark.slow
async def test_the_deadline_of_a_check_does_not_run_while_its_reads_wait_for_their_turn():
    """A hundred checks of 20 ms each, one at a time, each with a deadline of half a second: none is late."""

    def a_while(_read):
        loop = asyncio.get_running_loop()
        done = loop.create_future()
        loop.call_later(0.02, done.set_result, said("yes"))
        return done

    gates = {"A": ((), tuple(check("A", f"c{i}", deadline=0.5) for i in range(60)))}
    report = await judge(baseline(gates), Script({f"c{i}": a_while for i in range(60)}), limits=Limits(channels=1))
    assert Result.GREEN is report.result


class Expiring(FixedClock):
    """A clock on which the run's deadline passes when the test says so."""

    def __init__(self):
        super().__init__(5000.0)
        self.passed = asyncio.Event()

    async def sleep(self, seconds):
        await self.passed.wait()


async def test_the_deadline_of_the_run_ends_it_with_what_is_known():
    clock = Expiring()
    never = asyncio.get_running_loop().create_future()

    def stuck(_read):
        clock.passed.set()
        return never

    program = compile_program(baseline(CHAIN))
    report = (await run(program, Script({"db": stuck}), clock)).report
    assert Reason.DEADLINE is only(report, "DATA/db").outcome.reason
    assert (Result.BLOCKED, "HELD") == (report.result, verdicts(report)["K3S"])


async def test_an_interrupted_run_reports_what_it_has_and_is_no_verdict():
    stop = asyncio.Event()
    never = asyncio.get_running_loop().create_future()

    def stuck(_read):
        stop.set()
        return never

    report = await judge(baseline(CHAIN), Script({"registry": stuck}), stop=stop)
    assert (Result.CHECK_FAILED, 3) == (report.result, report.exit_code)
    assert Reason.INTERRUPTED is only(report, "REG/registry").outcome.reason
    assert Verdict.PASS is only(report, "NET/net", "a").verdict


async def test_a_host_that_reboots_during_the_run_voids_its_passes_and_no_one_elses():
    report = await judge(baseline(CHAIN), Script(boots={"a": (BOOT, OTHER_BOOT)}))
    assert {"NET": "BLOCKED", "DATA": "BLOCKED", "REG": "PASS", "K3S": "PASS"} == verdicts(report)
    voided = only(report, "DATA/db")
    assert (Reason.BOOT_CHANGED, Conclusion.UNOBSERVED) == (voided.outcome.reason, voided.outcome.conclusion)
    assert Verdict.PASS is only(report, "NET/net", "b").verdict
    assert "rebooted" in next(host.problem for host in report.hosts if host.name == "a")


@pytest.mark.parametrize("boots", [(BOOT, ""), ("", BOOT), ("welcome!\n" + BOOT, BOOT), (BOOT, BOOT + "\nx")])
async def test_a_boot_that_cannot_be_confirmed_is_never_green(boots):
    report = await judge(baseline(CHAIN), Script(boots={"b": boots}))
    assert Result.BLOCKED is report.result
    assert Reason.BOOT_UNKNOWN is only(report, "REG/registry").outcome.reason


async def test_what_was_bad_before_a_reboot_stays_bad():
    report = await judge(baseline(CHAIN), Script({"db": "no"}, boots={"a": (BOOT, OTHER_BOOT)}))
    assert Reason.WRONG_VALUE is only(report, "DATA/db").outcome.reason


async def test_results_are_in_the_order_of_the_baseline_whatever_comes_first():
    loop = asyncio.get_running_loop()

    def later(seconds):
        def answer(_read):
            done = loop.create_future()
            loop.call_later(seconds, done.set_result, said("yes"))
            return done

        return answer

    gates = {"A": ((), tuple(check("A", f"c{i}") for i in range(4)))}
    forward = await judge(baseline(gates), Script({f"c{i}": later(i * 0.005) for i in range(4)}))
    backward = await judge(baseline(gates), Script({f"c{i}": later((4 - i) * 0.005) for i in range(4)}))
    assert forward.model_dump_json() == backward.model_dump_json()


async def test_one_good_alternative_is_enough_and_all_are_shown():
    group = any_of("A", "proxy", check("A", "one"), check("A", "two"))
    report = await judge(baseline({"A": ((), (group,))}), Script({"one": "no"}))
    result = only(report, "A/proxy")
    assert (Verdict.PASS, Result.GREEN) == (result.verdict, report.result)
    assert ["A/proxy.one", "A/proxy.two"] == [member.id for member in result.members]
    assert [Verdict.BLOCKED, Verdict.PASS] == [member.verdict for member in result.members]


async def test_no_good_alternative_costs_the_severity_of_the_group():
    group = any_of("A", "proxy", check("A", "one"), check("A", "two"), severity=Severity.WARN)
    report = await judge(baseline({"A": ((), (check("A", "x"), group))}), Script({"one": "no", "two": "no"}))
    result = only(report, "A/proxy")
    assert (Verdict.WARN, Reason.ALL_ALTERNATIVES_FAILED) == (result.verdict, result.outcome.reason)


async def test_a_rebooted_host_voids_the_alternative_that_carried_a_group():
    group = any_of("A", "proxy", check("A", "one"), check("A", "two"))
    report = await judge(baseline({"A": ((), (group,))}), Script({"one": "no"}, boots={"a": (BOOT, OTHER_BOOT)}))
    assert Verdict.BLOCKED is only(report, "A/proxy").verdict


async def test_a_check_that_does_not_apply_is_shown_with_its_reason_and_not_asked():
    script = Script()
    report = await judge(
        baseline({"A": ((), (check("A", "x", hosts=("a", "b"), not_on={"b": "b has no x"}),))}), script
    )
    assert (None, "b has no x") == (only(report, "A/x", "b").verdict, only(report, "A/x", "b").not_applicable)
    assert (Result.GREEN, ["x@a"]) == (report.result, script.words)


async def test_a_gate_in_which_nothing_applies_is_never_green():
    report = await judge(
        baseline({"A": ((), (check("A", "x"),)), "B": ((), (check("B", "y", not_on={"a": "not here"}),))}), Script()
    )
    assert (Result.DEGRADED, None) == (report.result, verdicts(report)["B"])


async def test_a_check_that_spans_hosts_is_judged_once_and_void_when_any_of_them_reboots():
    gates = {"A": ((), (check("A", "vip", hosts=("a", "b"), together=True),))}
    report = await judge(baseline(gates), Script())
    assert (None, Verdict.PASS) == (only(report, "A/vip").host, only(report, "A/vip").verdict)
    report = await judge(baseline(gates), Script(boots={"b": (BOOT, OTHER_BOOT)}))
    assert Reason.BOOT_CHANGED is only(report, "A/vip").outcome.reason


async def test_counters_of_the_attempt_before_are_compared_on_the_same_boot_only():
    loaded = baseline({"A": ((), (check("A", "x"),))})
    program = compile_program(loaded)
    first = await run(program, Script({"x": "rises"}), FixedClock(5000.0))
    assert Result.GREEN is first.report.result
    again = Settings(before=first.replies)
    same = await run(program, Script({"x": "rises"}), FixedClock(5060.0), settings=again)
    other = await run(
        program, Script({"x": "rises"}, boots={"a": (OTHER_BOOT, OTHER_BOOT)}), FixedClock(5060.0), settings=again
    )
    assert Reason.RESTART_LOOP is only(same.report, "A/x").outcome.reason
    assert Result.GREEN is other.report.result


async def test_a_partial_baseline_is_never_green():
    report = await judge(baseline(CHAIN, partial="two gates only"), Script())
    assert (Result.DEGRADED, ("partial baseline (two gates only)",)) == (report.result, report.narrowed)


@pytest.mark.parametrize(
    ("selection", "asked"),
    [
        (Selection(only=("DATA",)), ["db@a"]),
        (Selection(until="DATA"), ["db@a", "net@a", "net@b"]),
        (Selection(hosts=("b",)), ["net@b", "registry@b"]),
        (Selection(skip=("NET/net",)), ["db@a", "nodes@c", "registry@b"]),
    ],
)
async def test_a_narrowed_run_asks_less_says_so_and_is_never_green(selection, asked):
    script = Script()
    report = await judge(baseline(CHAIN), script, selection)
    assert asked == sorted(script.words)
    assert (Result.DEGRADED, 1, selection.reasons()) == (report.result, report.exit_code, report.narrowed)
    assert 5 == sum(report.counts.values())


async def test_a_gate_left_out_still_passes_on_what_holds_its_children():
    gates = {
        "A": ((), (check("A", "a"),)),
        "B": (("A",), (check("B", "b"),)),
        "C": (("B",), (check("C", "c"),)),
    }
    report = await judge(baseline(gates), Script({"a": "no"}), Selection(only=("A", "C")))
    assert {"A": "BLOCKED", "B": None, "C": "HELD"} == verdicts(report)


@pytest.mark.parametrize(
    "selection",
    [Selection(only=("NOPE",)), Selection(until="nope"), Selection(hosts=("z",)), Selection(skip=("NET/nett",))],
)
def test_a_selection_that_names_nothing_is_an_error(selection):
    with pytest.raises(errors.UsageError, match="no such"):
        compile_program(baseline(CHAIN), selection)


def test_a_selection_that_leaves_nothing_to_judge_is_an_error():
    with pytest.raises(errors.UsageError, match="nothing to judge: --only K3S, --host a"):
        compile_program(baseline(CHAIN), Selection(only=("K3S",), hosts=("a",)))
