"""The history as the commands use it."""

import json
import re
import sqlite3
import zlib
from pathlib import Path
from typing import Any, Self

from coldstart.clock import Clock
from coldstart.errors import UsageError
from coldstart.history import recoveries, write
from coldstart.history.database import PATIENCE, Database
from coldstart.history.keep import Limits, prune
from coldstart.outcome import Report, Result, Verdict
from coldstart.reason import Reason
from coldstart.runs import Recovery, Run, TimeToGreen, against_earlier
from coldstart.samples import Past, Sample

_REFERENCE = re.compile(r"(?P<id>[0-9]{1,15})|last(?:~(?P<back>[0-9]{1,9}))?", re.ASCII)
_COLUMNS = (
    "runs.id, runs.command, runs.series, runs.attempt, runs.baseline, runs.sha256, runs.version, runs.started, "
    "runs.ended, runs.result, runs.headline, runs.narrowed, "
    "EXISTS (SELECT 1 FROM reports WHERE reports.run = runs.id)"
)


class History:
    """Earlier runs. Never raises for a bad database or disk: what went wrong is in `problems`, and nothing is known.

    Nothing is made on the disk before the first `add`. One caller at a time, from any thread; several processes at
    once are safe.
    """

    def __init__(self, database: Database, clock: Clock, limits: Limits) -> None:
        self._database, self._clock, self._limits = database, clock, limits

    @classmethod
    def open(
        cls, directory: Path | None, clock: Clock, *, limits: Limits | None = None, patience: float = PATIENCE
    ) -> "History":
        """The history in `directory`; None: in the user's state directory (XDG: ``~/.local/state/coldstart``).

        `patience`: seconds to wait for another process that has it locked.
        """
        return cls(Database(directory, clock, patience), clock, limits or Limits())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def problems(self) -> tuple[str, ...]:
        """What went wrong so far: lines for the operator, each once."""
        return self._database.problems

    @property
    def failed(self) -> bool:
        """Something could not be read or kept. That a damaged file was moved aside is a problem, but not this."""
        return self._database.failed

    @property
    def path(self) -> Path | None:
        """The database's file, whether it is there or not; None: there is no place for one."""
        return self._database.path

    def close(self) -> None:
        """Close the file; the next use would open it again."""
        self._database.close()

    def add(self, report: Report, *, command: str, series: str = "", attempt: int | None = None) -> int | None:
        """Keep a run and remove what is over the limits; returns its id, None if it could not be kept.

        `series` is the same for all attempts of one watch. A replay is no run and must not be added.
        """
        what = "this run was not kept"
        try:
            body = write.packed(report)  # before the database is locked
        except ValueError as error:
            self._database.tell(what, error)
            return None

        def work(connection: sqlite3.Connection) -> int:
            run = write.add(connection, report, command=command, series=series, attempt=attempt, body=body)
            prune(connection, run, self._clock.wall(), self._limits)
            return run

        return self._database.write(what, work)

    def past(self, baseline: str, since: float) -> Past:
        """The samples of every check in the runs of that baseline that ended at or after `since`, oldest first.

        Only of runs that count (not narrowed, with a verdict), and only of checks that were asked in them.
        """

        def work(connection: sqlite3.Connection) -> dict[str, list[Sample]]:
            past: dict[str, list[Sample]] = {}
            for key, at, verdict, reason, measure, boot in connection.execute(
                "SELECT subjects.key, runs.ended, checks.verdict, checks.reason, checks.measure, boots.boot FROM runs "
                "JOIN checks ON checks.run = runs.id JOIN subjects ON subjects.id = checks.subject "
                "LEFT JOIN boots ON boots.id = checks.boot "
                "WHERE runs.baseline = ? AND runs.ended >= ? AND runs.counts = 1 "
                "AND checks.verdict IN ('PASS', 'WARN', 'BLOCKED') ORDER BY runs.ended, runs.id",
                (baseline, since),
            ):
                good = verdict == Verdict.PASS.value or reason == Reason.NOT_LONG_ENOUGH.value
                past.setdefault(key, []).append(Sample(at, good, boot, measure))
            return past

        nothing: dict[str, list[Sample]] = {}
        return self._database.read("earlier runs are not known", work, nothing)

    def last_green(self, baseline: str) -> float | None:
        """The end of the last GREEN run of that baseline, s since the epoch; None: none is known."""

        def work(connection: sqlite3.Connection) -> float | None:
            row = connection.execute(
                "SELECT max(ended) FROM runs WHERE baseline = ? AND result = 'GREEN'", (baseline,)
            ).fetchone()
            return None if row[0] is None else float(row[0])

        return self._database.read("the last GREEN is not known", work, None)

    def released(self, baseline: str) -> dict[str, dict[str, str]]:
        """What runs of that baseline let go: each release with the boot id of every host then, by host."""

        def work(connection: sqlite3.Connection) -> dict[str, dict[str, str]]:
            found = connection.execute("SELECT name, boots FROM released WHERE baseline = ?", (baseline,))
            return {name: json.loads(boots) for name, boots in found}

        nothing: dict[str, dict[str, str]] = {}
        return self._database.read("what was released is not known", work, nothing)

    def runs(self, limit: int = 20, *, baseline: str | None = None, gate: str | None = None) -> tuple[Run, ...]:
        """The newest runs, newest first; of one baseline; only those that have `gate`, each with its verdict."""

        def work(connection: sqlite3.Connection) -> tuple[Run, ...]:
            found = connection.execute(
                f"SELECT {_COLUMNS}, gates.verdict FROM runs "  # noqa: S608 - only names of columns
                "LEFT JOIN gates ON gates.run = runs.id AND gates.gate = ?1 "
                "WHERE (?1 IS NULL OR gates.gate IS NOT NULL) AND (?2 IS NULL OR runs.baseline = ?2) "
                "ORDER BY runs.id DESC LIMIT ?3",
                (gate, baseline, limit),
            )
            return tuple(_run(row) for row in found)

        return self._database.read("it cannot be read", work, ())

    def gates(self, baseline: str | None = None) -> tuple[str, ...]:
        """The names of the gates of the runs that are kept, in alphabetical order."""

        def work(connection: sqlite3.Connection) -> tuple[str, ...]:
            found = connection.execute(
                "SELECT DISTINCT gate FROM gates JOIN runs ON runs.id = gates.run "
                "WHERE (?1 IS NULL OR runs.baseline = ?1) ORDER BY gate",
                (baseline,),
            )
            return tuple(gate for (gate,) in found)

        return self._database.read("it cannot be read", work, ())

    def recoveries(self, baseline: str) -> tuple[Recovery, ...]:
        """The recoveries of a baseline, newest first, each with its gates' times to green."""
        return self._database.read("it cannot be read", lambda connection: recoveries.all_of(connection, baseline), ())

    def times_to_green(self, baseline: str) -> tuple[TimeToGreen, ...]:
        """Each gate in the newest recovery of a baseline, in its order, against the earlier ones."""
        return against_earlier(self.recoveries(baseline))

    def find(self, run: str) -> Run:
        """The run that ``17``, ``last`` or ``last~2`` (two before the last) names. Raises `UsageError`."""
        match = _REFERENCE.fullmatch(run)
        if not match:
            raise UsageError(f"{run}: a run is named by its number, or as last, last~1, … (see coldstart history)")

        def work(connection: sqlite3.Connection) -> tuple[Run | None, tuple[int, int, int]]:
            where, value = ("WHERE runs.id = ?", match["id"]) if match["id"] else ("", match["back"] or "0")
            row = connection.execute(
                f"SELECT {_COLUMNS}, NULL FROM runs {where} ORDER BY runs.id DESC LIMIT 1"  # noqa: S608 - as above
                f"{'' if match['id'] else ' OFFSET ?'}",
                (int(value),),
            ).fetchone()
            kept = connection.execute("SELECT count(*), min(id), max(id) FROM runs").fetchone()
            return (_run(row) if row else None), kept

        nothing: tuple[Run | None, tuple[int, int, int]] = (None, (0, 0, 0))
        found, (count, first, last) = self._database.read("it cannot be read", work, nothing)
        if found:
            return found
        if not count:
            raise UsageError(
                *self.problems, f"{run}: no run is kept in {self.path}; coldstart check keeps each of its own"
            )
        raise UsageError(f"{run}: no such run: {count} are kept, from {first} to {last} (see coldstart history)")

    def report(self, run: str) -> Report:
        """The whole report of the run that ``17``, ``last`` or ``last~2`` names. Raises `UsageError`, what to do."""
        found = self.find(run)

        def work(connection: sqlite3.Connection) -> bytes | None:
            row = connection.execute("SELECT body FROM reports WHERE run = ?", (found.id,)).fetchone()
            return row[0] if row else None

        body = self._database.read(f"run {found.id} cannot be read", work, None)
        if body is None:
            raise UsageError(
                *self.problems,
                f"run {found.id}: only its verdicts are kept; whole reports are kept of the newest "
                f"{self._limits.reports} runs of each command (-o json=FILE keeps one for good)",
            )
        try:
            return write.unpacked(body)
        except zlib.error as error:
            raise UsageError(f"run {found.id}: its report is damaged: {error}") from None
        except ValueError:
            raise UsageError(
                f"run {found.id}: its report is of coldstart {found.version}, and this one cannot read it"
            ) from None


def _run(row: tuple[Any, ...]) -> Run:
    number, command, series, attempt, baseline, sha256, version, started, ended = row[:9]
    result, headline, narrowed, whole, verdict = row[9:]
    return Run(
        id=number,
        command=command,
        series=series,
        attempt=attempt,
        baseline=baseline,
        sha256=sha256,
        version=version,
        started=started,
        ended=ended,
        result=Result(result),
        headline=headline,
        narrowed=tuple(json.loads(narrowed)),
        whole=bool(whole),
        verdict=Verdict(verdict) if verdict else None,
    )
