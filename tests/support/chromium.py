"""Debian's Chromium without a window, spoken to by the DevTools protocol over a pipe: no port, driver or library."""

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

_ON_3_AND_4 = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); os.execvp(sys.argv[3], sys.argv[3:])"
)


def program(name: str) -> str:
    """The path of a tool of Debian's. Skips the test where it is not; fails where CI is set, for there it belongs."""
    found = shutil.which(name)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail(f"{name} is not installed; CI must have it")
        pytest.skip(f"{name} is not installed (apt-get install chromium poppler-utils)")
    return found


class Browser:
    """One tab. `events` holds all that the browser said about it since the last `open`."""

    def __init__(self, send: int, receive: int) -> None:
        self._send = os.fdopen(send, "wb", buffering=0)
        self._receive = os.fdopen(receive, "rb")
        self._count = 0
        self._session: str | None = None
        self.events: list[dict[str, Any]] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Log", "Runtime", "Network", "Audits"):
            self.call(f"{domain}.enable")

    def close(self) -> None:
        self._send.close()
        self._receive.close()

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Ask the browser, and wait for the answer. Raises RuntimeError for an error."""
        self._count += 1
        message: dict[str, Any] = {"id": self._count, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        self._send.write(json.dumps(message).encode() + b"\0")
        while True:
            said = self._next()
            if said.get("id") == self._count:
                if "error" in said:
                    raise RuntimeError(f"{method}: {said['error']}")
                return dict(said["result"])
            self.events.append(said)

    def _next(self) -> dict[str, Any]:
        data = bytearray()
        while (byte := self._receive.read(1)) != b"\0":
            if not byte:
                raise RuntimeError("the browser is gone")
            data += byte
        return dict(json.loads(data))

    def open(self, page: Path, *, width: int = 1280, height: int = 900, dark: bool = False) -> None:
        """Load a file into a window of so many CSS pixels, and wait until it is there."""
        self.events.clear()
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", media="", features=[scheme])
        self.call("Page.navigate", url=page.as_uri())
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.events.append(self._next())

    def value(self, expression: str) -> Any:
        """What a JavaScript expression is in the page; DevTools may evaluate where the page itself may not."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(str(result["exceptionDetails"]))
        return result["result"].get("value")

    def screenshot(self, *, whole: bool = False) -> bytes:
        """PNG of the window, or of the whole page."""
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        return base64.b64decode(shot["data"])

    def pdf(self) -> bytes:
        return base64.b64decode(self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=True)["data"])

    def complaints(self) -> list[str]:
        """Everything that the browser found wrong with the page: console, log, issues (CSP violations are both)."""
        wrong = ("Log.entryAdded", "Audits.issueAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled")
        return [json.dumps(event) for event in self.events if event["method"] in wrong]

    def requested(self) -> list[str]:
        """Every URL that the page asked for, itself first."""
        sent = [event for event in self.events if event["method"] == "Network.requestWillBeSent"]
        return [event["params"]["request"]["url"] for event in sent]


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser with a profile of its own, ended with the block."""
    path = program("chromium")
    to_browser, from_us = os.pipe()
    from_browser, to_us = os.pipe()
    flags = [
        "--headless=new",
        "--disable-gpu",
        "--no-first-run",
        "--disable-extensions",
        "--disable-background-networking",
    ]
    flags += ["--hide-scrollbars", "--remote-debugging-pipe", "--force-color-profile=srgb"]
    flags += ["--no-sandbox"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                _ON_3_AND_4,
                str(to_browser),
                str(to_us),
                path,
                *flags,
                f"--user-data-dir={profile}",
            ],
            pass_fds=(to_browser, to_us),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_browser)
        os.close(to_us)
        tab = Browser(from_us, from_browser)
        try:
            yield tab
        finally:
            tab.close()  # the browser ends itself when its pipe is closed
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def pixels(png: bytes) -> tuple[int, int, bytes]:
    """Width, height and the RGB bytes of a PNG as Chromium writes them: 8 bits, RGB or RGBA, not interlaced.

    PNG (Third Edition), sections 7.3 and 9.
    """
    chunks: dict[bytes, bytes] = {}
    at = 8
    while at < len(png):
        size, kind = int.from_bytes(png[at : at + 4], "big"), png[at + 4 : at + 8]
        chunks[kind] = chunks.get(kind, b"") + png[at + 8 : at + 8 + size]
        at += size + 12
    head = chunks[b"IHDR"]
    width, height = int.from_bytes(head[:4], "big"), int.from_bytes(head[4:8], "big")
    assert (8, 0) == (head[8], head[12])
    depth = {2: 3, 6: 4}[head[9]]
    raw = zlib.decompress(chunks[b"IDAT"])
    line = width * depth
    before = bytearray(line)
    out = bytearray()
    for row in range(height):
        start = row * (line + 1)
        before = _unfiltered(raw[start], bytearray(raw[start + 1 : start + 1 + line]), before, depth)
        out += before if depth == 3 else bytes(byte for at, byte in enumerate(before) if at % 4 != 3)
    return width, height, bytes(out)


def _unfiltered(kind: int, line: bytearray, up: bytearray, depth: int) -> bytearray:
    for at in range(len(line)):
        left = line[at - depth] if at >= depth else 0
        corner = up[at - depth] if at >= depth else 0
        line[at] = (line[at] + _guess(kind, left, up[at], corner)) & 0xFF
    return line


def _guess(kind: int, left: int, up: int, corner: int) -> int:
    if kind == 4:
        near = {abs(up - corner): left, abs(left - corner): up} if abs(up - corner) != abs(left - corner) else {0: left}
        distance = min(abs(up - corner), abs(left - corner))
        return corner if abs(left + up - 2 * corner) < distance else near.get(distance, left)
    return (0, left, up, (left + up) // 2)[kind]


def shades(png: bytes) -> Mapping[str, float]:
    """The mean lightness (0 black, 1 white) of a picture, and how many different colours it has."""
    width, height, rgb = pixels(png)
    colours = {rgb[at : at + 3] for at in range(0, len(rgb), 3)}
    return {"light": sum(rgb) / (255 * 3 * width * height), "colours": len(colours)}
