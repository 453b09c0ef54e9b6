"""Do two tables hold the same rows of the same days?"""

import datetime as dt
from typing import ClassVar, Self

from pydantic import Field, model_validator

from coldstart import errors, sql
from coldstart.outcome import Conclusion, Outcome
from coldstart.probes.base import Replies, Target
from coldstart.probes.sql_days import Date, DatedTable, DayRange, Days
from coldstart.probes.sql_session import RECOVERY, SUPERUSER, Answer, Answered, PostgresProbe, failed
from coldstart.reads import Command
from coldstart.reason import Reason
from coldstart.text import plural

_KINDS = {"v": "a view", "f": "a foreign table", "i": "an index", "S": "a sequence", "c": "a composite type"}
_READABLE = ("r", "p", "m")


class _Counted(Answer):
    rows: int = Field(ge=0)
    min: Date | None
    max: Date | None

    @property
    def words(self) -> str:
        return f"{plural(self.rows, 'row')}, {self.min} to {self.max}" if self.rows else "0 rows"


class _Column(Answer):
    kind: str
    type: str
    counted: _Counted | None


class _Agreement(Answered):
    today: Date
    first_day: Date | None = Field(alias="from")
    last_day: Date | None = Field(alias="to")
    first: _Column | None
    second: _Column | None


class SqlTablesAgreeProbe(PostgresProbe):
    """Two tables have the same number of rows, the same first and the same last day.

    An import can end well and leave the second table behind, when the index that it writes to is damaged (SOP 13.7):
    neither a page nor a health endpoint shows it. Asks PostgreSQL by one SELECT, so that both tables are counted in one
    snapshot: ``count(*)``, ``min`` and ``max`` of the day over the rows of `range`. Indexes are not used for it:
    what is counted is the table itself. Only tables, partitioned tables and materialised views are counted.

    `range` is ``{latest: 28d}`` (28 days up to the newest day of `first`: name the table that the import writes first),
    ``{last: 28d}`` (up to today, by the server's clock and time zone), or ``{from: 2026-05-01, to: 2026-05-28}``.

    | seen | means |
    |---|---|
    | rows, first and last day are equal, and there are at least `min_rows` | as required |
    | they are not equal | bad. Before any repair save what is in that range (SOP 13.7) |
    | fewer than `min_rows` in both: two empty tables are not in step | bad |
    | `newest_within`: the newest day is older; `latest`: it lies more than a day ahead | bad |
    | no such table, column or database; the server is starting, or in recovery | bad |
    | the server reports a damaged index or page (XX002, XX001, "posting list tuple … cannot be split") | bad |
    | equal, but the role is a superuser | a caution: see docs/privileges.md |
    | a lock outlasted lock_timeout; statement_timeout; no right; row security would hide rows | not observed |
    | a view, a foreign table, a column that is no date | not observed |

    Names are taken as they were created and quoted: ``日期`` is right without quotes. The role needs SELECT on both
    tables (docs/privileges.md has the GRANTs). This program sends no password: use a socket with ``trust`` or ``peer``,
    or a ``~/.pgpass`` of the SSH user.

    **What it does not prove:** that the rows are the same ones.

    Example:
    ```yaml
    probe: sql_tables_agree
    with:
      docker: momo-db
      database: momo
      first: {table: public.daily_sales_snapshot, column: snapshot_date}
      second: {table: public.realtime_sales_monthly, column: 日期}
      range: {latest: 28d}
    ```

    SOP sections 9 (momo import), 13.7 and 14; psql(1), PostgreSQL manual 5.8 and 20.11.

    """

    kind: ClassVar[str] = "sql_tables_agree"
    granted: ClassVar[str] = "GRANT SELECT on both tables, and USAGE on their schema, to this role (docs/privileges.md)"

    first: DatedTable = Field(description="The table that is written first.")
    second: DatedTable = Field(description="The table that must be in step with it.")
    range: DayRange = Field(description="Which days are compared.")
    min_rows: int = Field(default=1, ge=1, description="Fewest rows that each must have in that range.")
    newest_within: Days | None = Field(
        default=None, description="The newest day in that range is at most so many days before today."
    )

    @model_validator(mode="after")
    def _two(self) -> Self:
        if self.first == self.second:
            raise ValueError("first and second are the same column: it always agrees with itself")
        return self

    def _statement(self) -> str:
        names = self.first.values(1) | self.second.values(2)
        if self.range.latest:
            return sql.AGREE_LATEST.filled(**names, days=str(self.range.latest))
        if self.range.last:
            return sql.AGREE_LAST.filled(**names, days=str(self.range.last))
        return sql.AGREE_BETWEEN.filled(
            **names, first_day=self.range.first_day or "", last_day=self.range.last_day or ""
        )

    def reads(self, target: Target) -> tuple[Command, ...]:
        return (self._ask(target, self._statement()),)

    def judge(self, replies: Replies) -> Outcome:
        expected = (
            f"{self.first.shown} and {self.second.shown} have the same rows, first and last day in {self.range.words}"
            f", at least {plural(self.min_rows, 'row')}"
        )
        (read,) = self.reads(replies.target)
        try:
            found = self._answer(replies, read, _Agreement)
            first, second = _counted(self.first, found.first), _counted(self.second, found.second)
            self._require_range(found)
        except errors.ReadError as error:
            return failed(error, expected)
        conclusion, reason, words = self._compared(found, first, second)
        return Outcome(
            conclusion=conclusion,
            reason=reason,
            expected=expected,
            observed=f"{words}{self.first.shown}: {first.words}; {self.second.shown}: {second.words}",
            facts=_facts(first, second, found),
        )

    def _compared(self, found: _Agreement, first: _Counted, second: _Counted) -> tuple[Conclusion, Reason, str]:
        """What it comes to, and the words that stand before the counts."""
        bad: tuple[tuple[bool, Reason, str], ...] = (
            (found.session.in_recovery, Reason.IN_RECOVERY, f"{RECOVERY}; "),
            (first != second, Reason.WRONG_VALUE, "not in step: "),
            (first.rows < self.min_rows, Reason.TOO_FEW, ""),
            (bool(stale := self._stale(found, first)), Reason.OVER_LIMIT, f"{stale}; "),
        )
        for holds, reason, words in bad:
            if holds:
                return Conclusion.UNMET, reason, words
        if found.session.superuser:
            return Conclusion.CAUTION, Reason.SUPERUSER, f"{self.user} {SUPERUSER}; in step: "
        return Conclusion.MET, Reason.OK, "in step: "

    def _require_range(self, found: _Agreement) -> None:
        """Raise when the days that were compared are not those that were asked for, or are those of a wrong date."""
        if self.range.first_day and (self.range.first_day, self.range.last_day) != (found.first_day, found.last_day):
            raise errors.Unparsable(f"compared {found.first_day} to {found.last_day}, not what was asked for")
        if not (self.range.latest and found.last_day):
            return
        tomorrow = dt.date.fromisoformat(found.today) + dt.timedelta(days=1)
        if dt.date.fromisoformat(found.last_day) > tomorrow:
            raise errors.ReadError(
                f"the newest day of {self.first.shown} is {found.last_day}, and today is {found.today}",
                reason=Reason.WRONG_VALUE,
            )

    def _stale(self, found: _Agreement, counted: _Counted) -> str:
        if self.newest_within is None or counted.max is None:
            return ""
        age = (dt.date.fromisoformat(found.today) - dt.date.fromisoformat(counted.max)).days
        said = f"the newest day is {plural(age, 'day')} old, more than {plural(self.newest_within, 'day')}"
        return said if age > self.newest_within else ""


def _counted(wanted: DatedTable, found: _Column | None) -> _Counted:
    """The count of one column. Raises where the server did not count: it is no plain column of a plain table."""
    if found is None:
        raise errors.ReadError(f"{wanted.shown} is not in the catalogue, and yet it was read", reason=Reason.UNPARSABLE)
    if found.kind not in _READABLE:
        what = _KINDS.get(found.kind, f"of kind {found.kind!r}")
        raise errors.ForbiddenCommand(f"{wanted.shown} is {what}: it may run anybody's functions, and is not read")
    if found.counted is None:
        raise errors.ForbiddenCommand(f"{wanted.shown}.{wanted.column} is of type {found.type}, not a date")
    if bool(found.counted.rows) is not (found.counted.min is not None and found.counted.max is not None):
        raise errors.Unparsable(
            f"{wanted.shown}: {found.counted.rows} rows, {found.counted.min} to {found.counted.max}"
        )
    return found.counted


def _facts(first: _Counted, second: _Counted, found: _Agreement) -> dict[str, float | int | str | bool | None]:
    return {
        "first_rows": first.rows,
        "second_rows": second.rows,
        "missing_rows": first.rows - second.rows,
        "superuser": found.session.superuser,
        "server_version": found.session.version,
    }
