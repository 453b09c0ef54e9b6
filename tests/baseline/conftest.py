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


@pytest.fixture
def good():
    return load_text(GOOD, "good.yml")


@pytest.fixture(params=["libyaml", "python"])
def parser(request, monkeypatch):
    """Each of the two parsers in turn."""
    chosen = {"python": yaml.SafeLoader, "libyaml": getattr(yaml, "CSafeLoader", yaml.SafeLoader)}[request.param]
    monkeypatch.setattr(nodes, "Parser", chosen)
    return request.param
