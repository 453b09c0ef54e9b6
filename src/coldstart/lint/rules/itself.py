"""Rules about the file and its lint comments. They look at nothing themselves: the loader and `run` report them."""

from collections.abc import Iterator

from coldstart.baseline.load import LoadedBaseline
from coldstart.lint.finding import Hit, error, warning


@error("CS001", "invalid-baseline")
def invalid_baseline(loaded: LoadedBaseline) -> Iterator[Hit]:
    """The file is not a valid baseline.

    Why: every command refuses it, with the same words. Nothing else is looked at in such a file.

    Example:
        checks:
          - {id: port, claim: port is open, probe: tpc}

    Use instead:
        checks:
          - {id: port, claim: port is open, probe: tcp}

    """
    del loaded
    yield from ()


@warning("CS002", "unused-ignore")
def unused_ignore(loaded: LoadedBaseline) -> Iterator[Hit]:
    """A comment silences a rule that reports nothing on its line.

    Why: what it excused is gone, or it stands on the wrong line. Left there, it would silence the next mistake.

    Example:
        hosts:
          "188": {address: 192.168.0.188}   # lint: ignore CS101 momo has no health page yet

    Use instead:
        hosts:
          "188": {address: 192.168.0.188}

    """
    del loaded
    yield from ()


@error("CS003", "bad-ignore")
def bad_ignore(loaded: LoadedBaseline) -> Iterator[Hit]:
    """A comment that should silence a rule names none, an unknown one, or gives no reason.

    Why: the next reader must be able to judge whether the exception still holds. Such a comment silences nothing.

    Example:
        - id: momo   # lint: ignore

    Use instead:
        - id: momo   # lint: ignore CS104 the redirect is answered by the gateway on the same host

    """
    del loaded
    yield from ()
