"""What docker(1) says of the containers of a stack, taken apart."""

import json

from tests.drill.recorded import view

from coldstart import shapes
from coldstart.drill.replies.docker import docker

PS = ("docker", "ps", "--all", "--format", shapes.DOCKER_PS_FORMAT)
INSPECT = ("docker", "inspect", "--type", "container", "--format", shapes.DOCKER_INSPECT_FORMAT)
FINISHED = ("docker", "inspect", "--type", "container", "--format", shapes.DOCKER_FINISHED_FORMAT)
LOGS = ("docker", "logs", "--timestamps", "--tail=5000", "momo-scheduler")


def listed(stack, host="188"):
    """The status of each container, by its name."""
    rows = map(json.loads, docker(view(stack, host), PS).stdout.splitlines())
    return {row["name"]: row["status"] for row in rows}


def inspected(stack, name, host="188"):
    """One container as the plan asks for it."""
    return json.loads(docker(view(stack, host), (*INSPECT, name)).stdout)


def finished(stack, name, host="188"):
    """When it last ended."""
    return docker(view(stack, host), (*FINISHED, name)).stdout.strip()


def logged(stack):
    """What momo-scheduler wrote."""
    return docker(view(stack, "188"), LOGS).stdout
