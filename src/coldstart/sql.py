"""The SELECTs that may be asked of PostgreSQL, and the session that each runs in: text, and the pattern of that text.

A statement is a fixed template with a few typed values in it (identifiers, dates, numbers), never a string of a
baseline. From the same template come the statement that a probe sends and the pattern that `shapes` allows, so that
they cannot drift apart. Each is one SELECT whose result is one JSON object, which is complete or does not parse. It
names every object with its schema, because the session's search_path is empty.
"""

import re
from dataclasses import dataclass, field

# What stands between double quotes as a name, and between single quotes in a look-up of that name in the catalogue: a
# letter or _ of any script, then letters, digits, _, $ and -. Neither quote, backslash, space nor control is in it.
IDENTIFIER = r"[^\W\d][\w$-]{0,62}"
DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
DAYS = r"[1-9][0-9]{0,3}"

WORD = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}"
"""A role or a database in a conninfo, where it needs no quoting."""
SOCKET_DIRECTORY = r"(?!.*/\.\.?(?:/|$))/[A-Za-z0-9_./-]{1,100}"
_PORT = r"[1-9][0-9]{0,4}"
_SECONDS = r"[1-9][0-9]{0,2}"
_MILLISECONDS = r"[1-9][0-9]{0,6}"


@dataclass(frozen=True)
class Template:
    """`text` with ``{name}`` where a value goes; `values`: the pattern of each. The same name is the same value."""

    text: str
    values: dict[str, str] = field(default_factory=dict)

    def filled(self, **values: str) -> str:
        """Return the text with its values. Raises ValueError for one that is not of its pattern."""
        for name, pattern in self.values.items():
            if not re.fullmatch(pattern, values[name]):
                raise ValueError(f"{name}: {values[name]!r} may not stand in a statement")
        return self.text.format(**values)

    @property
    def pattern(self) -> str:
        """A regular expression of every text that `filled` can return."""
        seen: set[str] = set()

        def group(match: re.Match[str]) -> str:
            name = match[1]
            again = name in seen
            seen.add(name)
            return f"(?P={name})" if again else f"(?P<{name}>{self.values[name]})"

        return re.sub(r"\\\{(\w+)\\\}", group, re.escape(self.text))


# Every value that a session starts with outranks what is set for the role, for the database and in the environment.
# row_security=off makes a count that a policy would change an error (PostgreSQL manual, 5.8).
# Without index scans a count comes from the table itself: after a dirty shutdown the index is what may be damaged.
_GUARDS = (
    "-c statement_timeout={statement_timeout} -c lock_timeout={lock_timeout} -c row_security=off -c search_path="
    " -c datestyle=ISO,YMD -c enable_indexscan=off -c enable_indexonlyscan=off -c enable_bitmapscan=off"
)


def _conninfo(guards: str, host: str) -> Template:
    return Template(
        "host={host} port={port} dbname={database} user={user} connect_timeout={connect_timeout}"
        f" application_name=coldstart client_encoding=UTF8 options='{guards}'",
        {
            "host": host,
            "port": _PORT,
            "database": WORD,
            "user": WORD,
            "connect_timeout": _SECONDS,
            "statement_timeout": _MILLISECONDS,
            "lock_timeout": _MILLISECONDS,
        },
    )


_HOST = rf"[A-Za-z0-9:][A-Za-z0-9.:_-]{{0,253}}|{SOCKET_DIRECTORY}"

GUARDED = _conninfo(f"-c default_transaction_read_only=on {_GUARDS}", _HOST)
"""The session of every statement that names something of a baseline. Timeouts: s to connect, then ms; none is 0."""

PLAIN = _conninfo(_GUARDS, _HOST)
"""The session of `STATE` alone, which asks what default_transaction_read_only is where nobody overrides it."""

_SESSION = (
    "pg_catalog.json_build_object("
    "'user', current_user, "
    "'superuser', (SELECT r.rolsuper FROM pg_catalog.pg_roles AS r WHERE r.rolname = current_user), "
    "'database', pg_catalog.current_database(), "
    "'version', pg_catalog.current_setting('server_version_num')::int, "
    "'in_recovery', pg_catalog.pg_is_in_recovery(), "
    "'read_only', pg_catalog.current_setting('transaction_read_only'), "
    "'row_security', pg_catalog.current_setting('row_security'), "
    "'search_path', pg_catalog.current_setting('search_path'))"
)

STATE = Template(
    f"SELECT pg_catalog.json_build_object('session', {_SESSION}, 'default_read_only', "  # noqa: S608 - `filled` checks values
    "(SELECT pg_catalog.json_build_object('setting', s.setting, 'source', s.source) "
    "FROM pg_catalog.pg_settings AS s WHERE s.name = 'default_transaction_read_only'))"
)
"""Who we are, whether the server is in recovery, and whether it starts transactions read-only, and who set that."""

_PLAIN_TABLE = "c.relkind IN ('r', 'p', 'm')"
"""A table, a partitioned table, a materialised view. Reading a view or a foreign table may run anybody's functions."""

_NAMED = (
    "FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace {joined} "
    "WHERE n.nspname = '{schema}' AND c.relname = '{table}'{also}"
)


def _table(rows: str) -> Template:
    named = _NAMED.format(
        joined="LEFT JOIN pg_catalog.pg_stat_all_tables AS s ON s.relid = c.oid",
        schema="{schema}",
        table="{table}",
        also="",
    )
    latest = "pg_catalog.date_part('epoch', pg_catalog.now() - greatest({}))::bigint"
    vacuum = latest.format("s.last_vacuum, s.last_autovacuum")
    counted = latest.format("s.last_vacuum, s.last_autovacuum, s.last_analyze, s.last_autoanalyze")
    return Template(
        f"SELECT pg_catalog.json_build_object('session', {_SESSION}, 'table', "
        "(SELECT pg_catalog.json_build_object('kind', c.relkind, 'estimate', c.reltuples::bigint, "
        "'bytes', pg_catalog.pg_total_relation_size(c.oid), 'live', s.n_live_tup, 'dead', s.n_dead_tup, "
        f"'vacuumed_ago', {vacuum}, 'counted_ago', {counted}, "
        f"'rows', CASE WHEN {_PLAIN_TABLE} THEN {rows} END) {named}))",
        {"schema": IDENTIFIER, "table": IDENTIFIER},
    )


TABLE_COUNTED = _table('(SELECT pg_catalog.count(*) FROM "{schema}"."{table}")')
"""What is known of one table, and how many rows it has."""

TABLE_TRIED = _table('(SELECT pg_catalog.count(*) FROM (SELECT 1 FROM "{schema}"."{table}" LIMIT 1) AS one)')
"""The same, without a count: `rows` is 1 when at least one row was read, 0 when there is none."""

# text, character varying, character, date, timestamp, timestamptz: their casts to date are PostgreSQL's own functions.
_DATED = "a.atttypid IN (25, 1043, 1042, 1082, 1114, 1184)"


def _of_column(number: int, wanted: str) -> str:
    """`wanted` of the days in one column, in a subquery that runs only where it is a plain column of a plain table."""
    schema, table, column = (f"{{{name}{number}}}" for name in ("schema", "table", "column"))
    named = _NAMED.format(
        joined="JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid",
        schema=schema,
        table=table,
        also=f" AND a.attname = '{column}'",
    )
    days = f'SELECT t."{column}"::date AS day FROM "{schema}"."{table}" AS t'  # noqa: S608 - `filled` checks values
    return f"(SELECT {wanted.format(days=days, plain=f'{_PLAIN_TABLE} AND {_DATED}')} {named})"


def _agreement(span: str, **values: str) -> Template:
    counted = (
        "pg_catalog.json_build_object('kind', c.relkind, 'type', a.atttypid::pg_catalog.regtype::text, 'counted', "
        "CASE WHEN {plain} THEN (SELECT pg_catalog.json_build_object('rows', pg_catalog.count(*), "
        "'min', pg_catalog.min(x.day), 'max', pg_catalog.max(x.day)) FROM ({days}) AS x "
        "WHERE x.day BETWEEN span.first_day AND span.last_day) END)"
    )
    return Template(
        f"SELECT pg_catalog.json_build_object('session', {_SESSION}, 'today', CURRENT_DATE, "  # noqa: S608 - `filled` checks values
        "'from', span.first_day, 'to', span.last_day, "
        f"'first', {_of_column(1, counted)}, 'second', {_of_column(2, counted)}) FROM ({span}) AS span",
        {f"{name}{number}": IDENTIFIER for number in (1, 2) for name in ("schema", "table", "column")} | values,
    )


AGREE_BETWEEN = _agreement(
    "SELECT DATE '{first_day}' AS first_day, DATE '{last_day}' AS last_day", first_day=DATE, last_day=DATE
)
"""Rows, first and last day of two columns between two dates, in one snapshot."""

AGREE_LAST = _agreement("SELECT CURRENT_DATE - {days} + 1 AS first_day, CURRENT_DATE AS last_day", days=DAYS)
"""The same over so many days up to the server's today."""

_NEWEST = _of_column(1, "CASE WHEN {plain} THEN (SELECT pg_catalog.max(x.day) FROM ({days}) AS x) END")
AGREE_LATEST = _agreement(
    f"SELECT newest.day - {{days}} + 1 AS first_day, newest.day AS last_day FROM (SELECT {_NEWEST} AS day) AS newest",  # noqa: S608 - `filled` checks values
    days=DAYS,
)
"""The same over so many days up to the newest one in the first column."""
