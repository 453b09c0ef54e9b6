"""A recording says again exactly what was said, and a broken one says what is broken in it."""

import json
import os
import stat

import pytest

from coldstart.clock import FixedClock
from coldstart.errors import NotRecorded, UsageError
from coldstart.reads import BootId, Command, HttpGet, Ping
from coldstart.reason import Reason
from coldstart.replies import CommandReply, HttpReply, NoReply, PingReply, Tls
from coldstart.transport.record import META, Meta, Recorder, file_name
from coldstart.transport.replay import Replay

TIMES = {"started": 1700000000.25, "ended": 1700000000.5}
COMMAND = Command(host="110", argv=("systemctl", "show", "postgresql.service"))
EXCHANGES = (
    (COMMAND, CommandReply(**TIMES, exit_status=0, stdout="größe=1\n".encode(), stderr=b"\xff\x00")),
    (BootId(host="110", moment="start"), CommandReply(**TIMES, exit_status=0, stdout=b"a\n")),
    (BootId(host="110", moment="end"), CommandReply(**TIMES, exit_status=0, stdout=b"b\n")),
    (
        HttpGet(url="https://mo.example/health", headers=(("A", "b"),)),
        HttpReply(
            **TIMES,
            status=200,
            headers=(("Content-Type", "text/plain"), ("X", "\x9b")),
            body=b"\x80\x81",
            url="https://mo.example/health",
            redirects=("https://mo.example/health",),
            tls=Tls(subject="CN=mo", issuer="CN=ca", not_after=1.5, version="TLSv1.3"),
            cautions=("IPv6 address ::1 failed (refused), used IPv4 127.0.0.1",),
        ),
    ),
    (Ping(address="192.0.2.1"), PingReply(**TIMES, exit_status=1, stdout=b"2 packets transmitted, 0 received")),
    (
        HttpGet(url="http://192.0.2.1/"),
        NoReply(**TIMES, reason=Reason.CONNECT_TIMEOUT, detail="no answer", evidence="x"),
    ),
)


def record(directory, exchanges=EXCHANGES, now=1700000001.0):
    recorder = Recorder(directory, FixedClock(now))
    for read, reply in exchanges:
        recorder.add(read, reply)
    recorder.finish(recorder.meta("full-stack", "0" * 64))
    return directory


def problems(directory):
    with pytest.raises(UsageError) as caught:
        Replay(directory)
    return caught.value.problems


def replace(directory, read, text):
    (directory / file_name(read)).write_text(text, "utf-8")


async def test_every_kind_of_reply_comes_back_as_it_was_recorded(tmp_path):
    replay = Replay(record(tmp_path / "run"))
    for read, reply in EXCHANGES:
        assert reply == await replay.perform(read)


async def test_a_read_with_another_time_limit_is_the_same_question(tmp_path):
    replay = Replay(record(tmp_path / "run"))
    assert EXCHANGES[0][1] == await replay.perform(COMMAND.model_copy(update={"timeout": 99.0}))


async def test_what_was_not_asked_is_not_recorded(tmp_path):
    replay = Replay(record(tmp_path / "run"))
    with pytest.raises(NotRecorded, match=r"systemctl show other\.service was not asked"):
        await replay.perform(Command(host="110", argv=("systemctl", "show", "other.service")))
    with pytest.raises(NotRecorded):
        await replay.perform(COMMAND.model_copy(update={"sudo": True}))
    await replay.close()


def test_the_meta_data_say_what_was_recorded_and_when(tmp_path):
    meta = Replay(record(tmp_path / "run")).meta
    assert meta == Meta(started=1700000001.0, ended=1700000001.0, baseline_name="full-stack", baseline_sha256="0" * 64)


def test_the_same_replies_give_the_same_bytes(tmp_path):
    one, two = record(tmp_path / "one"), record(tmp_path / "two", tuple(reversed(EXCHANGES)))
    assert {path.name: path.read_bytes() for path in one.iterdir()} == {
        path.name: path.read_bytes() for path in two.iterdir()
    }


def test_a_recording_is_private_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        directory = record(tmp_path / "run")
    finally:
        os.umask(before)
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()} == {0o600}


def test_an_empty_directory_is_taken_and_made_private(tmp_path):
    (tmp_path / "run").mkdir(mode=0o755)
    assert stat.S_IMODE(record(tmp_path / "run").stat().st_mode) == 0o700


def test_files_are_readable_by_people(tmp_path):
    directory = record(tmp_path / "run")
    (path,) = directory.glob("command-110-systemctl-show-postgresql-service.*.json")
    exchange = json.loads(path.read_text("utf-8"))
    assert list(exchange) == ["read", "reply"]
    assert exchange["reply"]["stdout"] == "größe=1\n"


def test_a_directory_that_is_not_empty_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("keep", "utf-8")
    with pytest.raises(UsageError, match=r"not empty: a recording needs a new or an empty directory"):
        Recorder(tmp_path, FixedClock(0))
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_file_in_the_place_of_the_directory_is_a_usage_error(tmp_path):
    (tmp_path / "file").write_text("", "utf-8")
    for path in (tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises(UsageError, match="cannot record"):
            Recorder(path, FixedClock(0))


def test_the_same_read_is_recorded_once(tmp_path):
    recorder = Recorder(tmp_path / "run", FixedClock(0))
    recorder.add(*EXCHANGES[0])
    with pytest.raises(UsageError, match="a recording holds each read once"):
        recorder.add(*EXCHANGES[0])


def test_a_disk_that_cannot_be_written_is_a_usage_error_that_names_the_file(tmp_path):
    recorder = Recorder(tmp_path / "run", FixedClock(0))
    (tmp_path / "run").rmdir()
    with pytest.raises(UsageError, match=r"run/command-110-.*\.json: cannot record: No such file or directory"):
        recorder.add(*EXCHANGES[0])


def test_a_directory_that_is_not_there_is_a_usage_error(tmp_path):
    assert problems(tmp_path / "none") == (f"{tmp_path}/none: not a recording: No such file or directory",)


def test_a_recording_that_was_cut_short_is_refused(tmp_path):
    directory = record(tmp_path / "run")
    (directory / META).unlink()
    assert problems(directory) == (f"{directory}/meta.json: missing: not a recording, or one that was cut short",)


def test_a_recording_without_reads_is_refused(tmp_path):
    assert problems(record(tmp_path / "run", ())) == (f"{tmp_path}/run: the recording holds no read",)


def test_another_schema_version_is_refused(tmp_path):
    directory = record(tmp_path / "run")
    meta = json.loads((directory / META).read_text("utf-8"))
    (directory / META).write_text(json.dumps(meta | {"schema_version": 2}), "utf-8")
    assert problems(directory) == (f"{directory}/meta.json: schema version 2; this coldstart reads 1",)


BROKEN = {
    "not JSON": ("{", "Invalid JSON"),
    "not an exchange": ("[]", "object"),
    "an unknown kind of read": ('{"read": {"kind": "guess"}, "reply": {}}', "read: "),
    "another shape": (
        '{"read": {"kind": "tcp", "address": "a", "port": 1, "extra": 1}, "reply": {"kind": "none"}}',
        "extra: Extra inputs are not permitted",
    ),
    "an unknown reason": (
        '{"read": {"kind": "tcp", "address": "a", "port": 1}, "reply": {"kind": "none", "started": 1, "reason": "no"}}',
        "reply.none.",
    ),
    "very deep": ("[" * 100_000, "Invalid JSON"),
}


@pytest.mark.parametrize(("text", "says"), BROKEN.values(), ids=BROKEN.keys())
def test_a_file_that_is_not_as_recorded_is_named(tmp_path, text, says):
    directory = record(tmp_path / "run")
    replace(directory, COMMAND, text)
    (problem,) = problems(directory)
    assert problem.startswith(f"{directory}/{file_name(COMMAND)}: ")
    assert says in problem


def test_a_file_that_is_not_utf8_is_named(tmp_path):
    directory = record(tmp_path / "run")
    (directory / file_name(COMMAND)).write_bytes(b'{"read": "\xff"}')
    (problem,) = problems(directory)
    assert problem.startswith(f"{directory}/{file_name(COMMAND)}: ")


def test_every_broken_file_is_named_at_once(tmp_path):
    directory = record(tmp_path / "run")
    for read, _ in EXCHANGES[:2]:
        replace(directory, read, "")
    assert len(problems(directory)) == 2


def test_two_answers_to_one_question_are_refused(tmp_path):
    directory = record(tmp_path / "run")
    (directory / "zz.json").write_text((directory / file_name(COMMAND)).read_text("utf-8"), "utf-8")
    assert problems(directory) == (f"{directory}/zz.json: the same read as in {file_name(COMMAND)}",)


def test_a_pipe_in_the_place_of_a_file_does_not_hang(tmp_path):
    directory = record(tmp_path / "run")
    os.mkfifo(directory / "pipe.json")
    assert problems(directory) == (f"{directory}/pipe.json: not a file",)
