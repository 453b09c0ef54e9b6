"""A recording: what was asked and what came back, one JSON file a read, to be judged again and read by people."""

import hashlib
import json
import os
import re
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from coldstart import __version__
from coldstart.clock import Clock
from coldstart.errors import UsageError
from coldstart.outcome import Exchange
from coldstart.reads import Read
from coldstart.replies import Reply
from coldstart.shown import Shown

META = "meta.json"
SCHEMA_VERSION = 1


class Meta(BaseModel):
    """What a recording is of. Times in seconds since the epoch."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int = SCHEMA_VERSION
    version: str = Field(default=__version__, description="Of the coldstart that recorded.")
    started: float
    ended: float
    baseline_name: str
    baseline_sha256: str
    detours: tuple[Shown, ...] = Field(default=(), description="Notes of the run on where its connections were led.")


class Recorder:
    """Writes a recording: a directory (0700) of files (0600), `META` last, so that a cut recording can be told."""

    def __init__(self, directory: Path, clock: Clock) -> None:
        """Raises `UsageError`: the directory is not empty, or cannot be made."""
        self._directory = directory
        self._clock = clock
        self._started = clock.wall()
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            if any(directory.iterdir()):
                raise UsageError(f"{directory}: not empty: a recording needs a new or an empty directory")
            directory.chmod(0o700)
        except OSError as error:
            raise _cannot_write(directory, error) from None

    def add(self, read: Read, reply: Reply) -> None:
        """Write one read with its reply. Raises `UsageError`: cannot be written, or this read is there already."""
        self._write(file_name(read), Exchange(read=read, reply=reply))

    def meta(self, baseline_name: str, baseline_sha256: str) -> Meta:
        """The meta data of a run that began when this recorder was made and ends now."""
        return Meta(
            started=self._started,
            ended=self._clock.wall(),
            baseline_name=baseline_name,
            baseline_sha256=baseline_sha256,
        )

    def finish(self, meta: Meta) -> None:
        """Complete the recording. Raises `UsageError`."""
        self._write(META, meta)

    def _write(self, name: str, model: BaseModel) -> None:
        path = self._directory / name
        text = json.dumps(model.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n"
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
        except OSError as error:
            raise _cannot_write(path, error) from None


def file_name(read: Read) -> str:
    """``command-110-systemctl-show-….1a2b3c4d5e6f.json``: readable, and the same for the same question."""
    asked = f"{read.kind} {read.place} {read.describe()}"
    slug = re.sub(r"[^A-Za-z0-9]+", "-", asked).strip("-").lower()[:80].rstrip("-")
    key = json.dumps(read.model_dump(mode="json", exclude={"timeout"}), sort_keys=True)
    return f"{slug}.{hashlib.sha256(key.encode()).hexdigest()[:12]}.json"


def _cannot_write(path: Path, error: OSError) -> UsageError:
    if isinstance(error, FileExistsError) and path.suffix == ".json":
        return UsageError(f"{path}: is there already: a recording holds each read once, in a directory of its own")
    return UsageError(f"{path}: cannot record: {error.strerror or error}")
