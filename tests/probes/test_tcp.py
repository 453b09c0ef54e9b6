"""The tcp probe asks for the right port, and reads what a real listener, and a closed port, say."""

import socket

import pytest
from pydantic import ValidationError

from coldstart.clock import SystemClock
from coldstart.engine.judging import ask, conclude
from coldstart.outcome import Conclusion
from coldstart.probes.base import Place, Replies, Target
from coldstart.probes.tcp import TcpProbe
from coldstart.reason import Reason
from coldstart.transport.net import Net


class OnlyNet:
    """The transport of this machine's own network, and nothing else."""

    def __init__(self):
        self._net = Net(SystemClock())

    async def perform(self, read):
        return await self._net.perform(read)

    async def close(self):
        """Nothing is held."""


async def judged(port):
    target = Target(hosts=(Place("188", "127.0.0.1", port),), timeout=2)
    probe = TcpProbe()
    (read,) = probe.reads(target)
    reply = await ask(OnlyNet(), read, SystemClock())
    return conclude(probe, Replies(target=target, now=reply.ended, by_read={read: reply}))


async def test_a_listener_is_met():
    with socket.create_server(("127.0.0.1", 0)) as server:
        outcome = await judged(server.getsockname()[1])
    assert outcome.conclusion is Conclusion.MET


async def test_a_closed_port_is_unmet():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    outcome = await judged(port)
    assert (Conclusion.UNMET, Reason.PORT_CLOSED) == (outcome.conclusion, outcome.reason)


@pytest.mark.parametrize("bad", [{"port": 0}, {"port": 65536}, {"port": "ssh"}, {"address": "a b"}, {"ports": [22]}])
def test_bad_parameters_are_refused(bad):
    with pytest.raises(ValidationError):
        TcpProbe.model_validate(bad)


def test_scalars_of_a_baseline_are_strings():
    assert TcpProbe(port=22, address="110") == TcpProbe.model_validate({"port": "22", "address": 110})
