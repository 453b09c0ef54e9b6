"""Where this program finds the tools of its own machine, for as long as a drill lasts."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def on_path(directory: Path) -> Iterator[None]:
    """Have `directory` be looked at first; afterwards PATH is as it was."""
    before = os.environ.get("PATH")
    os.environ["PATH"] = f"{directory}{os.pathsep}{before or os.defpath}"
    try:
        yield
    finally:
        if before is None:
            del os.environ["PATH"]
        else:
            os.environ["PATH"] = before
