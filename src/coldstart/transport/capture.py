"""What a running command has said so far, kept within the cap, and when it may be called complete.

Pure bookkeeping between whoever feeds it (an SSH channel, a pipe) and whoever waits for it; it opens nothing itself.
"""

import asyncio
from typing import Literal

from coldstart import errors
from coldstart.reads import OUTPUT_CAP
from coldstart.text import decoded, plural

Stream = Literal["stdout", "stderr"]

_SHOWN = 4000
"""Bytes of partial output that are kept as evidence, from the end of each stream."""


class Capture:
    """Output, exit status and end of one command.

    Complete means: an exit status or signal came, *and* the output was closed. Neither alone is: a status without the
    end of output may have lost some of it, output without a status may have been cut (faults.md 12 and 13).
    """

    def __init__(self, cap: int = OUTPUT_CAP) -> None:
        self._streams: dict[Stream, bytearray] = {"stdout": bytearray(), "stderr": bytearray()}
        self._cap = cap
        self._changed = asyncio.Event()
        self.exit_status: int | None = None
        self.signal: str | None = None
        self.lost: str = ""
        """Why the carrier went away before the command was complete; empty while it has not."""
        self.over: Stream | None = None
        self._eof = False
        self.closed = asyncio.Event()
        """Set when the carrier is gone, in good order or not."""

    @property
    def stdout(self) -> bytes:
        return bytes(self._streams["stdout"])

    @property
    def stderr(self) -> bytes:
        return bytes(self._streams["stderr"])

    @property
    def ended(self) -> bool:
        """An exit status or a signal was reported."""
        return self.exit_status is not None or self.signal is not None

    @property
    def evidence(self) -> str:
        """The partial output, for people; never for judging."""
        return "\n".join(
            f"{name} ({plural(len(data), 'byte')} before it stopped):\n{decoded(bytes(data[-_SHOWN:]))}"
            for name, data in self._streams.items()
            if data
        )

    def feed(self, stream: Stream, data: bytes) -> bool:
        """Keep `data`; say whether more may come. False: over the cap, nothing more is kept, stop the source."""
        kept = self._streams[stream]
        if self.over is None:
            kept += data[: self._cap - len(kept) + 1]
            if len(kept) > self._cap:
                self.over = stream
        self._changed.set()
        return self.over is None

    def exited(self, status: int) -> None:
        self.exit_status = status
        self._changed.set()

    def signalled(self, name: str) -> None:
        self.signal = name
        self._changed.set()

    def eof(self) -> None:
        self._eof = True
        self._changed.set()

    def close(self, lost: str = "") -> None:
        """The carrier is gone; `lost` says why when that was not the orderly end."""
        self.lost = self.lost or lost
        self.closed.set()
        self._changed.set()

    async def complete(self, limit: float, grace: float) -> None:
        """Wait until the command is complete.

        `limit`: s for the whole; `grace`: s without a new byte after the exit status. Raises `OverCap`,
        `OutputNotClosed`, `RemoteTimeout`, `NoExitStatus` and `ConnectionLost`, each with the partial output.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + limit
        while not (self.ended and self._eof):
            self._changed.clear()
            if self.over or self.closed.is_set():
                break
            wait = min(deadline, loop.time() + grace) if self.ended else deadline
            try:
                async with asyncio.timeout_at(wait):
                    await self._changed.wait()
            except TimeoutError:
                self._raise_late(limit)
        if self.over:
            raise errors.OverCap(
                f"{self.over} is longer than {plural(self._cap, 'byte')}; the command was stopped",
                evidence=self.evidence[:_SHOWN],
            )
        if self.lost:
            self._raise_lost()
        if not self.ended:
            raise errors.NoExitStatus("the channel was closed without an exit status", evidence=self.evidence)

    def _raise_late(self, limit: float) -> None:
        if self.ended:
            end = f"signal {self.signal}" if self.signal else f"exit status {self.exit_status}"
            raise errors.OutputNotClosed(
                f"{end}, but something that it started keeps its output open", evidence=self.evidence
            )
        raise errors.RemoteTimeout(f"no exit status within {limit:.1f} s", evidence=self.evidence)

    def _raise_lost(self) -> None:
        # A peer that fell silent is a lost connection, whatever it had said; one that hung up has cut its answer.
        silent = "keepalive" in self.lost
        if not silent and not self.ended and any(self._streams.values()):
            raise errors.NoExitStatus(f"cut in mid-output: {self.lost}", evidence=self.evidence)
        raise errors.ConnectionLost(self.lost, evidence=self.evidence)
