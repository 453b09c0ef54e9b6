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
Psql = Callable[[str, str], str]
"""Of a database and a script for psql(1): what it printed."""

CATALOGUES = (
    "pg_proc", "pg_namespace", "pg_attribute", "pg_constraint", "pg_trigger", "pg_policy", "pg_extension", "pg_type",
    "pg_authid", "pg_auth_members", "pg_db_role_setting", "pg_default_acl", "pg_sequence", "pg_largeobject_metadata",
)  # fmt: skip
"""What a database is made of, but for pg_class and pg_database, in which vacuum keeps its own notes."""

DATABASE = r"""
\echo = relation
SELECT n.nspname || '.' || c.relname,
       md5(concat_ws(' ', c.oid, c.relfilenode, c.relkind, c.relowner, c.relacl, c.reloptions))
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relpersistence <> 't' AND n.nspname !~ '^pg_';
\echo = sequence
SELECT schemaname || '.' || sequencename, last_value FROM pg_sequences
WHERE sequencename !~ '^(kine|alerts)_';
\echo = written
SELECT schemaname || '.' || relname, n_tup_ins + n_tup_upd + n_tup_del
FROM pg_stat_user_tables
WHERE schemaname || '.' || relname NOT IN ('public.kine', 'public.alerts');
\echo = table
SELECT format($$
         SELECT %L, count(*) || ' rows, sum ' || coalesce(sum(('x' || substr(md5(t::text), 1, 15))::bit(60)::bigint), 0)
         FROM %I.%I AS t
       $$, n.nspname || '.' || c.relname, n.nspname, c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't'
  AND n.nspname || '.' || c.relname NOT IN ('public.kine', 'public.alerts')
  AND (n.nspname !~ '^(pg_|information_schema$)' OR n.nspname = 'pg_catalog' AND c.relname IN (CATALOGUES))
\gexec
\echo = alert
SELECT $$
         SELECT id, CASE WHEN (SELECT bool_and(alert ->> 'generatorURL' LIKE 'http://host110:9090/graph?%')
                               FROM jsonb_array_elements(body -> 'alerts') AS alert)
                         THEN 'of a rule: ' ELSE '' END || md5(row::text)
         FROM public.alerts AS row
       $$
WHERE to_regclass('public.alerts') IS NOT NULL
\gexec
\echo = kubernetes
SELECT $$
         SELECT DISTINCT ON (name) name, id || ' ' || deleted || ' ' || md5(value)
         FROM public.kine ORDER BY name, id DESC
       $$
WHERE to_regclass('public.kine') IS NOT NULL
\gexec
"""
"""Rows of every table as a checksum over all; of `kine`, in which each heartbeat is a row, what the API server would
answer: the newest revision of each object; of `alerts`, which Alertmanager writes to by itself, each row, and whether
one of Prometheus' own rules sent it. `written` counts what was taken back, too."""

CLUSTER = """
SELECT 'database ' || datname,
       md5(concat_ws(' ', oid, datdba, encoding, datcollate, datallowconn, datconnlimit, datacl))
FROM pg_database
UNION ALL SELECT 'setting ' || name, setting || ' (' || source || ')'
FROM pg_settings WHERE source NOT IN ('client', 'session')
UNION ALL SELECT 'replication slot ' || slot_name, plugin FROM pg_replication_slots;
"""


def out(*argv: str, stdin: str = "") -> str:
    """Return what a command printed. Raises `OSError` or `SubprocessError`: what was not looked at is not empty."""
    return subprocess.run(argv, input=stdin, capture_output=True, text=True, timeout=50, check=True).stdout


def postgresql() -> dict[str, Items]:
    """Every cluster: the host's own, and those in containers."""
    found: dict[str, Items] = {}
    with ThreadPoolExecutor() as pool:
        for part in pool.map(lambda way: cluster(*way), clusters().items()):
            for kind, items in part.items():
                found.setdefault(kind, {}).update(items)
    return found


def clusters() -> dict[str, Psql]:
    """Return how to ask each cluster: the host's own as its owner, one in a container as its superuser."""
    options = ("psql", "-XAtq", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-f", "-")

    def asking(*way: str) -> Psql:
        return lambda base, script: out(*way, "-d", base, stdin=script)

    found = {"": asking("runuser", "-u", "postgres", "--", *options)}
    try:
        names = out("docker", "ps", "--format", "{{.Names}}").split()
        shown = json.loads(out("docker", "inspect", *names)) if names else []
    except (OSError, subprocess.SubprocessError):
        return found  # no Docker here, or none that answers; the other script says so
    for one in shown:
        users = [line.partition("=")[2] for line in one["Config"]["Env"] if line.startswith("POSTGRES_USER=")]
        name = one["Name"].lstrip("/")
        if users or one["Path"] == "postgres":
            user = users[0] if users else "postgres"
            found[f"{name} "] = asking("docker", "exec", "-i", name, *options, "-U", user)
    return found


def cluster(label: str, psql: Psql) -> dict[str, Items]:
    """Return what a cluster holds, by kind; or that it does not answer."""
    try:
        bases = psql("postgres", "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate;").split()
    except (OSError, subprocess.SubprocessError):
        return {"cluster": {f"{label}server": {"answers": False}}}
    found = {"cluster": pairs(psql("postgres", CLUSTER).splitlines(), label)}
    names = ", ".join(f"'{name}'" for name in CATALOGUES)
    for base in bases:
        kind = ""
        for line in psql(base, DATABASE.replace("CATALOGUES", names)).splitlines():
            if line.startswith("= "):
                kind = line[2:]
            else:
                found.setdefault(kind, {}).update(pairs([line], f"{label}{base} "))
    return found


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
