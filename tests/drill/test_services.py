"""What pg_isready(1) and redis-cli(1) say on the drill's hosts, beside what they said in the lab."""

import pytest
from tests.drill.recorded import recorded, view
from tests.drill.verdicts import ANSWERS, after, case, event, expected, rebooted, verdict, well
from tests.probes.test_corpus import load

from coldstart.drill.replies.services import pg_isready, redis_cli
from coldstart.drill.view import Said

LOCAL = case("pg_isready/lab-healthy-p0-188-data-postgresql-188")
REMOTE = case("pg_isready/lab-healthy-p1-k3s-datastore-120")
REDIS = case("redis/lab-healthy-p0-188-data-redis-188")
FROM_120 = ("pg_isready", "-h", "192.168.0.188", "-p", "5432", "-t", "3")
PING = ("redis-cli", "-h", "127.0.0.1", "-p", "6380", "ping")


def faulty(part, fault):
    """A stack ten seconds after a fault of a part of 188."""
    return after(event(10, parts={f"188/{part}": fault}), run=20)


@pytest.mark.parametrize("row", list(recorded("pg_isready", "redis-cli")), ids=lambda row: " ".join(row.argv))
def test_a_settled_stack_says_what_was_recorded(row):
    said = ANSWERS[row.argv[0]](view(well(), row.host), row.argv)
    assert (row.stdout, row.reply.stderr.decode(), row.reply.exit_status) == (said.stdout, said.stderr, said.status)


@pytest.mark.parametrize(
    ("tool", "fault", "part"), [("pg_isready", "wal-zeroed", "postgresql"), ("redis-cli", "redis-stopped", "redis")]
)
def test_a_fault_is_said_in_the_recorded_words(tool, fault, part):
    stack = faulty(part, "damaged" if part == "postgresql" else "stopped")
    for row in recorded(tool, case=fault):
        said = ANSWERS[tool](view(stack, row.host), row.argv)
        assert (row.stdout, row.reply.stderr.decode(), row.reply.exit_status) == (said.stdout, said.stderr, said.status)


@pytest.mark.parametrize("path", [LOCAL, REMOTE, REDIS], ids=lambda path: path.stem)
def test_a_settled_stack_is_met(path):
    assert ("met", "ok") == verdict(path, well())


@pytest.mark.parametrize(
    ("part", "fault", "name"),
    [
        ("postgresql", "damaged", "pg_isready/lab-wal-zeroed-p0-188-data-postgresql-188"),
        ("postgresql", "damaged", "pg_isready/lab-wal-zeroed-p1-k3s-datastore-120"),
        ("postgresql", "failing", "pg_isready/all_slots_taken"),
        ("redis", "stopped", "redis/lab-redis-stopped-p0-188-data-redis-188"),
        ("redis", "failing", "redis/misconf"),
        ("redis", "frozen", "redis/frozen"),
    ],
)
def test_a_fault_is_judged_as_it_was_when_it_was_recorded(part, fault, name):
    path = case(name)
    ours = path if path.stem.startswith("lab-") else {"redis": REDIS, "postgresql": LOCAL}[part]
    assert expected(path) == verdict(ours, faulty(part, fault))


@pytest.mark.parametrize("path", [LOCAL, REMOTE], ids=["188", "120"])
def test_a_frozen_postgresql_is_not_observed(path):
    assert "unobserved" == verdict(path, faulty("postgresql", "frozen"))[0]


@pytest.mark.parametrize(
    ("path", "name"), [(LOCAL, "pg_isready/in_recovery"), (REMOTE, "pg_isready/in_recovery"), (REDIS, "redis/loading")]
)
def test_what_starts_is_judged_as_recorded_until_it_is_up(path, name):
    stack = rebooted(run=58)
    assert expected(case(name)) == verdict(path, stack)
    stack.advance(100)
    assert ("met", "ok") == verdict(path, stack)


def test_redis_that_loads_says_the_recorded_words():
    [reply] = recorded_replies("redis/loading")
    assert Said(reply) == redis_cli(view(rebooted(run=58), "188"), PING)


def test_redis_that_cannot_save_says_the_recorded_words():
    [reply] = recorded_replies("redis/misconf")
    assert Said(reply) == redis_cli(view(faulty("redis", "failing"), "188"), PING)


def recorded_replies(name):
    """What the commands of a file of the corpus printed."""
    return [reply.stdout.decode() for reply in load(case(name))[3].by_read.values()]


@pytest.mark.parametrize("change", [{"power": {"188": "off"}}, {"cable": {"188": "out"}}, {"cable": {"120": "out"}}])
def test_what_cannot_be_reached_does_not_answer(change):
    stack = after(event(10, **change))
    said = pg_isready(view(stack, "120"), FROM_120)
    assert said == Said("192.168.0.188:5432 - no response\n", status=2)


def test_on_the_other_side_of_a_cable_nothing_is_missing():
    stack = after(event(10, cable={"188": "out"}))
    assert ("met", "ok") == verdict(LOCAL, stack)


@pytest.mark.parametrize(
    ("host", "argv"),
    [
        ("120", ("pg_isready", "-h", "localhost", "-p", "5432")),
        ("188", ("pg_isready", "-h", "localhost", "-p", "5433")),
        ("188", ("pg_isready", "-h", "somewhere")),
        ("120", ("pg_isready", "-h", "192.168.0.199")),
    ],
)
def test_where_no_postgresql_is_nobody_responds(host, argv):
    said = pg_isready(view(well(), host), argv)
    assert 2 == said.status
    assert said.stdout.endswith(" - no response\n")


@pytest.mark.parametrize(
    ("host", "argv", "words"),
    [
        ("120", PING, "Connection refused"),
        ("188", ("redis-cli", "ping"), "127.0.0.1:6379: Connection refused"),
        ("188", ("redis-cli", "-h", "192.168.0.199", "ping"), "No route to host"),
        ("188", (*PING[:-1], "flushall"), "ERR unknown command"),
    ],
)
def test_what_the_plan_does_not_ask_is_never_a_success(host, argv, words):
    said = redis_cli(view(well(), host), argv)
    assert 1 == said.status
    assert words in said.stdout + said.stderr
