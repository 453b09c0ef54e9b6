"""What `coldstart monitor install --print` prints works when an operator installs it as its comments say."""

import configparser
import getpass
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from coldstart.__main__ import main

BASELINE = """
coldstart: 1
name: one host
defaults: {run_deadline: 4m}
hosts:
  a: {address: 127.0.0.1, user: nobody}
  b: {address: 127.0.0.2, LOCAL}
gates:
  P0:
    title: it answers
    checks:
      - {id: port, claim: port is open, probe: tcp, with: {port: 1}, hosts: all}
monitor:
  host: a
  textfile: /srv/textfiles/cold.prom
  log: /srv/logs/last.log
  metric_prefix: my_stack
  every: 10m
"""
COLDSTART = str(Path(sys.executable).parent / "coldstart")


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLDSTART_STATE_DIR", raising=False)
    write()
    return tmp_path


def write(every="10m", local="role: other", name="b.yml"):
    Path(name).write_text(BASELINE.replace("10m", every).replace("LOCAL", local))


def printed(capfd, *options, baseline="b.yml"):
    assert 0 == main(["monitor", "install", "--print", "-b", baseline, *options])
    shown = capfd.readouterr()
    assert "" == shown.err
    return shown.out


def entry(block):
    """The one entry of a crontab as cron(8) reads it: its five fields, and the words that sh(1) makes of the rest."""
    (line,) = [line for line in block.splitlines() if not line.startswith("#")]
    fields, command = line.split(" ", 5)[:5], line.split(" ", 5)[5]
    assert not re.search(r"(?<!\\)%", command), "cron would end the command there"
    command, discarded = command.replace(r"\%", "%").rsplit(" ", 1)
    assert ">/dev/null" == discarded
    return " ".join(fields), shlex.split(command)


def units(text):
    """The service and the timer, by name and section; a key that stands twice is a mistake."""
    found = {}
    for part in re.split(r"^# (?=/etc/systemd/system/)", text, flags=re.MULTILINE)[1:]:
        path, _, body = part.partition("\n")
        unit = configparser.RawConfigParser(strict=True)
        unit.optionxform = str
        unit.read_string(body)
        found[Path(path).suffix] = unit
    return found


def test_without_print_it_changes_nothing_and_says_so(here, capfd):
    before = sorted(here.rglob("*"))
    assert 3 == main(["monitor", "install", "-b", "b.yml"])
    assert "coldstart changes nothing on any machine: give --print" in capfd.readouterr().err
    assert before == sorted(here.rglob("*"))


def test_both_are_printed_unless_one_is_asked_for(here, capfd):
    def has(text):
        return "# BEGIN coldstart monitor\n" in text, "[Timer]" in text

    assert (True, True) == has(printed(capfd))
    assert (True, True) == has(printed(capfd, "--cron", "--systemd"))
    assert (True, False) == has(printed(capfd, "--cron"))
    assert (False, True) == has(printed(capfd, "--systemd"))


# ---------------------------------------------------------------------------------------------------------- the crontab


def test_the_crontab_runs_this_coldstart_with_absolute_paths_and_a_limit(here, capfd):
    when, words = entry(printed(capfd, "--cron", "--user", getpass.getuser()))
    assert "*/10 * * * *" == when
    assert "/usr/bin/env" == words[0]
    environment = [word for word in words[1:4] if "=" in word]
    assert ["LC_ALL", "PATH"] == [word.partition("=")[0] for word in environment]
    rest = words[1 + len(environment) :]
    assert ["/usr/bin/timeout", "--kill-after=30s", "300s", COLDSTART, "monitor", "--baseline"] == rest[:6]
    assert str(here / "b.yml") == rest[6]
    assert all(Path(word).is_absolute() for word in rest[6::2] if "=" not in word)


def test_the_printed_options_are_those_that_the_monitor_takes(here, capfd):
    (here / "my vars.yml").write_text("x: y\n")
    write()
    options = ["--set", "x=50% of $HOME", "--vars", "my vars.yml", "-F", "none", "--known-hosts", "kh", "-i", "key"]
    text = (here / "b.yml").read_text() + "variables: {x: {about: it}}\nabout: ${x}\n"
    (here / "b.yml").write_text(text)
    _, words = entry(printed(capfd, "--cron", "--state-dir", "s", "--log", "l", *options))
    given = words[words.index("monitor") + 1 :]
    assert {
        "--baseline": str(here / "b.yml"),
        "--set": "x=50% of $HOME",
        "--vars": str(here / "my vars.yml"),
        "--log": str(here / "l"),
        "--state-dir": str(here / "s"),
        "--ssh-config": "none",
        "--known-hosts": str(here / "kh"),
        "--identity": str(here / "key"),
    } == dict(zip(given[::2], given[1::2], strict=True))
    assert 0 == main(["monitor", *given, "--help"])


@pytest.mark.parametrize(
    ("every", "when"),
    [
        ("1m", "* * * * *"),
        ("15m", "*/15 * * * *"),
        ("1h", "0 * * * *"),
        ("6h", "0 */6 * * *"),
        ("24h", "0 0 * * *"),
    ],
)
def test_the_schedule_is_the_baseline_s(here, capfd, every, when):
    write(every)
    assert when == entry(printed(capfd, "--cron"))[0]


def test_a_time_that_cron_cannot_keep_is_said(here, capfd):
    write("45m")
    assert 3 == main(["monitor", "install", "--print", "--cron", "-b", "b.yml"])
    assert "cron cannot run the monitor every 45 min" in capfd.readouterr().err
    text = printed(capfd)
    assert text.startswith("# No crontab block: cron cannot run")
    assert "OnUnitActiveSec=45min" in text


def test_a_word_that_a_line_cannot_hold_is_refused(here, capfd):
    for name in ("b\nc.yml", "b\\c.yml"):
        write(name=name)
        assert 3 == main(["monitor", "install", "--print", "--cron", "-b", name])
        assert "c.yml" in capfd.readouterr().err


def install(crontab, block, tmp_path):
    """Do what the comment says, with a crontab(1) that keeps the table in a file."""
    (tmp_path / "bin").mkdir(exist_ok=True)
    table = tmp_path / "table"
    table.write_text(crontab)
    (tmp_path / "bin" / "crontab").write_text(
        f"#!/bin/sh\ncase $1 in -l) cat {table};; -) cat > {table}.new; mv {table}.new {table};; esac\n"
    )
    (tmp_path / "bin" / "crontab").chmod(0o755)
    (line,) = [line for line in block.splitlines() if line.endswith("| crontab -") and "sed" in line and ";" in line]
    typed = line.removeprefix("#").strip()
    subprocess.run(["sh", "-c", typed], check=True, env={"PATH": f"{tmp_path}/bin:/usr/bin:/bin"})
    return table.read_text()


def test_to_install_it_twice_leaves_one_block_and_what_else_was_there(here, capfd, tmp_path):
    block = printed(capfd, "--cron")
    other = "MAILTO=ops\n5 4 * * * /backup/scripts/backup-all.sh\n"
    once = install(other, block, tmp_path)
    assert other + block == once
    assert once == install(once, block, tmp_path)


# ------------------------------------------------------------------------------------------------------------ the units


def test_the_service_runs_one_pass_as_the_user_of_the_host(here, capfd):
    service = units(printed(capfd, "--systemd"))[".service"]["Service"]
    assert ("oneshot", "nobody", "1 2") == (service["Type"], service["User"], service["SuccessExitStatus"])
    assert shlex.split(service["ExecStart"])[:4] == [COLDSTART, "monitor", "--baseline", str(here / "b.yml")]
    assert "300s" == service["TimeoutStartSec"], "a minute beyond the run's own deadline"


def test_it_can_write_only_where_it_must(here, capfd):
    service = units(printed(capfd, "--systemd", "--state-dir", "/srv/state dir"))[".service"]["Service"]
    assert '/srv/textfiles /srv/logs "/srv/state dir"' == service["ReadWritePaths"]
    assert ("strict", "read-only", "yes", "yes") == tuple(
        service[name] for name in ("ProtectSystem", "ProtectHome", "PrivateTmp", "NoNewPrivileges")
    )


def test_where_this_machine_itself_is_observed_no_sandbox_stands_before_it(here, capfd):
    write(local="local: true")
    text = printed(capfd, "--systemd")
    service = units(text)[".service"]["Service"]
    assert "# b: this machine itself." in text
    assert not {"ProtectSystem", "NoNewPrivileges", "PrivateTmp", "RestrictAddressFamilies"} & set(service)
    assert "300s" == service["TimeoutStartSec"]


def test_a_timer_makes_up_for_a_run_that_was_missed(here, capfd):
    timer = units(printed(capfd, "--systemd"))[".timer"]["Timer"]
    assert ("*:0/10", "true") == (timer["OnCalendar"], timer["Persistent"])


def test_in_a_unit_nothing_is_expanded(here, capfd):
    text = (here / "b.yml").read_text() + "variables: {x: {about: it}}\nabout: ${x}\n"
    (here / "b.yml").write_text(text)
    service = units(printed(capfd, "--systemd", "--set", 'x=%h $HOME "q"'))[".service"]["Service"]
    assert r'"x=%%h $$HOME \"q\""' in service["ExecStart"]


def split(text, directory):
    """Do what the comment says, into another directory."""
    (line,) = [line for line in text.splitlines() if "awk" in line]
    awk = line.partition("| ")[2].replace("file = $2", f'file = "{directory}" substr($2, 20)')
    subprocess.run(["sh", "-c", awk], input=text, text=True, check=True)
    return sorted(directory.iterdir())


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze here")
@pytest.mark.parametrize(
    ("every", "local"),
    [*((every, "role: other") for every in ("1m", "10m", "45m", "1h", "6h", "24h")), ("10m", "local: true")],
)
def test_systemd_finds_nothing_wrong_with_the_units(here, capfd, tmp_path, every, local):
    write(every, local)
    (tmp_path / "units").mkdir()
    found = split(printed(capfd, "--systemd", "--user", "root"), tmp_path / "units")
    assert ["coldstart-monitor.service", "coldstart-monitor.timer"] == [path.name for path in found]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *found], capture_output=True, text=True, check=False
    )
    assert (0, "") == (done.returncode, done.stderr)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze here")
def test_systemd_counts_the_service_among_the_well_shut_in(here, capfd, tmp_path):
    (tmp_path / "units").mkdir()
    service, _ = split(printed(capfd, "--systemd"), tmp_path / "units")
    done = subprocess.run(
        ["systemd-analyze", "security", "--no-pager", "--offline=yes", service],
        capture_output=True,
        text=True,
        check=False,
    )
    level = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert level
    assert 3.0 > float(level[1])


# -------------------------------------------------------------------------------------------------------- who and what


def test_a_baseline_without_a_monitor_has_nothing_to_install(here, capfd):
    (here / "b.yml").write_text((here / "b.yml").read_text().partition("monitor:")[0])
    for words in (["install", "--print"], ["rules"]):
        assert 3 == main(["monitor", *words, "-b", "b.yml"])
        assert "it has no monitor: section" in capfd.readouterr().err


def test_the_history_of_another_user_is_his(here, capfd):
    assert "/home/elsewhere/.local/state/coldstart" in printed(capfd, "--cron", "--user", "elsewhere")


def test_the_rules_are_printed_for_the_baseline_s_prefix_or_the_given_one(here, capfd):
    assert 0 == main(["monitor", "rules", "-b", "b.yml"])
    assert "absent(my_stack_monitor_up)" in capfd.readouterr().out
    assert 0 == main(["monitor", "rules", "-b", "b.yml", "--metric-prefix", "mine"])
    assert "absent(mine_monitor_up)" in capfd.readouterr().out


def test_an_option_before_the_word_that_it_is_for_is_refused(here, capfd):
    assert 3 == main(["monitor", "-b", "b.yml", "rules"])
    assert "options of `monitor rules` stand behind its name" in capfd.readouterr().err
