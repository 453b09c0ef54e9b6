"""What the services of a host hold: rows of every table, keys of Redis, objects of Kubernetes, rules; as JSON.

Runs on the host, as root, from stdin: ``python3 - EXCLUDED``. It needs the standard library alone, and reads only.
"""

import hashlib
import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

Items = dict[str, dict[str, Any]]
Psql = Callable[[str, str], list[str]]
"""Of a database and a statement: the rows that it gave, one line each."""

CATALOGUES = (
    "pg_proc", "pg_namespace", "pg_attribute", "pg_constraint", "pg_trigger", "pg_policy", "pg_extension", "pg_type",
    "pg_authid", "pg_auth_members", "pg_db_role_setting", "pg_default_acl", "pg_sequence", "pg_largeobject_metadata",
)  # fmt: skip
"""What a database is made of, but for pg_class and pg_database, in which vacuum keeps its own notes."""

RELATIONS = """
    SELECT n.nspname || '.' || c.relname,
           md5(concat_ws(' ', c.oid, c.relfilenode, c.relkind, c.relowner, c.relacl, c.reloptions))
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relpersistence <> 't' AND n.nspname !~ '^pg_'
"""
CLUSTER = """
    SELECT 'database ' || datname,
           md5(concat_ws(' ', oid, datdba, encoding, datcollate, datallowconn, datconnlimit, datacl))
    FROM pg_database
    UNION ALL SELECT 'setting ' || name, setting || ' (' || source || ')'
    FROM pg_settings WHERE source NOT IN ('client', 'session')
    UNION ALL SELECT 'replication slot ' || slot_name, plugin FROM pg_replication_slots
"""
TABLES = """
    SELECT quote_ident(schemaname) || '.' || quote_ident(relname), n_tup_ins + n_tup_upd + n_tup_del
    FROM pg_stat_user_tables
"""
CHECKSUM = """
    SELECT '{name}',
           count(*) || ' rows, sum ' || coalesce(sum(('x' || substr(md5(t::text), 1, 15))::bit(60)::bigint), 0)
    FROM {name} AS t
"""
SEQUENCES = "SELECT schemaname || '.' || sequencename, last_value FROM pg_sequences"
KINE = (
    "SELECT DISTINCT ON (name) name, id || ' ' || deleted || ' ' || md5(value) FROM public.kine ORDER BY name, id DESC"
)
"""The newest revision of every object: what the API server would answer."""


def out(*argv: str) -> str:
    """Return what a command printed. Raises `OSError` or `SubprocessError`: what was not looked at is not empty."""
    return subprocess.run(argv, capture_output=True, text=True, timeout=20, check=True).stdout


def postgresql() -> dict[str, Items]:
    """Every cluster: the host's own, and those in containers."""
    found: dict[str, Items] = {}
    for label, psql in clusters().items():
        try:
            bases = psql("postgres", "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate")
        except (OSError, subprocess.SubprocessError):
            continue  # it does not run; its unit or its container says so
        for base in bases:
            for kind, items in database(psql, base).items():
                found.setdefault(kind, {}).update({f"{label}{base} {name}": item for name, item in items.items()})
        found.setdefault("cluster", {}).update(pairs(psql("postgres", CLUSTER), label))
    return found


def clusters() -> dict[str, Psql]:
    """Return how to ask each cluster: the host's own as its owner, one in a container as its superuser."""
    options = ("psql", "-XAtq", "-F", "\t", "-v", "ON_ERROR_STOP=1")

    def asking(*way: str) -> Psql:
        return lambda base, sql: out(*way, "-d", base, "-c", sql).splitlines()

    found = {"": asking("runuser", "-u", "postgres", "--", *options)}
    try:
        names = out("docker", "ps", "--format", "{{.Names}}").split()
    except (OSError, subprocess.SubprocessError):
        return found  # no Docker here, or none that answers; the other script says so
    for name in names:
        environment = out("docker", "inspect", "--format", '{{join .Config.Env "\\n"}}', name)
        if user := re.search(r"^POSTGRES_USER=(.+)$", environment, re.MULTILINE):
            found[f"{name} "] = asking("docker", "exec", name, *options, "-U", user[1])
    return found


def database(psql: Psql, base: str) -> dict[str, Items]:
    """Tables with what was written to them, rows and a checksum over all; relations, catalogues, sequences."""
    written = pairs(psql(base, TABLES))
    kine = "public.kine" in written
    if kine:
        # A heartbeat is a row: what is compared is the newest revision of each object, below.
        written.pop("public.kine")
    names = [*written, *(f"pg_catalog.{name}" for name in CATALOGUES)]
    counted = psql(base, " UNION ALL ".join(CHECKSUM.format(name=name) for name in names))
    tables = pairs(counted)
    for name, item in written.items():
        tables.setdefault(name, {})["written"] = item["value"]
    sequences = pairs([line for line in psql(base, SEQUENCES) if not (kine and line.startswith("public.kine_"))])
    found = {"table": tables, "relation": pairs(psql(base, RELATIONS)), "sequence": sequences}
    return {**found, "kubernetes": pairs(psql(base, KINE))} if kine else found


def pairs(rows: list[str], label: str = "") -> Items:
    return {f"{label}{name}": {"value": value} for name, _, value in (row.partition("\t") for row in rows)}


def redis(port: int) -> dict[str, Items]:
    """Every key of every database with what it holds and when it expires, and the settings of the server."""
    ask = ("redis-cli", "-p", str(port))
    try:
        settings = out(*ask, "CONFIG", "GET", "*").splitlines()
    except (OSError, subprocess.SubprocessError):
        return {}  # none here
    keys: Items = {}
    for line in out(*ask, "INFO", "keyspace").splitlines():
        if number := re.match(r"db(\d+):", line):
            names = out(*ask, "-n", number[1], "--scan").splitlines()
            for name in names:
                held = [out(*ask, "--no-raw", "-n", number[1], word, name) for word in ("DUMP", "PEXPIRETIME")]
                keys[f"{port} {number[1]} {name}"] = {"value": digest(held[0]), "expires": held[1].strip()}
    return {
        "redis key": keys,
        "redis setting": {
            f"{port} {name}": {"value": value} for name, value in zip(settings[::2], settings[1::2], strict=False)
        },
    }


def digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:32]


def monitoring() -> dict[str, Items]:
    """Rules and configuration of Prometheus, silences and configuration of Alertmanager."""
    rules = fetch("http://127.0.0.1:9090/api/v1/rules", {"data": {"groups": []}})["data"]["groups"]
    silences = fetch("http://127.0.0.1:9093/api/v2/silences", [])
    return {
        "rule": {
            f"{group['name']} {rule['name']}": {"query": rule["query"], "health": rule["health"]}
            for group in rules
            for rule in group["rules"]
        },
        "silence": {one["id"]: {"state": one["status"]["state"], "updated": one["updatedAt"]} for one in silences},
        "configuration": {
            "prometheus": {"is": digest(str(fetch("http://127.0.0.1:9090/api/v1/status/config", "")))},
            "alertmanager": {"is": digest(str(fetch("http://127.0.0.1:9093/api/v2/status", {"config": ""})["config"]))},
        },
    }


def fetch(url: str, otherwise: Any) -> Any:
    try:
        with urllib.request.urlopen(url, timeout=5) as reply:  # noqa: S310 - a URL of ours
            return json.load(reply)
    except OSError:
        return otherwise


def main() -> None:
    excluded: dict[str, dict[str, str]] = json.loads(sys.argv[1])
    with ThreadPoolExecutor() as pool:
        parts = [pool.submit(postgresql), pool.submit(redis, 6380), pool.submit(redis, 6379), pool.submit(monitoring)]
        found: dict[str, Items] = {}
        for part in parts:
            for kind, items in part.result().items():
                found.setdefault(kind, {}).update(items)
    heartbeats = [re.escape(pattern).replace(r"\*", ".*") for pattern in excluded["KUBERNETES"]]
    beats = re.compile("|".join(f".* {pattern}" for pattern in heartbeats))
    if "kubernetes" in found:
        found["kubernetes"] = {name: item for name, item in found["kubernetes"].items() if not beats.fullmatch(name)}
    json.dump(found, sys.stdout, ensure_ascii=True)


if __name__ == "__main__":
    main()
