"""What there is on a host: units, containers, files, processes, mounts, sockets, packet filter, addresses; as JSON.

Runs on the host, as root, from stdin: ``python3 - EXCLUDED``. It needs the standard library alone, and reads only.
"""

import hashlib
import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

TOPS = ("/etc", "/var", "/home", "/root", "/usr/local", "/opt", "/srv", "/boot", "/tmp")  # noqa: S108 - looked at
SMALL = 1 << 20
"""Bytes of a file up to which its contents are compared, not only its size and times."""

Items = dict[str, dict[str, Any]]

UNIT = (
    "Id", "LoadState", "ActiveState", "SubState", "UnitFileState", "NeedDaemonReload", "NRestarts", "MainPID",
    "InvocationID", "ActiveEnterTimestampMonotonic", "InactiveEnterTimestampMonotonic", "TriggeredBy",
    "LastTriggerUSec", "FragmentPath", "DropInPaths",
)  # fmt: skip


def matcher(patterns: dict[str, str]) -> "re.Pattern[str]":
    """Return what matches any of the patterns, and whatever is below a folder that does."""
    alternatives = (re.escape(pattern).replace(r"\*", "[^/]*") for pattern in patterns)
    return re.compile(f"(?:{'|'.join(alternatives)})(?:/.*)?", re.DOTALL)


def out(*argv: str) -> str:
    """Return what a command printed; nothing where there is no such command. Raises when it fails."""
    try:
        done = subprocess.run(argv, capture_output=True, text=True, errors="surrogateescape", timeout=50, check=True)
    except FileNotFoundError:
        return ""
    return done.stdout


def units(skip: "re.Pattern[str]") -> Items:
    """Every unit that runs or ran since boot. One that never did is in memory only because somebody asked about it."""
    found = {}
    for block in out("systemctl", "show", "*", "--all", f"--property={','.join(UNIT)}").split("\n\n"):
        unit: dict[str, Any] = dict(line.split("=", 1) for line in block.splitlines())
        name = unit.pop("Id", "")
        ran = unit.get("ActiveState") != "inactive" or unit["InactiveEnterTimestampMonotonic"] != "0"
        if name and ran and not name.endswith(".device") and not skip.fullmatch(name):
            found[name] = unit
    return found


def docker() -> dict[str, Items]:
    """Containers, images, volumes and networks."""
    try:
        ids = out("docker", "ps", "--all", "--quiet", "--no-trunc").split()
        shown = json.loads(out("docker", "inspect", *ids)) if ids else []
        lists = {kind: out("docker", kind, "ls", "--quiet", "--no-trunc").split() for kind in ("image", "network")}
        volumes = out("docker", "volume", "ls", "--quiet").split()
    except (subprocess.SubprocessError, json.JSONDecodeError) as error:
        return {"docker": {"engine": {"answers": type(error).__name__}}}
    lists["volume"] = volumes
    found = {kind: {name: {"there": True} for name in names} for kind, names in lists.items()}
    found["container"] = {one["Name"].lstrip("/"): container(one) for one in shown}
    return found


def container(shown: dict[str, Any]) -> dict[str, Any]:
    """Return what must not change of a container. The times of its health checks do."""
    state = shown["State"]
    keep = ("Status", "Pid", "ExitCode", "OOMKilled", "Paused", "StartedAt", "FinishedAt")
    config = {"config": shown["Config"], "host": shown["HostConfig"], "mounts": sorted(map(str, shown["Mounts"]))}
    return {
        **{name: state[name] for name in keep},
        "Id": shown["Id"],
        "RestartCount": shown["RestartCount"],
        "health": (state.get("Health") or {}).get("Status"),
        "Image": shown["Image"],
        "config": digest(json.dumps(config, sort_keys=True).encode()),
    }


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]


def files(skip: "re.Pattern[str]", logs: "re.Pattern[str]", busy: "re.Pattern[str]") -> dict[str, Items]:
    """Every file below `TOPS`, logs apart. `busy`: those whose times are not compared, among them
    the folders in which something comes and goes that is left out.
    """
    kept: Items = {}
    grown: Items = {}
    for path in walk([top for top in TOPS if Path(top).is_dir()], skip):
        try:
            if logs.fullmatch(path):
                grown[path] = log(path)
            else:
                kept[path] = file(path, times=not busy.fullmatch(path))
        except FileNotFoundError:
            continue  # it went between the listing and the look
    return {"file": kept, "log": grown}


def walk(tops: list[str], skip: "re.Pattern[str]") -> Iterator[str]:
    todo = list(tops)
    while todo:
        path = todo.pop()
        if skip.fullmatch(path):
            continue
        yield path
        with suppress(FileNotFoundError, NotADirectoryError):
            if stat.S_ISDIR(os.lstat(path).st_mode):
                todo += [entry.path for entry in os.scandir(path)]


def log(path: str) -> dict[str, Any]:
    found = os.lstat(path)
    return {"type": stat.S_IFMT(found.st_mode), **rights(found), "size": found.st_size}


def rights(found: os.stat_result) -> dict[str, str]:
    return {"mode": oct(stat.S_IMODE(found.st_mode)), "owner": f"{found.st_uid}:{found.st_gid}"}


def file(path: str, *, times: bool) -> dict[str, Any]:
    """Times in nanoseconds; that of its last change of state, too, which nobody can set back."""
    found = os.lstat(path)
    item: dict[str, Any] = {"type": stat.S_IFMT(found.st_mode), **rights(found)}
    if times:
        item |= {"mtime": found.st_mtime_ns, "ctime": found.st_ctime_ns}
    if stat.S_ISLNK(found.st_mode):
        item["target"] = str(Path(path).readlink())
    if stat.S_ISREG(found.st_mode):
        item["size"] = found.st_size
        if found.st_size <= SMALL:
            item["sha256"] = digest(Path(path).read_bytes())
    return item


def processes(groups: "re.Pattern[str]", titles: "re.Pattern[str]") -> Items:
    """What runs for long, by its process id and the tick at which it started."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            group = folder.joinpath("cgroup").read_text().strip().split("::")[-1]
            words = folder.joinpath("cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            fields = folder.joinpath("stat").read_text(errors="replace").rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if words and fields[0] != "Z" and not groups.fullmatch(group) and not titles.fullmatch(words):
            found[f"{folder.name} {words[:120]}"] = {"started": fields[19], "cgroup": group}
    return found


def mounts(skip: "re.Pattern[str]") -> Items:
    found: Items = {}
    for line in Path("/proc/1/mountinfo").read_text().splitlines():
        own, _, filesystem = line.partition(" - ")
        where, options = own.split()[4:6]
        if not skip.fullmatch(where):
            found.setdefault(where, {"is": []})["is"].append(f"{filesystem} {options}")
    return found


def lines(kind: str, *argv: str) -> Items:
    """Return what a command prints, as a set of lines. Counters of packets in brackets are left out."""
    text = re.sub(r"\[\d+:\d+\]", "", out(*argv))
    return {f"{kind} {' '.join(line.split())}": {} for line in text.splitlines() if line and not line.startswith("#")}


def network() -> dict[str, Items]:
    """Listening sockets, rules of the packet filter, addresses and routes."""
    listening: Items = {
        " ".join(line.split()[part] for part in (0, 4)): {}
        for argv in (("ss", "-Hltun"), ("ss", "-Hlx"))
        for line in out(*argv).splitlines()
        if "/run/user/" not in line
    }
    packets = {**lines("v4", "iptables-save"), **lines("v6", "ip6tables-save")}
    return {
        "socket": listening,
        "packet filter": packets,
        "address": {
            line.partition(" valid_lft")[0]: {} for line in lines("", "ip", "-oneline", "address", "show") if line
        },
        "route": lines("", "ip", "route", "show", "table", "all"),
    }


def main() -> None:
    excluded: dict[str, dict[str, str]] = json.loads(sys.argv[1])
    skip = matcher(excluded["FILES"])
    parents = {pattern.rpartition("/")[0] or "/": "" for pattern in (*excluded["FILES"], *excluded["LOGS"])}
    busy = re.compile("|".join(re.escape(one).replace(r"\*", "[^/]*") for one in (*parents, *excluded["TIMES"])))
    with ThreadPoolExecutor() as pool:
        parts = [
            pool.submit(lambda: {"unit": units(matcher(excluded["UNITS"]))}),
            pool.submit(docker),
            pool.submit(network),
            pool.submit(files, skip, matcher(excluded["LOGS"]), busy),
        ]
        found = {kind: items for part in parts for kind, items in part.result().items()}
    found["process"] = processes(matcher(excluded["PROCESSES"]), matcher(excluded["TITLES"]))
    found["mount"] = mounts(matcher(excluded["MOUNTS"]))
    json.dump(found, sys.stdout, ensure_ascii=True)


if __name__ == "__main__":
    main()
