"""``-o FORMAT[=FILE]``: where a result goes. Files are written whole or not at all, and are for their owner only."""

import os
import re
import stat
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from coldstart.errors import OutputError, UsageError

FORMATS = ("table", "short", "json", "junit", "markdown", "html", "accepts")
STDOUT = "-"
_UNFINISHED = ".tmp"
"""How the name of a file ends that is still being written: no collector of .prom files or reports reads those."""


@dataclass(frozen=True)
class Sink:
    """A format and the file that it goes to; `path` None is stdout."""

    format: str
    path: Path | None = None


def parse(specs: Sequence[str], known: Sequence[str] = FORMATS) -> tuple[Sink, ...]:
    """Return the sinks that the options name, ``FORMAT``, ``FORMAT=-`` or ``FORMAT=FILE`` each.

    Raises `UsageError` with every problem: an unknown format, no file name, a folder that is not there, two of them on
    stdout, one file twice. All is known before anything is asked of a host.
    """
    problems: list[str] = []
    sinks = [_parsed(spec, known, problems) for spec in specs]
    on_stdout = [spec for spec, sink in zip(specs, sinks, strict=True) if sink.path is None]
    if len(on_stdout) > 1:
        problems.append(f"-o {' -o '.join(on_stdout)}: only one of them can go to stdout; give the others a file")
    places = [_target(sink.path) for sink in sinks if sink.path]
    problems += [f"-o: {place} is given more than once" for place in dict.fromkeys(places) if places.count(place) > 1]
    if problems:
        raise UsageError(*problems)
    return tuple(sinks)


def _parsed(spec: str, known: Sequence[str], problems: list[str]) -> Sink:
    name, equals, file = spec.partition("=")
    if name not in known:
        problems.append(f"-o {spec}: no such format {name!r}; known: {', '.join(known)}")
    if not equals or file == STDOUT:
        return Sink(name)
    if not file:
        problems.append(f"-o {spec}: no file name after the =")
        return Sink(name, Path(os.devnull))
    path = Path(file)
    try:
        if path.is_dir():
            problems.append(f"-o {spec}: {path} is a directory")
        elif not path.parent.is_dir():
            problems.append(f"-o {spec}: no directory {path.parent}")
    except OSError as error:
        problems.append(f"-o {spec}: {error.strerror}")
    return Sink(name, path)


def _target(path: Path) -> Path:
    """The file itself, behind symbolic links: it is what will be replaced."""
    return Path(os.path.realpath(path))


def write(sink: Sink, text: str, *, stdout: TextIO | None = None) -> None:
    """Write `text` where the sink says. Raises `OutputError`; a file that was there before is then still whole."""
    if sink.path is None:
        _to_stream(stdout or sys.stdout, text)
    else:
        to_file(sink.path, text)


def to_file(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Replace `path` by a file of this mode that holds `text`: written beside it, synced, renamed over it.

    A device or a pipe (``/dev/null``, ``/dev/fd/3``) is written to and never replaced. Raises `OutputError`.
    """
    data = text.encode("utf-8", "backslashreplace")
    try:
        target = path.resolve()
        if target.exists() and not stat.S_ISREG(target.stat().st_mode):
            with target.open("wb", buffering=0) as device:
                _all_of(device.fileno(), data)
            return
        _replace(target, data, mode)
    except (OSError, RuntimeError) as error:
        raise OutputError(f"{path}: not written: {getattr(error, 'strerror', None) or error}") from error


def _replace(target: Path, data: bytes, mode: int) -> None:
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=_beside(target), suffix=_UNFINISHED)  # 0600
    try:
        try:
            _all_of(handle, data)
            os.fchmod(handle, mode)
            os.fsync(handle)
        finally:
            os.close(handle)
        Path(temporary).replace(target)
    except BaseException:
        with suppress(OSError):
            Path(temporary).unlink()
        raise
    with suppress(OSError):  # some network file systems sync no folder; old or new, the file is whole either way
        folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _beside(target: Path) -> str:
    return f".{target.name[:100]}."


def sweep(path: Path) -> None:
    """Remove what writers of `path` left beside it that were killed half way; what cannot be removed stays.

    Only for who knows that nobody writes it at this moment.
    """
    target = _target(path)
    leftover = re.compile(re.escape(_beside(target)) + r"[a-z0-9_]{8}" + re.escape(_UNFINISHED))  # mkstemp's names
    with suppress(OSError), os.scandir(target.parent) as entries:
        for entry in entries:
            if leftover.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                with suppress(OSError):
                    Path(entry.path).unlink()


def _all_of(handle: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]


def _to_stream(stream: TextIO, text: str) -> None:
    """Write and flush: a full disk or a closed pipe must be known now, not when Python ends."""
    encoding = stream.encoding or "utf-8"
    try:
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()
    except OSError as error:
        _silence(stream)
        raise OutputError(f"stdout: not written: {error.strerror or error}") from error


def _silence(stream: TextIO) -> None:
    """Point a broken stream at nothing: Python flushes it once more at exit, and would end with 120."""
    with suppress(OSError, ValueError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nothing, stream.fileno())
        finally:
            os.close(nothing)
