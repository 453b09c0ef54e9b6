"""Every recorded or documented reply in tests/corpus is judged as its file says: a new case is a new file."""

from functools import cache
from pathlib import Path

import pytest
import yaml

from coldstart.engine.judging import conclude
from coldstart.outcome import Conclusion
from coldstart.probes.base import Place, Replies, Target
from coldstart.probes.registry import BUILT_IN, probe_class
from coldstart.reads import READ
from coldstart.reason import Reason
from coldstart.replies import REPLY

CORPUS = Path(__file__).parents[1] / "corpus"
CASES = sorted(CORPUS.glob("*/*.yml"))


LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # hundreds of files: the C parser where there is one


@cache
def load(path: Path):
    case = yaml.load(path.read_text("utf-8"), Loader=LOADER)  # noqa: S506 - a safe loader, either way
    target = Target(
        hosts=tuple(Place(**host) for host in case["target"]["hosts"]),
        timeout=case["target"].get("timeout", 10.0),
        sudo=case["target"].get("sudo", False),
    )
    by_read = {READ.validate_python(row["read"]): REPLY.validate_python(row["reply"]) for row in case["replies"]}
    before = {READ.validate_python(row["read"]): REPLY.validate_python(row["reply"]) for row in case.get("before", ())}
    probe = probe_class(path.parent.name).model_validate(case["probe"])
    return case, probe, target, Replies(target=target, now=case["now"], by_read=by_read, before=before)


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_recorded_replies_are_judged_as_their_file_says(path):
    case, probe, target, replies = load(path)
    assert case["about"]
    assert case["source"], "say which tool and version printed this, or which page documents it"
    assert set(replies.by_read) == set(probe.reads(target)), "the file answers exactly what the probe asks"
    outcome = conclude(probe, replies)
    expect = case["expect"]
    assert (Conclusion(expect["conclusion"]), Reason(expect["reason"])) == (outcome.conclusion, outcome.reason), outcome
    for words in expect["says"]:
        assert words in " | ".join((outcome.observed, outcome.expected, *outcome.evidence))
    for name, value in expect.get("facts", {}).items():
        assert value == outcome.facts[name]


@pytest.mark.parametrize("kind", [kind for kind, _ in BUILT_IN])
def test_every_kind_has_good_and_bad_cases(kind):
    verdicts = [load(path)[0]["expect"]["conclusion"] for path in CASES if path.parent.name == kind]
    assert "met" in verdicts
    assert "unmet" in verdicts
    assert "unobserved" in verdicts
