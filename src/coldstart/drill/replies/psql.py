"""psql(1) with the plan's statements: of PostgreSQL 14 on 188, and of momo-db, another one in a container."""

import json
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from coldstart.drill.state import Phase
from coldstart.drill.view import Said, View

_SOCKETS, _PORT = "/var/run/postgresql", "5432"
_ROLE = "coldstart"
_NOTHING = "No such file or directory\n\tIs the server running locally and accepting connections on that socket?"
_REFUSED = "Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?"
_STARTING = "FATAL:  the database system is starting up"
_FAULTS = {"frozen": "timeout expired", "failing": "FATAL:  sorry, too many clients already"}
_NO_STATEMENT = "ERROR:  0A000: the drill has no answer to this statement\n"
_NO_TABLE = 'ERROR:  42P01: relation "public.{}" does not exist\nLOCATION:  parserOpenTable, parse_relation.c:1371\n'

_TABLE = re.compile(r"c\.relname = '([^']*)'")
_NEWEST = re.compile(r"newest\.day - (\d{1,4}) \+ 1 AS first_day")

_DAYS, _A_DAY = 35, 20
"""What is in momo's tables: so many days, so many rows of each."""
_IMPORT = timedelta(hours=6.5)
"""When of a day momo imports the rows of that day (SOP 9)."""
_VACUUM_EVERY = 300.0
"""Seconds between two runs of autovacuum on a table that is written to all the time."""


@dataclass(frozen=True)
class Server:
    """`part`: what it is of the stack; `tables`: of each of its databases."""

    part: str
    version: int
    tables: Mapping[str, tuple[str, ...]]


POSTGRESQL = Server("188/postgresql", 140018, {"k3s_datastore": ("kine",), "awoooi": ("alerts",)})
MOMO_DB = Server("188/momo-db", 150018, {"momo": ("daily_sales_snapshot", "realtime_sales_monthly")})

Row = dict[str, object]


@dataclass(frozen=True)
class _Asked:
    """One statement of one session."""

    database: str
    read_only: bool
    command: str

    @property
    def tables(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(_TABLE.findall(self.command)))


def psql(view: View, argv: Sequence[str]) -> Said:
    """Ask the PostgreSQL of this host: only 188 has one."""
    return ask(view, POSTGRESQL if view.host == "188" else None, argv)


def ask(view: View, server: Server | None, argv: Sequence[str]) -> Said:
    """Ask a server whose host and container run; None: there is none."""
    options = dict(word[2:].partition("=")[::2] for word in argv[1:] if word.startswith("--"))
    to = dict(word.partition("=")[::2] for word in shlex.split(options.get("dbname", "")))
    place, port = to.get("host", _SOCKETS), to.get("port", _PORT)
    local = place.startswith("/")
    where = f'on socket "{place}/.s.PGSQL.{port}"' if local else f'at "{place}", port {port}'
    asked = _Asked(
        to.get("dbname", ""),
        "default_transaction_read_only=on" in options.get("dbname", ""),
        options.get("command", ""),
    )
    said = _refusal(view, server if port == _PORT else None, asked.database, to.get("user", ""))
    if said is None and not local:
        said = "fe_sendauth: no password supplied"
    if said is not None:
        said = _REFUSED if said == _NOTHING and not local else said
        return Said(stderr=f"psql: error: connection to server {where} failed: {said}\n", status=2)
    assert server is not None  # noqa: S101 - else it refused
    return _answer(view, server, asked)


def _refusal(view: View, server: Server | None, database: str, role: str) -> str | None:
    """Why nobody can log in, in the server's words or libpq's; None: one can."""
    if server is None:
        return _NOTHING
    part = view.part(server.part)
    if part.phase is not Phase.UP:
        return _STARTING if part.phase in {Phase.WAITING, Phase.STARTING} else _NOTHING
    if part.fault in _FAULTS:
        return _FAULTS[part.fault]
    if role != _ROLE:
        return f'FATAL:  role "{role}" does not exist'
    return None if database in server.tables else f'FATAL:  database "{database}" does not exist'


def _answer(view: View, server: Server, asked: _Asked) -> Said:
    answer = next((make for mark, make in _STATEMENTS.items() if mark in asked.command), None)
    row = None if answer is None else answer(view, asked)
    if row is None:
        return Said(stderr=_NO_STATEMENT, status=1)
    if missing := [name for name in asked.tables if name not in server.tables[asked.database]]:
        return Said(stderr=_NO_TABLE.format(missing[0]), status=1)
    session: Row = {
        "user": _ROLE,
        "superuser": False,
        "database": asked.database,
        "version": server.version,
        "in_recovery": False,
        "read_only": "on" if asked.read_only else "off",
        "row_security": "off",
        "search_path": "",
    }
    return Said(json.dumps({"session": session, **row}, ensure_ascii=False, separators=(", ", " : ")) + "\n")


def _state(_view: View, _asked: _Asked) -> Row:
    return {"default_read_only": {"setting": "off", "source": "default"}}


def _table(view: View, asked: _Asked) -> Row:
    """Its sizes are those that the lab recorded; K3s's datastore is vacuumed at each start of PostgreSQL (SOP 4.1)."""
    ago = int((view.now - view.part(POSTGRESQL.part).since) % _VACUUM_EVERY)
    live = 465
    sizes = {"kind": "r", "estimate": live, "bytes": 557056, "live": live, "dead": 35}
    rows = 1 if "LIMIT 1" in asked.command else live
    return {"table": {**sizes, "vacuumed_ago": ago, "counted_ago": ago, "rows": rows}}


def _agreement(view: View, asked: _Asked) -> Row | None:
    """The newest day is that of the last import before the scenario began."""
    wanted = _NEWEST.search(asked.command)
    if wanted is None:
        return None
    newest, days = (view.time(0.0) - _IMPORT).date(), int(wanted[1])
    first = newest - timedelta(days=days - 1)

    def counted(missing: int) -> Row:
        held = min(days, _DAYS)
        rows = max(0, held * _A_DAY - missing)
        oldest, last = newest - timedelta(days=held - 1), newest - timedelta(days=missing // _A_DAY)
        found = {"rows": rows, "min": f"{oldest}" if rows else None, "max": f"{last}" if rows else None}
        return {"kind": "r", "type": "date", "counted": found}

    span = {"today": f"{view.time():%Y-%m-%d}", "from": f"{first}", "to": f"{newest}"}
    return {**span, "first": counted(0), "second": counted(view.stack.facts.momo_rows_missing)}


_STATEMENTS: Mapping[str, Callable[[View, _Asked], Row | None]] = {
    "'default_read_only', (SELECT": _state,
    "'table', (SELECT": _table,
    "'first', (SELECT": _agreement,
}
"""By what only this statement has in it (coldstart.sql)."""
