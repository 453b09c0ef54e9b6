"""A pod as Kubernetes reports it, and what its containers come to: the causes that an operator looks for."""

from collections.abc import Mapping
from typing import NamedTuple

from coldstart.outcome import Conclusion
from coldstart.probes.kubectl import Condition, KubeObject, Moment, Owner, epoch
from coldstart.reason import Reason
from coldstart.text import one_line, plural, span

Finding = tuple[Conclusion, Reason, str]

_NO_IMAGE = (
    *("ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError"),
    *("RegistryUnavailable", "SignatureValidationFailed"),
)
_CREATING = ("ContainerCreating", "PodInitializing")


class PodMetadata(KubeObject):
    name: str
    namespace: str
    uid: str
    creation_timestamp: str
    deletion_timestamp: str | None
    owner_references: tuple[Owner, ...]


class PodSpec(KubeObject):
    node_name: str | None


class Waiting(KubeObject):
    reason: str | None
    message: str | None


class Running(KubeObject):
    started_at: str | None


class Ended(KubeObject):
    reason: str | None
    exit_code: int | None
    finished_at: str | None

    @property
    def how(self) -> str:
        """``OOMKilled, exit code 137``."""
        return f"{self.reason or 'ended'}, exit code {'unknown' if self.exit_code is None else self.exit_code}"


class State(KubeObject):
    waiting: Waiting | None
    running: Running | None
    terminated: Ended | None


class LastState(KubeObject):
    terminated: Ended | None


class Container(KubeObject):
    """The status of a container; `restart_count` since the pod was made."""

    name: str
    image: str | None
    ready: bool | None
    started: bool | None
    restart_count: int | None
    state: State | None
    last_state: LastState | None

    @property
    def restarts(self) -> int:
        return self.restart_count or 0

    @property
    def last_end(self) -> Ended | None:
        return self.last_state.terminated if self.last_state else None


class PodStatus(KubeObject):
    phase: str | None
    reason: str | None
    message: str | None
    conditions: tuple[Condition, ...]
    init_container_statuses: tuple[Container, ...]
    container_statuses: tuple[Container, ...]


class Pod(KubeObject):
    metadata: PodMetadata
    spec: PodSpec | None
    status: PodStatus | None

    @property
    def phase(self) -> str:
        return (self.status.phase if self.status else None) or "Unknown"

    @property
    def node(self) -> str | None:
        return self.spec.node_name if self.spec else None

    @property
    def of_job(self) -> bool:
        return any(owner.kind == "Job" for owner in self.metadata.owner_references)

    @property
    def containers(self) -> tuple[Container, ...]:
        """Those that start the pod, then its own."""
        return (*self.status.init_container_statuses, *self.status.container_statuses) if self.status else ()

    def restarts(self) -> dict[tuple[str, str], int]:
        """The restart count of each container, by the pod's uid and its own name."""
        return {(self.metadata.uid, one.name): one.restarts for one in self.containers}


class Look(NamedTuple):
    """What a pod is judged by besides itself: the host's clock, counts before, and how recent is recent (s)."""

    at: Moment
    before: Mapping[tuple[str, str], int]
    recent: float


def restarting(pod: Pod, look: Look) -> Finding | None:
    """A restart count that rose since the attempt before."""
    for one in pod.containers:
        was = look.before.get((pod.metadata.uid, one.name), one.restarts)
        if one.restarts > was:
            counts = f"{plural(was, 'restart')} in the attempt before, {one.restarts} now"
            return (
                Conclusion.UNMET,
                Reason.RESTART_LOOP,
                f"{one.name}: restarted again: {counts}{_last(one, look.at.now)}",
            )
    return None


def starting(pod: Pod, look: Look) -> Finding | None:
    """What keeps a pod's init containers from being through; None when they are, or when it has none."""
    inits = pod.status.init_container_statuses if pod.status else ()
    for number, one in enumerate(inits):
        state = one.state
        ended = state.terminated if state else None
        if (ended and ended.exit_code == 0) or (state and state.running and one.started):
            continue  # through, or a sidecar (restartPolicy: Always) that is up
        place = f"Init:{number}/{len(inits)}"
        if state and state.running:
            return Conclusion.UNMET, Reason.STARTING, f"{place}: {one.name} runs"
        conclusion, reason, said = _not_running(one, look.at.now)
        return conclusion, reason, f"{place}: {said}"
    return None


def container(one: Container, look: Look) -> Finding | None:
    """What is wrong with a container; None when it runs and is ready."""
    if not (one.state and one.state.running):
        return _not_running(one, look.at.now)
    if one.started is False:
        return Conclusion.UNMET, Reason.STARTING, f"{one.name}: runs, its startup probe has not passed yet"
    if not one.ready:
        since = _since(one.state.running.started_at, look.at.now)
        return Conclusion.UNMET, Reason.UNHEALTHY, f"{one.name}: running{since}, but not ready{_last(one, look.at.now)}"
    return None


def restarted(pod: Pod, look: Look) -> Finding | None:
    """A container that is good again, but began anew not long ago."""
    for one in pod.containers:
        began = _began(one)
        if one.restarts and (began is None or look.at.trouble or _ago(began, look.at.now) <= look.recent):
            said = f"{one.name}: ready, {plural(one.restarts, 'restart')}{_last(one, look.at.now)}"
            return Conclusion.CAUTION, Reason.RESTARTED, said
    return None


def _began(one: Container) -> str | None:
    """When it began to be as it is now. How it ended before is forgotten when the kubelet tidies up."""
    if one.state and one.state.running:
        return one.state.running.started_at
    return one.state.terminated.finished_at if one.state and one.state.terminated else None


def _not_running(one: Container, now: float) -> Finding:
    waiting, ended = (one.state.waiting, one.state.terminated) if one.state else (None, None)
    if ended:
        reason = Reason.NOT_RUNNING if ended.exit_code == 0 else Reason.FAILED
        return Conclusion.UNMET, reason, f"{one.name}: {ended.how}{_since(ended.finished_at, now)}"
    why = (waiting.reason if waiting else None) or "waiting"
    message = one_line(f": {waiting.message}", 200) if waiting and waiting.message else ""
    if why in _NO_IMAGE:
        told = "" if why == "ImagePullBackOff" else message
        return Conclusion.UNMET, Reason.IMAGE_PULL, f"{one.name}: {why}{told}: {one.image or 'image not known'}"
    if why == "CrashLoopBackOff":
        counted = f"{one.name}: {why}, {plural(one.restarts, 'restart')}{_last(one, now)}"
        return Conclusion.UNMET, Reason.RESTART_LOOP, counted
    if why in (*_CREATING, "waiting"):
        return Conclusion.UNMET, Reason.STARTING, f"{one.name}: {why}{message}"
    return Conclusion.UNMET, Reason.FAILED, f"{one.name}: {why}{message}"


def _last(one: Container, now: float) -> str:
    """How it ended before, if it did."""
    return f", last: {one.last_end.how}{_since(one.last_end.finished_at, now)}" if one.last_end else ""


def _since(at: str | None, now: float) -> str:
    return f" ({span(_ago(at, now))} ago)" if at else ""


def _ago(at: str, now: float) -> float:
    return max(0.0, now - epoch(at, "a container's time"))
