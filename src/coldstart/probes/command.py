"""Does an allowed command print what it should?"""

from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, Field, model_validator

from coldstart import errors, shapes
from coldstart.outcome import Conclusion, Outcome
from coldstart.probes import strict_json
from coldstart.probes.base import Probe, Replies, Target
from coldstart.probes.json_value import JsonValue
from coldstart.probes.pattern import Pattern, found_in
from coldstart.reads import Command
from coldstart.reason import Reason
from coldstart.text import one_line, plural

_NOT_THE_COMMANDS = range(124, 128)
"""Exit statuses of timeout(1) and env(1), which every command is wrapped in: they say nothing about the command."""


def _allowed(argv: tuple[str, ...]) -> tuple[str, ...]:
    """An argv of an allowed shape. Whether sudo may stand before it, the check's `sudo` decides, when it is loaded."""
    if not (shapes.allowed(argv) or shapes.allowed(argv, sudo=True)):
        shown = one_line(" ".join(argv), 120)
        raise ValueError(f"{shown!r} matches no allowed read-only command shape: see docs/privileges.md")
    return argv


def _own_status(code: int) -> int:
    if code in _NOT_THE_COMMANDS:
        raise ValueError(f"{code} is an exit status of timeout(1) or env(1), not of the command")
    return code


ExitCode = Annotated[int, Field(ge=0, le=255), AfterValidator(_own_status)]


class CommandProbe(Probe):
    """A command of an allowed shape prints what is expected.

    For what no other probe asks. `argv` is a list of words, not a shell line; there is no pipe, no variable, no
    redirection. It must match one of the shapes that this program may ever send (docs/privileges.md), else the baseline
    is invalid: a ``command`` check can ask nothing that another probe could not.

    At least one matcher must be given. They are judged on standard output, all of them; each that fails is named.

    | seen | means |
    |---|---|
    | an exit status of `exit_codes`, and every matcher holds | as required |
    | such an exit status, and a matcher does not hold | bad |
    | another exit status, a signal, a missing program, no right, no answer in time | not observed |
    | no output at all, unless ``stdout_equals: ""`` or ``lines_at_most: 0`` asks for that | not observed |
    | not UTF-8, or not whole JSON where `json` judges it | not observed |

    Declare every exit status with which the command answers: ``systemctl is-active`` exits 3 for a unit that is not
    active, so with ``exit_codes: [0, 3]`` it is bad, and with ``[0]`` alone not observed.

    Example:
    ```yaml
    probe: command
    with:
      argv: [systemctl, is-active, cron]
      exit_codes: [0, 3]
      stdout_equals: active
    ```

    SOP sections 3, 4.2, 5.2 and 9 (what an operator types first: uptime, free, systemctl is-active).

    """

    kind: ClassVar[str] = "command"

    argv: Annotated[tuple[str, ...], AfterValidator(_allowed)] = Field(
        min_length=1, max_length=64, description="The program and its arguments, each a word of its own."
    )
    exit_codes: tuple[ExitCode, ...] = Field(
        default=(0,), min_length=1, max_length=8, description="Exit statuses with which the command answers."
    )
    stdout_matches: tuple[Pattern, ...] = Field(
        default=(), max_length=16, description="Python re patterns, each of which is found in the output."
    )
    stdout_not_matches: tuple[Pattern, ...] = Field(
        default=(), max_length=16, description="Patterns, none of which is found in the output."
    )
    stdout_equals: str | None = Field(
        default=None, max_length=4000, description="The whole output, but for the newlines at its end."
    )
    lines_at_least: int | None = Field(default=None, ge=1, description="Fewest lines that are not blank.")
    lines_at_most: int | None = Field(default=None, ge=0, description="Most lines that are not blank.")
    values: tuple[JsonValue, ...] = Field(
        default=(), max_length=32, alias="json", description="What holds of values in the output, which is JSON."
    )

    @model_validator(mode="after")
    def _can_fail(self) -> Self:
        given = (self.stdout_equals, self.lines_at_least, self.lines_at_most)
        patterns = self.stdout_matches or self.stdout_not_matches or self.values
        if not patterns and all(value is None for value in given):
            raise ValueError(
                "no matcher: give one of stdout_matches, stdout_not_matches, stdout_equals, lines_at_least,"
                " lines_at_most, json, or the check could never find anything wrong"
            )
        if self.lines_at_most is not None and (self.lines_at_least or 0) > self.lines_at_most:
            raise ValueError("lines_at_most is below lines_at_least: no output has that many lines")
        return self

    def reads(self, target: Target) -> tuple[Command, ...]:
        return (target.command(*self.argv),)

    def judge(self, replies: Replies) -> Outcome:
        expected = self._expected()
        (read,) = self.reads(replies.target)
        try:
            reply = replies.command(read).expect_exit(*self.exit_codes)
            text = reply.text
            self._require_output(text, reply.complaint)
            problems = self._problems(text)
        except errors.ReadError as error:
            evidence = (error.evidence,) if error.evidence else ()
            conclusion = Conclusion.UNMET if error.reason.observed else Conclusion.UNOBSERVED
            seen = error.detail or error.reason.says
            if error.reason is Reason.UNEXPECTED_EXIT:
                seen += f"; it answers with {' or '.join(map(str, self.exit_codes))}"
            return Outcome(
                conclusion=conclusion, reason=error.reason, expected=expected, observed=seen, evidence=evidence
            )
        lines = _lines(text)
        common: dict[str, Any] = {
            "expected": expected,
            "evidence": (text[:2000],) if text else (),
            "facts": {"exit_status": reply.exit_status, "lines": lines},
        }
        shown = one_line(text.partition("\n")[0], 120) or "nothing"
        printed = f"it printed {shown}" + (f" ({plural(lines, 'line')})" if lines > 1 else "")
        if problems:
            return Outcome.unmet(Reason.WRONG_VALUE, f"{printed}: {'; '.join(problems)}", **common)
        return Outcome.met(printed, **common)

    def _require_output(self, text: str, complaint: str) -> None:
        """Raise when there is nothing to judge and nothing was not declared to be right."""
        if not text.strip() and self.stdout_equals != "" and self.lines_at_most != 0:
            raise errors.NoEvidence(f"{self.argv[0]} printed nothing" + (f" ({complaint})" if complaint else ""))

    def _problems(self, text: str) -> list[str]:
        found = [f"/{pattern}/ is not in it" for pattern in self.stdout_matches if not found_in(pattern, text)]
        found += [f"/{pattern}/ is in it" for pattern in self.stdout_not_matches if found_in(pattern, text)]
        if self.stdout_equals is not None and text.rstrip("\n") != self.stdout_equals.rstrip("\n"):
            found.append(f"it is not {one_line(self.stdout_equals, 120) or 'empty'}")
        lines = _lines(text)
        if self.lines_at_least is not None and lines < self.lines_at_least:
            found.append(f"{plural(lines, 'line')}, at least {self.lines_at_least}")
        if self.lines_at_most is not None and lines > self.lines_at_most:
            found.append(f"{plural(lines, 'line')}, at most {self.lines_at_most}")
        if self.values:
            document = strict_json.parse(text, "the output")
            found += [problem for value in self.values if (problem := value.problem(document))]
        return found

    def _expected(self) -> str:
        rules = [f"/{pattern}/" for pattern in self.stdout_matches]
        rules += [f"no /{pattern}/" for pattern in self.stdout_not_matches]
        if self.stdout_equals is not None:
            rules.append(one_line(self.stdout_equals, 120) or "nothing")
        if self.lines_at_least is not None:
            rules.append(f"at least {plural(self.lines_at_least, 'line')}")
        if self.lines_at_most is not None:
            rules.append(f"at most {plural(self.lines_at_most, 'line')}")
        rules += [f"{value.path}: {value.words}" for value in self.values]
        return f"{self.argv[0]} prints {', '.join(rules)}"


def _lines(text: str) -> int:
    return sum(bool(line.strip()) for line in text.split("\n"))
