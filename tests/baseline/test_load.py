"""What a valid file becomes, and what happens to files that cannot be read."""

import hashlib
import os
import textwrap
from pathlib import Path

import pytest

from coldstart.baseline.load import load, load_text
from coldstart.baseline.problems import Problems
from coldstart.baseline.source import Source, tree
from coldstart.errors import BaselineError
from coldstart.outcome import Severity, Verdict
from coldstart.probes.params import PlainScalar

from .conftest import GOOD

SHIPPED = sorted((Path(__file__).parents[2] / "baselines").rglob("*.yml"))


def problems(text, **options):
    with pytest.raises(BaselineError) as caught:
        load_text(text, "b.yml", **options)
    return list(caught.value.problems)


def one_check(extra, hosts='{"110": {address: a}}'):
    return textwrap.dedent(
        f"""\
        coldstart: 1
        name: x
        hosts: {hosts}
        gates:
          P0:
            title: x
            checks:
              - {{id: a, claim: x, probe: ping, {extra}}}
        """
    )


def test_both_parsers_make_the_same_baseline(parser, good):
    assert good == load_text(GOOD, "good.yml")


def test_hosts_keep_their_names_as_text_and_their_order(good):
    assert ["110", "188", "nas"] == list(good.baseline.hosts)


def test_a_host_has_what_is_written_and_none_where_ssh_decides(good):
    hosts = good.baseline.hosts
    assert ("192.168.0.188", "ollama", 2222, False) == (
        hosts["188"].address,
        hosts["188"].user,
        hosts["188"].port,
        hosts["188"].local,
    )
    assert (None, None, "registry") == (hosts["110"].user, hosts["110"].port, hosts["110"].role)
    assert hosts["nas"].optional is True


def test_all_is_every_host_that_is_not_optional_and_not_on_is_shown_too(good):
    ping = good.baseline.gates["P0-NETWORK"].checks[0]
    assert ("110", "188", "nas") == ping.hosts
    assert ["110", "188"] == [host.name for host in good.baseline.targets(ping)]
    assert [("nas", "does not answer ICMP")] == [
        (host.name, reason) for host, reason in good.baseline.not_applicable(ping)
    ]


def test_a_check_says_what_differs_and_takes_the_rest_from_the_defaults(good):
    ping, either = good.baseline.gates["P0-NETWORK"].checks
    assert (Severity.BLOCKED, 7.0, 90.0, "look at the switch", "3") == (
        ping.severity,
        ping.timeout,
        ping.deadline,
        ping.hint,
        ping.sop,
    )
    assert ("ping", 3) == (ping.probe_kind, ping.probe.count)
    assert Severity.WARN is either.severity


def test_alternatives_with_hosts_of_their_own_make_a_group_without(good):
    either = good.baseline.gates["P0-NETWORK"].checks[1]
    assert () == either.hosts
    assert [("first", ("110",), 3.0), ("second", ("188",), 7.0)] == [
        (member.id, member.hosts, member.timeout) for member in either.any_of
    ]
    assert {Severity.WARN} == {member.severity for member in either.any_of}


def test_alternatives_without_hosts_are_asked_on_each_host_of_the_group():
    text = one_check('any_of: [], hosts: ["110", "188"]', '{"110": {address: a}, "188": {address: b}}').replace(
        "probe: ping, any_of: []",
        "any_of: [{id: a, claim: a, probe: ping}, {id: b, claim: b, probe: tcp, with: {port: 1}}], sudo: yes",
    )
    (group,) = load_text(text, "b.yml").baseline.checks()
    assert ("110", "188") == group.hosts
    assert {("110", "188")} == {member.hosts for member in group.any_of}
    assert {True} == {member.sudo for member in group.any_of}


def test_the_hosts_of_a_gate_are_those_of_its_checks_that_name_none(good):
    (port,) = good.baseline.gates["P0-188-DATA"].checks
    assert ("188",) == port.hosts


def test_the_only_host_needs_no_naming():
    (check,) = load_text(one_check("sudo: false"), "b.yml").baseline.checks()
    assert ("110",) == check.hosts


def test_needs_say_which_verdict_of_a_parent_suffices(good):
    gates = good.baseline.gates
    assert {"P0-NETWORK": Verdict.PASS} == gates["P0-188-DATA"].needs
    assert {"P0-NETWORK": Verdict.WARN, "P0-188-DATA": Verdict.WARN} == gates["P1-K3S"].needs
    assert {} == gates["P0-NETWORK"].needs


def test_numbers_are_text_where_text_is_meant(good):
    gate = good.baseline.gates["P0-NETWORK"]
    assert ("3.1", ("every later phase",)) == (gate.sop, gate.blocks)


@pytest.mark.parametrize(
    ("written", "meant"), [("no", "no"), ("on", "on"), ("22:30", "22:30"), ("0188", "0188"), ("1.10", "1.10")]
)
def test_what_yaml_would_turn_into_something_else_stays_as_written(written, meant, parser):
    loaded = load_text(one_check(f"sop: {written}"), "b.yml")
    (check,) = loaded.baseline.checks()
    assert meant == check.sop


@pytest.mark.parametrize(("written", "meant"), [("yes", True), ("on", True), ("no", False), ("off", False)])
def test_a_yes_or_no_key_takes_yamls_words_for_it(written, meant):
    (check,) = load_text(one_check(f"sudo: {written}"), "b.yml").baseline.checks()
    assert meant is check.sudo


def test_quotes_make_a_string_and_the_lack_of_them_leaves_the_type_open(parser):
    problems = Problems()
    root = tree(Source("b.yml", b"plain: 3\nsingle: '3'\ndouble: \"3\"\nblock: |-\n  3\nfolded: >-\n  3\n"), problems)
    plain = {key: isinstance(value.value, PlainScalar) for key, value in root.entries.items()}
    assert {"plain": True, "single": False, "double": False, "block": False, "folded": False} == plain
    assert {"3"} == {value.value for value in root.entries.values()}


@pytest.mark.parametrize("written", ["", "~", "null", "Null", "NULL"])
def test_an_unquoted_null_is_nothing_and_a_quoted_one_is_text(written, parser):
    root = tree(Source("b.yml", f"plain: {written}\nquoted: '{written}'\n".encode()), Problems())
    assert [None, written] == [value.value for value in root.entries.values()]


def test_each_thing_knows_the_line_that_it_was_declared_on(good):
    gate = good.baseline.gates["P0-NETWORK"]
    lines = GOOD.splitlines()
    assert f"good.yml:{lines.index('  P0-NETWORK:') + 1}" == good.where(gate)
    assert f"good.yml:{lines.index('      - id: ping') + 1}" == good.where(gate.checks[0])
    member = next(number for number, line in enumerate(lines, start=1) if "id: second" in line)
    assert f"good.yml:{member}" == good.where(gate.checks[1].any_of[1])


def test_windows_line_ends_change_nothing_but_the_digest(good):
    loaded = load_text(GOOD.replace("\n", "\r\n"), "good.yml")
    assert good.baseline == loaded.baseline
    assert good.sha256 != loaded.sha256


def test_the_digest_is_that_of_the_bytes_of_the_file(tmp_path):
    path = tmp_path / "good.yml"
    path.write_text(GOOD, "utf-8")
    loaded = load(path)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == loaded.sha256
    assert str(path) == loaded.path


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_every_shipped_baseline_loads(path, parser):
    assert load(path).baseline.gates


def test_a_loaded_check_is_hashable(good):
    assert len(set(good.baseline.checks())) == 4


def test_a_missing_file_is_said_plainly(tmp_path):
    with pytest.raises(BaselineError) as caught:
        load(tmp_path / "none.yml")
    expected = f"{tmp_path}/none.yml: cannot be read: No such file or directory: check the path and its permissions"
    assert (expected,) == caught.value.problems


def test_a_directory_is_said_plainly(tmp_path):
    with pytest.raises(BaselineError, match="is a directory: name a baseline file in it"):
        load(tmp_path)


def test_a_pipe_is_refused_instead_of_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BaselineError, match="is not a regular file"):
        load(tmp_path / "pipe")


def test_a_path_component_that_is_a_file_is_said_plainly(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(BaselineError, match="cannot be read: Not a directory"):
        load(tmp_path / "file" / "b.yml")


def test_a_path_with_a_nul_is_said_plainly():
    with pytest.raises(BaselineError, match="cannot be read"):
        load("a\0b")


def test_a_file_over_the_size_limit_is_refused(tmp_path):
    path = tmp_path / "big.yml"
    path.write_bytes(GOOD.encode() + b"#" * (1 << 20))
    with pytest.raises(BaselineError, match="larger than 1048576 bytes: split the baseline"):
        load(path)


@pytest.mark.slow
def test_too_many_values_are_refused(parser):
    assert ["more than 50000 values in one file: split the baseline"] == [
        line.split(": ", 1)[1] for line in problems("coldstart: 1\nx: [" + "a," * 50_001 + "]\n")
    ]


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "{a: " * 100_000, "- " * 100_000, "? " * 100_000, "!!x " * 9, "&a " * 9]
)
def test_deep_nesting_is_refused_and_crashes_neither_parser(text, parser):
    assert problems(text)


def test_thousands_of_problems_are_cut_short_with_their_number():
    found = problems("coldstart: 1\nname: x\n" + "".join(f"k{number}: 1\n" for number in range(1200)))
    assert (1001, "b.yml: and 202 more problems: mend these first") == (len(found), found[-1])
