"""GREEN, on four real hosts: only with the alert chain proven, by exactly one alert that really arrived."""

from lab.fleet import Fleet
from lab.kube import Cluster
from tests.lab.support import NOT_PROVEN, NOT_SENT, Seen, check


def test_green_with_one_alert_that_really_arrived(steady: Fleet) -> None:
    found = check(steady, "--send-alert-test")
    assert found.seen == Seen(0, "GREEN", None, ("PASS",) * 7, {})
    run = found.check("P2-WORKLOAD-ALERTCHAIN/alert-test")["outcome"]["facts"]["run"]
    assert len(Cluster(steady).alerts(run)) == 1


def test_degraded_without_the_alert_test(steady: Fleet) -> None:
    before = len(Cluster(steady).alerts("ColdStartE2ETest"))
    found = check(steady)
    assert found.seen == Seen(1, "DEGRADED", "P2-WORKLOAD-ALERTCHAIN/alert-test", NOT_PROVEN, NOT_SENT)
    assert len(Cluster(steady).alerts("ColdStartE2ETest")) == before
