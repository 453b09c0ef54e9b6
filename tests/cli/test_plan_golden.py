"""The plan of the shipped baseline is a file in the repo: a change to what is asked of the hosts is seen in review."""

import os
from pathlib import Path

import pytest

from coldstart.__main__ import main

GOLDEN = Path(__file__).parent / "golden" / "plan.txt"
ROOT = Path(__file__).parents[2]


def test_the_plan_of_the_shipped_baseline_is_the_one_on_file(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    assert 0 == main(["plan", "-b", "baselines/full-stack-cold-start.yml"])
    text = capsys.readouterr().out
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(text, "utf-8")
    assert GOLDEN.read_text("utf-8") == text, "UPDATE_GOLDEN=1 rewrites it; look at the difference"


@pytest.mark.parametrize("word", ["POST", "192.168.0.125:32334/api/v1/webhooks/alertmanager", "--send-alert-test"])
def test_the_plan_says_what_would_be_sent_and_when(word):
    assert word in GOLDEN.read_text("utf-8")
