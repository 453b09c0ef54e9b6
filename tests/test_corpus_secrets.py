"""No file of the corpus holds a key, a token or a password: `lab.leaks` says what those look like."""

from pathlib import Path

import pytest
from lab.leaks import found

CORPUS = Path(__file__).parent / "corpus"

LOOK_LIKE_SECRETS = {
    "a private key": "-----BEGIN " + "OPENSSH PRIVATE KEY-----",
    "a bearer token": "Authorization: " + "Bearer abcdefghijklmnop",
    "a JSON web token": "eyJ" + "hbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln",
    "a K3s token": "K10" + "0" * 64 + "::server:x",
    "a key of AWS": "AKIA" + "ABCDEFGHIJKLMNOP",
    "a token of a Git forge or of Slack": "ghp_" + "a" * 36,
    "a token of Telegram": "123456789:" + "A" * 35,
    "a password or token beside its name": "POSTGRES_PASSWORD" + "=hunter2",
    "a password in a URL": "postgres://momo:" + "hunter2@127.0.0.1/momo",
    "the hash of a password": "root:" + "$6$abcdefgh$0123456789abcdef:19000:",
}


def test_no_file_of_the_corpus_holds_a_secret() -> None:
    files = sorted(CORPUS.rglob("*.yml"))
    assert files
    held = {path.name: found(path.read_text("utf-8")) for path in files}
    assert {name: what for name, what in held.items() if what} == {}


@pytest.mark.parametrize("what", LOOK_LIKE_SECRETS)
def test_each_kind_of_secret_is_noticed(what: str) -> None:
    assert what in found(f"before {LOOK_LIKE_SECRETS[what]} behind")


def test_a_known_secret_is_noticed_whatever_it_looks_like_and_never_printed() -> None:
    assert found("the answer is xyzzy", ["xyzzy"]) == ["a secret of this lab"]


@pytest.mark.parametrize(
    "harmless", ["--no-password", "get secrets --output=name", "secret/awoooi-secrets", "secret: permission denied"]
)
def test_what_only_speaks_of_secrets_is_let_be(harmless: str) -> None:
    assert found(harmless) == []
