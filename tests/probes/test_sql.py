"""The SELECTs that may be asked, what is refused, and what an answer must prove."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.probes.test_corpus import CORPUS, load
from tests.support.cuts import better_when_cut, recorded
from tests.support.effort import examples

from coldstart import shapes, sql
from coldstart.engine.judging import conclude
from coldstart.outcome import Conclusion
from coldstart.probes.base import Place, Replies, Target
from coldstart.probes.sql_table import SqlTableProbe
from coldstart.probes.sql_tables_agree import SqlTablesAgreeProbe
from coldstart.reason import Reason
from coldstart.replies import CommandReply

KINDS = ("sql_table", "sql_tables_agree")
TARGET = Target(hosts=(Place("188", "192.168.0.188"),))
AGREE = {
    "database": "momo",
    "first": {"table": "public.daily_sales_snapshot", "column": "snapshot_date"},
    "second": {"table": "public.realtime_sales_monthly", "column": "日期"},
    "range": {"latest": "28d"},
}
SESSION = {
    "user": "coldstart",
    "superuser": False,
    "database": "momo",
    "version": 150018,
    "in_recovery": False,
    "read_only": "on",
    "row_security": "off",
    "search_path": "",
}


def answer(text="", stderr="", status=0):
    return CommandReply(started=0, ended=0.1, exit_status=status, stdout=text.encode(), stderr=stderr.encode())


def counted(rows=28, first="2026-05-01", last="2026-05-28", kind="r"):
    return {"kind": kind, "type": "date", "counted": {"rows": rows, "min": first, "max": last}}


def agreement(session=SESSION, first=None, second=None, **changes):
    value = {
        "session": session,
        "today": "2026-05-29",
        "from": "2026-05-01",
        "to": "2026-05-28",
        "first": first or counted(),
        "second": second or counted(),
    }
    return json.dumps(value | changes) + "\n"


def judged(reply, **fields):
    probe = SqlTablesAgreeProbe.model_validate({**AGREE, **fields})
    (read,) = probe.reads(TARGET)
    return conclude(probe, Replies(target=TARGET, now=1.0, by_read={read: reply}))


names = st.from_regex(r"[a-z_日期é][a-zA-Z0-9_$日-]{0,8}", fullmatch=True)
tables = st.builds(lambda schema, table: f"{schema}.{table}", names, names)
ranges = st.one_of(
    st.integers(1, 3660).map(lambda days: {"latest": f"{days}d"}),
    st.integers(1, 3660).map(lambda days: {"last": days}),
    st.tuples(st.dates(), st.dates()).map(lambda pair: {"from": str(min(pair)), "to": str(max(pair))}),
)
servers = st.sampled_from(["localhost", "192.168.0.188", "::1", "/var/run/postgresql", "/run/db"])
connections = st.fixed_dictionaries(
    {"database": names.filter(str.isascii).filter(lambda name: "$" not in name), "host": servers},
    optional={"docker": st.just("momo-db"), "user": st.just("postgres"), "port": st.integers(1, 65535)},
)


@settings(max_examples=examples(60), deadline=None)
@given(connections, st.tuples(tables, names), st.tuples(tables, names), ranges, st.floats(0.1, 900))
def test_every_statement_that_can_be_declared_is_allowed_and_nothing_glued_to_it(
    connection, first, second, span, timeout
):
    probe = SqlTablesAgreeProbe.model_validate(
        {
            **connection,
            "first": {"table": first[0], "column": first[1]},
            "second": {"table": f"{second[0]}x", "column": second[1]},
            "range": span,
        }
    )
    for reader in (probe, SqlTableProbe.model_validate({**connection, "table": first[0], "max_rows": 5})):
        for read in reader.reads(Target(hosts=TARGET.hosts, timeout=timeout)):
            assert shapes.allowed(read.argv)
            for glue in (";", "; DROP TABLE x", " --", "\n", "\0", " FOR UPDATE", "\\! id", " INTO x"):
                assert not shapes.allowed((*read.argv[:-1], read.argv[-1] + glue))


def asked(**fields):
    (read,) = SqlTablesAgreeProbe.model_validate({**AGREE, **fields}).reads(TARGET)
    return read.argv


@pytest.mark.parametrize(
    "statement",
    [
        "",
        "SELECT 1",
        "\\! id",
        "\\copy public.kine to '/tmp/x'",
        "DELETE FROM public.kine",
        "COPY (SELECT 1) TO PROGRAM 'id'",
        "SELECT pg_catalog.lo_create(0)",
        "SELECT pg_catalog.pg_terminate_backend(1)",
        "SELECT public.f()",
        "SET TRANSACTION READ WRITE",
        "VACUUM ANALYZE kine",
    ],
)
def test_no_other_statement_is_allowed(statement):
    argv = asked()
    assert shapes.allowed(argv)
    assert not shapes.allowed((*argv[:-1], f"--command={statement}"))
    assert not shapes.allowed((*argv, f"--command={statement}"))
    assert not shapes.allowed((*argv, "-c", statement))
    assert not shapes.allowed((*argv[:-1], "-c", statement))
    assert not shapes.allowed(argv[:-1])


@pytest.mark.parametrize(
    ("guard", "instead"),
    [
        ("-c default_transaction_read_only=on", "-c default_transaction_read_only=off"),
        ("-c default_transaction_read_only=on ", ""),
        ("row_security=off", "row_security=on"),
        ("search_path=", "search_path=public"),
        ("lock_timeout=2000", "lock_timeout=0"),
        ("statement_timeout=6000", "statement_timeout=0"),
        ("connect_timeout=3", "connect_timeout=0"),
        ("user=coldstart", "user=coldstart password=x"),
        ("dbname=momo", "dbname=momo passfile=/etc/shadow"),
        ("dbname=momo", "dbname='momo"),
    ],
)
def test_no_statement_that_names_a_table_is_allowed_without_its_guards(guard, instead):
    argv = asked()
    assert guard in argv[-2]
    changed = argv[-2].replace(guard, instead)
    assert not shapes.allowed((*argv[:-2], changed, argv[-1]))


def test_only_the_fixed_question_about_the_server_itself_goes_without_a_read_only_session():
    state, table = SqlTableProbe(database="momo", table="public.kine").reads(TARGET)
    assert "default_transaction_read_only=" not in state.argv[-2]
    assert shapes.allowed(state.argv)
    assert not shapes.allowed((*state.argv[:-1], table.argv[-1]))
    assert sql.STATE.values == {}


@pytest.mark.parametrize("words", [("bash",), ("psql",), ("sh", "-c", "psql"), ("psql", "-c", "SELECT 1")])
def test_nothing_but_that_psql_is_run_in_a_container(words):
    argv = asked(docker="momo-db")
    assert ("docker", "exec", "--env", "LC_ALL=C", "momo-db", "psql") == argv[:6]
    assert shapes.allowed(argv)
    assert shapes.allowed(argv, sudo=True)
    assert not shapes.allowed((*argv[:5], *words))
    assert not shapes.allowed((*argv[:2], "--privileged", *argv[2:]))
    assert not shapes.allowed((*argv[:2], "--user", "root", *argv[2:]))
    assert not shapes.allowed((*argv[:3], "LD_PRELOAD=/x", *argv[4:]))


def test_psql_on_the_host_gets_no_sudo():
    assert not shapes.allowed(asked(), sudo=True)


def test_the_same_name_stands_wherever_a_statement_repeats_it():
    """The table whose kind is looked up is the one that is read."""
    text = sql.TABLE_COUNTED.filled(schema="public", table="kine")
    assert re.fullmatch(sql.TABLE_COUNTED.pattern, text)
    assert not re.fullmatch(sql.TABLE_COUNTED.pattern, text.replace("'kine'", "'other'"))


@pytest.mark.parametrize(
    "value", ['a"b', "a'b", "a\\b", "a b", "a;b", "a.b", "", "1a", "a\n", "a\0", "-a", "a" * 64, "a\u200bb"]
)
def test_a_statement_is_never_filled_with_what_is_no_name(value):
    with pytest.raises(ValueError, match="may not stand in a statement"):
        sql.TABLE_COUNTED.filled(schema="public", table=value)


@pytest.mark.parametrize(
    "fields",
    [
        {"first": {"table": "daily_sales_snapshot", "column": "snapshot_date"}},
        {"first": {"table": 'public.x" --', "column": "d"}},
        {"first": {"table": "public.x.y", "column": "d"}},
        {"first": {"table": "public.x", "column": "d'"}},
        {"first": {"table": "public.x", "column": "日" * 22}},
        {"first": AGREE["second"]},
        {"range": {}},
        {"range": {"latest": "28d", "last": "28d"}},
        {"range": {"latest": "28h"}},
        {"range": {"latest": "0d"}},
        {"range": {"from": "2026-05-01"}},
        {"range": {"from": "2026-05-28", "to": "2026-05-01"}},
        {"range": {"from": "2026-02-30", "to": "2026-05-01"}},
        {"range": {"from": "2026-05-01' --", "to": "2026-05-28"}},
        {"min_rows": 0},
        {"host": "/var/run/../x"},
        {"host": "a,b"},
        {"host": "a b"},
        {"user": "a'b"},
        {"database": "a=b"},
        {"database": "a b"},
        {"docker": "-it"},
    ],
)
def test_parameters_that_make_no_sense_are_refused(fields):
    with pytest.raises(ValidationError):
        SqlTablesAgreeProbe.model_validate({**AGREE, **fields})


@pytest.mark.parametrize(
    "fields",
    [{"table": "kine"}, {"min_rows": 5, "max_rows": 4}, {"rows": "some"}, {"max_rows": 0}, {"max_dead": "101%"}],
)
def test_a_table_check_that_makes_no_sense_is_refused(fields):
    with pytest.raises(ValidationError):
        SqlTableProbe.model_validate({"database": "momo", "table": "public.kine", **fields})


def test_a_longest_name_of_21_chinese_characters_is_taken():
    assert "日" * 21 in asked(second={"table": "public.x", "column": "日" * 21})[-1]


def test_the_statements_own_limits_end_before_the_checks():
    for timeout in (6.0, 10.0, 60.0):
        (read,) = SqlTablesAgreeProbe.model_validate(AGREE).reads(Target(hosts=TARGET.hosts, timeout=timeout))
        limits = {name: int(value) for name, value in re.findall(r"(\w+_timeout)=(\d+)", read.argv[-2])}
        assert limits["connect_timeout"] + limits["statement_timeout"] / 1000 < timeout
        assert limits["lock_timeout"] < limits["statement_timeout"]


# ------------------------------------------------------------------------------------------------------------- answers


def test_an_answer_with_its_session_in_order_is_met():
    assert Conclusion.MET is judged(answer(agreement())).conclusion


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"read_only": "off"}, Reason.PROTOCOL),
        ({"row_security": "on"}, Reason.PROTOCOL),
        ({"search_path": "public"}, Reason.PROTOCOL),
        ({"user": "postgres"}, Reason.PROTOCOL),
        ({"database": "postgres"}, Reason.PROTOCOL),
        ({"superuser": None}, Reason.UNPARSABLE),
        ({"superuser": "no"}, Reason.UNPARSABLE),
        ({"more": 1}, Reason.UNPARSABLE),
    ],
)
def test_an_answer_that_does_not_prove_its_session_is_not_observed(changes, reason):
    outcome = judged(answer(agreement(session=SESSION | changes)))
    assert (Conclusion.UNOBSERVED, reason) == (outcome.conclusion, outcome.reason)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        agreement().rstrip("\n"),
        agreement() + "\n",
        "Welcome\n" + agreement(),
        agreement() + agreement(),
        agreement().replace('"session"', '"first"', 1),
        "null\n",
        "[]\n",
        "{}\n",
        agreement(first=counted(rows=-1)),
        agreement(first=counted(rows=0), second=counted(rows=0)),
        agreement(first=counted(first=None), second=counted(first=None)),
        agreement(first=counted(rows="28"), second=counted(rows="28")),
        agreement(first=counted(rows=True), second=counted(rows=True)),
        agreement(first=counted(last="infinity"), second=counted(last="infinity")),
    ],
)
def test_anything_but_one_line_with_one_whole_answer_is_not_observed(text):
    outcome = judged(answer(text))
    assert (Conclusion.UNOBSERVED, Reason.UNPARSABLE) == (outcome.conclusion, outcome.reason)


def test_other_days_than_asked_for_are_not_observed():
    outcome = judged(answer(agreement()), range={"from": "2026-05-02", "to": "2026-05-28"})
    assert (Conclusion.UNOBSERVED, Reason.UNPARSABLE) == (outcome.conclusion, outcome.reason)


@pytest.mark.parametrize("second", [counted(rows=27), counted(first="2026-05-02"), counted(last="2026-05-27")])
def test_rows_first_and_last_day_must_all_be_equal(second):
    outcome = judged(answer(agreement(second=second)))
    assert (Conclusion.UNMET, Reason.WRONG_VALUE) == (outcome.conclusion, outcome.reason)


def test_recovery_outranks_two_tables_in_step_and_a_difference_outranks_too_few_rows():
    assert Reason.IN_RECOVERY is judged(answer(agreement(session=SESSION | {"in_recovery": True}))).reason
    assert Reason.WRONG_VALUE is judged(answer(agreement(second=counted(rows=1))), min_rows=50).reason
    assert Reason.TOO_FEW is judged(answer(agreement()), min_rows=50).reason


def test_the_newest_day_may_be_tomorrow_for_the_sake_of_time_zones_and_no_later():
    assert Conclusion.MET is judged(answer(agreement(today="2026-05-27"))).conclusion
    assert Reason.WRONG_VALUE is judged(answer(agreement(today="2026-05-26"))).reason


@pytest.mark.parametrize(
    ("state", "message", "expected"),
    [
        ("XX002", 'index "x" contains corrupted page at block 7', (Conclusion.UNMET, Reason.SIGNATURE)),
        ("XX001", "invalid page in block 1 of relation x", (Conclusion.UNMET, Reason.STORAGE_CORRUPTION)),
        ("XX000", "posting list tuple with 5 items cannot be split at offset 18", (Conclusion.UNMET, Reason.SIGNATURE)),
        ("XX000", "cache lookup failed for relation 5", (Conclusion.UNOBSERVED, Reason.UNEXPECTED_EXIT)),
        ("58030", 'could not read file "base/1": Input/output error', (Conclusion.UNMET, Reason.STORAGE_CORRUPTION)),
        (
            "57P01",
            "terminating connection due to administrator command",
            (Conclusion.UNOBSERVED, Reason.CONNECTION_LOST),
        ),
        ("57P03", "the database system is starting up", (Conclusion.UNMET, Reason.STARTING)),
        ("57014", "canceling statement due to user request", (Conclusion.UNOBSERVED, Reason.REMOTE_TIMEOUT)),
        ("53100", "could not extend file: No space left on device", (Conclusion.UNMET, Reason.UNHEALTHY)),
        ("53300", "too many connections for role", (Conclusion.UNMET, Reason.UNHEALTHY)),
        ("3F000", 'schema "x" does not exist', (Conclusion.UNMET, Reason.ABSENT)),
        ("40001", "canceling statement due to conflict with recovery", (Conclusion.UNOBSERVED, Reason.UNEXPECTED_EXIT)),
    ],
)
@pytest.mark.parametrize("severity", ["ERROR", "FATAL", "錯誤"])
def test_an_error_is_told_by_its_sqlstate_in_any_language(state, message, expected, severity):
    outcome = judged(answer(stderr=f"{severity}:  {state}: {message}\nLOCATION:  f, f.c:1\n", status=1))
    assert expected == (outcome.conclusion, outcome.reason)
    assert message in outcome.observed
    assert outcome.expected


def test_an_exit_status_that_is_not_0_is_never_met_whatever_was_printed():
    assert Conclusion.MET is not judged(answer(agreement(), status=1)).conclusion
    assert Conclusion.MET is not judged(answer(agreement(), stderr="FATAL:  ?\n", status=2)).conclusion


@settings(max_examples=examples(200), deadline=None)
@given(st.binary(max_size=200), st.binary(max_size=100), st.integers(0, 255))
def test_noise_is_never_met(stdout, stderr, status):
    reply = CommandReply(started=0, ended=0.1, exit_status=status, stdout=stdout, stderr=stderr)
    assert Conclusion.MET is not judged(reply).conclusion
    probe = SqlTableProbe(database="momo", table="public.kine")
    by_read = dict.fromkeys(probe.reads(TARGET), reply)
    assert Conclusion.MET is not conclude(probe, Replies(target=TARGET, now=1.0, by_read=by_read)).conclusion


CUT = ("bloated", "good", "in_step", "second_left_behind", "standby", "superuser")


@pytest.mark.parametrize(
    "path", [path for kind in KINDS for path in recorded(kind) if path.stem in CUT], ids=lambda path: path.stem
)
def test_no_cut_answer_is_judged_better_than_the_whole(path):
    assert [] == better_when_cut(path)


def test_a_limit_that_rests_on_lost_statistics_is_not_observed_and_the_size_still_is():
    """The same recorded crash, asked for the size alone: that needs no statistics."""
    case, _, _, replies = load(CORPUS / "sql_table" / "statistics_lost.yml")
    base = {"database": case["probe"]["database"], "table": case["probe"]["table"]}
    for fields, expected in (({"max_size": "1GiB"}, Conclusion.MET), ({"max_dead": "100%"}, Conclusion.UNOBSERVED)):
        assert expected is conclude(SqlTableProbe.model_validate({**base, **fields}), replies).conclusion
