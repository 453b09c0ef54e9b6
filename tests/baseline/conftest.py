"""What the tests of the baseline share: a small valid file, and both of PyYAML's parsers."""

import textwrap

import pytest
import yaml

from coldstart.baseline import nodes
from coldstart.baseline.load import load_text

GOOD = textwrap.dedent(
    """\
    coldstart: 1
    name: full-stack cold start
    variables:
      data_host: 192.168.0.188
      packets: {default: 3, about: how many echo requests}
    defaults:
      timeout: 7s
      check_deadline: 1m30s
      severity: warn
    hosts:
      "110": {address: 192.168.0.110, role: registry}
      188: {address: "${data_host}", user: ollama, port: 2222, local: no}
      nas: {address: nas.example, optional: yes}
    gates:
      P0-NETWORK:
        title: Hosts reachable
        sop: 3.1
        blocks: every later phase
        checks:
          - id: ping
            claim: answers ping
            probe: ping
            with: {count: "${packets}"}
            hosts: all
            not_on: {nas: does not answer ICMP}
            severity: blocked
            hint: look at the switch
            sop: "3"
          - id: either
            claim: one of them takes connections
            any_of:
              - {id: first, claim: 110 does, probe: tcp, with: {port: 22}, hosts: 110, timeout: 3s}
              - {id: second, claim: 188 does, probe: tcp, with: {port: 22}, hosts: [188]}
      P0-188-DATA:
        title: Data services
        needs: {P0-NETWORK: pass}
        hosts: 188
        checks:
          - id: port
            claim: takes connections
            probe: tcp
            with: {port: 5432}
      P1-K3S:
        title: Cluster
        needs: [P0-NETWORK, P0-188-DATA]
        checks:
          - id: port
            claim: takes connections
            probe: tcp
            with: {port: 6443}
            hosts: ["110"]
    """
)

SECTIONS = textwrap.dedent(
    """\
      P2-ALERTS:
        title: Alert chain
        needs: [P1-K3S]
        checks:
          - id: alert-test
            claim: the alert chain accepts a real alert
            alert_test:
              url: http://192.168.0.125:32334/api/v1/webhooks/alertmanager
              via: 110
              receiver: cold-start-test
              alertname: ColdStartE2ETest
              labels: {severity: info, attempt: 1}
              summary: Cold start E2E test, ignore
              resolves_after: 10m
              status: [200, 2xx]
            timeout: 3s
            severity: blocked
            hint: look at the API
            sop: 8
            covers: 13.4/P2-WORKLOAD-ALERTCHAIN
    freeze:
      - {item: Runners, policy: last, reason: Build jobs can saturate 110.}
      - {item: Crawlers, policy: last, reason: Batch work can saturate 188.}
    protection:
      AUTO: {automation: Restart after verification., examples: stateless exporters}
      BLOCK: {automation: Human approval only., examples: [PostgreSQL data dir, ClickHouse data dir]}
    releases:
      runners:
        title: runners and CD
        hosts: 110
        needs: all
        conditions:
          - {claim: the data host serves, checks: P0-188-DATA/port}
          - claim: load is low
            checks: [P0-NETWORK/either, P0-NETWORK/either.second]
            for: 15m
            by_hand: look at the load
          - {claim: provider route verified, by_hand: ask the operator}
        hint: one runner at a time
        sop: 5.3
      exporters:
        title: exporters
        hosts: all
        needs: [P0-188-DATA, P0-NETWORK]
    monitor:
      host: 110
      textfile: /home/wooo/node_exporter_textfiles/cold_start_recovery.prom
      log: /home/wooo/reboot-recovery/cold-start-last.log
      metric_prefix: awoooi_cold_start
      every: 10m
      sop: 13.3
    done:
      - {id: ssh, claim: Hosts reachable., checks: [P0-NETWORK/ping], sop: 14}
      - {id: alert, claim: The alert test succeeds., checks: P2-ALERTS/alert-test, by_hand: look at Telegram}
      - {id: runners, claim: Runners are released last., by_hand: ask the operator}
    drift:
      - "OpenClaw: 8088 or 8089"
      - 13.2
    """
)
WHOLE = GOOD + SECTIONS
"""With every section that there is."""


@pytest.fixture
def good():
    return load_text(GOOD, "good.yml")


@pytest.fixture
def whole():
    return load_text(WHOLE, "whole.yml")


@pytest.fixture(params=["libyaml", "python"])
def parser(request, monkeypatch):
    """Each of the two parsers in turn."""
    chosen = {"python": yaml.SafeLoader, "libyaml": getattr(yaml, "CSafeLoader", yaml.SafeLoader)}[request.param]
    monkeypatch.setattr(nodes, "Parser", chosen)
    return request.param
