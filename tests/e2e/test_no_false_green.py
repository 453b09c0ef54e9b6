"""The worst defect: GREEN that is not. Any one answer of a green run, spoilt in any way, must cost the GREEN."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.e2e.test_check_on_a_real_sshd import GREEN, World, http_server, world  # noqa: F401 - the fixture
from tests.support.effort import examples

from coldstart import errors
from coldstart.__main__ import main
from coldstart.baseline.accepts import Accept, Saw
from coldstart.baseline.load import load
from coldstart.clock import FixedClock
from coldstart.engine.accepting import Accepting
from coldstart.engine.program import compile_program
from coldstart.engine.report import Grounds
from coldstart.engine.runner import Settings, run
from coldstart.errors import ReadError
from coldstart.outcome import Conclusion, Result, Severity, Verdict
from coldstart.reads import BootId, Read
from coldstart.reason import Reason
from coldstart.replies import CommandReply, DialReply, HttpReply, NeighbourReply, PingReply, Reply
from coldstart.transport.replay import Replay

pytestmark = pytest.mark.sshd

UNOBSERVED = sorted(reason.value for reason in Reason if not reason.observed)


@pytest.fixture(scope="module")
def recording(world, tmp_path_factory):  # noqa: F811 - the fixture
    """A recording of a green run against real servers, and its baseline."""
    directory = tmp_path_factory.mktemp("recorded") / "green"
    path = world.baseline("recorded.yml", GREEN)
    code, report = world.check(path, "--record", str(directory))
    assert (0, "GREEN") == (code, report["result"])
    files = sorted(file for file in directory.iterdir() if file.name != "meta.json")
    assert len(files) > 10
    return path, directory, files


def judged(recording, spoilt=None, reply=None):
    """The exit code of a replay in which one file's reply is another one."""
    path, directory, _ = recording
    out = directory.parent / "out.json"
    whole = spoilt.read_text() if spoilt else None
    if spoilt:
        spoilt.write_text(json.dumps({**json.loads(whole), "reply": reply}))
    try:
        code = main(["check", "-b", str(path), "--replay", str(directory), "-o", f"json={out}"])
        return code, json.loads(out.read_text())["result"]
    finally:
        if spoilt:
            spoilt.write_text(whole)


def test_the_recording_itself_is_green(recording):
    assert (0, "GREEN") == judged(recording)


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_answer_at_all_to_any_one_read_is_never_green(recording, data):
    files = recording[2]
    file = data.draw(st.sampled_from(files), label="read")
    reply = json.loads(file.read_text())["reply"]
    reason = data.draw(st.sampled_from(UNOBSERVED), label="reason")
    none = {"kind": "none", "started": reply["started"], "ended": reply["ended"], "reason": reason, "detail": "spoilt"}
    code, result = judged(recording, file, none)
    assert code in (1, 2)
    assert result != "GREEN"


def test_a_read_that_is_missing_from_the_recording_is_never_green(recording, tmp_path):
    files = recording[2]
    for file in files:
        aside = tmp_path / file.name
        file.rename(aside)
        try:
            assert judged(recording)[1] != "GREEN", file.name
        finally:
            aside.rename(file)


SPOILT = {
    "a failed exit": {"exit_status": 1},
    "a missing tool": {"exit_status": 127},
    "empty output": {"stdout": ""},
    "noise": {"stdout": "Welcome to Ubuntu 22.04.3 LTS\n\nLast login: never\n"},
    "bytes": {"stdout": {"base64": "//79gA=="}},
}


@pytest.mark.parametrize("how", SPOILT)
def test_a_command_that_answered_badly_is_never_green(recording, how):
    """Every command of the run, one after the other. A log's own text may be anything: noise in it proves nothing."""
    _, _, files = recording
    for file in files:
        exchange = json.loads(file.read_text())
        free_text = "tail" in exchange["read"].get("argv", ()) and how in ("noise", "bytes")
        if exchange["reply"]["kind"] == "command" and not free_text:
            assert judged(recording, file, {**exchange["reply"], **SPOILT[how]})[1] != "GREEN", file.name


# --------------------------------------------------------------------------- the faults of the table, in the engine


def leaves(root: type[ReadError] = ReadError) -> list[type[ReadError]]:
    """Every way in which a transport may say that there is no answer, a closed port included."""
    return [root, *(leaf for one in root.__subclasses__() for leaf in leaves(one))]


def raising(make: Callable[[], Exception]) -> "Fault":
    def fault(reply: Reply) -> Reply:
        raise make()

    return fault


def changed(kind: type, **fields) -> "Fault":
    """A reply of a kind with other fields; a read with another kind of reply cannot have this fault."""

    def fault(reply: Reply) -> Reply | None:
        return reply.model_copy(update=fields) if isinstance(reply, kind) else None

    return fault


Fault = Callable[[Reply], Reply | None]
LOGIN_PAGE = b"<html><form>Please log in</form></html>"
MOVED = (("Location", "https://login.example/"),)
PING_LOST = b"PING h (127.0.0.1)\n\n--- h ping statistics ---\n1 packets transmitted, 0 received, 100% packet loss\n"

FAULTS: dict[str, Fault] = {
    **{f"raises {leaf.__name__}": raising(partial(leaf, "spoilt", evidence="\x1b[2Jpart")) for leaf in leaves()},
    "TLS expired": raising(partial(errors.TlsRejected, "expired", reason=Reason.TLS_EXPIRED)),
    **{f"a bug: {bug.__name__}": raising(bug) for bug in (KeyError, OSError, AssertionError)},
    **{f"exit {code}": changed(CommandReply, exit_status=code) for code in (1, 2, 124, 126, 127, 137, 255, -11)},
    "nothing on stdout": changed(CommandReply, stdout=b""),
    "not UTF-8": changed(CommandReply, stdout=b"\xff\xfe"),
    "a motd": changed(CommandReply, stdout=b"Welcome to Ubuntu\n"),
    "HTTP 503": changed(HttpReply, status=503),
    "HTTP 302 to a login": changed(HttpReply, status=302, headers=MOVED),
    "followed to another host": changed(HttpReply, redirects=("https://login.example/",)),
    "no ping came back": changed(PingReply, exit_status=1, stdout=PING_LOST),
    "ping could not send": changed(PingReply, exit_status=2, stdout=b""),
    "no entry, no answer": changed(NeighbourReply, entry=b"[]", route=b"[]"),
    "a reply of another kind": lambda reply: (
        DialReply(started=reply.started, ended=reply.ended, address="127.0.0.1")
        if not isinstance(reply, DialReply)
        else None
    ),
    "another boot": lambda reply: (
        reply.model_copy(update={"stdout": b"99999999-2222-3333-4444-555555555555\n"})
        if isinstance(reply, CommandReply) and reply.stdout.count(b"-") == 4
        else None
    ),
}
"""What may become of a read: a reply that is not as it was, an error, or None where a reply cannot have this fault."""

FREE_TEXT = {"nothing on stdout": False, "not UTF-8": True, "a motd": True}
"""What a log may say, and be none the worse for it."""


class Spoilt:
    """A replay with faults: by read, in place of what was recorded."""

    def __init__(self, replay: Replay, faults: dict[Read, Fault]) -> None:
        self._replay, self._faults = replay, faults

    async def perform(self, read: Read) -> Reply:
        reply = await self._replay.perform(read)
        if read not in self._faults:
            return reply
        spoilt = self._faults[read](reply)
        assert spoilt is not None
        return spoilt

    async def close(self) -> None:
        await self._replay.close()


def hits(name: str, read: Read, reply: Reply) -> bool:
    """Whether a read can have this fault, and the fault is one for it."""
    if "tail" in getattr(read, "argv", ()) and FREE_TEXT.get(name):
        return False
    try:
        return FAULTS[name](reply) is not None
    except Exception:  # noqa: BLE001 - the fault is that it raises
        return True


@pytest.fixture(scope="module")
def green_run(recording):
    """The program of the green run, its recording, and every read that it made with the faults that it can have."""
    path, directory, _ = recording
    replay = Replay(directory)
    program = compile_program(load(path))
    able = {read: [name for name in FAULTS if hits(name, read, reply)] for read, reply in sorted_replies(replay)}
    assert all(len(names) > len(leaves()) for names in able.values())
    return program, replay, able


def sorted_replies(replay: Replay) -> list[tuple[Read, Reply]]:
    return sorted(replay._replies.items(), key=lambda pair: pair[0].describe())


def run_with(green_run, faults: dict[Read, Fault]):
    program, replay, _ = green_run
    return asyncio.run(run(program, Spoilt(replay, faults), FixedClock(replay.meta.started))).report


def test_without_a_fault_the_run_is_green(green_run):
    assert Result.GREEN is run_with(green_run, {}).result


@settings(max_examples=examples(150), deadline=None)
@given(data=st.data())
def test_no_fault_of_the_table_at_any_place_is_ever_green_nor_called_what_it_is_not(green_run, data):
    _, _, able = green_run
    every = list(able)
    places = data.draw(st.lists(st.integers(0, len(every) - 1), min_size=1, max_size=3, unique=True), label="reads")
    names = {every[at]: data.draw(st.sampled_from(able[every[at]]), label=every[at].describe()) for at in places}
    report = run_with(green_run, {read: FAULTS[name] for read, name in names.items()})
    assert report.result in (Result.DEGRADED, Result.BLOCKED)
    assert report.exit_code in (1, 2)
    for check in (check for gate in report.gates for check in gate.checks):
        unseen = check.outcome.conclusion is Conclusion.UNOBSERVED
        assert check.outcome.reason.observed is not unseen, check.outcome
        assert "\x1b" not in check.model_dump_json()
        if any(isinstance(read, BootId) for read in names) and check.exchanges:
            through = any(exchange.read.place == "h" for exchange in check.exchanges)
            assert not (through and check.verdict == "PASS"), "nothing passes on a host without one proven boot"


@settings(max_examples=examples(150), deadline=None)
@given(data=st.data())
def test_no_fault_is_green_for_an_accept_unless_it_is_a_warning_that_the_accept_covers(green_run, data):
    """The same faults, every check a warning or not as may be, and accepts of anything: what GREEN is made of."""
    program, replay, able = green_run
    every = list(able)
    places = data.draw(st.lists(st.integers(0, len(every) - 1), min_size=1, max_size=2, unique=True), label="reads")
    names = {every[at]: data.draw(st.sampled_from(able[every[at]]), label=every[at].describe()) for at in places}
    known = sorted(item.id for item in items(program))
    mild = softened(program, data.draw(st.just(set(known)) | st.sets(st.sampled_from(known)), label="warnings"))
    saws = st.none() | st.builds(Saw, st.sampled_from(list(Reason)), st.sampled_from(Conclusion))
    until = st.sampled_from([*[None] * 9, replay.meta.started - 1, replay.meta.started + 1])
    made = st.builds(lambda check, saw, end: Accept(check, None, "why", saw, until=end), st.just(""), saws, until)
    of = st.lists(st.sampled_from([*known, NOPE]), unique=True) | st.just(known)
    accepts = [replace(data.draw(made), check=check) for check in data.draw(of, label="accepts")]
    transport = Spoilt(replay, {read: FAULTS[name] for read, name in names.items()})
    chosen = Settings(grounds=Grounds(accepting=Accepting(accepts)))
    report = asyncio.run(run(mild, transport, FixedClock(replay.meta.started), settings=chosen)).report
    checks = [check for gate in report.gates for check in gate.checks]
    for check in checks:
        if check.accepted:
            mine = [one for one in accepts if one.check == check.id and not one.expired(report.started)]
            assert check.verdict is Verdict.WARN
            assert any(one.saw is None or one.saw.reason is check.outcome.reason for one in mine)
    if report.result is Result.GREEN:
        assert all(check.verdict is Verdict.PASS or check.accepted for check in checks)
        assert all(one.check != NOPE and not one.expired(report.started) for one in accepts)


NOPE = "P0-NETWORK/nope"
"""A check that the baseline does not have."""


def items(program):
    return [item for gate in program.gates for item in gate.items]


def softened(program, ids):
    """The program with these checks as mere warnings."""
    gates = tuple(
        replace(
            gate,
            items=tuple(
                replace(item, check=replace(item.check, severity=Severity.WARN)) if item.id in ids else item
                for item in gate.items
            ),
        )
        for gate in program.gates
    )
    return replace(program, gates=gates)


def test_the_files_are_as_they_were(recording):
    assert (0, "GREEN") == judged(recording)
    assert all(Path(file).stat().st_mode & 0o777 == 0o600 for file in recording[2])
