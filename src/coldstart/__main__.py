"""The entry point, and the one place that turns what ends the program into an exit code."""

import sys
from collections.abc import Sequence

NO_VERDICT = 3
"""Usage error, invalid baseline, internal error, interruption (design.md section 2)."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return 0 GREEN, 1 DEGRADED, 2 BLOCKED, 3 no verdict. No other number ever comes out.

    Typer's own exit 2 (usage) and Python's own exit 1 (an exception) would read as BLOCKED and DEGRADED to a monitor,
    so both become 3 here.
    """
    try:
        return _invoke(argv)
    except KeyboardInterrupt:
        _say("interrupted")
    except BrokenPipeError:
        # The reader of our output is gone; say nothing more to it, not even at the interpreter's exit.
        sys.stdout = open("/dev/null", "w", encoding="utf-8")  # noqa: SIM115, PTH123 - open until the process ends
    except Exception as error:  # noqa: BLE001 - the last resort: a defect must not look like a verdict
        _say(_message(error))
    return NO_VERDICT


def _invoke(argv: Sequence[str] | None) -> int:
    from coldstart.cli.app import app  # noqa: PLC0415 - inside the guard: an import that fails must end with 3 as well

    code = app(args=None if argv is None else list(argv), prog_name="coldstart", standalone_mode=False)
    sys.stdout.flush()
    # typer gives 130 for Ctrl-C, 0 after --help, else what the command returned.
    return code if code in (0, 1, 2, NO_VERDICT) else NO_VERDICT


def _message(error: Exception) -> str:
    from coldstart.errors import ColdstartError  # noqa: PLC0415 - as above

    if isinstance(error, ColdstartError):
        return str(error)
    if hasattr(error, "format_message"):  # typer keeps the base class of its usage errors private
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "coldstart"
        return f"{error.format_message()}\nTry '{command} --help'."
    import traceback  # noqa: PLC0415 - only on a defect

    return (
        f"internal error, no verdict: {type(error).__name__}: {error}\n{traceback.format_exc()}"
        "Please report this with the lines above."
    )


def _say(message: str) -> None:
    from coldstart.text import visible  # noqa: PLC0415 - as above

    print(f"coldstart: {visible(message)}", file=sys.stderr)  # noqa: T201 - the last words go to stderr


if __name__ == "__main__":
    sys.exit(main())
