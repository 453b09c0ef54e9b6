"""Is a table of PostgreSQL there, readable, of a sane size and not bloated, in a database that takes writes?"""

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from coldstart import errors, sql
from coldstart.outcome import Conclusion, Outcome, Part
from coldstart.probes.base import Replies, Target
from coldstart.probes.params import Duration, Percent, Size
from coldstart.probes.sql_session import (
    RECOVERY,
    SUPERUSER,
    Answer,
    Answered,
    PostgresProbe,
    Session,
    TableName,
    failed,
)
from coldstart.probes.sql_table_state import TableState, dead, mebibytes, part, share, size, vacuum
from coldstart.reads import Command
from coldstart.reason import Reason
from coldstart.text import plural, span

_KINDS = {"v": "a view", "f": "a foreign table", "i": "an index", "S": "a sequence", "c": "a composite type"}
_SERVERS = ("default", "configuration file", "command line", "environment variable", "global", "database", "override")
"""Where a setting comes from that holds for everybody in a database (PostgreSQL manual, view pg_settings)."""


class _Default(Answer):
    setting: Literal["on", "off"]
    source: str


class _State(Answered):
    default_read_only: _Default | None


class _Described(Answered):
    table: TableState | None


class SqlTableProbe(PostgresProbe):
    """A table is there and readable, not bloated, in a database that takes writes.

    ``pg_isready`` says "accepting connections" for a database that does not exist and for a standby (faults 31, 32);
    this check logs in, and reads from the table. Two SELECTs: whether the server takes writes, and what PostgreSQL
    knows of the table. Each part is judged alone:

    | part | bad | not observed |
    |---|---|---|
    | database | starting, in recovery, read-only by default, absent | no login, no connection |
    | table | absent | no right to SELECT; a view or foreign table; row security; a lock |
    | rows | fewer than `min_rows`, more than `max_rows` | `rows: estimate`, and the table was never analysed |
    | dead rows | more than `max_dead` of all | no statistics since the last crash |
    | size | more than `max_size`, indexes and TOAST included | |
    | vacuum | none for longer than `vacuumed_within` | no statistics since the last crash |
    | role | a superuser is a caution: docs/privileges.md | |

    A crash discards the statistics: after a power cut PostgreSQL counts no dead rows until the table is vacuumed or
    analysed (SOP 4.3 does it with ``VACUUM ANALYZE``). Zero dead rows of a table without statistics pass nothing.

    Rows are counted only where `min_rows` is above 1 or `max_rows` is given; else one row is read, which costs nothing
    on a table of any size. ``rows: estimate`` takes the planner's number instead. Counting uses no index. Of a
    partitioned table name the partitions where size, dead rows or vacuum are to be judged.

    Do not set default_transaction_read_only for the role itself: it would hide what holds for the others, and this
    program sets it in each of its sessions.

    Example:
    ```yaml
    probe: sql_table
    with:
      database: k3s_datastore
      table: public.kine
      max_dead: 50%
      max_size: 4GiB
    hint: With approval, as postgres VACUUM ANALYZE kine (SOP 4.3)
    ```

    SOP sections 4.1 step 4, 4.3 and 6; psql(1), PostgreSQL manual 20.11, 28.2 and 54.24.

    """

    kind: ClassVar[str] = "sql_table"

    table: TableName = Field(description="Schema and table, `public.kine`, exactly as created.")
    min_rows: int = Field(default=1, ge=0, description="Fewest rows.")
    max_rows: int | None = Field(default=None, ge=1, description="Most rows.")
    rows: Literal["exact", "estimate"] = Field(
        default="exact", description="`exact` counts them all; `estimate` takes the planner's number (reltuples)."
    )
    max_dead: Percent | None = Field(default=None, description="Largest share of dead rows among all.")
    max_size: Size | None = Field(default=None, description="Largest size, with its indexes and TOAST.")
    vacuumed_within: Duration | None = Field(default=None, description="Longest time since a vacuum, manual or auto.")
    writable: bool = Field(default=True, description="The database must take writes; false: a standby is good enough.")

    @model_validator(mode="after")
    def _some_rows(self) -> Self:
        if self.max_rows is not None and self.max_rows < self.min_rows:
            raise ValueError("max_rows is below min_rows")
        return self

    @property
    def _counts(self) -> bool:
        return self.rows == "exact" and (self.min_rows > 1 or self.max_rows is not None)

    def _state(self, target: Target) -> Command:
        return self._ask(target, sql.STATE.filled(), sql.PLAIN)

    def _table(self, target: Target) -> Command:
        schema, _, table = self.table.partition(".")
        statement = sql.TABLE_COUNTED if self._counts else sql.TABLE_TRIED
        return self._ask(target, statement.filled(schema=schema, table=table))

    def reads(self, target: Target) -> tuple[Command, ...]:
        return (self._state(target), self._table(target))

    def judge(self, replies: Replies) -> Outcome:
        name, target = self.table.removeprefix("public."), replies.target
        expected = f"{self._where}{' takes writes' if self.writable else ' answers'}; {name} {self._wanted()}"
        try:
            state = self._answer(replies, self._state(target), _State)
            database = self._database(state)
        except errors.ReadError as error:
            return failed(error, expected)
        try:
            found = self._plain(self._answer(replies, self._table(target), _Described))
        except errors.ReadError as error:
            conclusion = Conclusion.UNMET if error.reason.observed else Conclusion.UNOBSERVED
            parts = [database, Part(name=name, conclusion=conclusion, reason=error.reason, observed=error.detail)]
            return Outcome.of_parts(parts, expected=expected, evidence=(error.evidence,) if error.evidence else ())
        parts = [database, self._rows(found, name), *self._limits(found), *_role(state.session)]
        return Outcome.of_parts(parts, expected=expected, facts=_facts(found, state.session, counted=self._counts))

    def _wanted(self) -> str:
        rules = [f"has at least {plural(self.min_rows, 'row')}"]
        if self.max_rows is not None:
            rules.append(f"at most {self.max_rows}")
        if self.max_dead is not None:
            rules.append(f"at most {self.max_dead:g}% of them dead")
        if self.max_size is not None:
            rules.append(f"at most {mebibytes(self.max_size)}")
        if self.vacuumed_within is not None:
            rules.append(f"vacuumed within {span(self.vacuumed_within)}")
        return ", ".join(rules)

    def _database(self, state: _State) -> Part:
        """Whether it takes writes. Raises where the role's own setting hides that."""
        said = f"{self._where} answers {self.user}"
        if not self.writable:
            return part("database", Conclusion.MET, Reason.OK, said)
        if state.session.in_recovery:
            return part("database", Conclusion.UNMET, Reason.IN_RECOVERY, RECOVERY)
        default = state.default_read_only
        if default is None or default.source not in _SERVERS:
            by = default.source if default else "nobody"
            seen = f"default_transaction_read_only comes from the {by}, which hides whether the server takes writes"
            return part("database", Conclusion.UNOBSERVED, Reason.NO_EVIDENCE, f"{seen}: reset it for {self.user}")
        if default.setting == "on" or state.session.read_only != "off":
            seen = f"read-only: default_transaction_read_only is {default.setting} ({default.source})"
            return part("database", Conclusion.UNMET, Reason.DATABASE_READ_ONLY, seen)
        return part("database", Conclusion.MET, Reason.OK, f"{said} and takes writes")

    def _plain(self, described: _Described) -> TableState:
        found = described.table
        if found is None:
            raise errors.Unparsable(f"{self.table} is not in the catalogue, and yet it was read")
        if found.rows is None:
            what = _KINDS.get(found.kind, f"of kind {found.kind!r}")
            raise errors.ForbiddenCommand(f"{self.table} is {what}: it may run anybody's functions, and is not read")
        return found

    def _rows(self, found: TableState, name: str) -> Part:
        rows = found.rows or 0
        if self.rows == "estimate":
            if found.estimate < 0:
                return part(name, Conclusion.UNOBSERVED, Reason.NO_EVIDENCE, "no estimate: it was never analysed")
            rows = max(found.estimate, rows)
        exact = "" if self._counts else "about " if self.rows == "estimate" else "at least " if rows else ""
        seen = f"{exact}{plural(rows, 'row')}"
        if rows < self.min_rows:
            return part(name, Conclusion.UNMET, Reason.TOO_FEW, seen)
        if self.max_rows is not None and rows > self.max_rows:
            return part(name, Conclusion.UNMET, Reason.OVER_LIMIT, seen)
        return part(name, Conclusion.MET, Reason.OK, f"readable, {seen}")

    def _limits(self, found: TableState) -> list[Part]:
        parts = []
        if self.max_dead is not None:
            parts.append(dead(found, self.max_dead))
        if self.max_size is not None:
            parts.append(size(found, self.max_size))
        if self.vacuumed_within is not None:
            parts.append(vacuum(found, self.vacuumed_within))
        return parts


def _role(session: Session) -> list[Part]:
    if not session.superuser:
        return []
    return [part("role", Conclusion.CAUTION, Reason.SUPERUSER, f"{session.user} {SUPERUSER}")]


def _facts(found: TableState, session: Session, *, counted: bool) -> dict[str, float | int | str | bool | None]:
    return {
        "rows": found.rows if counted else None,
        "estimated_rows": found.estimate,
        "dead_percent": round(share(found), 2) if found.counted_ago is not None else None,
        "bytes": found.bytes,
        "vacuumed_seconds_ago": found.vacuumed_ago,
        "superuser": session.superuser,
        "server_version": session.version,
    }
