"""The Kubernetes probes: what the recorded cases cannot say one by one."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.probes.test_corpus import CASES, load
from tests.support.effort import examples

from coldstart import kube, shapes
from coldstart.engine.judging import conclude
from coldstart.errors import ReadError
from coldstart.outcome import Conclusion
from coldstart.probes.base import Place, Replies, Target
from coldstart.probes.kube_errors import require_list
from coldstart.probes.kubectl import Moment, age, host_time, names
from coldstart.probes.registry import probe_class
from coldstart.reads import Command
from coldstart.reason import Reason
from coldstart.replies import CommandReply, NoReply

FEW = settings(max_examples=examples(60), deadline=None)
TARGET = Target(hosts=(Place("120", "192.168.0.120"),))
GOOD = [
    path
    for path in CASES
    if path.parent.name.startswith("k8s_") and load(path)[0]["expect"]["conclusion"] in ("met", "caution")
]
good_case = st.sampled_from(GOOD).map(lambda path: load(path)[1:])


def changed(replies, read, **fields):
    reply = replies.by_read[read].model_copy(update=fields)
    return Replies(target=replies.target, now=replies.now, by_read={**replies.by_read, read: reply})


def kubectls(replies):
    return [read for read in replies.by_read if read.argv[0] == "kubectl"]


@FEW
@given(good_case, st.data())
def test_no_cut_of_any_reply_passes(case, data):
    """But at the end of a line of names: a list of lines may lack the last ones, and then no name is there too many."""
    probe, _, replies = case
    read = data.draw(st.sampled_from(list(replies.by_read)))
    whole = replies.by_read[read].stdout
    end = data.draw(st.integers(0, len(whole) - 1))
    outcome = conclude(probe, changed(replies, read, stdout=whole[:end]))
    if outcome.conclusion in (Conclusion.MET, Conclusion.CAUTION):
        assert (b"\n", "--output=name") == (whole[end - 1 : end], read.argv[5])
        assert outcome == conclude(probe, replies)


@FEW
@given(good_case, st.data(), st.binary(max_size=40))
def test_noise_in_place_of_a_reply_never_passes(case, data, noise):
    probe, _, replies = case
    read = data.draw(st.sampled_from(list(replies.by_read)))
    outcome = conclude(probe, changed(replies, read, stdout=noise))
    assert outcome.conclusion in (Conclusion.UNOBSERVED, Conclusion.UNMET)
    assert outcome.reason is not Reason.INTERNAL


@FEW
@given(good_case, st.data(), st.integers(1, 255), st.text(max_size=60))
def test_a_kubectl_that_fails_never_passes_whatever_it_printed(case, data, code, complaint):
    probe, _, replies = case
    read = data.draw(st.sampled_from(kubectls(replies)))
    outcome = conclude(probe, changed(replies, read, exit_status=code, stderr=complaint.encode()))
    assert outcome.conclusion in (Conclusion.UNOBSERVED, Conclusion.UNMET)
    assert outcome.expected


@FEW
@given(good_case, st.data(), st.sampled_from([Reason.CONNECTION_LOST, Reason.NO_EXIT_STATUS, Reason.TOOL_MISSING]))
def test_a_missing_reply_keeps_its_own_reason(case, data, reason):
    probe, target, replies = case
    read = data.draw(st.sampled_from(list(replies.by_read)))
    without = {**replies.by_read, read: NoReply(started=0, ended=1, reason=reason)}
    outcome = conclude(probe, Replies(target=target, now=1.0, by_read=without))
    assert (Conclusion.UNOBSERVED, reason) == (outcome.conclusion, outcome.reason)
    assert outcome.expected


@FEW
@given(st.text(max_size=80), st.integers(1, 255))
def test_whatever_kubectl_complains_of_is_a_read_error(complaint, code):
    with pytest.raises(ReadError):
        require_list(CommandReply(started=0, ended=0, exit_status=code, stderr=complaint.encode()))


def test_nodes_and_pods_ask_for_nodes_and_leases_once():
    nodes = probe_class("k8s_nodes").model_validate({"expected": 2}).reads(TARGET)
    pods = probe_class("k8s_pods").model_validate({"namespace": "a"}).reads(TARGET)
    assert set(nodes) < set(pods)


def test_kubectl_is_asked_with_the_right_that_the_check_gives_and_the_clock_without():
    target = Target(hosts=TARGET.hosts, sudo=True)
    reads = probe_class("k8s_pods").model_validate({"namespace": "*"}).reads(target)
    assert {("kubectl", True), ("date", False)} == {(read.argv[0], read.sudo) for read in reads}
    assert all(shapes.allowed(read.argv, sudo=read.sudo) for read in reads)


def test_k3s_has_kubectl_in_it():
    (read,) = (
        probe_class("k8s_secrets")
        .model_validate(
            {"namespace": "a", "secrets": ["b"], "program": "k3s", "kubeconfig": "/etc/rancher/k3s/k3s.yaml"}
        )
        .reads(Target(hosts=TARGET.hosts, sudo=True))
    )
    assert ("k3s", "kubectl", "get", "secrets") == read.argv[:4]
    assert "--kubeconfig=/etc/rancher/k3s/k3s.yaml" == read.argv[-1]
    assert shapes.allowed(read.argv, sudo=True)


@pytest.mark.parametrize("path", ["/home/wooo/.kube/config", "/tmp/x", "/etc/../home/x", "/rootx/y"])  # noqa: S108 - bait
def test_as_root_only_a_kubeconfig_of_root_is_taken(path):
    """A kubeconfig can name a program to be run for credentials."""
    argv = ("kubectl", *kube.GET["nodes"], f"--kubeconfig={path}")
    assert not shapes.allowed(argv, sudo=True)
    assert shapes.allowed(argv) == (".." not in path)


@pytest.mark.parametrize(
    "words",
    [
        "get secrets",
        "get secrets --output=json",
        "get secrets --output=yaml --namespace=a",
        "get secrets --cache-dir=/dev/null --request-timeout=5s --output=name --output=json",
        "get secrets --cache-dir=/dev/null --request-timeout=5s --output=name --show-managed-fields",
        "get secrets --cache-dir=/dev/null --request-timeout=5s --output=name x",
        "get pods --output=json",
        "get configmaps --cache-dir=/dev/null --request-timeout=5s --output=name",
        "get --raw /api/v1/secrets",
        "describe pods",
        "logs x",
        "config view --raw",
        "delete pods x",
    ],
)
@pytest.mark.parametrize("program", [("kubectl",), ("k3s", "kubectl")])
def test_nothing_else_is_asked_of_kubectl(program, words):
    assert not shapes.allowed((*program, *words.split()))
    assert not shapes.allowed((*program, *words.split()), sudo=True)


def test_a_template_names_no_field_that_may_hold_a_secret():
    words = ("env", "annotations", "data", "args", "command", "managedFields", "volumes", "envFrom", "value")
    fields = " ".join(" ".join(argv) for argv in kube.GET.values())
    assert [] == [word for word in words if f'"{word}"' in fields or f".{word}" in fields]


@pytest.mark.parametrize(
    ("kind", "fields", "says"),
    [
        ("k8s_nodes", {}, "Field required"),
        ("k8s_nodes", {"expected": 0}, "greater than or equal to 1"),
        ("k8s_nodes", {"expected": []}, "at least 1 item"),
        ("k8s_nodes", {"expected": ["a", "a"]}, "named twice"),
        ("k8s_pods", {"namespace": "-f"}, "is not a namespace"),
        ("k8s_pods", {"namespace": "a", "at_least": 0}, "greater than or equal to 1"),
        ("k8s_pods", {"namespace": "a", "selector": "app"}, "is not a selector"),
        ("k8s_pods", {"namespace": "a", "kubeconfig": "k3s.yaml"}, "absolute path"),
        ("k8s_deployments", {"namespace": "*", "deployments": ["a"]}, "is not a namespace"),
        ("k8s_deployments", {"namespace": "a", "deployments": []}, "at least 1 item"),
        ("k8s_deployments", {"namespace": "a", "deployments": ["b", {"name": "b"}]}, "named twice: b"),
        ("k8s_services", {"namespace": "a", "services": [{"name": "b", "type": "nodeport"}]}, "'NodePort'"),
        ("k8s_secrets", {"namespace": "a", "secrets": ["b", "b"]}, "named twice: b"),
        ("k8s_secrets", {"namespace": "a", "secrets": ["B"]}, "not a name of Kubernetes"),
        ("k8s_cronjobs", {"namespace": "a", "others": "ignore"}, "nothing to check"),
        ("k8s_events", {"namespace": "a", "within": "2h"}, "less than or equal to 3600"),
        ("k8s_events", {"namespace": "a", "bad_reasons": ["Back Off"]}, "is not a reason"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(kind, fields, says):
    with pytest.raises(ValidationError, match=says):
        probe_class(kind).model_validate(fields)


def test_a_number_is_taken_for_the_name_it_looks_like():
    probe = probe_class("k8s_secrets").model_validate({"namespace": 110, "secrets": [188]})
    assert ("110", ("188",)) == (probe.namespace, probe.secrets)


NOW = 1795428000.0


def test_the_clock_is_brought_to_the_moment_of_the_list():
    """The list was complete 7.5 s after the clock was read, which is 1 s ahead of ours."""
    listed = Command(host="120", argv=("kubectl", *kube.GET["nodes"]))
    date = Command(host="120", argv=("date", "+%s.%N"))
    by_read = {
        date: CommandReply(started=NOW, ended=NOW + 1, exit_status=0, stdout=b"1795428001.500000000\n"),
        listed: CommandReply(started=NOW, ended=NOW + 8, exit_status=0),
    }
    assert Moment(NOW + 9.0) == host_time(Replies(target=TARGET, now=1.0, by_read=by_read), listed, 5.0)


def test_a_time_a_little_ahead_is_now_and_one_far_ahead_is_no_evidence():
    assert (3.0, 0.0) == tuple(age(f"2026-11-23T{at}Z", Moment(NOW), "it") for at in ("09:59:57", "10:00:09.5"))
    with pytest.raises(ReadError, match="in the future") as caught:
        age("2026-11-23T10:00:11Z", Moment(NOW), "it")
    assert Reason.CLOCK is caught.value.reason


@FEW
@given(good_case, st.sampled_from([-3600.0, -6.0, 6.0, 3600.0]))
def test_no_age_is_judged_by_a_clock_that_is_off(case, off):
    """faults.md 37: what passes then has judged no age."""
    probe, _, replies = case
    date = next((read for read in replies.by_read if read.argv[0] == "date"), None)
    assume(date is not None)
    outcome = conclude(probe, changed(replies, date, stdout=f"{NOW + 0.1 + off:.9f}\n".encode()))
    listed = {"k8s_jobs", "k8s_events", "k8s_cronjobs"}
    if outcome.conclusion in (Conclusion.MET, Conclusion.CAUTION):
        only_done = getattr(probe, "completed", "") == "count"  # a pod that has ended rests on no lease
        assert probe.kind in listed or only_done
        assert not [part for part in outcome.parts if " ago" in part.observed]
    else:
        assert (Conclusion.UNOBSERVED, Reason.CLOCK) == (outcome.conclusion, outcome.reason)


@pytest.mark.parametrize("text", ["yesterday", "2026-11-23T10:00:00", "", "2026-13-01T00:00:00Z"])
def test_what_is_no_time_with_a_zone_is_unparsable(text):
    with pytest.raises(ReadError, match=r"not a time|has no zone"):
        age(text, Moment(0.0), "it")


@pytest.mark.parametrize("text", ["secret/a", "pod/a\n", "secret/\n", "secret/A\n", "secret/a b\n", "\nsecret/a\n"])
def test_what_is_no_list_of_names_is_unparsable(text):
    with pytest.raises(ReadError):
        names(CommandReply(started=0, ended=0, exit_status=0, stdout=text.encode()), "secret")
