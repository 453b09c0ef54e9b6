"""The floor: how fast the gates of a baseline could be asked at best, by a bare asyncssh script.

Usage: python lab_floor.py survey|chain SPEC.json, on the operator's machine. It shares no code with coldstart.

`survey` asks every read of every gate alone, twice, over connections that are open: the seconds of the quicker one.
`chain` is the floor. It connects to all hosts at once (TCP, SSH handshake, login), and asks of each gate the few reads
that SPEC.json still has, as soon as the gates that it needs have had their answers.
"""

import time

BEGIN = time.perf_counter()

import asyncio  # noqa: E402 - the clock runs first
import json  # noqa: E402
import ssl  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402
from urllib.parse import urlsplit  # noqa: E402

import asyncssh  # noqa: E402

LIMIT = 30
"""Seconds for one read; nothing on a healthy lab takes as long."""


class Asker:
    """One connection a host, and how each kind of read is asked."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self.spec = spec
        self.open: dict[str, asyncssh.SSHClientConnection] = {}

    async def connect(self) -> None:
        made = await asyncio.gather(*(self._login(host) for host in self.spec["hosts"]))
        self.open = dict(zip(self.spec["hosts"], made, strict=True))

    async def _login(self, host: str) -> asyncssh.SSHClientConnection:
        to = self.spec["hosts"][host]
        return await asyncssh.connect(
            to["address"],
            username=to["user"],
            client_keys=[self.spec["key"]],
            known_hosts=self.spec["known_hosts"],
            agent_path=None,
            config=None,
            preferred_auth=("publickey",),
            kex_algs=["curve25519-sha256"],
            encryption_algs=["aes128-gcm@openssh.com"],
        )

    async def ask(self, read: dict[str, Any]) -> float:
        """Ask, whatever the answer; return the seconds that it took."""
        begin = time.perf_counter()
        async with asyncio.timeout(LIMIT):
            if read["kind"] == "command":
                await self.open[read["host"]].run(read["line"], stdin=asyncssh.DEVNULL, encoding=None)
            elif read["kind"] == "http":
                await self._get(read)
            elif read["kind"] == "tcp":
                _, writer = await asyncio.open_connection(read["address"], read["port"])
                writer.close()
            elif read["kind"] == "here":
                for argv in read["argvs"]:
                    await _run_here(argv)
        return time.perf_counter() - begin

    async def _get(self, read: dict[str, Any]) -> None:
        """One request on a connection of its own; the answer is read to its end."""
        url = urlsplit(read["url"])
        host, port = url.hostname or "", url.port or {"http": 80, "https": 443}[url.scheme]
        target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        reader: Any
        writer: Any
        try:
            if read["via"]:
                reader, writer = await self.open[read["via"]].open_connection(host, port)
            else:
                trust = ssl.create_default_context(cafile=read["ca"]) if url.scheme == "https" else None
                reader, writer = await asyncio.open_connection(host, port, ssl=trust)
        except (OSError, asyncssh.ChannelOpenError):
            return  # refused is an answer
        writer.write(f"{read['method']} {target} HTTP/1.1\r\nHost: {url.netloc}\r\nConnection: close\r\n\r\n".encode())
        await reader.read()
        writer.close()


async def _run_here(argv: list[str]) -> None:
    nothing = asyncio.subprocess.DEVNULL
    running = await asyncio.create_subprocess_exec(*argv, stdin=nothing, stdout=nothing, stderr=nothing)
    await running.wait()


async def survey(spec: dict[str, Any]) -> dict[str, Any]:
    """Return for each gate the seconds of each of its reads."""
    asker = Asker(spec)
    await asker.connect()
    passes = [{gate: [await asker.ask(read) for read in reads] for gate, reads in spec["gates"].items()} for _ in "12"]
    return {gate: [min(both) for both in zip(*(one[gate] for one in passes), strict=True)] for gate in spec["gates"]}


async def chain(spec: dict[str, Any]) -> dict[str, Any]:
    """Run the chain; return when, counted from its begin, every part of it had its answers."""
    asker, begin, at = Asker(spec), time.perf_counter(), {}
    connecting = asyncio.create_task(asker.connect())

    async def ask(read: dict[str, Any]) -> None:
        if read["kind"] not in ("here", "tcp"):
            await connecting
        await asker.ask(read)

    async def gate(name: str, needed: list[asyncio.Task[None]]) -> None:
        for task in needed:
            await task
        await asyncio.gather(connecting, *(ask(read) for read in spec["gates"][name]))
        at[name] = time.perf_counter() - begin

    gates: dict[str, asyncio.Task[None]] = {}
    for name, needs in spec["needs"].items():
        gates[name] = asyncio.create_task(gate(name, [gates[need] for need in needs]))
    connecting.add_done_callback(lambda _: at.update(connected=time.perf_counter() - begin))
    await asyncio.gather(*gates.values())
    return {"imports": begin - BEGIN, "seconds": time.perf_counter() - begin, "at": at}


def main() -> None:
    what, spec = sys.argv[1], json.loads(Path(sys.argv[2]).read_text("utf-8"))
    print(json.dumps(asyncio.run({"survey": survey, "chain": chain}[what](spec))))


if __name__ == "__main__":
    main()
