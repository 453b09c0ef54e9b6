"""What psql(1) says on the drill's hosts, beside what it said in the lab."""

import json

import pytest
from tests.drill.recorded import json_shape, recorded, view
from tests.drill.verdicts import IN_STEP, after, case, event, expected, rebooted, verdict, well

from coldstart.drill.replies.docker import docker
from coldstart.drill.replies.psql import psql

KINE = case("sql_table/lab-healthy-p0-188-data-kine-188")
ROWS = [*recorded("psql"), *(row for row in recorded("docker") if row.argv[1] == "exec")]
STATE, TABLE = (row.argv for row in recorded("psql"))


def changed(argv, *pairs):
    """The same question with other words in it."""
    for old, new in pairs:
        assert any(old in word for word in argv)
        argv = tuple(word.replace(old, new) for word in argv)
    return argv


@pytest.mark.parametrize("row", ROWS, ids=["state", "table", "in-step"])
def test_the_answer_is_the_recorded_one(row):
    ask = psql if row.argv[0] == "psql" else docker
    said = ask(view(well(), row.host), row.argv)
    assert (row.reply.exit_status, row.reply.stderr.decode()) == (said.status, said.stderr)
    assert json_shape(row.stdout) == json_shape(said.stdout)
    theirs, ours = json.loads(row.stdout), json.loads(said.stdout)
    assert {**theirs.pop("session"), "version": 0} == {**ours.pop("session"), "version": 0}
    if "table" in theirs:
        ages = {"vacuumed_ago": 0, "counted_ago": 0}
        theirs["table"] |= ages
        ours["table"] |= ages
    assert theirs == ours
    assert list(theirs) == list(ours)


def test_it_is_written_as_postgresql_writes_json():
    [_, row] = recorded("psql")
    before = row.stdout.partition("150018")[0]
    assert psql(view(well(), "188"), TABLE).stdout.startswith(before)


def test_188_has_postgresql_14():
    assert 140018 == json.loads(psql(view(well(), "188"), STATE).stdout)["session"]["version"]


@pytest.mark.parametrize("path", [KINE, IN_STEP], ids=lambda path: path.parent.name)
def test_a_settled_stack_is_met(path):
    assert ("met", "ok") == verdict(path, well())


@pytest.mark.parametrize(
    ("fault", "recorded_as"),
    [
        ("stopped", "nothing_on_socket"),
        ("damaged", "nothing_on_socket"),
        ("frozen", "frozen"),
        ("failing", "too_many_connections"),
    ],
)
@pytest.mark.parametrize(("path", "part"), [(KINE, "188/postgresql")])
def test_a_server_that_does_not_serve_is_judged_as_the_recorded_one(path, part, fault, recorded_as):
    stack = after(event(10, parts={part: fault}), run=20)
    assert expected(case(f"sql_table/{recorded_as}")) == verdict(path, stack)


@pytest.mark.parametrize(("fault", "reason"), [("frozen", "connect-timeout"), ("failing", "rejecting")])
def test_momo_db_that_does_not_serve_says_so_in_its_container(fault, reason):
    stack = after(event(10, parts={"188/momo-db": fault}), run=20)
    assert reason == verdict(IN_STEP, stack)[1]


@pytest.mark.parametrize(("path", "run", "up"), [(KINE, 60, 97), (IN_STEP, 60, 72)], ids=["kine", "momo-db"])
def test_a_server_that_starts_says_so_until_it_is_up(path, run, up):
    stack = rebooted(run=run)
    assert expected(case("sql_table/starting")) == verdict(path, stack)
    stack.advance(up)
    assert ("met", "ok") == verdict(path, stack)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (None, "FATAL:  the database system is starting up\n"),
        (
            "stopped",
            "No such file or directory\n\tIs the server running locally and accepting connections on that socket?\n",
        ),
    ],
)
def test_a_connection_fails_in_the_recorded_words(fault, words):
    stack = rebooted(*([("188/postgresql", fault)] if fault else []), run=60)
    said = psql(view(stack, "188"), STATE)
    where = 'psql: error: connection to server on socket "/var/run/postgresql/.s.PGSQL.5432" failed: '
    assert (said.stdout, said.stderr, said.status) == ("", where + words, 2)


def test_the_table_was_vacuumed_since_postgresql_is_up():
    stack = rebooted(run=200)
    up = stack.now - stack.parts["188/postgresql"].since
    assert up == json.loads(psql(view(stack, "188"), TABLE).stdout)["table"]["vacuumed_ago"]


@pytest.mark.parametrize(
    ("missing", "second"),
    [
        (0, (560, "2026-11-23")),
        (7, (553, "2026-11-23")),
        (20, (540, "2026-11-22")),
        (60, (500, "2026-11-20")),
        (560, (0, None)),
    ],
)
def test_missing_rows_are_the_newest_of_the_second_table(missing, second):
    stack = after(event(1, facts={"momo_rows_missing": str(missing)}))
    answer = json.loads(docker(view(stack, "188"), ROWS[-1].argv).stdout)
    counted = answer["second"]["counted"]
    assert second == (counted["rows"], counted["max"])
    assert answer["first"]["counted"]["rows"] == 560


@pytest.mark.parametrize(
    ("pair", "words", "status"),
    [
        (("dbname=k3s_datastore", "dbname=nothing"), 'FATAL:  database "nothing" does not exist', 2),
        (("dbname=k3s_datastore", "dbname=momo"), 'FATAL:  database "momo" does not exist', 2),
        (("user=coldstart", "user=nobody"), 'FATAL:  role "nobody" does not exist', 2),
        (("port=5432", "port=5999"), '.s.PGSQL.5999" failed: No such file or directory', 2),
        (("host=/var/run/postgresql", "host=127.0.0.1"), "fe_sendauth: no password supplied", 2),
        (("kine", "kines"), 'ERROR:  42P01: relation "public.kines" does not exist', 1),
        (("'table'", "'tables'"), "ERROR:  0A000", 1),
    ],
)
def test_what_is_not_there_is_an_error(pair, words, status):
    said = psql(view(well(), "188"), changed(TABLE, pair))
    assert (said.stdout, said.status) == ("", status)
    assert words in said.stderr


def test_a_port_on_which_nobody_is_refuses():
    said = psql(view(well(), "188"), changed(STATE, ("host=/var/run/postgresql", "host=127.0.0.1"), ("5432", "5999")))
    assert said.stderr.startswith(
        'psql: error: connection to server at "127.0.0.1", port 5999 failed: Connection refused\n'
    )


@pytest.mark.parametrize("host", ["110", "120", "121"])
def test_no_other_host_has_a_server(host):
    said = psql(view(well(), host), STATE)
    assert (said.stdout, said.status) == ("", 2)
