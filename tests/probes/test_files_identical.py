"""Two files: what the recorded cases cannot say one by one."""

import hashlib
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.support.cuts import better_when_cut, recorded

from coldstart.engine.judging import conclude
from coldstart.outcome import Conclusion
from coldstart.probes.base import Place, Replies, Target
from coldstart.probes.files_identical import FilesIdenticalProbe
from coldstart.reason import Reason
from coldstart.replies import CommandReply

TARGET = Target(hosts=(Place("110", "192.168.0.110"),))
A, B = "/srv/a.yml", "/srv/b.yml"


def answer(stdout, status=0, stderr=""):
    return CommandReply(started=1.0, ended=1.1, exit_status=status, stdout=stdout.encode(), stderr=stderr.encode())


def judged(states, sums):
    probe = FilesIdenticalProbe(a=A, b=B)
    by_read = dict(zip(probe.reads(TARGET), (answer(states), answer(sums)), strict=True))
    return conclude(probe, Replies(target=TARGET, now=2.0, by_read=by_read))


def files(a, b, inodes=(1, 2)):
    states = "".join(f"8:{inodes[at]} {len(data)} 0 81a4 {path}\n" for at, (path, data) in enumerate(((A, a), (B, b))))
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {path}\n" for path, data in ((A, a), (B, b)))
    return states, sums


@given(st.binary(max_size=8), st.binary(max_size=8))
def test_it_passes_exactly_where_both_are_the_same_and_not_empty(a, b):
    assert (a == b != b"") == (judged(*files(a, b)).conclusion is Conclusion.MET)


def test_one_file_under_two_names_proves_nothing():
    outcome = judged(*files(b"x", b"x", inodes=(1, 1)))
    assert (Conclusion.CAUTION, Reason.SAME_FILE) == (outcome.conclusion, outcome.reason)


@pytest.mark.parametrize("path", recorded("files_identical"), ids=lambda path: path.stem)
def test_no_truncation_is_better_than_the_whole(path):
    assert [] == better_when_cut(path)


@given(st.text(max_size=100), st.text(max_size=200))
def test_noise_is_never_good(states, sums):
    good_states, good_sums = files(b"x", b"x")
    for outcome in (judged(states, good_sums), judged(good_states, sums)):
        assert Conclusion.MET is not outcome.conclusion
        assert Reason.INTERNAL is not outcome.reason
        assert outcome.expected


@pytest.mark.parametrize(
    "change", [lambda s: s.upper(), lambda s: "\\" + s, lambda s: s.replace("  ", " *"), lambda s: s + s]
)
def test_sums_of_another_form_are_unparsable(change):
    states, sums = files(b"x", b"x")
    assert Reason.UNPARSABLE is judged(states, change(sums)).reason


def test_sums_in_another_order_are_unparsable():
    states, sums = files(b"x", b"x")
    assert Reason.UNPARSABLE is judged(states, "".join(reversed(sums.splitlines(keepends=True)))).reason


def test_a_real_pair_of_files_is_asked_for_and_judged(tmp_path):
    a, b = tmp_path / "a.yml", tmp_path / "b.yml"
    a.write_text("groups: []\n")
    b.write_text("groups: []\n")
    probe = FilesIdenticalProbe(a=str(a), b=str(b))

    def ask(read):
        done = subprocess.run(read.argv, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"}, capture_output=True, check=False)
        return CommandReply(started=1.0, ended=1.1, exit_status=done.returncode, stdout=done.stdout, stderr=done.stderr)

    def look():
        by_read = {read: ask(read) for read in probe.reads(TARGET)}
        return conclude(probe, Replies(target=TARGET, now=2.0, by_read=by_read)).conclusion

    assert Conclusion.MET is look()
    b.write_text("groups: [ ]\n")
    assert Conclusion.UNMET is look()


@pytest.mark.parametrize("params", [{"a": A, "b": A}, {"a": A, "b": "b.yml"}, {"a": A, "b": "/x/../y"}, {"a": A}])
def test_anything_but_two_paths_is_refused(params):
    with pytest.raises(ValidationError):
        FilesIdenticalProbe.model_validate(params)
