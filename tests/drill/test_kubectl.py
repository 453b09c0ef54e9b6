"""kubectl of the drill: the lab's formats, and at each moment what the parts of the stack lead to."""

import json
import re
from copy import deepcopy
from datetime import datetime

import pytest
from tests.drill.recorded import EPOCH, json_shape, recorded, settled, view
from tests.probes.test_corpus import CORPUS, load

from coldstart import kube
from coldstart.drill.inventory import HOSTS
from coldstart.drill.replies import say
from coldstart.drill.replies.kube_container import tries
from coldstart.drill.scenario import Event
from coldstart.drill.stack import Stack
from coldstart.engine.judging import conclude
from coldstart.probes.base import Replies
from coldstart.reason import Reason
from coldstart.replies import CommandReply, NoReply

PROD = "awoooi-prod"
HEALTHY = sorted(CORPUS.glob("k8s_*/lab-healthy-*.yml"))
BY_KIND = {path.parent.name: path for path in HEALTHY if "p1-k3s-pods" not in path.stem}
RECORDED = list(recorded("kubectl"))
ON = dict.fromkeys(HOSTS, "on")


def event(at=0.0, **what):
    return Event(at=at, say="it happens", **what)


def cold(*events):
    """A stack without power for ten minutes, to which `events` happen, the last of them just now."""
    stack = Stack()
    stack.begin_cold(600)
    for one in events:
        stack.advance(one.at)
        stack.apply(one)
    return stack


BASE = settled()


def up(*events, then=0):
    """A stack that was up for long, to which `events` happen; `then`: how long after the last of them it is, s."""
    stack = deepcopy(BASE)
    for one in events:
        stack.advance(one.at)
        stack.apply(one)
    stack.advance(stack.now + then)
    return stack


def asked(stack, path, before=None):
    """The replies of 120 to what a corpus file asks, and what its probe concludes from them."""
    _, probe, target, recording = load(path)
    here = view(stack, "120")
    by_read = {}
    for read in recording.by_read:
        said = say(here, read.argv)
        at = {"started": here.wall(), "ended": here.wall()}
        if said.status == 124:
            by_read[read] = NoReply(**at, reason=Reason.REMOTE_TIMEOUT, detail="")
        else:
            out, err = said.stdout.encode(), said.stderr.encode()
            by_read[read] = CommandReply(**at, exit_status=said.status, stdout=out, stderr=err)
    replies = Replies(target=target, now=here.wall(), by_read=by_read, before=before or {})
    return by_read, conclude(probe, replies)


def conclusion(stack, kind):
    _, outcome = asked(stack, BY_KIND[kind])
    return outcome.conclusion.value, outcome.reason.value


def expected(kind, case):
    """What the corpus says of a recorded case."""
    expect = load(CORPUS / kind / f"{case}.yml")[0]["expect"]
    return expect["conclusion"], expect["reason"]


def items(stack, resource, where=f"--namespace={PROD}"):
    return json.loads(say(view(stack, "120"), ("kubectl", *kube.GET[resource], where)).stdout)["items"]


def statuses(stack, app):
    found = [pod["status"] for pod in items(stack, "pods") if pod["metadata"]["name"].startswith(app)]
    assert found, app
    return found


# ------------------------------------------------------------------------------------------------------------- fidelity


@pytest.mark.parametrize("row", RECORDED, ids=lambda row: f"{row.argv[2]}-{row.argv[-1][-11:]}")
def test_a_settled_stack_answers_in_the_recorded_shape(row):
    said = say(view(up(), row.host), row.argv)
    assert row.reply.exit_status == said.status
    if "--output=name" in row.argv:
        assert row.stdout == said.stdout
    else:
        assert json.dumps(json_shape(row.stdout)) == json.dumps(json_shape(said.stdout)), "the order of the keys, too"
        assert json.dumps(json.loads(said.stdout), separators=(",", ":")) == said.stdout


def test_the_pods_are_those_of_the_lab():
    def identities(text):
        pods = json.loads(text)["items"]
        return [
            (*(pod["metadata"][key] for key in ("name", "namespace", "uid", "ownerReferences")), images(pod))
            for pod in pods
        ]

    def images(pod):
        return [one["image"] for one in pod["status"]["containerStatuses"]]

    (row,) = (row for row in RECORDED if row.argv[2] == "pods" and "--all-namespaces" in row.argv)
    assert identities(row.stdout) == identities(say(view(up(), "120"), row.argv).stdout)


@pytest.mark.parametrize("path", HEALTHY, ids=lambda path: path.stem)
def test_a_settled_stack_is_as_required(path):
    _, outcome = asked(up(), path)
    assert ("met", "ok") == (outcome.conclusion.value, outcome.reason.value), outcome.observed


# --------------------------------------------------------------------------------------------------------------- faults


@pytest.mark.parametrize(
    ("kind", "case", "stack"),
    [
        ("k8s_pods", "lab-image-pull-p2-workload-alertchain-pods-120", {"110/harbor": "stopped"}),
        ("k8s_pods", "lab-node-not-ready-p1-k3s-pods-120", {"k8s/node-121": "damaged"}),
        ("k8s_nodes", "lab-node-not-ready-p1-k3s-nodes-120", {"k8s/node-121": "damaged"}),
        ("k8s_nodes", "unknown", {"k8s/node-121": "frozen"}),
        ("k8s_nodes", "unknown", {"121/k3s-agent": "stopped"}),
        ("k8s_nodes", "api-refused", {"120/k3s": "stopped"}),
        ("k8s_nodes", "api-refused", {"188/postgresql": "stopped"}),
        ("k8s_nodes", "api-503", {"120/k3s": "failing"}),
        ("k8s_nodes", "api-silent", {"120/k3s": "frozen"}),
        ("k8s_pods", "crash-loop", {"188/redis": "stopped"}),
        ("k8s_pods", "crash-loop", {"k8s/awoooi-api": "damaged"}),
        ("k8s_pods", "not-ready", {"k8s/awoooi-api": "failing"}),
        ("k8s_pods", "not-ready", {"k8s/awoooi-web": "frozen"}),
        ("k8s_deployments", "unavailable", {"188/redis": "stopped"}),
        ("k8s_deployments", "scaled-to-zero", {"k8s/awoooi-web": "stopped"}),
        ("k8s_services", "endpoints-not-ready", {"188/redis": "stopped"}),
        ("k8s_services", "no-endpoints", {"k8s/awoooi-api": "stopped"}),
        ("k8s_events", "warnings", {"188/redis": "stopped"}),
        ("k8s_events", "warnings", {"k8s/awoooi-api": "frozen"}),
    ],
    ids=lambda value: "+".join(f"{part} {fault}" for part, fault in value.items()) if isinstance(value, dict) else None,
)
def test_a_fault_is_judged_as_its_recording(kind, case, stack):
    fault = event(parts=stack, power=ON)
    broken = cold(fault) if "110/harbor" in stack else up(fault)
    broken.advance(300)
    assert expected(kind, case) == conclusion(broken, kind)


def test_a_node_that_just_went_silent_is_ready_with_a_lease_that_grows_old():
    before = cold(event(power={"110": "on", "120": "on", "188": "on"}))
    before.advance(before.parts["120/k3s"].takes + 110)
    _, nodes = asked(before, BY_KIND["k8s_nodes"])
    assert expected("k8s_nodes", "stale-lease") == ("unmet", "stale")
    assert "121: Ready by its last status, but its lease was last renewed 12 min ago" in nodes.observed
    before.advance(before.now + 60)
    _, nodes = asked(before, BY_KIND["k8s_nodes"])
    assert "NodeStatusUnknown: Kubelet stopped posting node status." in nodes.observed


def test_the_record_of_a_dead_node_stays_as_it_was():
    lost = up(event(power={"121": "off"}), then=600)
    (pod,) = (pod for pod in items(lost, "pods") if pod["metadata"]["name"] == "awoooi-api-2b27770a6-65348")
    assert "Running" == pod["status"]["phase"]
    assert [True] == [one["ready"] for one in pod["status"]["containerStatuses"]]
    assert {"ContainersReady": "True", "Ready": "False"}.items() <= {
        one["type"]: one["status"] for one in pod["status"]["conditions"]
    }.items()


# ----------------------------------------------------------------------------------------------------------- cold start


NO_API = ("unmet", "api-unavailable")
OK = ("met", "ok")


@pytest.mark.parametrize(
    ("after", "wanted"),
    [
        (60, {"nodes": NO_API, "pods": NO_API, "deployments": NO_API, "services": NO_API, "events": NO_API}),
        (110, {"nodes": NO_API, "pods": NO_API, "deployments": NO_API, "services": NO_API, "events": NO_API}),
        (
            130,
            {
                "nodes": ("unmet", "unhealthy"),
                "pods": ("unmet", "stale"),
                "deployments": ("unmet", "unhealthy"),
                "services": OK,  # what was on record of 121 before the outage
                "events": OK,
            },
        ),
        (
            150,
            {
                "nodes": OK,
                "pods": ("unmet", "starting"),
                "deployments": ("unmet", "unhealthy"),
                "services": ("unmet", "too-few"),
                "events": OK,
            },
        ),
        (
            180,
            {
                "nodes": OK,
                "pods": ("unmet", "unhealthy"),
                "deployments": ("unmet", "unhealthy"),
                "services": ("unmet", "too-few"),
                "events": OK,
            },
        ),
        (300, {"nodes": OK, "pods": ("caution", "restarted"), "deployments": OK, "services": OK, "events": OK}),
        (1100, {"nodes": OK, "pods": OK, "deployments": OK, "services": OK, "events": OK}),
    ],
)
def test_a_cold_start_is_judged_by_how_far_its_parts_are(after, wanted):
    stack = cold(event(power=ON))
    stack.advance(after)
    assert wanted == {kind: conclusion(stack, f"k8s_{kind}") for kind in wanted}


def test_k3s_refuses_first_and_then_says_that_it_cannot_serve_yet():
    stack = cold(event(power=ON))
    words = ("kubectl", *kube.GET["nodes"])
    stack.advance(100)
    early = say(view(stack, "120"), words)
    assert "The connection to the server 127.0.0.1:6443 was refused" in early.stderr
    assert (1, "") == (early.status, early.stdout)
    stack.advance(110)
    late = say(view(stack, "120"), words)
    starting = load(CORPUS / "k8s_nodes" / "api-starting.yml")[3].by_read
    (reply,) = (reply for read, reply in starting.items() if "nodes" in read.argv)
    assert (reply.exit_status, reply.text, reply.stderr.decode()) == (late.status, late.stdout, late.stderr)


def test_every_time_on_record_is_past_at_every_moment():
    stack = cold(event(power=ON), event(5, parts={"110/harbor": "failing"}))
    for moment in range(116, 700, 7):
        stack.advance(moment)
        if moment > 300 and stack.parts["110/harbor"].fault:
            stack.apply(event(parts={"110/harbor": "well", "188/redis": "stopped"}))
        for resource in kube.GET:
            text = say(view(stack, "120"), ("kubectl", *kube.GET[resource], "--all-namespaces")).stdout
            times = [datetime.fromisoformat(at).timestamp() for at in re.findall(r'"(\d{4}-[^"]*Z)"', text)]
            assert not [at for at in times if at > EPOCH + moment], resource


def test_deployments_and_endpoints_follow_the_pods_at_every_moment():
    stack = cold(event(power=ON))
    for moment in range(120, 260, 3):
        stack.advance(moment)
        ready = {
            app: sum(
                one["status"] == "True"
                for pod in statuses(stack, app)
                for one in pod["conditions"]
                if one["type"] == "Ready"
            )
            for app in ("awoooi-api", "awoooi-web")
        }
        counted = {
            one["metadata"]["name"]: one["status"]["availableReplicas"] or 0 for one in items(stack, "deployments.apps")
        }
        behind = {
            one["metadata"]["labels"]["kubernetes.io/service-name"]: sum(
                end["conditions"]["ready"] for end in one["endpoints"]
            )
            for one in items(stack, "endpointslices.discovery.k8s.io")
        }
        assert ready == behind
        assert ready.items() <= counted.items()


# ------------------------------------------------------------------------------------------------ containers and events


def test_a_crash_loop_counts_each_end_with_exit_code_1():
    broken = up(event(parts={"188/redis": "stopped"}))
    broken.advance(30)
    (first,) = (one for status in statuses(broken, "awoooi-worker") for one in status["containerStatuses"])
    assert "CrashLoopBackOff" == first["state"]["waiting"]["reason"]
    assert ("Error", 1) == tuple(first["lastState"]["terminated"][key] for key in ("reason", "exitCode"))
    before, _ = asked(broken, BY_KIND["k8s_pods"])
    broken.advance(150)
    _, outcome = asked(broken, BY_KIND["k8s_pods"], before=before)
    assert "awoooi-worker: restarted again: 2 restarts in the attempt before, 4 now" in outcome.observed


def test_a_container_that_never_got_its_node_or_image_has_not_ended():
    stack = cold(event(power=ON, parts={"110/harbor": "stopped"}))
    stack.advance(400)
    assert 0 == stack.parts["k8s/awoooi-api"].restarts
    assert [1, 1] == [
        one["restartCount"] for status in statuses(stack, "awoooi-api") for one in status["containerStatuses"]
    ]


def test_containers_outlive_k3s():
    stack = up(event(parts={"188/postgresql": "stopped"}), event(60, parts={"188/postgresql": "well"}))
    stack.advance(400)
    (worker,) = (one for status in statuses(stack, "awoooi-worker") for one in status["containerStatuses"])
    assert (True, 1) == (worker["ready"], worker["restartCount"])
    began = datetime.fromisoformat(worker["state"]["running"]["startedAt"]).timestamp()
    assert began < EPOCH - 900, "before the outage of its API server"


def test_a_reboot_of_its_host_is_one_restart_with_exit_code_255():
    stack = up(event(power={"121": "off"}), event(300, power={"121": "on"}))
    stack.advance(420)
    counts = {
        pod["spec"]["nodeName"]: pod["status"]["containerStatuses"][0]
        for pod in items(stack, "pods")
        if pod["metadata"]["name"].startswith("awoooi-web")
    }
    assert {"120": 1, "121": 2} == {node: one["restartCount"] for node, one in counts.items()}
    assert ("Unknown", 255) == tuple(counts["121"]["lastState"]["terminated"][key] for key in ("reason", "exitCode"))


@pytest.mark.parametrize(
    ("harbor", "powered", "words"),
    [
        ("stopped", "on", "connect: connection refused"),
        ("failing", "on", "500 Internal Server Error"),
        ("frozen", "on", "timeout awaiting response headers"),
        ("stopped", "off", "connect: no route to host"),
    ],
)
def test_what_containerd_says_of_the_registry_follows_its_fault(harbor, powered, words):
    hosts = {host: "on" for host in HOSTS if host != "110" or powered == "on"}
    stack = cold(event(power=hosts, parts={"110/harbor": harbor}))
    stack.advance(200)
    said = [one["message"] for one in items(stack, "events") if one["message"].startswith("Failed to pull image")]
    assert 5 == len(said)
    assert all(words in one for one in said)


def test_events_stay_when_their_cause_is_gone_and_fade_with_time():
    stack = cold(event(power=ON, parts={"110/harbor": "failing"}), event(250, parts={"110/harbor": "well"}))
    stack.advance(400)
    said = items(stack, "events")
    assert {"Failed"} == {one["reason"] for one in said}
    assert ("caution", "failed") == conclusion(stack, "k8s_events")
    stack.advance(250 + 905)
    assert said == items(stack, "events"), "of its own time, not ours"
    assert ("met", "ok") == conclusion(stack, "k8s_events")
    stack.advance(250 + 3605)
    assert [] == items(stack, "events")


def test_nothing_is_on_record_of_a_time_without_an_api_server():
    stack = up(event(parts={"188/postgresql": "stopped"}), event(60, parts={"188/postgresql": "well"}))
    stack.advance(400)
    assert [] == items(stack, "events")


def test_names_of_events_differ():
    stack = cold(event(power=ON, parts={"110/harbor": "failing"}))
    stack.advance(300)
    names = [one["metadata"]["name"] for one in items(stack, "events")]
    assert len(names) == len(set(names))
    assert sorted(names) == names


def test_a_kubelet_backs_off_to_five_minutes():
    assert [0, 10, 30, 70, 150, 310, 610, 910] == tries(0.0, 1000.0)


# ---------------------------------------------------------------------------------------------------- CronJobs and Jobs


def test_a_start_that_was_missed_is_made_up_for_once_the_cluster_is_back():
    """The power is lost from 22:38 to 23:04; the hourly one was due at 23:00."""
    stack = cold(event(900, power=ON))

    def hourly():
        (job,) = (one for one in items(stack, "cronjobs.batch") if one["metadata"]["name"] == "import")
        return job["status"]

    stack.advance(1040)
    assert ("2026-11-23T22:00:00Z", "2026-11-23T22:00:05Z", []) == tuple(hourly().values())
    stack.advance(1048)
    assert ("2026-11-23T23:00:00Z", "2026-11-23T22:00:05Z", 1) == (
        *list(hourly().values())[:2],
        len(hourly()["active"]),
    )
    assert [1] == [one["status"]["active"] for one in items(stack, "jobs.batch") if one["status"]["active"]]
    assert ("met", "ok") == conclusion(stack, "k8s_cronjobs")
    assert ("met", "ok") == conclusion(stack, "k8s_jobs")
    stack.advance(1060)
    assert ("2026-11-23T23:00:00Z", "2026-11-23T23:06:24Z", []) == tuple(hourly().values())


@pytest.mark.parametrize("kind", ["k8s_cronjobs", "k8s_jobs"])
@pytest.mark.parametrize("hours", [1, 5, 12, 23, 26])
def test_schedules_are_kept_at_every_hour_of_a_day(kind, hours):
    stack = up()
    stack.now = hours * 3600.0  # the stack is settled, and nothing else would happen
    assert ("met", "ok") == conclusion(stack, kind)


# ---------------------------------------------------------------------------------------------------- what is not asked


@pytest.mark.parametrize(
    ("host", "words", "status", "said"),
    [
        ("120", ("get", "pdos"), 1, 'the server doesn\'t have a resource type "pdos"'),
        ("120", ("get",), 1, "unknown command"),
        ("120", ("delete", "pods"), 1, 'unknown command "delete"'),
        ("120", ("get", "pods", "--output=json"), 1, "unable to match a printer"),
        ("120", (*kube.GET["pods"], "--watch"), 1, "unknown flag: --watch"),
        ("120", (*kube.GET["pods"], "--namespace=a", "--namespace=b"), 1, "specified more than once"),
        ("121", kube.GET["pods"], 1, "The connection to the server localhost:8080 was refused"),
        ("188", kube.GET["pods"], 127, "failed to run command ‘kubectl’: No such file or directory"),
    ],
)
def test_what_the_plan_does_not_ask_is_no_success(host, words, status, said):
    reply = say(view(up(), host), ("kubectl", *words))
    assert (status, "") == (reply.status, reply.stdout)
    assert said in reply.stderr


@pytest.mark.parametrize("resource", sorted(set(kube.GET) - {"nodes", "namespaces", "leases.coordination.k8s.io"}))
def test_a_namespace_that_does_not_exist_is_empty(resource):
    said = say(view(up(), "120"), ("kubectl", *kube.GET[resource], "--namespace=awoooi-prd"))
    assert (0, "" if resource == "secrets" else '{"items":[]}') == (said.status, said.stdout)
