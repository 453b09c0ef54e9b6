"""known_hosts files as ssh(1) writes them."""

import base64
import hashlib
import hmac
import shutil
import subprocess

import asyncssh
import pytest

from coldstart.transport.knownhosts import KnownHosts, any_pattern, fingerprint, wildcard

KEY, OTHER = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
LINE, OTHER_LINE = (key.export_public_key().decode().strip() for key in (KEY, OTHER))


def known(tmp_path, text: str) -> KnownHosts:
    path = tmp_path / "known_hosts"
    path.write_text(text)
    return KnownHosts([path])


def hashed(name: str) -> str:
    salt = b"0123456789abcdefghij"
    digest = hmac.new(salt, name.encode(), hashlib.sha1).digest()
    return f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()}"


@pytest.mark.parametrize(
    ("hosts", "host", "port", "trusted"),
    [
        ("db", "db", 22, True),
        ("db", "DB", 22, True),
        ("db", "web", 22, False),
        ("web,db,192.0.2.1", "192.0.2.1", 22, True),
        ("[db]:2222", "db", 2222, True),
        ("[db]:2222", "db", 22, False),
        ("db", "db", 2222, True),
        ("*.example.org,!bad.example.org", "ok.example.org", 22, True),
        ("*.example.org,!bad.example.org", "bad.example.org", 22, False),
        (hashed("db"), "db", 22, True),
        (hashed("db"), "web", 22, False),
        (hashed("[db]:2222"), "db", 2222, True),
        ("|1|broken", "db", 22, False),
    ],
)
def test_a_host_is_found_under_its_name_and_port(tmp_path, hosts, host, port, trusted):
    assert trusted is known(tmp_path, f"{hosts} {LINE}\n").pins(host, port).trusts(KEY.public_data)


def test_a_key_of_another_host_is_not_trusted(tmp_path):
    assert not known(tmp_path, f"db {OTHER_LINE}\nweb {LINE}\n").pins("db", 22).trusts(KEY.public_data)


def test_a_revoked_key_is_not_trusted_though_it_is_also_pinned(tmp_path):
    pins = known(tmp_path, f"db {LINE}\n@revoked * {LINE}\n").pins("db", 22)
    assert not pins.trusts(KEY.public_data)


def test_an_authority_vouches_and_is_itself_no_host_key(tmp_path):
    pins = known(tmp_path, f"@cert-authority *.example.org {LINE}\n").pins("db.example.org", 22)
    assert (True, False) == (pins.trusts_authority(KEY.public_data), pins.trusts(KEY.public_data))


def test_a_broken_line_harms_no_other_host(tmp_path):
    text = f"junk\n@unknown x y z\nbad ssh-ed25519 ???\n# comment\n\ndb {LINE}\n"
    assert known(tmp_path, text).pins("db", 22).trusts(KEY.public_data)


def test_a_pin_says_where_it_stands(tmp_path):
    (pin,) = known(tmp_path, f"# a comment\ndb {LINE}\n").pins("db", 22).keys
    assert f"ssh-ed25519 {KEY.get_fingerprint()} ({tmp_path}/known_hosts:2)" == pin.shown


def test_a_file_that_is_missing_is_empty_and_one_that_cannot_be_read_is_named(tmp_path):
    assert () == KnownHosts([tmp_path / "none"]).problems
    (problem,) = KnownHosts([tmp_path]).problems
    assert str(tmp_path) in problem


def test_the_fingerprint_is_what_ssh_keygen_prints(tmp_path):
    if not shutil.which("ssh-keygen"):
        pytest.skip("no ssh-keygen on this machine")
    path = tmp_path / "key.pub"
    path.write_text(LINE)
    printed = subprocess.run(["ssh-keygen", "-lf", str(path)], capture_output=True, text=True, check=True).stdout
    assert printed.split()[1] == fingerprint(KEY.public_data)


@pytest.mark.parametrize(
    ("pattern", "value", "matches"),
    [
        ("192.168.0.?", "192.168.0.1", True),
        ("192.168.0.?", "192.168.0.10", False),
        ("a[b]", "ab", False),
        ("*", "", True),
    ],
)
def test_only_star_and_question_mark_are_wildcards(pattern, value, matches):
    assert matches is wildcard(pattern, value)


def test_a_list_of_nothing_but_exceptions_matches_nothing():
    assert not any_pattern(["!db"], "web")
