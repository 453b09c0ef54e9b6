"""A real kubectl before a stand-in of the API: what it prints for our fixed words, and what it never prints."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.support import certs, kubeapi, kubeobjects
from tests.support.kubeapi import KubeApi, status
from tests.support.kubeobjects import CANARY, NS

from coldstart import kube
from coldstart.engine.judging import conclude
from coldstart.outcome import Conclusion
from coldstart.probes.base import Place, Replies, Target
from coldstart.probes.kube_pods import Pod
from coldstart.probes.kubectl import items
from coldstart.probes.registry import BUILT_IN, probe_class
from coldstart.reason import Reason
from coldstart.replies import CommandReply

pytestmark = pytest.mark.slow

TARGET = Target(hosts=(Place("120", "192.168.0.120"),))
DATE = CommandReply(
    started=kubeobjects.NOW, ended=kubeobjects.NOW, exit_status=0, stdout=f"{kubeobjects.NOW:.9f}\n".encode()
)
GOOD = {
    "k8s_nodes": {"expected": ["k3s-120", "k3s-121"]},
    "k8s_pods": {"namespace": NS, "at_least": 2},
    "k8s_deployments": {"namespace": NS, "deployments": ["awoooi-api", "awoooi-web"]},
    "k8s_services": {"namespace": NS, "services": [{"name": "awoooi-api", "node_ports": [32334]}, "awoooi-web"]},
    "k8s_secrets": {"namespace": NS, "secrets": ["awoooi-secrets"]},
    "k8s_cronjobs": {"namespace": NS, "cronjobs": [{"name": "daily-report", "fresh_within": "25h"}]},
    "k8s_jobs": {"namespace": NS},
    "k8s_events": {"namespace": NS},
}


@dataclass
class Host:
    """A host with a real kubectl, whose kubeconfig leads to `api`."""

    kubectl: str
    api: KubeApi
    home: Path
    config: Path

    def run(self, *words):
        """Run kubectl; the reply has the times of the stand-in's clock."""
        env = {"LC_ALL": "C", "HOME": str(self.home), "KUBECONFIG": str(self.config), "PATH": os.environ["PATH"]}
        done = subprocess.run([self.kubectl, *words], env=env, capture_output=True, timeout=30, check=False)
        at = kubeobjects.NOW
        return CommandReply(started=at, ended=at, exit_status=done.returncode, stdout=done.stdout, stderr=done.stderr)

    def judge(self, kind, params):
        probe = probe_class(kind).model_validate(params)
        reads = probe.reads(TARGET)
        replies = {read: DATE if read.argv[0] == "date" else self.run(*read.argv[1:]) for read in reads}
        return conclude(probe, Replies(target=TARGET, now=1.0, by_read=replies))


@pytest.fixture
def host(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    found = kubeapi.kubectl()
    with kubeapi.serving(KubeApi(kubeobjects.healthy())) as api:
        yield Host(found, api, home, kubeapi.kubeconfig(tmp_path, api.url))


def bare(resource):
    """An object with nothing but what the API itself sets."""
    plural = resource.partition(".")[0]
    namespaced = kubeapi.KINDS[plural][3]
    namespace = {"namespace": "kube-node-lease" if plural == "leases" else NS} if namespaced else {}
    return plural, {"metadata": {"name": "bare", **namespace}, "type": "Warning"}


def test_every_kind_has_parameters_here():
    assert [kind for kind, _ in BUILT_IN if kind.startswith("k8s_")] == list(GOOD)


def test_what_may_hold_a_secret_is_never_printed(host):
    """Environment, arguments, annotations, data of Secrets, termination messages: all have the canary in them."""
    host.api.world["pods"].append(
        kubeobjects.pod(
            "crashed-1", kubeobjects.container("x", lastState=kubeobjects.ended("Error", 1), restartCount=1)
        )
    )
    host.api.world["events"] = [kubeobjects.event("BackOff", "Back-off restarting failed container")]
    for resource, words in kube.GET.items():
        scope = () if resource in ("nodes", "namespaces", "leases.coordination.k8s.io") else (f"--namespace={NS}",)
        reply = host.run(*words, *scope)
        assert (0, b"") == (reply.exit_status, reply.stderr), resource
        assert b"name" in reply.stdout or b"secret/awoooi-secrets" in reply.stdout
        assert CANARY.encode() not in reply.stdout


def test_it_writes_nothing_on_the_host(host):
    host.run(*kube.GET["pods"], f"--namespace={NS}")
    assert [] == list(host.home.rglob("*"))


def test_a_template_does_not_fail_on_an_object_that_lacks_everything(host):
    """kubectl prints the whole object, with all that is secret in it, when a template fails."""
    for resource, words in kube.GET.items():
        plural, one = bare(resource)
        host.api.world[plural] = [one, {**one, "spec": {}, "status": {}, "endpoints": []}]
        scope = () if "namespace" not in one["metadata"] or plural == "leases" else (f"--namespace={NS}",)
        reply = host.run(*words, *scope)
        assert (0, b"") == (reply.exit_status, reply.stderr), resource
        assert b"template" not in reply.stdout
        assert 2 == reply.stdout.count(b"bare")


@pytest.mark.parametrize("kind", GOOD)
def test_a_healthy_cluster_is_as_required(host, kind):
    outcome = host.judge(kind, GOOD[kind])
    assert (Conclusion.MET, Reason.OK) == (outcome.conclusion, outcome.reason), outcome


def test_texts_arrive_as_they_were_written(host):
    text = 'a "quoted" \\ <&> \a\b\f\v\r\n\t\x00\x1b\x7f\x85\u202e é 寒 \U0001f600 \U000e0001 \ufeff'
    host.api.world["pods"] = [kubeobjects.pod("p-1", phase="Failed", reason="Evicted", message=text)]
    (found,) = items(host.run(*kube.GET["pods"], f"--namespace={NS}"), Pod)
    assert text == found.status.message


def test_a_list_that_the_api_gives_in_pages_is_judged_whole(host):
    host.api.page = 1
    outcome = host.judge("k8s_nodes", GOOD["k8s_nodes"])
    assert (Conclusion.MET, 2) == (outcome.conclusion, outcome.facts["nodes"])
    assert 2 == host.api.asked.count("/api/v1/nodes")


def test_a_list_whose_second_page_is_gone_is_not_judged(host):
    """kubectl prints the first page as a whole list, and exits 1."""
    host.api.page = 1
    host.api.faults["expired"] = status(410, "Expired", "The provided continue parameter is too old")
    outcome = host.judge("k8s_nodes", {"expected": 1})
    assert (Conclusion.UNOBSERVED, Reason.UNPARSABLE) == (outcome.conclusion, outcome.reason)


@pytest.mark.parametrize("where", ["nodes", "*"])
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (status(503, "ServiceUnavailable", "the server is currently unable to handle the request"), "api-unavailable"),
        (status(500, "", "etcdserver: request timed out"), "api-unavailable"),
        (status(500, "", "dial tcp 192.168.0.188:5432: connect: connection refused"), "api-unavailable"),
        ((503, "apiserver not ready"), "api-unavailable"),
        (status(401, "Unauthorized", "Unauthorized"), "authentication"),
    ],
    ids=["503", "datastore-timeout", "datastore-refused", "starting", "401"],
)
def test_an_error_of_the_api_server_is_told_by_its_kind(host, where, answer, reason):
    host.api.faults[where] = answer
    outcome = host.judge("k8s_nodes", GOOD["k8s_nodes"])
    assert Reason(reason) is outcome.reason
    assert Reason(reason).observed == (outcome.conclusion is Conclusion.UNMET)
    assert outcome.expected


def test_a_port_on_which_nothing_listens_is_bad_news_of_the_api_server(host, tmp_path):
    host.api.server_close()
    outcome = host.judge("k8s_secrets", GOOD["k8s_secrets"])
    assert (Conclusion.UNMET, Reason.API_UNAVAILABLE) == (outcome.conclusion, outcome.reason)


def test_a_namespace_that_does_not_exist_is_an_empty_list_and_exit_status_0(host):
    reply = host.run(*kube.GET["pods"], "--namespace=nope")
    assert (0, b'{"items":[]}') == (reply.exit_status, reply.stdout)


@pytest.mark.parametrize(("days", "reason"), [(-1, Reason.TLS_EXPIRED), (30, Reason.OK)], ids=["expired", "valid"])
def test_the_certificate_of_the_api_server_is_judged(tmp_path, days, reason):
    made = certs.make(tmp_path)
    tls = made.server("127.0.0.1", not_before=certs.days(-60), not_after=certs.days(days))
    with kubeapi.serving(KubeApi(kubeobjects.healthy(), tls)) as api:
        config = kubeapi.kubeconfig(tmp_path, api.url, Path(made.ca_file))
        outcome = Host(kubeapi.kubectl(), api, tmp_path, config).judge("k8s_secrets", GOOD["k8s_secrets"])
    assert reason is outcome.reason
