"""Shapes that only tests may use: a shell, so that a test can provoke what a real command only does in trouble."""

from coldstart.reads import Command
from coldstart.shapes import Shape

TEST_SHAPES = (
    Shape("sh", ("-c",), operand=r"(?s).+", operands=(1, 1), sudo=True),
    Shape("cat", operand=r"/[a-z_/]+", operands=(1, 1)),
    Shape("sleep", operand=r"[0-9]+", operands=(1, 1)),
    Shape("no-such-tool"),
)


def shell(script: str, timeout: float = 5.0, *, sudo: bool = False) -> Command:
    """A command of host `h` that runs a script."""
    return Command(host="h", argv=("sh", "-c", script), timeout=timeout, sudo=sudo)
