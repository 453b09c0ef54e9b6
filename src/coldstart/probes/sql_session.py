"""How PostgreSQL is asked: psql(1) on a host or in a container, one SELECT, one JSON object as its answer."""

import re
from typing import Annotated, ClassVar, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, WithJsonSchema

from coldstart import errors, shapes, sql
from coldstart.outcome import Outcome
from coldstart.probes import docker_cli, psql_errors, strict_json
from coldstart.probes.base import Probe, Replies, Target
from coldstart.probes.params import ContainerName, Port
from coldstart.reads import Command
from coldstart.reason import Reason
from coldstart.replies import NoReply
from coldstart.text import one_line

_LONGEST = 63
"""Bytes of an identifier: PostgreSQL cuts what is longer, and would look up another name (NAMEDATALEN - 1)."""


def _identifier(value: str) -> str:
    if not re.fullmatch(sql.IDENTIFIER, value):
        raise ValueError(f"{value!r} is no name: letters of any script, digits, _, $ and -, as created, without quotes")
    if len(value.encode()) > _LONGEST:
        raise ValueError(f"{value!r} is longer than {_LONGEST} bytes: PostgreSQL has no such name")
    return value


def _table(value: str) -> str:
    schema, _, table = value.partition(".")
    if not table:
        raise ValueError(f"{value!r} names no schema: write public.{value}")
    return f"{_identifier(schema)}.{_identifier(table)}"


def _conninfo_word(value: str) -> str:
    if not re.fullmatch(sql.WORD, value):
        raise ValueError(f"{value!r} is no name of a role or database: letters, digits, _, - and dots")
    return value


def _server(value: str) -> str:
    if not re.fullmatch(rf"{shapes.HOSTNAME}|{sql.SOCKET_DIRECTORY}", value):
        raise ValueError(f"{value!r} is neither a host name or address nor the directory of a socket")
    return value


_NAME_SCHEMA = WithJsonSchema({"type": ["string", "integer"]})

Identifier = Annotated[str, AfterValidator(_identifier), WithJsonSchema({"type": "string", "examples": ["日期"]})]
"""A column: its exact name, upper and lower case as it was created."""
TableName = Annotated[str, AfterValidator(_table), WithJsonSchema({"type": "string", "examples": ["public.kine"]})]
"""A table with its schema, both as they were created: ``public.kine``."""
ConninfoWord = Annotated[str, AfterValidator(_conninfo_word), _NAME_SCHEMA]
Server = Annotated[str, AfterValidator(_server), _NAME_SCHEMA]


class Answer(BaseModel):
    """A JSON object with exactly these keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Session(Answer):
    """Who asked whom, and under which guards: every answer proves it."""

    user: str
    superuser: bool
    database: str
    version: int
    in_recovery: bool
    read_only: str
    row_security: str
    search_path: str


class Answered(Answer):
    """What every statement answers."""

    session: Session


A = TypeVar("A", bound=Answered)


class PostgresProbe(Probe):
    """The parameters of a probe that asks PostgreSQL, and how it does."""

    granted: ClassVar[str] = "GRANT SELECT on it to this role (docs/privileges.md)"

    docker: ContainerName | None = Field(
        default=None, description="Run psql in this container (docker exec); without it psql of the host is used."
    )
    host: Server = Field(
        default="/var/run/postgresql",
        description="Directory of the server's socket, or its name or address, as seen from where psql runs.",
    )
    port: Port = Field(default=5432, description="Port of the server; it is part of the socket's name, too.")
    database: ConninfoWord = Field(description="The database, as `\\l` lists it.")
    user: ConninfoWord = Field(default="coldstart", description="The role; one with SELECT on the named tables only.")

    def _ask(self, target: Target, statement: str, session: sql.Template = sql.GUARDED) -> Command:
        """One SELECT. Its own limits end before the check's: a tenth is left for docker(1) and psql(1) themselves."""
        inside = ("docker", "exec", "--env", "LC_ALL=C", self.docker) if self.docker else ()
        conninfo = session.filled(
            host=self.host,
            port=str(self.port),
            database=self.database,
            user=self.user,
            # libpq takes 1 for 2, and 0 for "for ever".
            connect_timeout=str(min(max(2, int(target.timeout * 0.3)), 99)),
            statement_timeout=str(_milliseconds(target.timeout * 0.6)),
            lock_timeout=str(_milliseconds(target.timeout * 0.2)),
        )
        return target.command(*inside, *shapes.PSQL, f"--dbname={conninfo}", f"--command={statement}")

    def _answer(self, replies: Replies, read: Command, kind: type[A]) -> A:
        """The answer to one SELECT. Raises for every way in which there is none, or none that proves itself."""
        raw = replies.raw(read)
        if self.docker and (down := docker_cli.daemon_down(replies, read)):
            raise errors.ReadError(down.observed, evidence=down.evidence[0], reason=down.reason)
        if isinstance(raw, NoReply) and "executable file not found" in raw.evidence:  # docker exec exits 127 for it
            raise errors.ToolMissing(f"psql is not installed in the container {self.docker}", evidence=raw.evidence)
        reply = replies.command(read)
        if reply.exit_status != 0:
            psql_errors.refuse(reply, self.granted)
        if not reply.text.endswith("}\n") or reply.text.count("\n") != 1:
            shown = one_line(reply.text, 120) or "nothing"
            raise errors.Unparsable(f"psql printed {shown}, not the one line that was asked for", evidence=reply.text)
        value = strict_json.parse(reply.text, "the answer")
        try:
            answer = kind.model_validate(value)
        except ValidationError as error:
            problem = error.errors()[0]
            where = ".".join(map(str, problem["loc"]))
            raise errors.Unparsable(f"the answer has another form: {where}: {problem['msg']}") from error
        self._require_guards(answer.session, guarded="default_transaction_read_only=on" in " ".join(read.argv))
        return answer

    def _require_guards(self, session: Session, *, guarded: bool) -> None:
        if (session.user, session.database) != (self.user, self.database):
            raise errors.ProtocolBroken(f"asked {self._whom}, answered by {session.user}@{session.database}")
        lost = [
            name
            for name, kept in (
                ("default_transaction_read_only", session.read_only == "on" or not guarded),
                ("row_security", session.row_security == "off"),
                ("search_path", session.search_path in ("", '""')),
            )
            if not kept
        ]
        if lost:
            what = ", ".join(lost)
            raise errors.ProtocolBroken(f"{what} of the session was dropped (by a pooler?): name the server itself")

    @property
    def _whom(self) -> str:
        return f"{self.user}@{self.database}"

    @property
    def _where(self) -> str:
        return f"database {self.database}" + (f" in {self.docker}" if self.docker else "")


def failed(error: errors.ReadError, expected: str) -> Outcome:
    """The outcome of a question without an answer: observed and bad, or not observed."""
    evidence = (error.evidence,) if error.evidence else ()
    if error.reason.observed:
        return Outcome.unmet(error.reason, error.detail, expected=expected, evidence=evidence)
    return Outcome.unobserved(error.reason, error.detail, expected=expected, evidence=evidence)


SUPERUSER = "is a superuser: that nothing is written rests on the statement alone (docs/privileges.md)"
"""Said as a caution: a read-only session does not bind a superuser."""

RECOVERY = "the server is in recovery: a standby, or not yet done with its start; what it shows may be old"


def in_recovery(session: Session, expected: str) -> Outcome | None:
    """Bad, whatever else was seen."""
    return Outcome.unmet(Reason.IN_RECOVERY, RECOVERY, expected=expected) if session.in_recovery else None


def _milliseconds(seconds: float) -> int:
    return min(max(100, int(seconds * 1000)), 9_999_999)
