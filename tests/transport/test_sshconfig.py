"""~/.ssh/config: the same answers as `ssh -G`, no program of the file's choosing, nothing dropped silently."""

import shutil
import subprocess
from pathlib import Path

import pytest

from coldstart import errors
from coldstart.transport.sshconfig import SshConfig, local_user
from coldstart.transport.sshroute import resolve


def config(tmp_path, text: str, **options) -> SshConfig:
    path = tmp_path / "config"
    path.write_text(text)
    return SshConfig(path, **options)


SAMPLE = """
# comment
Host db 192.168.0.188
    HostName 192.0.2.%h.invalid
    User postgres
    Port=2222
    IdentityFile ~/.ssh/id_db
    IdentityFile "/keys/with space/%h-%r"
    UserKnownHostsFile {dir}/kh1 {dir}/kh2
Host web !web2 web*
    User www
Host bastion.*
    ProxyJump none
Match originalhost "web1,web2" user www
    Port 2200
Match !host db
    HostKeyAlias alias
Host *
    ProxyJump jump@bastion.example.org:2022
    User fallback
    Port 1022
    IdentitiesOnly yes
Include {dir}/more/*.conf
"""


@pytest.mark.parametrize("host", ["db", "192.168.0.188", "web1", "web2", "webs", "other", "bastion.example.org"])
def test_a_host_resolves_as_ssh_itself_resolves_it(tmp_path, host):
    if not shutil.which("ssh"):
        pytest.skip("no ssh on this machine")
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "a.conf").write_text("IdentityFile /keys/included\nHost web1\n  IdentityFile /keys/web1\n")
    ours = config(tmp_path, SAMPLE.format(dir=tmp_path)).lookup(host)
    command = ["ssh", "-G", "-F", str(tmp_path / "config"), host]
    lines = [
        line.partition(" ")[::2]
        for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    ]
    theirs = dict(reversed(lines))
    assert theirs["hostname"] == ours.hostname
    assert theirs["port"] == str(ours.port or 22)
    assert theirs["user"] == ours.user
    assert theirs.get("proxyjump") == ours.proxy_jump
    assert theirs.get("hostkeyalias") == ours.host_key_alias
    assert (theirs["identitiesonly"] == "yes") is ours.identities_only
    files = [value for key, value in lines if key == "identityfile"]
    expanded = [value.replace("~", str(Path.home())) for value in files]
    assert [name.replace("%h", ours.hostname).replace("%r", str(ours.user)) for name in expanded] == [
        str(path) for path in ours.identity_files
    ]


def test_user_and_port_of_the_baseline_win_over_the_file(tmp_path):
    found = config(tmp_path, "Host *\n User file\n Port 2222\n").lookup("db", "baseline", 22)
    assert ("baseline", 22) == (found.user, found.port)


def test_match_exec_is_not_run_and_is_named(tmp_path):
    mark = tmp_path / "mark"
    found = config(tmp_path, f'Match exec "touch {mark}"\n  User evil\nHost *\n  User good\n')
    assert "good" == found.lookup("db").user
    assert not mark.exists()
    (note,) = found.notes
    assert "Match exec" in note
    assert f"{tmp_path}/config:1" in note


def test_match_exec_is_run_in_a_trusted_file(tmp_path, monkeypatch):
    monkeypatch.setenv("SHELL", "/bin/sh")
    found = config(tmp_path, 'Match exec "test %h = db"\n  User yes\nHost *\n  User no\n', trust=True)
    assert ("yes", "no") == (found.lookup("db").user, found.lookup("web").user)


def test_proxy_command_is_not_honoured_and_is_named(tmp_path):
    found = config(tmp_path, "Host *\n  ProxyCommand nc %h %p\n")
    assert found.lookup("db").proxy_command is None
    assert "ProxyCommand" in found.notes[0]


def test_proxy_command_of_a_trusted_file_is_expanded(tmp_path):
    found = config(tmp_path, "Host *\n  ProxyCommand nc %h %p %r %%\n", trust=True)
    assert "nc db 2222 ops %" == found.lookup("db", "ops", 2222).proxy_command


@pytest.mark.parametrize("value", ["none", "NONE", "/dev/null", "none /dev/null"])
def test_a_file_that_switches_host_keys_off_is_refused(tmp_path, value):
    found = config(tmp_path, f"Host db\n  UserKnownHostsFile {value}\n")
    with pytest.raises(errors.HostKeyUnknown, match=r"config:2: UserKnownHostsFile"):
        found.lookup("db")
    assert found.lookup("web").user_known_hosts is None


def test_every_keyword_that_applies_and_is_not_honoured_is_named_once(tmp_path):
    text = "Host *\n StrictHostKeyChecking no\n ControlMaster auto\nHost db\n KnownHostsCommand x\n ControlMaster no\n"
    found = config(tmp_path, f"{text}Host else\n ForwardAgent yes\nMatch canonical\n User x\n")
    found.lookup("db")
    names = [note.split()[1] for note in found.notes]
    assert ["ControlMaster", "KnownHostsCommand", "Match", "StrictHostKeyChecking"] == names


def test_a_file_that_includes_itself_ends(tmp_path):
    found = config(tmp_path, f"Include {tmp_path}/config\nUser x\n")
    assert "x" == found.lookup("db").user
    assert "Include" in found.notes[0]


def test_no_file_is_no_settings(tmp_path):
    assert ("db", None, ()) == (
        (found := SshConfig(tmp_path / "none").lookup("db")).hostname,
        found.port,
        found.identity_files,
    )
    assert "db" == SshConfig(None).lookup("db").hostname


@pytest.mark.parametrize("port", ["0", "65536", "ssh", "-1"])
def test_a_port_that_is_none_is_an_error_not_a_default(tmp_path, port):
    with pytest.raises(errors.ReadError, match="is not a port"):
        config(tmp_path, f"Port {port}\n").lookup("db")


def test_a_jump_host_has_settings_of_its_own(tmp_path):
    text = "Host bastion\n HostName 192.0.2.9\n User jump\nHost db\n ProxyJump bastion:2022\n"
    route = resolve(config(tmp_path, text), "db", "ops", 22)
    assert route.via is not None
    assert ("192.0.2.9", 2022, "jump", None) == (route.via.host, route.via.port, route.via.user, route.via.via)
    assert "ops@db:22 via jump@192.0.2.9:2022" == route.shown


def test_two_hosts_behind_one_jump_host_share_its_route(tmp_path):
    found = config(tmp_path, "Host a b\n ProxyJump bastion\n")
    assert resolve(found, "a", "x", 22).via == resolve(found, "b", "y", 23).via


def test_a_chain_of_jump_hosts_is_walked_in_order(tmp_path):
    route = resolve(config(tmp_path, "Host db\n ProxyJump u@one:1,[2001:db8::2]:2,ssh://three\n"), "db", "r", 22)
    assert "r@db:22 via root@three:22 via root@2001:db8::2:2 via u@one:1" == route.shown.replace(local_user(), "root")


def test_a_jump_host_does_not_jump_to_itself(tmp_path):
    route = resolve(config(tmp_path, "Host *\n ProxyJump bastion\n"), "db", "r", 22)
    assert route.via is not None
    assert ("bastion", None) == (route.via.host, route.via.via)


def test_jump_hosts_in_a_circle_are_an_error(tmp_path):
    found = config(tmp_path, "Host a\n ProxyJump b\nHost b\n ProxyJump a\n")
    with pytest.raises(errors.ReadError, match="does not end"):
        resolve(found, "a", None, None)


@pytest.mark.parametrize(("value", "notes"), [("yes", 0), ("YES", 0), ("accept-new", 1), ("no", 1)])
def test_host_keys_are_always_strict_and_only_a_wish_for_less_is_noted(tmp_path, value, notes):
    found = config(tmp_path, f"Host db\n    StrictHostKeyChecking {value}\n")
    found.lookup("db", None, None)
    assert notes == len(found.notes)
