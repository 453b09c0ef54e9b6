"""What a SELECT of ours can and cannot do to a real PostgreSQL: the guards, and where they end."""

import re
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.support.postgres import postgres

from coldstart.engine.judging import conclude
from coldstart.outcome import Conclusion
from coldstart.probes.base import Place, Replies, Target
from coldstart.probes.sql_table import SqlTableProbe
from coldstart.probes.sql_tables_agree import SqlTablesAgreeProbe
from coldstart.reason import Reason
from coldstart.transport import argv

pytestmark = pytest.mark.slow

TARGET = Target(hosts=(Place("188", "192.168.0.188"),), timeout=5.0)

PAGE = Path(__file__).parents[2] / "docs" / "privileges.md"
GRANTS = re.findall(r"```sql\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
"""The SQL of the page that tells an administrator what to do."""

STACK = """
CREATE DATABASE k3s_datastore;
CREATE DATABASE momo;
\\connect k3s_datastore
CREATE TABLE kine (id int);
INSERT INTO kine VALUES (1);
CREATE TABLE other (id int);
\\connect momo
CREATE TABLE daily_sales_snapshot (snapshot_date date);
INSERT INTO daily_sales_snapshot VALUES (current_date);
CREATE TABLE realtime_sales_monthly ("日期" text);
INSERT INTO realtime_sales_monthly VALUES (current_date::text);
"""

SETUP = """
CREATE ROLE writer LOGIN;
CREATE TABLE touched (who text);
GRANT INSERT ON touched TO PUBLIC;
CREATE FUNCTION touching(day date) RETURNS date LANGUAGE plpgsql VOLATILE AS
  $$ BEGIN INSERT INTO touched VALUES (current_user); RETURN day; END $$;
CREATE FUNCTION unbound(day date) RETURNS date LANGUAGE plpgsql VOLATILE AS
  $$ BEGIN SET TRANSACTION READ WRITE; INSERT INTO touched VALUES (current_user); RETURN day; END $$;
CREATE TABLE "日報" ("日期" date, amount int);
INSERT INTO "日報" SELECT current_date - i % 10, i FROM generate_series(1, 100) AS i;
CREATE TABLE monthly ("日期" text, amount int);
INSERT INTO monthly SELECT (current_date - i % 10)::text, i FROM generate_series(1, 100) AS i;
CREATE VIEW lively AS SELECT touching("日期") AS "日期" FROM "日報";
CREATE TABLE guarded ("日期" date);
INSERT INTO guarded SELECT current_date - i % 10 FROM generate_series(1, 100) AS i;
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON guarded USING (touching("日期") IS NOT NULL);
CREATE TYPE shady AS (day date);
CREATE FUNCTION to_day(shady) RETURNS date LANGUAGE plpgsql VOLATILE AS
  $$ BEGIN INSERT INTO touched VALUES (current_user); RETURN ($1).day; END $$;
CREATE CAST (shady AS date) WITH FUNCTION to_day(shady);
CREATE TABLE cast_trap ("日期" shady);
INSERT INTO cast_trap SELECT ROW(current_date)::shady FROM generate_series(1, 100);
GRANT SELECT ON ALL TABLES IN SCHEMA public TO coldstart, writer;
GRANT INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA public TO writer;
"""


@pytest.fixture(scope="module")
def server():
    with postgres() as running:
        running.run(STACK)
        for block in GRANTS:
            running.run(block)
        running.run(SETUP)
        yield running


def perform(command, statement=None):
    """As the transport does it, on this machine; `statement` in place of the one that the probe built."""
    words = argv.wrap(command)
    if statement is not None:
        words = (*words[:-1], f"--command={statement}")
    done = subprocess.run(words, check=False, stdin=subprocess.DEVNULL, capture_output=True, timeout=20)
    times = {"started": 0.0, "ended": 0.1, "duration": 0.1}
    return argv.interpret(command, status=done.returncode, signal=None, stdout=done.stdout, stderr=done.stderr, **times)


def judged(probe, target=TARGET):
    by_read = {read: perform(read) for read in probe.reads(target)}
    return conclude(probe, Replies(target=target, now=1.0, by_read=by_read))


def agree(server, second="public.monthly", user="coldstart", **fields):
    if isinstance(second, str):
        second = {"table": second, "column": "日期"}
    return SqlTablesAgreeProbe.model_validate(
        {
            "host": str(server.socket),
            "database": "postgres",
            "user": user,
            "first": {"table": "public.日報", "column": "日期"},
            "second": second,
            "range": {"latest": "10d"},
            **fields,
        }
    )


def table(server, name="public.monthly", user="coldstart", database="postgres", **fields):
    where = {"host": str(server.socket), "database": database, "user": user, "table": name}
    return SqlTableProbe.model_validate({**where, **fields})


def verdict(outcome):
    return outcome.conclusion, outcome.reason


@contextmanager
def untouched(server):
    """What is in the block writes nothing."""
    before = server.run("SELECT count(*) FROM touched")
    yield
    assert before == server.run("SELECT count(*) FROM touched")


def test_two_tables_in_step_are_in_step_for_a_role_that_can_only_read(server):
    outcome = judged(agree(server))
    assert (Conclusion.MET, 100) == (outcome.conclusion, outcome.facts["second_rows"])
    assert Conclusion.MET is judged(table(server)).conclusion


def test_what_the_page_grants_is_enough_for_the_stack_and_no_more(server):
    kine = table(server, "public.kine", database="k3s_datastore", max_size="1GiB", max_rows=5)
    assert Conclusion.MET is judged(kine).conclusion
    momo = {
        "database": "momo",
        "first": {"table": "public.daily_sales_snapshot", "column": "snapshot_date"},
        "second": {"table": "public.realtime_sales_monthly", "column": "日期"},
    }
    assert Conclusion.MET is judged(agree(server, **momo)).conclusion
    other = table(server, "public.other", database="k3s_datastore")
    assert (Conclusion.UNOBSERVED, Reason.NOT_ALLOWED) == verdict(judged(other))
    for statement in (
        "DELETE FROM public.kine",
        "CREATE TABLE public.mine (i int)",
        "CREATE TEMPORARY TABLE mine (i int)",
    ):
        reply = perform(kine.reads(TARGET)[1], f"SET TRANSACTION READ WRITE; {statement}")
        assert b"42501" in reply.stderr


WRITES = [
    "INSERT INTO public.touched VALUES ('x')",
    "WITH gone AS (DELETE FROM public.monthly RETURNING 1) SELECT count(*) FROM gone",
    "SELECT public.touching(current_date)",
    "SELECT public.unbound(current_date)",
    "CREATE TABLE public.mine (i int)",
    "SELECT 1 INTO public.mine",
    "TRUNCATE public.monthly",
    "COPY public.monthly FROM PROGRAM 'echo'",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "SELECT pg_catalog.setval('x', 1)",
]


@pytest.mark.parametrize("statement", WRITES)
def test_a_statement_that_writes_is_refused_by_the_session_even_where_the_role_may_write(server, statement):
    """No shape lets these out; this is what would happen if one did."""
    (read,) = agree(server, user="writer").reads(TARGET)
    with untouched(server):
        assert perform(read, statement).exit_status != 0


def test_the_limit_of_the_session_is_a_statement_that_undoes_it_which_no_shape_lets_out(server):
    """`SET TRANSACTION READ WRITE` as a first statement undoes the guard: the guarantee is what the role may do."""
    (read,) = agree(server).reads(TARGET)
    reply = perform(read, "SET TRANSACTION READ WRITE; INSERT INTO public.touched VALUES ('undone')")
    assert reply.exit_status == 0
    server.run("DELETE FROM touched")
    server.run("REVOKE INSERT ON touched FROM PUBLIC")
    try:
        reply = perform(read, "SET TRANSACTION READ WRITE; INSERT INTO public.touched VALUES ('undone')")
        assert b"42501" in reply.stderr
    finally:
        server.run("GRANT INSERT ON touched TO PUBLIC")


@pytest.mark.parametrize("user", ["coldstart", "writer", "postgres"])
@pytest.mark.parametrize("trap", ["public.lively", "public.cast_trap"])
def test_a_view_and_a_cast_of_somebody_run_nothing_of_his_not_even_for_a_superuser(server, user, trap):
    with untouched(server):
        outcome = judged(agree(server, second=trap, user=user))
    assert (Conclusion.UNOBSERVED, Reason.FORBIDDEN) == verdict(outcome)


def test_a_policy_that_would_hide_rows_is_an_error_and_does_not_run(server):
    with untouched(server):
        for probe in (agree(server, second="public.guarded"), table(server, "public.guarded")):
            assert (Conclusion.UNOBSERVED, Reason.ROW_SECURITY) == verdict(judged(probe))


def test_a_superuser_is_told_that_he_is_one(server):
    assert (Conclusion.CAUTION, Reason.SUPERUSER) == verdict(judged(agree(server, user="postgres")))
    assert (Conclusion.CAUTION, Reason.SUPERUSER) == verdict(judged(table(server, user="postgres")))


def test_what_is_set_for_the_role_or_in_the_environment_does_not_undo_the_guards(server, monkeypatch):
    monkeypatch.setenv("PGOPTIONS", "-c default_transaction_read_only=off -c row_security=on -c search_path=public")
    for name, value in (
        ("default_transaction_read_only", "off"),
        ("row_security", "on"),
        ("search_path", "public"),
        ("statement_timeout", "0"),
    ):
        server.run(f"ALTER ROLE coldstart SET {name} = {value}")
    try:
        (read,) = agree(server).reads(TARGET)
        names = ("default_transaction_read_only", "row_security", "search_path", "statement_timeout")
        shown = perform(read, f"SELECT {', '.join(f'pg_catalog.current_setting({name!r})' for name in names)}")
        assert "on|off||3s\n" == shown.text
        assert Conclusion.MET is judged(agree(server)).conclusion
    finally:
        server.run("ALTER ROLE coldstart RESET ALL")


def test_a_lock_is_waited_for_no_longer_than_its_limit(server):
    short = Target(hosts=TARGET.hosts, timeout=1.0)
    with server.locked("monthly", "postgres"):
        assert (Conclusion.UNOBSERVED, Reason.LOCKED) == verdict(judged(agree(server), short))
        assert (Conclusion.UNOBSERVED, Reason.LOCKED) == verdict(judged(table(server), short))


def test_the_count_is_the_tables_own_not_that_of_an_index(server):
    """An index may be what a dirty shutdown damaged: it must not answer for the table (SOP 13.7)."""
    server.run('CREATE TABLE indexed ("日期" date); INSERT INTO indexed SELECT "日期" FROM "日報"')
    server.run('CREATE INDEX by_day ON indexed ("日期"); GRANT SELECT ON indexed TO coldstart')
    server.run("VACUUM ANALYZE indexed")
    (read,) = agree(server, second="public.indexed").reads(TARGET)
    statement = read.argv[-1].removeprefix("--command=")
    plan = perform(read, f"EXPLAIN {statement}").text
    assert "Seq Scan on indexed" in plan
    assert "by_day" not in plan


def test_a_database_that_is_read_only_by_default_is_bad(server):
    server.run("ALTER DATABASE postgres SET default_transaction_read_only = on")
    try:
        outcome = judged(table(server))
    finally:
        server.run("BEGIN READ WRITE; ALTER DATABASE postgres RESET default_transaction_read_only; COMMIT")
    assert (Conclusion.UNMET, Reason.DATABASE_READ_ONLY) == verdict(outcome)
