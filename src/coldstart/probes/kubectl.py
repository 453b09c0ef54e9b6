"""Kubernetes through the host's own kubectl(1): how it is asked, and its lists as data. Pure."""

import json
import re
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, WithJsonSchema
from pydantic.alias_generators import to_camel

from coldstart import errors, kube, shapes
from coldstart.outcome import Conclusion, Outcome, Part
from coldstart.probes import host_clock, strict_json
from coldstart.probes.base import Probe, Replies, Target
from coldstart.probes.kube_errors import require_list
from coldstart.probes.params import AbsolutePath, Duration
from coldstart.probes.stating import stating
from coldstart.reads import Command
from coldstart.reason import Reason
from coldstart.replies import CommandReply, NoReply
from coldstart.text import one_line, span

_AHEAD = 10.0
"""Seconds by which a time that another machine wrote down may be ahead of the host's clock."""


def _word(pattern: str, what: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"{value!r} is not {what}")
        return value

    return check


_NAME_SCHEMA = WithJsonSchema({"type": ["string", "integer"]})
Namespace = Annotated[str, AfterValidator(_word(shapes.KUBE_NAMESPACE, "a namespace")), _NAME_SCHEMA]
AnyNamespace = Annotated[
    str,
    AfterValidator(_word(rf"{shapes.KUBE_NAMESPACE}|\*", "a namespace, or '*' for all of them")),
    _NAME_SCHEMA,
]
KubeName = Annotated[
    str, AfterValidator(_word(shapes.KUBE_NAME, "a name of Kubernetes (lower case, dashes, dots)")), _NAME_SCHEMA
]
Selector = Annotated[str, AfterValidator(_word(shapes.KUBE_SELECTOR, "a selector like app=api,tier=web"))]
Reported = Annotated[str, AfterValidator(_word(r"[A-Za-z]{1,64}", "a reason like FailedMount"))]


class KubeObject(BaseModel):
    """A pruned object: each field is there, null where the object has none (kube.py)."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, alias_generator=to_camel)


class Metadata(KubeObject):
    name: str
    namespace: str | None


class Owner(KubeObject):
    kind: str
    name: str


class Condition(KubeObject):
    """A condition; `status` is True, False or Unknown."""

    type: str
    status: str
    reason: str | None
    message: str | None

    @property
    def why(self) -> str:
        """Reason and message, for people."""
        return one_line(": ".join(filter(None, (self.reason, self.message))) or f"{self.type}={self.status}")


class KubernetesProbe(Probe):
    """What all probes that ask kubectl have in common."""

    program: Literal["kubectl", "k3s"] = Field(
        default="kubectl", description="How kubectl is called on the host: `kubectl`, or `k3s kubectl`."
    )
    kubeconfig: AbsolutePath | None = Field(
        default=None,
        description="kubeconfig file on the host; with `sudo: true` only below /etc or /root. Default: kubectl's own.",
    )

    def get(self, target: Target, resource: str, *options: str) -> Command:
        """Return ``kubectl get`` of a list, by the fixed words of kube.py."""
        head = ("k3s", "kubectl") if self.program == "k3s" else ("kubectl",)
        config = (f"--kubeconfig={self.kubeconfig}",) if self.kubeconfig else ()
        return target.command(*head, *kube.GET[resource], *options, *config)

    @property
    @abstractmethod
    def expectation(self) -> str:
        """What is expected, in words."""

    @abstractmethod
    def conclude(self, replies: Replies) -> Outcome:
        """Judge; `ReadError`s get the expectation beside them."""

    def judge(self, replies: Replies) -> Outcome:
        return stating(self.expectation, lambda: self.conclude(replies))


class TimedProbe(KubernetesProbe):
    """The same, where ages are judged by the host's clock (faults.md 37)."""

    max_clock_offset: Duration = Field(
        default=5.0, description="How far the host's clock may be from this machine's for an age to be judged by it."
    )

    def time(self, replies: Replies, read: Command) -> "Moment":
        return host_time(replies, read, self.max_clock_offset)


class NamespacedProbe(KubernetesProbe):
    """The same, for the objects of one namespace."""

    namespace: Namespace = Field(description="The namespace.")

    @property
    def within(self) -> str:
        return f"--namespace={self.namespace}"


Kind = TypeVar("Kind", bound=KubeObject)


class _List(KubeObject, Generic[Kind]):
    items: tuple[Kind, ...]


def answered(replies: Replies, read: Command) -> CommandReply:
    """The reply to a kubectl; one that had to be ended says that the API server did not answer it in time."""
    reply = replies.raw(read)
    if isinstance(reply, NoReply) and reply.reason is Reason.REMOTE_TIMEOUT:
        detail = f"kubectl did not end within {read.timeout:g} s: the API server does not answer"
        raise errors.DaemonSilent(detail, evidence=reply.evidence)
    return replies.command(read)


def items(reply: CommandReply, kind: type[Kind]) -> tuple[Kind, ...]:
    """The objects of a list. Raises `Unparsable` for anything but a whole list of whole objects."""
    document = strict_json.parse(_as_json(require_list(reply)), "kubectl's list")
    try:
        return _List[kind].model_validate_json(json.dumps(document)).items  # type: ignore[valid-type]
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        raise errors.Unparsable(f"kubectl's list is not understood: {where}: {first['msg']}") from error


def before(replies: Replies, read: Command, kind: type[Kind]) -> tuple[Kind, ...]:
    """The same in the attempt before this one; empty when there was none or it was unusable."""
    reply = replies.earlier(read)
    try:
        return () if reply is None else items(reply, kind)
    except errors.ReadError:
        return ()


def names(reply: CommandReply, prefix: str) -> frozenset[str]:
    """The names that ``--output=name`` prints, as ``secret/NAME``. Raises `Unparsable` for anything else."""
    text = require_list(reply)
    lines = text.splitlines()
    if text and not text.endswith("\n"):
        raise errors.Unparsable(f"the last line of kubectl's list is cut: {one_line(text[-80:])}")
    found = [line.removeprefix(f"{prefix}/") for line in lines]
    for line, name in zip(lines, found, strict=True):
        if not line.startswith(f"{prefix}/") or not re.fullmatch(shapes.KUBE_NAME, name):
            raise errors.Unparsable(f"not the name of a {prefix}: {one_line(line, 80)!r}")
    return frozenset(found)


_GO_ESCAPE = re.compile(r"\\(?:x(?P<byte>[0-9a-f]{2})|U(?P<rune>[0-9a-f]{8})|(?P<letter>[av])|.)", re.DOTALL)
_GO_LETTERS = {"a": "\\u0007", "v": "\\u000b"}


def _as_json(text: str) -> str:
    r"""Go's ``%q`` writes a string as JSON does, but for ``\a``, ``\v``, ``\xNN`` and ``\UNNNNNNNN``."""

    def replaced(match: re.Match[str]) -> str:
        if match["byte"]:
            return f"\\u00{match['byte']}"
        if match["rune"]:
            point = int(match["rune"], 16)
            return chr(point) if point <= 0x10FFFF else "\\ufffd"  # noqa: PLR2004 - the last code point
        return _GO_LETTERS.get(match["letter"], match.group())

    return _GO_ESCAPE.sub(replaced, text)


# ---------------------------------------------------------------------------------------------------------------- time


@dataclass(frozen=True)
class Moment:
    """`now`: the host's clock, seconds since the epoch; `trouble`: why no age can be judged by it, in words."""

    now: float
    trouble: str = ""


def host_time(replies: Replies, read: Command, limit: float) -> Moment:
    """The host's clock at the moment when the reply to `read` was complete; `limit` (s): how far off it may be."""
    clock = host_clock.clock(replies.command(host_clock.ask_date(replies.target)))
    return Moment(clock.at(replies.command(read).ended).now, clock.trouble(limit))


def epoch(text: str, what: str) -> float:
    """RFC 3339, as Kubernetes writes times, to seconds since the epoch. Raises `Unparsable`."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise errors.Unparsable(f"{what} is not a time: {one_line(text, 60)!r}") from None
    if at.tzinfo is None:
        raise errors.Unparsable(f"{what} has no zone: {one_line(text, 60)!r}")
    return at.timestamp()


def age(text: str, moment: Moment, what: str) -> float:
    """Seconds from a time on record to now. Raises a `ReadError` (clock) where no clock is right enough to tell."""
    if moment.trouble:
        raise errors.ReadError(f"{what}: {moment.trouble}", reason=Reason.CLOCK)
    passed = moment.now - epoch(text, what)
    if passed < -_AHEAD:
        detail = f"{what} is {span(-passed)} in the future by the host's clock: a clock is wrong"
        raise errors.ReadError(detail, reason=Reason.CLOCK)
    return max(0.0, passed)


def part(name: str, conclusion: Conclusion, reason: Reason, observed: str) -> Part:
    return Part(name=name, conclusion=conclusion, reason=reason, observed=observed)


def unseen(name: str, error: errors.ReadError) -> Part:
    """A thing that could not be judged, though others could."""
    return part(name, Conclusion.UNOBSERVED, error.reason, error.detail or error.reason.says)
