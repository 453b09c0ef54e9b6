"""P1-K3S and P2-WORKLOAD-ALERTCHAIN: a real VIP and a real kubectl; the cluster behind it stands in."""

from lab.faults import network
from lab.fleet import Fleet
from lab.kube import Cluster
from tests.lab.support import HELD_BY_K3S, HELD_BY_WORKLOAD, NOT_SENT, Seen, check

VIP = "P1-K3S/vip"


def test_the_vip_on_none(fleet: Fleet) -> None:
    with network.vip_nowhere(fleet):
        found = check(fleet)
    expected = {
        "P1-K3S/keepalived@120": "BLOCKED not-running",
        "P1-K3S/keepalived@121": "BLOCKED not-running",
        VIP: "BLOCKED absent",
    }
    assert found.seen == Seen(2, "BLOCKED", "P1-K3S/keepalived@120", HELD_BY_K3S, expected)


def test_the_vip_on_both(fleet: Fleet) -> None:
    with network.vip_twice(fleet):
        found = check(fleet)
    assert found.seen == Seen(2, "BLOCKED", VIP, HELD_BY_K3S, {VIP: "BLOCKED split-brain"})


def test_a_node_that_is_not_ready(fleet: Fleet) -> None:
    with Cluster(fleet).not_ready("121"):
        found = check(fleet)
    expected = {"P1-K3S/nodes@120": "BLOCKED unhealthy", "P1-K3S/pods@120": "WARN stale"}
    assert found.seen == Seen(2, "BLOCKED", "P1-K3S/nodes@120", HELD_BY_K3S, expected)
    assert "121" in found.check("P1-K3S/nodes")["outcome"]["observed"]


def test_an_image_that_cannot_be_pulled(fleet: Fleet) -> None:
    with Cluster(fleet).image_pull_back_off("awoooi-worker"):
        found = check(fleet)
    expected = {
        "P1-K3S/pods@120": "WARN image-pull",
        "P2-WORKLOAD-ALERTCHAIN/pods@120": "BLOCKED image-pull",
    }
    gates = (*HELD_BY_WORKLOAD[:3], "WARN", *HELD_BY_WORKLOAD[4:])
    assert found.seen == Seen(2, "BLOCKED", "P2-WORKLOAD-ALERTCHAIN/pods@120", gates, {**expected, **NOT_SENT})
    assert "go back to 110 Harbor" in " ".join(found.text.split())


def test_a_suspended_cronjob(steady: Fleet) -> None:
    with Cluster(steady).suspended("backup"):
        found = check(steady)
    cronjobs = "P2-SCHEDULES/cronjobs@120"
    gates = ("PASS", "PASS", "PASS", "PASS", "WARN", "PASS", "BLOCKED")
    assert found.seen == Seen(2, "BLOCKED", cronjobs, gates, {cronjobs: "BLOCKED paused", **NOT_SENT})


def test_a_failed_job(steady: Fleet) -> None:
    with Cluster(steady).failed_job("import-1"):
        found = check(steady)
    jobs = "P2-SCHEDULES/jobs@120"
    gates = ("PASS", "PASS", "PASS", "PASS", "WARN", "PASS", "BLOCKED")
    assert found.seen == Seen(2, "BLOCKED", jobs, gates, {jobs: "BLOCKED failed", **NOT_SENT})
