"""What a run would ask, as data: `coldstart plan` prints it. Nothing here connects."""

from pydantic import BaseModel, ConfigDict, Field

from coldstart.reads import Read


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PlannedRead(_Frozen):
    """A read and how a person would write it down. `place` is where it is sent from."""

    place: str
    asks: str
    read: Read = Field(discriminator="kind")


class PlannedCheck(_Frozen):
    """A check on a host, with what it asks. No reads: it does not apply there, `not_applicable` says why."""

    id: str
    host: str | None
    probe: str | None
    claim: str
    severity: str
    reads: tuple[PlannedRead, ...]
    not_applicable: str = ""
    sends: str = Field(default="", description="What it would send, only with --send-alert-test (the alert test).")
    looks: tuple[str, ...] = Field(
        default=(), description="What it would ask again and again to see how far the alert got; {run} is its label."
    )


class PlannedGate(_Frozen):
    name: str
    title: str
    needs: dict[str, str]
    checks: tuple[PlannedCheck, ...]


class PlannedHost(_Frozen):
    name: str
    address: str
    user: str
    port: int
    local: bool
    role: str


class PlannedDetour(_Frozen):
    """What --connect-to gives: a TCP connection from this machine to `meant` would be opened at `at`."""

    meant: str
    at: str


class Plan(_Frozen):
    """Every gate in DAG order, every read in the order of the checks that need it."""

    schema_version: int = 1
    baseline: str
    hosts: tuple[PlannedHost, ...]
    every_host: tuple[PlannedRead, ...] = Field(
        description="What the engine itself asks of each host that it logs in to."
    )
    gates: tuple[PlannedGate, ...]
    distinct_reads: int
    wrapped_in: str = Field(description="What every command on a host is wrapped in; N is its time limit in seconds.")
    detours: tuple[PlannedDetour, ...] = Field(
        default=(), description="Where TCP connections from this machine would be led; what is asked stays the same."
    )
